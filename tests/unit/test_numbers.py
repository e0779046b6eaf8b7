"""How values read: the table of the design, the rules that bind rounding, and proofs that no form breaks them."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.formats import numbers
from headway.formats.numbers import MINUS, NBSP, THIN
from headway.model import Unit, UnitKind

PERCENT = Unit(UnitKind.PERCENT, "percent")
USD = Unit(UnitKind.CURRENCY, "USD")
NZD = Unit(UnitKind.CURRENCY, "NZD")
PEOPLE = Unit(UnitKind.NOUN, "people")
NONE = Unit(UnitKind.NONE)
SECONDS = Unit(UnitKind.ELAPSED, "seconds")
MS = Unit(UnitKind.ELAPSED, "ms")
DAYS = Unit(UnitKind.ELAPSED, "days")
GB = Unit(UnitKind.BYTES, "GB")
POINTS = Unit(UnitKind.POINTS, "points")
MONTHS = Unit(UnitKind.COUNTED, "months")
ALL = (PERCENT, USD, NZD, PEOPLE, NONE, SECONDS, MS, DAYS, GB, POINTS, MONTHS)


def plain(text: object) -> str:
    """With ordinary spaces and hyphens, so that a test can be read."""
    return str(text).replace(NBSP, " ").replace(THIN, " ").replace(MINUS, "-")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (7240, PEOPLE, "7,240 people"),
        (9999.4, NONE, "9,999"),
        (9999.6, NONE, "10.0k"),
        (17642, PEOPLE, "17.6k people"),
        (20000, PEOPLE, "20k people"),
        (99960, NONE, "100k"),
        (999960, NONE, "1.00M"),
        (1, PEOPLE, "1 person"),
        (1, Unit(UnitKind.NOUN, "branches"), "1 branch"),
        (1, Unit(UnitKind.NOUN, "pull requests"), "1 pull request"),
        (0, PEOPLE, "0 people"),
        (-17642, NONE, "-17.6k"),
        (3.412, NONE, "3.41"),
        (34.02, NONE, "34.0"),
        (6.5, NONE, "6.5"),
        (0.004, NONE, "< 0.01"),
        (-0.004, NONE, "> -0.01"),
        (1_238_402.55, USD, "$1.24M"),
        (1_200_000, USD, "$1.20M"),
        (1_234_567, NZD, "NZD 1.23M"),
        (531, USD, "$531"),
        (12.3, USD, "$12.30"),
        (0.0612, USD, "$0.06"),
        (-7, USD, "-$7"),
        (0.842, PERCENT, "84.2 %"),
        (0.79, PERCENT, "79.0 %"),
        (0.9993, PERCENT, "99.93 %"),
        (0.99996, PERCENT, "99.99 %"),
        (1, PERCENT, "100 %"),
        (0, PERCENT, "0 %"),
        (0.0031, PERCENT, "0.31 %"),
        (1e-6, PERCENT, "< 0.01 %"),
        (2.62, PERCENT, "262.0 %"),
        (187_200, SECONDS, "2 d 4 h"),
        (12_300, SECONDS, "3 h 25 min"),
        (7_199.8, SECONDS, "2 h"),
        (86_399.9, SECONDS, "1 d"),
        (45.3, SECONDS, "45.3 s"),
        (0.468, SECONDS, "468 ms"),
        (468, MS, "468 ms"),
        (0.42, MS, "0.42 ms"),
        (412.3, DAYS, "412 d"),
        (-3 / 24, DAYS, "-3 h"),
        (0, SECONDS, "0 s"),
        (1300, GB, "1.3 TB"),
        (0.0013, GB, "1.3 MB"),
        (12.345, GB, "12.3 GB"),
        (52.4, POINTS, "+52.4"),
        (-3, POINTS, "-3"),
        (0, POINTS, "0"),
        (26.1, MONTHS, "26.1 months"),
        (1, MONTHS, "1 month"),
        (None, USD, "No data"),
        (math.nan, USD, "No data"),
    ],
)  # fmt: skip
def test_tile(value: float | None, unit: Unit, text: str) -> None:
    """Each unit reads as the design's table has it."""
    assert plain(numbers.tile(value, unit)) == text


@pytest.mark.parametrize(
    ("value", "low", "high", "unit", "text"),
    [
        (0.9993, 0.999, None, PERCENT, "99.93 %"),
        (0.8496, 0.85, None, PERCENT, "84.96 %"),
        (0.99896, 0.999, None, PERCENT, "99.896 %"),
        (19_996, 20_000, None, PEOPLE, "19,996 people"),
        (1_240_001, None, 1_240_000, USD, "$1,240,001"),
        (500.2, None, 500, MS, "500.2 ms"),
        (499.6, None, 500, USD, "$500"),
        (20_000, 20_000, None, PEOPLE, "20k people"),
        (0.1 + 0.2, 0.3, None, NONE, "0.3"),
    ],
)
def test_verdict(value: float, low: float | None, high: float | None, unit: Unit, text: str) -> None:
    """Digits are added until the number as shown meets and misses the same bounds as the number itself."""
    assert plain(numbers.tile(value, unit, low=low, high=high)) == text


def test_declared_decimals() -> None:
    """`decimals` is kept for shares and numbers, and suppresses k and M; only truth overrides it."""
    assert plain(numbers.tile(0.8421, PERCENT, decimals=2)) == "84.21 %"
    assert plain(numbers.tile(17642, PEOPLE, decimals=0)) == "17,642 people"
    assert plain(numbers.tile(0.99999, PERCENT, decimals=0)) == "99.99 %"


@pytest.mark.parametrize(
    ("low", "high", "unit", "text"),
    [
        (1.2e6, None, USD, "≥ $1.20M"),
        (None, 500, MS, "≤ 500 ms"),
        (12, 24, MONTHS, "12 to 24 months"),
        (0.85, None, PERCENT, "≥ 85 %"),
        (0.999, None, PERCENT, "≥ 99.9 %"),
        (7200, None, PEOPLE, "≥ 7,200"),
        (12_345, None, PEOPLE, "≥ 12,345"),
        (50, None, POINTS, "≥ 50"),
        (None, 0.1, USD, "≤ $0.10"),
        (0.15, 0.2, PERCENT, "15 % to 20 %"),
        (None, 27 * 3600, SECONDS, "≤ 1 d 3 h"),
        (2.75, None, NONE, "≥ 2.75"),
        (None, None, USD, "No target"),
    ],
)
def test_bound(low: float | None, high: float | None, unit: Unit, text: str) -> None:
    """A target keeps every digit that was declared and has no noun."""
    assert plain(numbers.bound(low, high, unit)) == text


@pytest.mark.parametrize(
    ("new", "old", "unit", "signed"),
    [
        (7240, 7083, PEOPLE, "+2.2 %"),
        (0.792, 0.823, PERCENT, "-3.1 pts"),
        (0.9993, 0.9988, PERCENT, "+0.05 pts"),
        (0.5, 0.49999, PERCENT, "< +0.01 pts"),
        (52.4, 48, POINTS, "+4.4 points"),
        (5, 0, PEOPLE, "+5 people"),
        (0, 12, PEOPLE, "-12 people"),
        (-3, 4, USD, "-$7"),
        (300, 100, NONE, "+200 %"),
        (100, 100, USD, "No change"),
        (1.0003, 1, NONE, "+0.03 %"),
    ],
)
def test_change(new: float, old: float, unit: Unit, signed: str) -> None:
    """Shares and scores change in points, the rest in percent; from, to or across 0 in the unit."""
    change = numbers.change(new, old, unit)
    assert change is not None
    assert plain(change) == signed
    assert change.direction == ("same" if new == old else "up" if new > old else "down")


def test_no_change_without_two_values() -> None:
    """There is no change from or to what is missing."""
    assert numbers.change(None, 1, USD) is None
    assert numbers.change(1, math.nan, USD) is None


def test_table_column() -> None:
    """A column has one precision: the digits that its smallest value needs, at most three."""
    values = [0.061, 0.3, 0.5]
    depth = numbers.places(values, USD)
    assert [numbers.full(v, USD, depth) for v in values] == ["$0.061", "$0.300", "$0.500"]
    assert numbers.places([3, 1200.0, None], PEOPLE) == 0
    assert numbers.places([3.5, 1200.25], USD) == 2
    assert plain(numbers.full(0.99931, PERCENT, numbers.places([0.99931, 0.5], PERCENT))) == "99.93 %"
    assert plain(numbers.full(1, PERCENT, 1)) == "100.0 %"
    assert plain(numbers.full(1_238_402.55, USD, 0)) == "$1,238,403"
    assert plain(numbers.full(7240, PEOPLE, 0)) == "7,240 people"
    assert numbers.full(7240, PEOPLE, 0, with_unit=False) == "7,240"
    assert numbers.full(None, PEOPLE, 0) == "No data"


@pytest.mark.parametrize(
    ("low", "high", "unit", "labels"),
    [
        (0, 7432, PEOPLE, ["0", "2k", "4k", "6k"]),
        (0, 3, PEOPLE, ["0", "1", "2", "3"]),
        (0, 1, PERCENT, ["0 %", "25 %", "50 %", "75 %", "100 %"]),
        (0, 1_300_000, USD, ["$0", "$500k", "$1M"]),
        (0, 1.6, USD, ["$0", "$0.50", "$1", "$1.50"]),
        (0, 30 * 3600, SECONDS, ["0", "12 h", "1 d"]),
        (0, 600, MS, ["0", "200 ms", "400 ms", "600 ms"]),
        (-20, 60, POINTS, ["-20", "0", "20", "40", "60"]),
    ],
)
def test_axis(low: float, high: float, unit: Unit, labels: list[str]) -> None:
    """An axis has at most four lines above its lowest, at steps that people count in, labelled short."""
    assert [plain(numbers.axis(v, unit)) for v in numbers.ticks(low, high, unit)] == labels


finite = st.floats(-1e12, 1e12, allow_nan=False).filter(lambda v: v == 0 or abs(v) > 1e-12)


@given(finite, st.sampled_from(ALL))
def test_nothing_reads_as_zero_but_zero(value: float, unit: Unit) -> None:
    """What is not 0 shows a digit that is not 0; what is 0 shows none."""
    shown = re.sub(r"[^0-9]", "", str(numbers.tile(value, unit)))
    assert (set(shown) <= {"0"}) == (value == 0)


@given(st.floats(0.9, 1, exclude_max=True))
def test_less_than_all_is_never_all(share: float) -> None:
    """A share below 100 % never reads 100 %, in a tile or in a column."""
    assert not plain(numbers.tile(share, PERCENT)).startswith("100")
    assert not plain(numbers.full(share, PERCENT, 1)).startswith("100")


@given(st.floats(0.01, 1e7), st.floats(-0.01, 0.01), st.sampled_from((PERCENT, USD, PEOPLE, NONE)))
def test_a_number_stands_as_judged(low: float, off: float, unit: Unit) -> None:
    """Read back, a value as shown is on the same side of its bound as the value itself."""
    low = float(f"{low:.4g}")
    if unit is PERCENT:
        low = max(0.001, low / 1e7)
    value = low * (1 + off)
    text = plain(numbers.tile(value, unit, low=low))
    match = re.match(r"(< )?\$?([\d,.]+)([kMB]?)", text)
    assert match is not None
    scale = {"": 1, "k": 1e3, "M": 1e6, "B": 1e9}[match[3]] / (100 if unit is PERCENT else 1)
    if not match[1] and not math.isclose(value, low, rel_tol=1e-6):
        assert (float(match[2].replace(",", "")) * scale >= low * (1 - 1e-12)) == (value >= low)


@given(finite, finite, st.sampled_from(ALL))
def test_changes_have_a_direction_and_a_size(new: float, old: float, unit: Unit) -> None:
    """A change of nothing says so; any other has a sign and a digit that is not 0."""
    change = numbers.change(new, old, unit)
    assert change is not None
    if change.direction == "same":
        assert change.signed == "No change"
    else:
        assert re.search(r"[+\u2212]", change.signed)
        assert re.search(r"[1-9]", change.amount)


@given(finite, st.sampled_from(ALL))
def test_figures_never_break(value: float, unit: Unit) -> None:
    """No ordinary space and no hyphen stands within a number, so that no line ends inside it."""
    text = str(numbers.tile(value, unit))
    assert " " not in text
    assert "-" not in text
