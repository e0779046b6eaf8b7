"""Text files: what their columns become, and which line is to blame when one cannot be read."""

from __future__ import annotations

import csv
import gzip
from datetime import date, datetime
from pathlib import Path
from unicodedata import category

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from headway import sources
from headway.engines import DuckDB
from headway.errors import Place, SourceError
from headway.model import ColumnType, FilesReader, Format, Source

PLACE = Place("sources/x.yml", 2)
PLAIN = Format()


def source(form: Format = PLAIN, pattern: str = "a.csv", time: str | None = None, **columns: ColumnType) -> Source:
    return Source("a", FilesReader((pattern,), form), PLACE, columns=columns, time=time)


def load(root: Path, of: Source) -> tuple[dict[str, str], list[dict[str, object]], DuckDB]:
    with DuckDB() as engine:
        types = dict(engine.attach(of, sources.locate(of, root)))
        query = sqlglot.parse_one("SELECT * FROM a", read="duckdb")
        assert isinstance(query, exp.Query)
        return types, engine.execute(query).to_pylist(), engine


def values(root: Path, text: str, of: Source, column: str = "x") -> list[object]:
    (root / "a.csv").write_text(text)
    return [row[column] for row in load(root, of)[1]]


def refused(root: Path, text: str | bytes, of: Source) -> SourceError:
    (root / "a.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with DuckDB() as engine, pytest.raises(SourceError) as caught:
        engine.attach(of, sources.locate(of, root))
    return caught.value


# -- what a column becomes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "type_"),
    [
        (["1", "-2", "+3"], "integer"),
        (["1", "2.5"], "number"),
        (["1e5", ".5"], "number"),
        (["007", "8"], "text"),
        (["-0.5", "0"], "number"),
        (["1234567890123456"], "text"),
        (["1", "x"], "text"),
        (["nan"], "text"),
        (["true", "False"], "boolean"),
        (["yes", "no"], "text"),
        (["2026-01-31"], "date"),
        (["2026-02-30"], "text"),
        (["2026-01-31 00:00:00"], "timestamp"),
        (["2026-01-31 10:00", "2026-01-31T10:00:01.123456"], "timestamp"),
        (["2026-01-31T10:00:00Z", "2026-01-31 10:00:00+0530"], "timestamptz"),
        (["2026-01-31 10:00", "2026-01-31 10:00+05:30"], "timestamptz"),
        (["25/08/2020"], "text"),
        (["", " "], "text"),
    ],
)
def test_undeclared_column_is_of_the_type_that_all_its_values_have(
    tmp_path: Path, texts: list[str], type_: str
) -> None:
    """A type is found only where nothing is lost by it; what looks like a name stays a text."""
    (tmp_path / "a.csv").write_text("k,x\n" + "".join(f"k,{text}\n" for text in texts))
    assert load(tmp_path, source())[0]["x"] == type_


def test_the_last_row_decides_as_much_as_the_first(tmp_path: Path) -> None:
    """A column is never typed by a sample: one text after 50,000 numbers makes it a column of texts."""
    (tmp_path / "a.csv").write_text("x\n" + "1\n" * 50_000 + "none of these\n")
    assert load(tmp_path, source())[0] == {"x": "text"}


@pytest.mark.parametrize(
    ("form", "texts", "numbers"),
    [
        (
            Format(currency=("$",), thousands=","),
            ["$1,234.50", "($2)", "-$3", "$ -4", "$1,234,567"],
            [1234.5, -2, -3, -4, 1234567],
        ),
        (Format(currency=("€",), thousands=".", decimal=","), ["1.234,5 €", "(5 €)", "1.000"], [1234.5, -5, 1000]),
        (Format(thousands=" ", decimal=","), ["1 234,5", "12\u00a0345\u202f678"], [1234.5, 12345678]),
        (Format(thousands=","), ["12,34,567", "1"], [1234567, 1]),
        (Format(thousands="'"), ["1'234.5"], [1234.5]),
        (Format(missing=("n/a", "-")), ["1", "n/a", " - ", ""], [1, None, None, None]),
    ],
)
def test_numbers_as_people_write_them(tmp_path: Path, form: Format, texts: list[str], numbers: list[float]) -> None:
    """Currency, thousands, decimal signs, parentheses for less than nothing, and words for no value."""
    text = "k,x\n" + "".join(f'k,"{text}"\n' for text in texts)
    assert values(tmp_path, text, source(form, x="number")) == numbers


@pytest.mark.parametrize(
    "text", ["1,5", "1,2345", ",123", "12,345,67", "1.5.2", "$", "--1", "1e", "1_000", "nan", "0x1F"]
)
def test_numbers_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    """A group of digits that is no group, or a word for no number, is never read as some number."""
    form = Format(currency=("$",), thousands=",")
    error = refused(tmp_path, f'k,x\nk,1\nk,"{text}"\n', source(form, x="number"))
    assert error.slug == "column-type"
    assert f"a.csv:3: '{text}' in column x of source a is not a number" in str(error)


def test_whole_numbers_are_whole(tmp_path: Path) -> None:
    """3.0 is whole, as programs write it; 3.5 is not, though a cast would round it."""
    assert values(tmp_path, "x\n3.0\n4\n", source(x="integer")) == [3, 4]
    assert "'3.5' in column x of source a is not a whole number" in str(
        refused(tmp_path, "x\n3.5\n", source(x="integer"))
    )


@pytest.mark.parametrize(
    ("pattern", "text", "moment"),
    [
        ("%d-%m-%Y %H:%M", "29-02-2016 01:16", datetime.fromisoformat("2016-02-29 01:16:00")),
        ("%d/%m/%Y", "25/08/2020", datetime.fromisoformat("2020-08-25")),
        ("%d/%m/%Y", "25/08/2020 14:17", datetime.fromisoformat("2020-08-25 14:17:00")),
        ("%Y-%m", "2020-09", datetime.fromisoformat("2020-09-01")),
        ("%b %d, %Y", '"Aug 25, 2020"', datetime.fromisoformat("2020-08-25")),
    ],
)
def test_times_in_a_declared_pattern(tmp_path: Path, pattern: str, text: str, moment: datetime) -> None:
    """A pattern of days alone also reads a clock behind the day."""
    assert values(tmp_path, f"x\n{text}\n", source(Format(dates=pattern), x="timestamp")) == [moment]


def test_days_are_whole(tmp_path: Path) -> None:
    """Midnight is how programs write a day; another time of the day is no day."""
    assert values(tmp_path, "x\n2026-01-31\n2026-01-30 00:00:00\n", source(x="date")) == [
        date(2026, 1, 31),
        date(2026, 1, 30),
    ]
    error = refused(tmp_path, "x\n2026-01-31 10:00\n", source(x="date"))
    assert error.slug == "bad-time"


def test_moments_keep_their_offset(tmp_path: Path) -> None:
    """An offset makes a moment; among moments, a time that names no zone is read in the source's zone."""
    (tmp_path / "a.csv").write_text("x\n2020-08-25T14:17:08+05:30\n2020-08-25 14:17:08\n")
    of = Source("a", FilesReader(("a.csv",)), PLACE, columns={"x": "timestamp"}, times_in="Pacific/Auckland")
    types, rows, _ = load(tmp_path, of)
    assert types == {"x": "timestamptz"}
    assert sorted(row["x"].isoformat() for row in rows) == ["2020-08-25T02:17:08+00:00", "2020-08-25T08:47:08+00:00"]


def test_lists_and_truths(tmp_path: Path) -> None:
    """Lists stand in brackets; truth is written in the usual words."""
    assert values(tmp_path, 'x\n"[a, b]"\n[]\n\n', source(x="list")) == [["a", "b"], []]
    assert values(tmp_path, "x\nYes\nn\n1\nFALSE\n", source(x="boolean")) == [True, False, True, False]
    assert "is not true or false" in str(refused(tmp_path, "x\nmaybe\n", source(x="boolean")))


# -- rows and files ------------------------------------------------------------------------------------------------


def test_blank_and_totals_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    """Rows that people add for reading are no data; how many there were is kept."""
    text = "Costs of 2026,,\n,,\nteam,month,usd\na,2026-01,$1\n,,\nb,2026-01,$2\nTotal,,$3\n,TOTAL,$3\n"
    (tmp_path / "a.csv").write_text(text)
    of = source(Format(header=3, currency=("$",), totals=("total",)))
    with DuckDB() as engine:
        assert engine.attach(of, sources.locate(of, tmp_path)) == {"team": "text", "month": "text", "usd": "integer"}
        attached = engine.attached["a"]
    assert (attached.rows, dict(attached.removed)) == (2, {"blank row": 1, "totals row": 2})


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("id;x\n1;2,5\n", Format(decimal=",")),
        ("id\tx\n1\t2.5\n", Format()),
        ("id|x\n1|2.5\n", Format(separator="|")),
        ("\ufeffid,x\r\n1,2.5\r\n", Format()),
        ("id,x\r1,2.5\r", Format()),
        ("\n\nid,x\n1,2.5\n", Format()),
        ("id,x,\n1,2.5,\n", Format()),
        ('"id","x"\n"1","2.5"', Format()),
        ("id,x\n1,2.5\r\n", Format()),
    ],
)
def test_the_ways_of_programs_to_write_a_table(tmp_path: Path, text: str, form: Format) -> None:
    """Separators, byte-order marks, line ends of any kind (even mixed), empty lines, a separator at the line's end."""
    (tmp_path / "a.csv").write_bytes(text.encode())
    types, rows, _ = load(tmp_path, source(form))
    assert types == {"id": "integer", "x": "number"}
    assert rows == [{"id": 1, "x": 2.5}]


def test_compressed_files_of_several_columns_are_one_table(tmp_path: Path) -> None:
    """Files are united by the names of their columns, not by their order."""
    (tmp_path / "1.csv").write_text("id,x\n1,a\n")
    with gzip.open(tmp_path / "2.csv.gz", "wt") as text:
        text.write("x,id,y\nb,2,7\n")
    of = source(pattern="*.csv*")
    with DuckDB() as engine:
        assert engine.attach(of, sources.locate(of, tmp_path)) == {"id": "integer", "x": "text", "y": "integer"}
        assert engine.attached["a"].notes == ("column y is missing in 1.csv",)
    assert sorted((row["id"], row["x"], row["y"]) for row in load(tmp_path, of)[1]) == [(1, "a", None), (2, "b", 7)]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a,b,c\n1,2,3\n1,2\n1,2,3\n", 3, "2 fields, but the header names 3"),
        ("a,b,c\n1,2,3\n\n1,2,3,4\n", 4, "4 fields, but the header names 3"),
        ('a,b,c\n1,"2\n2",3\n1,2\n', 4, "2 fields, but the header names 3"),
        ('a,b,c\n1,2,3\n1,"2,3\n1,2,3\n', 3, "a quote is opened and never closed"),
        ('a,b,c\n1,"2"x,3\n', 2, "text stands behind a closing quote"),
        (b"a,b,c\n1,2,3\n1,caf\xe9,3\n", 3, "the text is not UTF-8"),
        (b"a,b,caf\xe9\n1,2,3\n", 1, "the text is not UTF-8"),
        ("a,b,A\n1,2,3\n", 1, "two columns are named 'A'"),
    ],
)
def test_broken_row_names_file_and_line(tmp_path: Path, text: str | bytes, line: int, why: str) -> None:
    """A row that is no row stops the source; nothing is dropped or guessed."""
    error = refused(tmp_path, text, source())
    assert error.slug == "broken-row"
    assert error.mistakes[0].message == f"a.csv:{line}: {why} (source a)"


def test_broken_row_among_many_is_found(tmp_path: Path) -> None:
    """The line is right in a file that is read in several pieces at once."""
    lines = ["a,b\n", *("1,some words to make the file long\n" for _ in range(200_000))]
    lines[150_000] = "1\n"
    error = refused(tmp_path, "".join(lines), source())
    assert error.mistakes[0].message.startswith("a.csv:150001: 1 field, but")


def test_compressed_file_cut_short(tmp_path: Path) -> None:
    """Half a compressed file is told as such."""
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)[:-30])
    of = source(pattern="a.csv.gz")
    with DuckDB() as engine, pytest.raises(SourceError, match="cut short or damaged"):
        engine.attach(of, sources.locate(of, tmp_path))


def test_file_without_header_is_empty(tmp_path: Path) -> None:
    """Blank lines are no table, and a header below the end of the file is none."""
    assert refused(tmp_path, "\n\n", source()).slug == "empty-file"
    assert refused(tmp_path, "a,b\n1,2\n", source(Format(header=5))).slug == "empty-file"


def test_header_without_rows_is_a_table(tmp_path: Path) -> None:
    """A source may have no rows yet; its declared types hold."""
    (tmp_path / "a.csv").write_text("x,y\n")
    assert load(tmp_path, source(x="date"))[:2] == ({"x": "date", "y": "text"}, [])


def test_every_bad_column_is_told_at_once_with_its_first_line(tmp_path: Path) -> None:
    """Three columns that do not fit are three mistakes, each with its first value, line and number of rows."""
    text = "n,at,x,z\n1,2026-01-01,a,1\noops,2026-13-01,b,2\nworse,never,c,3\n"
    error = refused(tmp_path, text, source(n="integer", at="timestamp", x="text", y="text", z="number"))
    assert [m.message for m in error.mistakes] == [
        "source a: a.csv has no column 'y'",
        "a.csv:3: 'oops' in column n of source a is not a whole number (2 such rows)",
        "a.csv:3: '2026-13-01' in column at of source a is not a time such as 2026-01-31 14:00 (2 such rows)",
    ]
    assert [m.slug for m in error.mistakes] == ["column-missing", "column-type", "bad-time"]
    assert all(m.remedy for m in error.mistakes)


def test_time_that_does_not_parse_is_an_error_without_a_declaration(tmp_path: Path) -> None:
    """The column that dates the rows must hold times."""
    error = refused(tmp_path, "at,n\n2026-01-01,1\n01.02.2026,2\n", source(time="at"))
    assert error.slug == "bad-time"
    assert "a.csv:3: '01.02.2026' in column at of source a is not a time" in str(error)
    assert "'dates' in the source's 'format'" in str(error)


def test_pattern_of_times_is_named_when_it_does_not_fit(tmp_path: Path) -> None:
    """With a declared pattern the message shows it."""
    error = refused(tmp_path, "at\n2026-01-01\n", source(Format(dates="%d/%m/%Y"), time="at"))
    assert "is not a time in the pattern '%d/%m/%Y'" in str(error)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6), min_size=2, max_size=2),
        min_size=1,
        max_size=8,
    )
)
def test_texts_are_read_as_python_wrote_them(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    """Quotes, separators and line ends within texts come back as they were; blank texts are no value."""
    root = tmp_path_factory.mktemp("texts")
    with (root / "a.csv").open("w", newline="", encoding="utf-8") as text:
        csv.writer(text).writerows([["x", "y"], *rows])
    found = load(root, source(Format(separator=","), x="text", y="text"))[1]
    # Spaces of any width are blank, a line end is not.
    kept = [tuple(None if all(category(c) == "Zs" for c in cell) else cell for cell in row) for row in rows]
    expected = [row for row in kept if row != (None, None)]
    assert sorted(map(str, expected)) == sorted(str((row["x"], row["y"])) for row in found)


def test_any_number_of_spaces_separates(tmp_path: Path) -> None:
    """Columns set with spaces, as old programs print them: a space before the first and after the last is none."""
    text = " id  day       x \r\n 001 20260131   1.5\r\n 2   20260201  12.25 \r\n"
    of = source(Format(separator=" ", dates="%Y%m%d"), id="text", day="date", x="number")
    assert values(tmp_path, text, of) == [1.5, 12.25]
    assert values(tmp_path, text, of, "day") == [date(2026, 1, 31), date(2026, 2, 1)]
    error = refused(tmp_path, " id day x\n 1 20260131 2\n 2 20260131\n", of)
    assert error.mistakes[0].message.startswith("a.csv:3: 2 fields, but the header names 3")


def test_each_list_on_a_path_becomes_rows(tmp_path: Path) -> None:
    """Rows keep what stands beside them in their own list, but not what stands beside the outermost one."""
    text = """
    {"asked": "now", "months": [
      {"month": "2026-01", "name": "outer", "groups": [{"name": "a", "cost": {"usd": "1.5"}}, {"name": "b"}]},
      {"month": "2026-02", "name": "outer", "groups": []},
      {"month": "2026-03", "name": "outer", "groups": [{"name": "c", "cost": {"usd": "2"}}]}]}
    """
    (tmp_path / "a.json").write_text(text)
    types, rows, _ = load(tmp_path, source(Format(path="months.groups"), "a.json"))
    assert sorted(types) == ["cost", "month", "name"]
    assert [(row["month"], row["name"]) for row in rows] == [("2026-01", "a"), ("2026-01", "b"), ("2026-03", "c")]
    (tmp_path / "a.json").write_text(text.replace('"2026-03"', '"March"'))
    of = source(Format(path="months.groups", dates="%Y-%m"), "a.json", month="date", name="text")
    with DuckDB() as engine, pytest.raises(SourceError) as caught:
        engine.attach(of, sources.locate(of, tmp_path))
    assert "a.json, record 3" in caught.value.mistakes[0].message
