"""The page on history is what happens: its commands run in order, and what it quotes of their answers stands there.

A line `...` stands for any lines. The runs happen on the days of which the page speaks.
"""

from __future__ import annotations

import re
import shlex
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from headway import cli

PAGE = Path(__file__).parents[2] / "docs" / "history.md"
#: When it runs, and when the reader asks.
RUNS = tuple(datetime(2026, month, day, 6, tzinfo=UTC) for month, day in ((2, 5), (3, 5), (3, 6)))


def _doors() -> str:
    """7,212 visits in January, a little less in February, and some days of March."""
    lines, day = ["day,door,visits"], date(2026, 1, 1)
    while day < date(2026, 3, 5):
        lines += [f"{day},north,120", f"{day},south,{113 if day.day <= 20 else 112}"]
        day += timedelta(days=1)
    return "\n".join(lines) + "\n"


class Reader:
    """Somebody who does what the page says, and compares."""

    def __init__(self, clock: list[datetime]) -> None:
        self.clock = clock
        self.runs = 0

    def does(self, language: str, text: str) -> None:
        """A block of the page: a file, a change of one, or commands with excerpts of what they say."""
        match language:
            case "yaml":
                Path("headway.yml").write_text(text, "utf-8")
            case "diff":
                self.changes(text)
            case "console":
                self.types(text)

    def changes(self, text: str) -> None:
        """Change the file that a diff names."""
        (name,) = re.findall(r"^--- (.*)$", text, re.MULTILINE)
        old, new = ("".join(re.findall(rf"^\{sign}(?!--)(.*\n)", text, re.MULTILINE)) for sign in "-+")
        written = Path(name).read_text("utf-8")
        assert written.count(old) == 1, old
        Path(name).write_text(written.replace(old, new), "utf-8")

    def types(self, text: str) -> None:
        """Type the commands; what the page quotes must be in the answers, in its order."""
        for block in re.split(r"^(?=\$ )", text, flags=re.MULTILINE)[1:]:
            command, *quoted = block.splitlines()
            said = [line.rstrip() for line in self.answer(shlex.split(command.removeprefix("$ headway "))).splitlines()]
            at = 0
            for line in quoted:
                if line == "...":
                    continue
                assert _plain(line) in [_plain(one) for one in said[at:]], "\n".join([command, line, *said])
                at += [_plain(one) for one in said[at:]].index(_plain(line)) + 1

    def answer(self, arguments: list[str]) -> str:
        """What a command says, on the day on which the page has arrived."""
        self.clock[:] = [RUNS[self.runs if arguments == ["run"] else self.runs - 1]]
        done = CliRunner().invoke(cli.app, arguments, catch_exceptions=False, env={"COLUMNS": "200"})
        assert done.exit_code == 0, done.output
        if arguments == ["run"]:
            self.runs += 1
            with sqlite3.connect(".headway/ledger.db") as ledger:  # it says when it really was
                moment = self.clock[0].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
                ledger.execute("UPDATE run SET finished = ? WHERE id = ?", (moment, self.runs))
        return done.stdout


def _plain(line: str) -> str:
    """A line without what keeps its columns apart."""
    return " ".join(line.split())


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """A reader with the doors' file and nothing else."""
    clock = [RUNS[0]]
    real = cli.project.now_of
    for module in (cli.compare, cli.compute, cli.history, cli.pages, cli.project):
        monkeypatch.setattr(module, "now_of", lambda text: real(text) if text else clock[0])
    monkeypatch.chdir(tmp_path)
    Path("doors.csv").write_text(_doors(), "utf-8")
    return Reader(clock)


def test_the_page_on_history_is_what_happens(reader: Reader) -> None:
    """Every command works, in its order, and says what the page quotes."""
    blocks = re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    assert {language for language, _ in blocks} == {"yaml", "diff", "console"}
    for language, text in blocks:
        reader.does(language, text)
