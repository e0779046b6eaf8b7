"""Sentences: which words follow from which numbers, and that none says what is not so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import Place, UsageError
from headway.ledger import Ledger
from headway.model import TOTAL, Aggregate, Audience, Catalog, Cell, Distinct, Empty, Kpi, Target, Unit, UnitKind
from headway.periods import Calendar, Grain
from headway.publish import view
from headway.publish.history import Past
from headway.publish.stored import Stored
from headway.reports import answers, asked, sentences, shares, taking
from headway.reports.records import Number
from headway.reports.snapshot import Snapshot

CALENDAR = Calendar("UTC")
PERCENT = Unit(UnitKind.PERCENT, "percent")
TICKETS = Unit(UnitKind.NOUN, "tickets")
DOLLARS = Unit(UnitKind.CURRENCY, "USD")


def rows(values: Sequence[float | None], low: float | None = None, high: float | None = None) -> list[Stored]:
    """Months up to October 2026, each judged by the same bounds."""
    which, found = CALENDAR.parse("2026-10"), []
    for value in reversed(values):
        met = value is not None and (low is None or value >= low) and (high is None or value <= high)
        status = None if (low, high) == (None, None) else "on" if met else "off"
        found.append(
            Stored(
                which, value, None if value is not None else "no rows", None, None, None, partial=False,
                imported=False, so_far=None, so_far_before=None, status=status, low=low, high=high, expected=None,
                revision=1,
            )
        )  # fmt: skip
        which = CALENDAR.previous(which)
    return found[::-1]


def told(
    values: Sequence[float | None],
    unit: Unit = TICKETS,
    *,
    low: float | None = None,
    high: float | None = None,
    cells: dict[str, tuple[float, float]] | None = None,
    distinct: bool = False,
    length: str = "",
) -> str:
    """The sentence about the last of some months."""
    measure = Distinct("t", "person") if distinct else Aggregate("count", "t")
    targets = (Target(low, high, Grain.MONTH),) if (low, high) != (None, None) else ()
    kpi = Kpi(
        "opened", "Opened", measure, unit, Grain.MONTH, Audience.PUBLIC, Place("a.yml", 1), "", by=(("team",),),
        empty=Empty.ZERO, targets=targets,
    )  # fmt: skip
    line = rows(values, low, high)
    by_cell: dict[int, dict[Cell, Stored]] = {row.period.key: {TOTAL: row} for row in line}
    for name, both in (cells or {}).items():
        for row, value in zip(line[-2:], both, strict=True):
            by_cell[row.period.key][("team", name),] = row._replace(value=value)
    said = sentences.sentence(
        sentences.Told(
            "Opened", kpi, kpi, "", TOTAL, line, line[-1], Past(), length, CALENDAR.previous(line[-1].period), by_cell
        )
    )
    return (
        "".join(one if isinstance(one, str) else one.text for one in said).replace("\u202f", " ").replace("\xa0", " ")
    )


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([40], "Opened stood at 40 tickets."),
        ([None, 40], "Opened stood at 40 tickets."),
        ([40, 40], "Opened held at 40 tickets."),
        ([0, 0], "Opened stayed at 0 tickets."),
        ([40, 42], "Opened rose 5.0 % to 42 tickets."),
        ([40, 38], "Opened fell 5.0 % to 38 tickets."),
        ([3, 5], "Opened rose from 3 to 5 tickets."),
        ([2, 1], "Opened fell from 2 to 1 ticket."),
        ([0, 40], "Opened rose from 0 to 40 tickets."),
        ([40, 0], "Opened fell from 40 to 0 tickets."),
        ([40, 200], "Opened rose from 40 to 200 tickets."),
        ([17_600, 17_603], "Opened remained almost unchanged at 17.6k tickets."),
        ([1_744_999, 1_745_001], "Opened remained almost unchanged at 1.75M tickets."),
        ([60, 50, 40, 50, 41, 42, 61], "Opened rose 45.2 % to 61 tickets, the highest so far."),
        ([60, 50, 40, 50, 41, 42, 39], "Opened fell 7.1 % to 39 tickets, the lowest so far."),
        ([60, 50, 51, 52, 53, 54, 55], "Opened rose 1.9 % to 55 tickets, the fifth rise in a row."),
        (
            [40, 50, 51, 52, 53, 54, 61],
            "Opened rose 13.0 % to 61 tickets, the highest so far and the sixth rise in a row.",
        ),
        ([90, *[40, 41] * 7, 60], "Opened jumped 46.3 % to 60 tickets, the highest since July 2025."),
        (
            [*range(40, 60)],
            "Opened rose 1.7 % to 59 tickets, the highest so far and a rise every month since April 2025.",
        ),
    ],
)  # fmt: skip
def test_the_words_follow_from_the_numbers(values: list[float | None], text: str) -> None:
    """A share where it tells something, both numbers where it would mislead; what stands out, and no more."""
    assert told(values) == text


@pytest.mark.parametrize(
    ("values", "unit", "text"),
    [
        ([0.84, 0.852], PERCENT, "Opened rose 1.2 points to 85.2 %."),
        ([-100.0, -40.0], DOLLARS, "Opened rose from \u2212$100 to \u2212$40."),
        ([100.0, -40.0], DOLLARS, "Opened fell from $100 to \u2212$40."),
    ],
)
def test_a_unit_has_its_own_words(values: list[float], unit: Unit, text: str) -> None:
    """Shares move by points, and below zero nothing is told in percent."""
    assert told(values, unit) == text


@pytest.mark.parametrize(
    ("values", "low", "high", "text"),
    [
        ([40, 50], 45, None, "Opened rose 25.0 % to 50 tickets and reached the target of 45."),
        (
            [40, 40, 40, 50],
            45,
            None,
            "Opened rose 25.0 % to 50 tickets and reached the target of 45 for the first time.",
        ),
        ([50, 52], 45, None, "Opened rose 4.0 % to 52 tickets and stayed above the target of 45."),
        ([52, 50], 45, None, "Opened fell 3.8 % to 50 tickets but stayed above the target of 45."),
        ([50, 45], 45, None, "Opened fell 10.0 % to 45 tickets and stayed at the target of 45."),
        (
            [17_603, 17_600],
            45,
            None,
            "Opened remained almost unchanged at 17.6k tickets and stayed above the target of 45.",
        ),
        (
            [17_600, 17_603],
            35_206,
            None,
            "Opened remained almost unchanged at 17.6k tickets and stayed 50.0 % short of the target of 35,206.",
        ),
        ([40, 42], None, 45, "Opened rose 5.0 % to 42 tickets but stayed within the limit of 45."),
        ([40, 38], None, 45, "Opened fell 5.0 % to 38 tickets and stayed within the limit of 45."),
        ([50, 52], 45, 60, "Opened rose 4.0 % to 52 tickets and stayed within the range of 45 to 60."),
        ([50, 40], 50, None, "Opened fell 20.0 % to 40 tickets and missed the target of 50 by 20.0 %."),
        ([30, 40], 50, None, "Opened rose 33.3 % to 40 tickets but stayed 20.0 % short of the target of 50."),
        ([40, 30], 50, None, "Opened fell 25.0 % to 30 tickets and stayed 40.0 % short of the target of 50."),
        ([50, 40], None, 45, "Opened fell 20.0 % to 40 tickets and came back within the limit of 45."),
        ([60, 54], None, 45, "Opened fell 10.0 % to 54 tickets but stayed 20.0 % over the limit of 45."),
        ([40, 54], None, 45, "Opened rose 35.0 % to 54 tickets and missed the limit of 45 by 20.0 %."),
        ([50, 40], 45, 60, "Opened fell 20.0 % to 40 tickets and missed the range of 45 to 60 by 11.1 %."),
        ([40], 50, None, "Opened stood at 40 tickets, 20.0 % short of the target of 50."),
        ([60], 50, None, "Opened stood at 60 tickets, above the target of 50."),
        (
            [30, 31, 30, 40],
            50,
            None,
            "Opened rose 33.3 % to 40 tickets but stayed 20.0 % short of the target of 50 "
            "for the fourth month in a row.",
        ),
    ],
)  # fmt: skip
def test_a_target_is_reached_missed_kept_or_out_of_reach(
    values: list[float], low: float | None, high: float | None, text: str
) -> None:
    """And by how much, and for how long."""
    assert told(values, low=low, high=high) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([50, 55], "Opened rose 10.0 % in a year to 55 tickets, above the target of 45."),
        ([55, 50], "Opened fell 9.1 % in a year to 50 tickets, still above the target of 45."),
        (
            [*range(50, 56), 60],
            "Opened rose 9.1 % in a year to 60 tickets, the highest so far, above the target of 45.",
        ),
    ],
)
def test_over_a_year_a_target_is_told_as_it_stands(values: list[float | None], text: str) -> None:
    """What was so a period ago is another story; the words fit one and many."""
    assert told(values, low=45, length="1 year") == text


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        ({"a": (40, 60), "b": (60, 70)}, "; a accounted for two thirds of it."),
        ({"a": (20, 32), "b": (40, 52), "c": (40, 46)}, "; a and b accounted for four fifths of it."),
        (
            {"a": (20, 30), "b": (30, 32), "c": (30, 39), "d": (20, 29)},
            "; a and c accounted for more than three fifths of it.",
        ),
        ({"a": (40, 90), "b": (60, 40)}, "; a more than accounted for it."),
        ({"true": (40, 60), "false": (60, 70)}, "."),
        ({"(none)": (40, 60), "b": (60, 70)}, "."),
        ({str(n): (10.0, 13.0) for n in range(10)}, "."),
    ],
)  # fmt: skip
def test_few_cells_explain_a_change_or_nothing_is_said(cells: dict[str, tuple[float, float]], text: str) -> None:
    """By their names, the fewest that explain most of it; neither yes and no nor nothing is a name."""
    assert told([100, 130], cells=cells) == f"Opened rose 30.0 % to 130 tickets{text}"


def test_people_are_not_shared_out() -> None:
    """Who is in two teams is counted in both, so no team accounts for a part of the change."""
    cells = {"a": (40.0, 60.0), "b": (60.0, 70.0)}
    assert told([100, 130], cells=cells, distinct=True) == "Opened rose 30.0 % to 130 tickets."


@settings(max_examples=300, deadline=None)
@given(st.floats(0.5, 1.0))
def test_a_share_in_words_is_true(share: float) -> None:
    """More than half is more than half, and almost two thirds is less."""
    known = {"half": 1 / 2, "three fifths": 0.6, "two thirds": 2 / 3, "three quarters": 0.75, "four fifths": 0.8}
    known |= {"nine tenths": 0.9, "all": 1.0}
    words = re.fullmatch(r"(almost |more than )?(.*)", shares.words_for(share))
    assert words
    said = known[words[2]]
    assert {None: abs(said - share) <= shares.EXACT, "almost ": share < said, "more than ": share > said}[words[1]]


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(-50, 4000), st.floats(0, 1e6, width=32)), min_size=1, max_size=30),
    st.sampled_from([TICKETS, PERCENT, DOLLARS]),
    st.one_of(st.none(), st.floats(1, 1000, width=32)),
)
def test_no_sentence_contradicts_its_numbers(values: list[float | None], unit: Unit, low: float | None) -> None:
    """Whatever the numbers: one sentence, no sign after a verb of direction, the direction that it has."""
    if values[-1] is None:
        return
    text = told(values, unit, low=low)
    assert re.fullmatch(r"Opened .*[^.]\.", text)
    assert not re.search(r"  | ,|,,|\.\.|(rose|fell|jumped|dropped) \u2212|None|No data", text), text
    then = values[-2] if len(values) > 1 else None
    if then is not None and re.search("rose|jumped", text.split(",")[0]):
        assert values[-1] > then
    if then is not None and re.search("fell|dropped", text.split(",")[0]):
        assert values[-1] < then


def test_figures_say_which_number_they_are_of(published: tuple[Ledger, Catalog], northlane: SimpleNamespace) -> None:
    """A sentence in a report keeps what each of its figures is of; words in its place are no figure."""
    seen = view.open(*published, Audience.INTERNAL, northlane.NOW)
    request = asked.role("kpi-sentence", 'mau 2026-10 compare="1 year"')
    found = answers.answer(request, taking.take(seen, [request]))
    assert isinstance(found, Number)
    traced = [part.attributes for part in found.parts if isinstance(part, Number)]
    assert {"kpi": "mau", "period": "2026-10", "than": "2025-10", "says": "change", "revision": "1"} in traced
    assert {"kpi": "mau", "period": "2026-10", "revision": "1"} in traced
    spoken = asked.role("kpi-sentence", 'mau 2031-01 or="Not yet."')
    instead = answers.answer(spoken, taking.take(seen, [spoken]))
    assert isinstance(instead, Number)
    assert instead.text == "Not yet."


def test_a_trend_is_the_last_numbers_as_bars(published: tuple[Ledger, Catalog], northlane: SimpleNamespace) -> None:
    """Up to the number that is named, and it says from when to when; of a single number there is none."""
    seen = view.open(*published, Audience.INTERNAL, northlane.NOW)

    def drawn(text: str) -> tuple[Number, Snapshot]:
        request = asked.role("kpi-trend", text)
        taken = taking.take(seen, [request])
        found = answers.answer(request, taken)
        assert isinstance(found, Number)
        return found, taken

    whole, taken = drawn("revenue 2026-10")
    (bars,) = whole.parts
    assert isinstance(bars, Number)
    (line,) = taken.lines("revenue", "")
    known = {point.period: point.value for point in line.points if point.value is not None}
    values = [known[f"2026-{month:02}"] for month in range(1, 11)]
    heights = bars.text[-len(values) :]
    assert len(bars.text) == 13
    assert all(low <= high for (_, low), (_, high) in pairwise(sorted(zip(values, heights, strict=True))))
    assert len(set(heights)) > 2
    assert (bars.attributes["than"], bars.attributes["period"]) == ("2025-10", "2026-10")
    first = line.points[0].period
    assert drawn(f'revenue {first} or="none yet"')[0].text == "none yet"
    with pytest.raises(UsageError, match="no trend yet"):
        drawn(f"revenue {first}")


def test_a_period_that_runs_is_told_as_such_alone(
    published: tuple[Ledger, Catalog], northlane: SimpleNamespace
) -> None:
    """What it has come to is told where it is asked for as that; one that is over is not so far anything."""
    seen = view.open(*published, Audience.INTERNAL, northlane.NOW)

    def said(text: str) -> Number:
        request = asked.role("kpi-so-far", text)
        found = answers.answer(request, taking.take(seen, [request]))
        assert isinstance(found, Number)
        return found

    running = said("revenue month")
    assert (running.period, running.attributes["says"]) == ("2026-11", "so-far")
    assert running.value is not None
    with pytest.raises(UsageError, match="is over"):
        said("revenue 2026-10")
