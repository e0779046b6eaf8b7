"""Which restatements can only be published together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from headway.ledger import Ledger, Run, schema
from headway.ledger.tied import tied

NOW = datetime(2026, 1, 1, tzinfo=UTC)
READS = {"ratio": ["top", "bottom"]}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    """A transaction on a ledger of five runs and a series of each of three KPIs."""
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        for _ in range(5):
            ledger.record(Run(NOW, NOW, "c", "{}", NOW), [])
        with ledger.transaction(writing=True) as opened:
            for number, kpi in enumerate(("top", "bottom", "ratio"), 1):
                row = {"id": number, "kpi": kpi, "part": "", "grain": "month", "cell": ""}
                opened.execute(schema.series.insert(), row)
            definition = {"kpi": "top", "fingerprint": "f", "sql": ""}
            opened.execute(schema.definition.insert(), {**definition, "id": 1})
            yield opened


def propose(connection: sa.Connection, run: int, series: int, period: int, restatement: int) -> None:
    """A run proposes a number for a period, or with 0 nothing any more."""
    row = {"series": series, "period": period, "run": run, "restatement": restatement, "definition": 1}
    connection.execute(schema.proposed.insert(), {**row, "reason": 0, "flags": 0, "status": 0})


def test_a_number_that_changed_twice_ties(connection: sa.Connection) -> None:
    """As long as the first restatement has numbers of its own left."""
    propose(connection, 1, 1, 10, 1)
    propose(connection, 1, 1, 20, 1)
    propose(connection, 2, 1, 10, 2)
    assert tied(connection, [2], {}) == [1]
    assert tied(connection, [1], {}) == [2]
    assert tied(connection, [1, 2], {}) == []
    propose(connection, 3, 1, 20, 0)
    assert tied(connection, [2], {}) == []


def test_a_formula_is_tied_to_what_it_reads_there(connection: sa.Connection) -> None:
    """By way of the ratio the two sums are tied, too; another period is not."""
    propose(connection, 1, 1, 10, 1)
    propose(connection, 1, 2, 10, 2)
    propose(connection, 1, 3, 10, 2)
    propose(connection, 1, 2, 20, 3)
    assert tied(connection, [1], READS) == [2]
    assert tied(connection, [1], {}) == []
    assert tied(connection, [3], READS) == []


def test_a_number_that_came_back_ties_no_more(connection: sa.Connection) -> None:
    """What was proposed before it did is over."""
    propose(connection, 1, 1, 10, 1)
    propose(connection, 1, 1, 20, 1)
    propose(connection, 2, 1, 10, 0)
    propose(connection, 3, 1, 10, 2)
    assert tied(connection, [2], {}) == []
