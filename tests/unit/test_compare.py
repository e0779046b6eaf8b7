"""What differs between two states of a KPI's numbers, and what is only rounding, or time that went on."""

from __future__ import annotations

import pyarrow as pa
import pytest

from headway import compare
from headway.model import JUDGED, OBSERVED, Flag, cell_text
from headway.periods import Calendar, Grain

CALENDAR = Calendar("UTC")
SCHEMA = pa.schema([*OBSERVED, *(field for field in JUDGED if field.name in ("status", "low", "high"))])
NORTH = cell_text((("hub", "north"),))


def row(period: str, value: float | None = None, **more: object) -> dict[str, object]:
    """One number of the total, on target."""
    at = CALENDAR.parse(period)
    key = {"part": "", "grain": at.grain.value, "cell": "", "period": at.key}
    return {**dict.fromkeys(SCHEMA.names), **key, "value": value, "flags": 0, "status": "on", **more}


def compared(old: list[dict[str, object]], new: list[dict[str, object]]) -> compare.Compared:
    """What differs between two lists of numbers."""
    return compare.numbers("a", *(pa.Table.from_pylist(rows, SCHEMA.remove_metadata()) for rows in (old, new)))


def test_the_same_numbers_do_not_differ() -> None:
    """Last digits, the order of rows and missing values are no difference."""
    rows = [row("2026-01", 0.1 + 0.2), row("2026-02", None, reason="no data", status="no data"), row("2026-03", 0)]
    again = [row("2026-03", 3e-16), row("2026-01", 0.3), row("2026-02", None, reason="no data", status="no data")]
    assert compared(rows, again) == compare.Compared("a")
    assert compared(rows, again).same
    assert compared([], []).same


def test_each_difference_is_of_one_sort() -> None:
    """Closed numbers that changed, running ones, verdicts, new ones and those that are gone."""
    old = [
        row("2026-01", 1),
        row("2026-02", 2),
        row("2026-03", 3),
        row("2026-04", 4, flags=Flag.PARTIAL, status="partial"),
        row("2026-05", 5, flags=Flag.PARTIAL, status="partial"),
        row("2026-01", 1, cell=NORTH),
        row("2026-05", 1, cell=NORTH, flags=Flag.PARTIAL),
    ]
    new = [
        row("2026-01", 10),
        row("2026-02", 2, status="off"),
        row("2026-03", None, reason="check failed", status="withheld"),
        row("2026-04", 40),
        row("2026-05", 5),
        row("2026-06", 6),
    ]
    found = compared(old, new)
    assert [(one.period, one.old.value, one.new.value) for one in found.closed] == [
        (CALENDAR.parse("2026-01").key, 1, 10),
        (CALENDAR.parse("2026-03").key, 3, None),
    ]
    assert [one.new.value for one in found.running] == [40]
    assert [(one.old.status, one.new.status) for one in found.judged] == [("on", "off")]
    assert (found.new, found.gone, found.lost, found.cells_new, found.cells_gone) == (1, 2, 1, (), (NORTH,))
    assert [one.new.status for one in found.flipped] == ["withheld", "off"]
    assert not found.same


def test_a_period_that_closed_without_a_change_is_none() -> None:
    """From partial to judged is the way of all periods."""
    old = [row("2026-04", 4, flags=Flag.PARTIAL, status="partial")]
    assert compared(old, [row("2026-04", 4)]).same


def test_a_cell_that_is_called_otherwise_is_the_same() -> None:
    """Values of breakdowns are compared by what they are called now."""
    tables = [
        pa.Table.from_pylist([row("2026-01", 1, cell=cell_text((("hub", name),)))], SCHEMA) for name in ("old", "north")
    ]
    assert not compare.numbers("a", *tables).same
    assert compare.numbers("a", *tables, {"hub": {"old": "north"}}).same


@pytest.mark.parametrize(
    ("more", "period"),
    [
        ([], "2026-02"),
        ([(row("2026-03", 1, cell=NORTH), row("2026-03", 100, cell=NORTH))], "2026-02"),
        ([(row("2026-03", 1), row("2026-03", None, reason="check failed"))], "2026-03"),
        ([(row("2026", 100), row("2026", 150))], "2026-02"),
    ],
)
def test_the_largest_change_stands_for_all(more: list[tuple[dict[str, object], ...]], period: str) -> None:
    """It is one of the total if any is, moved farthest as a share, and a value that went moved farther than any."""
    pairs = [(row("2026-01", 10), row("2026-01", 11)), (row("2026-02", 1), row("2026-02", 2)), *more]
    found = compared(*(list(rows) for rows in zip(*pairs, strict=True))).largest
    assert found is not None
    assert (found.period, found.grain) == (CALENDAR.parse(period).key, Grain.MONTH)
