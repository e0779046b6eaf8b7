"""Answer what changed of closed numbers: restatements, the numbers of each, and what waits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from headway.errors import Mistake, UsageError
from headway.ledger import proposals, renames, schema
from headway.ledger.encode import Lines
from headway.ledger.proposals import ACCEPTED, PUBLISHED, Case
from headway.ledger.read import all_series, decisions, reached
from headway.ledger.records import AsOf, Change, Proposal, Restated, Restatement
from headway.model import Flag, Reason
from headway.periods import Grain


def restatements(
    connection: sa.Connection, state: str | None, kpi: str | None, as_of: AsOf | None
) -> list[Restatement]:
    """See `Ledger.restatements`."""
    until = reached(connection, as_of)
    named = kpi and renames.today(connection, kpi, until)
    found = [
        version
        for version in proposals.versions(connection, until=until)
        if state in (None, version.state) and (named is None or named in version.kpis)
    ]
    names = {name: _then(connection, name, until) for version in found for name in version.kpis}
    decided = decisions(connection, until)
    seen = _finished(connection, {version.run for version in found})
    return [
        Restatement(
            version.id,
            version.state,
            version.cause,
            version.run,
            seen[version.run],
            version.latest,
            version.numbers,
            tuple(_restated({**part, "kpi": names[name]}) for name, part in version.kpis.items()),
            decided.get(version.id),
        )
        for version in found
    ]


def _then(connection: sa.Connection, kpi: str, until: int | None) -> str:
    """What a KPI was called."""
    return kpi if until is None else renames.then(connection, kpi, until)


def _finished(connection: sa.Connection, runs: Iterable[int]) -> dict[int, datetime]:
    r = schema.run.c
    return {row.id: row.finished for row in connection.execute(sa.select(r.id, r.finished).where(r.id.in_(runs)))}


def _restated(part: Any) -> Restated:
    largest = part["largest"]
    most = Change(kpi=part["kpi"], **{**largest, "grain": Grain(largest["grain"])})
    first, last = (date.fromisoformat(part[name]) for name in ("first", "last"))
    return Restated(part["kpi"], part["numbers"], part["cells"], first, last, most)


def waiting(connection: sa.Connection, kpi: str, as_of: AsOf | None) -> list[Proposal]:
    """See `Ledger.proposals`."""
    until = reached(connection, as_of)
    now = renames.today(connection, kpi, until)
    found = proposals.read(connection, now, until)
    lines, words = _lines(connection, now), _words(connection)
    values = renames.cells_then(connection, now, until)
    made = []
    for at, row in enumerate(found.rows.values):
        part, grain, cell = lines.name(int(found.rows.series[at]))
        value, n, numerator, denominator = (None if np.isnan(row[i]) else float(row[i]) for i in (0, 2, 3, 4))
        made.append(
            Proposal(
                int(found.restatement[at]),
                kpi,
                part,
                Grain(grain),
                renames.cell_then(cell, values),
                int(found.rows.period[at]),
                value,
                words.get(int(row[1])),
                n,
                numerator,
                denominator,
                bool(int(row[5]) & Flag.GONE),
                words.get(int(row[6])),
            )
        )
    return made


def changes(connection: sa.Connection, number: int, as_of: AsOf | None) -> list[Change]:
    """See `Ledger.changes`."""
    until = reached(connection, as_of)
    version = next(iter(proposals.versions(connection, [number], until)), None)
    if version is None:
        remedy = "'headway restatements --all' lists all that there are."
        raise UsageError(Mistake(f"there is no restatement #{number}", "unknown-restatement", None, remedy))
    words = _words(connection)
    made: list[Change] = []
    for kpi in version.kpis:
        lines, name = _lines(connection, kpi), _then(connection, kpi, until)
        if version.state in (PUBLISHED, ACCEPTED):
            rows = _published(connection, kpi, version, words)
        else:
            rows = _proposed(connection, kpi, version, until)
        for series, period, old, new, reason in rows:
            part, grain, cell = lines.name(series)
            made.append(Change(name, part, Grain(grain), cell, period, old, new, words.get(reason)))
    return sorted(made, key=lambda c: (c.kpi, c.part, c.grain.rank, c.cell, c.period))


#: A number that changed: series, period, old and new value, the number of the reason why there is none.
_Row = tuple[int, int, float | None, float | None, int]


def _published(connection: sa.Connection, kpi: str, version: Case, words: dict[int, str]) -> list[_Row]:
    """The numbers that a restatement changed, and what each was before."""
    o = schema.observation.c
    here = sa.select(o.series, o.period).distinct().where(o.restatement == version.id, o.series.in_(_ids(kpi)))
    made: list[_Row] = []
    for (series, period), revisions in _revisions(connection, here, None).items():
        old: float | None = None
        for value, reason, restatement in revisions:
            if restatement == version.id and words.get(reason) != Reason.CHANGE_WAITS:
                made.append((series, period, old, value, reason))
                break
            old = old if value is None else value
    return made


def _proposed(connection: sa.Connection, kpi: str, version: Case, until: int | None) -> list[_Row]:
    """The numbers that a restatement proposes, or did when it was withdrawn; and what is published instead."""
    if version.state == proposals.WITHDRAWN:
        found = proposals.once(connection, kpi, version.id, until)
    else:
        found = proposals.read(connection, kpi, until)
        found = found.take(found.restatement == version.id)
    p = schema.proposed.c
    here = sa.select(p.series, p.period).distinct().where(p.restatement == version.id, p.series.in_(_ids(kpi)))
    revisions = _revisions(connection, here, until)
    made = []
    for series, period, row in zip(
        found.rows.series.tolist(), found.rows.period.tolist(), found.rows.values.tolist(), strict=True
    ):
        values = [value for value, _, _ in revisions[series, period] if value is not None]
        new = None if np.isnan(row[0]) else row[0]
        made.append((series, period, values[-1] if values else None, new, int(row[1])))
    return made


def _revisions(
    connection: sa.Connection, periods: sa.Select[tuple[int, int]], until: int | None
) -> dict[tuple[int, int], list[tuple[float | None, int, int | None]]]:
    """Every revision of some periods, oldest first: value, reason, restatement."""
    o, here = schema.observation, periods.subquery()
    query = (
        sa.select(o.c.series, o.c.period, o.c.value, o.c.reason, o.c.restatement)
        .join(here, sa.and_(here.c.series == o.c.series, here.c.period == o.c.period))
        .order_by(o.c.series, o.c.period, o.c.revision)
    )
    if until is not None:
        query = query.where(o.c.run <= until)
    made: dict[tuple[int, int], list[tuple[float | None, int, int | None]]] = {}
    for series, period, value, reason, restatement in connection.execute(query):
        made.setdefault((series, period), []).append((value, reason, restatement))
    return made


def _ids(kpi: str) -> sa.Select[tuple[int]]:
    return sa.select(schema.series.c.id).where(schema.series.c.kpi == kpi)


def _lines(connection: sa.Connection, kpi: str) -> Lines:
    return Lines.of({(s.part, s.grain.value, s.cell): s.id for s in all_series(connection, kpi)})


def _words(connection: sa.Connection) -> dict[int, str]:
    w = schema.word.c
    return {row.id: row.text for row in connection.execute(sa.select(w.id, w.text))}
