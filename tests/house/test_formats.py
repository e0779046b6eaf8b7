"""Numbers read alike wherever they are read: one package knows how, `headway.formats`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import headway

ROOT = Path(headway.__file__).parent
#: Groups of thousands, months and weekdays, clocks, and an `s` where there are several.
FORMATS = re.compile(r""":,[.}d]|:%[a-zA-Z]|strftime|:,\.|'' if [\w.()]+ == 1 else 's'""")
#: A moment to the minute as it may be typed again: 2026-03-10 06:00.
TYPED = re.compile(r":%Y-%m-%d (at )?%H:%M\b")
ROOMS = ("publish", "review", "notify", "serve", "cli", "charts", "checks", "causes", "sources", "decide", "alerts")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_other_module_formats(path: Path) -> None:
    """A second way to write a number is a number that reads in two ways."""
    lines = (TYPED.sub("", line.strip()) for line in path.read_text(encoding="utf-8").splitlines())
    assert [line for line in lines if FORMATS.search(line)] == []
