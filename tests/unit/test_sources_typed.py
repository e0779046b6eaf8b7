"""Files of numbers typed by people: periods, cells and values, and every mistake with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from headway.errors import SourceError
from headway.periods import Calendar
from headway.sources import TYPED, typed

UTC = Calendar()


def refused(tmp_path: Path, text: str, *breakdowns: str) -> list[str]:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(SourceError) as caught:
        typed(tmp_path / "a.csv", UTC, [[column] for column in breakdowns])
    return [f"{m.place} {m.message} [{m.slug}]" for m in caught.value.mistakes]


def test_rows_become_periods_cells_and_values(tmp_path: Path) -> None:
    """Every grain may occur; blank breakdowns are no part of a cell; words beside a number are kept."""
    (tmp_path / "a.csv").write_text(
        "period,hub,value,note,cluster\n"
        "2026-01,,10,first,\n"
        "\n"
        '2026-01,a,"4",,\n'
        "2026-Q1,a, 85 % ,,x\n"
        "2026-01-31,,-1.5e3,,\n"
    )
    found = typed(tmp_path / "a.csv", UTC, [["hub"], ["hub", "cluster"]])
    assert found.schema == TYPED
    month, quarter, day = (UTC.parse(text).key for text in ("2026-01", "2026-Q1", "2026-01-31"))
    assert [(r["grain"], r["period"], r["cell"], r["value"], r["note"]) for r in found.to_pylist()] == [
        ("month", month, "", 10.0, "first"),
        ("month", month, '{"hub": "a"}', 4.0, None),
        ("quarter", quarter, '{"hub": "a", "cluster": "x"}', 0.85, None),
        ("day", day, "", -1500.0, None),
    ]


def test_fiscal_years_are_periods_of_their_calendar(tmp_path: Path) -> None:
    """Where the year begins in July, 2026 is no period and FY2026 is one."""
    fiscal = Calendar(fiscal_start=7)
    (tmp_path / "a.csv").write_text("period,value\nFY2026,1\n")
    assert typed(tmp_path / "a.csv", fiscal)["period"].to_pylist() == [fiscal.parse("FY2026").key]
    (tmp_path / "a.csv").write_text("period,value\n2026,1\n")
    with pytest.raises(SourceError, match="FY2026-Q1"):
        typed(tmp_path / "a.csv", fiscal)


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    """One pass tells all that is wrong in the rows."""
    text = "period,value,hub\n2026-13,1,\n2026-01,x,\n2026-02,,\n2026-03,1,a\n2026-03,2,a\n2026-04,1\n2026-05,nan,\n"
    assert refused(tmp_path, text, "hub") == [
        "a.csv:2:1 '2026-13' is no period [bad-period]",
        "a.csv:3:9 'x' is no number [bad-value]",
        "a.csv:4:1 there is no value [bad-value]",
        """a.csv:6:1 2026-03 and {"hub": "a"} stands on line 5 already [key-not-unique]""",
        "a.csv:7:1 2 fields, but the header names 3 [broken-row]",
        "a.csv:8:9 'nan' is no number [bad-value]",
    ]


def test_columns_are_known_ones(tmp_path: Path) -> None:
    """A column that is no breakdown of the KPI is a mistake, not decoration."""
    assert refused(tmp_path, "period,vlaue,hbu\n2026-01,1,a\n", "hub") == [
        "a.csv:1:8 unknown column 'vlaue' [unknown-column]",
        "a.csv:1:14 unknown column 'hbu' [unknown-column]",
        "a.csv:1:1 there is no column 'value' [column-missing]",
    ]
    assert "a.csv:1:1 two columns are named 'period' [duplicate-name]" in refused(
        tmp_path, "period,period,value\n2026-01,2026-01,1\n"
    )


def test_file_that_is_missing_empty_or_broken(tmp_path: Path) -> None:
    """The file itself may be what is wrong."""
    with pytest.raises(SourceError, match=r"there is no file b\.csv"):
        typed(tmp_path / "b.csv", UTC)
    (tmp_path / "a.csv").write_text("\n")
    with pytest.raises(SourceError, match=r"history/a\.csv is empty"):
        typed(tmp_path / "a.csv", UTC, shown="history/a.csv")
    assert refused(tmp_path, 'period,value\n2026-01,"1\n') == [
        "a.csv:2:1 a quote is opened and never closed [broken-row]"
    ]
    (tmp_path / "a.csv").write_bytes(b"period,value\n2026-01,\xff\n")
    with pytest.raises(SourceError, match="not UTF-8"):
        typed(tmp_path / "a.csv", UTC)
