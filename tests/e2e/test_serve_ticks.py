"""A server that ticks tells people of alerts by itself: once, also if two of them do, and it ends cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import IO, TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from conftest import Shop

ALERTS = """
routes: {team: {apprise: env:TEAM_ADDRESS}}
levels: {warning: {respond: 4 hours, to: team}}
alerts: {few_visits: {level: warning, kpi: visits, below: 100}}
"""


@pytest.fixture
def outlet() -> Iterator[tuple[str, list[str]]]:
    """A web hook: its address, and what it was told."""
    told: list[str] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(self.rfile.read(int(self.headers["content-length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"json://127.0.0.1:{server.server_port}", told
        server.shutdown()
        thread.join()


class Server:
    """A `headway serve` of its own."""

    def __init__(self, shop: Shop, *options: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            shop.command("serve", "--port", "0", *options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        self.lines: list[str] = []
        self.errors: list[str] = []
        self.readers = [
            threading.Thread(target=self._read, args=(stream, lines))
            for stream, lines in ((self.process.stdout, self.lines), (self.process.stderr, self.errors))
        ]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def _read(stream: IO[str] | None, lines: list[str]) -> None:
        assert stream is not None
        lines += stream

    def end(self) -> int:
        """End it as an operator does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        for reader in self.readers:
            reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return code


def until(true: Callable[[], bool]) -> None:
    """Wait until something is true, for a minute at the most."""
    for _ in range(1200):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it never became true")


def test_a_server_that_ticks_tells_of_alerts(shop: Shop, outlet: tuple[str, list[str]]) -> None:
    """Nobody else does: the run left it to the next tick. Two servers tell once, and both end when they are told to."""
    address, told = outlet
    shop.write("alerts.yml", ALERTS)
    assert shop.run("--no-tick").code == 0
    servers = [Server(shop, "--tick", TEAM_ADDRESS=address) for _ in range(2)]
    try:
        until(lambda: all(len(server.lines) >= 2 for server in servers) and bool(told))
        url = servers[0].lines[0].split(" at ")[1].split()[0]
        assert httpx.get(f"{url}healthz").json()["ok"] is True
    finally:
        codes = [server.end() for server in servers]
    assert codes == [-signal.SIGTERM] * 2
    assert [server.lines[1] for server in servers] == ["Ticks every minute: alerts are told from here.\n"] * 2
    assert len(told) == 1
    assert "Visits at 12, below 100" in told[0]
    errors = [line for server in servers for line in server.errors]
    assert all(line.startswith("Alerts and reports are in the hands of another clock") for line in errors), errors
    assert shop.headway("tick", TEAM_ADDRESS=address).out == ""


def test_a_server_that_does_not_tick_says_so(shop: Shop, outlet: tuple[str, list[str]]) -> None:
    """Nobody waits for an alert that nobody sends."""
    address, told = outlet
    shop.write("alerts.yml", ALERTS)
    assert shop.run("--no-tick").code == 0
    server = Server(shop, TEAM_ADDRESS=address)
    try:
        until(lambda: len(server.lines) >= 2)
    finally:
        server.end()
    assert server.lines[1].startswith("Does not tick: alerts are told by 'headway tick'")
    assert told == []
