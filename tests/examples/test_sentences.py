"""Sentences about every KPI of both examples: each figure in them is worked out again from the ledger."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from headway.formats import dates
from headway.model import Audience, Narrative, cell_text
from headway.periods import Grain, Period
from headway.publish import view
from headway.reports import answers, asked, taking
from headway.reports.records import Number

#: A share in words, and what it says of the number: at least, at most.
_SHARES = {
    "half": 1 / 2,
    "three fifths": 3 / 5,
    "two thirds": 2 / 3,
    "three quarters": 3 / 4,
    "four fifths": 4 / 5,
    "nine tenths": 9 / 10,
    "all": 1.0,
}
_ORDINALS = ("fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "11th", "12th")


class Lines:
    """What the ledger holds, by itself: values and verdicts of each series, without what publishing makes of it."""

    def __init__(self, example: Any) -> None:
        self.example = example
        self._read: dict[tuple[str, Grain, str], dict[int, dict[str, Any]]] = {}

    def line(self, kpi: str, grain: Grain, cell: str = "") -> dict[int, dict[str, Any]]:
        """The rows of a series by the key of their period, in order of time."""
        if (kpi, grain, cell) not in self._read:
            found: dict[int, dict[str, Any]] = {}
            for row in self.example.ledger.read(kpi, grain=grain).to_pylist():
                if row["cell"] == cell:
                    found[row["period"]] = row
            self._read[kpi, grain, cell] = dict(sorted(found.items()))
        return self._read[kpi, grain, cell]

    def period(self, name: str) -> Period:
        """A period by its name."""
        found: Period = self.example.catalog.calendar.parse(name)
        return found

    def value(self, kpi: str, name: str, cell: str = "") -> float:
        """One number; a cell that is not there is 0."""
        which = self.period(name)
        row = self.line(kpi, which.grain, cell).get(which.key)
        return float(row["value"]) if row is not None and row["value"] is not None else 0.0


@pytest.fixture(scope="module", params=["hubs", "saas"])
def told(request: pytest.FixtureRequest, example: Callable[[str], Any]) -> tuple[Lines, list[Number]]:
    """Every sentence that can be said: each KPI, by weeks, months and quarters, and against the year before."""
    one = example(request.param)
    seen = view.open(one.ledger, one.catalog, Audience.INTERNAL, one.now)
    wanted = [
        asked.role("kpi-sentence", f"{name} {grain}{compare}")
        for name in seen.names
        if (kpi := one.catalog.kpis[name]).measure is not None and not isinstance(kpi.measure, Narrative)
        for grain in seen.grains(name)
        if grain in (Grain.WEEK, Grain.MONTH, Grain.QUARTER)
        for compare in ("", ' compare="1 year"')
    ]
    taken = taking.take(seen, wanted)
    found = [answers.answer(one, taken) for one in wanted if one.key in taken.sentences]
    sentences = [one for one in found if isinstance(one, Number)]
    assert len(sentences) > 250
    return Lines(one), sentences


def figures(sentences: list[Number], says: str) -> list[tuple[Number, Number]]:
    """The figures that say one thing, with the sentences that they stand in."""
    found = [(one, part) for one in sentences for part in one.parts if isinstance(part, Number) and part.says == says]
    assert found, says
    return found


def test_a_number_is_the_ledgers(told: tuple[Lines, list[Number]]) -> None:
    """Of the period that it names, whether it is the newer or the older one."""
    lines, sentences = told
    for one, number in figures(sentences, ""):
        assert number.value == lines.value(number.kpi, number.period), one.text


def test_a_change_is_from_one_number_to_the_other(told: tuple[Lines, list[Number]]) -> None:
    """In percent, or in points of a share; with the verb of its direction, never with a sign."""
    lines, sentences = told
    for one, change in figures(sentences, "change"):
        new, old = lines.value(change.kpi, change.period), lines.value(change.kpi, change.than)
        assert re.search(r" (rose|jumped) " if new > old else r" (fell|dropped) ", one.text), one.text
        found = re.fullmatch(r"(less than )?([\d.,]+)\s(%|points?)", change.text)
        assert found, change.text
        share = lines.example.catalog.kpis[change.kpi].unit.name == "percent"
        size = abs(new - old) * (100 if share else 1) if found[3] != "%" else abs(new / old - 1) * 100
        shown = float(found[2].replace(",", ""))
        half = 0.5 * 10.0 ** -len(found[2].partition(".")[2])
        assert size < shown if found[1] else abs(size - shown) <= half * 1.0001, (one.text, size)


def test_a_share_is_that_of_the_cells_it_names(told: tuple[Lines, list[Number]]) -> None:
    """What they changed together, of what the whole did."""
    lines, sentences = told
    for one, share in figures(sentences, "share"):
        if share.text == "most":  # of a ratio: each cell by itself, with the others as they are
            assert len(share.of) == 1
            continue
        whole = lines.value(share.kpi, share.period) - lines.value(share.kpi, share.than)
        some = sum(
            lines.value(share.kpi, share.period, cell_text(cell)) - lines.value(share.kpi, share.than, cell_text(cell))
            for cell in share.of
        )
        words = re.fullmatch(r"(almost |more than )?(.*)", share.text)
        assert words
        said, actual = _SHARES[words[2]], some / whole
        near = {None: abs(said - actual) <= 0.0151, "almost ": said - 0.1 < actual < said, "more than ": actual > said}
        assert near[words[1]], (one.text, actual)


def test_the_highest_is_higher_than_all_before(told: tuple[Lines, list[Number]]) -> None:
    """And the highest since then is not higher than the one that it names."""
    lines, sentences = told
    extremes = [one for one in sentences if re.search("(highest|lowest) so far", one.text)]
    assert extremes
    for one in extremes:
        value = next(part for part in reversed(one.parts) if isinstance(part, Number) and not part.says)
        which = lines.period(value.period)
        earlier = [
            row["value"] * (1 if "highest" in one.text else -1)
            for key, row in lines.line(value.kpi, which.grain).items()
            if key < which.key and row["value"] is not None and not row["flags"] & 4
        ]
        assert value.value is not None
        assert value.value * (1 if "highest" in one.text else -1) > max(earlier), one.text


def test_a_row_is_as_long_as_it_says(told: tuple[Lines, list[Number]]) -> None:
    """The steps before each went the same way, and the one before those did not."""
    lines, sentences = told
    for one, streak in figures(sentences, "streak"):
        if " in a row" not in one.text.split(streak.text, 1)[1][:14]:
            continue
        which = lines.period(streak.period)
        rows = [row for key, row in lines.line(streak.kpi, which.grain).items() if key <= which.key]
        steps = [b["value"] - a["value"] for a, b in pairwise(rows) if None not in (a["value"], b["value"])]
        rose = re.search(rf"{streak.text} rise", one.text) is not None
        count = 4 + _ORDINALS.index(streak.text)
        assert all((step > 0) == rose and step for step in steps[-count:]), one.text


def test_a_target_is_met_as_the_verdict_says(told: tuple[Lines, list[Number]]) -> None:
    """What is short of a target is not on it, and what stays within a limit is."""
    lines, sentences = told
    for one, target in figures(sentences, "target"):
        which = lines.period(target.period)
        row = lines.line(target.kpi, which.grain)[which.key]
        missed = any(isinstance(part, Number) and part.says == "gap" for part in one.parts)
        assert missed == (row["status"] in ("near", "off")), one.text


def test_since_then_none_was_as_high(told: tuple[Lines, list[Number]]) -> None:
    """Between the two there is no number beyond the newer one."""
    lines, sentences = told
    for one, since in figures(sentences, "since"):
        assert dates.period(lines.period(since.than)) == since.text
        found = re.search(rf"(highest|lowest) since {since.text}", one.text)
        if found is None or since.value is None:
            continue
        which, then = lines.period(since.period), lines.period(since.than)
        sign = 1 if found[1] == "highest" else -1
        rows = lines.line(since.kpi, which.grain)
        between = [row["value"] * sign for key, row in rows.items() if then.key < key < which.key and row["value"]]
        assert rows[then.key]["value"] * sign >= since.value * sign > max(between), one.text


def test_a_sentence_reads_like_one(told: tuple[Lines, list[Number]]) -> None:
    """A capital first, one full stop at the end, no figure twice in a row, no 1 beside a plural, no empty words."""
    _, sentences = told
    for one in sentences:
        assert one.text.endswith(".")
        assert "  " not in one.text
        assert " ," not in one.text
        assert not re.search(r"(?<![\d.,])1\s(people|hubs|customers|months|points|tickets)\b", one.text), one.text
        assert not re.search(r"\b(rose|fell) \u2212|\bNone\b|No data|Withheld|≥|≤", one.text), one.text
