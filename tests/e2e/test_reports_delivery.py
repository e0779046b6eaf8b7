"""Reports that go out by themselves: built once, received by a real mail server, waiting for numbers that are late."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from headway import __version__, clock, run
from headway import catalog as catalogue
from headway.ledger import Editions, Ledger, Run
from headway.model import Catalog, EditionState, Posting, PostingState

FIRST = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)  # a Monday
NEXT = FIRST + timedelta(days=7)
PROJECT = """
project: shop
title: Corner shop
site_url: https://kpis.shop.example
sources:
  sales: {read: {files: sales.csv}, time: day, columns: {day: date, usd: number, shop: text}}
kpis:
  revenue: {sum: sales.usd, by: [shop], by_grain: week, grain: week, unit: USD}
routes:
  team: {apprise: env:TEAM}
reports:
  weekly: {title: The week, document: reports/weekly.md, every: week, on: monday, at: "08:00", to: team}
"""
DOCUMENT = """# The week

Revenue was {kpi}`revenue`.

:::{kpi-chart} revenue
:grain: week
:::
"""


class Mailbox:
    """A mail server on the loopback that keeps what it is given."""

    def __init__(self) -> None:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = int(one.getsockname()[1])
        self.mails: list[EmailMessage] = []
        self.refuse = ""
        self.server = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        """What aiosmtpd calls for each mail."""
        if self.refuse:
            return self.refuse
        found = message_from_bytes(bytes(envelope.content or b""), policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.mails.append(found)
        return "250 OK"

    @property
    def address(self) -> str:
        """As it stands in the environment."""
        return f"mailto://127.0.0.1:{self.port}/?from=headway@example.org&to=team@example.org"


def rows(last: date) -> str:
    """Sales of every day until one."""
    days = [date(2026, 9, 7) + timedelta(days=n) for n in range(120)]
    return "day,usd,shop\n" + "".join(f"{day},{100 + day.day},a\n" for day in days if day <= last)


@pytest.fixture
def project(tmp_path: Path) -> Catalog:
    """A shop whose report is due on Mondays."""
    (tmp_path / "reports").mkdir()
    (tmp_path / "headway.yml").write_text(PROJECT)
    (tmp_path / "reports" / "weekly.md").write_text(DOCUMENT)
    (tmp_path / "sales.csv").write_text(rows(date(2026, 11, 15)))
    return catalogue.load(tmp_path)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server that listens."""
    box = Mailbox()
    box.server.start()
    yield box
    box.server.stop()


@pytest.fixture
def ledger(project: Catalog) -> Iterator[Ledger]:
    """The ledger of the shop, with a run and the first tick, which begins in silence."""
    with Ledger.open(project.root / project.ledger) as ledger:
        run.observe(project, ledger, FIRST)
        first = clock.tick(project, ledger, FIRST, {})
        assert [one.state for one in first.reports.editions] == [EditionState.SKIPPED]
        yield ledger


def compute(project: Catalog, ledger: Ledger, now: datetime) -> None:
    """Rows until the day before, and their numbers."""
    (project.root / "sales.csv").write_text(rows(now.date() - timedelta(days=1)))
    run.observe(project, ledger, now)


def states(ticked: clock.Ticked) -> list[str]:
    """What became of editions and postings."""
    return [str(one.state) for one in (*ticked.reports.editions, *ticked.reports.postings)]


def parts(mail: EmailMessage) -> dict[str, bytes]:
    """The parts of a mail by their type, or the name of their file."""
    return {one.get_filename() or one.get_content_type(): one.get_payload(decode=True) for one in mail.walk()}


def test_an_edition_is_built_and_sent_once(project: Catalog, ledger: Ledger, mailbox: Mailbox) -> None:
    """The mail has text, HTML whose chart is a picture of its own, and both files; a second tick does nothing."""
    compute(project, ledger, NEXT)
    told = clock.tick(project, ledger, NEXT, {"TEAM": mailbox.address})
    assert states(told) == ["built", "sent"]
    assert clock.tick(project, ledger, NEXT + timedelta(minutes=1), {"TEAM": mailbox.address}).idle
    (mail,) = mailbox.mails
    assert mail["subject"] == "The week, 16\N{EN DASH}22 Nov 2026"
    found = parts(mail)
    html = found["text/html"].decode()
    picture = next(name for name in found if name.endswith(".png"))
    assert f"cid:{picture}" in html
    assert found[picture].startswith(b"\x89PNG")
    assert found["weekly.pdf"].startswith(b"%PDF")
    assert "<svg" not in html
    assert "Revenue was" in found["text/plain"].decode()
    assert b"<html" in found["weekly.html"]
    (edition,) = told.reports.editions
    assert (project.root / edition.folder / "snapshot.json").is_file()


def test_one_that_is_refused_is_tried_again(project: Catalog, ledger: Ledger, mailbox: Mailbox) -> None:
    """After a failure it waits as alerts do, and what is sent is the edition that was built."""
    compute(project, ledger, NEXT)
    mailbox.refuse = "554 no"
    told = clock.tick(project, ledger, NEXT, {"TEAM": mailbox.address})
    assert states(told) == ["built", "failed"]
    assert mailbox.address not in told.reports.postings[0].error
    mailbox.refuse = ""
    assert clock.tick(project, ledger, NEXT + timedelta(seconds=1), {"TEAM": mailbox.address}).idle
    again = clock.tick(project, ledger, NEXT + timedelta(hours=2), {"TEAM": mailbox.address})
    assert (states(again), len(mailbox.mails)) == (["sent"], 1)


def test_one_that_may_have_arrived_is_not_sent_again(project: Catalog, ledger: Ledger, mailbox: Mailbox) -> None:
    """A process that ended between sending and recording leaves a posting that was begun: somebody is told, once."""
    compute(project, ledger, NEXT)
    clock.tick(project, ledger, NEXT, {})  # there is no address, so it fails
    begun = Posting("weekly", "2026-W47", "", "team", NEXT, PostingState.BEGUN)
    ledger.record_editions(Run(NEXT, NEXT, "", state="delivery", version=__version__), Editions(postings=(begun,)))
    later = NEXT + timedelta(hours=3)
    assert states(clock.tick(project, ledger, later, {"TEAM": mailbox.address})) == ["unsure"]
    assert clock.tick(project, ledger, later + timedelta(hours=3), {"TEAM": mailbox.address}).idle
    assert mailbox.mails == []


def test_one_that_was_not_recorded_is_built_again(project: Catalog, ledger: Ledger, mailbox: Mailbox) -> None:
    """Files of a process that ended before it recorded them are written over; nobody had been told of them."""
    compute(project, ledger, NEXT)
    stale = project.root / ".headway/reports/weekly/2026-W47"
    stale.mkdir(parents=True)
    (stale / "half.pdf").write_bytes(b"half")
    assert states(clock.tick(project, ledger, NEXT, {"TEAM": mailbox.address})) == ["built", "sent"]
    assert "half.pdf" not in parts(mailbox.mails[0])


def test_it_waits_for_numbers_and_then_says_what_is_missing(project: Catalog, ledger: Ledger, mailbox: Mailbox) -> None:
    """Its numbers are late: it waits, says so once, and goes out at its deadline with a notice."""
    told = clock.tick(project, ledger, NEXT, {"TEAM": mailbox.address})
    (edition,) = told.reports.editions
    assert edition.state is EditionState.WAITING
    assert "Revenue for 2026-W47 is late" in edition.lacks
    assert clock.tick(project, ledger, NEXT + timedelta(hours=1), {"TEAM": mailbox.address}).idle
    assert states(clock.tick(project, ledger, NEXT + timedelta(hours=4), {"TEAM": mailbox.address})) == [
        "built",
        "sent",
    ]
    assert "Revenue for 2026-W47 is late" in parts(mailbox.mails[0])["text/html"].decode()


def test_it_goes_out_as_soon_as_its_numbers_are_there(project: Catalog, ledger: Ledger, mailbox: Mailbox) -> None:
    """A run ends the wait."""
    clock.tick(project, ledger, NEXT, {"TEAM": mailbox.address})
    compute(project, ledger, NEXT + timedelta(hours=1))
    told = clock.tick(project, ledger, NEXT + timedelta(hours=1), {"TEAM": mailbox.address})
    assert states(told) == ["built", "sent"]
    assert told.reports.editions[0].lacks == ""
    shutil.rmtree(project.root / ".headway" / "reports")
