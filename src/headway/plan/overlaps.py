"""Breakdowns that overlap: over the same rows, and one within another. `quality` asks what adds up to what.

A hub lies in one cluster, so the hubs of a cluster make it, whether or not the catalogue says why: a reference, a
derived column or a habit. So the rows are asked which values of two columns occur together, once for each source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import combinations

import pyarrow as pa
from sqlglot import exp

from headway.model import Catalog, Distinct, Kpi, RowMeasure, Schemas, Tiered
from headway.plan import sql
from headway.plan.requests import Request
from headway.plan.rows import RESERVED, Rows
from headway.plan.scope import Scope

#: A column, and one that may be coarser.
Pair = tuple[str, str]
#: Of a pair: in which value of the second column each value of the first lies.
Nests = Mapping[Pair, Mapping[str, str]]


def same_numbers(kpi: Kpi) -> tuple[object, ...]:
    """What two KPIs, or requests of one, have in common if they show the same numbers in other breakdowns."""
    measure = replace(kpi.measure, named=()) if isinstance(kpi.measure, Distinct) else kpi.measure
    return measure, kpi.where and kpi.where.text, kpi.time, kpi.window


def beside(
    catalog: Catalog, answers: Iterable[tuple[Request, pa.Table]]
) -> Iterator[tuple[Request, pa.Table, list[pa.Table]]]:
    """Each answer with those that show the same numbers in other breakdowns."""
    same: dict[object, list[tuple[Request, pa.Table]]] = {}
    for request, table in answers:
        same.setdefault(same_numbers(request.resolve(catalog)), []).append((request, table))
    for alike in same.values():
        for request, table in alike:
            yield request, table, [other for asked, other in alike if asked != request]


def shown_elsewhere(catalog: Catalog, kpi: Kpi) -> list[tuple[str, ...]]:
    """The breakdowns in which sums of a KPI's cells are shown: those of its prices."""
    return [
        breakdown
        for other in catalog.kpis.values()
        if isinstance(other.measure, Tiered) and other.measure.kpi == kpi.name
        for breakdown in other.by
    ]


def overlapping(catalog: Catalog, schemas: Schemas, source: str) -> list[Pair]:
    """The columns in which the same numbers of a source are shown, in pairs; no lists, whose cells make more."""
    together: dict[object, set[str]] = {}
    scope = Scope(catalog, schemas, source)
    for kpi in catalog.kpis.values():
        if isinstance(kpi.measure, RowMeasure) and kpi.measure.picks == source:
            shown = [*kpi.by, *shown_elsewhere(catalog, kpi)]
            columns = {column for breakdown in shown for column in breakdown} - kpi.measure.built_in
            plain = [column for column in columns if scope.column(column, kpi.at("by")).type != "list"]
            together.setdefault(same_numbers(kpi), set()).update(plain)
    return list(dict.fromkeys(pair for columns in together.values() for pair in combinations(sorted(columns), 2)))


def together(catalog: Catalog, schemas: Schemas, source: str, pairs: Iterable[Pair], now: datetime) -> exp.Query:
    """One row for each two values that occur together: the number of their pair, `one` and `other`."""
    declared = catalog.sources[source]
    steps = sql.Steps([*catalog.sources, *RESERVED])
    rows = Rows(catalog, schemas, declared, None, declared.place, dated=False)
    rows.unfiltered()
    sets = [[rows.cell(column, declared.place) for column in pair] for pair in pairs]
    rows.write(now, steps, {})
    met = steps.add("met", rows.grouped("COUNT(*) AS n", [], sets))
    columns = list(dict.fromkeys(column for one in sets for column in one))
    for number, one in enumerate(sets):
        here = " AND ".join(f"{sql.name(column)} IS {'NOT ' if column in one else ''}NULL" for column in columns)
        values = (f"CAST({sql.name(column)} AS TEXT)" for column in one)
        steps.output("SELECT {} AS pair, {} AS one, {} AS other FROM {} WHERE {}".format(number, *values, met, here))
    return steps.query()


def nests(pairs: Sequence[Pair], answer: pa.Table) -> Nests:
    """Read the answer of `together`."""
    met: dict[Pair, list[tuple[str, str]]] = {pair: [] for pair in pairs}
    for row in answer.to_pylist():
        one, other = pairs[row["pair"]]
        met[one, other].append((row["one"], row["other"]))
    return {
        pair: lies
        for (one, other), values in met.items()
        for pair, lies in (
            ((one, other), dict(_lies(values))),
            ((other, one), dict(_lies([(b, a) for a, b in values]))),
        )
        if lies
    }


def _lies(values: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The values that lie in one other alone, where that is true of all that lie in it: only then do they make it."""
    above: dict[str, set[str]] = {}
    for below, over in values:
        above.setdefault(below, set()).add(over)
    torn = {over for overs in above.values() if len(overs) > 1 for over in overs}
    yield from ((below, over) for below, overs in above.items() for over in overs if not overs & torn)


__all__ = ["Nests", "beside", "nests", "overlapping", "shown_elsewhere", "together"]
