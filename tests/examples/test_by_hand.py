"""Every KPI of both examples, against a query that an analyst wrote by hand over the raw rows.

`hubs/*.sql` and `saas/*.sql` hold them: a block begins with `-- KPI PERIOD`, or `-- KPI.PART PERIOD`. Its rows have the
column `value`, and the columns of a breakdown if they are cells: then a cell that it does not find has to be empty. A
null value says that there is rightly none. `prelude.sql` beside them holds what several of them share. Nothing of ours
takes part in them: no plan, no derived column, no exclusion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headway.model.cells import cell_text, cell_value

HERE = Path(__file__).parent
HEADER = re.compile(r"^-- (\w+(?:\.\w+)?) (\d{4}[-\dQWT]*)$", re.MULTILINE)
#: Sums of many floats differ in their last digits with their order.
EXACT = 1e-9
#: How the reasons begin for which a number is rightly absent.
NOTHING = ("no data", "too few answers", "too early to say")


def blocks() -> Iterator[tuple[str, str, str, str]]:
    """Example, KPI, period and query of each block."""
    for file in sorted(HERE.glob("*/*.sql")):
        _, *parts = HEADER.split(file.read_text("utf-8"))
        for kpi, period, query in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            yield file.parent.name, kpi, period, query


@pytest.mark.parametrize(("name", "kpi", "period", "query"), [pytest.param(*b, id="-".join(b[:3])) for b in blocks()])
def test_a_number_is_what_a_query_by_hand_finds(
    example: Callable[[str], Any], name: str, kpi: str, period: str, query: str
) -> None:
    """The total, or each cell that is shown, equals the query's answer."""
    one = example(name)
    rows = one.by_hand(query)
    assert rows, "the query found nothing"
    compared, found = 0, set()
    for row in rows:
        value = row.pop("value")
        cell = {column: cell_value(text) for column, text in row.items()}
        found.add(cell_text(tuple(cell.items())))
        stored, reason = one.stored(kpi, period, **cell)
        if cell and reason in ("group too small", "input withheld"):
            continue
        compared += 1
        if value is None:
            assert stored is None, (cell, stored)
            assert reason is not None, cell
            assert reason.startswith(NOTHING), (cell, reason)
        else:
            assert stored == pytest.approx(float(value), rel=EXACT, abs=EXACT), (cell, reason)
    assert compared, "every cell of it is withheld"
    missed = {cell: value for cell, value in one.cells(kpi, period, tuple(row)).items() if value and cell not in found}
    assert not missed, "cells that the query did not find"
