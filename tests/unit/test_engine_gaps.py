"""Sorted keys give the gap rollup: beside counting as plainly as Python can, and beside the SQL of the same steps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from headway.engines import inorder
from headway.engines.gaps import Ages, PersonDays
from headway.engines.keys import Rows, Tail, gather

#: person, day, cell
Row = tuple[int, int, int]
#: cell, day, on which the days began, the day before them -> people
Counts = dict[tuple[int, int, int, int | None], int]


def plainly(rows: Sequence[Row], k: int) -> Counts:
    """The rollup by definition."""
    seen = defaultdict(set)
    for person, day, cell in rows:
        seen[cell, person].add(day)
    found: Counter[tuple[int, int, int, int | None]] = Counter()
    for (cell, _), several in seen.items():
        days = sorted(several)
        for at in range(k - 1, len(days)):
            found[cell, days[at], days[at - k + 1], days[at - k] if at >= k else None] += 1
    return dict(found)


def gathered(
    rows: Sequence[Row], kind: pa.DataType, parts: int = 3, tails: Sequence[Tail] = (), expected: int = 0
) -> Rows | None:
    """The rows as keys, out of several batches, some of which may be empty."""
    people, days, cells = zip(*rows, strict=True) if rows else ((), (), ())
    arrays = [
        pa.array(people, kind),
        pa.array(days, pa.int32()).view(pa.date32()),
        pa.array(cells, pa.uint16()),
    ]
    batch = pa.record_batch(arrays, ["person", "day", "cell"])
    ends = [len(rows) * part // parts for part in range(parts + 1)]
    return gather([batch[low:high] for low, high in pairwise(ends)], ["cell"], tails, expected)


def by_keys(rows: Rows, k: int) -> Counts:
    """The rollup by sorted keys; no row of it stands there twice."""
    days = PersonDays.of(rows, rows.codes["cell"])
    assert days
    found = of_days(days, k)
    assert of_days(days, k, spent=True) == found
    return found


def of_days(days: PersonDays, k: int, *, spent: bool = False) -> Counts:
    """The rollup of person-days; no row of it stands there twice."""
    rollup = days.rollup(k, spent=spent)
    assert rollup
    begun = rollup.day if rollup.begun is None else rollup.begun
    columns = (rollup.cell, rollup.day, begun, rollup.previous, rollup.seen, rollup.people)
    found: Counts = {}
    for cell, day, since, previous, seen, people in zip(*(column.tolist() for column in columns), strict=True):
        key = cell, day, since, previous if seen else None
        assert key not in found
        found[key] = people
    return found


#: Where numbers of persons begin, and how far they go: also below 0, and as far as a number can go.
SPANS = st.sampled_from([(0, 2), (-3, 40), (7, 1 << 20), (-(1 << 63), 5), ((1 << 63) - 9, 8), (1 << 33, 1 << 30)])
DAYS = st.sampled_from([(0, 1), (-5, 9), (19_723, 730), (-700_000, 60)])


@st.composite
def some_rows(draw: st.DrawFn) -> list[Row]:
    """Rows of few or many persons, some of them twice."""
    least, persons = draw(SPANS)
    first, days = draw(DAYS)
    person = st.integers(least, least + persons) | st.sampled_from([least, least + persons])
    day = st.integers(first, first + days - 1)
    rows = draw(st.lists(st.tuples(person, day, st.integers(0, draw(st.sampled_from([0, 1, 300])))), max_size=60))
    return rows + rows[::3]


@given(
    rows=some_rows(),
    k=st.integers(1, 4),
    parts=st.sampled_from([1, 3, 40]),
    expected=st.sampled_from([0, 7, 1000]),
    block=st.sampled_from([1, 2, 7, 64]),
)
@settings(max_examples=250)
def test_sorted_keys_count_as_plain_counting_does(
    rows: list[Row], k: int, parts: int, expected: int, block: int
) -> None:
    """Whatever the persons, days and cells are, and however they come."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inorder, "BLOCK", block)
        found = gathered(rows, pa.int64(), parts, expected=expected)
        assert found
        assert by_keys(found, k) == plainly(rows, k)


@pytest.mark.parametrize(
    ("kind", "people"), [(pa.int8(), (-128, 127)), (pa.uint64(), (0, 5)), (pa.uint64(), (2**64 - 9, 2**64 - 1))]
)
def test_persons_of_any_width(kind: pa.DataType, people: tuple[int, int]) -> None:
    """Small numbers are no smaller persons, and the largest ones are none below 0."""
    rows = [(person, day, 0) for person in people for day in (1, 2, 5)]
    found = gathered(rows, kind)
    assert found
    assert by_keys(found, 1) == plainly(rows, 1)


@given(
    rows=some_rows(),
    unit=st.sampled_from([1, 7, 30]),
    wanted=st.sampled_from([range(730), [0], [0, 1, 7, 30], [2, 3], range(13)]),
    block=st.sampled_from([1, 2, 7, 64]),
)
@settings(max_examples=150)
def test_cohorts_are_those_of_plain_counting(rows: list[Row], unit: int, wanted: Sequence[int], block: int) -> None:
    """Everybody joins in a cell on their first day there, and counts once at each age at which they were seen."""
    found = gathered(rows, pa.int64())
    assert found
    passed = np.arange(found.days)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inorder, "BLOCK", block)
        days = PersonDays.of(found, found.codes["cell"])
        assert days
        ages = [Ages.of(few, (passed[None, :] - passed[:, None]) // unit) for few in ([1], wanted)]
        _, cohorts = days.cohorts(ages) or (None, None)
    assert cohorts
    seen = defaultdict(set)
    for person, day, cell in rows:
        seen[cell, person].add(day)
    expected: Counter[tuple[int, int, int]] = Counter()
    for (cell, _), several in seen.items():
        ages_of = {(day - min(several)) // unit for day in several}
        expected.update((cell, min(several), age) for age in ages_of & set(wanted))
    columns = (cohorts.cell.tolist(), cohorts.joined.tolist(), cohorts.age.tolist())
    assert dict(zip(zip(*columns, strict=True), cohorts.people.tolist(), strict=True)) == expected


def of_cohorts(days: PersonDays) -> Counter[tuple[int, int, int]]:
    """People by cell, day of joining and age in weeks."""
    passed = np.arange(days.rows.days)
    (cohorts,) = days.cohorts([Ages.of(range(200_000), (passed[None, :] - passed[:, None]) // 7)]) or [None]
    assert cohorts
    columns = (cohorts.cell.tolist(), cohorts.joined.tolist(), cohorts.age.tolist())
    return Counter(dict(zip(zip(*columns, strict=True), cohorts.people.tolist(), strict=True)))


@given(
    rows=some_rows(), k=st.integers(1, 4), cut=st.integers(0, 60), late=st.booleans(), block=st.sampled_from([2, 64])
)
@settings(max_examples=200)
def test_rows_that_come_add_what_there_is_more_of(rows: list[Row], k: int, cut: int, late: bool, block: int) -> None:
    """The last days of each person are enough of the rows before, unless one comes on an earlier day than these."""
    ordered = rows if late else sorted(rows, key=lambda row: row[1])
    before, come = ordered[:cut], ordered[cut:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inorder, "BLOCK", block)
        found = gathered(before, pa.int64())
        days = found and PersonDays.of(found, found.codes["cell"])
        assert days
        tail = days.tail(k, first=True)
        more = tail and gathered(come, pa.int64(), 2, [tail])
        assert tail
        assert more
        added = PersonDays.of(more, more.codes["cell"], tail)
        last: dict[tuple[int, int], int] = {}
        for person, day, cell in before:
            last[cell, person] = max(day, last.get((cell, person), day))
        is_late = any(day < last.get((cell, person), day) for person, day, cell in come)
        assert added is not None or is_late  # where a late row is none of a new day, there is nothing to refuse
        if added is not None:
            assert Counter(of_days(days, k)) + Counter(of_days(added, k)) == Counter(plainly(rows, k))
            whole = gathered(rows, pa.int64())
            every = whole and PersonDays.of(whole, whole.codes["cell"])
            assert every
            assert of_cohorts(days) + of_cohorts(added) == of_cohorts(every)
            again, straight = added.tail(k, first=True), every.tail(k, first=True)
            assert again
            assert straight
            assert [one.tolist() for one in (again.cell, again.person, again.day)] == [
                one.tolist() for one in (straight.cell, straight.person, straight.day)
            ]


@given(rows=some_rows(), block=st.integers(1, 9))
def test_cells_are_set_apart(rows: list[Row], block: int) -> None:
    """Each has its rows, whichever blocks they were in, and days that count from the same one; some have none."""
    whole = gathered(rows, pa.int64())
    assume(whole is not None)
    assert whole
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inorder, "BLOCK", block)
        pieces = whole.apart(whole.codes["cell"], 301)
    found: Counts = {}
    for number, own in enumerate(pieces):
        days = PersonDays.of(own)
        assert days
        found |= {(number, *rest): people for (_, *rest), people in of_days(days, 1).items()}
    assert found == plainly(rows, 1)


def test_many_rows_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks end between persons and within them, with the same rows on both sides."""
    monkeypatch.setattr(inorder, "BLOCK", 64)
    rows = [(person, day, person % 3) for person in range(400) for day in (0, 1, 1, person % 7, 9)] * 2
    found = gathered(rows, pa.int32(), 5)
    assert found
    for k in (1, 2, 3):
        assert by_keys(found, k) == plainly(rows, k)


def test_what_has_no_key_says_so() -> None:
    """Persons from one end of the numbers to the other leave no place for a day, nor long days for a cell."""
    assert gathered([(-(1 << 63), 0, 0), ((1 << 63) - 1, 1, 0)], pa.int64()) is None
    wide = gathered([(0, -(1 << 31), 0), (1 << 31, (1 << 31) - 1, 40_000)], pa.int64())
    assert wide
    assert PersonDays.of(wide, wide.codes["cell"]) is None
    long = PersonDays.of(wide)
    assert long
    assert long.rollup(1)
    assert long.rollup(2) is None


def test_rows_are_taken_out_by_a_column_of_yes_and_no() -> None:
    """The columns that are wanted go with them."""
    found = gathered([(1, 1, 1), (1, 2, 0), (2, 2, 1)], pa.int64())
    assert found
    few = found.where("cell", ["cell"])
    assert few.codes["cell"].tolist() == [1, 1]
    days = PersonDays.of(few)
    assert days
    rollup = days.rollup()
    assert rollup
    assert (rollup.day.tolist(), rollup.people.tolist(), rollup.seen.tolist()) == ([1, 2], [1, 1], [False, False])
