"""What the reader of a KPI's page may ask for next: the fields and links above its chart, where somebody answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from headway.model import TOTAL, Kpi
from headway.periods import Grain, Length, Period
from headway.publish import asked, chosen, figures
from headway.publish.asked import Asked

#: How far back a page may show, by its grain; everything there is comes last, where it can be drawn.
_LAST = {
    Grain.HOUR: ("1 day", "7 days", "30 days"),
    Grain.DAY: ("90 days", "1 year", "3 years"),
    Grain.WEEK: ("90 days", "1 year", "3 years"),
    Grain.MONTH: ("1 year", "2 years", "3 years"),
    Grain.QUARTER: ("2 years", "6 years"),
    Grain.YEAR: ("6 years", "12 years"),
}
#: With what a number may be compared, by its grain.
_AGAINST = {
    Grain.HOUR: ("1 day", "1 week", "1 year"),
    Grain.DAY: ("1 week", "1 month", "1 quarter", "1 year"),
    Grain.WEEK: ("1 week", "1 quarter", "1 year"),
    Grain.MONTH: ("1 month", "1 quarter", "1 year"),
    Grain.QUARTER: ("1 quarter", "1 year"),
    Grain.YEAR: ("1 year",),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: what an address says, what a reader reads, and if it is what the page shows."""

    value: str
    text: str
    here: bool


@dataclass(frozen=True, slots=True)
class Controls:
    """Everything above a chart. `ranges` are links with whole queries; fields go with what is `kept` beside them."""

    ranges: tuple[Choice, ...]
    grains: tuple[Choice, ...]
    by: tuple[Choice, ...]
    compare: tuple[Choice, ...]
    kept: tuple[tuple[str, str], ...]
    #: Leads from one cell back to the total, or ''.
    total: str


def controls(wanted: Asked, kpi: Kpi, kept: Sequence[Period], grains: Sequence[Grain]) -> Controls:
    """What may be asked for beside what is `wanted`; `kept` are all periods that there are at its grain."""
    lengths = [str(wanted.compare)] if wanted.compare else []
    lengths = list(dict.fromkeys([*_AGAINST[wanted.grain], *lengths]))
    shown = [(",".join(columns), " and ".join(column.replace("_", " ") for column in columns)) for columns in kpi.by]
    fields = {"grain", "by", "compare"}
    return Controls(
        tuple(_ranges(wanted, kpi, kept)),
        tuple(Choice(grain.value, grain.value, grain is wanted.grain) for grain in grains),
        () if wanted.cell else tuple(Choice(value, text, value == ",".join(wanted.by)) for value, text in shown),
        tuple(Choice(text, chosen.before(Length.parse(text)), text == str(wanted.compare)) for text in lengths),
        tuple(pair for pair in parse_qsl(asked.query(wanted, kpi)) if pair[0] not in fields),
        address(replace(wanted, cell=TOTAL), kpi) if wanted.cell else "",
    )


def address(wanted: Asked, kpi: Kpi) -> str:
    """Where a page stands that shows what is wanted, from the folder of all pages of KPIs."""
    words = asked.query(wanted, kpi)
    return f"{kpi.name}.html{'?' if words else ''}{words}"


def _ranges(wanted: Asked, kpi: Kpi, kept: Sequence[Period]) -> list[Choice]:
    """Spans that are shorter than all there is, then all; the one that a page shows by itself needs no word for it."""
    by_itself = min(len(kept), figures.back(kpi, wanted.grain))
    bare = replace(wanted, last=None, first=None, through=None, all=False)
    found = []
    for length in map(Length.parse, _LAST[wanted.grain]):
        first = chosen.since(kept[-1], length) if kept else None
        inside = sum(first is not None and period.first >= first for period in kept)
        if not 1 < inside < len(kept):
            continue
        own = abs(inside - by_itself) <= max(1, by_itself // 36)
        here = wanted.last == length or (own and not wanted.spans)
        found.append(Choice(address(replace(bare, last=None if own else length), kpi), str(length), here))
    if found and len(kept) <= chosen.MOST:
        whole = by_itself == len(kept)
        here = wanted.all or (whole and not wanted.spans)
        found.append(Choice(address(replace(bare, all=not whole), kpi), "All", here))
    return found
