"""Pages of the past: what was published at a moment, by the catalogue of then, whatever came later."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from headway import catalog as catalogue
from headway.cli.project import when

if TYPE_CHECKING:
    from conftest import Shop

    Edit = Callable[[Shop, str, str, str], None]

LOGO = "<svg xmlns='http://www.w3.org/2000/svg'/>"


def _pages(folder: Path) -> dict[str, object]:
    """Every file of a site, but for what says that it is of the past."""
    found: dict[str, object] = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        if name.endswith(".json"):
            page: dict[str, Any] = json.loads(file.read_text("utf-8"))
            for key in ("as_of", "then"):
                page.get("stamp", {}).pop(key, None)
            found[name] = page
        elif name.endswith(".html"):
            said = r'<div class="notice">(?:(?!</div>).)*As published at .*?</div>|<symbol .*?</symbol>\s*'
            found[name] = re.sub(said, "", file.read_text("utf-8"), flags=re.DOTALL)
        else:
            found[name] = file.read_bytes()
    return found


def _published(shop: Shop) -> str:
    """The moment of the newest run: the ledger's, since a clock may be set back between two commands."""
    with sqlite3.connect(shop.root / ".headway/ledger.db") as ledger:
        return str(ledger.execute("SELECT max(finished) FROM run").fetchone()[0])


def test_a_site_of_the_past_is_the_site_that_was_built_then(shop: Shop, edit: Edit, tmp_path: Path) -> None:
    """Numbers, verdicts, reasons, words, targets, KPIs, the logo: as of then, twice the same, byte for byte."""
    shop.write("logo.svg", LOGO)
    edit(shop, "headway.yml", "title: The corner shop", "title: The corner shop\nbrand: {logo: logo.svg}")
    assert shop.run().code == 0
    then = tmp_path / "then"
    assert shop.headway("build", str(then), "--audience", "restricted").code == 0
    moment = _published(shop)

    edit(shop, "headway.yml", "The corner shop", "The shop at the corner")
    edit(shop, "kpis/shop.yml", "targets: [{at_least: 10}]", "targets: [{at_least: 13, why: more room}], about: Doors")
    edit(shop, "kpis/shop.yml", "  per_visit:", "  most: {max: visits.spent, grain: month, unit: EUR}\n  each:")
    edit(shop, "data/visits.csv", "7,p7,2026-01-01T17:00:00,7.5,maps\n", "")
    shop.write("logo.svg", LOGO.replace("/>", ">another</svg>"))
    assert shop.run().code == 0

    for name, asked in (("once", moment), ("twice", moment), ("run", "run 1")):
        built = shop.headway("build", str(tmp_path / name), "--audience", "restricted", "--as-of", asked)
        assert built.code == 0, built.err
    once, twice = ({p.name: p.read_bytes() for p in (tmp_path / n).rglob("*.*")} for n in ("once", "twice"))
    assert once == twice
    assert _pages(tmp_path / "once") == _pages(then)
    assert _pages(tmp_path / "run") == _pages(then)
    for page in (tmp_path / "once").rglob("*.html"):
        assert "As published at" in page.read_text("utf-8"), page

    now = tmp_path / "now"
    assert shop.headway("build", str(now), "--audience", "restricted").code == 0
    changed = {name for name, page in _pages(now).items() if page != _pages(then).get(name)}
    assert {"index.html", "kpi/most.html", "kpi/each.json", "kpi/visits.json", "assets/logo.svg"} <= changed


def test_the_terminal_says_that_it_is_of_the_past(shop: Shop, edit: Edit) -> None:
    """`show` and `explain` give the number, the definition and the words of then, and say so."""
    assert shop.run().code == 0
    moment = _published(shop)
    edit(
        shop,
        "kpis/shop.yml",
        "spent: {sum: visits.spent,",
        "spent: {sum: visits.spent, title: Taken, where: shelf = 'maps',",
    )
    assert shop.run().code == 0
    assert "As published at" in shop.headway("show", "--as-of", moment).out
    assert "As published at" not in shop.headway("show").out
    told = shop.headway("explain", "spent", "2026-01", "--as-of", moment).out
    assert "As published at" in told
    assert "sum: visits.spent" in told
    assert "Taken" not in told
    then = json.loads(shop.headway("show", "spent", "--json", "--as-of", "1").out)
    assert then["stamp"]["then"].startswith("As published at")
    assert [row["value"] for row in then["rows"] if row["period"] == "2026-01"] == [31 * 72]


def test_a_moment_within_this_second_is_past(shop: Shop) -> None:
    """Commands look at a clock of whole seconds; what was published since that began was published."""
    catalog, second = catalogue.load(shop.root), datetime(2026, 3, 10, 6, 0, 5, tzinfo=UTC)
    just = second.replace(microsecond=300_000)
    assert when(just.isoformat(), catalog, second) == just
    later = when("2026-03-10T06:00:07Z", catalog, second)
    assert isinstance(later, datetime)
    assert later < datetime(2026, 3, 10, 6, 0, 6, tzinfo=UTC)


def test_a_ledger_without_catalogues_says_that_the_one_of_now_stands_in(shop: Shop, edit: Edit) -> None:
    """What an earlier version recorded is shown by today's words, and each page says so."""
    assert shop.run().code == 0
    with sqlite3.connect(shop.root / ".headway/ledger.db") as ledger:
        ledger.execute("UPDATE catalogue SET files = NULL")
    edit(shop, "kpis/shop.yml", "unit: people", "unit: people, title: Guests")
    shown = shop.headway("show", "visitors", "--as-of", "run 1").out
    assert "Guests" in shown
    assert "today's catalogue" in shown


@pytest.mark.parametrize(
    ("time", "says", "remedy"),
    [
        ("yesterday", "'yesterday' is no time and no run [bad-date]", "Write a day such as 2026-01-31"),
        ("2026-02-30", "'2026-02-30' is no time and no run [bad-date]", "Write a day"),
        ("99", "there is no run 99 [unknown-run]", "They are numbered from 1 to 1."),
        ("#0", "there is no run 0 [unknown-run]", "They are numbered from 1 to 1."),
        ("2020-01-01", "nothing was published yet at 2 Jan 2020, 00:00 UTC [nothing-computed]", "The first run"),
    ],
)
def test_a_time_without_numbers_is_an_error(shop: Shop, time: str, says: str, remedy: str) -> None:
    """A word, a day that there is not, a run that there is not, a time before the first run."""
    assert shop.run().code == 0
    answer = shop.headway("show", "--as-of", time)
    assert answer.code == 2
    assert says in answer.err
    assert remedy in answer.err
