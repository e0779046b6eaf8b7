"""Reports that go out by themselves: built once, received by a real mail server, waiting for numbers that are late."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from playwright.sync_api import Browser
from pypdfium2 import PdfDocument

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
ON_MONDAYS = 'every: week, on: monday, at: "08:00", to: team'
OF_A_SHOP = """---
headway: {every: week, cover: false, contents: false}
---
# {{ cell.label }}, {{ period.label }}

Revenue was {kpi}`revenue {{ period }} {{ cell }}`.
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
        self.begun, self.wait = Event(), Event()
        self.wait.set()
        self.server = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        """What aiosmtpd calls for each mail, which may have to wait."""
        self.begun.set()
        await asyncio.to_thread(self.wait.wait, 60)
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
    assert edition.lacks == "No numbers were computed since 2026-W47 ended"
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


def again(project: Catalog, name: str, line: str) -> Catalog:
    """The shop with a line of its catalogue exchanged."""
    file = project.root / "headway.yml"
    text, count = re.subn(rf"^  {name}: .*", lambda _: f"  {name}: {line}", file.read_text(), flags=re.MULTILINE)
    assert count == 1
    file.write_text(text)
    return catalogue.load(project.root)


@pytest.fixture
def shops(project: Catalog, ledger: Ledger) -> Catalog:
    """Shops, each of which gets a report of its own about a number that it has only where it sold something."""
    (project.root / "reports" / "shop.md.jinja").write_text(OF_A_SHOP)
    again(project, "revenue", "{mean: sales.usd, by: [shop], by_grain: week, grain: week, unit: USD}")
    own = f"{{title: Your shop, document: reports/shop.md.jinja, {ON_MONDAYS}, for_each: shop}}"
    return again(project, "weekly", own)


def sell(shops: Catalog, ledger: Ledger, now: datetime, **until: date) -> None:
    """Rows of each shop until a day, and their numbers: those of b are 100 more than those of a, and so on."""
    found = ["day,usd,shop"]
    for more, (shop, last) in enumerate(until.items(), 1):
        days = (last - timedelta(days=n) for n in range(30))
        found += [f"{day},{100 * more + day.day},{shop}" for day in days if day >= date(2026, 9, 7)]
    (shops.root / "sales.csv").write_text("\n".join(found) + "\n")
    run.observe(shops, ledger, now)


#: The day before `NEXT`, and that before the week of which it is the last.
SUNDAY, BEFORE = NEXT.date() - timedelta(days=1), NEXT.date() - timedelta(days=8)


def test_each_cell_gets_its_own(shops: Catalog, ledger: Ledger, mailbox: Mailbox) -> None:
    """One mail for each, with its numbers alone, in text, HTML and PDF; a second tick sends nothing."""
    sell(shops, ledger, NEXT, a=SUNDAY, b=SUNDAY)
    told = clock.tick(shops, ledger, NEXT, {"TEAM": mailbox.address})
    assert states(told) == ["built", "built", "sent", "sent"]
    assert clock.tick(shops, ledger, NEXT + timedelta(minutes=1), {"TEAM": mailbox.address}).idle
    own = {"a": "$119", "b": "$219"}  # Monday the 16th to Sunday the 22nd: 100 or 200, and the day
    assert [mail["subject"].split(",")[0] for mail in mailbox.mails] == ["Your shop: a", "Your shop: b"]
    for (shop, number), mail in zip(own.items(), mailbox.mails, strict=True):
        found = parts(mail)
        pdf = PdfDocument(next(data for name, data in found.items() if name.endswith(".pdf")))
        texts = [found["text/html"].decode(), found["text/plain"].decode(), pdf[0].get_textpage().get_text_range()]
        for text in texts:
            assert number in text
            assert not any(other in text for name, other in own.items() if name != shop)


def test_a_cell_whose_numbers_come_later_gets_its_report_later(
    shops: Catalog, ledger: Ledger, mailbox: Mailbox
) -> None:
    """One that was known the week before waits; one that nobody knew is made when it is there; none twice."""
    to = {"TEAM": mailbox.address}
    sell(shops, ledger, NEXT, a=SUNDAY, b=BEFORE)
    first = clock.tick(shops, ledger, NEXT, to)
    assert [(one.own, str(one.state)) for one in first.reports.editions] == [("a", "built"), ("b", "waiting")]
    assert first.reports.editions[1].lacks == "Revenue has no number for 2026-W47"
    sell(shops, ledger, NEXT + timedelta(hours=1), a=SUNDAY, b=BEFORE)
    assert clock.tick(shops, ledger, NEXT + timedelta(hours=1), to).idle
    sell(shops, ledger, NEXT + timedelta(hours=2), a=SUNDAY, b=SUNDAY)
    assert states(clock.tick(shops, ledger, NEXT + timedelta(hours=2), to)) == ["built", "sent"]
    sell(shops, ledger, NEXT + timedelta(days=2), a=SUNDAY, b=SUNDAY, c=SUNDAY)
    assert states(clock.tick(shops, ledger, NEXT + timedelta(days=2), to)) == ["built", "sent"]
    assert clock.tick(shops, ledger, NEXT + timedelta(days=2), to).idle
    assert [mail["subject"].split(",")[0] for mail in mailbox.mails] == [f"Your shop: {one}" for one in "abc"]
    folders = [one.folder for one in ledger.editions().editions if one.folder]
    assert len(set(folders)) == 3
    assert all((shops.root / one / "snapshot.json").exists() for one in folders)


def test_a_cell_without_numbers_is_told_so_at_the_deadline(shops: Catalog, ledger: Ledger, mailbox: Mailbox) -> None:
    """With words in the place of its number; one that had none for two weeks is left in peace."""
    to = {"TEAM": mailbox.address}
    sell(shops, ledger, NEXT, a=SUNDAY, b=BEFORE, c=BEFORE - timedelta(days=7))
    clock.tick(shops, ledger, NEXT, to)
    assert states(clock.tick(shops, ledger, NEXT + timedelta(hours=4), to)) == ["built", "sent"]
    assert clock.tick(shops, ledger, NEXT + timedelta(hours=5), to).idle
    assert [mail["subject"].split(",")[0] for mail in mailbox.mails] == ["Your shop: a", "Your shop: b"]
    assert "Revenue was <em>not available</em>." in parts(mailbox.mails[1])["text/html"].decode()


def test_each_cell_waits_for_the_first_run(shops: Catalog, ledger: Ledger, mailbox: Mailbox) -> None:
    """Nothing was computed since the week ended: all that were known wait, and are told so at the deadline."""
    to = {"TEAM": mailbox.address}
    (edition,) = clock.tick(shops, ledger, NEXT, to).reports.editions
    assert (str(edition.state), edition.lacks) == ("waiting", "No numbers were computed since 2026-W47 ended")
    assert states(clock.tick(shops, ledger, NEXT + timedelta(hours=4), to)) == ["built", "sent"]
    assert "No numbers were computed since" in parts(mailbox.mails[0])["text/html"].decode()


def test_each_of_nothing_is_told(shops: Catalog, ledger: Ledger) -> None:
    """No shop sold anything for two weeks: nobody gets a report, and the tick says why, once."""
    later = NEXT + timedelta(days=7)
    sell(shops, ledger, later, a=BEFORE)
    (edition,) = clock.tick(shops, ledger, later, {}).reports.editions
    assert edition.lacks == "no shop has a number in 2026-W48, or had one in 2026-W47"
    (edition,) = clock.tick(shops, ledger, later + timedelta(hours=4), {}).reports.editions
    assert edition.state is EditionState.FAILED
    assert clock.tick(shops, ledger, later + timedelta(hours=5), {}).idle


def test_a_template_goes_out(project: Catalog, ledger: Ledger, mailbox: Mailbox) -> None:
    """One that comes with Headway."""
    shipped = again(project, "weekly", f"{{title: The week, template: weekly, {ON_MONDAYS}}}")
    compute(shipped, ledger, NEXT)
    assert states(clock.tick(shipped, ledger, NEXT, {"TEAM": mailbox.address})) == ["built", "sent"]
    assert "All KPIs" in parts(mailbox.mails[0])["text/html"].decode()


def test_it_waits_for_what_is_withheld(project: Catalog, ledger: Ledger, mailbox: Mailbox) -> None:
    """A check holds the number back; at the deadline the report says so in the place of the number."""
    columns = "columns: {day: date, usd: number, shop: text}"
    sane = "checks: [{between: {usd: [0, 500]}}]"
    checked = again(project, "sales", f"{{read: {{files: sales.csv}}, time: day, {columns}, {sane}}}")
    (project.root / "sales.csv").write_text(rows(date(2026, 11, 22)).replace("2026-11-18,118", "2026-11-18,900"))
    run.observe(checked, ledger, NEXT)
    (edition,) = clock.tick(checked, ledger, NEXT, {"TEAM": mailbox.address}).reports.editions
    assert (edition.state, "withheld" in edition.lacks.lower()) == (EditionState.WAITING, True), edition.lacks
    late = clock.tick(checked, ledger, NEXT + timedelta(hours=4), {"TEAM": mailbox.address})
    assert states(late) == ["built", "sent"]
    html = parts(mailbox.mails[0])["text/html"].decode()
    assert "Revenue was <em>not available</em>." in html
    (missing,) = re.findall(r"<li>(.*)</li>", html)
    assert missing == "Revenue has no number for 16\N{EN DASH}22 Nov 2026: Withheld. A data check failed."


BOARDS = """
boards:
  money:
    title: Money
    send: [{every: week, to: team}]
    sections:
      - tiles: [revenue, {chart: revenue, by: shop, grain: week}, {health: [revenue]}, {text: So be it.}]
  shop:
    for_each: shop
    send: [{every: week, to: team}]
    sections: [{title: Sold, tiles: [{number: revenue, compare: 1 week}, {table: revenue, periods: 4}]}]
"""


def test_a_board_goes_out(project: Catalog, ledger: Ledger, mailbox: Mailbox) -> None:
    """As one mail, or one for each cell: its numbers, its chart as a picture, and a link to the board as it is now."""
    (project.root / "boards").mkdir()
    (project.root / "boards" / "money.yml").write_text(BOARDS)
    boards = again(project, "weekly", "{template: letter, every: year, to: team}")
    (project.root / "sales.csv").write_text(rows(SUNDAY) + rows(SUNDAY).replace(",a", ",b").partition("\n")[2])
    run.observe(boards, ledger, NEXT)
    to = {"TEAM": mailbox.address}
    clock.tick(boards, ledger, FIRST + timedelta(hours=1), to)
    assert states(clock.tick(boards, ledger, NEXT, to)) == ["built"] * 3 + ["sent"] * 3
    subjects = [mail["subject"] for mail in mailbox.mails]
    assert subjects == [f"{of}, 16\N{EN DASH}22 Nov 2026" for of in ("Money", "Shop: a", "Shop: b")]
    found = [parts(mail) for mail in mailbox.mails]
    own = {"$1,666": found[0], "$833": found[1]}
    for number, mail in own.items():
        assert number in mail["text/html"].decode()
        assert (
            number
            in PdfDocument(next(data for name, data in mail.items() if name.endswith(".pdf")))[0]
            .get_textpage()
            .get_text_range()
        )
    assert any(name.endswith(".png") for name in found[0])
    assert "So be it." in found[0]["text/html"].decode()
    assert "$1,666" not in found[1]["text/html"].decode()
    assert 'href="https://kpis.shop.example/board/money.html"' in found[0]["text/html"].decode()


WATCHED = """
levels: {high: {respond: 1 hour, to: team}}
alerts: {low: {level: high, kpi: revenue, below: 1}}
"""


@pytest.mark.parametrize(("template", "every"), [("daily", "day"), ("weekly", "week")])
def test_a_template_waits_for_what_it_would_say(project: Catalog, ledger: Ledger, template: str, every: str) -> None:
    """Of what is withheld and of what is late it says something else, and waits for it."""
    columns = "columns: {day: date, usd: number, shop: text}"
    sane = "checks: [{between: {usd: [0, 500]}}]"
    again(project, "sales", f"{{read: {{files: sales.csv}}, time: day, {columns}, {sane}}}")
    again(project, "revenue", f"{{mean: sales.usd, unit: USD, grain: {every}}}")
    again(project, "weekly", f'{{template: {template}, every: {every}, at: "08:00", to: team}}')
    (project.root / "alerts.yml").write_text(WATCHED)
    shipped = catalogue.load(project.root)
    clock.tick(shipped, ledger, NEXT - timedelta(days=8), {})
    whole = rows(SUNDAY)
    for wrong, what in ((whole.replace("2026-11-22,122", "2026-11-22,900"), "withheld"), (rows(BEFORE), "late")):
        (project.root / "sales.csv").write_text(wrong)
        run.observe(shipped, ledger, NEXT)
        (edition,) = clock.tick(shipped, ledger, NEXT, {}).reports.editions
        assert (edition.state, what in edition.lacks) == (EditionState.WAITING, True), edition.lacks


def test_a_chat_gets_the_first_sentences(project: Catalog, ledger: Ledger) -> None:
    """And a link to the site."""
    posts: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    compute(project, ledger, NEXT)
    told = clock.tick(project, ledger, NEXT, {"TEAM": f"json://127.0.0.1:{server.server_port}/"})
    server.shutdown()
    server.server_close()
    assert states(told) == ["built", "sent"]
    assert posts[0]["title"] == "The week, 16\N{EN DASH}22 Nov 2026"
    assert "Revenue was $833." in posts[0]["message"]
    assert "https://kpis.shop.example" in posts[0]["message"]


def test_two_ticks_at_once_are_one(project: Catalog, ledger: Ledger, mailbox: Mailbox) -> None:
    """A second process that ticks while the first one sends its mail does nothing, and says who is at work."""
    compute(project, ledger, NEXT)
    environment = {**os.environ, "TEAM": mailbox.address}
    mailbox.wait.clear()
    ticking = command("tick", project, "--now", NEXT.isoformat())
    first = subprocess.Popen(ticking, env=environment)
    assert mailbox.begun.wait(60)
    second = subprocess.run(ticking, env=environment, capture_output=True, text=True, check=True)
    mailbox.wait.set()
    assert first.wait(60) == 0
    assert f"in the hands of another clock, process {first.pid}" in second.stderr
    assert len(mailbox.mails) == 1


def command(name: str, project: Catalog, *more: str) -> list[str]:
    """As somebody types it on that Monday."""
    return [sys.executable, "-m", "headway", *name.split(), "--project", str(project.root), *more]


def test_editions_are_listed(shops: Catalog, ledger: Ledger, mailbox: Mailbox) -> None:
    """As a table that eighty columns hold, with sentences about what did not work, and as JSON."""
    sell(shops, ledger, NEXT, a=SUNDAY, b=BEFORE)
    mailbox.refuse = "451 later"
    clock.tick(shops, ledger, NEXT, {"TEAM": mailbox.address})
    environment = {**os.environ, "COLUMNS": "80"}

    def listed(*more: str) -> str:
        words = command("report list", shops, *more)
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout

    table = listed()
    assert re.search(r"weekly +2026-W47 +a +23 Nov 2026, 08:00 +built +team \(failed\)", table)
    assert re.search(r"weekly +2026-W47 +b +23 Nov 2026, 08:00 +waiting", table)
    assert "W46" not in table
    assert "\nReport weekly 2026-W47 of b waits: Revenue has no number for 2026-W47.\n" in table
    assert "\nReport weekly 2026-W47 of a not delivered to team, to be tried again: " in table
    assert max(map(len, table.splitlines()[:4])) <= 80
    assert "2026-W46" in listed("--all")
    found = json.loads(listed("--json"))
    assert [(one["of"], one["state"], len(one["routes"])) for one in found["editions"]] == [
        ("a", "built", 1),
        ("b", "waiting", 0),
    ]


def test_a_mail_can_be_read_on_a_phone(project: Catalog, ledger: Ledger, mailbox: Mailbox, browser: Browser) -> None:
    """As on a desk: its pictures are there, nothing scrolls sideways, its number is the ledger's."""
    compute(project, ledger, NEXT)
    clock.tick(project, ledger, NEXT, {"TEAM": mailbox.address})
    found = parts(mailbox.mails[0])

    def picture(match: re.Match[str]) -> str:
        return f"data:image/png;base64,{b64encode(found[match[1]]).decode()}"

    page = browser.new_page()
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.set_content(re.sub(r'cid:([^"]+)', picture, found["text/html"].decode()))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("[...document.images].every(one => one.naturalWidth > 0)")
        assert page.locator("img").count() == 1
        assert page.locator("[data-kpi=revenue]").first.inner_text() == "$833"
    page.close()
