"""JSON files, looked at by Python once DuckDB has refused them: which line is wrong, and where a value stands."""

from __future__ import annotations

import gzip
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

_LINES = (".jsonl", ".ndjson")


def flaw(path: Path) -> tuple[int, str] | None:
    """The first line that is no JSON and why, or None."""
    try:
        for _ in _values(path):
            pass
    except _NoJsonError as error:
        return error.line, str(error)
    return None


def find(path: Path, inner: str | None, column: str, values: Collection[str]) -> tuple[int, str] | None:
    """The number (from 1) of the first row whose `column` holds one of the values, and that value."""
    number = 0
    for document in _values(path):
        for row in _rows(document, inner):
            number += 1
            if isinstance(row, dict) and column in row and str(row[column]) in values:
                return number, str(row[column])
    return None


def has_objects(path: Path) -> bool:
    """True if any row is an object, thus has columns."""
    return any(isinstance(row, dict) and row for document in _values(path) for row in _rows(document, None))


class _NoJsonError(Exception):
    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def _text(path: Path) -> str:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return raw.decode("utf-8-sig", errors="replace")


def _values(path: Path) -> Iterator[Any]:
    """The documents of a file: one, or one for each line."""
    text = _text(path)
    by_line = any(suffix in _LINES for suffix in path.suffixes)
    for number, part in enumerate(text.splitlines() if by_line else [text], start=1):
        if by_line and not part.strip():
            continue
        try:
            yield json.loads(part)
        except json.JSONDecodeError as error:
            raise _NoJsonError(number if by_line else error.lineno, error.msg[:1].lower() + error.msg[1:]) from error


def _rows(document: Any, inner: str | None) -> list[Any]:
    """The rows of a document; each list on the path becomes rows, which keep what stands beside them in theirs."""
    rows: list[Any] = document if isinstance(document, list) else [document]
    in_list = False
    for key in inner.split(".") if inner else ():
        found: list[Any] = []
        for row in rows:
            value = row.get(key, []) if isinstance(row, dict) else []
            kept = {name: other for name, other in row.items() if name != key} if in_list else {}
            found += [
                {**kept, **(one if isinstance(one, dict) else {key: one})}
                for one in (value if isinstance(value, list) else [value])
            ]
            in_list = in_list or isinstance(value, list)
        rows = found
    return rows
