"""Patterns of files, spreadsheets and SQLite tables: what is found, what is read, and what is said when it is not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from headway import sources
from headway.engines import DuckDB
from headway.errors import Place, SourceError
from headway.model import ColumnType, FilesReader, Format, Source, TableReader

PLACE = Place("sources/x.yml", 2)
PLAIN = Format()


def files(*patterns: str, form: Format = PLAIN, **columns: ColumnType) -> Source:
    return Source("a", FilesReader(patterns, form), PLACE, columns=columns)


def refused(source: Source, root: Path) -> SourceError:
    with pytest.raises(SourceError) as caught:
        sources.locate(source, root)
    return caught.value


# -- patterns ------------------------------------------------------------------------------------------------------


def test_patterns_find_each_file_once_in_order(tmp_path: Path) -> None:
    """Names sort within a pattern, `**` goes down, an absolute path is taken as it is."""
    (tmp_path / "data" / "2026").mkdir(parents=True)
    for name in ("data/b.csv", "data/a.csv", "data/2026/c.csv", "data/a b [1].csv"):
        (tmp_path / name).write_text("x\n1\n")
    found = sources.locate(files("data/b.csv", "data/**/*.csv", str(tmp_path / "data/a.csv")), tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in found.files] == [
        "data/b.csv",
        "data/2026/c.csv",
        "data/a b [1].csv",
        "data/a.csv",
    ]
    assert found.kind == "csv"
    assert [name for name, _, _ in found.stamps] == ["data/b.csv", "data/2026/c.csv", "data/a b [1].csv", "data/a.csv"]
    assert sources.locate(files("data/a b [1].csv"), tmp_path).files == (tmp_path / "data/a b [1].csv",)


def test_stamps_change_with_the_file(tmp_path: Path) -> None:
    """Size and modification time tell that a file is another one."""
    (tmp_path / "a.csv").write_text("x\n1\n")
    before = sources.locate(files("a.csv"), tmp_path).stamps
    assert sources.locate(files("a.csv"), tmp_path).stamps == before
    (tmp_path / "a.csv").write_text("x\n12\n")
    assert sources.locate(files("a.csv"), tmp_path).stamps != before


@pytest.mark.parametrize(
    ("pattern", "looked_in", "remedy"),
    [
        ("data/sesions.csv", "looked in data", "Did you mean 'sessions.csv'?"),
        ("data/*.parquet", "looked in data", "Check the path in the source's 'read'."),
        ("dat/sessions.csv", "looked in the project's folder", "Did you mean 'data'?"),
    ],
)
def test_missing_file_is_told_with_near_names(tmp_path: Path, pattern: str, looked_in: str, remedy: str) -> None:
    """The message names the pattern, the folder and what is there instead."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sessions.csv").write_text("x\n")
    error = refused(files("data/sessions.csv", pattern), tmp_path)
    assert error.slug == "missing-file"
    assert error.mistakes[0].message == f"source a: no file matches '{pattern}'; {looked_in}"
    assert error.mistakes[0].remedy == remedy


def test_empty_file_is_an_error(tmp_path: Path) -> None:
    """A file of no bytes is an export that failed, also among others."""
    (tmp_path / "1.csv").write_text("x\n")
    (tmp_path / "2.csv").write_text("")
    error = refused(files("*.csv"), tmp_path)
    assert error.slug == "empty-file"
    assert "2.csv is empty" in str(error)


def test_files_of_two_kinds_or_none_are_refused(tmp_path: Path) -> None:
    """A source is of one kind of file, and of a kind that can be read."""
    for name in ("a.csv", "a.json", "a.doc", "noending"):
        (tmp_path / name).write_text("x")
    assert "a.csv and a.json are of different kinds" in str(refused(files("a.csv", "a.json"), tmp_path))
    assert "a.doc is of no kind that can be read" in str(refused(files("a.doc"), tmp_path))
    assert "noending is of no kind" in str(refused(files("noending"), tmp_path))


# -- spreadsheets --------------------------------------------------------------------------------------------------

#: Writes a workbook: its path, and rows by sheet.
Workbook = Callable[..., None]

DAY = date(2026, 1, 31)
TIME = datetime.fromisoformat("2026-01-31 10:30")


def test_spreadsheet_columns_have_the_type_of_their_cells(tmp_path: Path, workbook: Workbook) -> None:
    """Whole numbers are whole, days are days, mixed cells are texts as shown."""
    workbook(
        tmp_path / "a.xlsx",
        Costs=[
            ["team", "n", "usd", "day", "at", "ok", "mixed", "blank"],
            ["x", 1, 1.5, DAY, TIME, True, 3, None],
            ["y", 2, 2, DAY, TIME, False, "n/a", None],
        ],
    )
    table = sources.locate(files("a.xlsx"), tmp_path).table
    assert table is not None
    assert table.schema.types == [
        pa.string(),
        pa.int64(),
        pa.float64(),
        pa.date32(),
        pa.timestamp("us"),
        pa.bool_(),
        pa.string(),
        pa.string(),
    ]
    assert table["mixed"].to_pylist() == ["3", "n/a"]
    assert table["at"].to_pylist() == [TIME, TIME]


def test_spreadsheet_is_tidied_like_a_text_file(tmp_path: Path, workbook: Workbook) -> None:
    """Header row, currency, blank and totals rows work as in text files; rows keep the numbers of the sheet."""
    rows: list[list[object]] = [
        ["Costs of the year"],
        [None],
        ["team", "usd"],
        ["x", "$1,000"],
        [None, None],
        ["y", "$2"],
        ["Total", "$1,002"],
    ]
    workbook(tmp_path / "a.xlsx", Notes=[["nothing"]], Costs=rows)
    form = Format(sheet="Costs", header=3, currency=("$",), thousands=",", totals=("Total",))
    source = files("a.xlsx", form=form, usd="number")
    with DuckDB() as engine:
        assert engine.attach(source, sources.locate(source, tmp_path)) == {"team": "text", "usd": "number"}
        assert engine.attached["a"].rows == 2
        assert dict(engine.attached["a"].removed) == {"blank row": 1, "totals row": 1}
    rows[5][1] = "two"
    workbook(tmp_path / "a.xlsx", Notes=[["nothing"]], Costs=rows)
    with DuckDB() as engine, pytest.raises(SourceError) as caught:
        engine.attach(source, sources.locate(source, tmp_path))
    assert caught.value.mistakes[0].message == "a.xlsx, row 6: 'two' in column usd of source a is not a number"


def test_spreadsheets_of_several_files_are_one_table(tmp_path: Path, workbook: Workbook) -> None:
    """A column of numbers here and of texts there is of texts; the row of a bad value is that of its own file."""
    workbook(tmp_path / "1.xlsx", S=[["id", "n"], [1, 10], [2, 20]])
    workbook(tmp_path / "2.xlsx", S=[["id", "n"], ["x", 30], ["y", "many"]])
    source = files("*.xlsx", n="integer")
    located = sources.locate(source, tmp_path)
    assert located.table is not None
    assert located.table["id"].to_pylist() == ["1", "2", "x", "y"]
    assert located.blocks == ((2, 2), (2, 2))
    with DuckDB() as engine, pytest.raises(SourceError, match=r"2\.xlsx, row 3: 'many' in column n"):
        engine.attach(source, located)


def test_spreadsheet_that_is_none(tmp_path: Path, workbook: Workbook) -> None:
    """A file that is no spreadsheet, a sheet that is not there, no names, and a name given twice are told."""
    (tmp_path / "a.xlsx").write_text("no spreadsheet")
    assert refused(files("a.xlsx"), tmp_path).slug == "broken-file"
    workbook(tmp_path / "b.xlsx", Costs=[["a", "b", "a"], [1, 2, 3]], Empty=[])
    error = refused(files("b.xlsx", form=Format(sheet="Cost")), tmp_path)
    assert (error.slug, error.mistakes[0].remedy) == ("missing-file", "Did you mean 'Costs'?")
    assert refused(files("b.xlsx", form=Format(sheet="Empty")), tmp_path).slug == "empty-file"
    assert "row 1: two columns are named 'a'" in str(refused(files("b.xlsx"), tmp_path))


# -- SQLite --------------------------------------------------------------------------------------------------------


def database(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as opened:
        for statement in statements:
            opened.execute(statement)
    opened.close()


def table(name: str, address: str = "a.db", time: str | None = None, **columns: ColumnType) -> Source:
    return Source("a", TableReader(name, address), PLACE, columns=columns, time=time)


def test_sqlite_table_is_read_with_the_types_of_its_values(tmp_path: Path) -> None:
    """Numbers stay numbers, mixed columns are texts, binary data is left out with a note."""
    database(
        tmp_path / "a.db",
        'CREATE TABLE "my tickets" (id, n, usd, mixed, picture, "at""x", "nothing")',
        "INSERT INTO \"my tickets\" VALUES (1, 5, 1.5, 'x', x'00', '2026-01-31 10:00', NULL)",
        "INSERT INTO \"my tickets\" VALUES (2, NULL, 2, 3, NULL, '2026-02-01 10:00', NULL)",
    )
    source = table("my tickets", time='at"x', id="text")
    located = sources.locate(source, tmp_path)
    with DuckDB() as engine:
        assert engine.attach(source, located) == {
            "id": "text",
            "n": "integer",
            "usd": "number",
            "mixed": "text",
            'at"x': "timestamp",
            "nothing": "text",
        }
        assert engine.attached["a"].notes[0] == "left out, as they hold binary data: picture"


def test_sqlite_is_opened_for_reading_only(tmp_path: Path) -> None:
    """A database is never made, and a view is as good as a table."""
    error = refused(table("x", "none.db"), tmp_path)
    assert (error.slug, list(tmp_path.iterdir())) == ("missing-file", [])
    database(
        tmp_path / "a.db", "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)", "CREATE VIEW v AS SELECT x + 1 AS y FROM t"
    )
    found = sources.locate(table("v"), tmp_path).table
    assert found is not None
    assert found.to_pylist() == [{"y": 2}]
    error = refused(table("tt"), tmp_path)
    assert (error.slug, error.mistakes[0].remedy) == ("missing-file", "Did you mean 't'?")


def test_sqlite_address_of_the_environment_is_shown_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors and stamps say `env:NAME`, never what it holds."""
    monkeypatch.delenv("TICKETS", raising=False)
    error = refused(table("t", "env:TICKETS"), tmp_path)
    assert error.slug == "missing-environment"
    assert "TICKETS is not set" in str(error)
    monkeypatch.setenv("TICKETS", str(tmp_path / "secret-name.db"))
    assert "secret" not in str(refused(table("t", "env:TICKETS"), tmp_path))
    database(tmp_path / "secret-name.db", "CREATE TABLE t (x)")
    located = sources.locate(table("t", "env:TICKETS"), tmp_path)
    assert "secret" not in repr(located)
    (tmp_path / "secret-name.db").write_text("no database at all, but long enough to be looked at " * 40)
    error = refused(table("t", "env:TICKETS"), tmp_path)
    assert error.slug == "broken-file"
    assert "secret" not in str(error)
