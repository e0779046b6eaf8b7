"""Keys of pages: whatever a page is made from changes its key, one thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from headway.errors import Place
from headway.ledger import Ledger, Restatement
from headway.model import Audience, Because, Board, Catalog, Cause, Section, Shown, Shows, Tile
from headway.periods import Calendar, Grain, Length, WorkingDays
from headway.publish import keys, view
from headway.publish.history import Past
from headway.publish.html import Pages
from headway.publish.keys import Keys
from headway.publish.kpis import Kpis
from headway.publish.view import View

PATHS = ("kpi/mau.html", "objective/grow.html", "board/users.html")
HERE = Place("boards.yml", 1, 1, 1)
SHOWN = Tile(Shows.NUMBER, (Shown("mau", "", Grain.HOUR),), Audience.PUBLIC, HERE)
BOARD = Board("users", "Users", Audience.PUBLIC, (Section("", (SHOWN,)),), HERE)
Published = tuple[Ledger, Catalog]


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch, published: Published, northlane: SimpleNamespace) -> None:
    """What pages say, and what stands around them, does not change: a change of the key has another reason."""
    pages = Pages(view.open(*published, Audience.INTERNAL, northlane.NOW))
    frame, known = pages.frame(), {name: pages.view.kpis.page(name) for name in ("mau", "margin", "revenue")}
    objective = pages.view.objective("grow")
    monkeypatch.setattr(Pages, "frame", lambda self: frame)
    monkeypatch.setattr(Kpis, "page", lambda self, name: known[name])
    monkeypatch.setattr(View, "objective", lambda self, name: objective)


def made(
    published: Published, now: datetime, change: Callable[[View], None] = lambda shown: None, **catalog: object
) -> list[str | None]:
    """The keys of a KPI's page, an objective's, and a board's."""
    ledger, known = published
    other = {"boards": {"users": BOARD}} | catalog
    shown = view.open(ledger, replace(known, **other), Audience.INTERNAL, now)  # type: ignore[arg-type]  # any field
    change(shown)
    found = Keys(Pages(shown))
    return [found.of(path) for path in PATHS]


def put(name: str, value: object) -> Callable[[View], None]:
    """Set something of a view."""
    return lambda shown: setattr(shown, name, value)


THEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "change",
    [
        put("audience", Audience.RESTRICTED),
        put("as_of", THEN),
        put("until", 1),
        put("remark", "By the catalogue of then."),
        put("now", THEN),
        lambda shown: shown.__dict__.update(names=shown.names[:-1]),
    ],
    ids=["audience", "as-of", "until", "remark", "day", "names"],
)
@pytest.mark.usefixtures("still")
def test_who_reads_and_when(published: Published, northlane: SimpleNamespace, change: Callable[[View], None]) -> None:
    """Each page is another one for other readers, of another day, and of another past."""
    before, after = made(published, northlane.NOW), made(published, northlane.NOW, change)
    assert all(one != other for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("calendar", Calendar(week_start=6)),
        ("working", WorkingDays((0, 1, 2, 3))),
        ("min_group_size", 9),
        ("max_cells", 50),
        ("near_within", 0.2),
        ("site_url", "https://kpis.northlane.example"),
    ],
)
@pytest.mark.usefixtures("still")
def test_by_what_numbers_are_cut(published: Published, northlane: SimpleNamespace, name: str, value: object) -> None:
    """Each page is another one where the project cuts, judges or names numbers otherwise."""
    assert getattr(published[1], name) != value
    before, after = made(published, northlane.NOW), made(published, northlane.NOW, **{name: value})
    assert all(one != other for one, other in zip(before, after, strict=True))


@pytest.mark.usefixtures("still")
def test_code_and_frame(monkeypatch: pytest.MonkeyPatch, published: Published, northlane: SimpleNamespace) -> None:
    """Each page is another one by other code, and in another frame; an hour later on the same day it is the same."""
    before = made(published, northlane.NOW)
    assert made(published, northlane.NOW + timedelta(hours=1)) == before
    with monkeypatch.context() as patch:
        patch.setattr(keys, "code", lambda: "another")
        coded = made(published, northlane.NOW)
    monkeypatch.setattr(Pages, "frame", lambda self: "another")
    framed = made(published, northlane.NOW)
    assert len({*before, *coded, *framed}) == 3 * len(PATHS)


def of(published: Published, now: datetime, change: Callable[[Keys], None] = lambda found: None) -> dict[str, str]:
    """The keys of three KPIs; margin is made of revenue."""
    found = Keys(Pages(view.open(*published, Audience.INTERNAL, now)))
    change(found)
    return {name: str(found.of(f"kpi/{name}.html")) for name in ("mau", "margin", "revenue")}


def changed(published: Published, now: datetime, change: Callable[[Keys], None]) -> set[str]:
    """The KPIs whose keys something changes."""
    before, after = of(published, now), of(published, now, change)
    return {name for name in before if before[name] != after[name]}


@pytest.mark.usefixtures("still")
def test_numbers(published: Published, northlane: SimpleNamespace) -> None:
    """A KPI has another page where its numbers are others, or those of a KPI that it reads."""

    def mark(found: Keys) -> None:
        found._marks = found._marks | {"revenue": "another"}

    def unknown(found: Keys) -> None:
        found._marks = {name: one for name, one in found._marks.items() if name != "mau"}

    def unknown_among_others(found: Keys) -> None:
        unknown(found)
        found._marks = found._marks | {"nps": "another"}

    assert changed(published, northlane.NOW, mark) == {"margin", "revenue"}
    one, other = of(published, northlane.NOW, unknown), of(published, northlane.NOW, unknown_among_others)
    assert one["mau"] != other["mau"]
    assert one["revenue"] == other["revenue"]


@pytest.mark.usefixtures("still")
def test_definitions(published: Published, northlane: SimpleNamespace) -> None:
    """A KPI, and what is made of it, has another page where its definition is another one, shown or not."""
    ledger, known = published

    def define(**more: object) -> set[str]:
        other = replace(known, kpis=known.kpis | {"revenue": replace(known.kpis["revenue"], **more)})  # type: ignore[arg-type]
        return {
            name
            for name, one in of((ledger, other), northlane.NOW).items()
            if one != of(published, northlane.NOW)[name]
        }

    assert define(decimals=1) == {"margin", "revenue"}
    assert define(place=Place("kpis/usage.yml", 99, 1, 1)) == set()


@pytest.mark.usefixtures("still")
def test_objective_of_a_kpi(published: Published, northlane: SimpleNamespace) -> None:
    """An objective has another page where a KPI of which it expects something is another one."""
    revenue = replace(published[1].kpis["revenue"], decimals=1)
    before = made(published, northlane.NOW)
    after = made(published, northlane.NOW, kpis=published[1].kpis | {"revenue": revenue})
    assert after[1] != before[1]


@pytest.mark.usefixtures("still")
def test_a_board(published: Published, northlane: SimpleNamespace) -> None:
    """A board has another page where it is declared otherwise, shows another number, or one is late that was not."""

    def board(later: float = 0, **catalog: object) -> str | None:
        return made(published, northlane.NOW + timedelta(hours=later), **catalog)[2]

    def declared(**more: object) -> dict[str, Board]:
        return {"users": replace(BOARD, **more)}  # type: ignore[arg-type]  # any field

    mau = replace(published[1].kpis["mau"], decimals=1)
    assert board(boards=declared(place=Place("boards.yml", 9, 1, 1))) == board()
    others = [
        board(boards=declared(title="People")),
        board(boards=declared(sections=(Section("", (replace(SHOWN, compare=Length.parse("7 days")),)),))),
        board(boards={"users": BOARD, "more": replace(BOARD, name="more", for_each="plan")}),
        board(kpis=published[1].kpis | {"mau": mau}),
        board(40),
        board(41),  # of a run so long ago data are late by the reader's clock, an hour after the other
    ]
    assert len({board(), *others}) == 1 + len(others)


@pytest.mark.usefixtures("still")
def test_what_changed_and_waits(published: Published, northlane: SimpleNamespace) -> None:
    """A KPI has another page where closed numbers of it changed, or wait."""
    restatement = Restatement(7, "waiting", Cause(Because.LATE), 2, THEN, 2, 1, ())

    def restate(found: Keys) -> None:
        found._view.published._pasts["mau"] = Past({7: restatement})

    def decide(found: Keys) -> None:
        found._view.published._pasts["mau"] = Past({7: replace(restatement, state="accepted")})

    assert changed(published, northlane.NOW, restate) == {"mau"}
    assert of(published, northlane.NOW, restate)["mau"] != of(published, northlane.NOW, decide)["mau"]


def test_what_a_page_says(published: Published, northlane: SimpleNamespace) -> None:
    """Whatever a page says besides changes it alone: here what its source is about, and what an objective is."""
    ledger, known = published
    sessions = replace(known.sources["sessions"], about="Another one.")
    other = replace(known, sources=known.sources | {"sessions": sessions})
    before, after = of(published, northlane.NOW), of((ledger, other), northlane.NOW)
    assert {name for name in before if before[name] != after[name]} == {"mau"}
    grow = replace(known.objectives["grow"], about="Another aim.")
    aims = made(published, northlane.NOW, objectives={**known.objectives, "grow": grow})
    assert aims[1] != made(published, northlane.NOW)[1]
