"""Which restatements are tied: some number holds the changes of both, so that neither can be published alone.

A number that changed for one cause and then for another was computed with both changes in it; a formula holds those of
all that it reads. To publish one change without the other would show a number that no data ever made: this month's
margin by an earlier revenue.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations

import sqlalchemy as sa

from headway.ledger import schema

#: Where a number stands, but for its KPI: part, grain, cell and period.
_Place = tuple[str, str, str, int]


def tied(connection: sa.Connection, ids: Sequence[int], reads: Mapping[str, Collection[str]]) -> list[int]:
    """The other restatements that wait or were rejected, and without which `ids` cannot be published.

    `reads` names for each KPI those that its formula reads, however far away.
    """
    held = _held(connection)
    open_ = {numbers[-1] for numbers in held.values()}  # a rejected one whose numbers are gone ties nothing
    found = list(dict.fromkeys(ids))
    pairs = set(_pairs(held, reads))
    for number in found:  # grows while it is read
        other = {b if a == number else a for a, b in pairs if number in (a, b)}
        found += sorted((other & open_) - set(found))
    return sorted(set(found) - set(ids))


def _held(connection: sa.Connection) -> dict[tuple[str, _Place], list[int]]:
    """By which restatements each number that is proposed has been so, since it last was not; the last one counts."""
    p, s = schema.proposed.c, schema.series.c
    query = (
        sa.select(s.kpi, s.part, s.grain, s.cell, p.period, p.restatement)
        .join_from(schema.proposed, schema.series, s.id == p.series)
        .order_by(p.run)
    )
    found: dict[tuple[str, _Place], list[int]] = {}
    for kpi, part, grain, cell, period, restatement in connection.execute(query):
        key = kpi, (part, grain, cell, period)
        if restatement:
            found.setdefault(key, []).append(restatement)
        else:
            found.pop(key, None)
    return found


def _pairs(
    held: Mapping[tuple[str, _Place], Sequence[int]], reads: Mapping[str, Collection[str]]
) -> Iterator[tuple[int, int]]:
    """Restatements that share a number, and those of a formula's number and of one that it reads there."""
    there: dict[tuple[str, tuple[str, str, int]], set[int]] = {}
    for (kpi, (_, grain, cell, period)), numbers in held.items():
        there.setdefault((kpi, (grain, cell, period)), set()).update(numbers)
    for (kpi, place), some in there.items():
        both = some.union(*(there.get((read, place), ()) for read in reads.get(kpi, ())))
        yield from combinations(sorted(both), 2)
