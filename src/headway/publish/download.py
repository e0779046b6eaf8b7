"""A KPI's stored values as CSV, one line per period: for spreadsheets, which must not run what stands in a cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

from headway.model import Cell, Kpi
from headway.periods import Period
from headway.publish.kpipages import EntryRow
from headway.publish.stored import Stored

_FIELDS = (
    "value", "status", "low", "high", "partial", "imported", "reason", "n", "numerator", "denominator", "revision"
)  # fmt: skip


def numbers(lines: Mapping[Cell, Sequence[Stored]], columns: Sequence[str]) -> str:
    """Lines of numbers by cell, with a column for each of the breakdowns' `columns`.

    A percentage is a fraction, a period has its first and last day, and what is missing is empty with a reason.
    """
    return _written([*columns, "period", "first_day", "last_day", *_FIELDS], _lines(lines, columns))


def _lines(lines: Mapping[Cell, Sequence[Stored]], columns: Sequence[str]) -> Iterator[tuple[object, ...]]:
    days: dict[Period, tuple[str, str, str]] = {}  # the same for every cell
    for cell, line in lines.items():
        values = dict(cell)
        of = tuple(_harmless(values.get(column, "")) for column in columns)
        for row in line:
            if (when := days.get(row.period)) is None:
                which = row.period
                when = days[which] = (which.name, which.first.isoformat(), which.last.isoformat())
            yield (
                *of,
                *when,
                row.value,
                row.verdict.key,
                row.low,
                row.high,
                "true" if row.partial else "false",
                "true" if row.imported else "false",
                row.reason,
                row.n,
                row.numerator,
                row.denominator,
                row.revision,
            )


def texts(entries: Iterable[EntryRow], columns: Sequence[str]) -> str:
    """What people entered for a KPI that is told in words."""
    said = ("text", "evidence", "entered_by", "entered_on", "note")
    return _written(
        [*columns, "period", *said],
        (
            [
                *(_harmless(entry.cell.get(column, "")) for column in columns),
                entry.period,
                *(_harmless(getattr(entry, word)) for word in said),
            ]
            for entry in entries
        ),
    )


def columns_of(kpi: Kpi) -> list[str]:
    """The columns of all breakdowns of a KPI, once each."""
    return list(dict.fromkeys(column for cross in kpi.by for column in cross))


def _written(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _harmless(text: str) -> str:
    """Text that a spreadsheet will not run as a formula."""
    risky = text.startswith(("=", "@", "\t", "\r")) or (text.startswith(("+", "-")) and not text[1:2].isdigit())
    return f"'{text}" if risky else text
