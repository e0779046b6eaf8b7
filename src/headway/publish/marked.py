"""Sets the names of columns and sources, and conditions over them, as code within a sentence: they are no words."""

from __future__ import annotations

import re

from markupsafe import Markup

#: A name as it is written in a catalogue; what follows "where", as far as it goes.
_NAME = re.compile(r"(?<![\w@/.])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?:\.[a-z0-9_]+)?(?![\w@])")
_WHERE = re.compile(r"(?<=where )(.+?)(?= count\.|, limited to |; |$)", re.DOTALL)
_CODE = Markup("<code>{}</code>")


def coded(text: str) -> Markup:
    """A sentence as HTML, with its names and conditions as code."""
    found, begin = Markup(), 0
    for match in _WHERE.finditer(text):
        if re.search(r"[_=<>()]|\bis (?:not )?null\b|\bnot \w", match[1]):  # words may follow "where", too
            found += _names(text[begin : match.start()]) + _CODE.format(match[1])
            begin = match.end()
    return found + _names(text[begin:])


def _names(text: str) -> Markup:
    found, begin = Markup(), 0
    for match in _NAME.finditer(text):
        found += Markup("{}").format(text[begin : match.start()]) + _CODE.format(match[0])
        begin = match.end()
    return found + Markup("{}").format(text[begin:])
