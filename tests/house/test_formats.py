"""Numbers read alike wherever they are read: only two modules of the pages know how, numbers.py and words.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import headway

ROOT = Path(headway.__file__).parent
#: Groups of thousands, months and weekdays, clocks, and an `s` where there are several.
FORMATS = re.compile(r""":,[.}d]|:%[a-zA-Z]|strftime|:,\.|'' if \w+(\.\w+)? == 1 else 's'""")
FILES = sorted(
    path
    for room in ("publish", "review", "notify", "serve")
    for path in (ROOT / room).rglob("*.py")
    if path.name not in ("numbers.py", "words.py")
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_other_module_formats(path: Path) -> None:
    """A second way to write a number is a number that reads in two ways."""
    found = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if FORMATS.search(line)]
    assert found == []
