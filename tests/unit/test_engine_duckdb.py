"""The engine over real files: what it attaches, what it answers, and what it says when it cannot."""

from __future__ import annotations

import os
import signal
import threading
import time
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import exp

from headway import sources
from headway.engines import DuckDB
from headway.errors import Place, QueryError, SourceError, UsageError
from headway.model import ColumnType, FilesReader, Format, Source

PLACE = Place("sources/x.yml", 2)


def query(text: str) -> exp.Query:
    parsed = sqlglot.parse_one(text, read="duckdb")
    assert isinstance(parsed, exp.Query)
    return parsed


def parquet(name: str, **columns: ColumnType) -> Source:
    return Source(name, FilesReader((f"{name}*.parquet",)), PLACE, columns=columns)


def write(path: Path, **columns: object) -> None:
    pq.write_table(pa.table(columns), path)


def refused(source: Source, root: Path) -> SourceError:
    with DuckDB() as engine, pytest.raises(SourceError) as caught:
        engine.attach(source, sources.locate(source, root))
    return caught.value


# -- Parquet -------------------------------------------------------------------------------------------------------


def test_parquet_is_attached_and_answers_with_arrow(tmp_path: Path) -> None:
    """A Parquet file becomes a relation named like its source, and a query joins it with tables given beside it."""
    write(tmp_path / "hubs.parquet", hub=["a", "b", None], n=[1, 2, 3])
    source = parquet("hubs")
    with DuckDB(tmp_path / "tmp") as engine:
        assert engine.attach(source, sources.locate(source, tmp_path)) == {"hub": "text", "n": "integer"}
        weights = pa.table({"hub": ["a", "b"], "weight": [10, 100]})
        answer = engine.execute(
            query("SELECT sum(n * weight) AS total FROM hubs JOIN weights USING (hub)"), {"weights": weights}
        )
        assert answer.to_pylist() == [{"total": 210}]
        assert engine.attached["hubs"].rows == 3


def test_tables_given_with_a_query_are_forgotten(tmp_path: Path) -> None:
    """A second query does not see the first one's tables."""
    with DuckDB() as engine:
        engine.execute(query("SELECT * FROM spans"), {"spans": pa.table({"a": [1]})})
        with pytest.raises(QueryError, match="spans, which is no source"):
            engine.execute(query("SELECT * FROM spans"))


def test_parquet_types_serve_as_declared_without_loss(tmp_path: Path) -> None:
    """Smaller integers, whole doubles, midnights and nanoseconds serve; decimals keep their exactness."""
    write(
        tmp_path / "a.parquet",
        small=pa.array([1, None], pa.int8()),
        whole=pa.array([3.0, None]),
        midnight=pa.array([datetime.fromisoformat("2026-01-31"), None], pa.timestamp("ns")),
        nanos=pa.array([datetime.fromisoformat("2026-01-31 10:00:00.000005"), None], pa.timestamp("ns")),
        money=pa.array(["1.10", None]).cast(pa.decimal128(10, 2)),
        id=pa.array([7, 8]),
    )
    source = parquet(
        "a", small="integer", whole="integer", midnight="date", nanos="timestamp", money="number", id="text"
    )
    with DuckDB() as engine:
        types = engine.attach(source, sources.locate(source, tmp_path))
        row = engine.execute(query("SELECT * FROM a WHERE small = 1")).to_pylist()[0]
        kept = engine.execute(query("SELECT money FROM a")).schema.field("money").type
    assert types == {
        "small": "integer",
        "whole": "integer",
        "midnight": "date",
        "nanos": "timestamp",
        "money": "number",
        "id": "text",
    }
    assert (row["whole"], row["midnight"], row["id"]) == (3, date(2026, 1, 31), "7")
    assert row["nanos"] == datetime.fromisoformat("2026-01-31 10:00:00.000005")
    assert kept == pa.decimal128(10, 2)


def test_what_is_no_number_is_missing(tmp_path: Path) -> None:
    """NaN, as programs write what is missing, infinities, and quotients by 0."""
    write(tmp_path / "a.parquet", x=pa.array([1.0, float("nan"), float("inf"), float("-inf"), None, 0.0]))
    source = parquet("a", x="number")
    with DuckDB() as engine:
        engine.attach(source, sources.locate(source, tmp_path))
        engine.seal()
        row = engine.execute(query("SELECT sum(x) AS s, count(x) AS n, max(1 / x) AS q, min(x % 0) AS r FROM a"))
    assert row.to_pylist() == [{"s": 1, "n": 2, "q": 1, "r": None}]


def test_parquet_value_that_would_lose_something_is_refused(tmp_path: Path) -> None:
    """A clock time is no day and 1.5 is no whole number, whatever a cast would make of them."""
    write(tmp_path / "a.parquet", day=[datetime.fromisoformat("2026-01-31 10:00:00")], n=[1.5])
    error = refused(parquet("a", day="date", n="integer"), tmp_path)
    assert [m.slug for m in error.mistakes] == ["bad-time", "column-type"]
    assert "a.parquet: '2026-01-31 10:00:00' in column day" in error.mistakes[0].message
    assert "'1.5' in column n of source a is not a whole number" in error.mistakes[1].message


def test_schema_drift_is_told_column_by_column(tmp_path: Path) -> None:
    """A column that is missing and one of another type are two mistakes; a new one is a note."""
    write(tmp_path / "a.parquet", hubs=["x"], n=["one"], extra=[1], more=[True])
    error = refused(parquet("a", hub="text", extra="boolean", more="date"), tmp_path)
    assert (error.slug, error.mistakes[0].remedy) == ("column-missing", "Did you mean 'hubs'?")
    assert "column more is declared date, but in a.parquet it is boolean" in error.mistakes[1].message
    source = parquet("a", hubs="text")
    with DuckDB() as engine:
        engine.attach(source, sources.locate(source, tmp_path))
        assert engine.attached["a"].notes == ("3 new columns: n, extra, more",)


def test_a_declared_column_must_be_in_every_file(tmp_path: Path) -> None:
    """Nulls never stand in for a column that one of several files lacks."""
    write(tmp_path / "a1.parquet", hub=["x"], n=[1])
    write(tmp_path / "a2.parquet", hub=["y"])
    error = refused(parquet("a", hub="text", n="integer"), tmp_path)
    assert error.slug == "column-missing"
    assert "a2.parquet has no column 'n'; other files have it" in str(error)
    source = parquet("a")
    with DuckDB() as engine:
        engine.attach(source, sources.locate(source, tmp_path))
        assert engine.attached["a"].notes == ("column n is missing in a2.parquet",)


@pytest.mark.parametrize("keep", [4, 100])
def test_parquet_cut_short_is_named(tmp_path: Path, keep: int) -> None:
    """Of many files the damaged one is named."""
    for number in range(3):
        write(tmp_path / f"a{number}.parquet", n=list(range(100)))
    (tmp_path / "a1.parquet").write_bytes((tmp_path / "a1.parquet").read_bytes()[:keep])
    error = refused(parquet("a"), tmp_path)
    assert error.slug == "broken-file"
    assert "a1.parquet is no Parquet file, or one cut short" in str(error)


def test_parquet_damaged_within_fails_the_query_or_the_source(tmp_path: Path) -> None:
    """Damage that only reading finds is told as a damaged file, not in a library's words."""
    write(tmp_path / "a.parquet", n=pa.array([f"text {i}" for i in range(5000)]))
    source = parquet("a")
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    data[4:3000] = b"\xff" * 2996
    (tmp_path / "a.parquet").write_bytes(bytes(data))
    with DuckDB() as engine:
        engine.attach(source, sources.locate(source, tmp_path))
        with pytest.raises(QueryError) as caught:
            engine.execute(query("SELECT sum(length(n)) AS n FROM a"))
    assert caught.value.slug == "broken-file"


def test_times_of_a_source_are_read_from_texts(tmp_path: Path) -> None:
    """Texts in a source's time become moments; one that is none is an error, though no type was declared."""
    write(tmp_path / "a.parquet", at=["2026-01-31T10:00:00+02:00", "2026-02-01T00:00:00Z"], n=[1, 2])
    source = Source("a", FilesReader(("a.parquet",)), PLACE, time="at")
    with DuckDB() as engine:
        assert engine.attach(source, sources.locate(source, tmp_path))["at"] == "timestamptz"
        answer = engine.execute(query("SELECT CAST(min(at) AS VARCHAR) AS first FROM a"))
    assert answer.to_pylist() == [{"first": "2026-01-31 08:00:00+00"}]
    write(tmp_path / "a.parquet", at=["2026-01-31T10:00:00Z", "yesterday"], n=[1, 2])
    error = refused(source, tmp_path)
    assert error.slug == "bad-time"
    assert "'yesterday' in column at of source a is not a time such as 2026-01-31 14:00" in str(error)


# -- JSON ----------------------------------------------------------------------------------------------------------


def json_source(pattern: str, path: str | None = None, **columns: ColumnType) -> Source:
    return Source("a", FilesReader((pattern,), Format(path=path)), PLACE, columns=columns)


def test_json_keeps_texts_and_reads_times(tmp_path: Path) -> None:
    """A text of digits stays a text, ISO times become moments, and types are those of all rows."""
    (tmp_path / "a.json").write_text(
        '[{"id": "007", "n": 1, "at": "2020-08-25T14:17:08+05:30", "tags": ["x"], "mixed": 1},'
        ' {"id": "8", "n": 2.5, "at": "2020-08-25T14:17:08Z", "tags": [], "mixed": "y"}]'
    )
    source = json_source("a.json")
    with DuckDB() as engine:
        assert engine.attach(source, sources.locate(source, tmp_path)) == {
            "id": "text",
            "n": "number",
            "at": "timestamptz",
            "tags": "list",
            "mixed": "text",
        }
        rows = engine.execute(query("SELECT id, mixed, CAST(at AS VARCHAR) AS at FROM a ORDER BY n")).to_pylist()
    assert rows == [
        {"id": "007", "mixed": "1", "at": "2020-08-25 08:47:08+00"},
        {"id": "8", "mixed": "y", "at": "2020-08-25 14:17:08+00"},
    ]


def test_json_rows_inside_a_document(tmp_path: Path) -> None:
    """`path` says where the rows are; a wrong one is answered with what there is."""
    (tmp_path / "a.json").write_text('{"status": "ok", "data": {"items": [{"n": 1}, {"n": 2, "x": "y"}]}}')
    source = json_source("a.json", "data.items")
    with DuckDB() as engine:
        assert engine.attach(source, sources.locate(source, tmp_path)) == {"n": "integer", "x": "text"}
        assert engine.attached["a"].rows == 2
    error = refused(json_source("a.json", "dat.items"), tmp_path)
    assert error.slug == "column-missing"
    assert "has no list of rows at 'dat.items'" in str(error)
    assert "status, data" in str(error)
    error = refused(json_source("a.json", "status"), tmp_path)
    assert "has no list of rows at 'status'" in str(error)


def test_json_that_is_broken_names_the_line(tmp_path: Path) -> None:
    """Both forms of JSON name the line that is wrong."""
    (tmp_path / "a.jsonl").write_text('{"n": 1}\n{"n":\n{"n": 3}\n')
    error = refused(json_source("a.jsonl"), tmp_path)
    assert error.slug == "broken-row"
    assert "a.jsonl:2: no JSON: expecting value" in str(error)
    (tmp_path / "a.json").write_text('[\n{"n": 1},\n{"n" 2}\n]')
    assert "a.json:3: no JSON: expecting ':' delimiter" in str(refused(json_source("a.json"), tmp_path))


@pytest.mark.parametrize("text", ["[1, 2]", "[]", '"x"'])
def test_json_without_objects_has_no_rows(tmp_path: Path, text: str) -> None:
    """A list of numbers is no table."""
    (tmp_path / "a.json").write_text(text)
    error = refused(json_source("a.json"), tmp_path)
    assert error.slug == "broken-file"
    assert "rows are objects" in str(error)


def test_json_value_of_another_type_names_the_record(tmp_path: Path) -> None:
    """A value that does not fit is found again in the document."""
    (tmp_path / "a.jsonl").write_text('{"at": "2026-01-01"}\n{"at": "soon"}\n')
    error = refused(json_source("a.jsonl", at="date"), tmp_path)
    assert error.slug == "bad-time"
    assert "a.jsonl, record 2: 'soon' in column at" in str(error)


# -- queries -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM 'data.parquet'",
        "SELECT (SELECT max(content) FROM read_text('/etc/hostname'))",
        "SELECT * FROM glob('*')",
        "SELECT * FROM information_schema.tables",
        "WITH a AS (SELECT * FROM duckdb_settings()) SELECT * FROM a",
    ],
)
def test_a_query_reads_sources_and_nothing_else(text: str) -> None:
    """Files, settings and the catalogue of the engine are out of reach of a query."""
    with DuckDB() as engine, pytest.raises(QueryError, match="which is no source"):
        engine.execute(query(text))


def test_rows_may_be_made_of_nothing() -> None:
    """Series and lists are no sources and are allowed, as are CTEs."""
    with DuckDB() as engine:
        text = "WITH days AS (SELECT i FROM range(3) AS t(i)) SELECT count(*) AS n FROM days, unnest([1, 2]) AS u(k)"
        assert engine.execute(query(text)).to_pylist() == [{"n": 6}]


def test_a_query_that_cannot_run_is_told_without_library_words() -> None:
    """The message is about the expression; it has no name of an exception and no advice for another language."""
    with DuckDB() as engine:
        with pytest.raises(QueryError) as caught:
            engine.execute(query("SELECT CAST(a AS INT) FROM t"), {"t": pa.table({"a": ["x1"]})})
        assert caught.value.slug == "query-failed"
        assert str(caught.value).startswith("could not convert string 'x1'")
        with pytest.raises(QueryError, match="auther"):
            engine.execute(query("SELECT auther FROM t"), {"t": pa.table({"author": ["x"]})})


def test_memory_that_runs_out_is_told() -> None:
    """A query that needs more memory than it may use ends in an error that says so, and the engine lives on."""
    with DuckDB(memory="40MB") as engine:
        with pytest.raises(QueryError) as caught:
            engine.execute(query("SELECT list(i || 'some words') AS all_of_them FROM range(20000000) AS t(i)"))
        assert caught.value.slug == "out-of-memory"
        assert engine.execute(query("SELECT 1 AS one")).to_pylist() == [{"one": 1}]


@pytest.mark.parametrize(
    ("late", "error"),
    [
        pytest.param(
            "CAST(CASE WHEN i < 2500000 THEN '1' ELSE 'x1' END AS INT)", duckdb.ConversionException, id="value"
        ),
        pytest.param(
            "repeat('x', CAST(CASE WHEN i < 2500000 THEN 1 ELSE 90000000 END AS INT))",
            duckdb.OutOfMemoryException,
            id="memory",
        ),
    ],
)
def test_what_goes_wrong_while_rows_come_is_the_same_error(late: str, error: type[duckdb.Error]) -> None:
    """Rows that were taken before are no answer, and the engine lives on."""
    taken: list[int] = []
    with DuckDB(memory="40MB") as engine:
        with pytest.raises(error):
            engine._take(
                query(f"SELECT {late} AS a FROM range(3000000) AS t(i)"),
                {},
                lambda batches: taken.extend(batch.num_rows for batch in batches),
            )
        assert taken
        assert engine.execute(query("SELECT 1 AS one")).to_pylist() == [{"one": 1}]


def test_memory_may_be_set_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HEADWAY_MEMORY says how much a run may use; what is no amount is refused; else it is a part, or a gigabyte."""
    limit = query("SELECT current_setting('memory_limit') AS it")
    bytes_ = query("SELECT parse_formatted_bytes(current_setting('memory_limit')) AS it")
    with DuckDB(memory="80%") as whole, DuckDB(tmp_path) as engine:
        most, ours = (one.execute(bytes_)["it"][0].as_py() for one in (whole, engine))
        assert ours == pytest.approx(max(10**9, most / 6), rel=0.06)  # it is told in tenths of a gibibyte
    monkeypatch.setenv("HEADWAY_MEMORY", "2GB")
    with DuckDB(tmp_path) as engine:
        assert engine.execute(limit).to_pylist() == [{"it": "1.8 GiB"}]
    monkeypatch.setenv("HEADWAY_MEMORY", "much")
    with pytest.raises(UsageError, match="HEADWAY_MEMORY is no amount of memory: much"):
        DuckDB(tmp_path)


def test_disk_that_runs_out_is_told(tmp_path: Path) -> None:
    """What does not fit into memory goes to the temporary folder; when that is full, the error says so."""
    text = (
        "SELECT sum(r) AS s FROM (SELECT row_number() OVER (ORDER BY md5(i::VARCHAR)) AS r FROM range(3000000) AS t(i))"
    )
    with DuckDB(tmp_path / "tmp", memory="60MB") as engine:
        engine._con.execute("SET max_temp_directory_size = '2MB'")
        with pytest.raises(QueryError) as caught:
            engine.execute(query(text))
    assert caught.value.slug == "disk-full"
    assert list((tmp_path / "tmp").iterdir()) == []


def test_ctrl_c_ends_a_query_at_once() -> None:
    """An interrupt during a query is a KeyboardInterrupt, is heard within seconds, and the engine lives on."""
    long = query("SELECT count(*) AS n FROM range(200000) AS a(i), range(40000) AS b(j) WHERE hash(i + j) % 7 = 3")
    with DuckDB() as engine:
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        begin = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            engine.execute(long)
        assert time.monotonic() - begin < 10
        assert engine.execute(query("SELECT 1 AS one")).to_pylist() == [{"one": 1}]


def test_sql_is_indented_and_the_same_each_time() -> None:
    """The text of a query is what runs and what people read."""
    with DuckDB() as engine:
        tree = query("WITH days AS (SELECT 1 AS d) SELECT d FROM days WHERE d > 0")
        text = engine.sql(tree)
        assert text == engine.sql(tree.copy())
        assert text.splitlines()[0] == "WITH days AS ("


def test_sealed_engine_opens_no_other_file(tmp_path: Path) -> None:
    """After `seal`, DuckDB itself refuses files that were not attached, and still reads the attached ones."""
    write(tmp_path / "a.parquet", n=[1, 2])
    source = parquet("a")
    with DuckDB(tmp_path / "tmp") as engine:
        engine.attach(source, sources.locate(source, tmp_path))
        engine.seal()
        assert engine.execute(query("SELECT sum(n) AS n FROM a")).to_pylist() == [{"n": 3}]
        with pytest.raises(Exception, match="disabled by configuration"):
            engine._con.sql("FROM read_text('/etc/hostname')").fetchall()


def test_a_source_can_be_attached_again(tmp_path: Path) -> None:
    """The second time replaces the first, whatever the kinds of file."""
    write(tmp_path / "a.parquet", n=[1, 2])
    (tmp_path / "a.csv").write_text("n\n7\n")
    with DuckDB() as engine:
        for pattern, total in (("a.parquet", 3), ("a.csv", 7), ("a.parquet", 3)):
            source = Source("a", FilesReader((pattern,)), PLACE)
            engine.attach(source, sources.locate(source, tmp_path))
            assert engine.execute(query("SELECT sum(n) AS n FROM a")).to_pylist() == [{"n": total}]


def test_names_may_be_words_of_sql(tmp_path: Path) -> None:
    """A source called order with columns called select and "a b" is a source like any other."""
    (tmp_path / "a.csv").write_text('select,a b,"say ""x"""\n1,2,3\n')
    source = Source("order", FilesReader(("a.csv",)), PLACE)
    with DuckDB() as engine:
        assert list(engine.attach(source, sources.locate(source, tmp_path))) == ["select", "a b", 'say "x"']
        assert engine.execute(query('SELECT "select" + "a b" AS n FROM "order"')).to_pylist() == [{"n": 3}]
