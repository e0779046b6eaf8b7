"""The engine over real files: what it attaches, what it answers, and what it says when it cannot."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from sqlglot import exp

from headway import sources
from headway.engines import DuckDB
from headway.errors import Place
from headway.model import FilesReader, Source

PLACE = Place("sources/x.yml", 2)


def query(text: str) -> exp.Query:
    parsed = sqlglot.parse_one(text, read="duckdb")
    assert isinstance(parsed, exp.Query)
    return parsed


def test_parquet_is_attached_and_answers_with_arrow(tmp_path: Path) -> None:
    """A Parquet file becomes a relation named like its source, and a query joins it with tables given beside it."""
    pq.write_table(pa.table({"hub": ["a", "b", None], "n": [1, 2, 3]}), tmp_path / "hubs.parquet")
    source = Source("hubs", FilesReader(("*.parquet",)), PLACE)
    with DuckDB(tmp_path / "tmp") as engine:
        assert engine.attach(source, sources.locate(source, tmp_path)) == {"hub": "text", "n": "integer"}
        weights = pa.table({"hub": ["a", "b"], "weight": [10, 100]})
        answer = engine.execute(
            query("SELECT sum(n * weight) AS total FROM hubs JOIN weights USING (hub)"), {"weights": weights}
        )
        assert answer.to_pylist() == [{"total": 210}]


def test_csv_columns_get_exact_types(tmp_path: Path) -> None:
    """A text file's columns are typed by all of their values; a name such as 007 stays a text."""
    (tmp_path / "a.csv").write_text(
        "id,amount,day,at,moment,ok,empty\n"
        "007,1.5,2026-01-31,2026-01-31 10:00,2020-08-25T14:17:08+05:30,true,\n"
        "8,2,2026-02-01,2026-01-31T10:00:00,2020-08-25T14:17:08Z,false,\n"
    )
    source = Source("a", FilesReader(("a.csv",)), PLACE)
    with DuckDB() as engine:
        assert engine.attach(source, sources.locate(source, tmp_path)) == {
            "id": "text",
            "amount": "number",
            "day": "date",
            "at": "timestamp",
            "moment": "timestamptz",
            "ok": "boolean",
            "empty": "text",
        }
