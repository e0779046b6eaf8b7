"""What came of every check, run by run: of sources and of KPIs.

A run may look at some sources alone, so what a check came to is what the newest run said that looked at it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from headway.ledger import schema
from headway.model import Checked, Family, Then

#: Whose check it is.
Of = Literal["source", "kpi"]


@dataclass(frozen=True, slots=True)
class Look:
    """What one run came to of one check. `at` is when it finished."""

    run: int
    at: datetime
    passed: bool
    failed: int
    seen: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A check of a source or KPI (`subject`): what the newest run that looked at it found, and the runs before.

    `looks` are the newest ones, oldest first. `last_passed` is when it last did, `failing_since` the first of the runs
    in a row, up to the newest, in which it did not.
    """

    of: Of
    subject: str
    found: Checked
    looks: tuple[Look, ...]
    last_passed: datetime | None
    failing_since: datetime | None


def keep(connection: sa.Connection, run: int, of: Of, subject: str, checks: Iterable[Checked]) -> None:
    """Write what came of the checks of one source or KPI."""
    rows = [
        {
            "run": run,
            "of": of,
            "subject": subject,
            "check": one.check,
            "family": one.family.value,
            "then": one.then.value,
            "passed": one.passed,
            "failed": one.failed,
            "seen": one.seen,
            "text": one.text,
            "sample": [dict(row) for row in one.sample] or None,
            "holds": dict(one.holds) or None,
        }
        for one in checks
    ]
    if rows:
        connection.execute(schema.checked.insert(), rows)


def standing(connection: sa.Connection, until: int | None, looks: int) -> list[Standing]:
    """See `Ledger.checks`."""
    c, r = schema.checked.c, schema.run.c
    names = ("of", "subject", "check")
    which = [c[name] for name in names]
    past = [] if until is None else [c.run <= until]
    newest = (
        sa.select(*which, sa.func.max(c.run).label("run"), sa.func.max(sa.case((c.passed, c.run))).label("passed"))
        .where(*past)
        .group_by(*which)
        .subquery()
    )
    same = sa.and_(*(c[name] == newest.c[name] for name in names))
    since = (
        sa.select(*which, sa.func.min(c.run).label("run"))
        .join(newest, same)
        .where(*past, c.run > sa.func.coalesce(newest.c.passed, 0))
        .group_by(*which)
    )
    first_failing = {_key(row): row.run for row in connection.execute(since)}
    finished = {row.id: row.finished for row in connection.execute(sa.select(r.id, r.finished))}

    recent = sa.select(c.run).where(*past).distinct().order_by(c.run.desc()).limit(looks)
    query = sa.select(*which, c.run, c.passed, c.failed, c.seen).where(c.run.in_(recent)).order_by(c.run)
    seen: dict[tuple[str, str, str], list[Look]] = {}
    for row in connection.execute(query):
        seen.setdefault(_key(row), []).append(Look(row.run, finished[row.run], row.passed, row.failed, row.seen))

    query = sa.select(schema.checked, newest.c.passed.label("last")).join(newest, sa.and_(same, c.run == newest.c.run))
    found = []
    for row in connection.execute(query.order_by(c.of, c.subject, c.check)):
        failing = first_failing.get(_key(row))
        found.append(
            Standing(
                row.of,
                row.subject,
                _read(row),
                tuple(seen.get(_key(row), ())),
                finished.get(row.last),
                finished[failing] if failing is not None else None,
            )
        )
    return found


def _key(row: Any) -> tuple[str, str, str]:
    return row.of, row.subject, row.check


def _read(row: Any) -> Checked:
    return Checked(
        row.check,
        Family(row.family),
        Then(row.then),
        row.passed,
        row.failed,
        row.seen,
        row.text,
        tuple(row.sample or ()),
        row.holds or {},
    )
