"""`duration`: a statistic of the time that entities take from one mark to the next.

Formula. An entity begins at the first row of `from` (with `last`, its last) and ends at the first row of `to` that is
not before that; columns of the entity itself are taken as they are. Its length is end - begin. By `dated: to`, a period
has the entities that end in it: the mean, minimum, maximum or a quantile (as in `quantile.py`) of their lengths, or
with `within` the share whose length is no longer. By `dated: from`, a period has the entities that begin in it, each
watched for exactly `follow`: who takes longer has not got there. The mean, minimum and maximum are of those who got
there; quantiles and `within` are over all, and who has not got there counts as longer.

Unit: seconds to weeks are elapsed time, so a night on which clocks change has 7 or 9 hours; if either mark is a date,
whole local days are counted. `working days` are those after the first local day, up to and with the last: Friday to
Monday is 1, within a day is 0. A share has no unit.

Parts. `finished`: how many got there. `open`: by `dated: to` how many had begun by the end of the period and not ended
by then; by `dated: from` how many of those who began in it have not got there. `reached`: finished / (finished + open).
Where a board draws a survival curve, `beyond_14_days` and the like: the share of those who began in it and took longer.

Edge cases. An end before the begin, both in the entity's source: left out, and counted. An end in the future is no end
yet. Without an entity there is no data. A quantile that falls among those who have not got there is no data: too few
got there in time. A period by `dated: from` is partial until everybody was watched; until then its quantiles and shares
are Kaplan and Meier's (`survival.py`), and it is compared with no other, whose entities were watched for longer.

Source: for durations that are still being watched, Kaplan and Meier, "Nonparametric Estimation from Incomplete
Observations", Journal of the American Statistical Association 53 (1958).

    rows           the entities, whatever their time
    begins         each entity's first mark, where that is a row of another source
    started        the entities that have begun
    ends           each entity's first end that is not before its begin, where that is a row of another source
    spells         the entities, each with its begin and, if there is one yet, its end
    lengths        the entities with their lengths: from here on they are rows like others, dated by begin or end
    still_watched  for periods that still run, how many have got there, or have been watched, after which length

What follows are the steps of `additive.py`, `quantile.py` and for `open` of `lasting.py`, over `lengths`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pyarrow as pa

from headway.model import (
    Aggregate,
    Duration,
    Expression,
    FilesReader,
    Kpi,
    Mark,
    Open,
    Quantile,
    Source,
    SqlType,
)
from headway.periods import day_of, epoch_day
from headway.plan import sql
from headway.plan.additive import Additive
from headway.plan.answer import LEFT_OUT
from headway.plan.distinct import Distincts
from headway.plan.draft import Asked, Draft
from headway.plan.lasting import Lasting
from headway.plan.quantile import Quantiles
from headway.plan.rows import Moment, Rows, columns_of, time_of
from headway.plan.survival import LENGTHS, is_over_all

#: Microseconds of one of each unit of elapsed time.
_MICROSECONDS = {
    "seconds": 1_000_000,
    "minutes": 60_000_000,
    "hours": 3_600_000_000,
    "days": 86_400_000_000,
    "weeks": 604_800_000_000,
}


@dataclass(frozen=True)
class _Marked:
    """A mark in the rows of its source: a column there, and for another source the column that says whose it is."""

    rows: Rows
    column: str
    #: The same as it is in the data: of a moment that counts as a day, the moment, which may be later today.
    exact: str
    is_day: bool
    entity: str
    #: The KPI as which the mark's filter is known to the rows.
    filtered: Kpi


@dataclass(frozen=True)
class _Definition:
    """Which lengths are meant: requests for one definition share them."""

    measure: Duration
    where: Expression | None


@dataclass
class _Group:
    """The requests for one definition, and where its marks are."""

    begin: _Marked
    end: _Marked
    #: Whole local days are counted, because a mark is a date.
    in_days: bool
    asked: list[Asked] = field(default_factory=list)


class Durations:
    """The durations of one source of entities."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._others: dict[str, Rows] = {}
        self._groups: dict[_Definition, _Group] = {}
        self._people: set[str] = set()

    # -- what is needed ------------------------------------------------------------------------------------------------

    def add(self, asked: Asked) -> None:
        """Say which columns of the entity and of the sources of its marks a KPI needs."""
        kpi, measure = asked.kpi, asked.kpi.measure
        assert isinstance(measure, Duration)
        self._rows.filter(kpi)
        definition = _Definition(replace(measure, statistic="mean", drawn=False), kpi.where)
        if definition not in self._groups:
            marks = (measure.begin, measure.end)
            times = [time_of(self._of(mark).scope, mark.column, kpi.at("duration")) for mark in marks]
            in_days = any(time.kind == "date" for time in times)
            begin, end = (self._mark(kpi, mark, time, in_days=in_days) for mark, time in zip(marks, times, strict=True))
            self._groups[definition] = _Group(begin, end, in_days)
        self._groups[definition].asked.append(asked)

    def people(self, asked: Asked) -> None:
        """The people behind its cells: those whose lengths, or counts, stand there."""
        source = self._rows.source
        self._rows.value(source.people[0], source.places.get("people", source.place))
        self._people.add(asked.label)

    def _of(self, mark: Mark) -> Rows:
        """The rows in which a mark stands."""
        rows = self._rows
        if mark.source == rows.source.name:
            return rows
        if mark.source not in self._others:
            source = rows.catalog.sources[mark.source]
            other = Rows(rows.catalog, rows.scope.schemas, source, None, source.place, dated=False)
            self._others[mark.source] = other
        return self._others[mark.source]

    def _mark(self, kpi: Kpi, mark: Mark, time: Moment, *, in_days: bool) -> _Marked:
        rows, place = self._of(mark), kpi.at("duration")
        own = rows is self._rows
        condition = rows.scope.condition(mark.where) if own and mark.where else ""

        def column(word: str, text: str) -> str:
            return rows.need(word, f"CASE WHEN {condition} THEN {text} END" if condition else text)

        is_day = time.kind == "date"
        exact = column(mark.column, time.day() if is_day else time.moment())
        counted = exact if is_day is in_days else column(f"{mark.column}_day", time.day())
        if own:
            return _Marked(rows, counted, exact, is_day, "", kpi)
        key = self._rows.source.key[0]
        self._rows.value(key, self._rows.source.places.get("key", self._rows.source.place))
        filtered = replace(kpi, name=f"{mark.column}_of_{kpi.name}", where=mark.where)
        rows.filter(filtered)
        return _Marked(rows, counted, exact, is_day, rows.value(".".join(mark.way), place), filtered)

    # -- the steps -----------------------------------------------------------------------------------------------------

    def write(self, draft: Draft) -> None:
        """Add the steps and answers, after `rows` is written."""
        for name, other in self._others.items():
            other.write(draft.now, draft.steps, draft.referred, f"rows_of_{name}")
        for definition, group in self._groups.items():
            _Lengths(self._rows, draft, definition.measure, group, self._people).write()


def _cuts(asked: Asked) -> Mapping[str, timedelta]:
    """The points of the survival curve that a board draws."""
    measure = asked.kpi.measure
    assert isinstance(measure, Duration)
    return measure.cuts


class _Lengths:
    """Writes the lengths of one definition, and what is made of them."""

    def __init__(self, rows: Rows, draft: Draft, measure: Duration, group: _Group, people: set[str]) -> None:
        self.rows, self.draft, self.measure, self.group = rows, draft, measure, group
        self.people = [asked for asked in group.asked if asked.label in people]
        self.cells = columns_of(cells for asked in group.asked for cells in asked.cells)
        self.person = rows.value(rows.source.people[0], rows.source.place) if self.people else ""
        # Their own names, unless a breakdown is called like that.
        names = sql.Names([*self.cells, self.person])
        self.entity, self.begun, self.ended = names.free("entity"), names.free("begun"), names.free("ended")
        self.length, self.watched, self.taken = names.free("length"), names.free("watched"), names.free("taken")
        self.elapsed = names.free("elapsed")
        self.reached, self.waiting, self.in_time = names.free("reached"), names.free("waiting"), names.free("in_time")
        cuts = {name: cut for asked in group.asked for name, cut in _cuts(asked).items()}
        self.beyond = {name: (names.free(name), cut) for name, cut in cuts.items()}

    def write(self) -> None:
        """Add all steps and answers."""
        started = self._started()
        lengths = self._lengths(started)
        self._left_out(started)
        if self.measure.by_start:
            self._statistics(lengths, self.begun)
        else:
            self._statistics(lengths, self.ended)
            self._open(lengths)

    def _started(self) -> str:
        """The entities that have begun."""
        begin, end = self.group.begin, self.group.end
        listed = sql.column_list([*self.cells, *filter(None, [self.person])])
        begun, join, conditions = sql.name(begin.column), "", [self._past(begin)]
        if begin.rows is not self.rows:
            begins = self._first(begin, self.measure.begin, "begins", "begun", sql.name(begin.rows.relation))
            begun, join = sql.name(begins, "begun"), f" JOIN {sql.name(begins)} ON {self._is_entity(begins, 'entity')}"
            conditions = []
        own_end = ""
        if end.rows is self.rows:
            own_end = f", CASE WHEN {self._past(end)} THEN {sql.name(end.column)} END AS {sql.name(self.ended)}"
        key = ""
        if end.rows is not self.rows:
            key = f"{self._key()} AS {sql.name(self.entity)}, "
        flag = self.rows.flag(self.group.asked[0].kpi)
        conditions += [sql.name(flag)] if flag else []
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return self.draft.steps.add(
            "started",
            f"SELECT {listed}{key}{begun} AS {sql.name(self.begun)}{own_end} "
            f"FROM {sql.name(self.rows.relation)}{join}{where}",
        )

    def _first(self, marked: _Marked, mark: Mark, word: str, name: str, relation: str, where: str = "") -> str:
        """Each entity's first (or last) row of a mark in another source."""
        flag, of_mark = marked.rows.flag(marked.filtered), marked.rows.relation
        column, entity = sql.name(of_mark, marked.column), sql.name(of_mark, marked.entity)
        conditions = [self._past(marked), sql.name(of_mark, flag) if flag else "", where]
        return self.draft.steps.add(
            word,
            f"SELECT {entity} AS entity, {'MAX' if mark.which == 'last' else 'MIN'}({column}) AS {name} "
            f"FROM {relation} WHERE {' AND '.join(filter(None, conditions))} GROUP BY {entity}",
        )

    def _lengths(self, started: str) -> str:
        """The entities with their lengths; an end before the begin is none, and leaves its entity out."""
        end, steps = self.group.end, self.draft.steps
        begun, ended = sql.name(started, self.begun), sql.name(started, self.ended)
        join = ""
        if end.rows is not self.rows:
            of_mark = sql.name(end.rows.relation)
            relation = (
                f"{of_mark} JOIN {sql.name(started)} "
                f"ON {sql.name(end.rows.relation, end.entity)} = {sql.name(started, self.entity)}"
            )
            not_before = f"{sql.name(end.rows.relation, end.column)} >= {begun}"
            ends = self._first(end, self.measure.end, "ends", "ended", relation, not_before)
            ended = sql.name(ends, "ended")
            join = f" LEFT JOIN {sql.name(ends)} ON {sql.name(ends, 'entity')} = {sql.name(started, self.entity)}"
        listed = sql.column_list([*self.cells, *filter(None, [self.person])])
        found = steps.add(
            "spells",
            f"SELECT {listed}{begun} AS {sql.name(self.begun)}, {ended} AS {sql.name(self.ended)}, "
            f"{self._between(begun, ended)} AS {sql.name(self.elapsed)} FROM {sql.name(started)}{join}",
        )
        columns, join = self._columns(found)
        made = ", ".join(f"{text} AS {sql.name(name)}" for name, text in columns.items())
        return steps.add(
            "lengths",
            f"SELECT {listed}{sql.name(self.begun)}, {sql.name(self.ended)}, {made} FROM {sql.name(found)}{join} "
            f"WHERE {sql.name(self.elapsed)} IS NULL OR {sql.name(self.elapsed)} >= 0",
        )

    def _columns(self, relation: str) -> tuple[dict[str, str], str]:
        """What is said of each entity, as SQL by the column's name, and the joins that it needs."""
        measure, elapsed = self.measure, sql.name(self.elapsed)
        so_far = self._between(sql.name(self.begun), self._now(is_day=self.group.in_days))
        length, watched, join = self._in_unit(relation, elapsed, so_far)
        if not measure.by_start:
            found = {self.length: length, self.reached: f"{elapsed} IS NOT NULL"}
        else:
            assert measure.follow
            follow = _microseconds(measure.follow.elapsed)
            found = {
                self.length: f"CASE WHEN {elapsed} <= {follow} THEN {length} END",
                # Who has not got there takes longer than anybody.
                self.taken: f"CASE WHEN {elapsed} <= {follow} THEN {length} ELSE CAST('infinity' AS DOUBLE) END",
                self.reached: f"COALESCE({elapsed} <= {follow}, FALSE)",
                self.waiting: f"COALESCE({elapsed} > {follow}, TRUE)",
                # Null: watched to the end, and not seen to get there.
                self.watched: f"CASE WHEN {elapsed} <= {follow} THEN {length} "
                f"WHEN {so_far} < {follow} THEN {watched} END",
            }
        for column, cut in self.beyond.values():
            # Everybody is watched for as long: what a period that still runs has not seen yet is no share, but partial.
            found[column] = f"COALESCE({elapsed} > {_microseconds(cut)}, TRUE)"
        if measure.within:
            found[self.in_time] = f"COALESCE({elapsed} <= {_microseconds(measure.within.elapsed)}, FALSE)"
        return found, join

    def _between(self, begin: str, end: str) -> str:
        """SQL of the microseconds between; of days, as if each had 24 hours."""
        if self.group.in_days:
            return f"DATE_DIFF('day', {begin}, {end}) * {_MICROSECONDS['days']}"
        return f"EPOCH_US({end}) - EPOCH_US({begin})"

    def _in_unit(self, relation: str, elapsed: str, so_far: str) -> tuple[str, str, str]:
        """SQL of the length, and of how long there was to see it, in the KPI's unit; and the joins."""
        if self.measure.in_unit != "working days":
            one = f"CAST({_MICROSECONDS.get(self.measure.in_unit, _MICROSECONDS['days'])} AS DOUBLE)"
            return f"{elapsed} / {one}", f"({so_far}) / {one}", ""
        table, today = self._working_days()
        at = sql.name(table)
        join = "".join(
            f" LEFT JOIN {at} AS {alias} ON {alias}.day = {self._day(sql.name(relation, column))}"
            for alias, column in (("first_day", self.begun), ("last_day", self.ended))
        )
        length = "CAST(last_day.so_far - first_day.so_far AS DOUBLE)"
        return length, f"CAST({today} - first_day.so_far AS DOUBLE)", join

    def _day(self, column: str) -> str:
        kind: SqlType = "date" if self.group.in_days else "timestamptz"
        zone = self.rows.catalog.calendar.zone
        return sql.as_day(column, kind, zone, zone)

    def _working_days(self) -> tuple[str, int]:
        """The name of the table that numbers working days, and the number of today's."""
        catalog, draft = self.rows.catalog, self.draft
        today = catalog.calendar.day(draft.now)
        marks = (self.measure.begin, self.measure.end)
        known = [spoken[0] for mark in marks if (spoken := draft.coverage[mark.source].days(mark.column))]
        first = min([*known, today])
        numbers = catalog.working.so_far(first, today)
        days = [day_of(number) for number in range(epoch_day(first), epoch_day(today) + 1)]
        name = draft.steps.reserve("working_days")
        draft.tables[name] = pa.table({"day": pa.array(days, pa.date32()), "so_far": pa.array(numbers, pa.int64())})
        return name, numbers[-1]

    def _left_out(self, started: str) -> None:
        """How many ended before they began."""
        if self.group.end.rows is not self.rows:
            return
        left = self.draft.steps.add(
            "left_out",
            f"SELECT '' AS series, 0 AS period, COUNT(*) AS entities FROM {sql.name(started)} "
            f"WHERE {sql.name(self.ended)} < {sql.name(self.begun)}",
        )
        for asked in self.group.asked:
            self.draft.answer(asked, left, (), "entities", "entities", what=LEFT_OUT)

    # -- what is made of them ------------------------------------------------------------------------------------------

    def _statistics(self, lengths: str, time: str) -> None:
        """The value, `finished`, and by start the other parts: kinds like any other, over `lengths`."""
        inner = self._inner(lengths, time, None)
        aggregates, quantiles, distincts = Additive(inner), Quantiles(inner), Distincts(inner)
        for asked in self.group.asked:
            wanted = self._statistic(asked, lengths)
            (quantiles if isinstance(wanted, Quantile) else aggregates).add(_as(asked, wanted))
            aggregates.add(_as(asked, Aggregate("sum", lengths, self.reached), "finished"))
            if self.measure.by_start:
                aggregates.add(_as(asked, Aggregate("sum", lengths, self.waiting), "open"))
                aggregates.add(_as(asked, Aggregate("mean", lengths, self.reached), "reached"))
            for name in _cuts(asked):
                aggregates.add(_as(asked, Aggregate("mean", lengths, self.beyond[name][0]), name))
        for asked in self.people:
            distincts.people(_as(asked, self._statistic(asked, lengths)))
            if self.measure.by_start and not is_over_all(asked.kpi):
                distincts.people(_as(asked, Aggregate("sum", lengths, self.waiting), "open"))
        estimated = [asked for asked in self.group.asked if is_over_all(asked.kpi)]
        watched = inner.value(self.watched, inner.source.place) if estimated else ""
        reached = inner.number(self.reached, inner.source.place)
        inner.write(
            self.draft.now, self.draft.steps, self.draft.referred, "begun" if self.measure.by_start else "ended"
        )
        for family in (aggregates, quantiles, distincts):
            family.write(self.draft)
        for asked in estimated:
            self._still_watched(inner, asked, sql.name(watched), sql.name(reached))

    def _statistic(self, asked: Asked, lengths: str) -> Aggregate | Quantile:
        """The measure over `lengths` that is the KPI's value."""
        measure = asked.kpi.measure
        assert isinstance(measure, Duration)
        if measure.within:
            return Aggregate("mean", lengths, self.in_time)
        match measure.statistic:
            case "mean" | "min" | "max":
                return Aggregate(measure.statistic, lengths, self.length)
            case quantile:
                return Quantile(quantile, lengths, self.taken if measure.by_start else self.length)

    def _open(self, lengths: str) -> None:
        """How many are under way when each period ends."""
        inner = self._inner(lengths, self.begun, self.ended)
        lasting = Lasting(inner)
        for asked in self.group.asked:
            # What is under way is looked at by the hour or by the day: a flow that is kept by the hour asks for both.
            cut = [some for hours in (False, True) if (some := asked.timeline.of(hours))]
            for series in cut or [()]:
                timeline = replace(asked.timeline, series=series)
                under_way = _as(replace(asked, timeline=timeline), Open(lengths), "open")
                lasting.add(under_way)
                if asked in self.people:
                    lasting.people(under_way)
        inner.write(self.draft.now, self.draft.steps, self.draft.referred, "under_way")
        lasting.write(self.draft)

    def _still_watched(self, inner: Rows, asked: Asked, watched: str, reached: str) -> None:
        """For periods that still run: how many got there after which length, and how many were only watched so long."""
        draft, sets = self.draft, asked.sets
        for hours in (False, True):
            if not asked.timeline.of(hours):
                continue
            spans = sql.name(draft.spans(asked, hours=hours))
            held = "USING (hour)" if hours else "ON day BETWEEN first_day AND last_day"
            select = f"series, period, {watched}, COUNT(*) AS entities, SUM({reached}) AS {reached}"
            found = draft.steps.add(
                "still_watched",
                inner.grouped(select, ["series", "period", watched], sets, ["partial"], join=f"JOIN {spans} {held}"),
            )
            draft.answer(asked, found, columns_of(sets), watched, "entities", what=LENGTHS, numerator=reached)

    def _inner(self, lengths: str, time: str, until: str | None) -> Rows:
        """`lengths` as the rows of a source, so that other kinds can read them."""
        rows = self.rows
        kind: SqlType = "date" if self.group.in_days else "timestamptz"
        columns: Mapping[str, SqlType] = {
            self.begun: kind,
            self.ended: kind,
            **dict.fromkeys((self.length, self.watched, self.taken), "number"),
            **dict.fromkeys((self.reached, self.waiting, self.in_time), "boolean"),
            **{column: "boolean" for column, _ in self.beyond.values()},
            **({self.person: "text"} if self.person else {}),
        }
        people = (self.person,) if self.person else ()
        source = Source(lengths, FilesReader(()), rows.source.place, time=time, until=until, people=people)
        catalog = replace(rows.catalog, sources={**rows.catalog.sources, lengths: source})
        inner = Rows(catalog, {**rows.scope.schemas, lengths: columns}, source, None, source.place)
        inner.carry(self.cells, rows)
        return inner

    def _key(self) -> str:
        return sql.name(self.rows.relation, self.rows.value(self.rows.source.key[0], self.rows.source.place))

    def _is_entity(self, relation: str, column: str) -> str:
        return f"{sql.name(relation, column)} = {self._key()}"

    def _past(self, marked: _Marked) -> str:
        """SQL that is true where a mark is not in the future."""
        return f"{sql.name(marked.rows.relation, marked.exact)} <= {self._now(is_day=marked.is_day)}"

    def _now(self, *, is_day: bool) -> str:
        """SQL of the moment of the run, or of its day."""
        now, calendar = self.draft.now, self.rows.catalog.calendar
        return sql.day(calendar.day(now)) if is_day else sql.moment(now)


def _as(asked: Asked, measure: Aggregate | Quantile | Open, part: str = "") -> Asked:
    """The request, or one for a part of it, as one for another kind over all rows."""
    name = f"{asked.kpi.name}.{part}" if part else asked.kpi.name
    return replace(asked, kpi=replace(asked.kpi, name=name, measure=measure, where=None, time=None), part=part)


def _microseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
