"""A build that takes over what cannot differ from the build before is, byte for byte, a build of everything."""

from __future__ import annotations

import importlib
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from headway import catalog, clock, run
from headway.decide import Saying, acknowledge
from headway.ledger import Ledger
from headway.model import Audience
from headway.publish import drawings, keys, site, view
from headway.publish.earlier import Earlier
from headway.publish.keys import Keys

#: The room gives its verb the same name.
svg = importlib.import_module("headway.charts.svg")

PROJECT = """\
project: shop
title: The corner shop
areas: {floor: {title: The floor, owner: ana}, back: {title: The back, owner: ben}}
owners: {ana: Ana <ana@shop.example>, ben: Ben}
restatement: {tolerance: 0.1 %, after: 3 days}
routes: {team: {apprise: env:TEAM}}
levels: {warning: {respond: 4 hours, to: team}}
sources:
  visits:
    about: One row for each visit.
    read: {files: visits.csv}
    columns: {visit: integer, person: text, at: timestamp, spent: number, shelf: text}
    key: visit
    time: at
    checks: [{fresh: 2 days, then: warn}]
  bills:
    read: {files: bills.csv}
    columns: {bill: integer, day: date, cost: number}
    key: bill
    time: day
kpis:
  visits: {count: visits, grain: day, by: [shelf], unit: visits, area: floor, targets: [{at_least: 3}]}
  visitors: {distinct: visits.person, window: 30 days, by: [shelf], by_grain: month, unit: people, area: floor}
  spent:
    {sum: visits.spent, grain: month, by: [shelf], unit: EUR, area: floor, rank: headline,
     checks: [{equals: {2026-01: 1}, then: warn}]}
  costs: {sum: bills.cost, grain: month, unit: EUR, area: back, audience: internal}
  margin: {formula: (spent - costs) / spent, grain: month, unit: percent, area: back, targets: [{at_least: 20 %}]}
  basket: {formula: spent / visits, grain: month, unit: EUR, area: floor}
  soon: {tracked_from: 2027-01-01, unit: people, area: back}
alerts:
  thin: {level: warning, kpi: spent, below: 100000}
objectives:
  more:
    title: Sell more
    from: 2026-01-01
    due: 2026-06-30
    expects: [{kpi: spent, reach: 9000}]
notes:
  - {on: 2026-02-02, text: The sale begins.}
boards:
  floor:
    title: The floor
    sections: [{title: All, tiles: [visits, spent, {chart: spent, by: shelf, as: stacked bar}]}]
  shelf:
    title: Shelves
    for_each: shelf
    sections: [{tiles: [{number: visits, grain: month}]}]
"""
FIRST, LAST = date(2025, 12, 1), date(2026, 3, 9)


@dataclass
class Shop:
    """A project on disk, its ledger, and the moment."""

    root: Path
    ledger: Ledger
    now: datetime = datetime(2026, 3, 10, 6, 10, tzinfo=UTC)
    audience: Audience = Audience.INTERNAL
    bills: dict[int, float] = field(default_factory=dict)

    def write(self, text: str) -> None:
        (self.root / "headway.yml").write_text(text, "utf-8")

    def edit(self, old: str, new: str) -> None:
        text = (self.root / "headway.yml").read_text("utf-8")
        assert old in text, old
        self.write(text.replace(old, new, 1))

    def data(self) -> None:
        days = [FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1)]
        lines = ["visit,person,at,spent,shelf"]
        lines += [
            f"{n},p{n % 37},{days[n // 5]}T{8 + n % 9:02}:15:00,{n % 11 + 1},{('a', 'b', 'Con')[n % 3]}"
            for n in range(len(days) * 5)
        ]
        (self.root / "visits.csv").write_text("\n".join(lines) + "\n")
        bills = (f"{n},{day},{self.bills.get(n, 20 + n % 3)}" for n, day in enumerate(days))
        (self.root / "bills.csv").write_text("\n".join(["bill,day,cost", *bills]) + "\n")

    def compute(self, *names: str) -> None:
        run.observe(catalog.load(self.root), self.ledger, self.now, names)

    def build(self, folder: str, *, full: bool = False) -> site.Built:
        shown = view.open(self.ledger, catalog.load(self.root), self.audience, self.now)
        return site.build(shown, self.root.parent / folder, full=full)

    def same(self) -> int:
        """Build both ways; how many files were taken over."""
        again, whole = self.build("again"), self.build("whole", full=True)
        assert again.files == whole.files
        assert not whole.kept
        for path in (*whole.files, site.MARK):
            assert (again.folder / path).read_bytes() == (whole.folder / path).read_bytes(), path
        return again.kept


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop that was computed once."""
    root = tmp_path / "shop"
    root.mkdir()
    with Ledger.open(root / "ledger.db") as ledger:
        made = Shop(root, ledger)
        made.write(PROJECT)
        made.data()
        made.compute()
        yield made


def _later(hours: float) -> Callable[[Shop], None]:
    def pass_time(shop: Shop) -> None:
        shop.now += timedelta(hours=hours)

    return pass_time


def _edit(old: str, new: str) -> Callable[[Shop], None]:
    return lambda shop: shop.edit(old, new)


def _restate(shop: Shop) -> None:
    """A bill of a closed month changes, and a run sees it."""
    shop.bills[10] = 400.0
    shop.data()
    shop.compute()


def _accept(shop: Shop) -> None:
    waiting = [one.id for one in shop.ledger.restatements("waiting")]
    if waiting:
        shop.ledger.decide(waiting, accept=True, who="ana", why="a late bill", now=shop.now)


def _tick(shop: Shop) -> None:
    """The clock looks at alerts, and what fires is handed to nobody who is there."""
    clock.tick(catalog.load(shop.root), shop.ledger, shop.now, {})


def _acknowledge(shop: Shop) -> None:
    """Somebody looks after the alert, if it fires."""
    found = catalog.load(shop.root)
    if any(state.phase.fires for state in shop.ledger.alerting().states):
        acknowledge(found, shop.ledger, ["thin"], Saying("ana", "on it", shop.now))


def _public(shop: Shop) -> None:
    shop.audience = Audience.PUBLIC if shop.audience is Audience.INTERNAL else Audience.INTERNAL


STEPS: dict[str, Callable[[Shop], None]] = {
    "nothing": lambda shop: None,
    "a title": _edit("by_grain: month, unit: people", "by_grain: month, title: Customers, unit: people"),
    "a line above": _edit("kpis:\n", "kpis:\n  # What we measure.\n\n"),
    "a target": _edit("targets: [{at_least: 20 %}]", "targets: [{at_least: 30 %}]"),
    "a unit": _edit("unit: people, area: back", "unit: guests, area: back"),
    "a board": _edit("tiles: [visits, spent,", "tiles: [visits, basket, spent,"),
    "a note": _edit("notes:\n", "notes:\n  - {on: 2026-02-20, text: New shelf, kpis: [visits]}\n"),
    "an owner": _edit("owner: ben}", "owner: ana}"),
    "an objective": _edit(
        "expects: [{kpi: spent, reach: 9000}]", "expects: [{kpi: spent, reach: 9000}, {kpi: margin, reach: 50 %}]"
    ),
    "a source": _edit("about: One row for each visit.", "about: A visit."),
    "an alert": _edit("alerts:\n", "alerts:\n  few: {level: warning, kpi: visits, below: 100000}\n"),
    "another reader of a KPI": _edit("by: [shelf], unit: EUR, area: floor, rank", "by: [shelf], unit: EUR, rank"),
    "an hour": _later(1),
    "three days": _later(72),
    "a run of one": lambda shop: shop.compute("visitors"),
    "a run": lambda shop: shop.compute(),
    "a restatement": _restate,
    "it is accepted": _accept,
    "an alert fires": _tick,
    "somebody looks after it": _acknowledge,
    "another audience": _public,
    "the first audience": _public,
    "where it stands": _edit("areas:", "site_url: https://kpis.shop.example\nareas:"),
    "the brand": _edit("title: The corner shop\n", "title: The corner shop\nbrand: {accent: '#7A1FC4'}\n"),
}


@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_taken_over_is_what_would_be_made(shop: Shop, seed: int) -> None:
    """After each of many changes, and of some in another order, building on and building all give equal files."""
    names = list(STEPS)
    if seed:
        names = random.Random(seed).sample(names, 9)
    shop.same()
    for name in names:
        STEPS[name](shop)
        try:
            shop.same()
        except AssertionError as error:
            raise AssertionError(f"after {name}: {error}") from None


def test_one_change_makes_few_pages(shop: Shop) -> None:
    """Nothing changed: only lists are made again. A title changed: the pages of its KPI, and of those that name it."""

    def made() -> set[str]:
        before = {path: (folder / path).stat().st_ino for path in shop.build("again").files}
        return {path for path in shop.build("again").files if (folder / path).stat().st_ino != before[path]}

    folder = shop.build("again").folder
    lists = made()
    assert not [path for path in lists if path.startswith(("kpi/", "board/", "objective/"))]
    before = {path: (folder / path).stat().st_ino for path in shop.build("again").files}
    STEPS["a title"](shop)
    again = {path for path in shop.build("again").files if (folder / path).stat().st_ino != before[path]}
    assert {path.split(".")[0] for path in again - lists} == {"kpi/visitors"}


def test_a_wrong_key_is_noticed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that forgets what a page is made of takes over what is not the same: the comparison above can fail."""
    monkeypatch.setattr(Keys, "_kpi", lambda self, name: self._said(name))
    shop.same()
    STEPS["a title"](shop)
    with pytest.raises(AssertionError):
        shop.same()


def test_a_chart_is_drawn_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages made anew show the drawings there were where nothing that is drawn changed; few enough are kept."""
    shop.build("again")
    kept = {file: file.read_text("utf-8") for file in (shop.root / drawings.FOLDER).iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(svg, "_compiled", lambda whole: pytest.fail("it is drawn again"))
        STEPS["a title"](shop)
        assert "Customers" in (shop.build("again").folder / "kpi" / "visitors.html").read_text("utf-8")
    assert shop.same() > 0
    for file in kept:
        file.write_text("<g>mine</g>", "utf-8")
    shop.edit("title: Customers", "title: Guests")
    assert "<g>mine</g>" in (shop.build("again").folder / "kpi" / "visitors.html").read_text("utf-8")
    whole = shop.build("whole", full=True)
    assert not [path for path in whole.files if b"<g>mine</g>" in (whole.folder / path).read_bytes()]
    assert {file: file.read_text("utf-8") for file in kept} == kept
    monkeypatch.setattr(drawings, "MOST", 3)
    shop.build("again", full=True)
    assert len(list((shop.root / drawings.FOLDER).iterdir())) == 3


def test_another_release_makes_all_pages(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is taken over from another version of this code."""
    shop.same()
    monkeypatch.setattr(keys, "code", lambda: "another")
    assert shop.same() == 0
    assert shop.same() > 0


def test_two_builds_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build for other readers takes the folder before this one has kept its keys: none of its files become ours."""
    keep = Earlier.keep

    def late(self: Earlier) -> None:
        monkeypatch.undo()
        shop.audience = Audience.INTERNAL
        shop.build("again")
        keep(self)

    shop.edit("project: shop\n", "project: shop\naudience: public\n")
    shop.audience = Audience.PUBLIC
    shop.build("again")
    monkeypatch.setattr(Earlier, "keep", late)
    shop.build("again", full=True)
    shop.audience = Audience.PUBLIC
    shop.same()


def test_a_file_that_somebody_touched_is_made_again(shop: Shop) -> None:
    """What stands in the folder is taken over only as it was written; without the record nothing is."""
    built = shop.build("again")
    page = built.folder / "kpi" / "visits.html"
    page.unlink()
    page.write_text("mine")
    os.utime(page)
    (built.folder / "kpi" / "spent.html").unlink()
    assert shop.same() > 0
    for record in (shop.root / ".headway" / "built").iterdir():
        record.write_text("{")
    assert shop.same() == 0
