"""What docs/reliability.md promises is held by tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py::\w+)`", PAGE)))


@pytest.mark.parametrize("test", NAMED)
def test_the_test_that_holds_a_promise_exists(test: str) -> None:
    """The function is defined at the top of the file that the page names."""
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    assert name in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def test_each_promise_names_its_test() -> None:
    """Every row of a table ends with one."""
    rows = [line for line in PAGE.splitlines() if line.startswith("|") and not re.match(r"\|(-| when )", line)]
    assert len(rows) > 30
    assert [row for row in rows if not re.search(r"\| `tests/[\w/]+\.py::\w+` \|$", row)] == []
