"""`recurring`: the monthly amounts of rows under way, per customer, and the movements that change their sum.

Formula. At the end of an own period a customer pays b, the sum of the amounts of their rows under way then (as in
`open`) and of their `plus` events in that period; a is the same at its start. The value is the sum of b. Each change
b - a is one movement of the customer, classed once, on their whole amount:

    new           a <= 0 < b, never above 0 at the end of an own period before
    reactivation  a <= 0 < b, above 0 before
    churn         b <= 0 < a
    contraction   b < a, otherwise
    expansion     all else: b > a, or b = a where rows took each other's place

A cell shows what its own rows changed, under the movement of the customer that they belong to, so cells of a movement
sum to it, and the five sum to the change of the value: exactly, because amounts are decimals of ten places. Longer
spans add the movements of their own periods. `customers` have b > 0. `new_customers`, `lost_customers` and
`returned_customers` count the first three; within a cell, those with an amount above 0 in it, after (lost: before).
Over a whole span, not added up: `retained` = sum of b where a > 0, `kept` = sum of min(a, b) where a > 0,
`kept_customers` = how many with a > 0 and b > 0; within a cell, of that cell's rows alone.

Unit: that of the amounts, per month; the others count customers.

Edge cases. Trials at 0 are no customers, nor are credits below 0, whose changes are expansion or contraction. A pause
within one own period is not seen. Rows without a customer are one customer together, `(none)`; rows without an amount
are left out. A running period is that of its last complete day, and before its first one is over, the period before.

Source: the movements are those of Skok, "SaaS Metrics 2.0" (forEntrepreneurs, 2013), with reactivation on its own.

    spells      each customer's rows: the amount, from one position to before another (`boundaries.py`: own periods)
    charges     the same of `plus` events, which last one own period
    amounts     where a customer's amount changes: by how much, and to what; rows meet no series of dates
    classes     the movement of each customer at each such position
    changes     the changes of cells, under the movement of their customer
    moves       changes added up by position: a table as small as the calendar
    levels      moves added up along the positions: value and customers at the end of each
    movements   moves added up over each span
    kept        what customers with changes in a span paid at its start, and by how much that changed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from headway.model import NONE_CELL, Kpi, Recurring
from headway.plan import sql
from headway.plan.boundaries import Boundaries
from headway.plan.draft import Asked, Draft, Sets, only, people_of
from headway.plan.rows import Rows, columns_of

#: Sums of these are exact, so movements add up to the last digit.
_AMOUNT = "DECIMAL(38, 10)"
#: Counts of customers, by the movement that they are counted under.
_COUNTS = {"new_customers": "new", "lost_customers": "churn", "returned_customers": "reactivation"}
#: How many of those whose amounts change come to be above 0, less those who cease to be.
_COMING = "SUM(CAST(amount > 0 AS INT) - CAST(amount - change > 0 AS INT))"
#: Parts over a whole span.
_OVER = ("retained", "kept", "kept_customers")


@dataclass
class _Columns:
    """One source of amounts: names of its columns in its `rows`."""

    rows: Rows
    customer: str
    amount: str
    person: str = ""


@dataclass
class _Measured:
    """One KPI, and its requests, which share everything up to the spans."""

    kpi: Kpi
    lasting: _Columns
    charges: _Columns | None
    asked: list[Asked] = field(default_factory=list)
    protected: bool = False


class Movements:
    """The `recurring` KPIs of one `rows`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._measured: dict[str, _Measured] = {}

    # -- what is needed ----------------------------------------------------------------------------------------------

    def add(self, asked: Asked) -> None:
        """Say which columns a KPI needs, before `rows` is written."""
        kpi = asked.kpi
        if kpi.name not in self._measured:
            self._measured[kpi.name] = self._needed(asked)
        self._measured[kpi.name].asked.append(asked)

    def people(self, asked: Asked) -> None:
        """The people behind its cells: of either source that has people."""
        measured = self._measured[asked.kpi.name]
        measured.protected = True
        for columns in filter(None, (measured.lasting, measured.charges)):
            source = columns.rows.source
            if source.people:
                columns.person = columns.rows.value(source.people[0], source.places.get("people", source.place))

    def _needed(self, asked: Asked) -> _Measured:
        rows, kpi, measure = self._rows, asked.kpi, asked.kpi.measure
        assert isinstance(measure, Recurring)
        end = rows.end()
        assert end, "the catalogue refuses rows that never end"
        rows.need("end_day", end.day(), reserved=True)
        rows.need("lasts", f"COALESCE({rows.lasts()}, TRUE)", reserved=True)
        lasting = self._columns(rows, kpi, measure.column, "recurring")
        charges = None
        if measure.plus:
            charges = self._charges(kpi, measure, asked.cells)
        return _Measured(kpi, lasting, charges)

    def _charges(self, kpi: Kpi, measure: Recurring, cells: tuple[tuple[str, ...], ...]) -> _Columns:
        """What is needed of the source of `plus`; its cells have the names of those of `rows`."""
        assert measure.plus
        source, amount = measure.plus
        catalog = self._rows.catalog
        rows = Rows(catalog, self._rows.scope.schemas, catalog.sources[source], None, kpi.at("plus"))
        for breakdown, names in zip(kpi.breakdowns, cells, strict=True):
            for column, name in zip(breakdown, names, strict=True):
                # Events have no reason to end: they last their own period only.
                ends = breakdown not in kpi.by
                found = rows.need(name, sql.text(NONE_CELL)) if ends else rows.cell_of(kpi, column, name)
                assert found == name, "a fresh `rows` has every name free"
        return self._columns(rows, kpi, amount, "plus")

    @staticmethod
    def _columns(rows: Rows, kpi: Kpi, amount: str, key: str) -> _Columns:
        assert isinstance(kpi.measure, Recurring)
        rows.filter(kpi)
        rows.need("day", rows.time.day(), reserved=True)
        customer = rows.cell(kpi.measure.customer, kpi.at("customer"))
        return _Columns(rows, customer, rows.number(amount, kpi.at(key)))

    # -- the steps ---------------------------------------------------------------------------------------------------

    def write(self, draft: Draft) -> None:
        """Add the steps and answers, after `rows` is written."""
        for measured in self._measured.values():
            _Written(self._rows, measured, draft).write()


class _Written:
    """The steps of one KPI."""

    def __init__(self, rows: Rows, measured: _Measured, draft: Draft) -> None:
        self.measured, self.draft = measured, draft
        kpi, asked = measured.kpi, measured.asked
        self.sets: Sets = asked[0].sets
        #: The sets without reasons, which only some parts have.
        self.plain: Sets = replace(asked[0], cells=asked[0].cells[: len(kpi.by)]).sets
        self.cells = columns_of(self.sets)
        self.listed = sql.column_list(self.cells)
        #: Cells are numbered as customers are: numbers are compared and sorted several times faster than texts.
        self.cell = "cell, " if self.cells else ""
        self.is_total = "cell = 0" if self.cells else "TRUE"
        self.boundaries = Boundaries.of(rows.catalog, rows.catalog.kpis[kpi.name].grain, asked, draft.now)

    def write(self) -> None:
        """Add the steps and answers."""
        draft, measured = self.draft, self.measured
        tables = [self.boundaries.spans(asked) for asked in measured.asked]
        self.reach = self._register("own_reach", self.boundaries.reach())
        self.positions = self._register("own_periods", self.boundaries.positions())
        if measured.charges:
            measured.charges.rows.write(draft.now, draft.steps, draft.referred)
        self.customers = self._customers()
        spells = self._spells()
        self.numbered = self._cells(spells)
        amounts = self._running("amounts", self._edges(spells), "customer")
        changes = self._changes(amounts, self._classes(amounts))
        moves = self._moves(changes)
        levels = self._levels(moves, "value", "customers", "above")
        visits, present = self._people() if measured.protected else ("", "")
        for asked, of_asked in zip(measured.asked, tables, strict=True):
            moments, stretches = map(self._register, ("moments", "stretches"), of_asked)
            self._states(asked, levels, moments)
            self._movements(asked, moves, stretches)
            self._kept(asked, changes, moves, levels, moments, stretches)
            if visits:
                self._behind(asked, visits, changes, present, moments, stretches)

    def _register(self, word: str, table: pa.Table) -> str:
        name = self.draft.steps.reserve(word)
        self.draft.tables[name] = table
        return name

    def _step(self, word: str, select: str) -> str:
        return self.draft.steps.add(word, select)

    # -- from rows to amounts ------------------------------------------------------------------------------------

    def _customers(self) -> str:
        """The customers of both sources, numbered."""
        names = " UNION ".join(
            f"SELECT DISTINCT {sql.name(columns.customer)} AS text FROM {sql.name(columns.rows.relation)}"
            for columns in self._sources()
        )
        return self._step("customers", f"SELECT text, CAST(ROW_NUMBER() OVER () AS INT) AS customer FROM ({names})")

    def _sources(self, *, people: bool = False) -> list[_Columns]:
        both = filter(None, (self.measured.lasting, self.measured.charges))
        return [columns for columns in both if columns.person or not people]

    def _spells(self, *, people: bool = False) -> list[str]:
        """From where to where each customer's rows count in each cell, and their amounts; of people, how many."""
        steps = []
        for columns in self._sources(people=people):
            if columns is self.measured.lasting:
                position, until = "begins.lo", "COALESCE(ends.lo, begins.stop)"
                word, held = "spells", ["lasts", f"begins.lo < {until}"]
                reach = (
                    f"JOIN {self.reach} AS begins USING (day) "
                    f"LEFT JOIN {self.reach} AS ends ON ends.day = end_day AND ends.series = begins.series"
                )
            else:
                position, until = "lo", "lo + 1"
                word, held, reach = "charges", ["lo < after"], f"JOIN {self.reach} USING (day)"
            amount, flag = sql.name(columns.amount), columns.rows.flag(self.measured.kpi)
            where = [*held, f"{amount} IS NOT NULL", sql.name(flag) if flag else ""]
            select, keys = f"{position} AS position, {until} AS until, customer, ", ["position", "until", "customer"]
            if people:
                select += f"{sql.name(columns.person)} AS person, CAST(COUNT(*) AS INT) AS amount"
                keys.append(columns.person)
                where.append(f"{sql.name(columns.person)} IS NOT NULL")
            else:
                select += f"SUM(CAST({amount} AS {_AMOUNT})) AS amount"
            numbered = f"{reach} JOIN {self.customers} ON {self.customers}.text = {sql.name(columns.customer)}"
            sets = self.sets[1:] if people else self.sets
            steps.append(self._step(word, columns.rows.grouped(select, keys, sets, where, numbered)))
        return steps

    def _cells(self, spells: Sequence[str]) -> str:
        """The step that numbers cells, the total 0; '' if there is only the total."""
        if not self.cells:
            return ""
        listed = self.listed[:-2]
        is_total = " AND ".join(f"{sql.name(c)} IS NULL" for c in self.cells)
        return self._step(
            "cells",
            f"SELECT {listed}, CAST(CASE WHEN {is_total} THEN 0 ELSE ROW_NUMBER() OVER () END AS INT) AS cell "
            f"FROM ({' UNION '.join(f'SELECT DISTINCT {listed} FROM {spell}' for spell in spells)})",
        )

    def _edges(self, spells: Sequence[str], *, people: bool = False) -> str:
        """+amount where a customer's rows begin to count, -amount where they cease to."""
        who = f"{self.cell}customer, person, " if people else f"{self.cell}customer, "
        texts = []
        for spell in spells:
            same = (f"{self.numbered}.{c} IS NOT DISTINCT FROM {spell}.{c}" for c in map(sql.name, self.cells))
            cells = f" JOIN {self.numbered} ON {' AND '.join(same)}" if self.cells else ""
            texts += [
                f"SELECT {who}position, amount FROM {spell}{cells}",
                f"SELECT {who}until AS position, -amount AS amount FROM {spell}{cells}",
            ]
        return self._step("edges", " UNION ALL ".join(texts))

    def _running(self, word: str, edges: str, who: str) -> str:
        """Where the amount of a customer (or person) changes, within each cell: by how much, and to what."""
        return self._step(
            word,
            f"SELECT {self.cell}{who}, position, SUM(amount) AS change, "
            f"SUM(SUM(amount)) OVER (PARTITION BY {self.cell}{who} ORDER BY position) AS amount "
            f"FROM {edges} GROUP BY {self.cell}{who}, position",
        )

    # -- from amounts to movements ---------------------------------------------------------------------------------

    def _classes(self, amounts: str) -> str:
        """The movement of each customer, on their whole amount. What lies before the own periods has none."""
        firsts = self._step(
            "first_above",
            f"SELECT customer, MIN(position) AS first_position FROM {amounts} "
            f"WHERE {self.is_total} AND amount > 0 AND position < {len(self.boundaries.own)} GROUP BY customer",
        )
        return self._step(
            "classes",
            "SELECT customer, position, CASE WHEN amount > 0 AND amount <= change "
            "THEN CASE WHEN first_position < own THEN 'reactivation' ELSE 'new' END "
            "WHEN amount <= 0 AND amount > change THEN 'churn' "
            "WHEN change < 0 THEN 'contraction' ELSE 'expansion' END AS movement "
            f"FROM {amounts} JOIN {self.positions} USING (position) LEFT JOIN {firsts} USING (customer) "
            f"WHERE {self.is_total}",
        )

    def _changes(self, amounts: str, classes: str) -> str:
        return self._step(
            "changes",
            f"SELECT {self.cell}customer, position, change, amount, movement "
            f"FROM {amounts} LEFT JOIN {classes} USING (customer, position) WHERE change <> 0",
        )

    def _moves(self, changes: str) -> str:
        """What adds up from position to position; of people, how many begin and cease to be there."""
        columns = [
            "SUM(change) AS value",
            "SUM(GREATEST(amount, 0) - GREATEST(amount - change, 0)) AS above",
            f"{_COMING} AS customers",
        ]
        paid = "FILTER (WHERE amount - change > 0)"
        columns += [
            f"COALESCE(SUM(change) {paid}, 0) AS retained",
            f"COALESCE(SUM(LEAST(change, 0)) {paid}, 0) AS kept",
            "-COUNT(*) FILTER (WHERE amount <= 0 AND amount - change > 0) AS kept_customers",
        ]
        for movement in Recurring.MOVEMENTS:
            of = f"FILTER (WHERE movement = {sql.text(movement)})"
            columns += [f"COALESCE(SUM(change) {of}, 0) AS {movement}", f"COUNT(*) {of} AS {movement}_n"]
        for count, movement in _COUNTS.items():
            above = "amount - change > 0" if movement == "churn" else "amount > 0"
            columns.append(f"COUNT_IF(movement = {sql.text(movement)} AND {above}) AS {count}")
        return self._step(
            "moves", f"SELECT {self.cell}position, {', '.join(columns)} FROM {changes} GROUP BY {self.cell}position"
        )

    def _levels(self, moves: str, *columns: str) -> str:
        """Sums along the positions, held from each to the next."""
        window = f"OVER ({'PARTITION BY cell ' if self.cells else ''}ORDER BY position)"
        sums = ", ".join(f"SUM({column}) {window} AS {column}" for column in columns)
        levels = self._step(
            "levels",
            f"SELECT {self.cell}position, LEAD(position) {window} AS until, {sums} FROM {moves}",
        )
        some = " OR ".join(f"{column} <> 0" for column in columns)
        return self._step(
            "filled",
            f"SELECT {self.cell}{', '.join(columns)}, UNNEST(RANGE(position, until)) AS position "
            f"FROM {levels} WHERE {some}",
        )

    # -- from positions to spans -----------------------------------------------------------------------------------

    def _states(self, asked: Asked, levels: str, moments: str) -> None:
        """The value, and the customers, at the end of each span."""
        at_end = self._at(asked, "closing", ["value", "customers"], levels, moments)
        found = self._named("at_end", at_end, ["value", "customers"])
        self._answer(asked, found, "", "value", "customers")
        self._answer(asked, found, "customers", "customers", "customers")

    def _movements(self, asked: Asked, moves: str, stretches: str) -> None:
        """Movements and counts: those of the own periods in a span, added up."""
        n = {movement: f"{movement}_n" for movement in Recurring.MOVEMENTS}
        columns = [*n, *n.values(), *_COUNTS]
        added = self._over(asked, [], [f"SUM({c}) AS {c}" for c in columns], moves, stretches, self.sets)
        found = self._named("movements", added, columns)
        for part in (*n, *_COUNTS):
            self._answer(asked, found, part, part, n.get(part, part))

    def _kept(self, asked: Asked, changes: str, moves: str, levels: str, moments: str, stretches: str) -> None:
        """What those who paid at the start of a span pay at its end: what they paid then, and what changed since.

        Within a span of one position nobody changes twice, so there its moves say it.
        """
        at_start = ["above AS retained", "above AS kept", "customers AS kept_customers"]
        columns = [
            "SUM(change) AS change",
            "ARG_MIN(amount - change > 0, position) AS paid",
            "ARG_MAX(amount > 0, position) AS pays",
        ]
        several = self._over(asked, ["customer"], columns, changes, stretches, self.plain, "NOT alone")
        changed = self._step("changed", several)
        moved = [f"SUM({part}) AS {part}" for part in _OVER]
        parts = self._step(
            "kept_parts",
            f"{self._at(asked, 'opening', at_start, levels, moments)} "
            f"UNION ALL {self._over(asked, [], moved, moves, stretches, self.plain, 'alone')} "
            f"UNION ALL SELECT series, period, {self.cell}SUM(change), SUM(LEAST(change, 0)), "
            f"-COUNT_IF(NOT pays) FROM {changed} WHERE paid GROUP BY {self.cell}series, period",
        )
        sums = ", ".join(f"SUM({part}) AS {part}" for part in _OVER)
        kept = f"SELECT series, period, {self.cell}{sums} FROM {parts} GROUP BY {self.cell}series, period"
        found = self._named("kept", kept, _OVER)
        for part in _OVER:
            self._answer(asked, found, part, part, "kept_customers")

    def _at(self, asked: Asked, end: str, columns: Sequence[str], levels: str, moments: str) -> str:
        """SQL of what is there at one end of each span, `opening` or `closing`."""
        return (
            f"SELECT series, period, {self.cell}{', '.join(columns)} FROM {levels} JOIN {moments} ON position = {end}"
            f"{self._where(asked, moments, self.plain)}"
        )

    def _over(
        self,
        asked: Asked,
        keys: Sequence[str],
        columns: Sequence[str],
        relation: str,
        stretches: str,
        sets: Sets,
        where: str = "",
    ) -> str:
        """SQL of what the positions within each span add up to."""
        by = f"series, period, {self.cell}{', '.join(keys)}".removesuffix(", ")
        return (
            f"SELECT {by}, {', '.join(columns)} FROM {relation} "
            f"JOIN {stretches} ON position BETWEEN first_position AND last_position"
            f"{self._where(asked, stretches, sets, where)} GROUP BY {by}"
        )

    def _where(self, asked: Asked, spans: str, sets: Sets, also: str = "") -> str:
        """Only these sets of cells, and cells only where they are kept."""
        conditions = [also] if also else []
        if few := only(sets, self.sets):
            conditions.append(f"cell IN (SELECT cell FROM {self.numbered} WHERE {' AND '.join(few)})")
        if self.cells and not all(series.cells for series in asked.timeline.series):
            conditions.append(f"({spans}.cells OR cell = 0)")
        return f" WHERE {' AND '.join(conditions)}" if conditions else ""

    def _named(self, word: str, select: str, columns: Sequence[str]) -> str:
        """A step with the names of cells in place of their numbers."""
        if not self.cells:
            return self._step(word, select)
        return self._step(
            word,
            f"SELECT series, period, {self.listed}{', '.join(columns)} "
            f"FROM ({select}) JOIN {self.numbered} USING (cell)",
        )

    def _answer(self, asked: Asked, relation: str, part: str, value: str, n: str) -> None:
        """Add numbers to the answer; those that are 0 are implied."""
        sets = self.sets if part in Recurring.REASONED else self.plain
        where = [*only(sets, self.sets), f"{value} <> 0"]
        self.draft.answer(asked, relation, self.cells, value, n, what=part or "value", where=where)

    # -- the people behind cells -----------------------------------------------------------------------------------

    def _people(self) -> tuple[str, str]:
        """Whose rows begin and end where, and how many people have rows under way at each position."""
        edges = self._edges(self._spells(people=True), people=True)
        presence = self._running("presence", edges, "person")
        coming = self._step(
            "coming", f"SELECT {self.cell}position, {_COMING} AS people FROM {presence} GROUP BY {self.cell}position"
        )
        return edges, self._levels(coming, "people")

    def _behind(self, asked: Asked, edges: str, changes: str, present: str, moments: str, stretches: str) -> None:
        """Of states those under way at the end of a span, of what was kept at its start; of a movement those in it."""
        for end, parts in (("closing", ("",)), ("opening", _OVER)):
            found = self._named(f"people_{end}", self._at(asked, end, ["people"], present, moments), ["people"])
            for part in parts:
                self.draft.answer(asked, found, self.cells, "people", "people", what=people_of(part))
        moved = self._step(
            "moved",
            f"SELECT DISTINCT cell, person, position, movement FROM {edges} "
            f"JOIN {changes} USING (cell, customer, position)",
        )
        columns = ["COUNT(DISTINCT person) AS people"]
        over = self._over(asked, ["movement"], columns, moved, stretches, self.sets)
        found = self._named("people_moved", over, ["movement", "people"])
        for part in (*Recurring.MOVEMENTS, *_COUNTS):
            mine = f"movement = {sql.text(_COUNTS.get(part, part))}"
            self.draft.answer(asked, found, self.cells, "people", "people", what=people_of(part), where=[mine])
