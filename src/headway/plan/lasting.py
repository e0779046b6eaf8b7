"""`open`: how many rows, or different values, are under way at a moment: hubs, staff, open tickets.

Formula. A row is under way at t, the end of a period, if its time < t and (it has no end or its end >= t). The value is
the number of such rows, or of the different values among them. With `take: max`, `mean` or `min`, every moment of the
period counts (`concurrency.py`).

Unit: rows, or values. `n` counts the same.

Edge cases. A row that ends exactly at t counts, one of no length never does. Rows without an end are still going on;
`through` lasts to the end of its day. Overlapping rows of one value are one. Without rows it is 0. Of a running period
it is what was under way when the last complete day ended. A cell has the rows that are its own.

Periods end with local days, so a row counts from the period that holds the day it begins in to before the one that
holds the day it ends in: two lookups in `reach`, a change up and a change down, and a running sum. Rows meet no series
of dates.

    spells     how many rows begin on one day and end on another; of each distinct value, the last end by day of begin
    cells      for distinct values: the different cells, numbered
    ordered    each value's spells, each with the latest end of those before
    stretches  how many values begin, end, and ended before, on the same days
    steps      where along the spans something begins and ceases to count

A `balance` with `per` is the same: each one's row lasts until their next one. A cell is what the total would be if the
source held that cell's rows alone, so within a cell the next row is the next one of that cell. The people behind the
cells of kinds that look at every moment of a period (`concurrency.py`, `availability.py`) are counted here too:
everybody with a row that is under way at any moment of it.

Source: the number in a system, L(t) of Little, "A Proof for the Queuing Formula L = lambda W", Operations Research 9
(1961).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from headway.model import Availability, Balance, Concurrency, Levels, Open, Stretch, Total
from headway.plan import numbered, sql
from headway.plan.counted import belonging, filled, own_columns_only
from headway.plan.draft import Asked, Draft, Sets
from headway.plan.levels import by_period, fill
from headway.plan.rows import Moment, Rows, columns_of


class Lasting:
    """The KPIs of one `rows` whose rows last. Each has its own steps: there are few of them in a catalogue."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._asked: list[tuple[Asked, str, str]] = []
        self._per: dict[str, tuple[str, str]] = {}

    # -- what is needed --------------------------------------------------------------------------------------------

    def add(self, asked: Asked) -> None:
        """An `open` KPI, or a `balance` with `per`."""
        measure = asked.kpi.measure
        value = ""
        if isinstance(measure, Open) and measure.column:
            value = self._rows.value(measure.column, asked.kpi.at("open"))
        self._need(asked)
        self._asked.append((asked, value, "value"))

    def people(self, asked: Asked) -> None:
        """The people behind its cells."""
        source = self._rows.source
        self._need(asked)
        value = self._rows.value(source.people[0], source.places.get("people", source.place))
        self._asked.append((asked, value, "people"))

    def _need(self, asked: Asked) -> None:
        rows, kpi, measure = self._rows, asked.kpi, asked.kpi.measure
        rows.filter(kpi)
        rows.need("day", rows.time.day(), reserved=True)
        hours = _in_hours(asked)
        if isinstance(measure, Balance):
            assert measure.per
            if kpi.total is not Total.COMPUTED:
                own_columns_only(rows, asked)
            per = rows.value(measure.per, kpi.at("per"))
            amount = rows.number(measure.column, kpi.at("balance")) if measure.column else ""
            self._per[kpi.name] = (per, amount)
            rows.need("moment", rows.time.moment(), reserved=True)
            for column in rows.source.key:
                rows.value(column, rows.source.places.get("key", rows.source.place))
            return
        if hours:
            rows.need("hour", rows.time.hour(), reserved=True)
        end = rows.end()
        if _at_any_moment(asked):
            rows.need("final_day", _final_day(end), reserved=True)
        else:
            rows.need("end_day", end.day() if end else "CAST(NULL AS DATE)", reserved=True)
        if hours:
            rows.need("end_hour", end.hour() if end else "CAST(NULL AS BIGINT)", reserved=True)
        rows.need("lasts", f"COALESCE({rows.lasts()}, TRUE)" if end else "TRUE", reserved=True)

    # -- the steps ---------------------------------------------------------------------------------------------------

    def write(self, draft: Draft) -> None:
        """Add the steps and answers, after `rows` is written."""
        found: dict[tuple[Hashable, ...], str] = {}
        for asked, value, what in self._asked:
            sets = asked.sets if what == "value" else asked.sets[1:]
            cells = columns_of(sets)
            amount = what == "value" and isinstance(asked.kpi.measure, Balance)
            # The same people are behind the peak and the mean of the same rows.
            own = asked.kpi.name if isinstance(asked.kpi.measure, Balance) else _ends(asked)
            key = (own, self._rows.flag(asked.kpi), value, sets, asked.timeline)
            if key not in found:
                found[key] = self._by_period(draft, asked, value, sets, amount=amount)
            belongs = belonging(asked) if asked.kpi.total is not Total.COMPUTED else ()
            number = "COALESCE(amount, 0)" if amount else "people"
            draft.answer(asked, found[key], cells, number, "people", what=what, where=belongs)

    def _by_period(self, draft: Draft, asked: Asked, value: str, sets: Sets, *, amount: bool) -> str:
        """Add the steps from spells to the number of each span."""
        columns, hours = columns_of(sets), _in_hours(asked)
        if isinstance(asked.kpi.measure, Balance):
            spells = self._balance_spells(draft, asked, value, sets)
        else:
            spells = self._open_spells(draft, asked, value, sets)
        cells = numbered.cells(draft, spells, columns) if value else ""
        listed = "cell, " if cells else sql.column_list(columns)
        if value:
            spells = _stretches(draft, asked, spells, cells, columns)
        edges = _edges(draft, asked, spells, listed, amount=amount, merged=bool(value), hours=hours)
        along = fill(draft, draft.steps.add("steps", edges), columns, cells=cells, amount=amount)
        if value and not hours and not isinstance(asked.kpi.measure, Balance):
            read = numbered.gaps(draft, self._rows, value, sets, self._where(asked), cells)
            level = Levels(along, spells, draft.reach(asked), (_stretch(asked),), tuple(map(tuple, sets)))
            draft.gaps.append(replace(read, lasts=_ends(asked)[1], rollups=((spells, 1),), levels=(level,)))
        return by_period(draft, asked, along, columns, cells=cells, amount=amount, hours=hours)

    def _where(self, asked: Asked) -> list[str]:
        """The conditions of rows that count."""
        flag = self._rows.flag(asked.kpi)
        return ["lasts", *([sql.name(flag)] if flag else []), *_tracked(asked)]

    def _open_spells(self, draft: Draft, asked: Asked, value: str, sets: Sets) -> str:
        begin, end = _ends(asked)
        join = ""
        if value:
            select, keys = f"person, {begin}, {_last(end)}", ["person", begin]
            join = f"JOIN {sql.name(numbered.people(draft, self._rows.relation, value))} USING ({sql.name(value)})"
        else:
            select, keys = f"{begin}, {end}, COUNT(*) AS change", [begin, end]
        return draft.steps.add("spells", self._rows.grouped(select, keys, sets, self._where(asked), join))

    def _balance_spells(self, draft: Draft, asked: Asked, value: str, sets: Sets) -> str:
        """Each one's rows, each lasting to their next: counted by the days on which they begin and end."""
        per, amount = self._per[asked.kpi.name]
        flag = self._rows.flag(asked.kpi)
        where = " AND ".join(filter(None, [f"{sql.name(per)} IS NOT NULL", sql.name(flag) if flag else ""]))
        key = [sql.name(self._rows.value(c, self._rows.source.place)) for c in self._rows.source.key]
        order = ", ".join(["moment", *key])
        every = columns_of(sets)
        texts = []
        given = asked.kpi.total is not Total.COMPUTED
        for cells in [tuple(every)] if given else sets:
            kept = (
                filled(every)
                if given
                else "".join(
                    f"{sql.name(c)}, " if c in cells else f"CAST(NULL AS TEXT) AS {sql.name(c)}, " for c in every
                )
            )
            partition = ", ".join(map(sql.name, [per, *cells]))
            also = (f", {sql.name(amount)} AS amount" if amount else ", 1 AS amount") + (
                f", {sql.name(value)} AS person" if value else ""
            )
            texts.append(
                f"SELECT {kept}day, LEAD(day) OVER (PARTITION BY {partition} ORDER BY {order}) AS end_day{also} "
                f"FROM {sql.name(self._rows.over(cells))} WHERE {where}"
            )
        versions = draft.steps.add("versions", " UNION ALL ".join(texts))
        listed = sql.column_list(every)
        if value:
            return draft.steps.add(
                "spells",
                f"SELECT {listed}person, day, {_last('end_day')} FROM {sql.name(versions)} "
                f"WHERE person IS NOT NULL AND amount IS NOT NULL GROUP BY {listed}person, day",
            )
        return draft.steps.add(
            "spells",
            f"SELECT {listed}day, end_day, COUNT(amount) AS change, SUM(amount) AS amount "
            f"FROM {sql.name(versions)} GROUP BY {listed}day, end_day",
        )


def merged(draft: Draft, edges: str, cells: Sequence[str], *, along: str = "position") -> str:
    """Steps of distinct values along positions, or moments: several overlapping rows of one value are one stretch.

    `edges` is SQL of rows with the cells, `person`, the position, and how many of the person's rows begin there (+) and
    end (-).
    """
    listed = sql.column_list(cells)
    edge = draft.steps.add("edges", edges)
    running = draft.steps.add(
        "running",
        f"SELECT {listed}{along}, SUM(change) AS change, "
        f"SUM(SUM(change)) OVER (PARTITION BY {listed}person ORDER BY {along}) AS under_way "
        f"FROM {sql.name(edge)} GROUP BY {listed}person, {along}",
    )
    return draft.steps.add(
        "steps",
        f"SELECT {listed}{along}, CASE WHEN under_way > 0 AND under_way = change THEN 1 "
        f"WHEN under_way = 0 AND change < 0 THEN -1 ELSE 0 END AS change FROM {sql.name(running)}",
    )


def _last(end: str) -> str:
    """The latest end of a value's rows that begin together; one that is still going on ends after all others."""
    never = "9223372036854775807" if end == "end_hour" else "CAST('infinity' AS DATE)"
    return f"MAX(COALESCE({end}, {never})) AS {end}"


def _stretch(asked: Asked) -> Stretch:
    """Where a stretch counts: not before the earlier end counts no more, and until its own does not."""
    ceases = _ceases(asked)
    return Stretch(("lo", f"before_{ceases}"), (f"final_{ceases}",))


def _stretches(draft: Draft, asked: Asked, spells: str, cells: str, columns: Sequence[str]) -> str:
    """Add the steps of distinct values: how many begin and end on the same two days, after the same earlier end.

    With spells in order of their begin, one that ends no later than an earlier one adds nothing, and any other counts
    from the latest earlier end at the soonest. So values are forgotten before spans are looked up, as in the gap rollup
    of `distinct`.
    """
    begin, end = _ends(asked)
    cell = "cell, " if cells else ""
    ordered = draft.steps.add(
        "ordered",
        f"SELECT {cell}{begin}, {end}, MAX({end}) OVER (PARTITION BY {cell}person "
        f"ORDER BY {begin} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS previous "
        f"FROM {sql.name(spells)}{numbered.to_cells(spells, cells, columns)}",
    )
    return draft.steps.add(
        "stretches",
        f"SELECT {cell}{begin}, {end}, previous, COUNT(*) AS change FROM {sql.name(ordered)} "
        f"WHERE previous IS NULL OR {end} > previous GROUP BY {cell}{begin}, {end}, previous",
    )


def _edges(
    draft: Draft,
    asked: Asked,
    spells: str,
    listed: str,
    *,
    amount: bool = False,
    merged: bool = False,
    hours: bool,
) -> str:
    """+change (and amount) where spells begin, -change where they end: one lookup in `reach` for each.

    `listed` are the columns of cells, or `cell`, each with a comma behind it. Spells that are `merged` begin where
    their `previous` end counts no more, if that is later.
    """
    reach, seen = sql.name(draft.reach(asked, hours=hours)), sql.name(spells)
    slot = "hour" if hours else "day"
    up = "change" + (", amount" if amount else "")
    down = "-change AS change" + (", -amount AS amount" if amount else "")
    begin, end = _ends(asked)
    begins = f"FROM {seen} JOIN {reach} AS begins ON begins.{slot} = {seen}.{begin}"
    ceases = _ceases(asked)
    first, before = "begins.lo", ""
    if merged:
        since = f"CASE WHEN previous IS NULL THEN 0 ELSE COALESCE(before.{ceases}, begins.stop) END"
        first = f"GREATEST(begins.lo, {since})"
        before = f" LEFT JOIN {reach} AS before ON before.{slot} = {seen}.previous AND before.series = begins.series"
    return (
        f"SELECT {listed}{first} AS position, {up} {begins}{before} "
        f"UNION ALL SELECT {listed}COALESCE(ends.{ceases}, begins.stop) AS position, {down} {begins} "
        f"LEFT JOIN {reach} AS ends ON ends.{slot} = {seen}.{end} AND ends.series = begins.series"
    )


def _ends(asked: Asked) -> tuple[str, str]:
    """The columns of the day (or hour) in which a spell begins, and in which it ends."""
    if _in_hours(asked):
        return "hour", "end_hour"
    return "day", "final_day" if _at_any_moment(asked) else "end_day"


def _ceases(asked: Asked) -> str:
    """The column of `reach` that says from where on a spell counts no more, by the day on which it ends."""
    return "after" if _at_any_moment(asked) else "lo"


def _tracked(asked: Asked) -> list[str]:
    """The conditions of rows that a KPI of every moment looks at while it is tracked: nobody else is behind it."""
    if not _at_any_moment(asked):
        return []
    since, until = asked.kpi.tracked_from, asked.kpi.retired_on
    return [
        *([f"(final_day IS NULL OR final_day >= {sql.day(since)})"] if since else []),
        *([f"day <= {sql.day(until)}"] if until else []),
    ]


def _at_any_moment(asked: Asked) -> bool:
    """True for kinds that read rows under way at any moment of a span, not only at its end."""
    return isinstance(asked.kpi.measure, Concurrency | Availability)


def _final_day(end: Moment | None) -> str:
    """SQL of the last day on which a row is under way."""
    if end is None:
        return "CAST(NULL AS DATE)"
    if end.kind == "date":
        return f"CAST({end.column} - INTERVAL 1 DAY AS DATE)"
    return replace(end, column=f"({end.column} - INTERVAL 1 MICROSECOND)").day()


def _in_hours(asked: Asked) -> bool:
    # People are counted behind cells, and those are kept by the day.
    return any(series.hours for series in asked.timeline.series) and not _at_any_moment(asked)
