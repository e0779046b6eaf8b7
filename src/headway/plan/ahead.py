"""`sum` and `count` with a window that looks forward: `next 6 months`, over the rows that are known by then.

Formula. Let t be the end of a period, or of the last complete day of one that still runs. The span begins with the day
after t. The value is the sum (or number) of the rows whose day lies in the span and whose `known_on` is a day before
it begins: what somebody who looked at t could have seen.

Unit: that of the amount. `n` counts the rows.

Edge cases. A row without `known_on` was never known; what became known later changes no earlier period. A row counts
with the amount it has today: how a plan itself was changed stands in the data only if each version is a row of its own.
Without rows it is 0.

    spells       how many rows, and how much, of one day, known on another
    steps        where along the spans they begin and cease to count

A row's day is held by neighbouring spans, from lo(day) to before after(day); those that begin after the day on which
it was known are those from after(known) on (`spans.py`). So it counts at the positions from max(lo(day), after(known))
to before after(day): a change up, a change down and a running sum (`levels.py`), whatever the window's length. Amounts
are decimals with nine digits after the point, which cancel exactly.

Source: the two times of a row, when it holds and when it was known: Snodgrass, "The Temporal Query Language TQuel",
ACM Transactions on Database Systems 12 (1987).
"""

from __future__ import annotations

from headway.model import Aggregate
from headway.plan import sql
from headway.plan.draft import Asked, Draft
from headway.plan.lasting import merged
from headway.plan.levels import level
from headway.plan.rows import Rows, columns_of


class Ahead:
    """The KPIs of one `rows` that add up what is to come, and the people behind their cells."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._asked: list[tuple[Asked, str, str]] = []

    def add(self, asked: Asked) -> None:
        """Say which columns a KPI needs, before `rows` is written."""
        measure = asked.kpi.measure
        assert isinstance(measure, Aggregate)
        amount = self._rows.number(measure.column, asked.kpi.at(measure.function)) if measure.column else ""
        self._add(asked, amount, "")

    def people(self, asked: Asked) -> None:
        """The people behind its cells."""
        source, measure = self._rows.source, asked.kpi.measure
        assert isinstance(measure, Aggregate)
        amount = self._rows.number(measure.column, asked.kpi.place) if measure.column else ""
        self._add(asked, amount, self._rows.value(source.people[0], source.places.get("people", source.place)))

    def _add(self, asked: Asked, amount: str, person: str) -> None:
        assert self._rows.known
        self._rows.need("day", self._rows.time.day(), reserved=True)
        self._rows.need("known_day", self._rows.known.day(), reserved=True)
        self._rows.filter(asked.kpi)
        self._asked.append((asked, amount, person))

    def write(self, draft: Draft) -> None:
        """Add the steps and answers, after `rows` is written."""
        for asked, amount, person in self._asked:
            flag = self._rows.flag(asked.kpi)
            where = [sql.name(flag) if flag else "", f"{sql.name(amount)} IS NOT NULL" if amount else ""]
            if person:
                self._behind(draft, asked, person, where)
                continue
            cells = columns_of(asked.sets)
            total = f", SUM(CAST({sql.name(amount)} AS DECIMAL(38, 9))) AS amount" if amount else ""
            days = ["day", "known_day"]
            spells = draft.steps.add(
                "spells",
                self._rows.grouped(f"day, known_day, COUNT(*) AS change{total}", days, asked.sets, where),
            )
            changed = ["change", *(["amount"] if amount else [])]
            steps = draft.steps.add("steps", _steps(draft, asked, spells, cells, changed))
            found = level(draft, asked, steps, cells, amount=bool(amount))
            draft.answer(asked, found, cells, "amount" if amount else "people", "people")

    def _behind(self, draft: Draft, asked: Asked, person: str, where: list[str]) -> None:
        sets = asked.sets[1:]
        cells = columns_of(sets)
        select, keys = f"{sql.name(person)} AS person, day, known_day, 1 AS change", [person, "day", "known_day"]
        somebody = f"{sql.name(person)} IS NOT NULL"
        spells = draft.steps.add("spells", self._rows.grouped(select, keys, sets, [*where, somebody]))
        steps = merged(draft, _steps(draft, asked, spells, [*cells, "person"], ["change"]), cells)
        draft.answer(asked, level(draft, asked, steps, cells), cells, "people", "people", what="people")


def _steps(draft: Draft, asked: Asked, spells: str, keys: list[str], changed: list[str]) -> str:
    """SQL of the changes, up where spells begin to count and down where they cease to."""
    reach, seen = sql.name(draft.reach(asked)), sql.name(spells)
    listed = sql.column_list(keys)
    # A day before all spans is in no row of `reach`: what was known by then is known in all of them.
    begins = "GREATEST(held.lo, COALESCE(known.after, held.lo))"
    rows = (
        f"FROM {seen} JOIN {reach} AS held ON held.day = {seen}.day LEFT JOIN {reach} AS known "
        f"ON known.day = {seen}.known_day AND known.series = held.series WHERE {begins} < held.after"
    )
    down = ", ".join(f"-{column} AS {column}" for column in changed)
    return (
        f"SELECT {listed}{begins} AS position, {', '.join(changed)} {rows} "
        f"UNION ALL SELECT {listed}held.after AS position, {down} {rows}"
    )
