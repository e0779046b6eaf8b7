"""What a catalogue says becomes one resolved model: defaults filled in, names resolved, places kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from headway import catalog
from headway.catalog.brand import DARK, LIGHT, least_contrast
from headway.errors import CatalogError
from headway.model import (
    Aggregate,
    Area,
    Audience,
    Balance,
    Better,
    Catalog,
    Distinct,
    Empty,
    Entered,
    FilesReader,
    Format,
    Formula,
    GitReader,
    Open,
    Rank,
    Share,
    TableReader,
    Take,
    UnitKind,
)
from headway.periods import Grain, Length, Unit, WindowKind, WorkingDays

Load = Callable[..., Catalog]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write files (path -> YAML) into a project and load it; `head` is its headway.yml."""

    def write(head: str, **files: str) -> Catalog:
        (tmp_path / "headway.yml").write_text(head)
        for name, text in files.items():
            file = tmp_path / f"{name.replace('__', '/')}.yml"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        return catalog.load(tmp_path)

    return write


SESSIONS = """
project: hubs
sources:
  sessions:
    read: {files: data/sessions/*.parquet}
    time: started_at
    people: user_id
    refers: {hub: hubs}
  hubs:
    read: {files: [data/hubs.csv, data/old/*.csv], format: {separator: ";", missing: [NA, "-"], header: 3}}
    key: hub
    time: created_on
    until: retired_on
    sparse: true
"""


def kpis(text: str) -> str:
    """A project with two sources and these KPIs."""
    return SESSIONS + "kpis:\n" + text


def test_a_project_has_defaults_for_everything_but_its_name(load: Load) -> None:
    """A name is enough: UTC, weeks from Monday, years from January, internal, five people."""
    found = load("project: open-hubs")
    assert (found.name, found.title) == ("open-hubs", "Open hubs")
    assert (found.calendar.zone, found.calendar.week_start, found.calendar.fiscal_start) == ("UTC", 0, 1)
    assert (found.audience, found.min_group_size, found.max_cells, found.near_within) == (
        Audience.INTERNAL,
        5,
        200,
        0.05,
    )
    assert found.ledger == ".headway/ledger.db"
    assert found.brand.name == "Open hubs"
    assert (dict(found.sources), dict(found.kpis)) == ({}, {})


def test_a_project_says_how_time_is_cut_and_who_is_who(load: Load, tmp_path: Path) -> None:
    """Zone, week, fiscal year, audience, people and areas come from headway.yml, holidays from a file beside it."""
    (tmp_path / "calendars").mkdir()
    (tmp_path / "calendars" / "holidays.csv").write_text("day,name\n2026-12-25,Christmas\n2026-01-01,New Year\n")
    found = load(
        """
        project: saas
        timezone: America/New_York
        week_start: sunday
        fiscal_year_start: april
        audience: public
        near_within: 2.5 %
        ledger: sqlite:///.headway/numbers.db
        working_week: [monday, tuesday]
        holidays: calendars/holidays.csv
        restatement: {tolerance: 0 %, after: 0 days}
        brand: {name: SaaS Inc., accent: "#1b6ca8"}
        owners: {finance: Finance team}
        areas: {money: {title: Money, owner: finance}}
        """
    )
    assert (found.calendar.zone, found.calendar.week_start, found.calendar.fiscal_start) == ("America/New_York", 6, 4)
    assert (found.audience, found.near_within, found.ledger) == (Audience.PUBLIC, 0.025, ".headway/numbers.db")
    assert (found.brand.name, found.brand.accent) == ("SaaS Inc.", "#1b6ca8")
    assert found.areas["money"] == Area("money", "Money", "finance")
    assert found.working == WorkingDays((0, 1), (date(2026, 1, 1), date(2026, 12, 25)))


def test_a_brand_can_be_read(load: Load) -> None:
    """An accent that cannot be read on a page is refused, in light and in dark, and so is a logo that is not there."""
    found = load('project: p\nbrand: {accent: "#1b6ca8"}').brand
    assert found.accent_dark is not None
    assert least_contrast(found.accent_dark, DARK) >= 4.5
    assert load('project: p\nbrand: {accent_dark: "#ffd43b"}').brand.accent_dark == "#ffd43b"
    with pytest.raises(CatalogError) as error:
        load('project: p\nbrand: {accent: "#ffd43b", accent_dark: "#1b6ca8", logo: ../logo.svg}')
    assert [m.message.split(":")[0] for m in error.value.mistakes] == [
        "#ffd43b cannot be read on light pages",
        "#1b6ca8 cannot be read on dark pages",
        "a logo is an SVG or PNG file in the project, not '../logo.svg'",
    ]
    with pytest.raises(CatalogError, match=r"there is no file logo\.svg"):
        load("project: p\nbrand: {logo: logo.svg}")


def test_brand_grounds_are_those_of_the_pages() -> None:
    """Contrast is measured on the colours that the tokens name."""
    tokens = resources.files("headway.publish").joinpath("assets", "tokens.css").read_text(encoding="utf-8")
    for name, light, dark in zip(("bg", "surface", "sunken"), LIGHT, DARK, strict=True):
        values = re.findall(rf"--{name}: (#[0-9A-F]{{6}});", tokens)
        assert values[:3] == [light, dark, dark]


def test_sources_are_resolved(load: Load) -> None:
    """A source knows its reader, its format, its references and its derived columns."""
    found = load(
        SESSIONS
        + """
  clicks:
    read: {table: clicks, database: env:CLICKS}
    time: at
    late_after: 2 days
    times_in: Europe/Berlin
    derive: {is_teaching: kind = 'teaching'}
    refers: {hub: {source: hubs, optional: true, tolerate: 1 %}}
    exclude:
      - {where: is_test, from: 2026-01-01, through: 2026-01-31, why: A test, link: https://example.org}
"""
    )
    hubs, clicks = found.sources["hubs"], found.sources["clicks"]
    assert hubs.reader == FilesReader(
        ("data/hubs.csv", "data/old/*.csv"), Format(separator=";", header=3, missing=("NA", "-"))
    )
    assert (hubs.key, hubs.until, hubs.sparse) == (("hub",), "retired_on", True)
    assert clicks.reader == TableReader("clicks", "env:CLICKS")
    assert (clicks.late_after, clicks.times_in) == (Length(2, Unit.DAY), "Europe/Berlin")
    assert str(clicks.derive["is_teaching"]) == "kind = 'teaching'"
    assert (clicks.refers["hub"].optional, clicks.refers["hub"].tolerate) == (True, 0.01)
    assert (clicks.exclude[0].first, clicks.exclude[0].through) == (date(2026, 1, 1), date(2026, 1, 31))
    assert found.sources["sessions"].people == ("user_id",)
    assert str(clicks.places["derive.is_teaching"]) == "headway.yml:21:27"


def test_signs_of_a_format_may_be_spaces_and_tabs(load: Load) -> None:
    """A separator is one character, also one that cannot be seen."""
    form = '{separator: "\\t", thousands: " ", decimal: ",", currency: [$, EUR]}'
    reader = load(f"project: p\nsources: {{a: {{read: {{files: a.txt, format: {form}}}}}}}").sources["a"].reader
    assert reader == FilesReader(("a.txt",), Format(separator="\t", thousands=" ", decimal=",", currency=("$", "EUR")))


def test_git_sources_know_their_time_and_their_people(load: Load) -> None:
    """A commit is dated by its committer and written by a person, unless the source says otherwise."""
    commits = load("project: git\nsources: {commits: {read: {git: [., ../other]}}}").sources["commits"]
    assert commits.reader == GitReader((".", "../other"))
    assert (commits.time, commits.people) == ("committed_at", ("author",))


def test_each_kind_has_its_measure_and_defaults(load: Load) -> None:
    """The kind decides the unit, what no rows mean, and the shortest period."""
    found = load(
        kpis(
            """
  started: {count: sessions}
  minutes: {sum: sessions.minutes}
  mean_minutes: {mean: sessions.minutes, empty: zero}
  longest: {max: sessions.minutes}
  satisfied: {share: sessions.satisfied}
  users: {distinct: sessions.user_id}
  running: {open: hubs}
  providers: {open: hubs.provider}
  cash: {balance: hubs.cash, per: hub, grain: month}
  trained: {entered: entries/trained.csv, take: sum, by: [region]}
  per_user: {formula: minutes / users}
  planned: {title: Later, tracked_from: 2027-01-01}
"""
        )
    ).kpis
    assert found["started"].measure == Aggregate("count", "sessions")
    assert found["minutes"].measure == Aggregate("sum", "sessions", "minutes")
    assert found["longest"].measure == Aggregate("max", "sessions", "minutes")
    assert found["satisfied"].measure == Share("sessions", "satisfied")
    assert found["satisfied"].unit.kind is UnitKind.PERCENT
    assert found["users"].measure == Distinct("sessions", "user_id")
    assert found["running"].measure == Open("hubs")
    assert found["providers"].measure == Open("hubs", "provider")
    assert found["cash"].measure == Balance("hubs", "cash", "hub")
    assert found["trained"].measure == Entered("entries/trained.csv")
    assert found["trained"].take is Take.SUM
    measure = found["per_user"].measure
    assert isinstance(measure, Formula)
    assert (str(measure.expression), measure.inputs) == ("minutes / users", ("minutes", "users"))
    assert found["planned"].measure is None
    empty = {name: kpi.empty for name, kpi in found.items()}
    assert [n for n, e in empty.items() if e is Empty.ZERO] == [
        "started", "minutes", "mean_minutes", "users", "running", "providers",
    ]  # fmt: skip


def test_a_kpi_takes_what_it_does_not_say_from_its_file_its_area_and_the_project(load: Load) -> None:
    """Title from the name, owner from the area, the rest from the file's defaults."""
    found = load(
        SESSIONS + "audience: restricted\nowners: {data: Data}\nareas: {product: {owner: data}}\n",
        kpis__usage="""
defaults: {area: product, grain: month, rank: primary, listed: true, by_grain: month}
kpis:
  monthly_sessions: {count: sessions}
  own: {count: sessions, title: Own title, grain: quarter, rank: headline, audience: public, listed: false}
  written:
    # a comment
    count: sessions
    by: [hub, [hub, region]]
""",
    ).kpis
    kpi = found["monthly_sessions"]
    assert (kpi.title, kpi.owner, kpi.area) == ("Monthly sessions", "data", "product")
    assert (kpi.grain, kpi.by_grain, kpi.rank, kpi.audience) == (
        Grain.MONTH, Grain.MONTH, Rank.PRIMARY, Audience.RESTRICTED,
    )  # fmt: skip
    assert (kpi.listed, found["own"].listed) == (True, False)
    assert (found["own"].grain, found["own"].by_grain, found["own"].rank) == (
        Grain.QUARTER,
        Grain.QUARTER,
        Rank.HEADLINE,
    )
    assert found["written"].by == (("hub",), ("hub", "region"))
    assert found["written"].written == ("written:\n  # a comment\n  count: sessions\n  by: [hub, [hub, region]]")
    assert str(found["written"].at("by.1")) == "kpis/usage.yml:9:15"


def test_periods_follow_the_window_and_the_inputs(load: Load) -> None:
    """A calendar window makes the shortest period, a formula takes the longest of its inputs', cells begin at a day."""
    found = load(
        kpis(
            """
  mau: {distinct: sessions.user_id, window: 30 days}
  monthly: {distinct: sessions.user_id, window: calendar month}
  hourly: {count: sessions, grain: hour, by: [hub]}
  quarterly: {count: sessions, grain: quarter}
  ratio: {formula: mau / quarterly}
  windowed: {formula: hourly / mau, window: 7 days, grain: week, take: mean}
"""
        )
    ).kpis
    assert found["monthly"].grain is Grain.MONTH
    assert (found["hourly"].grain, found["hourly"].by_grain) == (Grain.HOUR, Grain.DAY)
    assert found["ratio"].grain is Grain.QUARTER
    assert (found["windowed"].grain, found["windowed"].take) == (Grain.WEEK, Take.MEAN)
    window = found["mau"].window
    assert window is not None
    assert (window.kind, window.length) == (WindowKind.TRAILING, Length(30, Unit.DAY))
    assert found["mau"].is_state
    assert not found["quarterly"].is_state


def test_targets_are_in_the_kpis_unit(load: Load) -> None:
    """A percentage becomes its fraction exactly, a written unit must be the KPI's, `for` names a cell in order."""
    found = load(
        kpis(
            """
  satisfied:
    share: sessions.satisfied
    by: [segment, [cluster, hub], level]
    targets:
      - {at_least: 99.9 %, near: 99.8 %, why: contract}
      - {at_least: 85%, from: 2026-01-01, through: 2026-12-31}
      - {for: {segment: each}, at_least: 70 %}
      - {for: {hub: a, cluster: b}, at_least: 60 %}
      - {for: {level: 3}, at_least: 50 percent, grain: month}
  wait: {mean: sessions.wait, unit: minutes, targets: [{at_most: 15 minutes, near: 20}]}
  points: {mean: sessions.points, targets: [{between: [70, 80], near: [65, 85]}]}
  leaning: {mean: sessions.points, better: higher, targets: [{between: [70, 80], near: 60}]}
"""
        )
    ).kpis
    first, second, each, cross, level = found["satisfied"].targets
    assert (first.low, first.near_low, first.high, first.why) == (0.999, 0.998, None, "contract")
    assert (second.low, second.first, second.through) == (0.85, date(2026, 1, 1), date(2026, 12, 31))
    assert (each.each, each.cell, each.grain) == (("segment",), (), Grain.DAY)
    assert cross.cell == (("cluster", "b"), ("hub", "a"))
    assert (level.cell, level.grain, level.low) == ((("level", "3"),), Grain.MONTH, 0.5)
    assert (found["wait"].targets[0].high, found["wait"].targets[0].near_high) == (15.0, 20.0)
    assert found["satisfied"].better is Better.HIGHER
    assert found["wait"].better is Better.LOWER
    assert found["points"].better is Better.NONE
    assert (found["points"].targets[0].near_low, found["points"].targets[0].near_high) == (65.0, 85.0)
    assert (found["leaning"].targets[0].near_low, found["leaning"].targets[0].near_high) == (60.0, None)


def test_expressions_keep_the_place_where_their_text_begins(load: Load) -> None:
    """A later room can point into a condition, also into one that is quoted."""
    found = load(kpis("  some: {count: sessions, where: 'hub = ''a'''}\n")).kpis["some"]
    assert found.where is not None
    assert (str(found.where), str(found.where.place)) == ("hub = 'a'", "headway.yml:16:35")


# -- names that only the data can tell -----------------------------------------------------------------------------


def test_unknown_columns_are_left_to_the_data_unless_columns_are_declared(load: Load) -> None:
    """Without `columns` nothing is refused; with them a name must be found, also through references."""
    load(kpis("  any: {count: sessions, where: no_idea > 3, by: [whatever, hub.deep.name]}\n"))
    declared = kpis("  some: {count: sessions, by: [cluster]}\n").replace(
        "    key: hub\n", "    key: hub\n    columns: {hub: text, created_on: date, retired_on: date}\n"
    )
    load(declared)
    closed = "    people: user_id\n    columns: {user_id: text, hub: text, started_at: timestamp}\n"
    with pytest.raises(CatalogError, match="sessions has no column 'cluster', nor has what it refers to"):
        load(declared.replace("    people: user_id\n", closed))


# -- finding -------------------------------------------------------------------------------------------------------


def test_a_project_is_found_from_any_folder_in_it(tmp_path: Path) -> None:
    """`find` walks up to the nearest headway.yml."""
    (tmp_path / "headway.yml").write_text("project: here")
    deep = tmp_path / "kpis" / "team"
    deep.mkdir(parents=True)
    assert catalog.find(deep) == tmp_path
    assert catalog.find(tmp_path) == tmp_path


def test_where_there_is_no_project_the_way_to_one_is_told(tmp_path: Path) -> None:
    """Neither `find` nor `load` invents a project."""
    for verb in (catalog.find, catalog.load):
        with pytest.raises(CatalogError, match="headway init") as caught:
            verb(tmp_path)
        assert caught.value.slug == "not-a-project"
        assert caught.value.exit_code == 2


def test_files_in_folders_of_kpis_are_read(load: Load) -> None:
    """Teams may keep folders of their own."""
    found = load(SESSIONS, kpis="", kpis__usage="kpis: {a: {count: sessions}}", kpis__empty="# nothing yet\n")
    assert list(found.kpis) == ["a"]


# -- identity ------------------------------------------------------------------------------------------------------


def test_the_fingerprint_is_of_what_is_said_not_how(load: Load) -> None:
    """Comments and the order of keys change nothing; any value does."""
    one = load(kpis("  a: {count: sessions, unit: people}\n"))
    same = load(kpis("  # the same\n  a: {unit: people, count: sessions}\n"))
    other = load(kpis("  a: {count: sessions, unit: persons}\n"))
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert catalog.text(one) != catalog.text(other)


def test_a_definition_changes_with_what_changes_numbers_and_with_nothing_else(load: Load) -> None:
    """Words and targets leave a definition alone; filters, sources, inputs and the calendar do not."""

    def of(text: str, name: str = "b", head: str = SESSIONS) -> str:
        found = load(head + "kpis:\n" + text)
        return catalog.fingerprint(found.kpis[name], found)

    base = of("  a: {count: sessions}\n  b: {formula: 2 * a}\n")
    assert base == of(
        "  a: {count: sessions, title: Other}\n  b: {formula: 2 * a, about: B, targets: [{at_least: 3}]}\n"
    )
    told = SESSIONS.replace("sessions:\n", "sessions:\n    about: Words\n")
    assert base == of("  a: {count: sessions}\n  b: {formula: 2 * a}\n", head=told)
    changed = [
        of("  a: {count: sessions, where: x}\n  b: {formula: 2 * a}\n"),
        of("  a: {count: sessions}\n  b: {formula: 3 * a}\n"),
        of("  a: {count: sessions}\n  b: {formula: 2 * a, window: 7 days}\n"),
        of("  a: {count: sessions}\n  b: {formula: 2 * a}\n", head=SESSIONS.replace("sparse: true", "sparse: false")),
        of("  a: {count: sessions}\n  b: {formula: 2 * a}\n", head=SESSIONS + "timezone: Europe/Berlin\n"),
        of("  a: {count: sessions}\n  b: {formula: 2 * a}\n", head=SESSIONS + "min_group_size: 1\n"),
    ]
    assert len({base, *changed}) == 7


def test_the_catalogue_as_text_knows_no_folder(load: Load, tmp_path: Path) -> None:
    """The same catalogue in another folder is the same text."""
    assert str(tmp_path) not in catalog.text(load(kpis("  a: {count: sessions}\n")))


def test_a_catalogue_is_restored_from_its_files(load: Load, tmp_path: Path) -> None:
    """YAML, holidays, the logo and functions are enough to load it again anywhere; files of tests are no part of it."""
    head = SESSIONS.replace("project: hubs", "project: hubs\nholidays: days/off.csv\nbrand: {logo: logo.png}")
    for name, contents in {
        "days/off.csv": b"day\n2026-12-25\n",
        "logo.png": b"\x89PNG\x00",
        "ours.py": b"from headway.kinds import flow\n\n@flow\ndef made(tables, kpi, periods):\n    return ''\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(contents)
    found = load(
        head + "kpis:\n  made: {python: 'ours.py:made', of: sessions}\n",
        kpis__use="kpis: {a: {count: sessions}} # é",
        tests__a="tests: {}",
    )
    assert set(found.files) == {"headway.yml", "kpis/use.yml", "days/off.csv", "logo.png", "ours.py"}
    again = catalog.restore(found.files, found.root)
    assert again == found
    assert again.files == found.files
    (tmp_path / "logo.png").write_bytes(b"another")
    assert catalog.load(tmp_path).fingerprint != found.fingerprint


def test_a_wrong_name_of_a_kpi_is_answered_with_a_near_one(load: Load) -> None:
    """A person who mistypes a KPI is told the nearest."""
    mistake = catalog.unknown_kpi("sesions", load(kpis("  sessions: {count: sessions}\n")))
    assert (mistake.slug, mistake.remedy) == ("unknown-kpi", "Did you mean 'sessions'?")
