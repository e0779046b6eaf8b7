"""Boards from a real run: every tile, odd states, each audience; the page, its twin and the ledger say the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headway import catalog
from headway.ledger import Ledger
from headway.model import Audience, cell_text
from headway.publish import site, view
from headway.publish.boards import slug_of

PROJECT = """\
project: shop
title: The corner shop
audience: public
routes: {team: {apprise: env:TEAM}}
sources:
  visits:
    read: {files: visits.csv}
    columns: {visit: integer, person: text, at: timestamp, spent: number, shelf: text, side: text}
    key: visit
    time: at
  cards:
    read: {files: cards.csv}
    columns: {card: integer, fee: number, began: date, ended: date}
    key: card
    time: began
    until: ended
  orders:
    read: {files: orders.csv}
    columns: {order: integer, asked: date, came: date, kind: text}
    key: order
    time: asked
  lost:
    read: {files: nowhere.csv}
    columns: {at: date}
    time: at
kpis:
  visits:
    count: visits
    grain: day
    by: [shelf, side, [shelf, side]]
    by_grain: month
    unit: visits
    targets: [{at_least: 4, grain: month}, {for: {shelf: each}, at_least: 90, grain: month}]
  hourly: {count: visits, grain: hour, unit: visits}
  visitors: {distinct: visits.person, window: 30 days, by: [shelf], by_grain: month, unit: people}
  spent: {sum: visits.spent, grain: month, by: [shelf], unit: EUR}
  buying: {retention: visits.person, ages: 2 months, grain: month}
  dues: {recurring: cards.fee, customer: card, unit: EUR}
  waits:
    duration: {from: orders.asked, to: orders.came}
    dated: from
    follow: 14 days
    grain: month
    by: [kind]
    unit: days
  sizes: {spread: visits, across: shelf, bins: [50, 100, 500], grain: month, unit: visits}
  gone: {count: lost}
  soon: {tracked_from: 2027-01-01, unit: people}
  takings: {sum: visits.spent, grain: month, unit: EUR, audience: internal}
boards:
  all:
    title: Everything
    about: Every tile.
    sections:
      - title: Numbers
        tiles:
          - visits
          - {number: spent, compare: 2 months, title: Turnover}
          - {number: visits, for: {shelf: maps}, grain: month}
          - {number: dues.new}
          - soon
          - gone
          - takings
      - title: Charts
        tiles:
          - {chart: visitors, by: shelf, as: stacked area, grain: month}
          - {chart: spent, by: shelf, as: stacked bar}
          - {chart: visits, as: bar, grain: month}
          - {chart: visits, by: shelf, as: bar, grain: month, title: Side by side}
          - {chart: [visits, hourly], grain: day, scale: log}
          - {chart: dues, as: waterfall}
          - {chart: buying, as: heat map}
          - {chart: hourly, as: heat map, periods: 48}
          - {chart: sizes, as: histogram}
          - {chart: waits, as: survival curve, by: kind}
          - {chart: soon}
      - title: Lists
        tiles:
          - {table: [spent, takings], periods: 2}
          - {table: visits, by: shelf, grain: month}
          - {matrix: visits, by: shelf, grain: month}
          - {health: all}
          - {text: "Read **this** and [that](https://shop.example/that), not <b>tags</b> or ![x](https://shop.example/x.png)."}
  shelf:
    title: Shelves
    for_each: shelf
    sections:
      - tiles: [{number: visits, grain: month}, {chart: visits, by: side, as: stacked bar, grain: month}]
  inner:
    title: Inner matters
    audience: internal
    send: [{every: month, to: team}]
    sections: [{title: Secret plans, tiles: [takings, {number: takings, grain: quarter}, {table: takings}]}]
  hollow:
    title: Hollow
    sections:
      - tiles: [takings, {text: Words alone are no board.}]
"""
FIRST, LAST = date(2025, 12, 1), date(2026, 3, 9)
NOW = "2026-03-10T06:00Z"
#: Ten shelves, so that some are the others, one of them with a name that no file may have.
SHELVES = ["maps", "books", "Con", "tea & tins", "a", "b", "c", "d", "e", "f"]


@dataclass(frozen=True)
class Shop:
    """A project that was computed, and what was built for two readers."""

    root: Path

    def headway(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "headway", *arguments, "--project", str(self.root)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        return done.stdout + done.stderr

    def page(self, name: str, audience: str = "public") -> str:
        return (self.root / audience / f"board/{name}.html").read_text(encoding="utf-8")

    def twin(self, name: str, audience: str = "public") -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / audience / f"board/{name}.json").read_text(encoding="utf-8"))
        return found

    def tile(self, anchor: str, name: str = "all", audience: str = "public") -> dict[str, Any]:
        every = [tile for section in self.twin(name, audience)["sections"] for tile in section["tiles"]]
        found = [tile for tile in every if tile["anchor"] == anchor]
        assert found, [tile["anchor"] for tile in every]
        return found[0]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A hundred days of visits on ten shelves; cards that are bought, changed and returned; orders that come or not."""
    root = tmp_path_factory.mktemp("shop")
    (root / "headway.yml").write_text(PROJECT, encoding="utf-8")
    visits, number = ["visit,person,at,spent,shelf,side"], 0
    for day in range((LAST - FIRST).days + 1):
        when = FIRST + timedelta(day)
        for rank, shelf in enumerate(SHELVES):
            for visit in range(max(1, 4 - rank // 2)):
                number += 1
                person = (day + visit) % 9 + (9 if day >= 31 and not visit else 0)  # nine join in January
                side = "left" if visit % 2 else "right"
                visits.append(f"{number},p{person},{when}T{9 + visit}:30:00,{rank + 1}.5,{shelf},{side}")
    (root / "visits.csv").write_text("\n".join(visits) + "\n", encoding="utf-8")
    cards = [
        "card,fee,began,ended",
        *(f"{n},10,2025-{9 + n % 4:02}-05,{'2026-02-11' if n < 2 else ''}" for n in range(9)),
    ]
    (root / "cards.csv").write_text("\n".join([*cards, "20,40,2026-02-03,"]) + "\n", encoding="utf-8")
    orders = ["order,asked,came,kind"]
    for n in range(60):
        asked = FIRST + timedelta(n)
        came = "" if n % 5 == 0 else str(asked + timedelta(2 if n % 2 else 9))
        orders.append(f"{n},{asked},{came},{'far' if n % 2 else 'near'}")
    (root / "orders.csv").write_text("\n".join(orders) + "\n", encoding="utf-8")
    made = Shop(root)
    said = made.headway("run", "--now", NOW)
    assert "Run 1: 9 KPIs" in said, said
    known = catalog.load(root)
    with Ledger.open(root / known.ledger, create=False) as ledger:
        for audience in (Audience.PUBLIC, Audience.INTERNAL):
            site.build(view.open(ledger, known, audience, datetime.fromisoformat(NOW)), root / audience.value)
    return made


def stored(shop: Shop, kpi: str, grain: str, period: str, part: str = "", **cell: str) -> float | None:
    """A number as the ledger has it."""
    known = catalog.load(shop.root)
    with Ledger.open(shop.root / known.ledger, create=False) as ledger:
        key = known.calendar.parse(period).key
        rows = ledger.read(kpi, part=part).to_pylist()
    wanted = cell_text(tuple(cell.items()))
    return next(row["value"] for row in rows if (row["grain"], row["cell"], row["period"]) == (grain, wanted, key))


def spaces(text: str) -> str:
    """Without tags, and with ordinary spaces alone."""
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_cards_are_those_of_the_ledger(shop: Shop) -> None:
    """Of a KPI, a part, a cell, at another grain; compared with the period that was asked for."""
    assert shop.tile("k-visits")["tile"]["shown"]["value"] == stored(shop, "visits", "month", "2026-02")
    turnover = shop.tile("k-spent")["tile"]
    assert turnover["title"] == "Turnover"
    assert turnover["compared"]["versus"] == "vs December"
    assert turnover["running"]["label"] == "March so far"
    maps = shop.tile("k-visits-2")["tile"]
    assert maps["title"] == "Visits, maps"
    assert maps["shown"]["value"] == stored(shop, "visits", "month", "2026-02", shelf="maps") == 112
    assert (maps["verdict"]["word"], maps["target"]) == ("On target", "≥\u00a090")
    new = shop.tile("k-dues-new")["tile"]
    assert (new["title"], new["shown"]["value"]) == ("Dues, new", 40.0)


def test_odd_states_have_words(shop: Shop) -> None:
    """What is planned, and what could not be computed, says so on its card; the page says which source is lost."""
    assert shop.tile("k-soon")["tile"]["shown"]["text"] == "Not tracked yet"
    assert shop.tile("k-gone")["tile"]["shown"]["text"] == "Not computed"
    page = shop.twin("all")
    assert any("Source lost could not be read" in notice for notice in page["notices"])
    assert [count["number"] for count in shop.twin("shelf/maps")["counts"]] == [1]
    assert {"key": "failed", "word": "not computed"} in [count["verdict"] for count in page["counts"]]
    assert len(page["brief"]) == 5
    assert page["more"] > 0
    planned = shop.tile("chart-soon")
    assert (planned["plot"], planned["finding"]) == (None, "Not tracked yet. Due 1 Jan 2027.")


def test_stacks_have_others_and_a_total(shop: Shop) -> None:
    """Seven cells, the others together; where people are in several cells, the total beside, and why it is lower."""
    overlapping, adding = shop.tile("chart-visitors-shelf"), shop.tile("chart-spent-shelf")
    roles = [one["role"] for one in overlapping["plot"]["series"]]
    assert roles == ["category"] * 7 + ["others", "total"]
    assert overlapping["plot"]["series"][7]["name"] == "3 others"
    assert "so the stack is taller than the heavy line" in overlapping["subtitle"]
    months = [slot["label"] for slot in adding["plot"]["slots"]]
    assert months == ["December 2025", "January 2026", "February 2026", "March 2026"]
    assert [one["role"] for one in adding["plot"]["series"]] == ["category"] * 7 + ["others"]
    february = sum(one["values"][2] for one in adding["plot"]["series"])
    assert february == pytest.approx(stored(shop, "spent", "month", "2026-02"))
    assert all(one["partial"] == [False, False, False, True] for one in adding["plot"]["series"])


def test_charts_say_what_they_show(shop: Shop) -> None:
    """A sentence under each chart is also what it says to those who do not see it; the table behind it is whole."""
    bars = shop.tile("chart-visits")
    value = stored(shop, "visits", "month", "2026-02")
    assert bars["finding"] == f"{value:,.0f}\u00a0visits in February 2026."
    assert bars["plot"]["says"] == bars["finding"]
    assert [row["name"]["text"] for row in bars["values"]["rows"]][:2] == ["March 2026 so far", "February 2026"]
    assert bars["values"]["rows"][1]["values"] == [value]
    html = shop.page("all")
    drawn = re.findall(r'<svg class="chart wide[^>]*aria-label="([^"]*)"', html)
    assert len(drawn) == 10
    assert bars["finding"] in drawn
    several = shop.tile("chart-visits-2")
    beside = shop.tile("chart-visits-shelf")
    assert (len(beside["plot"]["series"]), beside["subtitle"][-20:]) == (4, "The 4 largest of 10.")
    assert [one["name"] for one in several["plot"]["series"]] == ["Visits", "Hourly"]
    assert several["title"] == "Visits and hourly"


def test_movements_close_where_the_next_begin(shop: Shop) -> None:
    """Each month's movements lead from its opening level to its closing one."""
    plot = shop.tile("chart-dues")["plot"]
    level = plot["opening"]
    *moves, ends = plot["series"]
    for n, end in enumerate(ends["values"]):
        level += sum(one["values"][n] for one in moves)
        assert level == pytest.approx(end)
    assert {one["name"] for one in moves} == {"New", "Churned"}


def test_grids_and_curves(shop: Shop) -> None:
    """Cohorts by age, days by hour, sizes by bin, and the share that has not got there yet."""
    cohorts = shop.tile("chart-buying")["plot"]
    assert cohorts["columns"] == ["0", "1", "2"]
    assert cohorts["rows"][0] == "Dec 2025 (9)"
    assert cohorts["rows"][1] == "Jan 2026 (9)"
    assert [patch["missing"] for patch in cohorts["patches"][1]] == ["", "", "not yet"]
    hours = shop.tile("chart-hourly")["plot"]
    assert len(hours["columns"]) == 24
    assert hours["patches"][1][9]["value"] == stored(shop, "hourly", "hour", "2026-03-09T09")
    sizes = shop.tile("chart-sizes")["plot"]
    assert [slot["name"] for slot in sizes["slots"]] == ["below 50", "50\u201399", "100\u2013499", "500+"]
    assert sum(sizes["series"][0]["values"]) == len(SHELVES)
    curves = shop.tile("chart-waits-kind")["plot"]
    by_name = {one["name"]: one["values"] for one in curves["series"]}
    after = {slot["at"]: n for n, slot in enumerate(curves["slots"])}
    assert by_name["far"][0] == by_name["near"][0] == 1.0
    january = stored(shop, "waits", "month", "2026-01", "beyond_2_days", kind="far")
    # 15 began, and every fifth of all never came; the others took two days.
    assert by_name["far"][after[2.0]] == january == pytest.approx(3 / 15)
    assert by_name["far"][after[1.0]] == by_name["near"][after[8.0]] == 1.0
    assert by_name["near"][after[14.0]] == stored(shop, "waits", "month", "2026-01", "beyond_14_days", kind="near") > 0


def test_lists(shop: Shop) -> None:
    """Tables begin with what runs; of many cells each has a row and leads to its page; matrices have bars."""
    table = shop.tile("table-spent")
    assert [column["text"] for column in table["values"]["columns"]] == ["Spent"], "takings are not for the public"
    assert [row["partial"] for row in table["values"]["rows"]] == [True, False, False]
    cells = shop.tile("table-visits-shelf")["values"]["rows"]
    assert [row["name"]["text"] for row in cells][:2] == ["Total", "books"] or cells[1]["name"]["text"] == "maps"
    assert {row["name"]["path"] for row in cells[1:]} >= {"board/shelf/maps", f"board/shelf/{slug_of('tea & tins')}"}
    matrix = shop.tile("matrix-visits-shelf")
    assert len(matrix["lines"]) == len(SHELVES)
    maps = next(line for line in matrix["lines"] if line["title"] == "maps")
    assert (maps["verdict"]["word"], maps["shown"]["value"]) == ("On target", 112)
    assert maps["bar"]["tick"] == pytest.approx(maps["bar"]["made"] * 90 / 112)
    health = {line["kpi"] for line in shop.tile("health-visits")["lines"]}
    assert {"visits", "gone", "soon"} <= health
    assert "takings" not in health


def test_texts_are_safe(shop: Shop) -> None:
    """Markdown alone: tags are text, and no picture comes from elsewhere."""
    html = shop.tile("text")["html"]
    assert "<strong>this</strong>" in html
    assert 'href="https://shop.example/that"' in html
    assert "<b>" not in html
    assert "<img" not in html


def test_a_page_for_each_cell(shop: Shop) -> None:
    """Each shelf has a page under a name that any file system takes; the board's own page lists them with numbers."""
    pages = {path.stem for path in (shop.root / "public/board/shelf").glob("*.html")}
    assert pages == {slug_of(shelf) for shelf in SHELVES} > {"maps", "books", "a", "b", "c", "d", "e", "f"}
    listed = shop.tile("cells", "shelf")["lines"]
    assert {line["path"] for line in listed} == {f"board/shelf/{page}" for page in pages}
    maps = shop.twin("shelf/maps")
    assert (maps["cell"], maps["title"]) == ("maps", "Shelves")
    (card, chart) = maps["sections"][0]["tiles"]
    assert card["tile"]["shown"]["value"] == 112
    assert {one["name"] for one in chart["plot"]["series"]} == {"left", "right"}
    assert 'href="../../kpi/visits.html"' in shop.page("shelf/maps")
    assert 'href="../board/shelf/maps.html"' in shop.page("shelf")


def test_each_reader_has_their_boards(shop: Shop) -> None:
    """What is not for the public is in none of its files; a board that would be words alone is none."""
    names = {path.stem for path in (shop.root / "public/board").glob("*.html")}
    assert names == {"all", "shelf"}
    assert {path.stem for path in (shop.root / "internal/board").glob("*.html")} == {"all", "shelf", "inner", "hollow"}
    counted = shop.twin("inner", "internal")["counts"]
    assert sum(count["number"] for count in counted) == 2, "a KPI by month, once, and by quarter"
    for path in (shop.root / "public").rglob("*.*"):
        said = path.read_text(encoding="utf-8")
        assert not re.search("takings|Secret plans|Inner matters|Words alone", said, re.I), path
    assert shop.tile("table-spent", audience="internal")["values"]["columns"][1]["text"] == "Takings"


def test_a_build_names_what_it_leaves_out(tmp_path: Path) -> None:
    """Who builds a site learns which KPIs and boards its readers do not get, if there are any."""
    project = """\
project: shop
audience: public
kpis:
  open: {title: Open, tracked_from: 2027-01-01}
  inner: {title: Inner, tracked_from: 2027-01-01, audience: internal}
boards:
  yard: {sections: [{tiles: [inner]}]}
  front: {sections: [{tiles: [open]}]}
"""
    (tmp_path / "headway.yml").write_text(project, encoding="utf-8")
    shop = Shop(tmp_path)
    assert "Run 1" in shop.headway("run", "--now", NOW)
    said = shop.headway("build", str(tmp_path / "site"))
    assert said.endswith("Left out 1 KPI not meant for them: inner.\nLeft out 1 board not meant for them: yard.\n"), (
        said
    )
    assert "Left out" not in shop.headway("build", str(tmp_path / "all"), "--audience", "internal")


def test_the_page_says_what_its_twin_says(shop: Shop) -> None:
    """Every value, finding and text of the JSON stands on the page; none of them is a word of a machine."""
    for name in ("all", "shelf", "shelf/maps"):
        html, twin = spaces(shop.page(name)), shop.twin(name)
        for section in twin["sections"]:
            for tile in section["tiles"]:
                for said in (tile.get("title"), tile.get("subtitle"), tile.get("finding")):
                    assert spaces((said or "").replace("&", "&amp;").replace("'", "&#39;")) in html
                for row in tile.get("values", {}).get("rows", ()) if tile.get("plot") or tile.get("values") else ():
                    assert all(spaces(text) in html for text in row["texts"])
                for line in tile.get("lines", ()):
                    assert spaces(line["shown"]["text"]) in html or line["shown"]["value"] is None
        assert not re.search(r"\b(null|None yet yet|NaN|undefined)\b", html)
        rows = re.findall(r"<tr.*?</tr>", shop.page(name), re.DOTALL)
        assert all(row.count("No target") < 2 for row in rows)


def test_the_way_to_boards(shop: Shop) -> None:
    """From the front page, from every page's head, and from the lineage of a KPI that is shown."""
    front = (shop.root / "public/index.html").read_text(encoding="utf-8")
    assert '<a href="board/all.html">Boards</a>' in front
    assert '<a href="board/shelf.html">Shelves</a>' in front
    kpi = (shop.root / "public/kpi/visits.html").read_text(encoding="utf-8")
    assert 'href="../board/all.html"' in kpi
    assert 'aria-current="page">Everything</a>' in shop.page("all")
