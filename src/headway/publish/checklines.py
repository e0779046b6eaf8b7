"""What `headway check` says of a catalogue without a mistake, as text: findings, margins, and what a run will store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from headway.catalog.lint import Finding, Margin, Relation
from headway.catalog.storage import Stored
from headway.formats import plurals
from headway.model import Catalog

#: So many KPIs are listed of the largest, unless all are wanted.
_LARGEST = 8
#: How the last line of a check counts relations.
_RELATED = {
    Relation.CONTRADICTS: "contradicting",
    Relation.LOOSER: "looser than they should be",
    Relation.IMPLIES: "redundant",
    Relation.NOTE: "to know",
}


def found(console: Console, findings: Sequence[Finding], margins: Sequence[Margin], *, everything: bool) -> None:
    """What the linter found; with `everything` also what is allowed, with its reasons, and the margins of alerts."""
    for finding in findings:
        if everything or finding.reason is None:
            console.print(f"{finding}\n", markup=False, highlight=False, soft_wrap=True)
    if everything and margins:
        table = Table("Alert", "Fires", "Target of", "Target", "Margin", box=box.SIMPLE_HEAD, pad_edge=False)
        for margin in margins:
            table.add_row(*map(escape, (margin.alert.name, margin.fires, *_of(margin), margin.words)))
        console.print(table)


def _of(margin: Margin) -> tuple[str, str]:
    return margin.demand.name, margin.demand.words


def storage(console: Console, stored: Sequence[Stored], *, estimated: bool, everything: bool) -> None:
    """What the numbers of each KPI take, largest first, and all together."""
    if not stored:
        console.print("What a run will store is not known without the data.\n", style="dim", highlight=False)
        return
    title = "About what the ledger will hold" if estimated else "What the ledger holds"
    table = Table(title, box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    for heading in ("Kept by", "Cells", "Series", "Numbers", "Size"):
        table.add_column(heading, justify="left" if heading == "Kept by" else "right")
    listed = stored if everything or len(stored) <= _LARGEST + 1 else stored[:_LARGEST]
    for one in listed:
        table.add_row(one.kpi, *_taken(one))
    if rest := stored[len(listed) :]:
        sizes = [one.size for one in rest]
        table.add_row(f"{len(rest)} more (--all lists them)", "", "", *_sums(rest), _bytes(sum(filter(None, sizes))))
    unknown = [one.kpi for one in stored if one.numbers is None]
    total = f"{_bytes(sum(one.size or 0 for one in stored))}{' and more' if unknown else ''}"
    for column, text in zip(table.columns, ("All together", "", "", *_sums(stored), total), strict=True):
        column.footer = text
    console.print(table)
    if unknown:
        console.print(f"Not known: {', '.join(unknown)}.\n", style="dim", highlight=False)


def _taken(one: Stored) -> tuple[str, ...]:
    by = ", ".join(" x ".join(breakdown) for breakdown in one.by)
    known = ("?" if number is None else plurals.whole(number) for number in (one.cells, one.series, one.numbers))
    return f"{one.grain}{f'; {by}' if by else ''}", *known, "?" if one.size is None else _bytes(one.size)


def _sums(stored: Sequence[Stored]) -> tuple[str, str]:
    return plurals.whole(sum(one.series for one in stored)), plurals.whole(sum(one.numbers or 0 for one in stored))


def _bytes(count: int) -> str:
    """840 kB, 12.3 MB."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} B"


def checked(console: Console, catalog: Catalog, findings: Sequence[Finding]) -> None:
    """The last line of a check: how much there is, and how many findings of each kind."""
    planned = sum(kpi.measure is None for kpi in catalog.kpis.values())
    counts = Counter("allowed" if f.reason is not None else _RELATED[f.relation] for f in findings)
    told = [f"{counts[word]} {word}" for word in (*_RELATED.values(), "allowed") if counts[word]]
    console.print(
        f"{plurals.count(len(catalog.kpis), 'KPI')} on {plurals.count(len(catalog.sources), 'source')}"
        + (f", {planned} of them planned" if planned else "")
        + ": no mistakes"
        + (f". The linter: {', '.join(told)}." if told else "."),
        highlight=False,
        soft_wrap=True,
    )
