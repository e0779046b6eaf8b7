"""Messages reach a real mail server, a real Alertmanager and a webhook, and say why where they do not."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Container, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from headway import catalog as catalogue
from headway import charts, clock, notify, run
from headway.charts import Figure, Mark
from headway.errors import DeliveryError
from headway.ledger import Ledger
from headway.model import Message, Route, Service, Signal
from headway.publish import message

NOW = datetime(2026, 11, 22, 9, 5, tzinfo=UTC)
SECRET = "s3cret-w0rd"
KEY = "0f0a4b3c-1111-4222-8333-444455556666"
MAIL = Route("team", Service.APPRISE, "TEAM")
HOOK = Route("hook", Service.APPRISE, "HOOK")
MANAGER = Route("incidents", Service.ALERTMANAGER, "ALERTMANAGER_URL")
PICTURE = charts.png(
    Figure("line", (Mark(0, 1), Mark(1, 3)), (), 0, 4, ((0, "0"),), "rises"),
    dict.fromkeys(("grid", "label", "axis", "series", "series-soft", "surface", "ink"), "#333"),
    300,
    120,
)
MESSAGE = Message(
    "API errors are high",
    "API errors are at 1.9 %.\n▁▂▇",
    '<p>API errors are at <b>1.9&nbsp;%</b>.</p><img src="cid:last-values.png" alt="the last values">',
    PICTURE,
)


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(true: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Wait for something that another process is about to do."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(0.05)


class Sessions(Controller):
    """aiosmtpd's server, which knows its sessions: one that stops does not close them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.sessions: list[SMTP] = []
        super().__init__(*args, **options)

    def factory(self) -> SMTP:
        """What aiosmtpd calls for each connection."""
        self.sessions.append(super().factory())
        return self.sessions[-1]


class Mailbox:
    """A mail server on the loopback that keeps what it is given, and can be taken down and up again."""

    def __init__(self) -> None:
        self.port = free_port()
        self.mails: list[EmailMessage] = []
        self.refuse = ""
        self._server: Sessions | None = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        """What aiosmtpd calls for each mail."""
        if self.refuse:
            return self.refuse
        found = message_from_bytes(bytes(envelope.content or b""), policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.mails.append(found)
        return "250 OK"

    def up(self, **options: Any) -> None:
        """Listen."""
        self._server = Sessions(self, hostname="127.0.0.1", port=self.port, **options)
        self._server.start()

    def down(self) -> None:
        """Listen no more."""
        if (server := self._server) is not None:
            until(lambda: all(one.transport is None for one in server.sessions), "the last session ends")
            server.stop()
            self._server = None

    @property
    def address(self) -> str:
        """As it stands in the environment."""
        return f"mailto://127.0.0.1:{self.port}/?from=headway@example.org&to=team@example.org"


class Hook:
    """A webhook on the loopback that keeps what is posted to it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.posts: list[Any] = []
        self.status = 200
        self._server: ThreadingHTTPServer | None = None

    def up(self) -> None:
        """Listen."""
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.status == 200:
                    hook.posts.append(json.loads(body))
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def address(self) -> str:
        """As it stands in the environment: with a password in it."""
        return f"json://user:{SECRET}@127.0.0.1:{self.port}/{SECRET}"


class Manager:
    """Debian's Alertmanager on the loopback. It tells the hook of what fires, and of what ended."""

    def __init__(self, folder: Path, hook: Hook) -> None:
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._config = folder / "alertmanager.yml"
        self._config.write_text(
            "route: {receiver: hook, group_by: [alertname], group_wait: 100ms, group_interval: 1s}\n"
            f"receivers: [{{name: hook, webhook_configs: [{{url: 'http://127.0.0.1:{hook.port}/'}}]}}]\n"
        )

    def up(self) -> None:
        """Start it, and wait until it listens."""
        self._process = subprocess.Popen(
            [
                "prometheus-alertmanager",
                f"--config.file={self._config}",
                f"--storage.path={self._folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--cluster.listen-address=",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._ready, "Alertmanager is up", 60)

    def down(self) -> None:
        """Kill it, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.address}/-/ready", timeout=1).is_success
        except httpx.TransportError:
            return False

    @property
    def address(self) -> str:
        """As it stands in the environment."""
        return f"http://127.0.0.1:{self.port}"

    def alerts(self) -> dict[str, Mapping[str, Any]]:
        """The alerts that it holds for active, by their names."""
        found = httpx.get(f"{self.address}/api/v2/alerts", timeout=5).json()
        return {one["labels"]["alertname"]: one for one in found}


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server that listens."""
    one = Mailbox()
    one.up()
    yield one
    one.down()


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook that listens."""
    one = Hook()
    one.up()
    yield one
    one.down()


@pytest.fixture
def manager(tmp_path: Path, hook: Hook) -> Iterator[Manager]:
    """An Alertmanager that listens."""
    if shutil.which("prometheus-alertmanager") is None:
        pytest.skip("prometheus-alertmanager is not installed: see .ci/alertmanager")
    one = Manager(tmp_path, hook)
    one.up()
    yield one
    one.down()


def refused(route: Route, address: str, message: Message = MESSAGE) -> str:
    """Why a message was not taken; whatever the reason, it has no word of the address."""
    with pytest.raises(DeliveryError) as caught:
        notify.send(route, message, {route.variable: address} if address else {})
    for word in (SECRET, "127.0.0.1", "example.org/", "nowhere.invalid"):
        assert word not in str(caught.value).replace(caught.value.mistakes[0].remedy or "", "")
    return caught.value.mistakes[0].message


# -- mail ----------------------------------------------------------------------------------------------------------


def test_a_mail_has_text_html_and_the_picture_in_it(mailbox: Mailbox) -> None:
    """A mail says the same in plain text and in HTML, and its picture stands where the HTML shows it."""
    notify.send(MAIL, MESSAGE, {"TEAM": mailbox.address})
    [mail] = mailbox.mails
    assert (mail["Subject"], mail["To"]) == ("API errors are high", "team@example.org")
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain
    assert "API errors are at 1.9" in plain.get_content()
    assert html
    assert "<b>1.9&nbsp;%</b>" in html.get_content()
    [picture] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<last-values.png>"
    assert picture.get_content() == PICTURE


def test_a_mail_server_that_is_down_is_told_so(mailbox: Mailbox) -> None:
    """A refused connection is named as such; when the server is back, the same message arrives."""
    mailbox.down()
    assert refused(MAIL, mailbox.address) == "route team, E-Mail: the connection was refused"
    mailbox.up()
    notify.send(MAIL, MESSAGE, {"TEAM": mailbox.address})
    assert len(mailbox.mails) == 1


def test_a_mail_server_that_refuses_gives_its_code(mailbox: Mailbox) -> None:
    """What the server answered is told by its number, for its words may name people."""
    mailbox.refuse = f"552 {SECRET} at 127.0.0.1 has no room"
    assert refused(MAIL, mailbox.address) == "route team, E-Mail: it refused the message (552)"


def test_a_wrong_password_of_a_mailbox_is_told(mailbox: Mailbox) -> None:
    """A mail server that refuses the password says so."""
    mailbox.down()
    options = {"auth_require_tls": False}
    mailbox.up(**options, authenticator=lambda *_: AuthResult(success=False, handled=False))
    address = mailbox.address.replace("127.0.0.1", f"user:{SECRET}@127.0.0.1")
    assert refused(MAIL, address) == "route team, E-Mail: it refused the password (535)"


# -- webhook, and others through Apprise ---------------------------------------------------------------------------


def test_a_webhook_gets_the_text(hook: Hook) -> None:
    """A service that knows no HTML is told in plain text, with the picture beside it."""
    notify.send(HOOK, MESSAGE, {"HOOK": hook.address})
    [post] = hook.posts
    assert post["title"] == "API errors are high"
    assert post["message"] == "API errors are at 1.9 %.\n▁▂▇"
    assert [one["filename"] for one in post["attachments"]] == ["last-values.png"]


def test_a_service_of_markdown_gets_lines_that_stay_apart(hook: Hook) -> None:
    """Links and commands come as they are, and no two lines run together."""
    said = "Take it:  headway alerts ack a_b\nhttps://h/kpi/a_b.html\n\nThe end.\n"
    notify.send(HOOK, Message("t", said), {"HOOK": f"goalert://127.0.0.1:{hook.port}/{KEY}"})
    [post] = hook.posts
    assert post["details"] == "Take it:  headway alerts ack a_b\n\nhttps://h/kpi/a_b.html\n\nThe end."


def test_a_route_of_two_addresses_reaches_both(hook: Hook, mailbox: Mailbox) -> None:
    """A variable may hold several addresses."""
    notify.send(HOOK, MESSAGE, {"HOOK": f"{hook.address}, {mailbox.address}"})
    assert (len(hook.posts), len(mailbox.mails)) == (1, 1)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, "it refused the password or token (403)"),
        (404, "there is nothing at this address (404)"),
        (500, "it refused the message (500)"),
    ],
)
def test_a_webhook_that_refuses_gives_its_code(hook: Hook, status: int, reason: str) -> None:
    """An answer of HTTP that is no success is told with its code."""
    hook.status = status
    assert refused(HOOK, hook.address) == f"route hook, JSON: {reason}"


def test_a_webhook_that_is_down(hook: Hook) -> None:
    """A refused connection is named as such."""
    hook.down()
    assert refused(HOOK, hook.address) == "route hook, JSON: the connection was refused"


def test_a_service_that_says_nothing_is_not_waited_for_long() -> None:
    """Whoever takes the connection and does not answer is given up after some seconds."""
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        address = f"json://127.0.0.1:{mute.getsockname()[1]}/?rto=0.3"
        assert refused(HOOK, address) == "route hook, JSON: it did not answer in time"


def test_an_address_that_is_none_is_told_without_it(capfd: pytest.CaptureFixture[str]) -> None:
    """Neither the error nor the log repeats an address that nobody can read."""
    assert refused(HOOK, f"nothing://{SECRET}") == "route hook: what HOOK holds is no address that Apprise knows"
    assert refused(HOOK, f"slack://{SECRET}") == "route hook: what HOOK holds is no address that Apprise knows"
    assert refused(HOOK, "") == "route hook: the environment variable HOOK is not set"
    assert capfd.readouterr() == ("", "")


# -- Alertmanager --------------------------------------------------------------------------------------------------


def signal(name: str, ends: datetime, **more: str) -> Message:
    """A message that is one alert."""
    labels = {"alertname": name, "kpi": "api_error_rate", "severity": "critical", **more}
    starts = min(ends, datetime.now(UTC)) - timedelta(hours=1)
    return Message("", "", signals=(Signal(labels, {"summary": "API errors are high"}, starts, ends, "http://h/k"),))


def test_an_alertmanager_holds_what_fires_and_forgets_what_ended(manager: Manager, hook: Hook) -> None:
    """A real Alertmanager takes an alert, tells its receiver, and tells it again when the alert ended."""
    environ = {"ALERTMANAGER_URL": manager.address}
    now = datetime.now(UTC)
    notify.send(MANAGER, signal("api_errors_high", now + timedelta(days=1), cell=""), environ)
    until(lambda: "api_errors_high" in manager.alerts(), "the alert is there")
    held = manager.alerts()["api_errors_high"]
    assert held["labels"] == {"alertname": "api_errors_high", "kpi": "api_error_rate", "severity": "critical"}
    assert (held["annotations"], held["generatorURL"]) == ({"summary": "API errors are high"}, "http://h/k")
    until(lambda: [post["status"] for post in hook.posts] == ["firing"], "the receiver is told")
    notify.send(MANAGER, signal("api_errors_high", now), environ)
    until(lambda: [post["status"] for post in hook.posts] == ["firing", "resolved"], "the receiver is told of the end")
    assert manager.alerts() == {}


def test_an_alertmanager_that_was_killed_knows_again_what_is_posted_again(manager: Manager, hook: Hook) -> None:
    """It keeps no alert over a restart: posting what fires once more makes it whole, and tells nobody twice."""
    environ = {"ALERTMANAGER_URL": manager.address}
    fires = signal("api_errors_high", datetime.now(UTC) + timedelta(days=1))
    notify.send(MANAGER, fires, environ)
    until(lambda: len(hook.posts) == 1, "the receiver is told")
    manager.down()
    said = refused(MANAGER, manager.address, fires)
    assert said == "route incidents, Alertmanager: the connection was refused"
    manager.up()
    assert manager.alerts() == {}
    notify.send(MANAGER, fires, environ)
    until(lambda: "api_errors_high" in manager.alerts(), "the alert is there again")


def test_what_an_alertmanager_does_not_understand_is_refused(manager: Manager) -> None:
    """An alert without a name is none."""
    wrong = Message("", "", signals=(Signal({}, {}, NOW, NOW),))
    said = refused(MANAGER, manager.address, wrong)
    assert said == "route incidents, Alertmanager: it does not understand the alerts (400)"


@pytest.mark.parametrize("address", ["alertmanager:9093", "ftp://example.org/", "http://", "/etc/passwd"])
def test_what_is_no_address_of_an_alertmanager(address: str) -> None:
    """Only HTTP leads to an Alertmanager."""
    said = "route incidents: what ALERTMANAGER_URL holds is no address of an Alertmanager"
    assert refused(MANAGER, address, signal("a", NOW)) == said


# -- from numbers to people ------------------------------------------------------------------------------------------

PROJECT = """
project: shop
title: The corner shop
site_url: https://kpis.example.org
sources:
  visits:
    read: {files: visits.csv}
    columns: {id: integer, at: timestamp, shelf: text, failed: boolean}
    key: id
    time: at
kpis:
  failures:
    {title: Failed visits, share: visits.failed, grain: hour, by_grain: hour, by: [shelf], better: lower}
  refusals: {title: Refusals, share: visits.failed, grain: hour, by_grain: hour, by: [shelf]}
routes:
  team: {apprise: env:TEAM}
  chief: {apprise: env:HOOK, audience: restricted}
  incidents: {alertmanager: env:ALERTMANAGER_URL}
levels:
  critical: {respond: 15 minutes, to: team, escalate: chief}
  warning: {respond: 4 hours, to: incidents}
alerts:
  failing: {level: critical, kpi: failures, above: 5 %}
  failing_shelf: {level: warning, kpi: refusals, for: {shelf: each}, above: 20 %}
  fire: {level: critical, event: fire}
"""
BEGIN = datetime(2026, 11, 22, 0, tzinfo=UTC)


class Shop:
    """A project whose visits fail in the hours that a test says, with its ledger and its clock."""

    def __init__(self, root: Path, environ: Mapping[str, str], begin: datetime = BEGIN) -> None:
        self.root, self.environ, self.begin = root, environ, begin
        (root / "headway.yml").write_text(PROJECT, encoding="utf-8")

    def run(self, hours: int, failing: Container[int], many: Mapping[int, int] = MappingProxyType({})) -> None:
        """Compute after so many hours, and tick; of 20 visits in an hour that is failing four fail, or `many` do."""
        lines, number = ["id,at,shelf,failed"], 0
        for hour in range(hours):
            for one in range(20):
                number += 1
                shelf = "books" if one < 10 else "maps"
                fails = hour in failing and one < many.get(hour, 4)
                at = self.begin + timedelta(hours=hour, minutes=one)
                lines.append(f"{number},{at:%Y-%m-%dT%H:%M:%S},{shelf},{'true' if fails else 'false'}")
        (self.root / "visits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        with self.ledger() as ledger:
            run.observe(catalogue.load(self.root), ledger, self.begin + timedelta(hours=hours, minutes=1))
        self.tick(hours, 1)

    def tick(self, hours: int, minutes: int = 0) -> clock.Ticked:
        """What cron does every minute: here so long after the beginning."""
        now = self.begin + timedelta(hours=hours, minutes=minutes)
        with self.ledger() as ledger:
            return clock.tick(catalogue.load(self.root), ledger, now, self.environ)

    def ledger(self) -> Ledger:
        """Opened anew, as each command does."""
        return Ledger.open(self.root / "ledger.db")


@pytest.fixture
def shop(tmp_path: Path, mailbox: Mailbox, hook: Hook) -> Shop:
    """A shop whose alerts go to a mailbox, a webhook and nowhere."""
    root = tmp_path / "shop"
    root.mkdir()
    return Shop(root, {"TEAM": mailbox.address, "HOOK": hook.address})


def subjects(mailbox: Mailbox) -> list[str]:
    """The subjects of what came, with ordinary spaces."""
    return [mail["Subject"].replace("\u202f", " ").replace("\u00a0", " ") for mail in mailbox.mails]


def test_a_mailbox_that_was_down_misses_nothing_and_hears_nothing_twice(shop: Shop, mailbox: Mailbox) -> None:
    """What began and still fires is told when the mail server is back, then its end; ticks in between tell nothing."""
    shop.run(4, {})
    assert subjects(mailbox) == []
    mailbox.down()
    shop.run(5, {4})
    shop.tick(5, 3)
    mailbox.up()
    shop.tick(5, 10)
    shop.tick(5, 11)
    assert subjects(mailbox) == ["Critical: Failed visits at 20.0 %, above 5 %"]
    [mail] = mailbox.mails
    html = mail.get_body(("html",))
    assert html
    assert "books, from 0" in html.get_content()
    assert any(part.get_content_type() == "image/png" for part in mail.walk())
    shop.run(6, {4})
    shop.run(6, {4})
    assert subjects(mailbox)[1:] == ["Ended: Failed visits back at 0 %"]


def test_what_came_and_went_while_a_mailbox_was_down_is_one_message(shop: Shop, mailbox: Mailbox) -> None:
    """It says both, and how bad it was."""
    shop.run(4, {})
    mailbox.down()
    shop.run(5, {4})
    shop.run(6, {4})
    mailbox.up()
    shop.tick(8)
    assert subjects(mailbox) == ["Over already: Failed visits above 5 %, 20.0 % at worst"]


def test_what_nobody_takes_is_told_to_somebody_else(shop: Shop, mailbox: Mailbox, hook: Hook) -> None:
    """After the time to respond the next route is told since when; and of the end both are."""
    shop.run(4, {3})
    assert len(mailbox.mails) == 1
    shop.tick(4, 10)
    assert hook.posts == []
    shop.tick(4, 16)
    assert [post["title"][:25] for post in hook.posts] == ["Critical, nobody took it:"]
    assert hook.posts[0]["message"].startswith("The corner shop\n\nNobody has taken it since 22 Nov 2026, 04:01 UTC")
    shop.run(5, {3})
    assert len(mailbox.mails) == 2
    assert hook.posts[1]["title"].startswith("Ended: Failed visits back at 0")


def test_what_becomes_worse_and_what_goes_on_is_told_again(shop: Shop, mailbox: Mailbox) -> None:
    """Four in twenty fail, then twelve: worse. Then nothing changes but the hour: said again, until it ends."""
    text = PROJECT.replace("to: team, escalate: chief}", "to: team, repeat: 3 hours}")
    (shop.root / "headway.yml").write_text(text, encoding="utf-8")
    shop.run(5, {4})
    shop.run(6, {4, 5}, {5: 12})
    shop.tick(7, 59)
    assert [one.partition(":")[0] for one in subjects(mailbox)] == ["Critical", "Critical, worse"]
    shop.tick(8, 30)
    shop.tick(8, 31)
    told = subjects(mailbox)
    assert [one.partition(":")[0] for one in told] == ["Critical", "Critical, worse", "Critical, still"], told
    assert "60.0 %" in told[1]
    shop.run(9, {4, 5})
    assert subjects(mailbox)[3:] == ["Ended: Failed visits back at 0 %"]


def test_a_digest_gathers_a_day_into_one_mail(shop: Shop, mailbox: Mailbox) -> None:
    """What began after eight waits for the next morning; one mail then, and none for what ended before it."""
    text = PROJECT.replace(
        "warning: {respond: 4 hours, to: incidents}", "warning: {respond: 1 day, to: team, digest: daily}"
    ).replace("failing: {level: critical,", "failing: {level: warning,")
    (shop.root / "headway.yml").write_text(text, encoding="utf-8")
    shop.run(9, {})
    shop.run(10, {9}, {9: 12})
    shop.tick(23)
    assert subjects(mailbox) == []
    shop.tick(32, 1)
    [told] = subjects(mailbox)
    assert told == "Warning: Failed visits at 60.0 %, above 5 %, and 1 more"
    plain = mailbox.mails[0].get_body(("plain",))
    assert plain
    assert "Failed visits" in plain.get_content()
    assert "Refusals" in plain.get_content()
    shop.tick(33)
    assert len(mailbox.mails) == 1


def test_an_alertmanager_that_was_killed_hears_again_what_fires(
    tmp_path: Path, manager: Manager, mailbox: Mailbox
) -> None:
    """Each cell is an alert of its own there; a tick after a restart tells what still fires; an end ends it."""
    root = tmp_path / "shop"
    root.mkdir()
    # An Alertmanager goes by its own clock, so these hours are the last ones.
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=6)
    shop = Shop(root, {"TEAM": mailbox.address, "ALERTMANAGER_URL": manager.address}, begin)
    shop.run(4, {3})
    until(lambda: "failing_shelf" in manager.alerts(), "the alert is there")
    held = manager.alerts()["failing_shelf"]
    assert held["labels"] == {
        "alertname": "failing_shelf", "kpi": "refusals", "level": "warning", "severity": "warning", "project": "shop",
        "shelf": "books",
    }  # fmt: skip
    assert held["annotations"]["summary"].replace("\u202f", " ") == "Refusals, books at 40.0 %, above 20 %"
    manager.down()
    shop.tick(4, 5)
    manager.up()
    assert manager.alerts() == {}
    shop.tick(4, 6)
    until(lambda: "failing_shelf" in manager.alerts(), "the alert is there again")
    manager.down()
    shop.run(5, {3})
    manager.up()
    shop.tick(5, 5)
    until(lambda: "failing_shelf" not in manager.alerts(), "the alert has ended")


def test_a_route_without_its_variable_is_one_that_is_down(shop: Shop, mailbox: Mailbox) -> None:
    """The reason is kept, names the variable, and nothing is lost."""
    address = shop.environ["TEAM"]
    shop.environ = {}
    shop.run(4, {3})
    with shop.ledger() as ledger:
        errors = {one.error for one in ledger.alerting().deliveries}
    assert "route team: the environment variable TEAM is not set" in errors
    shop.environ = {"TEAM": address}
    shop.tick(6)
    assert subjects(mailbox) == ["Critical: Failed visits at 20.0 %, above 5 %"]


def test_no_address_is_kept_anywhere(shop: Shop, hook: Hook) -> None:
    """Neither the ledger, nor any other file of the project, has a word of an address."""
    hook.status = 500
    shop.environ = {"TEAM": hook.address, "HOOK": hook.address, "ALERTMANAGER_URL": f"http://u:{SECRET}@127.0.0.1:1"}
    shop.run(4, {3})
    kept = b"".join(path.read_bytes() for path in sorted(shop.root.rglob("*")) if path.is_file())
    assert b"it refused the message (500)" in kept
    assert SECRET.encode() not in kept
    assert b"127.0.0.1" not in kept


def test_a_message_that_cannot_be_made_is_told_in_few_words(
    shop: Shop, mailbox: Mailbox, hook: Hook, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in words or pictures keeps no alert back, neither from people nor from an Alertmanager."""

    def broken(*_: object) -> Message:
        raise ZeroDivisionError

    monkeypatch.setattr(message, "message", broken)
    shop.environ = {"TEAM": mailbox.address, "ALERTMANAGER_URL": manager.address}
    shop.begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=6)
    shop.run(4, {3})
    assert [subject.partition(".")[0] for subject in subjects(mailbox)] == ["failing: start"]
    until(lambda: "failing_shelf" in manager.alerts(), "the alert is there")
