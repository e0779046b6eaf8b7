"""Restatements, and the numbers that wait or were rejected, as the ledger keeps them.

A *proposal* is a number that a run computed where another one stays published. It belongs to one *restatement*: all
that changes for one cause. Both are append-only: a row says how things stand after a run or decision, the newest row
counts, and any moment can be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa

from headway.ledger import schema
from headway.ledger.diff import Bools, Floats, Ints, Rows, newest
from headway.ledger.encode import Lines
from headway.ledger.logs import Logs
from headway.model import Because, Cause
from headway.periods import Grain

#: The numbers of a proposal: those of an observation, then those of the verdict on it.
NUMBERS = ("value", "reason", "n", "numerator", "denominator", "flags", "status", "low", "high")
OBSERVED, JUDGED = slice(0, 6), slice(6, 9)

WAITING, PUBLISHED, WITHDRAWN, ACCEPTED, REJECTED = "waiting", "published", "withdrawn", "accepted", "rejected"


@dataclass(frozen=True, slots=True)
class Proposals:
    """Proposals of one KPI, sorted by series and period."""

    rows: Rows
    restatement: Ints
    definition: Ints

    def take(self, chosen: Ints | Bools) -> Proposals:
        """The chosen ones."""
        return Proposals(self.rows.take(chosen), self.restatement[chosen], self.definition[chosen])


def read(connection: sa.Connection, kpi: str, until: int | None = None) -> Proposals:
    """What is proposed for a KPI, now or after run `until`: it waits, or was rejected."""
    found = _rows(connection, kpi, until)
    last = newest(found.rows.key)
    return found.take(last & (found.restatement != 0))


def once(connection: sa.Connection, kpi: str, restatement: int, until: int | None = None) -> Proposals:
    """What a restatement proposed for a KPI when it last did."""
    found = _rows(connection, kpi, until)
    found = found.take(found.restatement == restatement)
    return found.take(newest(found.rows.key))


def _rows(connection: sa.Connection, kpi: str, until: int | None) -> Proposals:
    p, s = schema.proposed, schema.series
    query = (
        sa.select(p.c.series, p.c.period, p.c.restatement, p.c.definition, *(p.c[name] for name in NUMBERS))
        .join(s, s.c.id == p.c.series)
        .where(s.c.kpi == kpi)
        .order_by(p.c.series, p.c.period, p.c.run)
    )
    if until is not None:
        query = query.where(p.c.run <= until)
    rows = [tuple(row) for row in connection.execute(query)]
    found = np.array(rows, dtype=np.float64).reshape(-1, 4 + len(NUMBERS))  # None becomes NaN
    whole = np.nan_to_num(found[:, :4]).astype(np.int64)
    return Proposals(Rows(whole[:, 0], whole[:, 1], found[:, 4:]), whole[:, 2], whole[:, 3])


def proposing(connection: sa.Connection) -> set[str]:
    """The KPIs of which any number waits or was rejected: what a run makes of them is compared with that."""
    p, s = schema.proposed, schema.series
    newest = sa.select(p.c.series, p.c.period, sa.func.max(p.c.run).label("run")).group_by(p.c.series, p.c.period)
    last = newest.subquery()
    same = sa.and_(p.c.series == last.c.series, p.c.period == last.c.period, p.c.run == last.c.run)
    query = sa.select(s.c.kpi).distinct().join(p, p.c.series == s.c.id).join(last, same).where(p.c.restatement != 0)
    return set(connection.execute(query).scalars())


def write(logs: Logs, rows: Rows, restatement: Ints, definition: int) -> None:
    """Propose numbers."""
    columns: dict[str, Ints | Floats] = {
        "series": rows.series,
        "period": rows.period,
        "run": np.full(len(rows), logs.run),
        "restatement": restatement,
        "definition": np.full(len(rows), definition),
    }
    logs.insert(schema.proposed, columns | {name: rows.values[:, at] for at, name in enumerate(NUMBERS)})


def end(logs: Logs, rows: Rows) -> None:
    """Propose nothing any more for these periods."""
    zero = np.zeros(len(rows), dtype=np.int64)
    columns = {"series": rows.series, "period": rows.period, "run": np.full(len(rows), logs.run)}
    logs.insert(schema.proposed, columns | dict.fromkeys(("restatement", "reason", "flags", "status"), zero))


# -- restatements ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Case:
    """A restatement as it stood after run or decision `latest`; `kpis` are the dictionaries that the table holds."""

    id: int
    run: int
    latest: int
    state: str
    cause: Cause
    kpis: Mapping[str, Mapping[str, Any]]

    @property
    def numbers(self) -> int:
        """How many numbers it changes."""
        return sum(part["numbers"] for part in self.kpis.values())


def versions(connection: sa.Connection, ids: Iterable[int] | None = None, until: int | None = None) -> list[Case]:
    """The newest version of each restatement (of `ids`, up to run `until`), in order."""
    r = schema.restatement
    query = sa.select(r).order_by(r.c.id, r.c.latest)
    if until is not None:
        query = query.where(r.c.latest <= until)
    if ids is not None:
        query = query.where(r.c.id.in_(sorted(ids)))
    return list({row.id: _version(row) for row in connection.execute(query)}.values())


def states(connection: sa.Connection) -> dict[int, str]:
    """The state of every restatement, by id."""
    r = schema.restatement.c
    found = connection.execute(sa.select(r.id, r.state).order_by(r.id, r.latest))
    return {number: state for number, state in found}  # noqa: C416  # dict() does not take rows


def keep(connection: sa.Connection, version: Case) -> None:
    """Write how a restatement stands now."""
    cause = version.cause
    row = {
        "id": version.id,
        "run": version.run,
        "latest": version.latest,
        "state": version.state,
        "reason": cause.reason.value,
        "source": cause.source,
        "rows": {"late": cause.late, "changed": cause.changed, "deleted": cause.deleted},
        "first": cause.first and cause.first.isoformat(),
        "last": cause.last and cause.last.isoformat(),
        "note": cause.note,
        "numbers": version.numbers,
        "kpis": [dict(part) for part in version.kpis.values()],
    }
    connection.execute(schema.restatement.insert(), row)


def _version(row: sa.Row[Any]) -> Case:
    first, last = (day and date.fromisoformat(day) for day in (row.first, row.last))
    cause = Cause(Because(row.reason), row.source, **row.rows, first=first, last=last, note=row.note)
    return Case(row.id, row.run, row.latest, row.state, cause, {part["kpi"]: part for part in row.kpis})


def together(a: Cause, b: Cause) -> Cause:
    """One cause that went on: more rows of the same source for the same reason."""
    counts = {name: getattr(a, name) + getattr(b, name) for name in ("late", "changed", "deleted")}
    firsts = [day for day in (a.first, b.first) if day]
    lasts = [day for day in (a.last, b.last) if day]
    return replace(b, **counts, first=min(firsts, default=None), last=max(lasts, default=None), note=b.note or a.note)


def summary(kpi: str, lines: Lines, rows: Rows, old: Floats, reasons: Sequence[str | None]) -> dict[str, Any]:
    """What a restatement changes of one KPI, in a few words; `rows` are the new values, `reasons` why there is none."""
    names = [lines.name(one) for one in rows.series.tolist()]
    days = [day_of(Grain(name[1]), period) for name, period in zip(names, rows.period.tolist(), strict=True)]
    new = rows.values[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.nan_to_num(np.abs(new - old) / np.abs(old), nan=np.inf)
    # What people know of a KPI is its total: a cell that went from 1 to 2 changed more, and says less.
    totals = np.array([name[0] == "" and name[2] == "" for name in names])
    at = int(np.argmax(np.where(totals, share, -1.0) if totals.any() else share))
    largest = {
        **dict(zip(("part", "grain", "cell"), names[at], strict=True)),
        "period": int(rows.period[at]),
        "old": float(old[at]),
        "new": None if np.isnan(new[at]) else float(new[at]),
        "reason": reasons[at],
    }
    return {
        "kpi": kpi,
        "numbers": len(rows),
        "cells": len({name[2] for name in names}),
        "first": min(days).isoformat(),
        "last": max(days).isoformat(),
        "largest": largest,
    }


def day_of(grain: Grain, period: int) -> date:
    """The day on which a period begins; of an hour, that in UTC."""
    return date(1970, 1, 1) + timedelta(days=period // 86400 if grain is Grain.HOUR else period)
