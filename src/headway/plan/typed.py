"""`entered`: numbers that people typed into a file, and `history`, those from before a KPI was measured here.

Formula. The number itself, dated at the end of its period.

Unit: the KPI's `unit`; of a percentage the file says `85 %`.

Edge cases. What nobody typed has no data, and each cell has its own last number: one that nobody typed is not empty. A
year's number in a monthly KPI is December's. A longer period takes the last number in it, or with `take: sum` their
sum. The total is the line without cells, never the sum of others. `history` keeps its grain as typed, is flagged as
imported, never recomputed, and gives way to whatever is computed for the same period and cell.

Source: the file, who typed it, and why.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import nan

import numpy as np
import pyarrow as pa

from headway.errors import Mistake, SourceError
from headway.model import Catalog, Flag, Kpi, Reason, Take, Total
from headway.periods import Grain
from headway.plan.numbers import CODE, NUMBERS, Numbers, floats_of, key, together
from headway.plan.rollup import rollup
from headway.plan.spans import is_cut, is_tracked


def entered(catalog: Catalog, kpi: Kpi, table: pa.Table, now: datetime, *, ahead: bool = False) -> pa.Table:
    """Typed rows (grain, period, cell, value, from `sources.typed`) -> own-grain numbers; `rollup` makes the rest.

    Several numbers within one own period: the last one counts, or with `take: sum` their sum.
    Periods that have not begun are left out, unless `ahead` asks for plans, too.
    """
    calendar = catalog.calendar
    found: dict[tuple[str, int], tuple[int, float]] = {}
    partial: set[int] = set()
    for row in table.select(["grain", "period", "cell", "value"]).to_pylist():
        typed = calendar.from_key(Grain(row["grain"]), row["period"])
        own = typed if typed.grain is kpi.grain else calendar.period(kpi.grain, typed.last)
        if (own.start > now and not ahead) or not is_tracked(kpi, own):
            continue
        if calendar.is_partial(own, now) or is_cut(kpi, own):
            partial.add(own.key)
        end = int(typed.end.timestamp())
        at = (row["cell"], own.key)
        before = found.get(at)
        if kpi.take is Take.SUM:
            found[at] = (end, row["value"] + (before[1] if before else 0.0))
        elif before is None or end >= before[0]:
            found[at] = (end, row["value"])
    # A period of cells alone has no total: nobody typed one, or there can be none.
    for _, period in list(found):
        found.setdefault(("", period), (0, nan))
    cells = sorted({cell for cell, _ in found})
    periods = np.array([period for _, period in found], np.int64)
    value = np.array([value for _, value in found.values()], np.float64)
    nothing = CODE[Reason.NO_TOTAL if kpi.total is Total.NONE else Reason.NO_ROWS]
    return Numbers.make(
        cells,
        np.array([cells.index(cell) for cell, _ in found], np.int64),
        periods,
        value=value,
        reason=np.where(np.isnan(value), nothing, 0),
        flags=np.isin(periods, list(partial)) * np.int64(Flag.PARTIAL),
    ).table(kpi.grain)


def imported(catalog: Catalog, kpi: Kpi, table: pa.Table, computed: pa.Table | None, now: datetime) -> pa.Table:
    """A KPI's numbers with its `history` in front: history is flagged IMPORTED, and gives way to what is computed.

    A state's history at its own grain also gives it longer periods, unless these are typed themselves. SourceError for
    history that does not end before `tracked_from`: nobody could say which of two numbers holds.
    """
    _check_ends(catalog, kpi, table)
    parts = [computed.select([n for n in NUMBERS.names if n in computed.column_names])] if computed is not None else []
    if parts and "people" not in parts[0].column_names:
        parts = [parts[0].append_column("people", pa.nulls(len(parts[0]), pa.int64()))]
    typed = {
        grain: _history(table.filter(pa.compute.equal(table["grain"], grain)), grain)
        for grain in dict.fromkeys(table["grain"].to_pylist())
    }
    parts += typed.values()
    if kpi.is_state and kpi.grain in typed:
        # Before tracking began nothing is cut short.
        longer = rollup(catalog, replace(kpi, tracked_from=None, retired_on=None), typed[kpi.grain], now)
        longer = longer.filter(pa.compute.not_equal(longer["grain"], str(kpi.grain)))
        flags = pa.compute.bit_wise_or(longer["flags"], pa.scalar(int(Flag.IMPORTED), pa.int8()))
        parts.append(longer.set_column(longer.schema.get_field_index("flags"), NUMBERS.field("flags"), flags))
    return _first(together(parts))


def _check_ends(catalog: Catalog, kpi: Kpi, table: pa.Table) -> None:
    if kpi.tracked_from is None:
        return
    periods = {catalog.calendar.from_key(Grain(r["grain"]), r["period"]) for r in table.to_pylist()}
    if late := sorted(period.name for period in periods if period.last >= kpi.tracked_from):
        message = f"history of {kpi.name} does not end before {kpi.tracked_from}: it holds {', '.join(late[:3])}"
        remedy = "Remove these lines from the file, or let tracked_from begin later."
        raise SourceError(Mistake(message, "bad-period", kpi.at("history"), remedy))


def _history(table: pa.Table, grain: str) -> pa.Table:
    coded = table["cell"].combine_chunks().dictionary_encode()
    return Numbers.make(
        coded.dictionary.to_pylist(),
        coded.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        table["period"].to_numpy(),
        value=floats_of(table["value"]),
        flags=np.full(len(table), int(Flag.IMPORTED), np.int64),
    ).table(grain)


def _first(table: pa.Table) -> pa.Table:
    """Each (part, grain, cell, period) once: the first one stays."""
    parts = table["part"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    grains = table["grain"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    cells = table["cell"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    lines = parts.astype(np.int64) * (int(grains.max(initial=0)) + 1) + grains
    series = lines * (int(cells.max(initial=0)) + 1) + cells
    _, first = np.unique(key(series, table["period"].to_numpy()), return_index=True)
    return table.take(np.sort(first))
