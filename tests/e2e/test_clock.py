"""The clock, over days: what runs publish reaches a mail server once, whatever ends, fails or is taken elsewhere."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from typer.testing import CliRunner

from headway import catalog as catalogue
from headway import clock, run, watching
from headway.cli import app
from headway.errors import CatalogError
from headway.ledger import Ledger, Run, bring, export
from headway.model import Acknowledgement, Alerting, Event, Phase, Silence, Tells
from headway.publish import message

PROJECT = """
project: shop
sources:
  orders: {read: {files: orders.csv}, time: at, key: id}
kpis:
  sales: {title: Sales, sum: orders.amount, by: [hub], grain: day}
routes:
  team: {apprise: env:TEAM}
  boss: {apprise: env:BOSS}
levels:
  warning: {respond: 4 hours, to: team, repeat: 1 day, escalate: boss}
  critical: {respond: 1 hour, to: boss}
alerts:
  sales_low: {title: Sales are low, level: warning, kpi: sales, below: 10}
"""
STALE = "  silent: {title: No orders, level: warning, source: orders, stale: 3 days}\n"
BREACH = "  breach: {title: Data breach, level: critical, event: data breach}\n"


class Mailbox:
    """A mail server on the loopback."""

    def __init__(self) -> None:
        self.subjects: list[str] = []
        self.up = True
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self._port = int(one.getsockname()[1])
        self._server = Controller(self, hostname="127.0.0.1", port=self._port)

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        """What aiosmtpd calls for each mail."""
        if not self.up:
            return "451 not now"
        mail = message_from_bytes(bytes(envelope.content or b""), policy=policy.default)
        [to] = envelope.rcpt_tos
        self.subjects.append(f"{to.partition('@')[0]}: {mail['Subject']}")
        return "250 OK"

    def took(self) -> list[str]:
        """What came since this was last asked."""
        found, self.subjects = self.subjects, []
        return found

    @contextmanager
    def listening(self) -> Iterator[Mailbox]:
        """Up and down."""
        self._server.start()
        try:
            yield self
        finally:
            self._server.stop()

    def addresses(self) -> dict[str, str]:
        """As they stand in the environment."""
        common = f"mailto://127.0.0.1:{self._port}/?from=headway@example.org&to="
        return {"TEAM": f"{common}team@example.org", "BOSS": f"{common}boss@example.org"}


def day(number: int, hour: float = 6) -> datetime:
    """A moment of March."""
    return datetime(2026, 3, number, tzinfo=UTC) + timedelta(hours=hour)


@dataclass
class Shop:
    """A project, its rows, and who is told what."""

    root: Path
    mailbox: Mailbox
    sold: dict[int, int] = field(default_factory=dict)

    def write(self, project: str = PROJECT) -> None:
        """Make its files."""
        (self.root / "headway.yml").write_text(project)
        self.sell({})

    def sell(self, sold: dict[int, int]) -> None:
        """Orders of some days of March."""
        self.sold |= sold
        rows = [f"{n},2026-03-{n:02}T10:00,a,{amount}" for n, amount in self.sold.items()]
        (self.root / "orders.csv").write_text("\n".join(["id,at,hub,amount", *rows, ""]))

    def run(self, when: datetime) -> list[str]:
        """Compute and tick; the subjects of what was told."""
        catalog = catalogue.load(self.root)
        with self.ledger() as ledger:
            run.observe(catalog, ledger, when)
        return self.tick(when)

    def tick(self, when: datetime) -> list[str]:
        """Tick; the subjects of what was told."""
        self.ticked(when)
        return self.mailbox.took()

    def ticked(self, when: datetime) -> clock.Ticked:
        """Tick."""
        with self.ledger() as ledger:
            return clock.tick(catalogue.load(self.root), ledger, when, self.mailbox.addresses())

    def ledger(self) -> Ledger:
        """Its ledger."""
        return Ledger.open(self.root / ".headway" / "ledger.db")

    def rows(self) -> int:
        """How many rows of `run` there are."""
        with self.ledger() as ledger:
            newest = ledger.newest()
            return newest.id if newest else 0


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server."""
    with Mailbox().listening() as found:
        yield found


@pytest.fixture
def shop(tmp_path: Path, mailbox: Mailbox) -> Shop:
    """A shop that sold well on the first of March, and badly on the second."""
    root = tmp_path / "shop"
    root.mkdir()
    shop = Shop(root, mailbox)
    shop.write()
    shop.sell({1: 50, 2: 5})
    assert shop.run(day(2)) == []
    return shop


STARTED, ENDED = "team: Warning: Sales at 5", "team: Ended: Sales"


def starts(subjects: list[str], *beginnings: str) -> bool:
    """True if each subject begins so."""
    pairs = zip(subjects, beginnings, strict=True)
    return all(subject.startswith(beginning) for subject, beginning in pairs)


def test_days_go_by(shop: Shop) -> None:
    """One mail when it starts, others where nobody takes it, one when it ends; never twice."""
    assert starts(shop.run(day(3)), STARTED)
    assert shop.run(day(3)) == [], "the same run again"
    assert shop.tick(day(3, 9)) == []
    assert starts(shop.tick(day(3, 10)), "boss: Warning, nobody took it: Sales at 5")
    shop.sell({3: 6})
    assert starts(shop.run(day(4)), "team: Warning, still: Sales at 6")
    shop.sell({4: 80})
    assert sorted(shop.run(day(5)))[0].startswith("boss: Ended")
    assert shop.tick(day(5, 7)) == []
    assert shop.run(day(6)) == []


def test_days_that_were_missed_are_caught_up(shop: Shop) -> None:
    """What started and ended while nobody ran is told in one mail; a run without its tick is made up for."""
    shop.sell({3: 50})
    with shop.ledger() as ledger:
        run.observe(catalogue.load(shop.root), ledger, day(4))
    assert starts(shop.tick(day(4, 7)), "team: Over already: Sales")


def test_a_tick_with_nothing_to_do_leaves_no_trace(shop: Shop) -> None:
    """Nor does one before the first run, or of a project without alerts."""
    shop.run(day(3))
    rows = shop.rows()
    assert shop.ticked(day(3, 6.5)).idle
    assert shop.rows() == rows
    shutil.rmtree(shop.root / ".headway")
    assert shop.ticked(day(3)).idle
    shop.write(PROJECT[: PROJECT.index("alerts:")])
    shop.run(day(3))
    assert shop.rows() == 1


def test_an_outlet_that_is_down_fails_no_run(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run ends with 0 and says what was not delivered, without an address; it comes when the outlet is up."""
    for name, address in shop.mailbox.addresses().items():
        monkeypatch.setenv(name, address)
    shop.mailbox.up = False
    arguments = ["--project", str(shop.root), "--now", "2026-03-03T06:00Z"]
    done = CliRunner().invoke(app, ["run", *arguments])
    assert done.exit_code == 0
    assert "Alerts: 1 started." in done.stdout
    assert "1 notice not delivered, to be tried again: route team" in done.stderr
    assert "example.org" not in done.output
    again = CliRunner().invoke(app, ["tick", *arguments])
    assert (again.exit_code, again.output) == (0, "")
    shop.mailbox.up = True
    done = CliRunner().invoke(app, ["tick", "--project", str(shop.root), "--now", "2026-03-03T06:01Z"])
    assert (done.exit_code, done.output) == (0, "Told team.\n")
    assert starts(shop.mailbox.took(), STARTED)
    assert shop.tick(day(3, 7)) == []


def test_an_outlet_that_is_down_is_asked_once_a_tick(shop: Shop) -> None:
    """What is down for one message is down for all: a tick does not wait for it ten times. Then both come."""
    other = "  sales_bad: {title: Sales are bad, level: warning, kpi: sales, below: 8}\n"
    shop.write(PROJECT + other)
    shop.mailbox.up = False
    assert shop.run(day(3)) == []
    with shop.ledger() as ledger:
        alerting = ledger.alerting()
    assert (len(alerting.notices), len(alerting.deliveries)) == (2, 1)
    shop.mailbox.up = True
    assert starts(shop.tick(day(3, 7)), STARTED, STARTED)


def test_a_run_may_leave_alerts_to_the_next_tick(shop: Shop) -> None:
    """As while the numbers of the past are computed."""
    arguments = ["--project", str(shop.root), "--now", "2026-03-03T06:00Z"]
    assert CliRunner().invoke(app, ["run", "--no-tick", *arguments]).exit_code == 0
    assert shop.mailbox.took() == []
    assert starts(shop.tick(day(3)), STARTED)


def test_one_clock_at_a_time(shop: Shop) -> None:
    """The second one says who ticks, and does nothing; the next one does."""
    with shop.ledger() as ledger, ledger.ticking() as free:
        assert free is None
        assert "process" in shop.ticked(day(3)).busy
        done = CliRunner().invoke(app, ["tick", "--project", str(shop.root), "--now", "2026-03-03T06:00Z"])
        assert done.exit_code == 0
        assert "Alerts and reports are in the hands of another clock, process" in done.stderr
        with ledger.alone():
            pass  # a run is not concerned
    assert starts(shop.run(day(3)), STARTED)


# -- whatever ends it --------------------------------------------------------------------------------------------------

#: Ticks, and ends this process at a point: while states are kept, before a mail is sent, or before it is recorded.
KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from headway import catalog, clock, notify
from headway.ledger import Ledger

root, when, point, *addresses = sys.argv[1:]

def dies(*_):
    os.kill(os.getpid(), signal.SIGKILL)

record, send = Ledger.record_alerting, notify.send

def recorded(self, run, added, **options):
    if run.state == point:
        dies()
    return record(self, run, added, **options)

Ledger.record_alerting = recorded
if point == "send":
    notify.send = dies
with Ledger.open(Path(root, ".headway", "ledger.db")) as ledger:
    clock.tick(catalog.load(Path(root)), ledger, datetime.fromisoformat(when), dict(zip(("TEAM", "BOSS"), addresses)))
"""


@pytest.mark.parametrize(("point", "twice"), [("tick", False), ("send", False), ("delivery", True)])
def test_a_tick_that_is_killed_is_made_up_for(shop: Shop, point: str, twice: bool) -> None:
    """Between any two steps: nobody is missed, and only what was sent and not recorded comes twice."""
    with shop.ledger() as ledger:
        run.observe(catalogue.load(shop.root), ledger, day(3))
    told = [sys.executable, "-c", KILLED, str(shop.root), day(3).isoformat(), point, *shop.mailbox.addresses().values()]
    killed = subprocess.run(told, check=False, capture_output=True, text=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert starts(shop.mailbox.took(), *([STARTED] if twice else []))
    assert starts(shop.tick(day(3, 6.5)), STARTED)
    assert shop.tick(day(3, 7)) == []
    with shop.ledger() as ledger:
        assert [one.tells for one in ledger.alerting().notices] == [Tells.START]


def test_a_ledger_that_is_taken_elsewhere_tells_nothing_again(shop: Shop, tmp_path: Path, mailbox: Mailbox) -> None:
    """What fires there fires here; what is due later is told here, once."""
    shop.run(day(3))
    shop.tick(day(3, 10))
    with shop.ledger() as ledger:
        export(ledger, tmp_path / "out")
        before = ledger.alerting(since=day(1))
    other = Shop(tmp_path / "other", mailbox, shop.sold)
    shutil.copytree(shop.root, other.root, ignore=shutil.ignore_patterns(".headway"))
    bring(tmp_path / "out", other.root / ".headway" / "ledger.db")
    with other.ledger() as ledger:
        assert ledger.alerting(since=day(1)) == before
    assert other.tick(day(3, 11)) == []
    assert other.run(day(3, 12)) == []
    other.sell({3: 90})
    assert len(other.run(day(4))) == 2, "both who were told hear that it ended"


def test_what_a_run_finds_while_the_clock_looks_counts(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock looks again."""
    look, looks = watching.judged, []

    def meanwhile(*arguments: Any) -> Any:
        looks.append(arguments)
        found = look(*arguments)
        if len(looks) == 1:
            with shop.ledger() as ledger:
                run.observe(catalogue.load(shop.root), ledger, day(3))
        return found

    monkeypatch.setattr(watching, "judged", meanwhile)
    with shop.ledger() as ledger:
        run.observe(catalogue.load(shop.root), ledger, day(2, 7))
    assert starts(shop.tick(day(3)), STARTED)
    assert len(looks) == 2


def test_what_cannot_be_put_well_is_told_in_few_words(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """An alert that nobody hears of is worse; somebody is told to report it."""

    def broken(*_: Any) -> Any:
        raise KeyError("secret")

    monkeypatch.setattr(message, "message", broken)
    with shop.ledger() as ledger:
        run.observe(catalogue.load(shop.root), ledger, day(3))
    [remark] = shop.ticked(day(3)).remarks
    assert "KeyError" in remark
    assert "secret" not in remark
    assert starts(shop.mailbox.took(), "team: sales_low: start. See headway alerts show")


# -- what time, people and the catalogue bring -------------------------------------------------------------------------


def test_time_alone_fires_what_is_stale(shop: Shop) -> None:
    """Without any run: the clock sees that nothing comes any more."""
    shop.write(PROJECT + STALE)
    shop.sell({3: 50, 4: 60})
    shop.run(day(5))
    assert shop.tick(day(7, 9)) == []
    assert starts(shop.tick(day(7, 10)), "team: Warning: Source orders: no new row")
    shop.sell(dict.fromkeys(range(5, 9), 60))
    assert starts(shop.run(day(9)), "team: Ended: ")


def test_an_alert_that_is_gone_ends(shop: Shop) -> None:
    """At the next tick, without a run: the catalogue changed."""
    shop.run(day(3))
    (shop.root / "headway.yml").write_text(PROJECT.replace("sales_low:", "sales_few:"))
    told = shop.tick(day(3, 7))
    assert len(told) == 2, "one ends, and the other one starts"
    with shop.ledger() as ledger:
        phases = {one.of.alert: one.phase for one in ledger.alerting().states}
    assert phases == {"sales_low": Phase.OK, "sales_few": Phase.FIRING}
    assert shop.tick(day(3, 8)) == []


def test_a_slip_in_the_catalogue_does_not_stop_the_clock(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes by that of the last run, says what is wrong, and ends with 2."""
    for name, address in shop.mailbox.addresses().items():
        monkeypatch.setenv(name, address)
    shop.run(day(3))
    (shop.root / "headway.yml").write_text(PROJECT.replace("below: 10", "below: ten"))
    arguments = ["tick", "--project", str(shop.root), "--now", "2026-03-03T10:00Z"]
    done = CliRunner().invoke(app, arguments)
    assert starts(shop.mailbox.took(), "boss: Warning, nobody took it")
    assert isinstance(done.exception, CatalogError)
    assert "by the catalogue of the last run" in done.stderr
    shutil.rmtree(shop.root / ".headway")
    assert isinstance(CliRunner().invoke(app, arguments).exception, CatalogError)


def test_a_kpi_that_is_called_otherwise_goes_on(shop: Shop, tmp_path: Path) -> None:
    """And a value of its breakdown: nothing ends and begins again, there and where the ledger is taken."""
    project = PROJECT.replace("kpi: sales, ", "kpi: sales, for: {hub: each}, ")
    shop.write(project)
    assert starts(shop.run(day(3)), "team: Warning: Sales")
    with shop.ledger() as ledger:
        export(ledger, tmp_path / "out")
    renamed = project.replace("kpi: sales", "kpi: revenue").replace("  sales: {", "  revenue: {formerly: sales, ")
    (shop.root / "headway.yml").write_text(renamed)
    assert shop.run(day(3, 7)) == []
    with shop.ledger() as ledger:
        [state] = [one for one in ledger.alerting().states if one.phase.fires]
        assert (state.of.name, {one.of for one in ledger.alerting().notices}) == ("revenue", {state.of})
        export(ledger, tmp_path / "out")
        before = ledger.alerting(since=day(1))
    bring(tmp_path / "out", tmp_path / "copy.db")
    with Ledger.open(tmp_path / "copy.db") as copy:
        assert copy.alerting(since=day(1)) == before
    shop.sell({3: 90})
    assert starts(shop.run(day(4)), "team: Ended: Sales")


def test_what_people_say_counts_from_the_next_tick_on(shop: Shop) -> None:
    """An event is told at once; a silence holds, and what somebody took is left to them."""
    shop.write(PROJECT + BREACH)
    shop.run(day(2, 7))
    with shop.ledger() as ledger:

        def say(**added: Any) -> None:
            ledger.record_alerting(Run(day(3), day(3), "", state="decision"), Alerting(**added))

        event = Event("e1", "data breach", day(3), "Ada")
        say(events=(event,), silences=(Silence("s1", {"kpi": "sales"}, day(3), day(3, 12), "Ada", "known"),))
        assert starts(shop.run(day(3)), "boss: Critical: data breach")
        assert starts(shop.tick(day(3, 12)), STARTED)
        [state] = [one for one in ledger.alerting().states if one.of.alert == "sales_low"]
        say(acknowledgements=(Acknowledgement(state.of, 1, "Ada", "", day(3, 13)),))
        say(events=(replace(event, closed=day(3, 14)),))
        assert starts(shop.tick(day(3, 23)), "boss: Ended: data breach")
        assert shop.tick(day(4, 13)) == []
