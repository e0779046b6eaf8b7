"""A ledger goes to another machine and back, with what waits for a decision, and the decision."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Shop

    Edit = Callable[[Shop, str, str, str], None]


def test_a_decision_is_made_where_the_ledger_was_brought(shop: Shop, edit: Edit, tmp_path: Path) -> None:
    """What waits here waits there too; what is accepted there is published here, once it is brought back."""
    assert shop.run().code == 0
    edit(shop, "data/visits.csv", "\n7,p7,2026-01-01T17:00:00,7.5", "\n7,p7,2026-01-01T17:00:00,99")
    answer = shop.headway("run", "--now", "2026-03-11T06:00Z")
    assert answer.code == 0, answer.err
    there = type(shop)(tmp_path / "there")
    shutil.copytree(shop.root, there.root, ignore=shutil.ignore_patterns("ledger.db*"))
    out = str(tmp_path / "history")
    assert shop.headway("ledger", "export", out).code == 0
    assert there.headway("ledger", "import", out).code == 0
    waits = json.loads(shop.headway("restatements", "--json").out)
    assert json.loads(there.headway("restatements", "--json").out) == waits
    assert there.headway("show", "spent", "--json").out == shop.headway("show", "spent", "--json").out

    answer = there.headway("accept", "1", "--why", "the till was wrong", "--who", "Office")
    assert answer.code == 0, answer.err
    assert there.headway("ledger", "export", out).code == 0
    answer = shop.headway("ledger", "import", out)
    assert "3 runs, 1 of them new" in answer.out, answer.err
    assert shop.headway("show", "spent", "--json").out == there.headway("show", "spent", "--json").out
    assert json.loads(shop.headway("restatements", "--json").out) != waits
    again = shop.headway("run", "--now", "2026-03-11T06:00Z")
    assert again.code == 0
    assert "new" not in again.out.splitlines()[0], again.out
