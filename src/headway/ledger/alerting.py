"""What the ledger keeps of alerts: how each rule-cell stands, what was told of it to whom, and what people said to it.

`states` are replaced in place; everything else is only added. Whatever is added has a row of `run`: of a person
(`decision`), or of the clock (`tick` and `delivery`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar

import sqlalchemy as sa

from headway.errors import Mistake, UsageError
from headway.ledger import catalogues, schema
from headway.ledger.encode import next_id
from headway.ledger.read import NEWS, ends, newest_row, reached
from headway.ledger.records import AsOf, Run
from headway.model import (
    Acknowledgement,
    Alerting,
    AlertState,
    Delivery,
    Event,
    Notice,
    Phase,
    RuleCell,
    Sight,
    Silence,
    Tells,
)

T = TypeVar("T")

#: The phases in which a rule-cell fires.
_FIRING = tuple(phase.value for phase in Phase if phase.fires)
#: The columns that hold a moment, as text.
_MOMENTS = ("since", "began", "at", "made", "starts", "until", "opened", "closed")
#: Those that hold a word of ours.
_WORDS = {"phase": Phase, "sight": Sight, "tells": Tells}
#: Up to how many are asked for by name; of more, all are read.
_FEW = 10_000


# -- reading -----------------------------------------------------------------------------------------------------------


def alerting(
    connection: sa.Connection, since: datetime | None, as_of: AsOf | None, of: Collection[str] | None
) -> Alerting:
    """See `Ledger.alerting`."""
    until = reached(connection, as_of)
    notices = _notices(connection, since, until)
    episodes = {(one.of, one.episode) for one in notices}
    return Alerting(
        states(connection, until, of),
        tuple(notices),
        tuple(_deliveries(connection, since, until, {one.id for one in notices})),
        tuple(one for one in _acknowledgements(connection, until) if (one.of, one.episode) in episodes),
        tuple(_newest(connection, schema.silence, until, Silence)),
        tuple(_newest(connection, schema.event, until, Event)),
    )


def states(connection: sa.Connection, until: int | None, of: Collection[str] | None) -> tuple[AlertState, ...]:
    """The state of every rule-cell, or of some alerts and what fires; as of a run, without what advanced since."""
    a = schema.alerting
    query = sa.select(a).order_by(*a.primary_key.columns)
    if until is not None:
        query = query.where(a.c.run <= until)
    if of is not None:
        query = query.where(sa.or_(a.c.alert.in_(sorted(of)), a.c.phase.in_(_FIRING)))
    return tuple(_made(AlertState, row) for row in connection.execute(query).mappings())


def _notices(connection: sa.Connection, since: datetime | None, until: int | None) -> list[Notice]:
    """Those of every episode that fires, or has something to be told still, or had since a moment; oldest first."""
    n, a, other = schema.notice, schema.alerting, schema.notice.alias("other")

    def same(one: sa.FromClause, two: sa.FromClause) -> sa.ColumnElement[bool]:
        return sa.and_(*(one.c[name] == two.c[name] for name in (*schema.RULE_CELL, "episode")))

    firing = sa.select(n).join_from(a, n, same(a, n)).where(a.c.phase.in_(_FIRING))
    wanted = _open(other, until)
    if since is not None:
        wanted = sa.or_(wanted, other.c.made >= schema.moment_text(since))
    with_others = sa.select(n).join_from(other, n, same(other, n)).where(wanted)
    chosen = [firing, with_others]
    if until is not None:
        chosen = [query.where(n.c.run <= until) for query in chosen]
    found = {row["id"]: row for query in chosen for row in connection.execute(query).mappings()}
    return [_made(Notice, row) for row in sorted(found.values(), key=lambda row: (row["run"], row["made"], row["id"]))]


def _open(notice: sa.FromClause, until: int | None) -> sa.ColumnElement[bool]:
    """True for a notice that was neither sent nor dropped (by a run)."""
    d = schema.delivery.c
    done = sa.and_(d.notice == notice.c.id, sa.or_(d.sent, d.dropped != ""))
    return ~sa.exists().where(done if until is None else sa.and_(done, d.run <= until))


def _deliveries(
    connection: sa.Connection, since: datetime | None, until: int | None, notices: set[str]
) -> Iterable[Delivery]:
    """What came of these notices, oldest first."""
    d = schema.delivery
    query = sa.select(d).order_by(d.c.run, d.c.notice)
    if since is None and len(notices) < _FEW:
        query = query.where(d.c.notice.in_(sorted(notices)))
    if until is not None:
        query = query.where(d.c.run <= until)
    return [_made(Delivery, row) for row in connection.execute(query).mappings() if row["notice"] in notices]


def last_sent(connection: sa.Connection) -> dict[str, datetime]:
    """When each route last took a notice."""
    d = schema.delivery.c
    query = sa.select(d.route, sa.func.max(d.at)).where(d.sent).group_by(d.route)
    return {route: datetime.fromisoformat(at) for route, at in connection.execute(query)}


def _acknowledgements(connection: sa.Connection, until: int | None) -> Iterable[Acknowledgement]:
    """The newest of each episode."""
    a = schema.acknowledgement
    query = sa.select(a).order_by(a.c.run)
    if until is not None:
        query = query.where(a.c.run <= until)
    found = [_made(Acknowledgement, row) for row in connection.execute(query).mappings()]
    return {(one.of, one.episode): one for one in found}.values()


def _newest(connection: sa.Connection, table: sa.Table, until: int | None, kind: type[T]) -> Iterable[T]:
    """The newest row of each id, in the order in which the ids came."""
    query = sa.select(table).order_by(table.c.run)
    if until is not None:
        query = query.where(table.c.run <= until)
    return {row["id"]: _made(kind, row) for row in connection.execute(query).mappings()}.values()


def _made(kind: type[T], row: Mapping[Any, Any]) -> T:
    """A row as what it is of."""
    of: Any = kind
    return kind(**{name: read(row) for name, read in _readers(of)})


@cache
def _readers(kind: Any) -> tuple[tuple[str, Callable[[Mapping[Any, Any]], Any]], ...]:
    """How each field is read from a row."""
    return tuple((one.name, _reader(one.name)) for one in fields(kind))


def _reader(name: str) -> Callable[[Mapping[Any, Any]], Any]:
    if name == "of":
        cell = itemgetter(*schema.RULE_CELL)
        return lambda row: RuleCell(*cell(row))
    if name in _MOMENTS:
        return lambda row: None if row[name] is None else datetime.fromisoformat(row[name])
    if name in _WORDS:
        word = _WORDS[name]
        return lambda row: word(row[name])
    return itemgetter(name)


# -- writing -----------------------------------------------------------------------------------------------------------


def record(connection: sa.Connection, run: Run, added: Alerting, seen: int | None) -> Run | None:
    """See `Ledger.record_alerting`."""
    news = newest_row(connection, NEWS)
    if seen is not None and news is not None and news.id > seen:
        return None
    kept = begin(connection, run)
    number = kept.id
    _put(connection, [_row(schema.alerting, one, number) for one in added.states])
    for table, rows in (
        (schema.notice, _unknown(connection, added.notices)),
        (schema.delivery, added.deliveries),
        (schema.acknowledgement, added.acknowledgements),
        (schema.silence, added.silences),
        (schema.event, added.events),
    ):
        if rows:
            connection.execute(table.insert(), [_row(table, one, number) for one in rows])
    return kept


def begin(connection: sa.Connection, run: Run) -> Run:
    """Add the row of `run` for what the clock or people add; UsageError `nothing-computed` before the first run."""
    newest = newest_row(connection)
    if newest is None:
        remedy = "Compute the numbers first: headway run."
        raise UsageError(Mistake("there are no numbers yet", "nothing-computed", None, remedy))
    if run.catalogue:
        catalogues.keep(connection, run)
    finished = ends(run.finished, newest)
    fingerprint = run.fingerprint or newest.fingerprint
    number = next_id(connection, schema.run)
    kept = replace(run, id=number, fingerprint=fingerprint, finished=finished, catalogue="", files={})
    connection.execute(schema.run.insert(), {c.name: getattr(kept, c.name) for c in schema.run.c})
    return kept


def _put(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write states in the place of those that there were."""
    if not rows:
        return
    a = schema.alerting
    same = sa.and_(*(a.c[name] == sa.bindparam(f"of_{name}") for name in schema.RULE_CELL))
    connection.execute(a.delete().where(same), [{f"of_{name}": row[name] for name in schema.RULE_CELL} for row in rows])
    connection.execute(a.insert(), rows)


def _unknown(connection: sa.Connection, notices: Sequence[Notice]) -> list[Notice]:
    """Those that are not there yet: whoever makes one again, as after an import of older states, tells nobody twice."""
    if not notices:
        return []
    n = schema.notice.c
    query = sa.select(n.id)
    if len(notices) < _FEW:
        query = query.where(n.id.in_([one.id for one in notices]))
    known = set(connection.scalars(query))
    return [one for one in notices if one.id not in known]


def _row(table: sa.Table, one: Any, run: int) -> dict[str, Any]:
    """What is kept of it: the inverse of `_made`."""
    found: dict[str, Any] = {"run": run}
    for column in table.c:
        name = column.name
        if name in schema.RULE_CELL:
            found[name] = getattr(one.of, name)
        elif name != "run":
            value = getattr(one, name)
            found[name] = schema.moment_text(value) if isinstance(value, datetime) else _plain(value)
    return found


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value) if isinstance(value, StrEnum) else value
