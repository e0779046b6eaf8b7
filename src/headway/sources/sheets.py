"""Sources that are spreadsheets (.xlsx): the cells of one sheet, below its row of names, as an Arrow table.

A column has one type if all its cells agree, else it is of texts, as shown in the sheet; what the texts mean is the
engine's part, as for a text file. No row is dropped here, so a row keeps its number.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from headway.errors import Mistake, SourceError
from headway.model import Format, Source

Cell = str | int | float | bool | date | datetime | time | timedelta | None


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of one sheet, and the number (from 1) that its first row has there."""

    table: pa.Table
    first_row: int


def read(source: Source, path: Path, shown: str, form: Format) -> Block:
    """The rows of the sheet that `form` names, or of the first one. SourceError if there is none, or no names."""
    place = source.places.get("read", source.place)
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            names = book.sheet_names
            if form.sheet is not None and form.sheet not in names:
                near = difflib.get_close_matches(form.sheet, names, n=1)
                message = f"source {source.name}: {shown} has no sheet '{form.sheet}'"
                remedy = f"Did you mean '{near[0]}'?" if near else f"It has: {', '.join(names)}."
                raise SourceError(Mistake(message, "missing-file", place, remedy))
            sheet = book.get_sheet_by_name(form.sheet or names[0])
            rows: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    except CalamineError as error:
        message = f"source {source.name}: {shown} cannot be read as a spreadsheet"
        remedy = "Save it again as .xlsx, without a password."
        raise SourceError(Mistake(message, "broken-file", place, remedy)) from error
    wanted = form.header or 1
    start = next((i for i, row in enumerate(rows) if i >= wanted - 1 and any(cell != "" for cell in row)), None)
    if start is None:
        message = f"source {source.name}: {shown} has no row of column names"
        raise SourceError(Mistake(message, "empty-file", place, "Say in which row they are: 'header' in 'format'."))
    header = [_text(cell).strip() for cell in rows[start]]
    while header and not header[-1]:
        header.pop()
    twice = next((name for i, name in enumerate(header) if name and name in header[:i]), None)
    if twice:
        message = f"source {source.name}: {shown}, row {start + 1}: two columns are named '{twice}'"
        raise SourceError(Mistake(message, "broken-file", place, "Give each column a name of its own."))
    columns = {
        name or f"column {i + 1}": _column([row[i] if i < len(row) else "" for row in rows[start + 1 :]])
        for i, name in enumerate(header)
    }
    return Block(pa.table(columns), start + 2)


def outline(path: Path) -> dict[str, list[list[str]]]:
    """Every sheet with its cells as texts, as far down as any are filled. SourceError if it is no spreadsheet."""
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except CalamineError as error:
        message = f"{path.name} cannot be read as a spreadsheet"
        raise SourceError(
            Mistake(message, "broken-file", remedy="Save it again as .xlsx, without a password.")
        ) from error
    return {name: [[_text(cell).strip() for cell in row] for row in rows] for name, rows in sheets.items()}


def alike(tables: Sequence[pa.Table]) -> list[pa.Table]:
    """The tables with one type per column: the same column may be of numbers in one file and of texts in the next."""
    types: dict[str, pa.DataType] = {}
    for table in tables:
        for field in table.schema:
            known = types.setdefault(field.name, field.type)
            if known != field.type:
                types[field.name] = _common(known, field.type)
    return [table.cast(pa.schema([pa.field(name, types[name]) for name in table.column_names])) for table in tables]


def _common(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if pa.types.is_null(one) or pa.types.is_null(other):
        return other if pa.types.is_null(one) else one
    if {one, other} == {pa.int64(), pa.float64()}:
        return pa.float64()
    return pa.string()


def _column(cells: Sequence[Cell]) -> pa.Array:
    filled = [cell for cell in cells if cell != ""]
    kinds = {type(cell) for cell in filled}
    if not kinds:
        return pa.nulls(len(cells), pa.string())
    values = [None if cell == "" else cell for cell in cells]
    if kinds <= {int, float}:
        # A spreadsheet knows only numbers with a fraction; a column without fractions is of whole ones.
        whole = all(float(cell).is_integer() and abs(cell) < 2**53 for cell in filled)  # type: ignore[arg-type,operator]  # numbers, as just seen
        return pa.array([None if v is None else (int(v) if whole else float(v)) for v in values])  # type: ignore[arg-type]  # the same
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {date}:
        return pa.array(values, pa.date32())
    if kinds <= {date, datetime}:
        moments = [datetime(v.year, v.month, v.day) if type(v) is date else v for v in values]  # noqa: DTZ001  # cells name no zone
        return pa.array(moments, pa.timestamp("us"))
    return pa.array([None if v is None else _text(v) for v in values], pa.string())


def _text(cell: Cell) -> str:
    """A cell as people see it."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.isoformat(sep=" ")
        case None:
            return ""
        case _:
            return str(cell)
