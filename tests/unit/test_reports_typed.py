"""Figures typed into prose: what is read of them, what is passed over, and what the ledger makes of them."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.formats import numbers
from headway.model import Unit, UnitKind
from headway.reports import dated, judged, matched, prose, typed
from headway.reports.judged import Judged
from headway.reports.snapshot import FORMAT, Cell, Point, Series, Snapshot
from headway.reports.typed import Verdict

TODAY = date(2026, 11, 20)


# -- figures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words", "bound", "amount", "half"),
    [
        ("we serve 72 communities", "72", "exact", "72", "0.5"),
        ("we serve more than 70 communities", "more than 70", "more than", "70", "0.5"),
        ("7,200 monthly users", "7,200", "exact", "7200", "0.5"),
        ("it was 5.5 million USD", "5.5 million USD", "exact", "5500000", "50000"),
        ("it was $5.50M then", "$5.50M", "exact", "5500000", "5000"),
        ("about US$ 5 million", "about US$ 5 million", "about", "5000000", "500000"),
        ("€1.2M", "€1.2M", "exact", "1200000", "50000"),
        ("nearly 7.2k people", "nearly 7.2k", "nearly", "7200", "50"),
        ("12 % of them", "12 %", "exact", "0.12", "0.005"),
        ("12.50 percent", "12.50 percent", "exact", "0.125", "0.00005"),
        ("at least 70+ of", "at least 70+", "at least", "70", "0.5"),
        ("no more than 80 people", "no more than 80", "at most", "80", "0.5"),
        ("fewer than 80 people", "fewer than 80", "less than", "80", "0.5"),
        ("it took 2 d 4 h to reply", "2 d 4 h", "exact", "187200", "1800"),
        ("it took 3 hours", "3 hours", "exact", "10800", "1800"),
        ("1.2 GB came", "1.2 GB", "exact", "1200000000", "50000000"),
        ("\u22123 points", "\u22123 points", "exact", "-3", "0.5"),
        ("-$3.20", "-$3.20", "exact", "-3.2", "0.005"),
    ],
)
def test_a_figure_has_the_precision_it_is_written_with(
    text: str, words: str, bound: str, amount: str, half: str
) -> None:
    """With its unit, and the words that bound it."""
    (found,) = typed.figures(text)
    assert (found.words, found.bound.value) == (words, bound)
    assert (found.amount, found.half) == (Decimal(amount), Decimal(half))


@pytest.mark.parametrize(
    "text",
    [
        "the three-year grant",
        "a 30-day window",
        "Python 3.11 and v1.2.3",
        "see Figure 3, page 12 and section 4.2",
        "the 3rd time",
        "at 06:10 on ticket #12",
        "5\u20137 people, 5 to 7 people, between 5 and 7 people",
        "ISO 9001, RFC 7231, COVID-19, mp3",
        "10.5281/zenodo.1234",
        "room 007",
    ],
)
def test_what_counts_nothing_is_no_figure(text: str) -> None:
    """Labels, ordinals, versions, times of day, ranges, and what is joined to a word."""
    assert list(typed.figures(text)) == []


@pytest.mark.parametrize(
    ("text", "value", "verdict"),
    [
        ("5.5 million", 5_549_900, Verdict.MATCHES),
        ("5.5 million", 5_550_000, Verdict.CONTRADICTS),
        ("5.5 million", 5_600_000, Verdict.CONTRADICTS),
        ("5.5 million", 5_450_000, Verdict.MATCHES),
        ("72", 72, Verdict.MATCHES),
        ("70", 72, Verdict.CONTRADICTS),
        ("7,200", 7_244, Verdict.HOLDS),
        ("7,200", 7_260, Verdict.CONTRADICTS),
        ("7,210", 7_212, Verdict.HOLDS),
        ("7,211", 7_212, Verdict.CONTRADICTS),
        ("more than 70", 72, Verdict.HOLDS),
        ("more than 72", 72, Verdict.CONTRADICTS),
        ("over 5.5 million", 5_500_001, Verdict.HOLDS),
        ("at least 72", 72, Verdict.HOLDS),
        ("up to 72", 73, Verdict.CONTRADICTS),
        ("fewer than 80", 72, Verdict.HOLDS),
        ("nearly 80", 76, Verdict.HOLDS),
        ("nearly 80", 81, Verdict.CONTRADICTS),
        ("nearly 80", 60, Verdict.CONTRADICTS),
        ("about 80", 83, Verdict.HOLDS),
        ("about 80", 92, Verdict.CONTRADICTS),
    ],
)
def test_a_number_bears_a_figure_out_or_not(text: str, value: float, verdict: Verdict) -> None:
    """As precisely as it is written, and on the side that its words say; final zeros may be rounding."""
    (found,) = typed.figures(text)
    assert found.judged(value, "people") is verdict


@pytest.mark.parametrize(("value", "verdict"), [(0.99996, "matches"), (0.99989, "matches"), (0.9998, "contradicts")])
def test_what_is_less_than_everything_is_cut(value: float, verdict: str) -> None:
    """99.996 % must not read 100 %."""
    (found,) = typed.figures("99.99 %")
    assert found.judged(value, "percent") == verdict


UNITS = [
    Unit(UnitKind.NOUN, "people"),
    Unit(UnitKind.PERCENT, "percent"),
    Unit(UnitKind.CURRENCY, "USD"),
    Unit(UnitKind.ELAPSED, "hours"),
    Unit(UnitKind.ELAPSED, "days"),
    Unit(UnitKind.BYTES, "GB"),
    Unit(UnitKind.POINTS, "points"),
]


@given(
    st.sampled_from(UNITS),
    st.one_of(
        st.floats(-1e9, 1e9, allow_subnormal=False),
        st.floats(-1, 1, allow_subnormal=False),
        st.integers(-(10**6), 10**6).map(lambda n: n / 1000),
    ).filter(lambda value: not value or abs(value) > 1e-6),
    st.integers(0, 4),
)
def test_no_number_of_ours_contradicts_itself(unit: Unit, value: float, depth: int) -> None:
    """Whatever form it is shown in: short, with declared decimals, with all digits."""
    forms = {str(numbers.tile(value, unit)), str(numbers.tile(value, unit, decimals=depth)), numbers.exact(value, unit)}
    for form in forms:
        found = list(typed.figures(f"It was {form} then."))
        assert len(found) == 1, form
        shown = found[0]
        assert shown.speaks_of(unit.name), form
        assert shown.judged(value, unit.name) is not Verdict.CONTRADICTS, (form, value)


# -- times ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("funding in 2025 was", [("2025", "FY2025")]),
        ("in FY2026", [("FY2026",)]),
        ("in Q3 2025", [("2025-Q3", "FY2025-Q3")]),
        ("the third quarter of 2025", [("2025-Q3", "FY2025-Q3")]),
        ("2025-Q4 and 2025-12", [("2025-Q4",), ("2025-12",)]),
        ("in March 2024", [("2024-03",)]),
        ("in March", [("2026-03",)]),
        ("in December", [("2025-12",)]),
        ("on 31 December 2025", [("2025-12-31", "2025-12", "2025-Q4", "2025")]),
        ("on March 3, 2025", [("2025-03-03",)]),
        ("at the end of 2025", [("2025", "FY2025", "2025-12-31", "2025-12", "2025-Q4")]),
        ("in week 47 of 2026", [("2026-W47",)]),
        ("last quarter", [("quarter",)]),
        ("we now serve", [("",)]),
        ("since 2020", [()]),
        ("from 2023 to 2025", [()]),
        ("2023\u20132025", [()]),
        ("over three years", [()]),
        ("this year", [()]),
        ("one day in May we marched", [("2026-05",)]),
        ("you may march", []),
    ],
)
def test_a_time_means_periods(text: str, means: list[tuple[str, ...]]) -> None:
    """By name, or by length for the newest; a span of several means none that a number could be of."""
    assert [one.means for one in dated.times(text, TODAY)] == means


# -- prose ---------------------------------------------------------------------------------------------------------

DOCUMENT = """---
headway: {audience: internal}
---
# Title 1

Words {kpi}`mau 2025` and 72
more [73 words](http://example.org/74) `75` **76 bold**.[^a] <https://example.org/77> https://example.org/78

1. one 79

:::{note}
:class: c80
In it 81.

```python
82
```
:::

```{kpi-chart} funding
:name: fig-83

Caption 84.
```

| Year | Communities |
|---|---|
| 2023 | 85 |

% comment 86

[^a]: Foot 87.
"""


def test_prose_is_what_a_reader_reads() -> None:
    """With its line; not code, roles, addresses, options, numbers of lists, comments."""
    found = [
        (passage.place(one.start)[0], one.words)
        for passage in prose.passages(DOCUMENT)
        for one in typed.figures(passage.text)
    ]
    lines = DOCUMENT.splitlines()
    wanted = ["1", "72", "73", "76", "79", "81", "84", "2023", "85", "87"]
    assert [words for _, words in found] == wanted
    assert all(words in lines[line - 1] for line, words in found)
    table = next(one for one in prose.passages(DOCUMENT) if one.text == "85")
    assert (table.table, table.heads) == (("Communities", "2023"), ("Title 1",))


# -- what is told --------------------------------------------------------------------------------------------------


def line(kpi: str, title: str, grain: str, points: dict[str, float | None], cell: Cell = ()) -> Series:
    """Numbers of a KPI."""
    made = tuple(
        Point(name, name, value, f"{value}", f"{value}", f"{value}", "", "", "", "", 1, running=False, changes={})
        for name, value in points.items()
    )
    return Series(kpi, "", grain, cell, "", title, made)


KPIS = {
    "communities": ("Communities served", "communities", "month"),
    "marginalised_share": ("Historically marginalised communities", "percent", "month"),
    "mau": ("Monthly active users", "people", "day"),
    "wau": ("Weekly active users", "people", "day"),
    "funding": ("Funding awarded", "USD", "quarter"),
    "funding_to_date": ("Funding to date", "USD", "month"),
    "contracts": ("New service contracts", "contracts", "quarter"),
    "reply": ("Time to a first reply", "hours", "month"),
    "staff": ("Staff", "people", "month"),
}
LINES = [
    line("communities", "Communities served", "month", {"2025-12": 70, "2026-10": 72}),
    line("communities", "Communities served", "year", {"2024": 64, "2025": 70}),
    line("marginalised_share", "Historically marginalised communities", "year", {"2025": 0.514}),
    line("mau", "Monthly active users", "day", {"2026-11-19": 7512}),
    line("mau", "Monthly active users", "month", {"2026-03": 7105, "2026-10": 7480}),
    line("mau", "Monthly active users", "year", {"2025": 6920}),
    line("wau", "Weekly active users", "day", {"2026-11-19": 3100}),
    line("funding", "Funding awarded", "year", {"2024": 2_450_000, "2025": 2_750_000}),
    line("funding_to_date", "Funding to date", "year", {"2024": 5_600_000, "2025": 8_350_000}),
    line("contracts", "New service contracts", "year", {"2025": 25}),
    line("contracts", "New service contracts", "year", {"2025": 12}, (("service", "education"),)),
    line("contracts", "New service contracts", "year", {"2025": 7}, (("service", "research"),)),
    line("contracts", "New service contracts", "year", {"2025": None}, (("service", "special"),)),
    line("reply", "Time to a first reply", "month", {"2026-10": 3.5}),
    line("staff", "Staff", "year", {"2025": 13}),
]
SNAPSHOT = Snapshot(
    {
        "format": FORMAT,
        "about": {"as_of": "2026-11-20T08:00:00+00:00", "zone": "UTC"},
        "kpis": {name: {"title": title, "unit": unit, "grain": grain} for name, (title, unit, grain) in KPIS.items()},
        "areas": {},
        "charts": {},
        "tables": {},
        "refused": {},
        "series": [one.as_json() for one in LINES],
    }
)


def told(text: str) -> list[Judged]:
    """What is told of a document."""
    return judged.judge(text, SNAPSHOT)


@pytest.mark.parametrize(
    ("text", "words", "verdict", "role"),
    [
        ("We now serve more than 70 communities.", "more than 70", "holds", "communities 2026-10"),
        ("We serve 72 communities today.", "72", "matches", "communities 2026-10"),
        ("We serve 75 communities today.", "75", "contradicts", "communities 2026-10"),
        ("In 2025 we served 64 communities.", "64", "contradicts", "communities 2025"),
        ("There were 64 communities in 2024.", "64", "matches", "communities 2024"),
        ("We grew in 2024. We served 64 communities.", "64", "matches", "communities 2024"),
        ("## 2024\n\nWe served 64 communities.", "64", "matches", "communities 2024"),
        ("The hubs have 7,512 monthly active users.", "7,512", "matches", "mau 2026-11-19"),
        ("The hubs have 7,200 monthly users.", "7,200", "contradicts", "mau 2026-11-19"),
        ("MAU reached 7,105 in March.", "7,105", "matches", "mau 2026-03"),
        ("Funding to date was 5.5 million USD in 2024.", "5.5 million USD", "contradicts", "funding_to_date 2024"),
        ("Funding to date was $5.6M at the end of 2024.", "$5.6M", "matches", "funding_to_date 2024"),
        ("In 2024, funding came to 5.5 million USD.", "5.5 million USD", "contradicts", "funding_to_date 2024"),
        ("Funding in 2025: USD 2.75 million.", "USD 2.75 million", "matches", "funding 2025"),
        ("51 % of communities are historically marginalised.", "51 %", "matches", "marginalised_share 2025"),
        ("55 % of communities are historically marginalised.", "55 %", "contradicts", "marginalised_share 2025"),
        (
            "In 2025 we signed 12 new service contracts for education.",
            "12",
            "matches",
            "contracts 2025 service=education",
        ),
        (
            "In 2025 we signed 11 new service contracts for education.",
            "11",
            "contradicts",
            "contracts 2025 service=education",
        ),
        ("The time to a first reply was 3.5 hours in October 2026.", "3.5 hours", "matches", "reply 2026-10"),
        ("| KPI | Value |\n|---|---|\n| Staff | 40 |\n", "40", "contradicts", "staff 2025"),
        ("In 2024 we grew. We serve 75 communities.", "75", "contradicts", "communities 2026-10"),
        ("| Year | Communities |\n|---|---|\n| 2024 | 65 |\n", "65", "contradicts", "communities 2024"),
    ],
)
def test_a_typed_figure_is_held_against_the_ledger(text: str, words: str, verdict: str, role: str) -> None:
    """Of the KPI, the period and the cell that its words name, with what to write in its place."""
    assert [(one.words, one.verdict.value, one.role) for one in told(text)] == [(words, verdict, f"{{kpi}}`{role}`")]


@pytest.mark.parametrize(
    "text",
    [
        # Plans, wishes, examples.
        "Our target is 75 communities.",
        "We hope to reach 7,300 monthly active users.",
        "| KPI | Value in 2019 |\n|---|---|\n| Staff | 13 |\n",
        "An alert for communities served < 75.",
        "We serve at least 10 communities.",
        "If we served 75 communities, we would need more staff.",
        # Others, and parts.
        "In 2025, 69 new communities joined.",
        "We now talk with 75 partner communities.",
        "In 2025 we served 69 communities in Africa.",
        "In 2025 we served 69 communities that have a hub of their own.",
        "Each of the 75 communities that we serve has a hub.",
        "Funding for events was 2.6 million USD in 2025.",
        "Grant funding was 2.6 million USD in 2025.",
        "| Region | Communities |\n|---|---|\n| Africa | 69 |\n",
        "In 2025 we served 70 communities in Africa.",
        "## Communities served in 2025\n\n| Region | Value |\n|---|---|\n| Africa | 69 |\n",
        "In 2025 we signed 20 new service contracts for special services.",
        "In 2025 we had 12 staff for education.",
        # Changes.
        "In 2025, communities served rose by 69.",
        "In 2025 we served 69 more communities.",
        "Historically marginalised communities rose by 55 % in 2025.",
        "Funding rose 12 % in 2025.",
        # Not one period.
        "From 2023 to 2025 we served 75 communities.",
        "Since 2020 we have served 75 communities.",
        "Since 2020, as we said in 2025, we have served 69 communities.",
        "This year we served 75 communities.",
        "Between 70 and 75 communities are served.",
        # No figure.
        "See Figure 75 and section 69 on communities served.",
        "{kpi}`communities 2025` communities, `71 communities`, and https://example.org/communities/71",
        "The three-year grant of 2023 began with 75-day sprints for communities.",
        "Version 2.1 serves communities better.",
        # Of nothing that is known here.
        "We met with 12 communities.",
        "A server starts in 30 seconds.",
        "The workshop cost 5,000 USD.",
        "Our 1,200 pull requests were merged.",
        "Staff meet every 2 weeks.",
        "On 14 March 2025 we met 72 people.",
        "In 2018 we served 30 communities.",
    ],
)
def test_what_is_not_surely_about_a_kpi_is_passed_over(text: str) -> None:
    """Plans, additions, parts, changes, ranges, and what only looks alike."""
    assert told(text) == []


def test_a_figure_has_words_of_its_own() -> None:
    """Up to the next figure, a conjunction or what a role stands for."""
    text = "In 2025 we served 70 communities, staff were 13, and new service contracts {kpi}`contracts 2025`, or 25."
    assert [(one.words, one.kpi) for one in told(text)] == [("70", "communities"), ("13", "staff")]


@given(st.text(alphabet="0123456789.,%$ -\n`{}[]()|:#*aemkM\u2013\u202f", max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    """Whatever stands in a document; and what is told stands where it is said to stand."""
    for one in told(f"Communities {text}\n\n72 communities."):
        assert one.written[one.column - 1 :].startswith(re.split("[ *`]", one.words)[0])
        assert 0 < one.length <= len(one.written) - one.column + 1


def test_a_figure_may_be_marked_and_break_over_lines() -> None:
    """It is told by its words, and shown as far as its first line goes."""
    (one,) = told("We now serve *more than\n**75** communities*.")
    assert (one.words, one.line, one.column, one.length) == ("more than 75", 1, 15, len("more than"))
    assert one.verdict is Verdict.CONTRADICTS


def test_what_is_told_of_something_is_not_its_number() -> None:
    """Staff of contracts are no contracts, and the NPS of customers does not count them."""
    assert told("The staff of new service contracts was 24 in 2025.") == []
    some = matched.subjects([("customers", "Customers", "customers"), ("nps", "NPS", "points")])
    sentence = "The NPS of customers was 51."
    (figure,) = typed.figures(sentence)
    found = matched.fits(matched.clause(sentence, figure, [figure]), figure, some, {})
    assert [fit.subject.kpi for fit in found] == ["nps"]


def test_figures_that_disagree_are_told_of_each_other() -> None:
    """By their lines."""
    found = told("Funding to date was 5.5 million USD in 2024.\n\nIn 2024, funding to date was 5.6 million USD.\n")
    assert [(one.line, one.verdict.value, one.against) for one in found] == [
        (1, "contradicts", (3,)),
        (3, "matches", (1,)),
    ]
