"""What is written in Typst: any text as text, calls, names of places, lengths. Nothing of the document is ever code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

#: Characters that a string cannot hold as they are; what is no letter at all, such as a bell, is told by its number.
_ESCAPED = re.compile(r'[\\"\x00-\x1f\x7f-\x9f\u2028\u2029]')
_NAMED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
_SPACE = re.compile(r"[ \t\r\n]+")
_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(px|pt|mm|cm|in|em|%|)\s*")
#: A pixel of CSS is a 96th of an inch, as Typst's point is a 72nd.
_PIXEL = 0.75
#: What a column of numbers holds: a figure with its sign, currency and a short unit, or a dash for none.
_NUMBER = re.compile(
    r"[+\-\u2212±<>≤≥~≈ \u00a0]*[$€£¥]?[ \u00a0]?\d[\d.,'\u2019 \u00a0\u2009\u202f]*[^\d\s]?[^\d]{0,9}"
)
_NONE = ("", "-", "\u2013", "\u2014", "…")


def string(text: str) -> str:
    """A string of Typst that says exactly this."""
    return '"' + _ESCAPED.sub(lambda one: _NAMED.get(one[0]) or f"\\u{{{ord(one[0]):x}}}", text) + '"'


def words(text: str) -> str:
    """Words of a sentence. Line breaks and repeated spaces of the source are one space, as on a page."""
    text = _SPACE.sub(" ", text)
    return f"#{string(text)}" if text else ""


def call(name: str, *bodies: str, **options: str | None) -> str:
    """A call of one of the report's functions: options are Typst's own text, bodies are content."""
    given = ", ".join(f"{key.replace('_', '-')}: {value}" for key, value in options.items() if value is not None)
    return f"#{name}" + (f"({given})" if given or not bodies else "") + "".join(f"[{body}]" for body in bodies)


def block(name: str, *bodies: str, **options: str | None) -> str:
    """The same, standing by itself between paragraphs."""
    return f"\n{call(name, *bodies, **options)}\n"


def array(items: Iterable[str]) -> str:
    """A list of Typst, also of one."""
    return "(" + "".join(f"{item}, " for item in items).rstrip() + ")"


def label(name: str) -> str:
    """Names what stands before it."""
    return f"#label({string(name)})"


def anchor(name: str) -> str:
    """A place that links lead to and nobody sees."""
    return f"#metadata(none){label(name)}"


def length(written: object) -> str | None:
    """A width as documents write it; None where it says nothing that paper knows."""
    found = _LENGTH.fullmatch(str(written or ""))
    if found is None:
        return None
    size, unit = float(found[1]), found[2]
    if unit in ("px", ""):
        return f"{size * _PIXEL:g}pt"
    return f"{min(size, 100):g}%" if unit == "%" else f"{size:g}{unit}"


def is_number(text: str) -> bool:
    """Whether a cell holds a figure."""
    return _NUMBER.fullmatch(text.strip()) is not None


def numeric(cells: Sequence[str]) -> bool:
    """Whether a column is one of figures: at least one, and nothing else but dashes."""
    said = [cell for cell in cells if cell.strip() not in _NONE]
    return bool(said) and all(map(is_number, said))
