"""Which periods a run computes: those that a day touches whose rows are others. What was kept says where it is used."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.correct.conftest import Project

from headway import catalog as catalogue
from headway.answers import FOLDER
from headway.engines import kept
from headway.ledger import Ledger
from headway.run import observe

CATALOGUE = """
    project: shop
    timezone: Europe/Berlin
    restatement: {after: 999 days}  # no number is closed
    sources:
      sales:
        read: {files: sales.csv}
        columns: {id: integer, at: timestamp, paid: timestamp, who: text, shop: text, usd: number}
        key: id
        time: at
        until: paid
        times_in: Europe/Berlin
        refers: {shop: shops}
      shops: {read: {files: shops.csv}, columns: {shop: text, region: text}, key: shop}
    kpis:
      it: KPI
"""
SHOPS = "shop,region\na,north\nb,south\n"
HEAD = "id,at,paid,who,shop,usd\n"
#: A sale on each day from the first of March, paid five days after.
SALES = HEAD + "".join(
    f"{day},2026-03-{day:02} 10:00:00,2026-03-{day + 5:02} 10:00:00,p{day % 3},a,{day}\n" for day in range(1, 13)
)
#: What is kept is off by so much, so that each number says whether it was kept.
OFF = 1000
NOON = "2026-03-13T12:00+01:00"


def begun(project: Project, kpi: str, sales: str = SALES) -> Path:
    """A shop whose numbers are computed, and kept a little off."""
    project.write(headway=CATALOGUE.replace("KPI", kpi), sales=sales, shops=SHOPS)
    assert project.run(NOON).whole
    return put_off(project)


def put_off(project: Project) -> Path:
    """What is kept is wrong from now on."""
    (file,) = (project.root / FOLDER).iterdir()
    tables = dict(kept.read(file))
    for name in tables:
        if name.startswith("rows "):
            at = tables[name].column_names.index("value")
            tables[name] = tables[name].set_column(at, "value", pc.add(tables[name]["value"], float(OFF)))
    write(file, tables)
    return file


def write(file: Path, tables: kept.Tables) -> None:
    """Another file in the place of one that may be read."""
    beside = file.with_suffix(".new")
    kept.write(beside, tables)
    beside.replace(file)


def computed(project: Project, grain: str, sales: str = SALES, now: str = NOON) -> set[str]:
    """The periods that another run computed, because their rows are those of `sales`: as a first run does, too."""
    project.write(sales=sales)
    assert project.run(now).whole
    values = project.values("it", grain)
    found = {period for period, value in values.items() if isinstance(value, float | int) and value < OFF / 2}
    with TemporaryDirectory() as folder:
        first = Project(Path(folder) / "first")
        shutil.copytree(project.root, first.root, ignore=shutil.ignore_patterns(".headway", "ledger.db*"))
        assert first.run(now).whole
        right = first.values("it", grain)
    assert {period: values[period] for period in found} == {period: right[period] for period in found}
    return found


def days(first: int, last: int) -> set[str]:
    """Some days of March."""
    return {f"2026-03-{day:02}" for day in range(first, last + 1)}


LATE = SALES + "13,2026-03-05 11:00:00,2026-03-05 11:00:00,p1,a,5\n"


@pytest.mark.parametrize(
    ("kpi", "last"),
    [
        ("{sum: sales.usd, grain: day}", 5),
        ("{mean: sales.usd, grain: day}", 5),
        ("{median: sales.usd, grain: day}", 5),
        ("{distinct: sales.who, grain: day}", 5),
        ("{balance: sales.usd, grain: day}", 5),
        ("{sum: sales.usd, window: 3 days, grain: day}", 7),
        ("{p90: sales.usd, window: 3 days, grain: day}", 7),
        ("{distinct: sales.who, window: 3 days, grain: day}", 7),
        ("{retention: sales.who, grain: day}", 6),
        ("{retention: sales.who, window: 3 days, grain: day}", 10),
    ],
)
def test_a_late_row_reaches_the_spans_that_hold_its_day(project: Project, kpi: str, last: int) -> None:
    """And of those that compare, the ones behind them."""
    begun(project, kpi)
    assert computed(project, "day", LATE) == days(5, last)


@pytest.mark.parametrize(
    "kpi",
    [
        "{open: sales, grain: day}",
        "{open: sales.who, grain: day}",
        "{open: sales, take: max, grain: day}",
        "{open: sales.who, take: mean, grain: day}",
    ],
)
def test_what_is_under_way_is_computed_from_a_day_on(project: Project, kpi: str) -> None:
    """And where nothing changed, from the day of the run before on: that one was not over."""
    today = "13,2026-03-13 09:00:00,,p1,a,5\n"
    begun(project, kpi, SALES + today)
    assert computed(project, "day", SALES + today, "2026-03-15T12:00+01:00") == days(13, 13)
    put_off(project)
    assert computed(project, "day", LATE.replace("\n13", "\n14") + today, "2026-03-15T12:00+01:00") == days(5, 13)


@pytest.mark.parametrize("grain", ["week", "month", "quarter", "year"])
def test_longer_periods_hold_the_day_too(project: Project, grain: str) -> None:
    """They are computed of all their rows, and those before them stand."""
    begun(project, "{sum: sales.usd, grain: day}")
    assert (
        computed(project, grain, LATE)
        == {
            "week": {"2026-W10"},
            "month": {"2026-03"},
            "quarter": {"2026-Q1"},
            "year": {"2026"},
        }[grain]
    )


def test_a_day_more(project: Project) -> None:
    """It is computed, and no other one."""
    begun(project, "{sum: sales.usd, grain: day}")
    more = SALES + "13,2026-03-13 09:00:00,2026-03-13 09:00:00,p1,a,5\n"
    assert computed(project, "day", more) == days(13, 13)


def test_a_day_whose_rows_change_places_is_another_one(project: Project) -> None:
    """A row that is changed, one that goes, one that is said to have been another day's."""
    begun(project, "{sum: sales.usd, grain: day}")
    changed = SALES.replace(",a,3\n", ",a,30\n").replace("\n7,2026-03-07", "\n7,2026-03-08")
    gone = "".join(line for line in changed.splitlines(keepends=True) if not line.startswith("10,"))
    assert computed(project, "day", gone) == {"2026-03-03", *days(7, 8), "2026-03-10"}


def test_rows_that_are_referred_to_change(project: Project) -> None:
    """The days whose rows refer to them are others, where a number asks for that."""
    begun(project, "{sum: sales.usd, grain: day, where: region = 'north'}")
    project.write(shops=SHOPS.replace("b,south", "b,west"))
    sales = SALES.replace("09 10:00:00,p1,a", "09 10:00:00,p1,b")
    assert computed(project, "day", sales) == days(4, 4)
    project.write(shops=SHOPS.replace("b,south", "b,north"))
    assert computed(project, "day", sales) == days(4, 4)
    assert project.values("it", "day")["2026-03-04"] == 4


def test_a_row_of_the_future_comes(project: Project) -> None:
    """Nothing is new but the time."""
    begun(project, "{sum: sales.usd, grain: day}")
    sales = SALES + "13,2026-03-13 18:00:00,2026-03-13 18:00:00,p1,a,5\n"
    assert computed(project, "day", sales, "2026-03-13T13:00+01:00") == days(13, 13) - days(13, 13)
    assert computed(project, "day", sales, "2026-03-13T19:00+01:00") == days(13, 13)


@pytest.mark.parametrize(
    "kpi",
    [
        "{distinct: sales.who, grain: day, about: A}",
        "{sum: sales.usd, grain: day, about: A}",
    ],
)
def test_other_definitions(project: Project, kpi: str) -> None:
    """Nothing that was kept is used."""
    begun(project, kpi)
    project.write(headway=CATALOGUE.replace("KPI", kpi.replace("about: A", "window: 2 days")))
    assert computed(project, "day") >= days(1, 12)


@pytest.mark.parametrize(
    "kpi",
    [
        "{retention: sales.who, ages: 1 month, grain: month}",
        "{retention: sales.who, after: 2 days, grain: day}",
        "{duration: {from: sales.at, to: sales.paid}, unit: days}",
    ],
)
def test_kinds_that_look_further_are_computed_whole(project: Project, kpi: str) -> None:
    """Nothing is kept of them."""
    project.write(headway=CATALOGUE.replace("KPI", kpi), sales=SALES, shops=SHOPS)
    assert project.run(NOON).whole
    assert not (project.root / FOLDER).exists()


def test_a_file_that_is_torn_or_of_another_kind_is_none(project: Project) -> None:
    """It costs time."""
    file = begun(project, "{sum: sales.usd, grain: day}")
    whole = file.read_bytes()
    for some in (whole[:-200], whole[: len(whole) // 2], b"", b"no tables"):
        file.write_bytes(some)
        assert computed(project, "day", SALES + f"{13 + len(some)},2026-03-01 09:00:00,,p1,a,5\n") >= days(1, 12)
    tables = dict(kept.read(file))
    write(file, tables | {"rows 0": tables["rows 0"].slice(1)})
    assert computed(project, "day") >= days(1, 12), "a table lacks a row"


def test_everything_on_demand(project: Project) -> None:
    """`--full` uses nothing that was kept, and keeps what it computed."""
    begun(project, "{sum: sales.usd, grain: day}")
    with Ledger.open(project.root / "ledger.db") as ledger:
        observe(catalogue.load(project.root), ledger, datetime.fromisoformat(NOON), full=True)
    assert project.values("it", "day")["2026-03-05"] == 5
    assert not any(value > OFF for value in _kept(project))


def _kept(project: Project) -> list[float]:
    (file,) = (project.root / FOLDER).iterdir()
    rows: pa.Table = kept.read(file)["rows 0"]
    return [value for value in rows["value"].to_pylist() if value is not None]
