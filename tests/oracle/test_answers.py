"""Runs that compute the touched periods alone against runs that compute everything: their ledgers are equal.

Rows come, come late, are changed, moved, taken out and of the future; so are rows of the source that they refer to. All
kinds of which it is known whose numbers a day reaches are there, by cells, under windows, by the hour, beside others.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from tests.oracle.test_unchanged import BEGIN, BERLIN, EXAMPLES, SETTINGS, STEPS, Side

from headway.answers import FOLDER

CATALOGUE = """
project: town
timezone: Europe/Berlin
min_group_size: 2
restatement: {tolerance: 5 %, after: 6 hours}
sources:
  visits:
    read: {files: visits.csv}
    columns: {id: integer, at: timestamp, ended: timestamp, who: text, shop: text, usd: number}
    key: id
    time: at
    until: ended
    times_in: Europe/Berlin
    people: who
    late_after: 5 hours
    refers: {shop: shops}
    derive: {cheap: usd < 20, score: "least(usd // 6, 10)"}
    exclude: [{where: region = 'nowhere', why: a test}]
    checks: [{between: {usd: [0, 90]}, name: sane}]
  shops:
    read: {files: shops.csv}
    columns: {shop: text, region: text, opened: date}
    key: shop
    time: opened
  levels:
    read: {files: levels.csv}
    columns: {on: date, shop: text, boxes: integer}
    time: on
    sparse: true
    refers: {shop: shops}
kpis:
  visits: {count: visits, by: [shop, region]}
  by_hour: {count: visits, grain: hour, by: [region]}
  spent: {sum: visits.usd, by: [region], unit: USD}
  spent_lately: {sum: visits.usd, window: 9 days, by: [region], unit: USD}
  ended: {count: visits, time: ended, by: [region]}
  average: {mean: visits.usd, unit: USD, targets: [{at_least: typical}]}
  highest: {max: visits.usd, grain: day, by: [shop], unit: USD}
  typical: {median: visits.usd, by: [region], unit: USD}
  slow: {p90: visits.usd, window: 5 days, grain: day, unit: USD}
  slow_by_hour: {p90: visits.usd, grain: hour, unit: USD}
  small: {share: visits.cheap, by: [region]}
  nps: {nps: visits.score, grain: month}
  people: {distinct: visits.who, by: [region], grain: day}
  active: {distinct: visits.who, window: 7 days, by: [region]}
  regulars: {distinct: visits.who, window: 9 days, min_days: 3}
  shops_in_use: {distinct: visits.shop, where: usd > 5, grain: week}
  left: {formula: active.dormant, by: [region]}
  again: {formula: people.returning, grain: day}
  fresh: {formula: spenders.new, grain: day}
  spenders: {distinct: visits.who, where: usd > 20, grain: day}
  kept: {retention: visits.who, window: calendar month, by: [region]}
  cohorts: {retention: visits.who, ages: 2 months, grain: month}
  there: {balance: levels.boxes, by: [region], grain: day}
  inside: {open: visits, by: [region]}
  visitors_inside: {open: visits.who, grain: day, by: [region]}
  inside_by_hour: {open: visits, grain: hour}
  crowd: {open: visits, take: max, by: [region]}
  crowd_by_hour: {open: visits.who, take: max, grain: hour}
  usually: {open: visits.who, take: mean, grain: week}
  crowd_since: {open: visits, take: min, tracked_from: 2026-02-20, retired_on: 2026-04-02, by: [region]}
  each: {formula: spent / visits, unit: USD}
"""
SHOPS, REGIONS = ("a", "b", "c"), ("north", "south", "nowhere")
ROWS = st.tuples(st.integers(0, 60), st.integers(0, 5), st.integers(0, 60), st.integers(0, 2))


class Days(RuleBasedStateMachine):
    """Everything that can happen to days."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.now = BEGIN
        self.number = 0
        self.visits: list[tuple[int, datetime, datetime | None, int, str, int]] = []
        self.levels: list[tuple[datetime, str, int]] = []
        self.region = dict(zip(SHOPS, REGIONS, strict=False)) | {"c": "south"}
        self.lived = Side(Path(self.folder.name) / "lived", full=False)
        self.fresh = Side(Path(self.folder.name) / "fresh", full=True)

    def teardown(self) -> None:
        """Close what is open."""
        for side in (self.lived, self.fresh):
            side.ledger.close()
        self.folder.cleanup()

    def come(self, at: datetime, who: int, usd: int, shop: int) -> None:
        """One more visit, some of which go on, and what is in the shop."""
        self.number += 1
        self.visits.append((self.number, at, at + timedelta(hours=usd) if usd % 4 else None, who, SHOPS[shop], usd))
        self.levels.append((at, SHOPS[shop], usd))

    def compute(self) -> None:
        """Both run, and hold the same afterwards."""

        def wall(moment: datetime | None) -> str:
            return f"{moment.astimezone(BERLIN):%Y-%m-%d %H:%M:%S}" if moment else ""

        visits = (f"{n},{wall(at)},{wall(to)},p{who},{shop},{usd}" for n, at, to, who, shop, usd in self.visits)
        levels = (f"{at:%Y-%m-%d},{shop},{boxes}" for at, shop, boxes in self.levels)
        files = {
            "headway.yml": CATALOGUE,
            "visits.csv": "\n".join(["id,at,ended,who,shop,usd", *visits, ""]),
            "shops.csv": "\n".join(
                ["shop,region,opened", *(f"{s},{r},2026-01-01" for s, r in self.region.items()), ""]
            ),
            "levels.csv": "\n".join(["on,shop,boxes", *levels, ""]),
        }
        for side in (self.lived, self.fresh):
            side.write(files)
        ours, theirs = self.lived.run(self.now), self.fresh.run(self.now)
        assert (ours.failed_kpis, ours.notes) == (theirs.failed_kpis, theirs.notes) == ({}, theirs.notes)
        mine, expected = self.lived.dump(), self.fresh.dump()
        for table, rows in expected.items():
            assert mine[table] == rows, table

    @initialize(rows=st.lists(ROWS, min_size=6, max_size=12))
    def begin(self, rows: list[tuple[int, int, int, int]]) -> None:
        """Two months."""
        for n, (days, who, usd, shop) in enumerate([*rows, (1, 1, 8, 0), (1, 3, 9, 0), (0, 0, 3, 1)]):
            self.come(BEGIN - timedelta(days=days, hours=n), who, usd, shop)
        self.compute()

    @rule(rows=st.lists(ROWS, max_size=3), hours=st.sampled_from([1, 20, 26, 50, 9 * 24]))
    def time_passes(self, rows: list[tuple[int, int, int, int]], hours: int) -> None:
        """With rows of the last hours, or without."""
        self.now += timedelta(hours=hours)
        for hour, who, usd, shop in rows:
            self.come(self.now - timedelta(hours=hour % min(hours, 30), minutes=usd), who, usd, shop)
        self.compute()

    @rule(rows=st.lists(ROWS, min_size=1, max_size=2))
    def rows_are_late(self, rows: list[tuple[int, int, int, int]]) -> None:
        """Of any day, the first one, too."""
        for days, who, usd, shop in rows:
            self.come(self.now - timedelta(days=days, minutes=usd), who, usd, shop)
        self.compute()

    @rule(hours=st.sampled_from([1, 3, 30]), shop=st.integers(0, 2))
    def a_row_is_of_the_future(self, hours: int, shop: int) -> None:
        """It counts once its time has come."""
        self.come(self.now + timedelta(hours=hours), hours, 7, shop)
        self.compute()

    @rule(row=st.integers(0, 50), usd=st.integers(0, 95), days=st.sampled_from([0, 0, 1, 33]))
    def a_row_is_changed(self, row: int, usd: int, days: int) -> None:
        """Its amount, and the day on which it is said to have been."""
        at = row % len(self.visits)
        number, began, ended, who, shop, _ = self.visits[at]
        self.visits[at] = number, began - timedelta(days=days), ended, who, shop, usd
        self.compute()

    @rule(row=st.integers(0, 50), hours=st.sampled_from([0, 5, 100]))
    def a_row_ends(self, row: int, hours: int) -> None:
        """Now, a while ago or later than it was said; or it goes on."""
        at = row % len(self.visits)
        number, began, ended, *rest = self.visits[at]
        until = max(began, self.now - timedelta(hours=hours)) if ended is None or hours else None
        self.visits[at] = (number, began, until, *rest)  # type: ignore[assignment]  # mypy takes rest for a list
        self.compute()

    @rule(one=st.integers(0, 50), other=st.integers(0, 50))
    def rows_change_places(self, one: int, other: int) -> None:
        """Whose they are: as many rows of each day as before."""
        i, j = one % len(self.visits), other % len(self.visits)
        first, second = self.visits[i], self.visits[j]
        self.visits[i], self.visits[j] = (*first[:3], *second[3:]), (*second[:3], *first[3:])
        self.compute()

    @rule(row=st.integers(0, 50))
    def a_row_goes(self, row: int) -> None:
        """With what was in the shop."""
        if len(self.visits) > 1:
            del self.visits[row % len(self.visits)], self.levels[row % len(self.levels)]
        self.compute()

    @rule(shop=st.sampled_from(SHOPS), region=st.sampled_from(REGIONS))
    def a_shop_lies_elsewhere(self, shop: str, region: str) -> None:
        """The rows that refer to it count there, or are excluded."""
        if region != "nowhere" or "nowhere" not in self.region.values():
            self.region[shop] = region
        self.compute()

    @rule(torn=st.booleans())
    def what_was_kept_is_lost(self, torn: bool) -> None:
        """The files are gone, or torn."""
        for file in (self.lived.root / FOLDER).iterdir():
            if torn:
                file.write_bytes(file.read_bytes()[:-300])
            else:
                file.unlink()
        self.time_passes([(1, 1, 1, 1)], 20)


@pytest.mark.slow
def test_whichever_days_change_ledgers_are_equal() -> None:
    """However few periods were computed again."""
    run_state_machine_as_test(Days, settings=settings(SETTINGS, max_examples=EXAMPLES, stateful_step_count=STEPS))
