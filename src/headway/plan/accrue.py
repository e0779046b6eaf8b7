"""`accrue`: amounts of rows that last, each spread evenly over the months that it covers.

Formula. A row covers the local days a to b. The weight of a month is the share of its days that is covered, and W is
the sum of the weights of all its months; a span counts by the days that it shares with the row:

    accrued(span) = amount * weight(a to b, within the span) / W

With M(d), the months from any fixed month to the start of day d, a month's days counting evenly, the weight of the days
x to y is M(y + 1) - M(x). So whole months get equal parts, whatever their length, days of one month get equal parts of
its own, and the parts of a row sum to its amount.

Unit: that of the amount. `n` counts the rows that cover a day of the span.

Edge cases. A day is covered if the row is under way when it ends, as in `open`; a row that ends on the day it began
covers that day. Rows without an end, or that end before they begin, cannot be spread: they are left out, and counted
where the source's rows are. A row counts once it has begun, with all its days, also those to come: of a running month
that is the whole month. With a window that looks forward, rows count that were known when the window begins, begun or
not. Without rows it is 0.

    accruals     each span's rows: those that cover a day of it, and what of their amounts that is
    of_cells     the same by cell, if cells are kept for longer periods only

A row meets the spans that it covers and no others: one for each month and longer period.

Source: straight-line recognition over time by months: IFRS 15, paragraphs 39 to 45 (output is even over the term).
"""

from __future__ import annotations

from headway.model import Accrue
from headway.plan import sql
from headway.plan.draft import Asked, Draft, Sets
from headway.plan.rows import Rows, columns_of


class Accruals:
    """The accruals of one `rows`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._asked: list[Asked] = []
        self._amounts: dict[str, str] = {}
        self._people: dict[str, str] = {}

    def add(self, asked: Asked) -> None:
        """Say which columns a KPI needs, before `rows` is written."""
        rows, kpi, measure = self._rows, asked.kpi, asked.kpi.measure
        assert isinstance(measure, Accrue)
        end = rows.end()
        assert end is not None, "the catalogue asks for an end"
        rows.filter(kpi)
        rows.need("day", rows.time.day(), reserved=True)
        before = f"CAST({end.day()} - INTERVAL 1 DAY AS DATE)"
        rows.need("covered_to", f"GREATEST({before}, {rows.time.day()})", reserved=True)
        rows.need("spreads", f"COALESCE({rows.lasts()}, FALSE)", reserved=True)
        if rows.known:
            rows.need("known_day", rows.known.day(), reserved=True)
        self._amounts[kpi.name] = rows.number(measure.column, kpi.at("accrue"))
        self._asked.append(asked)

    def people(self, asked: Asked) -> None:
        """The people behind its cells: everybody with a row that covers a day of the span."""
        source = self._rows.source
        self._people[asked.kpi.name] = self._rows.value(source.people[0], source.places.get("people", source.place))

    def write(self, draft: Draft) -> None:
        """Add the steps and answers, after `rows` is written."""
        for asked in self._asked:
            series = asked.timeline.series
            in_all = all(s.cells for s in series)
            steps: list[tuple[str, Sets, str]] = [("accruals", asked.sets if in_all else [()], "")]
            if not in_all and any(s.cells for s in series):
                steps.append(("of_cells", asked.sets[1:], "cells"))
            for word, sets, where in steps:
                self._write(draft, asked, word, sets, where)

    def _write(self, draft: Draft, asked: Asked, word: str, sets: Sets, where: str) -> None:
        kpi, rows = asked.kpi, self._rows
        spans, flag, amount = sql.name(draft.spans(asked)), rows.flag(kpi), sql.name(self._amounts[kpi.name])
        covered = _weight("GREATEST(day, first_day)", "LEAST(covered_to, last_day)")
        person = self._people.get(kpi.name)
        select = (
            f"series, period, SUM({amount} * ({covered}) / ({_weight('day', 'covered_to')})) AS amount, COUNT(*) AS n"
            + (f", COUNT(DISTINCT {sql.name(person)}) AS people" if person else "")
        )
        known = " AND known_day < first_day" if rows.known else ""
        found = draft.steps.add(
            word,
            rows.grouped(
                select,
                ["series", "period"],
                sets,
                ["spreads", f"{amount} IS NOT NULL", sql.name(flag) if flag else "", where],
                join=f"JOIN {spans} ON covered_to >= first_day AND day <= last_day{known}",
            ),
        )
        draft.answer(asked, found, columns_of(sets), "amount", "n")
        if person:
            draft.answer(asked, found, columns_of(sets), "people", "people", what="people")


def _weight(first: str, last: str) -> str:
    """SQL of how many months two days and those between them are."""
    return f"{_months(f'CAST({last} + INTERVAL 1 DAY AS DATE)')} - {_months(first)}"


def _months(day: str) -> str:
    """SQL of the months from 2000 to the start of a day: a number of whole months at the start of a month."""
    passed = f"(DAY({day}) - 1) / CAST(DAY(LAST_DAY({day})) AS DOUBLE)"
    return f"((YEAR({day}) - 2000) * 12 + MONTH({day}) + {passed})"
