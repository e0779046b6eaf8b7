"""Sets what is no word as code within a sentence: names of columns, sources, files and functions, and conditions."""

from __future__ import annotations

import re

from markupsafe import Markup

#: A name as it is written in a catalogue, and arithmetic that has one.
_NAME = r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?:\.[a-z0-9_]+)?(?![\w@])"
_TERM = r"\(*[\w.]*\w\)*"
_SUM = rf"(?:(?:{_TERM} [-+*/] )+\(*{_NAME}|\(*{_NAME}\)*(?= [-+*/] ))\)*(?: [-+*/] {_TERM})*"
#: A file of the project, and a function in it.
_FILE = r"(?:[\w.-]+/)*[\w-]+\.(?:csv|json|md|parquet|py|sql|tsv|txt|xlsx|ya?ml)(?::\w+)?(?!\w)"
_NAMES = re.compile(rf"(?<![\w@/.:])(?:{_FILE}|{_SUM}|{_NAME})")
#: What follows "where", as far as it goes, and the formula of a KPI.
_WHERE = re.compile(r"(?<=where )(.+?)(?= count\.|, limited to |; |$)|(?<=from other KPIs: )(.+?)(?=\.$)", re.DOTALL)
_CODE = Markup("<code>{}</code>")


def coded(text: str) -> Markup:
    """A sentence as HTML, with its names and conditions as code."""
    found, begin = Markup(), 0
    for match in _WHERE.finditer(text):
        # Words may follow "where", too.
        if match[2] or re.search(r"[_=<>()]|\bis (?:not )?null\b|\bnot \w", match[1]):
            found += _names(text[begin : match.start()]) + _CODE.format(match[0])
            begin = match.end()
    return found + _names(text[begin:])


def _names(text: str) -> Markup:
    found, begin = Markup(), 0
    for match in _NAMES.finditer(text):
        found += Markup("{}").format(text[begin : match.start()]) + _CODE.format(match[0])
        begin = match.end()
    return found + Markup("{}").format(text[begin:])
