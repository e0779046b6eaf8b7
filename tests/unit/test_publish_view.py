"""The read model: which value stands on a card, with which words, and what a reader never sees."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from headway.charts import Grid
from headway.errors import UsageError
from headway.formats import dates
from headway.ledger import Ledger, snapshot
from headway.model import (
    Audience,
    Catalog,
    Empty,
    Expression,
    Formula,
    Kpi,
    KpiCheck,
    Limits,
    Reason,
    Reconcile,
    Retention,
    Share,
    Status,
    Then,
    Total,
    Unit,
    UnitKind,
)
from headway.periods import Calendar, Grain, Length
from headway.publish import front, measures, past, tiles, twin, view, words
from headway.publish.html import Pages
from headway.publish.stored import Stored
from headway.publish.view import View

Published = tuple[Ledger, Catalog]


@pytest.fixture
def internal(published: Published, northlane: SimpleNamespace) -> View:
    """Northlane as its own people see it."""
    return view.open(*published, Audience.INTERNAL, northlane.NOW)


@pytest.fixture
def one(ledger: Ledger, tmp_path: Path, northlane: SimpleNamespace) -> Callable[..., View]:
    """A view of a single KPI with given numbers."""

    def make(kpi: Kpi, rows: list[dict[str, Any]], now: datetime = northlane.NOW, **run: Any) -> View:
        northlane.fill(ledger, [(kpi, rows)], **run)
        return view.open(ledger, northlane.catalogue(tmp_path, [kpi]), Audience.INTERNAL, now)

    return make


@pytest.mark.parametrize(
    ("name", "text", "key", "word", "target"),
    [
        ("mau", "7,077 people", "on", "On target", "≥ 7,000"),
        ("revenue", "$1.24M", "on", "On target", "≥ $1.20M"),
        ("retention", "79.4 %", "off", "Below target", "≥ 85 %"),
        ("availability", "99.94 %", "on", "On target", "≥ 99.9 %"),
        ("acquisition_cost", "$531", "off", "Above target", "≤ $500"),
        ("api_time", "452 ms", "stale", "Stale, was on target", "≤ 500 ms"),
        ("satisfaction", "Withheld", "withheld", "Withheld", "≥ 90 %"),
        ("peak_users", "Not tracked yet", "not tracked yet", "Not tracked yet", None),
        ("nps", "+52.8", "on", "On target", "≥ 50"),
        ("runway", "26.0 months", "over", "Over target", "12 to 24 months"),
        ("hubs", "141 hubs", "near", "Near target", "≥ 145"),
        ("margin", "No data", "no data", "No data", None),
        ("resolution", "1 d 3 h", "no target", "No target", None),
        ("old_logins", "49.1k logins", "retired", "Retired", None),
    ],
)
def test_tile(internal: View, name: str, text: str, key: str, word: str, target: str | None) -> None:
    """A card shows the newest complete value in its unit, its verdict in words, and the bound in force then."""
    tile = internal.tile(name)
    plain = tile.shown.text.replace("\u00a0", " ").replace("\u202f", " ")
    assert (plain, tile.verdict.key, tile.verdict.word) == (text, key, word)
    bound = tile.target.replace("\u00a0", " ").replace("\u202f", " ") if tile.target else None
    assert bound == target or name in ("satisfaction", "margin")


def test_no_field_that_a_page_shows_is_blank(internal: View) -> None:
    """Every card has a value or a word with its reason and last good value, and words on the data."""
    for name in internal.names:
        tile = internal.tile(name)
        assert tile.shown.text
        assert tile.verdict.word
        assert tile.note
        assert tile.period_label
        if not tile.has_value:
            assert tile.reason
            assert tile.last_good or tile.maturity == "planned"


def test_changes_compare_like_with_like(internal: View) -> None:
    """A window is compared with the one before it, a month with the month before, a flow's day with its weekday."""
    assert internal.tile("mau").compared.versus == "vs 21 October"  # type: ignore[union-attr]  # it has one
    assert internal.tile("retention").compared.versus == "vs September"  # type: ignore[union-attr]  # it has one
    assert internal.tile("api_time").compared.versus == "vs 9 November"  # type: ignore[union-attr]  # it has one


def test_a_running_month_stands_beside_the_last_whole_one(internal: View) -> None:
    """The running month is marked, compared with the same days of the one before, and says when it is judged."""
    running = internal.tile("revenue").running
    assert running is not None
    assert running.label == "November so far"
    assert running.shown.text == "$841k"
    assert running.compared is not None
    assert running.compared.versus == "vs 1\u201320 October"
    assert running.judged == "judged 1 Dec"


def test_only_a_running_period(one: Callable[..., View], northlane: SimpleNamespace) -> None:
    """A KPI in its first month shows it as partial, with the target that waits for it."""
    kpi = northlane.kpi(
        "n", northlane.Aggregate("count", "sessions"), northlane.PEOPLE, Grain.MONTH,
        targets=(northlane.bound(Grain.MONTH, low=10),),
    )  # fmt: skip
    tile = one(kpi, [northlane.row(date(2026, 11, 1), Grain.MONTH, 4)]).tile("n")
    assert (tile.verdict.key, tile.period_label, tile.until) == ("partial", "November so far", "20 of 30 days")
    assert (tile.target, tile.judged) == ("≥\u00a010", "judged 1 Dec")


def test_restated(internal: View) -> None:
    """A published number that changed says when, and its page what it was."""
    assert internal.tile("acquisition_cost").restated == "21 Nov"
    earlier = internal.kpi("acquisition_cost").earlier
    assert [(e.restated, e.period, e.was, e.now) for e in earlier] == [
        ("21 Nov 2026", "October 2026", "$489.00", "$530.70")
    ]


def test_as_of(published: Published, northlane: SimpleNamespace) -> None:
    """As of a time before the second run, a page shows what was published then."""
    then = northlane.NOW - timedelta(days=5)
    seen = past.open(*published, Audience.INTERNAL, then)
    assert seen.tile("acquisition_cost").shown.text == "$489"
    assert seen.tile("acquisition_cost").restated is None
    assert seen.tile("mau").shown.text == "No data"
    assert seen.stamp.then.startswith("As published at 16 Nov 2026")


def test_brief(internal: View) -> None:
    """The front opens with what needs someone: off target first, then withheld and stale, with how long it lasts."""
    said = [(s.verdict.key, s.name, s.text.replace("\u202f", " ")) for s in internal.front().brief]
    assert said == [
        (
            "off",
            "retention",
            "stood at 79.4 % in October 2026, below the target of 85 %, for the fourth month in a row.",
        ),
        (
            "off",
            "acquisition_cost",
            "stood at $531 in October 2026, above the target of $500, for the second month in a row.",
        ),
        ("withheld", "satisfaction", "is withheld: a data check failed."),
        ("stale", "api_time", "has no data since 17 Nov. It was on target."),
    ]


def test_what_lasts_is_told_by_when_it_began(internal: View, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can read "for the 689th day in a row"."""
    monkeypatch.setattr(front, "MANY", 3)
    first, second, *_ = internal.front().brief
    assert first.text.endswith("below the target of 85\u202f%, every month since July 2026.")
    assert second.text.endswith("for the second month in a row.")


def test_counts_add_up(internal: View) -> None:
    """Each KPI is counted under one status."""
    front = internal.front()
    assert sum(count.number for count in front.counts) == len(internal.names)
    assert {c.verdict.word: c.number for c in front.counts}["off target"] == 2


def test_front_holds_every_tracked_kpi_once(internal: View) -> None:
    """Headlines first, then the rest by area; planned and retired KPIs are the catalogue's."""
    front = internal.front()
    shown = [t.name for t in front.headlines] + [t.name for g in front.groups for t in g.tiles]
    assert len(shown) == len(set(shown))
    assert set(shown) == set(internal.names) - {"old_logins"}
    catalogue = internal.catalogue()
    assert [g.title for g in catalogue.groups] == ["Impact", "Sustainability", "Product and services"]
    assert sum(len(g.tiles) for g in catalogue.groups) == len(internal.names)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (date(2026, 11, 2), "2 Nov"),
        (date(2026, 2, 1), "1 Feb"),
        (date(2025, 12, 31), "31 Dec 2025"),
        (date(2026, 12, 31), "31 Dec"),
        (date(2027, 1, 1), "1 Jan 2027"),
    ],
)
def test_a_day_without_its_year_is_plain(when: date, said: str) -> None:
    """A day lately or later this year needs no year; one of a year to come does, however near."""
    assert dates.near_day(when, date(2026, 11, 21)) == said


def test_the_public_sees_nothing_of_what_is_internal(published: Published, northlane: SimpleNamespace) -> None:
    """No page, twin or file for the public holds an internal KPI's name, title or number, nor its formula."""
    public = view.open(*published, Audience.PUBLIC, northlane.NOW)
    assert public.left_out == ("secret_cost",)
    everything = [public.front(), public.catalogue(), *(public.kpi(name) for name in public.names)]
    text = json.dumps(twin.plain(everything), ensure_ascii=False)
    for secret in ("secret_cost", "Payroll of the board", "77136", "77.1k"):
        assert secret not in text
    assert public.kpi("margin").written is None
    assert public.kpi("margin").sql is None
    with pytest.raises(UsageError) as error:
        public.kpi("secret_cost")
    assert "secret_cost" in str(error.value)
    assert view.open(*published, Audience.INTERNAL, northlane.NOW).kpi("margin").written


def test_the_public_reads_a_definition_without_what_is_said_aside() -> None:
    """Comments and addresses in the YAML are for colleagues; text that only looks like a comment stays."""
    written = """\
mau:
  # like secret_cost
  title: 'Users #1'   # ask Ann
  why: "Rank #2, <b>"
  about: It's the team's #3, isn't it # or not
  owner: Ann <ann.lee@hubs.example>
  where: kind = 'a # b'"""
    assert (
        words.for_all(written)
        == """\
mau:
  title: 'Users #1'
  why: "Rank #2, <b>"
  about: It's the team's
  owner: Ann
  where: kind = 'a # b'"""
    )


def test_owners(internal: View, published: Published, northlane: SimpleNamespace) -> None:
    """An owner is named to all; the address is for colleagues alone."""
    assert (internal.tile("revenue").owner, internal.tile("revenue").contact) == (
        "Finance",
        "finance@northlane.example",
    )
    public = view.open(*published, Audience.PUBLIC, northlane.NOW).tile("revenue")
    assert (public.owner, public.contact) == ("Finance", "")


def test_unknown(internal: View) -> None:
    """An unknown KPI or grain is refused with what there is."""
    with pytest.raises(UsageError, match="Did you mean 'revenue'"):
        internal.kpi("revenu")
    with pytest.raises(UsageError, match="It is kept by month, quarter, year"):
        internal.kpi("revenue", Grain.DAY)


def test_staleness_follows_the_clock(one: Callable[..., View], northlane: SimpleNamespace) -> None:
    """Right after a run data are late by the run's clock; without a run for long, by the reader's."""
    kpi = northlane.kpi("n", northlane.Aggregate("count", "sessions"), northlane.PEOPLE, Grain.DAY)
    rows = northlane.series(Grain.DAY, 10, lambda i: i, last=date(2026, 11, 20))
    fresh = one(kpi, rows)
    assert fresh.tile("n").verdict.key == "no target"
    soon = View(fresh.ledger, fresh.catalog, Audience.INTERNAL, northlane.NOW + timedelta(hours=20), None)
    assert soon.tile("n").verdict.key == "no target"
    later = View(fresh.ledger, fresh.catalog, Audience.INTERNAL, northlane.NOW + timedelta(days=9), None)
    assert later.tile("n").verdict.key == "stale"
    assert later.tile("n").note == "No data since 21 Nov"
    assert later.front().notices == ("Nothing has been computed since 21 Nov 2026, 06:10 UTC.",)


def test_failed(ledger: Ledger, tmp_path: Path, northlane: SimpleNamespace) -> None:
    """A KPI that failed keeps its last value, and says since when, and why; the public is not told file names."""
    kpi = northlane.kpi("n", northlane.Aggregate("count", "sessions"), northlane.PEOPLE, Grain.DAY)
    northlane.fill(ledger, [(kpi, northlane.series(Grain.DAY, 10, lambda i: i + 5, last=date(2026, 11, 19)))])
    run = northlane.Run(started=northlane.NOW, now=northlane.NOW, fingerprint="x", finished=northlane.NOW)
    ledger.record(run, [northlane.Computed("n", "f", failed="data/a.csv holds no column named at")])
    catalog = northlane.catalogue(tmp_path, [kpi])
    tile = view.open(ledger, catalog, Audience.INTERNAL, northlane.NOW).tile("n")
    assert (tile.verdict.key, tile.shown.text, tile.period) == ("stale", "14\u00a0people", "2026-11-19")
    assert (tile.note, tile.news) == ("Stale since 21 Nov", True)
    assert tile.reason == "data/a.csv holds no column named at."
    (said,) = view.open(ledger, catalog, Audience.INTERNAL, northlane.NOW).front().brief
    assert said.text == "is stale since 21 Nov: data/a.csv holds no column named at."
    public = view.open(ledger, catalog, Audience.PUBLIC, northlane.NOW).tile("n")
    assert "data/a.csv" not in json.dumps(twin.plain(public)).lower()


def test_nothing_computed(ledger: Ledger, tmp_path: Path, northlane: SimpleNamespace) -> None:
    """Before the first run every page says so, and none is empty."""
    goal = northlane.bound(Grain.DAY, low=10)
    kpi = northlane.kpi("n", northlane.Aggregate("count", "sessions"), northlane.PEOPLE, Grain.DAY, targets=(goal,))
    empty = view.open(ledger, northlane.catalogue(tmp_path, [kpi]), Audience.INTERNAL, northlane.NOW)
    assert empty.front().notices == ("Nothing has been computed yet. The first run fills this page.",)
    assert empty.tile("n").reason == "No run has computed it yet."
    assert empty.tile("n").target == "≥\u00a010"
    assert empty.kpi("n").rows == ()
    assert "No data" in empty.kpi("n").finding


def test_rows(internal: View) -> None:
    """The table has every stored period, newest first, in full, with the target of then."""
    page = internal.kpi("mau")
    assert len(page.rows) == 1050
    assert [row.label for row in page.rows[:2]] == ["21 Nov 2026 so far", "20 Nov 2026"]
    assert page.rows[1].full == "7,077"
    assert page.rows[1].year_before == "6,323"
    assert {row.target for row in page.rows} == {"≥\u00a07,000", "≥\u00a06,000", "No target"}
    assert page.rows[-1].compared is None
    months = internal.kpi("revenue").rows
    assert months[0].verdict.key == "partial"
    assert months[0].compared == "+6.1\u202f%"
    assert months[1].full == "$1,242,215"


def test_breakdown(internal: View) -> None:
    """Cells come by size at the newest complete period; a distinct count says that they do not add up."""
    breakdown = internal.kpi("mau").breakdowns[0]
    assert breakdown.title == "cluster"
    assert breakdown.period_label == "20 Nov 2026"
    assert not breakdown.adds_up
    assert [c.label for c in breakdown.cells[:3]] == ["Campus West", "Earthlab", "Andes"]
    assert len(breakdown.cells[0].points) == 90
    assert breakdown.cells[2].points[0].value is None  # before its first row, not 0


def test_implied_zeros(one: Callable[..., View], northlane: SimpleNamespace) -> None:
    """A cell of a count without a row in a period is 0 there, because the ledger keeps no zeros of cells."""
    kpi = northlane.kpi(
        "n", northlane.Aggregate("count", "sessions"), northlane.HUBS, Grain.MONTH, by=(("hub",),), empty=Empty.ZERO
    )
    a, b = (("hub", "a"),), (("hub", "b"),)
    rows = northlane.series(Grain.MONTH, 4, lambda i: i + 1, last=date(2026, 10, 31))
    rows += northlane.series(Grain.MONTH, 4, lambda i: i + 1, cell=a, last=date(2026, 10, 31))
    rows += northlane.series(Grain.MONTH, 1, lambda _: 3, cell=b, last=date(2026, 8, 31))
    cells = {c.label: c for c in one(kpi, rows).kpi("n").breakdowns[0].cells}
    assert [p.value for p in cells["b"].points] == [None, 3, 0, 0]
    assert cells["b"].shown.text == "0\u00a0hubs"
    assert cells["a"].shown.text == "4\u00a0hubs"


def test_page_of_a_kpi(internal: View) -> None:
    """The page has why, targets, definition, YAML, SQL, sources with rows left out, and lineage."""
    page = internal.kpi("mau")
    assert [(p.span, p.bound, p.current) for p in page.targets] == [
        ("from 1 Jan 2026", "≥\u00a07,000", True),
        ("1 Jan 2025 to 31 Dec 2025", "≥\u00a06,000", False),
    ]
    assert "Only rows where not is_staging count." in page.definition
    assert "A group of fewer than 5 people is withheld." in page.definition
    assert page.written is not None
    assert page.written.startswith("mau:")
    assert page.sql is not None
    assert page.sql.startswith("with rows")
    (source,) = page.sources
    assert (source.rows, source.removed) == (14_203_118, {"highmem, 6 Feb to 2 Apr 2025": 5120})
    assert [(one.why, one.span) for one in source.exclusions] == [("counted twice", "6 Feb 2025 to 2 Apr 2025")]
    assert source.through == "to 20 Nov 2026, 23:58"
    assert page.finding.startswith(
        "7,077\u00a0people in the 30 days to 20 Nov 2026, 6,323\u00a0people a year before; on"
    )
    assert [link.name for link in internal.kpi("revenue").lineage.feeds] == ["margin"]
    assert [link.name for link in internal.kpi("margin").lineage.made_from] == ["revenue", "secret_cost"]


def test_ages_stand_in_their_order(one: Callable[..., View], northlane: SimpleNamespace) -> None:
    """A curve is read from age to age: 2 comes before 10, and no age moves because more people came back at it."""
    measure = Retention("sessions", "user_id", ages=Length.parse("12 months"))
    kpi = northlane.kpi("n", measure, Unit(UnitKind.PERCENT, "percent"), Grain.MONTH, by=(("age",),))
    rows = [
        row
        for age in (10, 2, 1)
        for row in northlane.series(
            Grain.MONTH, 3, lambda i, age=age: age / 20, cell=(("age", str(age)),), last=date(2026, 10, 31)
        )
    ]
    (breakdown,) = (
        one(kpi, northlane.series(Grain.MONTH, 3, lambda i: 0.5, last=date(2026, 10, 31)) + rows).kpi("n").breakdowns
    )
    assert [cell.label for cell in breakdown.cells] == ["month 1", "month 2", "month 10"]


def test_what_has_no_total_shows_its_cells(one: Callable[..., View], northlane: SimpleNamespace) -> None:
    """Cohorts are a heat map, each with a share for each age; its page has no rows that say "No total"."""
    measure = Retention("sessions", "user_id", ages=Length.parse("12 months"))
    unit = Unit(UnitKind.PERCENT, "percent")
    kpi = northlane.kpi("n", measure, unit, Grain.MONTH, by=(("age",),), total=Total.NONE)
    last = date(2026, 10, 31)
    rows = [northlane.row(date(2026, month, 1), Grain.MONTH, None, reason=Reason.NO_TOTAL) for month in (8, 9, 10)]
    for age in (1, 2):
        line = northlane.series(Grain.MONTH, 3, lambda i, age=age: 1 - age / 4, cell=(("age", str(age)),), last=last)
        rows += line[: 3 - age]
    rows.append(northlane.row(last, Grain.MONTH, None, cell=(("age", "1"),), reason=Reason.GROUP_TOO_SMALL))
    shown = one(kpi, rows)
    (tile,) = shown.kpi("n").apart
    assert isinstance(tile.plot, Grid)
    assert [[patch.text.replace("\u202f", " ") or patch.missing for patch in row] for row in tile.plot.patches] == [
        ["75 %", "50 %"],
        ["75 %", "not yet"],
        ["withheld", "not yet"],
    ]
    assert [patch.held for patch in tile.plot.patches[2]] == [True, False]
    document = Pages(shown).get("kpi/n.html")
    assert document is not None
    page = document.content.decode()
    assert 'class="chart wide grid' in page
    assert 'class="k-held"' in page
    assert 'id="table"' not in page
    assert page.count("No total") == 1


def test_csv(internal: View) -> None:
    """CSV has every stored number unrounded, and the cells with a column for each breakdown column."""
    rows = list(csv.DictReader(io.StringIO(internal.csv("retention", Grain.MONTH))))
    assert rows[-2]["period"] == "2026-10"
    assert float(rows[-2]["value"]) == pytest.approx(0.86 - 17 * 0.0039)
    assert (rows[-2]["status"], rows[-2]["low"], rows[-1]["partial"]) == ("off", "0.85", "true")
    cells = list(csv.DictReader(io.StringIO(internal.csv("mau", Grain.DAY, cells=True))))
    assert {row["cluster"] for row in cells} >= {"Campus West", "(none)"}
    assert {row["hub"] for row in cells} == {""}


def test_csv_runs_nothing(one: Callable[..., View], northlane: SimpleNamespace) -> None:
    """A cell that begins like a formula is text to a spreadsheet; a negative number stays one."""
    kpi = northlane.kpi("n", northlane.Aggregate("count", "sessions"), northlane.HUBS, Grain.MONTH, by=(("hub",),))
    rows = [
        northlane.row(date(2026, 10, 1), Grain.MONTH, 1, cell=(("hub", name),)) for name in ("=1+1", "@x", "-3", "-x")
    ]
    text = one(kpi, rows).csv("n", Grain.MONTH, cells=True)
    assert sorted(line.split(",")[0] for line in text.splitlines()[1:]) == ["'-x", "'=1+1", "'@x", "-3"]


def test_hours(one: Callable[..., View], northlane: SimpleNamespace) -> None:
    """An hourly KPI names its hours and compares one with the same hour of the day before."""
    kpi = northlane.kpi("n", northlane.Aggregate("count", "sessions"), northlane.HUBS, Grain.HOUR)
    rows = []
    moment = datetime(2026, 11, 19, 0, tzinfo=UTC)
    for index in range(53):
        hour = northlane.CALENDAR.hour(moment + timedelta(hours=index))
        rows.append(northlane.row(date(2026, 11, 19), Grain.DAY, index) | {"grain": "hour", "period": hour.key})
    page = one(kpi, rows).kpi("n")
    assert page.tile.period_label == "21 Nov, 04:00"
    assert page.tile.compared is not None
    assert page.tile.compared.versus == "vs 20 Nov, 04:00"
    assert page.rows[0].label == "21 Nov 2026, 04:00"


def test_plain_twins_are_json(internal: View) -> None:
    """Every page is plain JSON whose numbers are those of the page."""
    told = twin.plain(internal.kpi("retention"))
    assert told["tile"]["shown"]["value"] == pytest.approx(0.86 - 17 * 0.0039)
    assert told["rows"][1]["full"] == "79.4\u202f%"
    assert "pieces" not in json.dumps(told)


def test_version(ledger: Ledger, tmp_path: Path, northlane: SimpleNamespace) -> None:
    """A view is another one after a run, an hour, and on a restored ledger with as many runs; in between the same."""
    catalog = northlane.catalogue(tmp_path, [])
    northlane.fill(ledger, [])
    before = view.open(ledger, catalog, Audience.PUBLIC, northlane.NOW).version
    assert view.open(ledger, catalog, Audience.PUBLIC, northlane.NOW + timedelta(minutes=40)).version == before
    assert view.open(ledger, catalog, Audience.PUBLIC, northlane.NOW + timedelta(minutes=55)).version != before
    assert view.open(ledger, replace(catalog, fingerprint="z"), Audience.PUBLIC, northlane.NOW).version != before
    northlane.fill(ledger, [])
    after = view.open(ledger, catalog, Audience.PUBLIC, northlane.NOW)
    assert after.version != before
    with Ledger.open(tmp_path / "restored.db") as restored:
        northlane.fill(restored, [])
        northlane.fill(restored, [])
    snapshot.replace(tmp_path / "restored.db", ledger.path, 1.0)
    again = view.open(ledger, catalog, Audience.PUBLIC, northlane.NOW)
    assert again.run is not None
    assert after.run is not None
    assert again.run.id == after.run.id
    assert again.version != after.version


def test_each_status_has_words() -> None:
    """There is a word and a place in the counts for each status that a run can store."""
    assert {s.value for s in Status} <= set(words.COUNTED)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("median", "median"),
        ("p1", "1st percentile"),
        ("p11", "11th percentile"),
        ("p92", "92nd percentile"),
        ("p99.9", "99.9th percentile"),
    ],
)
def test_quantiles_are_said_as_people_say_them(function: str, said: str) -> None:
    """A page says `95th percentile`, not `p95`."""
    assert measures.quantile(function) == said


def test_a_check_that_failed_on_the_line_is_said_on_the_tile(internal: View) -> None:
    """Data of which an earlier part is held back did not pass, though the newest number stands."""
    tile = internal.tile("revenue")
    month = Calendar().period(Grain.MONTH, date(2026, 9, 1))
    good = Stored(
        month, 1.0, None, 9, None, None, partial=False, imported=False, so_far=None, so_far_before=None,
        status=None, low=None, high=None, expected=None, revision=1,
    )  # fmt: skip
    held = good._replace(value=None, reason="check failed")
    loads = internal._at
    assert tiles._on_the_data(tile, [held, good, good], loads) == "Check failed, 1 of 3 withheld"
    assert tiles._on_the_data(tile, [good, good], loads) is None


def test_a_definition_says_what_is_checked_to_those_who_may_know(tmp_path: Path, northlane: SimpleNamespace) -> None:
    """In the KPI's unit. A check that names KPIs of others is not told, nor is the YAML that holds it."""
    percent = Unit(UnitKind.PERCENT, "percent")
    inner = northlane.kpi("inner", Share("sessions", "ok"), percent, Grain.MONTH, audience=Audience.INTERNAL)
    checks = (
        KpiCheck("between", Limits(0.5, None)),
        KpiCheck("reconcile", Reconcile(Formula(Expression("inner"), ("inner",)), 0.02), Then.WARN),
    )
    outer = northlane.kpi("outer", Share("sessions", "ok"), percent, Grain.MONTH, checks=checks)
    rows = northlane.series(Grain.MONTH, 3, lambda i: 0.9, last=date(2026, 10, 31))
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        northlane.fill(ledger, [(inner, rows), (outer, rows)])
        catalog = northlane.catalogue(tmp_path, [inner, outer])
        pages = {
            audience: view.open(ledger, catalog, audience, northlane.NOW).kpi("outer")
            for audience in (Audience.PUBLIC, Audience.INTERNAL)
        }
    limits = "It is checked, and withheld where that fails: it is 50 % or more."
    other = "It is checked, and shown all the same where that fails: it is inner, give or take 2 %."
    assert limits in pages[Audience.PUBLIC].definition
    assert other not in pages[Audience.PUBLIC].definition
    assert pages[Audience.PUBLIC].written is None
    assert {limits, other} <= {*pages[Audience.INTERNAL].definition}
    assert pages[Audience.INTERNAL].written is not None


def test_a_total_that_lacks_a_cell_says_so(ledger: Ledger, northlane: SimpleNamespace, tmp_path: Path) -> None:
    """Where rows of a cell are withheld, the card of the total says *incomplete*, and counts as withheld."""
    month = Grain.MONTH
    kpi = northlane.kpi("starts", northlane.Aggregate("count", "sessions"), northlane.HUBS, month)
    rows = northlane.series(month, 6, lambda i: 40.0 + i, last=date(2026, 9, 30))
    northlane.fill(
        ledger, [(kpi, [*rows, northlane.row(date(2026, 10, 1), month, None, reason=northlane.Reason.INCOMPLETE)])]
    )
    made = view.open(ledger, northlane.catalogue(tmp_path, [kpi]), Audience.PUBLIC, northlane.NOW)
    tile = made.tile("starts")
    assert (tile.verdict.key, tile.verdict.word, tile.shown.text) == ("withheld", "Incomplete", "Incomplete")
    assert tile.last_good == "Last good: 45\u00a0hubs, September"
    assert made.kpi("starts").rows[0].full == "Incomplete"
