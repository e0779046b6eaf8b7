"""Traps of DuckDB that our code steps around. A test that turns red says that a way around may go."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest


def one(text: str) -> object:
    return duckdb.connect().sql(text).to_arrow_table().to_pylist()[0]["x"]


def test_least_takes_nulls_for_nothing() -> None:
    """`least(60, NULL)` is 60: formulas over KPIs, where no data must stay no data, are never left to SQL."""
    assert one("SELECT least(60, NULL) AS x") == 60


@pytest.mark.parametrize(
    ("text", "type_", "read"), [("1.5", "BIGINT", 2), ("1_000", "BIGINT", 1000), ("0x10", "BIGINT", 16)]
)
def test_casts_are_too_kind(text: str, type_: str, read: int) -> None:
    """A cast rounds and reads what no person means by a number; `engines/columns.py` matches a pattern first."""
    assert one(f"SELECT TRY_CAST('{text}' AS {type_}) AS x") == read


def test_cast_to_timestamp_forgets_the_offset() -> None:
    """A text with an offset becomes a local time, silently; so we look for offsets ourselves."""
    assert one("SELECT CAST('2020-08-25T14:17:08+05:30' AS TIMESTAMP)::VARCHAR AS x") == "2020-08-25 14:17:08"


def test_cast_to_date_forgets_the_time() -> None:
    """A text with a clock time becomes a day, silently."""
    assert one("SELECT CAST('2020-08-25 14:17' AS DATE)::VARCHAR AS x") == "2020-08-25"


def test_sniffer_takes_a_broken_table_for_one_column(tmp_path: Path) -> None:
    """With a field too few in a row, the sniffer finds one column of whole lines; so we do not ask it."""
    (tmp_path / "a.csv").write_text("id,day,amount\n1,2020-01-01,1.5\n2,2020-01-02\n3,2020-01-03,4\n")
    assert duckdb.connect().sql(f"FROM read_csv('{tmp_path}/a.csv')").columns == ["id,day,amount"]


def test_mixed_line_ends_are_refused(tmp_path: Path) -> None:
    """A file with line ends of two kinds is read by Python instead."""
    (tmp_path / "a.csv").write_bytes(b"a,b\r\n1,2\n3,4\r\n")
    with pytest.raises(duckdb.InvalidInputException, match="state machine"):
        duckdb.connect().sql(
            f"FROM read_csv('{tmp_path}/a.csv', columns = {{'a': 'VARCHAR', 'b': 'VARCHAR'}}, delim = ',', skip = 1,"
            " header = false, auto_detect = false, strict_mode = true)"
        ).fetchall()


def test_sqlite_and_excel_are_downloads() -> None:
    """Those extensions are not in the package, so Python's libraries read such files."""
    rows = duckdb.connect().sql("FROM duckdb_extensions()").filter("installed").fetchall()
    assert {"icu", "json", "parquet"} <= {row[0] for row in rows}
    assert not {"sqlite_scanner", "excel"} & {row[0] for row in rows}


def test_results_of_execute_have_no_arrow_and_relations_no_fetchone() -> None:
    """Answers are taken from `con.sql()` as Arrow or with `fetchall()`."""
    with pytest.raises(AttributeError):
        duckdb.connect().sql("SELECT 1 AS x").fetchone()
    assert isinstance(duckdb.connect().sql("SELECT 1 AS x").to_arrow_table(), pa.Table)


def test_moments_as_python_objects_want_pytz() -> None:
    """`fetchall()` of a TIMESTAMPTZ imports a package that only others of ours bring; Arrow does not."""
    asked = "duckdb.connect().sql(\"SELECT TIMESTAMPTZ '2020-01-01 00:00:00+00' AS x\")"
    without = f"import sys; sys.modules['pytz'] = None; import duckdb; print({asked}"
    arrow = subprocess.run(
        [sys.executable, "-c", f"{without}.to_arrow_table().num_rows)"], capture_output=True, text=True
    )
    assert arrow.stdout.strip() == "1"
    rows = subprocess.run([sys.executable, "-c", f"{without}.fetchall())"], capture_output=True, text=True)
    assert rows.returncode != 0
    assert "pytz" in rows.stderr


def test_zones_are_built_in() -> None:
    """`AT TIME ZONE` needs ICU, which is in the package."""
    text = "SELECT (TIMESTAMP '2026-01-01 00:00' AT TIME ZONE 'Pacific/Auckland')::VARCHAR AS x"
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    connection.execute("SET TimeZone = 'UTC'")
    assert connection.sql(text).to_arrow_table()["x"].to_pylist() == ["2025-12-31 11:00:00+00"]
