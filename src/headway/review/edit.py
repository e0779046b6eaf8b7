"""Puts a target into a file of the catalogue as a careful person would: one line more, and no other byte changed.

The YAML is not written anew from what was read, which would lose quotes, blank lines and the layout of comments: the
place of every key is known, so the new text goes in exactly there. Every form is met as it is written: a list of lines
or in brackets, a KPI over many lines or in one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ruamel.yaml.nodes import Node

from headway.catalog import document as documents
from headway.catalog.document import Document, Steps
from headway.catalog.nodes import MAPPINGS, SCALARS, SEQUENCES

_BOM = b"\xef\xbb\xbf"
#: A word that YAML reads as itself wherever it stands; what it stands for is tried out all the same.
_PLAIN = re.compile(r"[A-Za-z0-9+.-][^\x00-\x1f#,\[\]{}]*")


class LayoutError(Exception):
    """The file is written in a form into which nothing can be put safely."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something goes into a text, and what."""

    at: int
    text: str


def with_target(raw: bytes, kpi: str, target: Mapping[str, Any]) -> bytes:
    """The bytes of a file with one target more for a KPI that it declares; `LayoutError` if that cannot be done.

    What was written is read again: it must say what it said before, and the target, or nothing is given back.
    """
    document = read(raw, "")
    spot = _spot(document, kpi, flow(target))
    whole = raw.decode("utf-8-sig")
    end = "\r\n" if "\r\n" in whole else "\n"
    at = _in_file(whole, spot.at)
    changed = whole[:at] + spot.text.replace("\n", end) + whole[at:]
    found = (_BOM if raw.startswith(_BOM) else b"") + changed.encode()
    if read(found, "").value != _expected(document.value, kpi, target):
        raise LayoutError
    return found


def read(raw: bytes, name: str) -> Document:
    """A file of the catalogue, as `catalog` reads it."""
    return documents.parse(raw.decode("utf-8-sig").replace("\r\n", "\n"), name)


def targets_of(document: Document, kpi: str) -> list[Any]:
    """The targets of a KPI as they are written, none if there are none."""
    written = document.value["kpis"][kpi]
    found = written.get("targets") if isinstance(written, dict) else None
    return found if isinstance(found, list) else []


def flow(value: Any) -> str:
    """A value in one line of YAML: {at_least: 6600, from: 2026-10-01, why: 'a, b'}."""
    match value:
        case dict():
            return f"{{{', '.join(f'{key}: {flow(item)}' for key, item in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(flow(item) for item in value)}]"
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case date():
            return value.isoformat()
        case int() | float():
            return repr(value)
    return _scalar(str(value))


def _scalar(text: str) -> str:
    """A text as YAML reads it: bare where that is plain, else in quotes."""
    forms = [text] if _PLAIN.fullmatch(text) and text == text.strip() else []
    forms += [f"'{text}'"] if "'" not in text and "\n" not in text else []
    for form in forms:
        if documents.parse(f"{{k: {form}, l: [{form}]}}", "").value == {"k": text, "l": [text]}:
            return form
    return _double(text)


def _double(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else _escape(c) for c in escaped) + '"'


def _escape(character: str) -> str:
    code = ord(character)
    return "\\n" if character == "\n" else f"\\x{code:02x}" if code < 256 else f"\\U{code:08x}"


def _expected(value: Any, kpi: str, target: Mapping[str, Any]) -> Any:
    """What the file says afterwards."""
    said = value["kpis"][kpi] or {}
    targets = [*(said.get("targets") or []), _plain(target)]
    return value | {"kpis": value["kpis"] | {kpi: said | {"targets": targets}}}


def _plain(value: Any) -> Any:
    """A value as a file of YAML gives it: days are text."""
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case date():
            return value.isoformat()
    return value


def _in_file(whole: str, at: int) -> int:
    """Where the character stands in the file that is the `at`-th once each line ends with one character."""
    found = 0
    for ending in re.finditer("\r\n", whole):
        if ending.start() - found >= at:
            break
        found += 1
    return at + found


# -- where it goes -------------------------------------------------------------------------------------------------


def _spot(document: Document, kpi: str, target: str) -> Spot:
    """Where a target goes."""
    here: Steps = ("kpis", kpi)
    key, node = document.spots[here]
    text = document.text
    written = document.spots.get((*here, "targets"))
    if written is not None:
        return _among(document, *written, target)
    if isinstance(node, MAPPINGS) and node.flow_style:
        listed = f"targets: [{target}]"
        if not node.value:
            return Spot(node.start_mark.index + 1, listed)
        gap = " " if _empty(node.value[-1][1]) else ""  # 'unit:,' would be one word
        return Spot(_pair_end(text, *node.value[-1]), f"{gap}, {listed}")
    if isinstance(node, MAPPINGS):
        indent, end = node.value[0][0].start_mark.column, _end(text, node)
    elif key is not None and _empty(node):
        indent, end = key.start_mark.column + 2, _pair_end(text, key, node)
    else:
        raise LayoutError
    return Spot(_line_end(text, end), f"\n{' ' * indent}targets:\n{' ' * indent}  - {target}")


def _among(document: Document, key: Node | None, node: Node, target: str) -> Spot:
    """Where a target goes in a KPI that has `targets`."""
    text = document.text
    if isinstance(node, SEQUENCES) and node.flow_style:
        if not node.value:
            return Spot(node.start_mark.index + 1, target)
        *before, last = node.value
        begins = last.start_mark.index
        # one to a line, as the last one is
        alone = bool(before) and not text[text.rfind("\n", 0, begins) + 1 : begins].strip()
        gap = f"\n{' ' * last.start_mark.column}" if alone else " "
        return Spot(_end(text, last), f",{gap}{target}")
    if isinstance(node, SEQUENCES):
        return Spot(_line_end(text, _end(text, node)), f"\n{' ' * node.start_mark.column}- {target}")
    if key is None or not _empty(node):
        raise LayoutError
    after = re.compile(r"[ \t]*:([ \t]*(?:null|~))?").match(text, key.end_mark.index)
    if after is None or after[1]:
        raise LayoutError  # `targets: null`, which nobody writes
    line = text[text.rfind("\n", 0, key.start_mark.index) + 1 : key.start_mark.index]
    if line.strip():  # in brackets
        return Spot(after.end(), f" [{target}]")
    return Spot(_line_end(text, after.end()), f"\n{' ' * (key.start_mark.column + 2)}- {target}")


def _empty(node: Node) -> bool:
    return isinstance(node, SCALARS) and not node.value and node.start_mark.index == node.end_mark.index


def _end(text: str, node: Node) -> int:
    """Where what is written of a value ends. Blocks are said to end where the next begins, which is after comments."""
    if isinstance(node, MAPPINGS) and not node.flow_style:
        return _pair_end(text, *node.value[-1])
    if isinstance(node, SEQUENCES) and not node.flow_style:
        if _empty(node.value[-1]):
            raise LayoutError
        return _end(text, node.value[-1])
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    return start + len(text[start:end].rstrip()) if isinstance(node, SCALARS) and node.style in ("|", ">") else end


def _pair_end(text: str, key: Node, value: Node) -> int:
    """Where a key and its value end; the value may be missing, and in brackets the colon too."""
    if not _empty(value):
        return _end(text, value)
    colon = re.compile(r"[ \t]*:").match(text, key.end_mark.index)
    return colon.end() if colon else int(key.end_mark.index)


def _line_end(text: str, at: int) -> int:
    """The end of the line, behind its comment."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def span(document: Document, path: Sequence[str | int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """The line and column, from 1, at which something that is in one line begins, and ends."""
    _, node = document.spots[tuple(path)]
    first = document.mark(node.start_mark.index, node.start_mark.index + 1)
    last = document.mark(_end(document.text, node), _end(document.text, node) + 1)
    return (first.line, first.column), (last.line, last.column)


__all__ = ["LayoutError", "flow", "read", "span", "targets_of", "with_target"]
