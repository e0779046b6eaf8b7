"""How targets read: bounds in words, the pace of a running period, and what a reader may not know."""

from __future__ import annotations

from datetime import date

import pytest

from headway.errors import Place
from headway.model import (
    Aggregate,
    Audience,
    Bands,
    Expression,
    Formula,
    Kpi,
    Line,
    Status,
    Target,
    Unit,
    UnitKind,
)
from headway.periods import Grain, Length
from headway.publish import goals

EUR = Unit(UnitKind.CURRENCY, "EUR")
TRIPLE = Formula(Expression("3 *  cac"), ("cac",))
RISE = Line(300.0, date(2025, 6, 30), 900.0, date(2026, 12, 31))
MONTH = Length.parse("1 month")


def kpi(*targets: Target, unit: Unit = EUR) -> Kpi:
    """A sum by the month."""
    return Kpi(
        "a", "A", Aggregate("sum", "rows", "x"), unit, Grain.MONTH, Audience.PUBLIC, Place("a.yml", 1), "",
        targets=targets,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target(4000.0, None, Grain.MONTH), "≥ €4,000"),
        (Target(TRIPLE, None, Grain.MONTH), "≥ 3 * cac"),
        (Target(None, TRIPLE, Grain.MONTH), "≤ 3 * cac"),
        (Target(100.0, TRIPLE, Grain.MONTH), "€100 to 3 * cac"),
        (Target(RISE, None, Grain.MONTH), "≥ €900 by 31 Dec 2026"),
        (Target(0.15, 0.2, Grain.MONTH, growth=MONTH), "Growth over 1 month 15 % to 20 %"),
    ],
)
def test_a_target_reads_as_it_was_declared(target: Target, words: str) -> None:
    """With its unit, and no number that nobody wrote."""
    assert (
        goals.declared(target, kpi(target), {"cac"}).replace("\N{NO-BREAK SPACE}", " ").replace("\u202f", " ") == words
    )


def test_a_formula_names_no_kpi_that_its_reader_may_not_see() -> None:
    """A public page says only that the bound is made from others."""
    target = Target(TRIPLE, None, Grain.MONTH)
    assert goals.declared(target, kpi(target), set()) == "≥ a number made from other KPIs"


def test_a_line_and_bands_have_a_second_line() -> None:
    """Where the line begins, and how the bands follow each other."""
    rising = Target(RISE, None, Grain.MONTH)
    assert goals.detail(rising, kpi(rising)) == "A straight line from €300 on 30 Jun 2025"
    bands = Bands((Status.OFF, Status.NEAR, Status.ON, Status.OVER), (6.0, 12.0, 24.0))
    banded = Target(*bands.on, Grain.MONTH, bands=bands)
    assert goals.detail(banded, kpi(banded)) == "Off, near from €6, on from €12, over from €24"


@pytest.mark.parametrize(
    ("so_far", "expected", "words"),
    [
        (4200.0, 4799.2, "Behind pace: 4,200 of 4,800 expected by 21 Nov"),
        (4800.0, 4799.2, "On pace: 4,800 of 4,800 expected by 21 Nov"),
        (4799.0, 4799.2, "Behind pace: 4,799 of 4,800 expected by 21 Nov"),
        (0.3, 0.1 + 0.2, "On pace: 0.300 of 0.300 expected by 21 Nov"),
    ],
)
def test_a_pace_in_words_never_contradicts_itself(so_far: float, expected: float, words: str) -> None:
    """What is expected is rounded up, so that who is behind never reads as having enough."""
    pace = goals.pace(kpi(unit=Unit(UnitKind.NOUN, "visits")), so_far, expected, "21 Nov")
    assert pace is not None
    assert pace.text == words


def test_the_first_target_of_the_total_is_on_the_card() -> None:
    """Not one for cells, or for another grain."""
    growth, level = Target(0.1, None, Grain.MONTH, growth=MONTH), Target(1.0, None, Grain.MONTH)
    yearly, cells = Target(2.0, None, Grain.YEAR, growth=MONTH), Target(1.0, None, Grain.MONTH, each=("hub",))
    assert goals.lead(kpi(cells, yearly, growth, level)) == "growth 1 month"
    assert goals.lead(kpi(level, growth)) == ""
    assert goals.lead(kpi()) == ""
