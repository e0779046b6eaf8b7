"""Lineage on a page: what is read, by whom it is read, and what a reader is not told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from headway.errors import Place
from headway.ledger import Ledger
from headway.model import (
    Aggregate,
    Alert,
    Audience,
    Beyond,
    Board,
    Catalog,
    Expression,
    Formula,
    Kpi,
    Section,
    Shown,
    Shows,
    Tile,
    Watched,
    WatchedNumbers,
)
from headway.periods import Grain
from headway.publish import graph, view
from headway.publish.boards import visible
from headway.publish.kpipages import Lineage, ReadColumn
from headway.publish.lineage import Columns, lineage

PLACE = Place("boards/all.yml", 1, 1, 1)
READ: Columns = {"postings": {"usd": ["value"], "posted_on": ["time", "exclusion"]}}


def board(name: str, audience: Audience, *kpis: str) -> Board:
    """A board with a tile for each KPI."""
    tiles = tuple(Tile(Shows.NUMBER, (Shown(kpi, "", Grain.MONTH),), audience, PLACE) for kpi in kpis)
    return Board(name, name.capitalize(), audience, (Section("", tiles),), PLACE)


def alert(name: str, *kpis: str) -> Alert:
    """An alert on KPIs below 10."""
    of = tuple(Watched(kpi, "", Grain.MONTH) for kpi in kpis)
    return Alert(name, name.capitalize(), "warning", "", WatchedNumbers(of, Beyond(10.0, None)), PLACE)


def money(northlane: SimpleNamespace, root: Path) -> Catalog:
    """Costs that only colleagues see, and what is made of them."""
    month, dollars = Grain.MONTH, northlane.DOLLARS

    def made(name: str, *inputs: str, audience: Audience = Audience.PUBLIC) -> Kpi:
        measure = Formula(Expression(" + ".join(inputs)), inputs) if inputs else Aggregate("sum", "postings", "usd")
        kpi: Kpi = northlane.kpi(name, measure, dollars, month, audience=audience)
        return kpi

    kpis = [
        made("fees"),
        made("wages", audience=Audience.INTERNAL),
        made("costs", "wages"),
        made("result", "fees", "costs"),
        made("half", "fees"),
    ]
    found: Catalog = northlane.catalogue(
        root,
        kpis,
        boards={
            "open": board("open", Audience.PUBLIC, "fees"),
            "inner": board("inner", Audience.INTERNAL, "fees"),
            "other": board("other", Audience.PUBLIC, "half"),
        },
        alerts={"low": alert("low", "fees"), "both": alert("both", "fees", "wages")},
    )
    return found


def told(catalog: Catalog, name: str, audience: Audience) -> Lineage:
    """The lineage of a KPI for a reader."""
    names = [one for one, kpi in catalog.kpis.items() if audience.may_see(kpi.audience)]
    shown = visible(catalog, audience, names).values()

    def read(one: str) -> Columns:
        return None if catalog.kpis[one].inputs else READ

    return lineage(catalog.kpis[name], catalog, names, audience, read, shown)


def test_rows_are_read_for_something(northlane: SimpleNamespace, tmp_path: Path) -> None:
    """A KPI over rows has its sources, their columns, and what each column is for; then who reads it."""
    found = told(money(northlane, tmp_path), "fees", Audience.INTERNAL)
    (source,) = found.sources
    assert source.columns == (ReadColumn("usd", ("value",)), ReadColumn("posted_on", ("time", "exclusion")))
    assert [(one.use, one.what) for one in found.uses] == [
        ("value", "usd"),
        ("time", "posted_on"),
        ("exclusion", "posted_on"),
    ]
    assert [one.name for one in found.feeds] == ["result", "half"]
    assert [one.name for one in found.boards] == ["open", "inner"]
    assert [one.name for one in found.alerts] == ["low", "both"]
    assert not found.note


def test_a_formula_has_the_sources_of_its_inputs(northlane: SimpleNamespace, tmp_path: Path) -> None:
    """Through formulas, each with the input through which it comes."""
    found = told(money(northlane, tmp_path), "result", Audience.INTERNAL)
    assert [(one.name, one.through) for one in found.sources] == [("postings", ("fees", "costs"))]
    assert [one.name for one in found.made_from] == ["fees", "costs"]
    assert found.uses == ()


def test_what_is_hidden_stays_hidden(northlane: SimpleNamespace, tmp_path: Path) -> None:
    """The public is told no name of a hidden KPI, nor what lies behind it; no inner board, and no alert."""
    catalog = money(northlane, tmp_path)
    assert told(catalog, "costs", Audience.PUBLIC).sources == ()
    assert told(catalog, "costs", Audience.PUBLIC).made_from == ()
    (source,) = told(catalog, "result", Audience.PUBLIC).sources
    assert source.through == ("fees",)
    fees = told(catalog, "fees", Audience.PUBLIC)
    assert [one.name for one in fees.boards] == ["open"]
    assert fees.alerts == ()


def test_a_run_of_an_earlier_release_told_no_columns(northlane: SimpleNamespace, tmp_path: Path) -> None:
    """Then the source stands there alone, and the page says what is missing."""
    catalog = money(northlane, tmp_path)
    found = lineage(catalog.kpis["fees"], catalog, ["fees"], Audience.PUBLIC, lambda name: None, ())
    assert [(one.name, one.columns) for one in found.sources] == [("postings", ())]
    assert found.note == "Which columns are read was not told by the run that computed this."


def test_many_neighbours_are_folded(northlane: SimpleNamespace, tmp_path: Path, ledger: Ledger) -> None:
    """Of 40 KPIs that read one, eight are drawn; the others open on demand, and one edge leads to them all."""
    fees = northlane.kpi("fees", Aggregate("sum", "postings", "usd"), northlane.DOLLARS, Grain.MONTH)
    readers = [
        northlane.kpi(f"k{n}", Formula(Expression("fees"), ("fees",)), northlane.DOLLARS, Grain.MONTH)
        for n in range(40)
    ]
    catalog = northlane.catalogue(tmp_path, [fees, *readers])
    page = view.open(ledger, catalog, Audience.PUBLIC, northlane.NOW).kpi("fees")
    drawn = graph.columns(page)
    assert [column.title for column in drawn] == ["Sources", "This KPI", "Read by"]
    (group,) = drawn[-1].groups
    assert (len(group.boxes), len(group.rest)) == (8, 32)
    assert drawn[1].edges.count("M0") == 9
    assert len(page.lineage.feeds) == 40
