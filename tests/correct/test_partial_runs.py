"""A run of a part of the catalogue leaves all else as it was: numbers, marks, what waits, and what pages say of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headway import catalog as catalogue
from headway import decide
from headway.catalog import select
from headway.errors import UsageError
from headway.ledger import Ledger
from headway.model import Audience
from headway.periods import Grain
from headway.publish import twin
from headway.publish.view import View
from headway.run import Outcome, observe

PROJECT = """
project: shop
audience: public
sources:
  log: {read: {files: log.csv}, columns: {at: timestamp}, time: at, sparse: true}
  sales:
    read: {files: sales.csv}
    columns: {id: integer, on: date, usd: number}
    key: id
    time: on
    checks: [{between: {usd: [0, 100]}, name: sane, then: warn}]
  lost: {read: {files: lost.csv}, columns: {on: date}, time: on}
  stock: {read: {files: stock.csv}, columns: {on: date, pieces: integer}, time: on}
kpis:
  visits:    {count: log, grain: hour, rank: headline}
  revenue:   {sum: sales.usd, unit: USD, targets: [{grain: month, at_least: 5}], rank: headline}
  orders:    {count: sales, unit: orders}
  per_order: {formula: revenue / orders, unit: USD, grain: day}
  returns:   {count: lost}
  pieces:    {mean: stock.pieces, targets: [{at_least: 5}]}
"""
NOW = datetime(2026, 4, 10, 5, 30, tzinfo=UTC)
SALES = "id,on,usd\n1,2026-04-07,5\n2,2026-04-08,9\n3,2026-04-09,7\n4,2026-03-03,8\n"
VISITS = "".join(f"2026-04-{day:02}T{hour:02}:30:00\n" for day in (8, 9) for hour in range(24))


class Shop:
    """The project, its ledger, and its clock."""

    def __init__(self, root: Path, ledger: Ledger) -> None:
        self.root = root
        self.ledger = ledger
        self.now = NOW

    def write(self, **files: str) -> None:
        """Files of data."""
        for name, text in files.items():
            (self.root / f"{name}.csv").write_text(text)

    def run(self, *selectors: str, later: timedelta = timedelta()) -> Outcome:
        """A run, a while later."""
        self.now += later
        found = catalogue.load(self.root)
        return observe(found, self.ledger, self.now, select.kpis(found, selectors))

    def page(self, name: str, hours: int = 0) -> Any:
        """The page of a KPI, as JSON, for a reader so many hours after the last run."""
        now = self.now + timedelta(hours=hours)
        return twin.plain(View(self.ledger, catalogue.load(self.root), Audience.RESTRICTED, now).kpi(name))

    def front(self) -> Any:
        """The front page."""
        return View(self.ledger, catalogue.load(self.root), Audience.RESTRICTED, self.now).front()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop after its nightly run: one source cannot be read, and another has brought nothing since Monday."""
    (tmp_path / "headway.yml").write_text(PROJECT)
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        made = Shop(tmp_path, ledger)
        made.write(log="at\n" + VISITS, sales=SALES, stock="on,pieces\n2026-04-05,9\n2026-04-06,8\n")
        assert set(made.run().failed_sources) == {"lost"}
        yield made


OTHERS = ("revenue", "orders", "per_order", "returns", "pieces")


def test_pages_of_what_was_not_computed_stay_as_they_are(shop: Shop) -> None:
    """Numbers, statuses, sources, checks, what failed and what is stale: of the run that computed them."""
    before = {name: shop.page(name, hours=1) for name in OTHERS}
    assert before["returns"]["tile"]["verdict"]["key"] == "failed"
    assert before["pieces"]["tile"]["verdict"]["key"] == "stale"
    assert before["revenue"]["sources"][0]["rows"] == 4
    shop.write(log="at\n" + VISITS + "2026-04-10T05:40:00\n", sales="id,on,usd\n")  # nobody looks at sales
    assert shop.run("grain:hour", later=timedelta(hours=1)).computed == ("visits",)
    assert {name: shop.page(name) for name in OTHERS} == before
    assert shop.page("visits")["stamp"]["computed"] != before["revenue"]["stamp"]["computed"]


def test_the_front_page_says_what_still_cannot_be_read(shop: Shop) -> None:
    """A source that the newest run did not look at failed when it was last tried."""
    before = shop.front()
    shop.run("grain:hour", later=timedelta(hours=1))
    after = shop.front()
    assert before.notices == after.notices
    assert "Source lost could not be read" in before.notices[0]
    assert before.counts == after.counts
    assert before.brief == after.brief


def test_a_day_that_ended_since_a_kpi_was_computed_is_no_missing_data(shop: Shop) -> None:
    """After midnight hourly runs go on: orders have yesterday's number at night, and are not stale until then."""
    shop.run("grain:hour", later=timedelta(hours=20))  # the day after, 01:30
    shop.write(log="at\n" + VISITS + "2026-04-10T23:40:00\n")
    tile = shop.page("orders")["tile"]
    assert (tile["verdict"]["key"], tile["period"]) == ("no target", "2026-04-09")
    assert shop.page("visits")["tile"]["period"] == "2026-04-11T00"


def test_what_waits_of_others_waits(shop: Shop) -> None:
    """A ratio and what it is made of are decided together, whichever run found the change of either."""
    shop.write(sales=SALES.replace("03-03,8", "03-03,80"))
    shop.run("revenue", later=timedelta(days=1))
    (first,) = shop.ledger.restatements("waiting")
    assert {part.kpi for part in first.kpis} == {"revenue"}
    shop.run(later=timedelta(hours=1))
    waiting = shop.ledger.restatements("waiting")
    assert [{part.kpi for part in one.kpis} for one in waiting] == [{"revenue"}, {"per_order"}]
    shop.run("grain:hour", later=timedelta(hours=1))
    shop.run("revenue", later=timedelta(hours=1))
    assert shop.ledger.restatements("waiting") == waiting
    found = catalogue.load(shop.root)
    alone, both = (decide.Decision(ids, accept=True, who="somebody", why="counted") for ids in ((first.id,), (1, 2)))
    with pytest.raises(UsageError) as caught:
        decide.settle(found, shop.ledger, alone, shop.now)
    assert caught.value.slug == "decided-together"
    decide.settle(found, shop.ledger, both, shop.now)
    assert shop.ledger.read("per_order", grain=Grain.DAY)["value"][0].as_py() == 80.0


def test_what_a_formula_reads_is_computed_with_it(shop: Shop) -> None:
    """So both come from one state of the data."""
    shop.write(sales=SALES + "5,2026-04-10,3\n")
    assert shop.run("per_order", later=timedelta(hours=1)).computed == ("revenue", "orders", "per_order")
