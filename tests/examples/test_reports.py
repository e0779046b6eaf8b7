"""The report of the hubs: every number in the page that is built is the ledger's."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from headway.model import Audience
from headway.publish import view
from headway.reports import documents, judged, sought, taking
from headway.sphinx import building

GRANT = Path("reports") / "grant.md"
#: Drawings with the days of their marks, sentences about definitions, and what a card says beside its number.
_APART = (
    "plot",
    "kpi-notes",
    "kpi-definition",
    "sd-dropdown",
    "kpi-when",
    "kpi-judged",
    "footnote-reference",
    "caption-number",
    "std-numref",
)


class Page(HTMLParser):
    """The numbers of a page that say which they are, and all other text."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[tuple[dict[str, str], str]] = []
        self.prose: list[str] = []
        self.pdf: Any = None
        self._open: list[tuple[str, bool]] = []
        self._number: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """What stands in an element is told by its class."""
        if tag in ("meta", "link", "img", "br", "hr"):
            return
        had = {name: value or "" for name, value in attrs}
        apart = any(name in had.get("class", "").split() for name in _APART) or tag in ("head", "nav", "footer")
        self._open.append((tag, apart))
        if "data-kpi" in had:
            self._number = {name.removeprefix("data-"): value for name, value in had.items()}
            self.numbers.append((self._number, ""))

    def handle_endtag(self, tag: str) -> None:
        """The element is closed."""
        while self._open and self._open.pop()[0] != tag:
            pass
        self._number = None

    def handle_data(self, data: str) -> None:
        """Text of a number, or of anything else."""
        if self._number is not None:
            self.numbers[-1] = (self._number, self.numbers[-1][1] + unescape(data))
        elif not any(apart for _, apart in self._open) and not any(tag == "aside" for tag, _ in self._open):
            self.prose.append(data)


@pytest.fixture(scope="module")
def hubs(example: Callable[[str], Any]) -> Any:
    """The hubs, computed."""
    return example("hubs")


@pytest.fixture(scope="module")
def report(hubs: Any, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The page as one command makes it."""
    out = tmp_path_factory.mktemp("report")
    seen = view.open(hubs.ledger, hubs.catalog, Audience.INTERNAL, hubs.now)
    path = hubs.root / GRANT
    snapshot = out / "snapshot.json"
    snapshot.write_text(taking.take(seen, documents.read(path).requests).text(), "utf-8")
    building.build(path, snapshot, out / "out", "singlehtml")
    made = Page()
    made.feed((out / "out" / "grant.html").read_text("utf-8"))
    building.build(path, snapshot, out / "out", "typst")
    made.pdf = out / "out" / "grant.pdf"
    return made


def test_the_pdf_says_the_same_numbers(report: Page, hubs: Any) -> None:
    """Each as often as the page does, beside the days and scales of its drawings."""
    assert len(report.numbers) > 120
    assert not hubs.absent(report.pdf, report.numbers)


def test_every_number_is_the_ledgers(report: Page, hubs: Any) -> None:
    """As it is written."""
    numbers = [(told, text) for told, text in report.numbers if "says" not in told and not told.get("part")]
    assert sum(hubs.agrees(told, text) for told, text in numbers) > 100


def test_every_change_is_from_one_number_of_the_ledger_to_another(report: Page, hubs: Any) -> None:
    """Of shares in points, of all else in percent, with its direction in a word."""
    changes = [(told, text) for told, text in report.numbers if told.get("says") == "change"]
    assert len(changes) > 3
    assert any(text[0] in "▲▼" for _, text in changes), "cards say theirs with an arrow"
    for told, text in changes:
        if text == "No change":
            assert hubs.stored(told["kpi"], told["period"]) == hubs.stored(told["kpi"], told["than"])
            continue
        new, old = (hubs.stored(told["kpi"], told[which])[0] for which in ("period", "than"))
        way, size = re.split(r"\s", text.replace("▲", "up").replace("▼", "down"), maxsplit=1)
        points = size.endswith("pts")
        step = (new - old) * 100 if points else (new / old - 1) * 100
        shown, half = hubs.written(size.removesuffix("pts").removesuffix("%").strip())
        assert (way == "up") == (step > 0), (told, text)
        assert abs(shown - abs(step)) <= half * 1.0001, (told, text)


def test_no_number_is_typed(report: Page) -> None:
    """What is left of digits are years and quarters."""
    prose = re.sub(r"\bQ[1-4] (?=20[12]\d)", "", " ".join(report.prose))
    assert "{kpi" not in prose
    assert [found for found in re.findall(r"[\d.,]*\d", prose) if not re.fullmatch(r"20[12]\d", found)] == []


DRAFT = """# Three years

We now serve more than {fewer} communities and {users:,} monthly users; funding was 5.5 million USD at the end of 2023.

Funding to date was 5.6 million USD at the end of 2023. In 2025 we signed {signed} new service contracts.
Of every 10 communities that asked, 3 got a hub of their own within 14 days, as in the three-year plan of 2023.
"""


def test_nothing_in_the_report_was_typed(hubs: Any) -> None:
    """What its prose says in digits is about no KPI, as far as a machine can tell."""
    assert checked((hubs.root / GRANT).read_text("utf-8"), hubs) == []


def test_a_draft_with_typed_numbers_is_told_what_is_wrong(hubs: Any) -> None:
    """Beside what holds: numbers that disagree with the ledger, and with each other."""
    users, _ = hubs.stored("mau", "2026-10-11")
    serve, _ = hubs.stored("communities", "2026-09")
    signed, _ = hubs.stored("new_service_contracts", "2025")
    text = DRAFT.format(fewer=int(serve) - 2, users=round(users * 0.96), signed=int(signed))
    found = checked(text, hubs)
    assert [(one.line, one.kpi, one.verdict.value) for one in found] == [
        (3, "communities", "holds"),
        (3, "mau", "contradicts"),
        (3, "funding_to_date", "contradicts"),
        (5, "funding_to_date", "matches"),
        (5, "new_service_contracts", "matches"),
    ]
    assert [one.against for one in found] == [(), (), (5,), (3,), ()]


def checked(text: str, hubs: Any) -> list[judged.Judged]:
    """What is told of the figures of a document."""
    seen = view.open(hubs.ledger, hubs.catalog, Audience.INTERNAL, hubs.now)
    return judged.judge(text, taking.take(seen, sought.requests(seen, text)))
