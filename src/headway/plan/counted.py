"""`balance` with `total: given` or `none`: numbers that somebody else counted, which never add up.

A metrics server says how many people each hub had, and how many there were in all: the total is a row of its own,
whose breakdown columns are all null, and is not the sum of the others. So a row belongs to exactly one number: to the
breakdown whose columns are those that it fills.

Formula.     The sum of the column over the rows of one cell, on the last day within the period that has rows.
Unit.        The KPI's.
Edge cases.  A period without its total row, or a cell without a row, is no data: who counted did not say 0. With `none`
             there is no total: rows that fill no breakdown are left out. A row that fills a combination of columns
             that is no breakdown of the KPI is left out too. With `per`, each one's last row counts (see `lasting`).
Source:      numbers of distinct things are not additive (R. Kimball, M. Ross, "The Data Warehouse Toolkit", 2013).

    copies     the last day within each period that has rows
    counted    that day's rows by all breakdown columns at once; null is a column that a row does not fill
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, combinations

from headway.errors import CatalogError, Mistake
from headway.model import NONE_CELL, Balance, Total
from headway.plan import sql
from headway.plan.draft import Asked, Draft, Sets, only
from headway.plan.rows import Rows, columns_of


class Counted:
    """The balances over copies of one `rows` whose totals are not computed."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._asked: list[tuple[Asked, str]] = []
        self._people: set[str] = set()

    def add(self, asked: Asked) -> None:
        """Say which columns a KPI needs, before `rows` is written."""
        kpi, measure = asked.kpi, asked.kpi.measure
        assert isinstance(measure, Balance)
        own_columns_only(self._rows, asked)
        self._rows.need("day", self._rows.time.day(), reserved=True)
        self._rows.filter(kpi)
        # A day has a copy if it has any row, whether or not the KPI counts it.
        self._rows.unfiltered()
        amount = self._rows.number(measure.column, kpi.at("balance")) if measure.column else ""
        self._asked.append((asked, amount))

    def people(self, asked: Asked) -> None:
        """The people behind its cells: everybody in the rows that count."""
        source = self._rows.source
        self._rows.value(source.people[0], source.places.get("people", source.place))
        self._people.add(asked.kpi.name)

    def write(self, draft: Draft) -> None:
        """Add the steps and answers."""
        for asked, amount in self._asked:
            rows, spans = sql.name(self._rows.relation), draft.spans(asked)
            cells = columns_of(asked.sets)
            copies = draft.steps.add(
                "copies",
                f"SELECT series, period, MAX(day) AS day FROM (SELECT DISTINCT day FROM {rows}) "
                f"JOIN {sql.name(spans)} ON day BETWEEN first_day AND last_day GROUP BY series, period",
            )
            flag = self._rows.flag(asked.kpi)
            behind = ""
            if asked.kpi.name in self._people:
                person = self._rows.value(self._rows.source.people[0], asked.kpi.place)
                behind = f", COUNT(DISTINCT {sql.name(person)}) AS people"
            what = sql.name(amount) if amount else "*"
            total = f"SUM({what})" if amount else "COUNT(*)"
            counted = draft.steps.add(
                "counted",
                f"SELECT series, period, {filled(cells)}{total} AS amount, COUNT({what}) AS n{behind} "
                f"FROM {sql.name(copies)} JOIN {rows} USING (day)"
                + (f" WHERE {sql.name(flag)}" if flag else "")
                + f" GROUP BY ALL HAVING COUNT({what}) > 0",
            )
            draft.answer(asked, counted, cells, "amount", "n", where=belonging(asked))
            if behind:
                draft.answer(asked, counted, cells, "people", "people", what="people", where=belonging(asked))


def own_columns_only(rows: Rows, asked: Asked) -> None:
    """CatalogError for a breakdown that is looked up elsewhere: then no row could fill one column alone."""
    for column in dict.fromkeys(column for cross in asked.kpi.by for column in cross):
        if rows.scope.column(column, asked.kpi.at("by")).joins:
            raise CatalogError(
                Mistake(
                    f"'{column}' is looked up in another source, and the total of '{asked.kpi.name}' is not computed",
                    "bad-reference",
                    asked.kpi.at("by"),
                    f"Break it down by columns of {rows.source.name} itself: a row belongs to the columns it fills.",
                )
            )


def filled(cells: Sequence[str]) -> str:
    """SQL of the columns of cells, null where a row does not fill one: `NULLIF(hub, '(none)') AS hub, `."""
    return "".join(f"NULLIF({sql.name(c)}, {sql.text(NONE_CELL)}) AS {sql.name(c)}, " for c in cells)


def belonging(asked: Asked) -> list[str]:
    """Conditions that keep the rows which belong to a breakdown of the KPI, or to its given total."""
    columns = columns_of(asked.sets)
    possible: Sets = list(chain.from_iterable(combinations(columns, size) for size in range(len(columns) + 1)))
    wanted = [cells for cells in asked.sets if cells or asked.kpi.total is Total.GIVEN]
    ordered = [tuple(column for column in columns if column in cells) for cells in wanted]
    return only(ordered, possible)
