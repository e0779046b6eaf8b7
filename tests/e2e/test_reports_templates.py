"""Reports of templates by command: for a period, from one's own file, and one for each cell."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Shop

SHELF = """---
headway: {audience: internal, every: day}
---
# {{ cell.label }}, {{ period.label }}

{% for kpi in kpis if kpi.has_number %}
{kpi-sentence}`{{ kpi }}`
{% endfor %}
"""


def test_a_template_that_comes_with_headway_is_made(shop: Shop) -> None:
    """For the period that is asked for, as a page and a PDF, or as the document that became of it."""
    assert shop.run().code == 0
    out = shop.root / "out"
    answer = shop.headway("report", "build", "daily", "--period", "2026-03-08", "-o", str(out))
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == f"Wrote {out / 'daily.html'} and {out / 'daily.pdf'}.\n"
    page = (out / "daily.html").read_text("utf-8")
    assert "<h1>The corner shop, 8 Mar 2026" in page
    assert 'data-kpi="visitors" data-period="2026-03-08"' in page
    answer = shop.headway("report", "build", "weekly", "--period", "2026-W09", "--markdown", "-o", str(out))
    assert (answer.code, answer.err) == (0, "")
    made = (out / "weekly.md").read_text("utf-8")
    assert "{kpi}`visits 2026-W09 format=unit`" in made
    (out / "weekly.md").rename(shop.root / "week.md")
    assert shop.headway("report", "build", str(shop.root / "week.md"), "--html", "-o", str(out)).code == 0


@pytest.mark.parametrize("name", ["daily", "weekly", "monthly", "quarterly", "letter"])
def test_a_small_project_has_every_report(shop: Shop, name: str) -> None:
    """Four KPIs without a rank, an area or an alert are enough; what there is nothing to say of is left out."""
    assert shop.run().code == 0
    period = {"daily": "2026-03-08", "weekly": "2026-W09", "quarterly": "2025-Q4"}.get(name, "2026-02")
    for audience in ("public", "internal"):
        answer = shop.headway(
            "report", "build", name, "--period", period, "--audience", audience, "-o", str(shop.root / "out")
        )
        assert (answer.code, answer.err) == (0, "")


def test_a_template_is_printed_to_be_changed(shop: Shop) -> None:
    """What is printed makes the same report, from a file of one's own."""
    assert shop.run().code == 0
    command = [sys.executable, "-m", "headway", "report", "template"]
    listed, printed = (
        subprocess.run([*command, *name], check=True, capture_output=True).stdout.decode() for name in ([], ["daily"])
    )
    assert listed.split() == ["daily", "letter", "monthly", "quarterly", "weekly"]
    shop.write("mine.md.jinja", printed.replace("What needs somebody", "Now"))
    mine, out = str(shop.root / "mine.md.jinja"), shop.root / "out"
    answer = shop.headway("report", "build", mine, "--period", "2026-03-08", "--markdown", "-o", str(out))
    assert (answer.code, answer.err) == (0, "")
    shop.headway("report", "build", "daily", "--period", "2026-03-08", "--markdown", "-o", str(out))
    assert (out / "mine.md").read_text("utf-8") == (out / "daily.md").read_text("utf-8").replace(
        "What needs somebody", "Now"
    )


def test_one_is_made_for_each_cell(shop: Shop) -> None:
    """Each with its own name and numbers, or one that is asked for; what has none is told with those that have."""
    assert shop.run().code == 0
    shop.write("shelf.md.jinja", SHELF)
    template, out = str(shop.root / "shelf.md.jinja"), shop.root / "out"
    asked = ("report", "build", template, "--period", "2026-03-08", "--html", "-o", str(out))
    answer = shop.headway(*asked, "--for-each", "shelf")
    assert (answer.code, answer.err) == (0, "")
    assert sorted(path.name for path in out.glob("*.html")) == ["shelf-books.html", "shelf-maps.html"]
    page = (out / "shelf-books.html").read_text("utf-8")
    assert 'data-cell="shelf=books"' in page
    assert "maps" not in page
    answer = shop.headway(*asked, "--for", "shelf=map")
    assert (answer.code, "Did you mean 'maps'?" in answer.err) == (2, True)
    answer = shop.headway(*asked, "--for", "shelf=maps", "--for-each", "shelf")
    assert (answer.code, "[unknown-option]" in answer.err) == (2, True)


def test_what_is_wrong_with_a_template_has_its_line(shop: Shop) -> None:
    """And nothing is written; one for a cell that asks for a total is told which KPI it is."""
    assert shop.run().code == 0
    shop.write("shelf.md.jinja", SHELF + "{{ kpi.titel }}\n")
    template, out = str(shop.root / "shelf.md.jinja"), shop.root / "out"
    asked = ("report", "build", template, "--period", "2026-03-08", "--html", "-o", str(out), "--for", "shelf=maps")
    answer = shop.headway(*asked)
    assert (answer.code, f"{template}:9:1: there is no 'kpi'; did you mean 'kpis'? [template]" in answer.err) == (
        2,
        True,
    ), answer.err
    shop.write("shelf.md.jinja", SHELF + "{kpi}`visits 2026-03-08`\n")
    answer = shop.headway(*asked)
    assert (answer.code, "Visits is asked for the total" in answer.err) == (2, True), answer.err
    assert not out.exists()
