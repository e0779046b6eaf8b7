"""Whatever things are called, no page is wider than the screen: names of ninety letters without a space, everywhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from headway import catalog, run
from headway.ledger import Ledger
from headway.model import Audience
from headway.publish import site, view

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WORD = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaftsraum"
NAME = WORD.lower()[:56]
PROJECT = f"""\
project: long
title: {WORD}
audience: public
min_group_size: 1
owners: {{x: "{WORD} <{NAME}@x.example>"}}
areas: {{shop: {{title: {WORD}, owner: x}}}}
sources:
  {NAME}:
    about: {WORD}
    read: {{files: rows.csv}}
    columns: {{{NAME}_id: integer, day: date, usd: number, place: text}}
    key: {NAME}_id
    time: day
    checks: [{{name: {NAME}, rule: usd >= 7, then: warn}}]
kpis:
  {NAME}:
    title: {WORD}
    about: {WORD}
    why: {WORD}
    sum: {NAME}.usd
    by: [place]
    grain: month
    unit: USD
    area: shop
    rank: headline
    targets: [{{at_least: 2000, from: 2026-01-01, why: {WORD}}}, {{for: {{place: each}}, at_least: 900}}]
    benchmarks: [{{who: {WORD}, at_least: 100}}]
  twice: {{title: {WORD}2, formula: {NAME} * 2, grain: month, unit: USD}}
objectives:
  {NAME}: {{title: {WORD}, owner: x, from: 2026-01-01, due: 2026-12-31, expects: [{{kpi: {NAME}, reach: 70000}}]}}
notes: [{{on: 2026-02-14, text: {WORD}}}]
routes: {{{NAME}: {{apprise: env:NOWHERE}}}}
levels: {{warning: {{respond: 1 day, to: {NAME}}}}}
alerts: {{{NAME}: {{title: {WORD}, kpi: {NAME}, above: 80, level: warning, why: {WORD}}}}}
boards:
  {NAME}:
    title: {WORD}
    about: {WORD}
    sections:
      - title: {WORD}
        tiles:
          - {NAME}
          - {{chart: {NAME}, by: place}}
          - {{table: {NAME}, by: place}}
          - {{table: [{NAME}, twice]}}
          - {{health: {NAME}, by: place}}
          - {{matrix: {NAME}, by: place}}
          - {{text: "{WORD} `{NAME}`\\n\\n| {WORD} | b |\\n|---|---|\\n| a | {WORD} |\\n"}}
  each: {{title: Each, for_each: place, sections: [{{title: All, tiles: [{NAME}, {{chart: {NAME}}}]}}]}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a project in which every name is long."""
    root = tmp_path_factory.mktemp("long")
    (root / "headway.yml").write_text(PROJECT, "utf-8")
    days = [f"2026-{month:02}-{day:02}" for month in (1, 2, 3) for day in range(1, 28)]
    rows = [f"{n},{day},{n % 3 + 5 + n * 0.37:.2f},{WORD}{n % 2}" for n, day in enumerate(days)]
    (root / "rows.csv").write_text("\n".join([f"{NAME}_id,day,usd,place", *rows]) + "\n", "utf-8")
    now = datetime(2026, 4, 2, 6, tzinfo=UTC)
    with Ledger.open(root / "ledger.db") as ledger:
        known = catalog.load(root)
        run.observe(known, ledger, now)
        site.build(view.open(ledger, known, Audience.INTERNAL, now), root / "site")
    return root / "site"


@pytest.mark.parametrize("width", [390, 700, 1280])
def test_no_page_is_wider_than_the_screen(folder: Path, browser: Browser, width: int) -> None:
    """Long names break; wide tables move by themselves, also where everything that folds is open."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    wide = {}
    for file in sorted(folder.rglob("*.html")):
        page.goto(file.as_uri())
        page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true })")
        if (seen := page.evaluate("document.documentElement.scrollWidth")) > width:
            wide[file.relative_to(folder).as_posix()] = seen
    page.close()
    assert wide == {}
