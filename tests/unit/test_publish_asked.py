"""What an address asks of a KPI's page: every word of it, every mistake, and what comes of it."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace

import pytest

from headway.errors import UsageError
from headway.ledger import Ledger
from headway.model import Audience, Catalog, Kpi
from headway.periods import Calendar, Grain, Length
from headway.publish import asked, view
from headway.publish.html import Pages

CALENDAR = Calendar()


@pytest.fixture(scope="module")
def mau(published: tuple[Ledger, Catalog]) -> Kpi:
    """Monthly active users: by day and longer, by cluster or hub."""
    return published[1].kpis["mau"]


def read(query: str, kpi: Kpi) -> asked.Asked:
    """A query of a KPI that is kept by every grain from the day on, its cells too."""
    grains = (Grain.DAY, Grain.WEEK, Grain.MONTH)
    return asked.read(query, kpi, Grain.DAY, grains, grains, CALENDAR)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", asked.Asked(Grain.DAY)),
        ("grain=week", asked.Asked(Grain.WEEK)),
        ("by=cluster", asked.Asked(Grain.DAY, by=("cluster",))),
        ("for=cluster%3DOcean", asked.Asked(Grain.DAY, cell=(("cluster", "Ocean"),))),
        ("last=90+days", asked.Asked(Grain.DAY, last=Length.parse("90 days"))),
        ("last=all", asked.Asked(Grain.DAY, all=True)),
        ("from=2026-01&to=2026-Q2", asked.Asked(Grain.DAY, first=date(2026, 1, 1), through=date(2026, 6, 30))),
        ("compare=1+year", asked.Asked(Grain.DAY, compare=Length.parse("1 year"))),
        ("by=&compare=&grain=month", asked.Asked(Grain.MONTH)),
        ("utm_source=mail&fbclid=1", asked.Asked(Grain.DAY)),
    ],
)
def test_every_word(query: str, expected: asked.Asked, mau: Kpi) -> None:
    """Words are those of the language; empty ones are as good as none, and those of others pass by."""
    assert read(query, mau) == expected


def test_addresses_come_back(mau: Kpi) -> None:
    """What is asked for reads the same after it was written into an address."""
    for query in ("grain=week&by=cluster&last=1+year", "for=cluster%3D%28none%29&compare=1+year", "from=2026-01-01"):
        found = read(query, mau)
        assert read(asked.query(found, mau), mau) == found


@pytest.mark.parametrize(
    ("query", "slug", "said"),
    [
        ("grain=fortnight", "unknown-period", "Monthly active users is not kept by fortnight"),
        ("by=colour", "unknown-cell", "Monthly active users is not broken down by colour"),
        ("for=colour%3Dred", "unknown-cell", "Monthly active users has no cell colour=red"),
        ("last=90d", "bad-length", "'last' is no length of time: 90d"),
        ("last=0+days", "bad-length", "'last' is no length of time: 0 days"),
        ("last=999999999999+years", "bad-length", "'last' is no length of time"),
        ("compare=soon", "bad-length", "'compare' is no length of time: soon"),
        ("grain=month&compare=1+day", "bad-value", "1 day is no whole number of months to compare with"),
        ("from=yesterday", "bad-period", "'from' is no day or period: yesterday"),
        ("to=2026-13", "bad-period", "'to' is no day or period: 2026-13"),
        ("to=9999", "bad-period", "'to' is no day or period: 9999"),
        ("from=2026-05&to=2026-02", "bad-value", "'from' is later than 'to': 2026-05-01, 2026-02-28"),
        ("last=1+year&from=2026", "bad-value", "'last' counts back from the newest number"),
        ("by=cluster&for=hub%3Da", "bad-value", "'by' shows all cells and 'for' a single one"),
        ("grain=day&grain=week", "bad-value", "'grain' is given 2 times"),
        ("gain=day", "bad-value", "there is nothing called 'gain' to ask for"),
    ],
)
def test_mistakes(query: str, slug: str, said: str, mau: Kpi) -> None:
    """Every mistake is told in words, with a slug and a way out."""
    with pytest.raises(UsageError) as told:
        read(query, mau)
    (mistake,) = told.value.mistakes
    assert (mistake.slug, said in mistake.message) == (slug, True), mistake
    assert mistake.remedy


def test_mistakes_come_together(mau: Kpi) -> None:
    """All that is wrong is told at once."""
    with pytest.raises(UsageError) as told:
        read("grain=fortnight&by=colour&last=soon", mau)
    assert len(told.value.mistakes) == 3


def test_normal() -> None:
    """Two addresses that ask for the same are one, whatever their order and whoever else wrote into them."""
    assert asked.normal("by=hub&grain=week&utm_source=x&compare=") == "grain=week&by=hub"
    assert asked.normal("grain=week&by=hub") == "grain=week&by=hub"


# -- what comes of it ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(published: tuple[Ledger, Catalog], northlane: SimpleNamespace) -> Pages:
    """Northlane where somebody answers."""
    return Pages(view.open(*published, Audience.INTERNAL, northlane.NOW), served=True)


def twin(served: Pages, query: str) -> dict[str, object]:
    """The JSON twin of the page that was asked for."""
    document = served.get("kpi/mau.json", query)
    assert document is not None
    found: dict[str, object] = json.loads(document.content)
    return found


def test_a_span(served: Pages) -> None:
    """`last` counts back from the newest number, `from` and `to` are days or periods; the ends belong to it."""
    rows = twin(served, "last=90+days")["rows"]
    assert [len(rows), rows[0]["period"], rows[-1]["period"]] == [90, "2026-11-21", "2026-08-24"]
    rows = twin(served, "from=2026-02&to=2026-Q1")["rows"]
    assert [rows[0]["period"], rows[-1]["period"]] == ["2026-03-31", "2026-02-01"]


def test_another_time_beside_it(served: Pages) -> None:
    """With `compare`, each row has the number so long before and the change since, and a second line shows it."""
    page = twin(served, "last=90+days&compare=1+year")
    then = {row["period"]: row["full"] for row in twin(served, "last=all")["rows"]}
    row = next(row for row in page["rows"] if row["period"] == "2026-11-20")
    assert row["year_before"] == then["2025-11-20"]
    now, before = page["chosen"]["chart"]["plot"]["series"]
    assert before["name"] == "1 year before"
    assert now["texts"][-1] == f"{then['2026-11-20']}\u00a0people"
    assert before["texts"][-1] == f"{then['2025-11-20']}\u00a0people"


def test_cells_together(served: Pages) -> None:
    """`by` puts the largest cells into one chart and one table; what does not add up is never added."""
    chosen = twin(served, "by=cluster&last=90+days")["chosen"]
    chart = chosen["chart"]
    names = [series["name"] for series in chart["plot"]["series"]]
    assert names[0] == "Campus West"
    assert len(names) == 7
    assert "The 7 largest of 10." in chart["subtitle"]
    assert chart["plot"]["shape"] == "line"
    assert [column["text"] for column in chart["values"]["columns"]] == names
    assert {len(row["texts"]) for row in chart["values"]["rows"]} == {7}
    assert chosen["links"]["Campus West"] == "mau.html?for=cluster%3DCampus+West&last=90+days"
    days = twin(served, "by=cluster&from=2026-10-01&to=2026-10-31")["chosen"]["chart"]["values"]["rows"]
    assert [days[0]["name"]["text"], days[-1]["name"]["text"]] == ["31 Oct 2026", "1 Oct 2026"]


def test_one_cell(served: Pages) -> None:
    """`for` shows the line of one cell, and says that of all cells it is that one."""
    page = twin(served, "for=cluster%3DOcean")
    assert page["chosen"]["cell"] == "Ocean"
    assert len(page["rows"]) == 120


def test_a_page_that_cannot_be(served: Pages) -> None:
    """A page that is asked for what there is not says so and shows what it shows by itself; its twin refuses."""
    page = served.get("kpi/mau.html", "grain=fortnight&for=cluster%3DMoon")
    assert page is not None
    assert page.status == 400
    assert "Monthly active users is not kept by fortnight. It is kept by day" in page.content.decode()
    with pytest.raises(UsageError):
        served.get("kpi/mau.json", "grain=fortnight")
    with pytest.raises(UsageError, match="Monthly active users has no cluster Moon by day") as caught:
        served.get("kpi/mau.json", "for=cluster%3DMoon")
    assert str(caught.value.mistakes[0].remedy).startswith("It has (none), Andes, ")
    assert str(caught.value.mistakes[0].remedy).endswith(" more.")
    with pytest.raises(UsageError) as caught:
        served.get("kpi/mau.json", "for=cluster%3DOcaen")
    assert caught.value.mistakes[0].remedy == "Did you mean Ocean?"


def test_without_questions(published: tuple[Ledger, Catalog], northlane: SimpleNamespace) -> None:
    """From disk nobody answers: no page has a field to ask with, and an address with a query is the page alone."""
    built = Pages(view.open(*published, Audience.INTERNAL, northlane.NOW))
    for path in built.paths():
        if path.startswith("kpi/") and path.endswith(".html"):
            document = built.get(path)
            assert document is not None
            assert b"ask-grain" not in document.content
            assert b"?last=" not in document.content
    assert built.get("kpi/mau.html", "grain=fortnight") == built.get("kpi/mau.html")


def test_a_span_without_a_number(served: Pages) -> None:
    """A span in which nothing was measured says so, and can be left by the same fields."""
    document = served.get("kpi/mau.html", "from=1970&to=1971")
    assert document is not None
    assert document.status == 200
    html = document.content.decode()
    assert "There is no number in this span." in html
    assert 'id="ask-grain"' in html
    for query in ("by=cluster&from=1970&to=1971", "compare=1+year&from=1970&to=1971", "from=0001-01-01"):
        again = served.get("kpi/mau.html", query)
        assert again is not None
        assert again.status == 200
