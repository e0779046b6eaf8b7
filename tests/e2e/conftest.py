"""A project of three files in a fresh folder, and the real command line to use it with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e.forked import headway as forked

PROJECT = """\
project: shop
title: The corner shop
"""

SOURCES = """\
sources:
  visits:
    read: {files: data/visits.csv}
    columns: {visit: integer, person: text, at: timestamp, spent: number, shelf: text}
    key: visit
    time: at
    people: person
"""

KPIS = """\
kpis:
  visitors: {distinct: visits.person, window: 7 days, by: [shelf], unit: people}
  visits: {count: visits, by: [shelf], targets: [{at_least: 10}]}
  spent: {sum: visits.spent, grain: month, unit: EUR}
  per_visit: {formula: spent / visits, grain: month, unit: EUR}
"""

NOW = "2026-03-10T06:00Z"


def _rows() -> str:
    """Twelve people, two shelves, 69 days of visits: enough that no group is too small."""
    lines = ["visit,person,at,spent,shelf"]
    for number in range(69 * 12):
        day, person = divmod(number, 12)
        month, of_month = (1, day + 1) if day < 31 else (2, day - 30) if day < 59 else (3, day - 58)
        shelf = "books" if person < 6 else "maps"
        lines.append(f"{number},p{person},2026-{month:02}-{of_month:02}T1{person % 10}:00:00,{person + 0.5},{shelf}")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Shop:
    """A project on disk and the `headway` command in it."""

    root: Path

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "headway", *arguments, "--project", str(self.root)]

    def headway(self, *arguments: str, **environment: str) -> Answer:
        words = self.command(*arguments)[3:]
        done = forked(Path.cwd(), *words, environment={**os.environ, "COLUMNS": "120", **environment})
        return Answer(done.returncode, done.stdout, done.stderr)

    def run(self, *arguments: str) -> Answer:
        return self.headway("run", *arguments, "--now", NOW)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The corner shop: one CSV, four KPIs."""
    made = Shop(tmp_path / "shop")
    made.write("headway.yml", PROJECT)
    made.write("sources/visits.yml", SOURCES)
    made.write("kpis/shop.yml", KPIS)
    made.write("data/visits.csv", _rows())
    return made


@pytest.fixture
def edit() -> Callable[[Shop, str, str, str], None]:
    """Replace a text in a file of the project; it must be there exactly once."""

    def change(shop: Shop, name: str, old: str, new: str) -> None:
        text = (shop.root / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, (old, text.count(old))
        shop.write(name, text.replace(old, new))

    return change
