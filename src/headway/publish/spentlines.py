"""What `headway run --profile` says: where the time of a run went, by stage, source, query and KPI."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from headway.formats import plurals
from headway.model import Load, Spent, Stage

#: So many of the slowest are listed; JSON has them all.
_SLOWEST = 8
#: The stages that are about one source.
_OF_SOURCES = {
    Stage.READING: "reading",
    Stage.CHECKING: "checking",
    Stage.QUERY: "queries",
    Stage.FOOTPRINT: "footprint",
}


def profile(console: Console, spent: Sequence[Spent], loads: Iterable[Load], seconds: float) -> None:
    """Tables of where the `seconds` of a run went."""
    told = plain(spent, loads, seconds)
    table = _table("Where the time went", "Seconds", "Share")
    for stage, took in told["stages"].items():
        table.add_row(stage, _seconds(took), f"{took / seconds:.0%}" if seconds else "")
    table.add_row("all else", _seconds(told["else"]), f"{told['else'] / seconds:.0%}" if seconds else "")
    table.add_row("All together", _seconds(seconds), "")
    console.print(table)

    if told["sources"]:
        table = _table("Source", "Rows", *(word.capitalize() for word in _OF_SOURCES.values()), "Together")
        listed = told["sources"][: _SLOWEST + (len(told["sources"]) == _SLOWEST + 1)]
        for one in listed:
            cells = (_seconds(one[word]) for word in (*_OF_SOURCES.values(), "seconds"))
            table.add_row(escape(one["source"]), plurals.whole(one["rows"]), *cells)
        _rest(table, told["sources"][len(listed) :], 5)
        console.print(table)
    if told["queries"]:
        table = _table("Query on", "Seconds", "Answers")
        table.columns[-1].justify = "left"
        listed = told["queries"][: _SLOWEST + (len(told["queries"]) == _SLOWEST + 1)]
        for one in listed:
            table.add_row(escape(one["source"]), _seconds(one["seconds"]), escape(_some(one["kpis"])))
        _rest(table, told["queries"][len(listed) :], 0, 1)
        console.print(table)
    if told["kpis"]:
        table = _table("KPI, without its part of a query", "Seconds")
        listed = told["kpis"][: _SLOWEST + (len(told["kpis"]) == _SLOWEST + 1)]
        for one in listed:
            table.add_row(escape(one["kpi"]), _seconds(one["seconds"]))
        _rest(table, told["kpis"][len(listed) :], 0)
        console.print(table)


def plain(spent: Sequence[Spent], loads: Iterable[Load], seconds: float) -> dict[str, Any]:
    """The same as JSON's values, in seconds, whatever took longest first."""
    stages = {stage.value: 0.0 for stage in Stage}
    sources: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(_OF_SOURCES.values(), 0.0))
    kpis: dict[str, float] = defaultdict(float)
    for one in spent:
        stages[one.stage.value] += one.seconds
        if one.stage in _OF_SOURCES and one.name:
            sources[one.name][_OF_SOURCES[one.stage]] += one.seconds
        if one.stage is Stage.KPI:
            kpis[one.name] += one.seconds
    rows = {load.source: load.rows for load in loads}
    return {
        "seconds": seconds,
        "stages": stages,
        "else": max(0.0, seconds - sum(stages.values())),
        "sources": _slowest(
            {"source": name, "rows": rows.get(name, 0), **took, "seconds": sum(took.values())}
            for name, took in sources.items()
        ),
        "queries": _slowest(
            {"source": one.name, "kpis": list(one.kpis), "seconds": one.seconds}
            for one in spent
            if one.stage is Stage.QUERY
        ),
        "kpis": _slowest({"kpi": name, "seconds": took} for name, took in kpis.items()),
    }


def _slowest(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda one: -one["seconds"])


def _table(first: str, *columns: str) -> Table:
    table = Table(first, box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _rest(table: Table, rest: Sequence[dict[str, Any]], before: int, after: int = 0) -> None:
    """A line for all that are not listed."""
    if rest:
        together = _seconds(sum(one["seconds"] for one in rest))
        table.add_row(f"{len(rest)} more", *[""] * before, together, *[""] * after)


def _some(kpis: Sequence[str]) -> str:
    """`mau, wau, dau and 9 more`; a KPI that is asked for over several windows is named once."""
    names = list(dict.fromkeys(kpis))
    shown, more = names[:3], len(names) - 3
    return f"{', '.join(shown)} and {plurals.count(more, 'more KPI')}" if more > 0 else ", ".join(shown)


def _seconds(took: float) -> str:
    return f"{took:.2f}"
