"""One cell of a breakdown, and its stored form."""

from __future__ import annotations

import json

#: One cell of a breakdown: ((column, value), ...) in the order of the breakdown. The total is ().
Cell = tuple[tuple[str, str], ...]
TOTAL: Cell = ()
#: What a missing value is called, as a cell.
NONE_CELL = "(none)"


def cell_text(cell: Cell) -> str:
    """The stored form of a cell: a JSON object, or '' for the total."""
    return json.dumps(dict(cell), ensure_ascii=False) if cell else ""


def read_cell(text: str) -> Cell:
    """The cell that `cell_text` wrote."""
    return tuple((k, str(v)) for k, v in json.loads(text).items()) if text else TOTAL


def cell_value(value: object) -> str:
    """The text of a breakdown's value as it stands in a cell: true, false, 3, education, (none)."""
    if value is None:
        return NONE_CELL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
