"""Objectives as they read: what is expected, what is, what is missing, and why nobody can say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from headway.errors import UsageError
from headway.ledger import Ledger
from headway.model import Audience, Better, Catalog, Empty, KeyResult, Reason
from headway.periods import Grain
from headway.publish import view
from headway.publish.html import Pages
from headway.publish.objectivepages import KeyResultRow
from headway.publish.view import View

Published = tuple[Ledger, Catalog]
MONTH = Grain.MONTH
DUE = date(2026, 12, 31)


def spaces(text: str) -> str:
    """With ordinary spaces alone."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.fixture
def internal(published: Published, northlane: SimpleNamespace) -> View:
    """Northlane as its own people see it."""
    return view.open(*published, Audience.INTERNAL, northlane.NOW)


@pytest.fixture
def result(ledger: Ledger, tmp_path: Path, northlane: SimpleNamespace) -> Callable[..., KeyResultRow]:
    """The row of one key result, of a KPI with given numbers by month, the last of them in October 2026."""

    def make(
        values: list[Any], *, now: datetime = northlane.NOW, first: date = date(2026, 1, 1), **more: Any
    ) -> KeyResultRow:
        keys = {key: more.pop(key) for key in ("reach", "grow", "cell", "due") if key in more}
        cells = more.pop("cells", {})
        measure = northlane.Aggregate("count", "sessions")
        kpi = northlane.kpi(
            "n", measure, more.pop("unit", northlane.HUBS), MONTH, by=(("hub",),), by_grain=MONTH, **more
        )

        def rows(line: list[Any], cell: Any = ()) -> list[dict[str, Any]]:
            made = northlane.series(MONTH, len(line), lambda i: None, last=date(2026, 10, 31))
            return [
                northlane.row(
                    northlane.CALENDAR.from_key(MONTH, one["period"]).first, MONTH,
                    None if isinstance(value, Reason) else value, cell=cell,
                    reason=value if isinstance(value, Reason) else None,
                )
                for one, value in zip(made, line, strict=True)
            ]  # fmt: skip

        every = rows(values)
        for name, line in cells.items():
            every += [row for row in rows(line, (("hub", name),)) if row["value"] is not None]
        northlane.fill(ledger, [(kpi, every)])
        due = keys.pop("due", DUE)
        expects = KeyResult("n", "", due, northlane.PLACE, keys.pop("cell", ()), keys.get("reach"), keys.get("grow"))
        aim = northlane.aim("aim", [expects], first, DUE)
        catalog = northlane.catalogue(tmp_path, [kpi], objectives={"aim": aim})
        (row,) = view.open(ledger, catalog, Audience.INTERNAL, now).objective("aim").objective.expects
        return row

    return make


#: December 2025 to October 2026.
def path(start: float, end: float) -> list[float]:
    """Eleven months on a straight line."""
    return [start + (end - start) * n / 10 for n in range(11)]


@pytest.mark.parametrize(
    ("values", "keys", "key", "word", "expected"),
    [
        (path(100, 120), {"reach": 110.0}, "on", "Reached", "109 hubs"),
        (path(100, 109), {"reach": 110.0}, "on", "On track", "109 hubs"),
        (path(100, 106), {"reach": 110.0}, "near", "Slightly behind", "109 hubs"),
        (path(100, 103), {"reach": 110.0}, "off", "Behind", "109 hubs"),  # within 5 % of 109, and near the start
        (path(100, 100), {"grow": 0.5}, "off", "Behind", "142 hubs"),
        (path(100, 80), {"reach": 75.0}, "near", "Slightly behind", "79 hubs"),
        (path(100, 79), {"grow": -0.25}, "on", "On track", "79 hubs"),
        (path(100, 99), {"reach": 90.0, "better": Better.HIGHER}, "on", "Held", "90 hubs"),
        (path(100, 90), {"reach": 100.0}, "off", "Behind", "100 hubs"),
        (path(100, 96), {"reach": 100.0}, "near", "Slightly behind", "100 hubs"),
    ],
)
def test_standing(
    result: Callable[..., KeyResultRow], values: list[float], keys: dict[str, Any], key: str, word: str, expected: str
) -> None:
    """October is held against the straight line from December to the due day, upwards or downwards, in words."""
    row = result(values, **keys)
    assert (row.verdict.key, row.verdict.word, spaces(row.expected_text)) == (key, word, expected.removesuffix(" hubs"))
    assert (row.start, row.start_when, row.now_when) == (100, "in December 2025", "in October 2026")
    assert row.says
    assert not row.reason


def test_what_reads_as_good_enough_is(result: Callable[..., KeyResultRow]) -> None:
    """104.99 is behind 104.994: both with one digit would read 105.0, so they have two, and the bound is rounded up."""
    row = result(path(100, 104.99), reach=106.0)
    assert (row.verdict.key, spaces(row.now.text), row.expected_text) == ("near", "104.99 hubs", "105.00")
    assert spaces(row.to_go_text) == "1.01 hubs"


@pytest.mark.parametrize(
    ("values", "keys", "key", "reason"),
    [
        (path(1, 2), {"first": date(2026, 12, 1)}, "not started", "It begins on 1 Dec 2026."),
        (
            path(1, 2), {"first": date(2026, 11, 15)}, "too early",
            "No month is over since it began on 15 Nov 2026. The first number is that of November 2026.",
        ),
        (
            [None] * 5 + [4.0] * 6, {}, "no start",
            "There is no number by 1 Jan 2026, when it began. The first number is that of May 2026: "
            "an objective begins with a number, or later.",
        ),
        (
            path(0, 5), {"reach": None, "grow": 0.5}, "no start",
            "At its start in December 2025 it was 0, and nothing grows from that: what it should reach has to be said.",
        ),
        (
            [5.0] * 10 + [None], {}, "no data",
            "There is no number in October 2026. There was nothing to count. "
            "The last number is 5 hubs in September 2026.",
        ),
        (
            [5.0] * 10 + [Reason.TOO_FEW], {}, "withheld",
            "The number in October 2026 is withheld. Too few answers.",
        ),
        (
            [Reason.CHECK_FAILED] + [5.0] * 10, {}, "withheld",
            "Its start in December 2025 is withheld. A data check failed.",
        ),
        (
            [5.0] * 11, {"cell": (("hub", "nowhere"),)}, "no start",
            "There has never been a number of nowhere. There are a and b.",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_judged(
    result: Callable[..., KeyResultRow], values: list[Any], keys: dict[str, Any], key: str, reason: str
) -> None:
    """Where nobody can say, a key result says why, and what would change that; nothing is blank."""
    if "cell" in keys:
        keys = keys | {"cells": {"a": [1.0] * 11, "b": [2.0] * 11}}
    row = result(values, **{"reach": 8.0} | keys)
    assert (row.verdict.key, spaces(row.reason)) == (key, reason)
    assert not row.says
    assert row.to_go_text
    assert row.expected_text
    assert row.start_text
    assert row.now.text
    assert row.goal


def test_the_outcome_is_the_last_number_by_the_due_day(result: Callable[..., KeyResultRow]) -> None:
    """Once it is due, the last number by then is held against what was to be reached, whatever came after."""
    due = date(2026, 6, 30)
    row = result([10.0, 11, 12, 13, 14, 15, 16, 99, 99, 99, 99], reach=20.0, due=due)
    assert (row.verdict.key, row.verdict.word, row.over, row.now.value) == ("off", "Missed", True, 16)
    assert spaces(row.says) == "16 hubs in June 2026; 20 was to be reached by 30 Jun 2026."
    assert row.points[-1].period == "2026-06"
    row = result([10.0, 11, 12, 13, 14, 15, 21, 5, 5, 5, 5], reach=20.0, due=due)
    assert (row.verdict.word, row.note) == ("Reached", "")


def test_a_due_day_within_a_period(result: Callable[..., KeyResultRow]) -> None:
    """The last period that ends by the due day decides; one that holds it is not waited for."""
    row = result([10.0] * 7 + [30.0] * 4, reach=20.0, due=date(2026, 7, 15))
    assert (row.verdict.word, row.now_when) == ("Missed", "in June 2026")


def test_a_cell_that_is_not_there_is_0(result: Callable[..., KeyResultRow]) -> None:
    """Of a count, a month without a row of a cell is 0, where the total has a value; elsewhere nothing is known."""
    line = [None, None, None, 4.0, 5.0, 6.0, 7.0, 8.0, 8.0, 8.0, None]
    cells = {"cells": {"a": line}, "cell": (("hub", "a"),)}
    row = result([20.0] * 11, reach=9.0, empty=Empty.ZERO, **cells)
    assert (row.start, row.now.value, row.title) == (0, 0, "N, a")
    row = result([20.0] * 10 + [Reason.CHECK_FAILED], reach=9.0, empty=Empty.ZERO, **cells)
    assert row.now.value == 8


def test_pages(internal: View) -> None:
    """Each objective has a page and a twin, and is on the page of all and on those of its KPIs."""
    pages = Pages(internal)
    paths = set(pages.paths())
    assert {"objectives.html", "objectives.json", "objective/grow.html", "objective/serve.json"} <= paths
    every = pages.get("objectives.json")
    one = pages.get("objective/grow.json")
    assert every is not None
    assert one is not None
    listed = {o["name"]: o for o in json.loads(every.content)["objectives"]}
    assert list(listed) == ["grow", "serve", "later"]
    assert listed["grow"] == json.loads(one.content)["objective"]
    page = pages.get("objective/grow.html")
    assert page is not None
    html = page.content.decode()
    assert "More people &lt;who&gt; need it." in html
    assert html.count('class="chart wide') == 3
    assert html.count('class="way"') == 3
    assert "Not tracked yet" in html
    assert pages.get("objective/none.html") is None
    kpi = pages.get("kpi/revenue.html")
    assert kpi is not None
    assert '<a href="../objective/grow.html">' in kpi.content.decode()


def test_words_of_northlane(internal: View) -> None:
    """Growth is over the value at the start, a falling KPI is judged from above, and a withheld one says so."""
    found = {(o.name, one.anchor): one for o in internal.all_objectives().objectives for one in o.expects}
    assert {key: one.verdict.word for key, one in found.items()} == {
        ("grow", "mau"): "Behind",
        ("grow", "revenue"): "Behind",
        ("grow", "mau-Ocean"): "Behind",
        ("grow", "peak_users"): "Not tracked yet",
        ("serve", "api_time"): "Behind",
        ("serve", "satisfaction"): "Withheld",
        ("serve", "retention"): "Missed",
        ("later", "nps"): "Not started",
    }
    revenue = found["grow", "revenue"]
    assert revenue.start is not None
    assert revenue.reach == pytest.approx(revenue.start * 1.25)
    assert spaces(found["serve", "api_time"].goal) == "≤ 400 ms"


def test_an_objective_is_for_those_who_may_see_all_its_kpis(published: Published, northlane: SimpleNamespace) -> None:
    """Who may not see one of its KPIs sees nothing of an objective: its words may be about any of them."""
    ledger, catalog = published
    hidden = replace(catalog.kpis["revenue"], audience=Audience.RESTRICTED)
    less = replace(catalog, kpis=dict(catalog.kpis) | {"revenue": hidden})
    seen = view.open(ledger, less, Audience.PUBLIC, northlane.NOW)
    assert [one.name for one in seen.pursued] == ["serve", "later"]
    assert Pages(seen).get("objective/grow.html") is None
    assert seen.kpi("mau").aims == ()
    with pytest.raises(UsageError, match="there is no objective 'grow'"):
        seen.objective("grow")
    (serve, _) = seen.all_objectives().objectives
    assert (serve.owner, serve.contact) == ("Finance", "")


def test_without_objectives_nothing_leads_there(published: Published, northlane: SimpleNamespace) -> None:
    """A project without objectives has no page of them, and no link to one."""
    ledger, catalog = published
    pages = Pages(view.open(ledger, replace(catalog, objectives={}), Audience.INTERNAL, northlane.NOW))
    assert not [path for path in pages.paths() if path.startswith("objective")]
    front = pages.get("index.html")
    assert front is not None
    assert "objectives.html" not in front.content.decode()


def test_as_of(ledger: Ledger, tmp_path: Path, northlane: SimpleNamespace) -> None:
    """Seen as of an earlier run, a key result is held against what was expected by the numbers of then."""
    kpi = northlane.kpi("n", northlane.Aggregate("count", "sessions"), northlane.HUBS, MONTH)
    values = [100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 100]
    then = northlane.NOW - timedelta(days=31)
    rows = northlane.series(MONTH, 11, lambda i: values[i], last=date(2026, 10, 31))
    run = northlane.fill(ledger, [(kpi, rows[:-1])], now=then, finished=then)
    northlane.fill(ledger, [(kpi, rows)])
    aim = northlane.aim("aim", [KeyResult("n", "", DUE, northlane.PLACE, reach=112.0)], date(2026, 1, 1), DUE)
    catalog = northlane.catalogue(tmp_path, [kpi], objectives={"aim": aim})
    before = View(ledger, catalog, Audience.INTERNAL, then, then, run.id).objective("aim").objective.expects[0]
    after = view.open(ledger, catalog, Audience.INTERNAL, northlane.NOW).objective("aim").objective.expects[0]
    assert (before.verdict.word, before.now_when) == ("On track", "in September 2026")
    assert (after.verdict.word, after.now_when) == ("Behind", "in October 2026")


def test_notes_stand_on_charts(internal: View) -> None:
    """A note is a number on the charts of its KPIs, and words beneath; one before a chart begins is on none."""
    html = Pages(internal).get("kpi/mau.html")
    assert html is not None
    page = html.content.decode()
    listed = page[page.index('<ol class="notes">') : page.index("</ol>")]
    assert listed.count("<li>") == 2
    assert "The hub &lt;highmem&gt; is left out." in listed
    assert "6 Feb 2025 \u2013 2 Apr 2025." in listed
    assert "Long before" not in page
    assert [note.text for note in internal.kpi("revenue").notes] == ["Long before", "The term begins."]
