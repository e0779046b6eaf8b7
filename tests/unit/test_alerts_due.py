"""What is told to whom and when: mutes, silences, acknowledgements, repeats, digests, groups, outlets that are down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway import catalog as catalogue
from headway.alerts import due, notice_id
from headway.alerts.due import Because
from headway.model import (
    Acknowledgement,
    Alerting,
    AlertState,
    Catalog,
    Delivery,
    Notice,
    Phase,
    RuleCell,
    Sight,
    Silence,
    Tells,
)

PROJECT = """
project: shop
timezone: Europe/Berlin
sources:
  orders: {read: {files: orders.csv}, time: at, key: id, checks: [{rule: amount >= 0, name: paid, then: warn}]}
kpis:
  sales: {title: Sales, sum: orders.amount, by: [hub], grain: day}
  mean: {title: Mean, formula: sales / sales, grain: day}
  staff: {title: Staff, entered: staff.csv}
routes:
  pager: {apprise: env:PAGER}
  team: {apprise: env:TEAM}
  boss: {apprise: env:BOSS}
  machine: {alertmanager: env:MACHINE}
levels:
  critical: {respond: 15 minutes, to: pager, repeat: 1 hour, escalate: boss}
  warning: {respond: 4 hours, to: team, repeat: 1 day, escalate: boss}
  together: {respond: 5 hours, to: team, group: level}
  apart: {respond: 6 hours, to: team, group: none}
  daily: {respond: 1 day, to: team, digest: daily}
  weekly: {respond: 2 days, to: team, digest: weekly}
alerts:
  sales_gone: {level: critical, kpi: sales, below: 1}
  sales_low: {level: warning, kpi: sales, below: 10}
  sales_low_at_hub: {level: apart, kpi: sales, for: {hub: each}, below: 5}
  sales_thin: {level: together, kpi: sales, below: 11}
  mean_low: {level: warning, kpi: mean, below: 2}
  staff_low: {level: together, kpi: staff, below: 2}
  sales_stale: {level: warning, kpi: sales, stale: 5 days}
  no_orders: {level: critical, source: orders}
  unpaid: {level: warning, check: orders.paid}
  sales_down: {level: daily, kpi: sales, below: 20}
  sales_slow: {level: weekly, kpi: sales, below: 21}
  breach: {level: critical, event: data breach, to: machine}
"""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """A project with every sort of level."""
    root = tmp_path_factory.mktemp("shop")
    (root / "headway.yml").write_text(PROJECT)
    return catalogue.load(root)


#: A Tuesday, 13:00 in Berlin.
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def at(hours: float = 0, minutes: float = 0) -> datetime:
    """So long after noon."""
    return NOON + timedelta(hours=hours, minutes=minutes)


def cell(alert: str, of: str = "kpi sales", where: str = "") -> RuleCell:
    """What an alert watches."""
    return RuleCell(alert, of, "", "day" if of.startswith("kpi") else "", f'{{"hub": "{where}"}}' if where else "")


@dataclass
class World:
    """What the ledger holds, outlets that are up or down, and who was told what when."""

    catalog: Catalog
    notices: list[Notice] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    taken: dict[tuple[RuleCell, int], Acknowledgement] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()
    down: set[str] = field(default_factory=set)
    #: (route, what it was told), in the order of their sending.
    told: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    waiting: dict[str, Because] = field(default_factory=dict)
    again: dict[str, tuple[Notice, ...]] = field(default_factory=dict)
    #: How often an outlet was tried.
    tries: int = 0

    def make(self, when: datetime, of: RuleCell, tells: Tells = Tells.START, episode: int = 1, number: int = 1) -> None:
        """What the machine makes."""
        alert = self.catalog.alerts[of.alert]
        name = notice_id(of, episode, tells, number)
        one = Notice(name, of, episode, tells, number, when, when, alert.level, alert.to, when, value=float(number))
        self.notices.append(one)

    def alerting(self) -> Alerting:
        """What there is now."""
        ended = {(one.of, one.episode) for one in self.notices if one.tells is Tells.END}
        states = tuple(
            AlertState(one.of, "", Phase.FIRING, Sight.BEYOND, episode=one.episode, value=7.0)
            for one in self.notices
            if one.tells is Tells.START and (one.of, one.episode) not in ended
        )
        taken = tuple(self.taken.values())
        return Alerting(states, tuple(self.notices), tuple(self.deliveries), taken, self.silences)

    def take(self, when: datetime, of: RuleCell, *, taken: bool = True) -> None:
        """Somebody takes an episode, or hands it back."""
        self.taken[of, 1] = Acknowledgement(of, 1, "Ada", "", when, taken)

    def silence(self, start: datetime, until: datetime, **matchers: str) -> None:
        """Nobody is told."""
        self.silences += (Silence(f"s{len(self.silences)}", matchers, start, until, "Ada", "deploying"),)

    def look(self, when: datetime) -> due.Due:
        """What is due."""
        sent: dict[str, datetime] = {}
        for one in self.deliveries:
            if one.sent:
                sent[one.route] = max(one.at, sent.get(one.route, one.at))
        return due.due(self.catalog, self.alerting(), sent, when)

    def tick(self, when: datetime, dies: Callable[[], bool] = lambda: False) -> list[tuple[str, tuple[str, ...]]]:
        """One tick, which may die at each step; gives what outlets took in it."""
        found = self.look(when)
        before = len(self.told)
        self.waiting = {key: held.because for key, held in found.held.items()}
        self.again = dict(found.firing)
        if dies():
            return []
        self.notices += found.made
        self.deliveries += found.dropped
        tired: set[str] = set()
        for parcel in found.parcels:
            if parcel.route in tired:
                continue
            if dies():
                break
            self.tries += 1
            taken = parcel.route not in self.down
            if taken:
                said = tuple(f"{one.of.alert}{_hub(one)} {one.tells}" for one in parcel.notices)
                self.told.append((parcel.route, said))
                if dies():
                    break
            else:
                tired.add(parcel.route)
            error = "" if taken else "the connection was refused"
            self.deliveries += [Delivery(one.id, parcel.route, when, taken, error) for one in parcel.notices]
        return self.told[before:]

    def dropped(self) -> dict[str, str]:
        """What was dropped, and why."""
        names = {one.id: f"{one.of.alert}{_hub(one)} {one.tells}" for one in self.notices}
        return {names[one.notice]: one.dropped for one in self.deliveries if one.dropped}


def _hub(one: Notice) -> str:
    return one.of.cell.removeprefix('{"hub": "').removesuffix('"}').join("[]") if one.of.cell else ""


@pytest.fixture
def world(catalog: Catalog) -> World:
    """Nothing happened yet."""
    return World(catalog)


GONE, LOW, THIN = cell("sales_gone"), cell("sales_low"), cell("sales_thin")


# -- once --------------------------------------------------------------------------------------------------------------


def test_a_start_and_an_end_are_told_once(world: World) -> None:
    """However often the clock ticks."""
    world.make(at(), THIN)
    assert world.tick(at()) == [("team", ("sales_thin start",))]
    assert world.tick(at(minutes=1)) == []
    world.make(at(9), THIN, Tells.END)
    assert world.tick(at(9)) == [("team", ("sales_thin end",))]
    assert world.tick(at(9, 1)) == []
    assert world.dropped() == {}


def test_what_began_and_ended_between_two_ticks_is_told_in_one_message(world: World) -> None:
    """Nobody is missed because nobody ticked."""
    world.make(at(), THIN)
    world.make(at(), THIN, Tells.END)
    assert world.tick(at()) == [("team", ("sales_thin start", "sales_thin end"))]


def test_what_became_worse_is_told_with_the_last_number(world: World) -> None:
    """Of several such notices that wait, the last says it."""
    world.make(at(), THIN)
    world.tick(at())
    world.down = {"team"}
    world.make(at(1), THIN, Tells.WORSE, number=1)
    world.tick(at(1))
    world.make(at(2), THIN, Tells.WORSE, number=2)
    world.down = set()
    assert world.tick(at(2)) == [("team", ("sales_thin worse",))]
    assert world.dropped() == {"sales_thin worse": "a later one says more"}
    world.down = {"team"}
    world.make(at(3), THIN, Tells.WORSE, number=3)
    world.tick(at(3))
    world.make(at(4), THIN, Tells.END)
    world.down = set()
    assert world.tick(at(4)) == [("team", ("sales_thin end",))]


# -- mutes -------------------------------------------------------------------------------------------------------------


def test_the_more_severe_mutes_the_less_severe_of_the_same_kpi(world: World) -> None:
    """In its cell and below; when it ends, what still fires is told."""
    hub = cell("sales_low_at_hub", where="a")
    for of in (LOW, hub, GONE, cell("mean_low", "kpi mean")):
        world.make(at(), of)
    assert world.tick(at()) == [("pager", ("sales_gone start",)), ("team", ("mean_low start",))]
    assert set(world.waiting.values()) == {Because.MUTED}
    world.make(at(1), GONE, Tells.END)
    world.make(at(1), hub, Tells.END)
    assert world.tick(at(1)) == [("pager", ("sales_gone end",)), ("team", ("sales_low start",))]
    muted = "muted by sales_gone, and it ended meanwhile"
    assert world.dropped() == {"sales_low_at_hub[a] start": muted, "sales_low_at_hub[a] end": muted}


def test_a_cell_mutes_no_total(world: World) -> None:
    """What fires in one cell says nothing of the others."""
    world.make(at(), replace(GONE, cell='{"hub": "a"}'))
    world.make(at(), LOW)
    world.make(at(), cell("sales_low_at_hub", where="b"))
    told = [said for _, said in world.tick(at())]
    assert told == [("sales_gone[a] start",), ("sales_low start",)]
    assert world.waiting, "that of hub b is muted by that of the total"


def test_both_end_at_once(world: World) -> None:
    """Who was muted until the end is not told of it."""
    for of in (GONE, LOW):
        world.make(at(), of)
    world.tick(at())
    for of in (GONE, LOW):
        world.make(at(1), of, Tells.END)
    assert world.tick(at(1)) == [("pager", ("sales_gone end",))]
    assert set(world.dropped().values()) == {"muted by sales_gone, and it ended meanwhile"}


def test_whoever_outlived_what_muted_it_is_told(world: World) -> None:
    """Also if all of that is learned at once, after days without a clock."""
    for of, first, last in ((GONE, 24, 48), (LOW, 0, 72)):
        world.make(at(first), of)
        world.make(at(last), of, Tells.END)
    assert world.tick(at(72)) == [
        ("pager", ("sales_gone start", "sales_gone end")),
        ("team", ("sales_low start", "sales_low end")),
    ]
    other = World(world.catalog)
    for of, first, last in ((LOW, 0, 24), (GONE, 48, 72)):
        other.make(at(first), of)
        other.make(at(last), of, Tells.END)
    assert len(other.tick(at(72))) == 2, "it was over when the other began"


def test_what_was_told_is_not_repeated_while_something_worse_fires(world: World) -> None:
    """Nor what became worse of it, until that ended; its own end is told."""
    world.make(at(), LOW)
    world.tick(at())
    world.make(at(1), GONE)
    world.make(at(1), LOW, Tells.WORSE)
    assert world.tick(at(1)) == [("pager", ("sales_gone start",))]
    world.take(at(1), GONE)
    assert world.tick(at(25)) == []
    world.make(at(26), LOW, Tells.END)
    assert world.tick(at(26)) == [("team", ("sales_low end",))]


def test_only_who_is_told_mutes(world: World) -> None:
    """A critical alert whose outlet is down, or which is silenced, keeps no warning back."""
    for of in (GONE, LOW):
        world.make(at(), of)
    world.down = {"pager"}
    assert world.tick(at()) == [], "it was hoped that the outlet is up"
    assert world.tick(at(minutes=1)) == [("team", ("sales_low start",))]
    other = World(world.catalog)
    for of in (GONE, LOW):
        other.make(at(), of)
    other.silence(at(), at(3), alert="sales_gone")
    assert other.tick(at()) == [("team", ("sales_low start",))]


def test_a_failed_check_mutes_what_reads_the_source(world: World) -> None:
    """One message instead of five, through formulas as well; other KPIs are told."""
    for of in (GONE, LOW, cell("mean_low", "kpi mean"), cell("staff_low", "kpi staff")):
        world.make(at(), of)
    world.make(at(), cell("unpaid", "check orders.paid"))
    assert [said for _, said in world.tick(at())] == [("unpaid start",), ("staff_low start",)]
    world.make(at(1), cell("unpaid", "check orders.paid"), Tells.END)
    told = [said for _, said in world.tick(at(1))]
    assert told == [("sales_gone start",), ("unpaid end",), ("mean_low start",)]


def test_a_source_that_cannot_be_read_mutes_that_nothing_new_comes(world: World) -> None:
    """Which follows from it; what its numbers are does not."""
    world.make(at(), cell("sales_stale"))
    world.make(at(), THIN)
    world.make(at(), cell("no_orders", "source orders"))
    assert [said for _, said in world.tick(at())] == [("no_orders start",), ("sales_thin start",)]


# -- silences ----------------------------------------------------------------------------------------------------------


def test_what_still_fires_when_a_silence_ends_is_told_then(world: World) -> None:
    """By every matcher; what ended meanwhile is not told, and nothing else waits."""
    matchers = [{"alert": "sales_low"}, {"kpi": "sales", "level": "warning"}, {"route": "team", "alert": "sales_low"}]
    for matcher in matchers:
        one = World(world.catalog)
        one.silence(at(), at(3), **matcher)
        one.make(at(), LOW)
        one.make(at(), THIN)
        assert one.tick(at(1)) == [("team", ("sales_thin start",))]
        assert list(one.waiting.values()) == [Because.SILENCED]
        assert one.tick(at(3)) == [("team", ("sales_low start",))]


def test_a_silence_of_one_cell(world: World) -> None:
    """By a column of it."""
    world.silence(at(), at(3), hub="a")
    for hub in "ab":
        world.make(at(), cell("sales_low_at_hub", where=hub))
    assert world.tick(at(1)) == [("team", ("sales_low_at_hub[b] start",))]


def test_what_ended_while_it_was_silenced_is_told_if_its_start_was(world: World) -> None:
    """Else it came and went."""
    hubs = [cell("sales_low_at_hub", where=hub) for hub in "ab"]
    world.make(at(), hubs[0])
    world.tick(at())
    world.silence(at(1), at(5), alert="sales_low_at_hub")
    world.make(at(2), hubs[1])
    for hub in hubs:
        world.make(at(3), hub, Tells.END)
    assert world.tick(at(3)) == []
    assert world.tick(at(5)) == [("team", ("sales_low_at_hub[a] end",))]
    assert set(world.dropped()) == {"sales_low_at_hub[b] start", "sales_low_at_hub[b] end"}
    assert set(world.dropped().values()) == {"silenced (s0), and it ended meanwhile"}


def test_nothing_is_repeated_or_escalated_while_it_is_silenced(world: World) -> None:
    """Afterwards it is, at once if it is late."""
    world.make(at(), GONE)
    world.tick(at())
    world.silence(at(0, 5), at(3), kpi="sales")
    assert world.tick(at(2)) == []
    assert world.tick(at(3)) == [("pager", ("sales_gone repeat",)), ("boss", ("sales_gone escalation",))]


# -- repeats and escalations ------------------------------------------------------------------------------------------


def test_repeats_come_each_time_it_is_due(world: World) -> None:
    """After hours without a clock, once."""
    world.make(at(), GONE)
    world.take(at(), GONE, taken=False)
    told = {minute: world.tick(at(minutes=minute)) for minute in (0, 59, 60, 61, 119, 120, 301, 302, 359, 360)}
    repeats = [minute for minute, said in told.items() if ("pager", ("sales_gone repeat",)) in said]
    assert repeats == [60, 120, 301, 360]
    [repeat] = [one for one in world.notices if one.tells is Tells.REPEAT and one.number == 2]
    assert repeat.value == 7.0, "it tells how it is now"


def test_nobody_answered_in_time(world: World) -> None:
    """Somebody else is called, once, and told when it ends."""
    world.make(at(), GONE)
    world.tick(at())
    assert world.tick(at(minutes=14)) == []
    assert world.tick(at(minutes=15)) == [("boss", ("sales_gone escalation",))]
    assert world.tick(at(minutes=40)) == []
    world.make(at(minutes=50), GONE, Tells.END)
    ended = world.tick(at(minutes=50))
    assert sorted(ended) == [("boss", ("sales_gone end",)), ("pager", ("sales_gone end",))]
    assert world.tick(at(minutes=51)) == []


def test_whoever_was_not_reached_in_time_is_not_told_of_the_end(world: World) -> None:
    """There is nothing to do any more for those who were to be called."""
    world.make(at(), GONE)
    world.tick(at())
    world.down = {"boss"}
    assert world.tick(at(minutes=15)) == []
    world.make(at(minutes=16), GONE, Tells.END)
    world.down = set()
    assert world.tick(at(minutes=16)) == [("pager", ("sales_gone end",))]
    assert world.tick(at(2)) == []
    assert world.dropped() == {"sales_gone escalation": "it ended before"}


def test_whoever_takes_it_is_left_alone(world: World) -> None:
    """Until they hand it back: from then on there is time to respond once more."""
    world.make(at(), GONE)
    world.tick(at())
    world.take(at(minutes=10), GONE)
    assert [world.tick(at(hours)) for hours in (1, 2, 9)] == [[], [], []]
    world.take(at(9, 30), GONE, taken=False)
    assert world.tick(at(9, 31)) == [("pager", ("sales_gone repeat",))]
    assert world.tick(at(9, 44)) == []
    assert world.tick(at(9, 45)) == [("boss", ("sales_gone escalation",))]


def test_an_outlet_that_is_down_does_not_stop_the_escalation(world: World) -> None:
    """Nobody can answer what they were not told; others are called, and all are told in the end."""
    world.down = {"pager"}
    world.make(at(), GONE)
    world.tick(at())
    assert world.tick(at(minutes=15)) == [("boss", ("sales_gone escalation",))]
    world.make(at(minutes=20), GONE, Tells.END)
    assert world.tick(at(minutes=20)) == [("boss", ("sales_gone end",))]
    world.down = set()
    assert world.tick(at(2)) == [("pager", ("sales_gone start", "sales_gone end"))]


# -- digests and groups ------------------------------------------------------------------------------------------------


def test_a_digest_goes_out_at_eight(world: World) -> None:
    """By the project's clock, with all of its level; the week's on its first day."""
    world.make(at(), cell("sales_down"))
    assert world.tick(at()) == []
    assert list(world.waiting.values()) == [Because.DIGEST]
    world.make(at(10), cell("sales_down"), Tells.END)
    world.make(at(11), replace(cell("sales_down"), cell='{"hub": "a"}'))
    assert world.tick(at(17, 59)) == []
    everything = ("sales_down start", "sales_down end", "sales_down[a] start")
    assert world.tick(datetime(2026, 3, 4, 7, 0, tzinfo=UTC)) == [("team", everything)]
    world.make(at(30), cell("sales_slow"))
    assert [world.tick(datetime(2026, 3, day, 7, tzinfo=UTC)) for day in (5, 6, 7, 8)] == [[]] * 4
    assert world.tick(datetime(2026, 3, 9, 6, 59, tzinfo=UTC)) == []
    assert world.tick(datetime(2026, 3, 9, 7, tzinfo=UTC)) == [("team", ("sales_slow start",))]


def test_a_digest_that_was_missed_goes_out_later(world: World) -> None:
    """And in summer an hour earlier by UTC."""
    world.make(datetime(2026, 7, 1, 4, tzinfo=UTC), cell("sales_down"))
    assert world.tick(datetime(2026, 7, 1, 5, 59, tzinfo=UTC)) == []
    later = World(world.catalog, list(world.notices))
    assert later.tick(datetime(2026, 7, 1, 17, tzinfo=UTC)) == [("team", ("sales_down start",))]
    assert world.tick(datetime(2026, 7, 1, 6, 0, tzinfo=UTC)) == [("team", ("sales_down start",))]


def test_a_digest_gathers_what_a_silence_let_go(world: World) -> None:
    """It waits for the next one."""
    world.make(at(), cell("sales_down"))
    world.silence(at(), at(20), kpi="sales")
    assert world.tick(at(20, 1)) == []
    assert list(world.waiting.values()) == [Because.DIGEST]
    assert world.tick(datetime(2026, 3, 5, 7, tzinfo=UTC)) == [("team", ("sales_down start",))]


def test_what_comes_in_one_message(world: World) -> None:
    """All cells of an alert, all alerts of the level, or each by itself; never for different people."""
    for hub in "ab":
        world.make(at(), replace(LOW, cell=f'{{"hub": "{hub}"}}'))
        world.make(at(), cell("sales_low_at_hub", where=hub, of="kpi staff"))
    world.make(at(), cell("mean_low", "kpi mean"))
    world.make(at(), cell("sales_thin", "kpi mean", "a"))
    world.make(at(), cell("staff_low", "kpi staff", "a"))
    assert [said for _, said in world.tick(at())] == [
        ("sales_low[a] start", "sales_low[b] start"),
        ("mean_low start",),
        ("staff_low[a] start",),
        ("sales_low_at_hub[b] start",),
    ]
    world = World(world.catalog)
    for hub in "ab":
        world.make(at(), cell("staff_low", "kpi staff", hub))
        world.make(at(), cell("sales_thin", where=hub))
        world.make(at(), cell("sales_low_at_hub", "kpi mean", hub))
    assert [said for _, said in world.tick(at())] == [
        ("sales_thin[a] start", "sales_thin[b] start", "staff_low[a] start", "staff_low[b] start"),
        ("sales_low_at_hub[a] start",),
        ("sales_low_at_hub[b] start",),
    ]


# -- an Alertmanager ---------------------------------------------------------------------------------------------------


def test_an_alertmanager_hears_everything_again(world: World) -> None:
    """As long as it fires; it repeats by itself, and calling others is still ours."""
    breach = cell("breach", "event")
    world.make(at(), breach)
    assert world.tick(at()) == [("machine", ("breach start",))]
    assert world.tick(at(minutes=1)) == []
    assert [one.of for one in world.again["machine"]] == [breach]
    assert world.tick(at(2)) == [("boss", ("breach escalation",))]
    world.make(at(3), breach, Tells.END)
    assert ("machine", ("breach end",)) in world.tick(at(3))
    assert world.again == {}


# -- outlets that are down ---------------------------------------------------------------------------------------------


def test_an_outlet_that_is_down_is_tried_less_and_less(world: World) -> None:
    """After 1, 2, 4 ... 60 minutes; what it did not take comes when it is up."""
    world.down = {"team"}
    world.make(at(), THIN)
    tried = []
    for minute in range(400):
        before = world.tries
        world.tick(at(minutes=minute))
        tried += [minute] if world.tries > before else []
    assert tried == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363]
    assert world.waiting == {world.notices[0].id: Because.DOWN}
    world.down = set()
    assert world.tick(at(minutes=422)) == []
    assert world.tick(at(minutes=423)) == [("team", ("sales_thin start",))]


def test_what_came_while_an_outlet_was_down_comes_with_it(world: World) -> None:
    """One attempt at a time, whatever waits; a clock that goes back does not stop it."""
    world.down = {"team"}
    for hub in "abc":
        world.make(at(), cell("sales_low_at_hub", where=hub))
    world.tick(at())
    assert world.tries == 1
    world.tick(at(minutes=1))
    assert world.tries == 2
    assert len({one.notice for one in world.deliveries}) == 2, "those that were not tried come first"
    world.down = set()
    assert len(world.tick(at(-48))) == 3


def test_a_message_that_is_refused_is_not_in_the_way_of_others(world: World) -> None:
    """It alone is tried less and less."""
    poison, good = (cell("sales_low_at_hub", where=hub) for hub in "ab")
    world.make(at(), poison)
    world.down = {"team"}
    world.tick(at())
    world.make(at(0, 1), good)
    first = world.look(at(0, 1)).parcels[0]
    assert [one.of for one in first.notices] == [good]


def test_what_was_not_delivered_for_a_week_is_dropped(world: World) -> None:
    """But the start of what still fires, which is true as long as it does."""
    world.down = {"team"}
    hubs = [cell("sales_low_at_hub", where=hub) for hub in "ab"]
    for hub in hubs:
        world.make(at(), hub)
    world.make(at(1), hubs[0], Tells.END)
    for hour in range(24 * 7 + 3):
        world.tick(at(hour))
    why = "not delivered for 7 days: the connection was refused"
    assert world.dropped()["sales_low_at_hub[a] start"] == why
    assert set(world.dropped()) == {"sales_low_at_hub[a] start", "sales_low_at_hub[a] end"}
    world.down = set()
    assert world.tick(at(24 * 8)) == [("team", ("sales_low_at_hub[b] start",))]


def test_routes_that_are_gone(world: World) -> None:
    """Their notices take the alert's present one; without any they are dropped."""
    world.make(at(), THIN)
    world.make(at(), cell("sales_low"))
    world.notices[0] = replace(world.notices[0], route="old")
    world.notices[1] = replace(world.notices[1], route="old", of=replace(LOW, alert="forgotten"))
    assert world.tick(at()) == [("team", ("sales_thin start",))]
    assert world.dropped() == {"forgotten start": "there is no route old any more"}


# -- every sequence ----------------------------------------------------------------------------------------------------

CELLS = [GONE, LOW, THIN, *(cell("sales_low_at_hub", where=hub) for hub in "ab"), cell("breach", "event")]
CELLS += [cell("sales_down"), cell("mean_low", "kpi mean"), cell("unpaid", "check orders.paid")]

STEP = st.tuples(
    st.integers(1, 900),  # minutes
    st.lists(st.sampled_from(CELLS), max_size=3, unique=True),  # what starts, or ends if it fires
    st.sampled_from(["", "", "", "take", "silence"]),
    st.sets(st.sampled_from(["team", "pager", "boss", "machine"]), max_size=2),  # what is down
    st.integers(0, 12),  # at which step the process dies; at most of them it does not
)


@settings(max_examples=120)
@given(st.lists(STEP, max_size=12), st.booleans())
def test_no_sequence_loses_a_start_or_an_end(catalog: Catalog, steps: list[tuple[object, ...]], crashes: bool) -> None:
    """Each START and END is told, or dropped for a reason; nothing is made twice; without a crash, nothing told twice.

    Outlets fail, the process dies before or after it sent, people take things and silence them.
    """
    world, now, firing = World(catalog), NOON, dict[RuleCell, int]()
    episodes: dict[RuleCell, int] = {}
    for minutes, some, act, down, death in steps:
        now += timedelta(minutes=minutes)  # type: ignore[arg-type]
        for of in some:  # type: ignore[attr-defined]
            if of in firing:
                world.make(now, of, Tells.END, firing.pop(of))
            else:
                firing[of] = episodes[of] = episodes.get(of, 0) + 1
                world.make(now, of, Tells.START, firing[of])
        if act == "take":
            world.take(now, GONE)
        if act == "silence":
            world.silence(now, now + timedelta(hours=3), kpi="sales")
        world.down = down  # type: ignore[assignment]
        countdown = [death]

        def dies(countdown: list[object] = countdown) -> bool:
            countdown[0] -= 1  # type: ignore[operator]
            return crashes and countdown[0] == 0

        world.tick(now, dies)
    world.down = set()
    for hours in range(1, 80):  # everything is up, silences end, digests go out
        world.tick(now + timedelta(hours=hours))
    _nothing_is_lost(world, now + timedelta(hours=80))
    if not crashes:
        told = [one for _, said in world.told for one in said]
        assert len(told) == len([one for one in world.deliveries if one.sent]), "nothing is told twice"


def _nothing_is_lost(world: World, now: datetime) -> None:
    """Each START and END was told, or dropped for a reason, or is still muted; and nothing made or kept twice."""
    ids = [one.id for one in world.notices]
    assert len(ids) == len(set(ids))
    sent = [one.notice for one in world.deliveries if one.sent]
    dropped = {one.notice: one.dropped for one in world.deliveries if one.dropped}
    assert len(sent) == len(set(sent))
    assert not set(sent) & set(dropped)
    muted = {key for key, held in world.look(now).held.items() if held.because is Because.MUTED}
    for one in world.notices:
        if one.tells in (Tells.START, Tells.END):
            assert one.id in sent or one.id in muted or one.id in dropped, one
            why = dropped.get(one.id, "muted by")
            assert why.startswith(("muted by", "silenced (", "its start was not told")), why
