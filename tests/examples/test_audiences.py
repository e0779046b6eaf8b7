"""Whole builds: no file tells what is not for its readers, and no page shows a gap or a name for a word.

What may not be told is found in the catalogue and the ledger, by none of the code that makes pages.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from headway import catalog as catalogs
from headway.ledger import Ledger
from headway.model import Audience, Catalog, Kpi, WatchedNumbers, read_cell
from headway.publish import site, view
from headway.run import observe

#: A number with so many digits is nobody else's by chance.
_DIGITS = 6
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[-+]?\d+)?(?!\w)")
#: The same as people read it.
_GROUPED = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w,])")


def _hidden(catalog: Catalog, audience: Audience) -> tuple[list[Kpi], list[Kpi]]:
    """The KPIs of a catalogue that are not for a reader, and those that are."""
    every = list(catalog.kpis.values())
    return [k for k in every if not audience.may_see(k.audience)], [k for k in every if audience.may_see(k.audience)]


def _sentences(*texts: str) -> Iterator[str]:
    for text in texts:
        yield from (one for line in text.split("\n") for one in re.split(r"(?<=[.;]) ", line.strip()) if len(one) > 24)


#: (text, what it would tell)
Told = Iterator[tuple[str, str]]


def words(catalog: Catalog, audience: Audience) -> dict[str, str]:
    """Each text that must be in no file -> what it would tell."""
    hidden, shown = _hidden(catalog, audience)
    found = [*_of_kpis(hidden), *_of_pages(catalog, audience, shown), *_of_sources(catalog, shown)]
    found += _of_alerts(catalog, audience, shown)
    if audience is Audience.PUBLIC:
        found += [(owner.partition("<")[2].strip(" >"), "an address") for owner in catalog.owners.values()]
        found += [(route.variable, f"route {route.name}") for route in catalog.routes.values()]
    # What is said of a KPI that is shown may be said of another one, too.
    names = {kpi.name for kpi in shown}
    known = "\n".join(text for kpi in shown for text in (kpi.title, kpi.about, kpi.why))
    known += "\n".join(kpi.written for kpi in shown if {*kpi.inputs, *kpi.compared, *kpi.reconciled} <= names)
    return {text.strip(): what for text, what in found if len(text.strip()) > 3 and text.strip() not in known}


def _of_kpis(hidden: list[Kpi]) -> Told:
    for kpi in hidden:
        yield kpi.name, f"the name of {kpi.name}"
        if not kpi.listed:
            yield kpi.title, f"the title of {kpi.name}"
        for text in _sentences(kpi.about, kpi.why, *(target.why or "" for target in kpi.targets)):
            yield text, f"what is said of {kpi.name}"


def _of_pages(catalog: Catalog, audience: Audience, shown: list[Kpi]) -> Told:
    names = {kpi.name for kpi in shown}
    for one in catalog.objectives.values():
        if not {result.kpi for result in one.expects} <= names:
            yield from ((text, f"objective {one.name}") for text in (one.title, *_sentences(one.about)))
    for board in catalog.boards.values():
        told = [shown.kpi for tile in board.tiles if audience.may_see(tile.audience) for shown in tile.of]
        if not audience.may_see(board.audience) or not names & set(told):
            texts = (board.title, f"board/{board.name}", *_sentences(board.about))
            yield from ((text, f"board {board.name}") for text in texts)
    yield from ((note.text, "a note") for note in catalog.notes if note.kpis and not names & set(note.kpis))


def _of_sources(catalog: Catalog, shown: list[Kpi]) -> Told:
    behind = {source for kpi in shown if _may_follow(catalog, kpi, shown) for source in catalog.upstream(kpi.name)}
    for name, source in catalog.sources.items():
        if name not in behind:
            yield from ((text, f"source {name}") for text in (name, *_sentences(source.about)))


def _may_follow(catalog: Catalog, kpi: Kpi, shown: list[Kpi]) -> bool:
    """False for a KPI that is made of one which is not shown: nothing behind it is."""
    names = {one.name for one in shown}
    return all(one in names and _may_follow(catalog, catalog.kpis[one], shown) for one in kpi.inputs)


def _of_alerts(catalog: Catalog, audience: Audience, shown: list[Kpi]) -> Told:
    names = {kpi.name for kpi in shown}
    for alert in catalog.alerts.values():
        watched = {one.kpi for one in alert.watches.of} if isinstance(alert.watches, WatchedNumbers) else set()
        if audience is Audience.PUBLIC or (watched and not watched & names):
            yield from ((text, f"alert {alert.name}") for text in (alert.name, *_sentences(alert.title, alert.why)))


def numbers(catalog: Catalog, audience: Audience, ledger: Ledger) -> dict[str, str]:
    """Each number with many digits that only KPIs have which are not for a reader -> whose it is."""
    hidden, shown = _hidden(catalog, audience)
    exact = {float(text) for kpi in shown for text, _ in _values(ledger, kpi)}
    told = {_rounded(f"{value:.{depth}f}") for value in exact for depth in (0, 1, 2, 9)}  # as a table has it
    return {
        text: f"{kpi.name} {period}"
        for kpi in hidden
        for text, period in _values(ledger, kpi)
        if _rounded(text) not in told and not _simple(float(text))
    }


def _rounded(text: str) -> float:
    """A number but for the last digits of a float: sums of the same rows differ by them."""
    return float(f"{float(text):.9g}")


def _simple(value: float) -> bool:
    """True for a share such as five of six, which others have too."""
    return any(abs(value * parts - round(value * parts)) < 1e-9 for parts in range(1, 61)) and value < 1000


def cells(catalog: Catalog, audience: Audience, ledger: Ledger) -> dict[str, str]:
    """Each value of a breakdown that only KPIs have which are not for a reader."""
    hidden, shown = _hidden(catalog, audience)
    told = {value for kpi in shown for value in _cells(ledger, kpi)}
    found = {value: f"a cell of {kpi.name}" for kpi in hidden for value in _cells(ledger, kpi) - told}
    return {value: what for value, what in found.items() if len(value) > 4 and not re.fullmatch("[a-z]+", value)}


def _cells(ledger: Ledger, kpi: Kpi) -> set[str]:
    found = ledger.read(kpi.name)["cell"].unique().to_pylist()
    return {value for text in found if text for _, value in read_cell(text) if not re.fullmatch(r"[\d.-]+", value)}


def _values(ledger: Ledger, kpi: Kpi) -> Iterator[tuple[str, str]]:
    table = ledger.read(kpi.name)
    for value, period in zip(table["value"].to_pylist(), table["period"].to_pylist(), strict=True):
        if value is not None and len(re.sub(r"\D|e.*", "", repr(value)).strip("0")) >= _DIGITS:
            yield _plain(repr(value)), str(period)


def _plain(text: str) -> str:
    """A number without its sign, its separators and zeros that say nothing."""
    text = text.replace(",", "").lstrip("-")
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def leaks(folder: Path, texts: dict[str, str], digits: dict[str, str]) -> Iterator[str]:
    """What a build tells that it must not: the path, what was found there, and whose that is."""
    words = "|".join(re.escape(one) for one in sorted(texts, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])")
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        name = path.relative_to(folder).as_posix()
        text = "" if path.suffix == ".png" else unescape(path.read_text("utf-8"))
        if texts:
            yield from (f"{name}: '{m}', {texts[m]}" for m in {*pattern.findall(name), *pattern.findall(text)})
        found = {_plain(one) for one in (*_NUMBER.findall(text), *_GROUPED.findall(text))}
        yield from (f"{name}: {one}, {digits[one]}" for one in found & digits.keys())


def check(catalog: Catalog, ledger: Ledger, audience: Audience, folder: Path) -> None:
    """Fail with what a build tells."""
    texts = words(catalog, audience) | cells(catalog, audience, ledger)
    assert texts, "nothing is hidden from these readers: the test would not fail"
    assert list(leaks(folder, texts, numbers(catalog, audience, ledger))) == []


@pytest.fixture(scope="session")
def built(example: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Audience], Path]:
    """The site of an example for readers, built when it is first asked for."""
    made: dict[tuple[str, Audience], Path] = {}

    def get(name: str, audience: Audience) -> Path:
        if (name, audience) not in made:
            one = example(name)
            folder = tmp_path_factory.mktemp("sites") / f"{name}-{audience}"
            site.build(view.open(one.ledger, one.catalog, audience, one.now), folder)
            made[name, audience] = folder
        return made[name, audience]

    return get


SITES = [("hubs", Audience.PUBLIC), ("saas", Audience.INTERNAL)]


@pytest.mark.parametrize(("name", "audience"), SITES, ids=["hubs", "saas"])
def test_no_file_tells_what_is_not_for_its_readers(
    example: Callable[[str], Any], built: Callable[[str, Audience], Path], name: str, audience: Audience
) -> None:
    """No name, word, number, cell, source, note, board, objective or address of what is hidden is in any file."""
    one = example(name)
    check(one.catalog, one.ledger, audience, built(name, audience))


#: What a page may take on the wire.
_HEAVY = 300_000


@pytest.mark.parametrize(("name", "audience"), SITES, ids=["hubs", "saas"])
def test_no_page_is_heavy(built: Callable[[str, Audience], Path], name: str, audience: Audience) -> None:
    """The largest page of each site, with the style and the scripts that every page loads, takes under 300 kB."""
    folder = built(name, audience)
    loaded = sum(_squeezed(folder / "assets" / one) for one in ("headway.css", "headway.js", "chart.js", "icon.svg"))
    pages = {page.relative_to(folder).as_posix(): _squeezed(page) for page in folder.rglob("*.html")}
    assert pages
    assert {page: size for page, size in pages.items() if size + loaded >= _HEAVY} == {}


def _squeezed(file: Path) -> int:
    """The bytes of a file as servers send it."""
    return len(gzip.compress(file.read_bytes(), 6))


PROJECT = """\
project: cafe
audience: public
min_group_size: 1
owners: {till: "Till team <till@cafe.example>", desk: "Desk <desk@cafe.example>"}
areas: {shop: {title: Shop, owner: till}, office: {title: Back office, owner: desk}}
sources:
  orders:
    about: One row for each order that was paid.
    read: {files: orders.csv}
    columns: {id: integer, day: date, usd: number, place: text}
    key: id
    time: day
    checks: [{name: sane, rule: usd >= 0}]
  wages_paid:
    about: What each person is paid, from the accountant's vault.
    read: {files: wages.csv}
    columns: {id: integer, day: date, usd: number, post: text}
    key: id
    time: day
kpis:
  sales:
    title: Sales of the shop
    sum: orders.usd
    by: [place]
    grain: month
    unit: USD
    area: shop
    benchmarks: [{who: The chain, at_least: 100000}]
    targets:
      - {at_least: wage_bill * 2, from: 2026-01-01}
  wage_bill:
    title: What wages come to
    about: All that the people of the shop are paid in a month together.
    why: The owner alone decides on it, and asks no one.
    sum: wages_paid.usd
    by: [post]
    grain: month
    unit: USD
    area: office
    audience: internal
    listed: true
    targets: [{at_most: 98765.25, why: What the bank allows us at the very most}]
    checks: [{name: not_zero, between: [1, 1000000000]}]
  wage_share:
    title: Wages over sales
    about: How much of the sales goes to people.
    formula: wage_bill / sales
    grain: month
    unit: percent
    area: shop
  owners_draw:
    title: What the owner took out
    sum: wages_paid.usd
    where: post = 'owner-of-it'
    grain: month
    unit: USD
    audience: restricted
objectives:
  thrift:
    title: Pay less than last spring
    owner: desk
    from: 2026-01-01
    due: 2026-12-31
    expects: [{kpi: wage_bill, reach: 70000}]
notes:
  - {on: 2026-02-14, text: Wages rose for everybody at the counter, kpis: [wage_bill]}
routes: {desk_phone: {apprise: env:DESK_PHONE}}
levels: {warning: {respond: 1 day, to: desk_phone}}
alerts:
  wages_high: {kpi: wage_bill, above: 80000, level: warning, why: The bank would call us in the morning}
boards:
  pay:
    title: Payday board
    audience: internal
    sections: [{title: Pay, tiles: [wage_bill, {chart: wage_bill, by: post}]}]
  shopfront:
    title: Shopfront
    sections:
      - title: Sales
        tiles:
          - sales
          - wage_bill
          - {chart: [sales, wage_bill]}
          - {table: [sales, wage_bill]}
          - {health: all}
          - {matrix: sales, by: place}
  places: {title: Places, for_each: place, sections: [{title: All, tiles: [sales]}]}
"""


@pytest.fixture(scope="module")
def cafe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Catalog, Ledger, datetime]]:
    """A shop whose public pages stand on wages that nobody may know."""
    root = tmp_path_factory.mktemp("cafe")
    (root / "headway.yml").write_text(PROJECT, "utf-8")
    days = [f"2026-{month:02}-{day:02}" for month in (1, 2, 3) for day in range(1, 28)]
    places, posts = ("Harbour", "Station"), ("barista-at-work", "owner-of-it")
    orders = [f"{i},{day},{1873.31 + i * 7.13:.2f},{places[i % 2]}" for i, day in enumerate(days)]
    wages = [f"{i},{day},{913.57 + i * 3.77:.2f},{posts[i % 2]}" for i, day in enumerate(days)]
    (root / "orders.csv").write_text("\n".join(["id,day,usd,place", *orders]) + "\n", "utf-8")
    (root / "wages.csv").write_text("\n".join(["id,day,usd,post", *wages]) + "\n", "utf-8")
    now = datetime(2026, 4, 2, 6, tzinfo=UTC)
    with Ledger.open(root / "ledger.db") as ledger:
        catalog = catalogs.load(root)
        observe(catalog, ledger, now)
        yield catalog, ledger, now


@pytest.mark.parametrize("audience", [Audience.PUBLIC, Audience.INTERNAL])
def test_numbers_that_are_made_of_hidden_ones_do_not_tell_them(
    cafe: tuple[Catalog, Ledger, datetime], tmp_path: Path, audience: Audience
) -> None:
    """Shares, bounds, boards, objectives, notes and alerts stand beside wages, and tell nothing of them."""
    catalog, ledger, now = cafe
    folder = tmp_path / "site"
    site.build(view.open(ledger, catalog, audience, now), folder)
    check(catalog, ledger, audience, folder)
    page = (folder / "kpi/sales.html").read_text("utf-8")
    if audience is Audience.PUBLIC:
        assert "a number made from other KPIs" in page
        assert "Restricted" in (folder / "kpis.html").read_text("utf-8")
    else:
        assert "wage_bill * 2" in page


def test_what_is_hidden_would_be_found(cafe: tuple[Catalog, Ledger, datetime], tmp_path: Path) -> None:
    """The same search finds all sorts of things in the pages of those who may see them."""
    catalog, ledger, now = cafe
    site.build(view.open(ledger, catalog, Audience.RESTRICTED, now), tmp_path / "site")
    texts = words(catalog, Audience.PUBLIC) | cells(catalog, Audience.PUBLIC, ledger)
    told = "\n".join(leaks(tmp_path / "site", texts, numbers(catalog, Audience.PUBLIC, ledger)))
    said = "the name of wage_bill; what is said of wage_bill; source wages_paid; board pay; objective thrift; a note"
    for one in f"{said}; alert wages_high; an address; a cell of wage_bill; , wage_bill ".split("; "):
        assert one in told, one


# -- gaps and names ------------------------------------------------------------------------------------------------

_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "path", "rect", "use", "wbr", "line", "circle"}
_CODE = {"code", "pre", "kbd", "script", "style"}
_GAP = re.compile(r"\b(?:null|NaN|NaT|nan|undefined|None(?! yet)|inf)\b")
_NAME = re.compile(r"(?<![\w@/.#-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w@])")


class Words(HTMLParser):
    """What a reader sees or hears of a page, without what is set as code."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._say(*(given.get(key) or "" for key in ("aria-label", "alt", "placeholder")))
        if tag not in _VOID:
            self._open.append((tag, tag in _CODE or "mono" in (given.get("class") or "").split()))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        self._say(data)

    def _say(self, *texts: str) -> None:
        if not any(code for _, code in self._open):
            self.found += [text for text in texts if text.strip()]


@pytest.mark.parametrize(("name", "audience"), SITES, ids=["hubs", "saas"])
def test_no_page_shows_a_gap_or_a_name_for_a_word(
    built: Callable[[str, Audience], Path],
    example: Callable[[str], Any],
    name: str,
    audience: Audience,
) -> None:
    """Nothing reads null, NaN or None; what has a title is called by it, and other names are set as code."""
    catalog = example(name).catalog
    titled = {*catalog.kpis, *catalog.areas, *catalog.boards, *catalog.owners, *catalog.objectives, *catalog.alerts}
    folder, found = built(name, audience), set()
    for path in folder.rglob("*.html"):
        for text in Words(path.read_text("utf-8")).found:
            found |= {f"{m} in '{text.strip()[:80]}'" for m in _GAP.findall(text)}
            found |= {f"{m} in '{text.strip()[:80]}'" for m in _NAME.findall(text) if m in titled}
    assert sorted(found) == []
