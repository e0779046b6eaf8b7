"""What a run wrote, in a sentence: alone, as a run says no more, and what draws pages takes long to import."""

from __future__ import annotations

from headway.formats import plurals
from headway.ledger import Recorded


def recorded(computed: int, done: Recorded, unchanged: int = 0) -> str:
    """What a run wrote; for `unchanged` of the KPIs nothing had changed, so that they were not computed again."""
    parts = [
        f"{plurals.whole(count)} {word}"
        for count, word in (
            (done.new, "new"),
            (done.changed, "changed"),
            (done.gone, "gone"),
            (done.unchanged, "unchanged"),
        )
        if count
    ]
    kpis = f"{plurals.count(computed, 'KPI')},"
    if unchanged:
        which = (
            "" if computed == 1 else "all of them " if unchanged == computed else f"{plurals.whole(unchanged)} of them "
        )
        kpis += f" {which}unchanged;"
    return f"Run {done.run.id}: {kpis} {', '.join(parts) or 'no'} numbers."
