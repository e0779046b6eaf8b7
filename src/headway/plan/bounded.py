"""Refuse a breakdown that is none: of more cells than a project allows, or of cells that are one person each.

A column may single people out without being declared to name them: an address, a device. Its cells would all be
withheld, and their names would stand on the page.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headway.errors import Mistake, QueryError
from headway.model import Catalog, Cells, Kpi, RowMeasure, read_cell

#: Fewer cells may hold one person each by chance; and so may less than this share of many.
_FEWEST, _SHARE = 10, 0.9

_REMEDY = "Name it under 'people' if it tells who somebody is, or break down by something that people have in common."


def bounded(kpi: Kpi, table: pa.Table, most: int) -> None:
    """QueryError `too-many-cells` or `person-cells` if a breakdown of these numbers is none."""
    people = pc.fill_null(table["people"], 2) if "people" in table.column_names else None
    largest: dict[str, int] = {}
    if people is not None:
        per_cell = pa.table({"cell": table["cell"], "people": people}).group_by("cell").aggregate([("people", "max")])
        largest = dict(zip(per_cell["cell"].to_pylist(), per_cell["people_max"].to_pylist(), strict=True))
    cells: dict[tuple[str, ...], list[int]] = {}
    for text in pc.unique(table["cell"]).to_pylist():
        cells.setdefault(tuple(column for column, _ in read_cell(text)), []).append(largest.get(text, 2))
    for columns, sizes in cells.items():
        shown = ", ".join(columns)
        if columns and len(sizes) > most:
            message = f"{kpi.name} by {shown} has {len(sizes):,} cells, more than max_cells ({most:,})"
            remedy = "Break down by something coarser, or raise max_cells in headway.yml."
            raise QueryError(Mistake(message, "too-many-cells", kpi.at("by"), remedy))
        if columns and len(sizes) >= _FEWEST and float(np.mean(np.array(sizes) <= 1)) >= _SHARE:
            raise QueryError(_one_each(kpi, columns, len(sizes)))


def one_each(catalog: Catalog, census: Mapping[tuple[str, tuple[str, ...]], Cells]) -> list[QueryError]:
    """The same as far as a census of all rows tells it, before anything is computed."""
    if catalog.min_group_size == 1:
        return []
    found = []
    for kpi in catalog.kpis.values():
        picks = kpi.measure.picks if isinstance(kpi.measure, RowMeasure) else ""
        for breakdown in kpi.by:
            cells = census.get((picks, breakdown))
            if cells and cells.people is not None and cells.count >= _FEWEST and cells.people * _SHARE <= cells.count:
                found.append(QueryError(_one_each(kpi, breakdown, cells.count)))
    return found


def _one_each(kpi: Kpi, columns: tuple[str, ...], count: int) -> Mistake:
    message = f"{kpi.name} by {', '.join(columns)} would rank people: its {count:,} cells are nearly one person each"
    return Mistake(message, "person-cells", kpi.at("by"), _REMEDY)
