"""The tutorial is what happens: its commands run in order, on the workbook that it describes, and say what it shows.

`HEADWAY_WRITE_GOLDEN=1 pytest tests/e2e/test_tutorial.py` writes what they say into the page, to be read in review.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from typer.testing import CliRunner

from headway import cli

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
#: It is this moment in the tutorial.
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
SHOPS = ("Harbour", "Market", "Station")


def sales() -> list[list[object]]:
    """Two years of orders, a few more each month, to the end of 2025."""
    rows: list[list[object]] = [["Order", "Day", "Customer", "Shop", "Amount (EUR)"]]
    day = date(2024, 1, 1)
    while day < date(2026, 1, 1):
        months = (day.year - 2024) * 12 + day.month
        for n in range(2 + (day.toordinal() + months) % 3 // 2 + (months > 12)):
            number = len(rows)
            customer = f"c{number % (40 + 2 * months)}@example.org"
            rows.append([number, day, customer, SHOPS[(number - 1) % 3], 3.5 + (number - 1) % 7 * 3.75 % 19])
            assert n < 5
        day += timedelta(days=1)
    return rows


class Reader:
    """Somebody who does what the page says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def does(self, block: re.Match[str]) -> str:
        """A block of the page as it turns out: commands with what they say, the file as it is, a change that fits."""
        language, text = block[1], block[2]
        match language:
            case "console":
                text = "".join(self.command(line[2:]) for line in text.splitlines() if line.startswith("$ "))
            case "yaml":
                text = self.file.read_text("utf-8")
            case "diff":
                self.change(text)
        return f"```{language}\n{text}```"

    @property
    def file(self) -> Path:
        """The file of the project."""
        return next(path for path in (self.folder / "headway.yml", self.folder / "bakery/headway.yml") if path.exists())

    def change(self, diff: str) -> None:
        """Change a line of the file."""
        old = re.findall(r"^-(.*\n)", diff, re.MULTILINE)
        new = re.findall(r"^\+(.*\n)", diff, re.MULTILINE)
        text = self.file.read_text("utf-8")
        assert text.count("".join(old)) == 1
        self.file.write_text(text.replace("".join(old), "".join(new)), "utf-8")

    def command(self, line: str) -> str:
        """A command and what it says."""
        program, *arguments = line.split()
        if program == "cd":
            self.folder /= arguments[0]
            os.chdir(self.folder)
            return f"$ {line}\n"
        assert program == "headway"
        said = self.serves() if arguments == ["serve"] else self.says(arguments)
        # How many pages there are is not what the tutorial is about, nor where they are here.
        said = re.sub(r"Wrote \d+ files \(\S+ MB\) into \S+", "Wrote 44 files (0.5 MB) into site", said)
        return f"$ {line}\n" + "".join(f"{one.rstrip()}\n" for one in said.splitlines())

    def says(self, arguments: list[str]) -> str:
        """What a command says that does what it should."""
        done = CliRunner().invoke(cli.app, arguments, catch_exceptions=False, env={"COLUMNS": "200"})
        assert done.exit_code == 0, done.output
        assert not done.stderr
        return done.stdout

    def serves(self) -> str:
        """What the server says, which really serves the number of the page."""
        command = [sys.executable, "-m", "headway", "serve", "--port", "0"]
        with subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            said = server.stdout.readline()
            address = re.search(r"http://\S+", said)
            try:
                assert address is not None, said
                with urlopen(address[0]) as page:
                    assert "€1,257" in page.read().decode()
            finally:
                server.send_signal(signal.SIGINT)
        return re.sub(r":\d+", ":8000", said)


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workbook: Callable[..., None]) -> Reader:
    """A reader in January 2026, with the workbook and nothing else, who has `headway` on the path."""
    program = tmp_path / "bin" / "headway"
    program.parent.mkdir()
    program.touch(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    real = cli.project.now_of
    for module in (cli.begin, cli.compute, cli.define, cli.pages, cli.project):
        monkeypatch.setattr(module, "now_of", lambda text: real(text) if text else NOW)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.chdir(folder)
    workbook(folder / "sales.xlsx", Sales=sales())
    return Reader(folder)


def test_the_tutorial_is_what_happens(reader: Reader) -> None:
    """Every command of the page works, in its order, and says what the page shows; the file is the one shown."""
    shown = PAGE.read_text("utf-8")
    happened = re.sub(r"```(\w+)\n(.*?)```", reader.does, shown, flags=re.DOTALL)
    if os.environ.get("HEADWAY_WRITE_GOLDEN"):
        PAGE.write_text(happened, "utf-8")
    assert happened == shown


def test_the_table_of_the_tutorial_is_the_workbook() -> None:
    """The rows that the page begins with are the first of the workbook."""
    rows = re.findall(r"^\| (\d.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    first = [f"{n} | {day} | {who} | {shop} | {amount:.2f}" for n, day, who, shop, amount in sales()[1:4]]
    assert rows == first
