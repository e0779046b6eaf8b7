"""The past of a number: every value that it had and why, what waits, and where a series changes its method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from headway.ledger import Change, Decision, Ledger, Proposal, Restated, Restatement, Revision
from headway.model import Aggregate, Audience, Because, Cause, Kpi, Reason
from headway.periods import Grain
from headway.publish import history, table, view, words
from headway.publish.history import Past
from headway.publish.stored import Stored
from headway.publish.tiles import Situation

JULY = datetime(2026, 7, 3, 6, tzinfo=UTC)
LATE = Cause(Because.LATE, "postings", late=12, first=date(2026, 5, 3), last=date(2026, 5, 9), note="found by hand")


_NOTHING = ("n", "numerator", "denominator", "so_far", "so_far_before", "status", "low", "high", "expected")


def revision(number: int, value: float | None, **more: Any) -> Revision:
    """A revision that was published `number` days after July began."""
    published = JULY + timedelta(days=number)
    return Revision(number, number, published, f"{number}0000000ff", value, None, None, None, None, 0, **more)


def restatement(number: int, state: str, cause: Cause = LATE, decision: Decision | None = None) -> Restatement:
    """A restatement of two months of `spent`."""
    largest = Change("spent", "", Grain.MONTH, "", 20_454, 7212.0, 7198.0)
    own = Restated("spent", 2, 1, date(2026, 5, 1), date(2026, 6, 1), largest)
    return Restatement(number, state, cause, 2, JULY, 2, 2, (own,), decision)


def proposal(period: int, value: float | None, number: int = 1) -> Proposal:
    """What waits in place of a number of the total."""
    return Proposal(
        number, "spent", "", Grain.MONTH, "", period, value, None, None, None, None, gone=False, status=None
    )


@pytest.fixture
def spent(northlane: SimpleNamespace) -> Kpi:
    """A sum by month."""
    kpi: Kpi = northlane.kpi("spent", Aggregate("sum", "postings", "usd"), northlane.DOLLARS, Grain.MONTH)
    return kpi


@pytest.fixture
def reader(northlane: SimpleNamespace, tmp_path: Path, ledger: Ledger, spent: Kpi) -> Callable[..., Situation]:
    """What a reader of an audience knows beside the numbers."""
    catalog = northlane.catalogue(tmp_path, [spent])
    return lambda audience=Audience.INTERNAL: view.open(ledger, catalog, audience, northlane.NOW)._at


def line(reader: Callable[..., Situation], *values: float | None, imported: int = 0) -> list[Stored]:
    """Months from January 2026 on; the first `imported` of them came from a file."""
    calendar = reader().calendar
    return [
        Stored(
            period=calendar.period(Grain.MONTH, date(2026, number + 1, 1)),
            value=value,
            reason=None if value is not None else Reason.GROUP_TOO_SMALL.value,
            partial=False,
            imported=number < imported,
            revision=1,
            **dict.fromkeys(_NOTHING),
        )
        for number, value in enumerate(values)
    ]


def test_each_value_says_why_it_came(reader: Callable[..., Situation], spent: Kpi) -> None:
    """The newest first: from when to when it stood, the cause with its counts, who accepted it and why."""
    accepted = Decision(2, "accepted", "Ana", "checked with the bank.", JULY)
    past = Past.of([restatement(4, "accepted", decision=accepted)], [])
    revisions = [revision(1, 7212.0), revision(2, 7198.0, restatement=4, decision=accepted)]
    (now,) = line(reader, 7198.0)
    newest, first = history.values(revisions, past, now, spent, "", 0, reader())
    assert (first.text, first.why, first.until) == ("$7,212", "First published", "5 Jul 2026, 06:00 UTC")
    assert (newest.text, newest.since, newest.until) == ("$7,198", "5 Jul 2026, 06:00 UTC", "")
    assert newest.why == "12 late rows of postings, 3\u20139 May 2026 (found by hand)"
    assert newest.decided == "Accepted by Ana on 3 Jul 2026, because: checked with the bank."
    assert newest.restatement == 4


def test_the_public_is_told_no_names(reader: Callable[..., Situation], spent: Kpi) -> None:
    """Who decided is for colleagues, and so is what they noted; that a change waits is no secret, its number is."""
    past = Past.of([restatement(1, "waiting")], [proposal(20_454, 7198.0)])
    (now,) = line(reader, 7212.0)
    told = history.waits(now, past, spent, "", (), 0, reader(Audience.PUBLIC))
    assert told is not None
    assert (told.text, told.value, told.why) == (
        "A change waits", None, "12 late rows of postings, 3\u20139 May 2026"
    )  # fmt: skip
    inner = history.waits(now, past, spent, "", (), 0, reader())
    assert inner is not None
    assert (inner.text, inner.value, inner.state) == ("$7,198", 7198.0, "waiting")
    decided = Decision(3, "rejected", "Ana", "a mistake", JULY)
    refused = Past.of([restatement(1, "rejected", decision=decided)], [proposal(20_454, 7198.0)])
    assert history.waits(now, refused, spent, "", (), 0, reader(Audience.PUBLIC)) is None
    assert history.lines(refused, spent, reader(Audience.PUBLIC)) == ()
    (line_of,) = history.lines(refused, spent, reader())
    assert (line_of.state, line_of.numbers, line_of.largest) == ("rejected", 2, "January 2026, $7,212 to $7,198")
    assert line_of.decided == "Rejected by Ana on 3 Jul 2026, because: a mistake."


def test_what_is_withheld_for_few_people_has_no_earlier_value(reader: Callable[..., Situation], spent: Kpi) -> None:
    """It would say of the same people what is not to be said of them."""
    (now,) = line(reader, None)
    for one in history.values([revision(1, 3.0), revision(2, None)], Past(), now, spent, "", 0, reader()):
        assert one.value is None
        assert "3" not in one.text


def test_where_imported_and_computed_values_meet(reader: Callable[..., Situation], spent: Kpi) -> None:
    """The first computed period says so, is not compared with the one before it, nor with the year before."""
    rows = table.rows(spent, line(reader, 1.0, 2.0, 3.0, imported=2), reader(), Past(), {})
    assert [row.break_before for row in rows] == ["Values before this were taken over from a file", "", ""]
    assert [row.compared for row in rows] == ["Not comparable", "+100\u202f%", None]


@pytest.mark.parametrize(("state", "word"), [("rejected", "was rejected"), ("waiting", "waits")])
def test_where_two_definitions_meet(reader: Callable[..., Situation], spent: Kpi, state: str, word: str) -> None:
    """Numbers that keep what an earlier definition made of them stand before a break; late rows make none."""
    other = Cause(Because.DEFINITION)
    stored = line(reader, 1.0, 2.0, 3.0)
    proposals = [proposal(row.period.key, 9.0) for row in stored[:2]]
    found = history.breaks(stored, Past.of([restatement(1, state, other)], proposals))
    assert found == {
        stored[2].period.key: f"Another definition from here on: what it makes of earlier periods {word} (#1)"
    }
    assert history.breaks(stored, Past.of([restatement(1, state)], proposals)) == {}


def test_growth_over_a_break_is_flagged(reader: Callable[..., Situation], spent: Kpi) -> None:
    """The verdict stands as it was published; the note says that two methods were compared."""
    base = line(reader, *map(float, range(1, 7)), imported=3)
    breaks = history.breaks(base, Past())
    rows = table.growth(base, "growth 2 months", breaks, reader())
    flagged = {row.period for row in rows if row.note == "Not comparable: the method changed in between"}
    assert flagged == {"2026-04", "2026-05"}


def test_causes_in_words(reader: Callable[..., Situation], spent: Kpi) -> None:
    """Counts with their kinds, the days, and no source that a reader may not know."""
    both = replace(LATE, changed=1, deleted=2, first=date(2026, 5, 3), last=date(2026, 5, 3), note="")
    assert words.cause(both) == "12 late rows, 1 changed row and 2 deleted rows of postings, 3 May 2026"
    assert words.cause(Cause(Because.DELETED, "postings", deleted=1)) == "1 deleted row of postings"
    for reason in Because:
        hidden = restatement(1, "waiting", Cause(reason, "secret", note="for colleagues"))
        said = history.because(hidden, reader(Audience.PUBLIC), spent)
        assert "secret" not in said
        assert "colleagues" not in said
        assert said[0].isupper()


def test_what_waits_is_counted_for_those_who_may_see_it(reader: Callable[..., Situation], spent: Kpi) -> None:
    """Numbers of KPIs that a reader has, and of changes that nobody decided yet."""
    some = [restatement(1, "waiting"), restatement(2, "rejected"), restatement(3, "waiting")]
    said = "4 closed numbers of 1 KPI came out different; the published ones stay until somebody decides."
    assert history.undecided(some, {"spent"}) == said
    assert history.undecided(some, {"visits"}) == history.undecided(some[1:2], {"spent"}) == ""
    one = replace(some[0], kpis=(replace(some[0].kpis[0], numbers=1),))
    assert history.undecided([one], ["spent"]).startswith("1 closed number came out different; the published one stays")
    (inner,) = history.waiting(Past.of(some[:2], []), spent, reader())
    assert (inner.name, inner.title) == ("spent", spent.title)
    assert inner.text.startswith("would change in 2 numbers, most of all January 2026, $7,212 to $7,198. ")
    assert inner.text.endswith("(#1).")
    (outer,) = history.waiting(Past.of(some[:2], []), spent, reader(Audience.PUBLIC))
    assert "7,198" not in outer.text
