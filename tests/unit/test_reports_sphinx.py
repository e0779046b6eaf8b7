"""Reports in Sphinx: numbers that say which they are, figures that can be referred to, and builds that fail."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pypdfium2
import pytest

from headway.errors import PublishError, UsageError
from headway.ledger import Ledger
from headway.model import Audience, Catalog
from headway.publish import view
from headway.reports import answers, asked, documents, taking
from headway.sphinx import building, messages

WHOLE = """# Report

People: {kpi}`mau`, {kpi-status}`retention`, {kpi}`satisfaction or="not published"`; see {numref}`fig-revenue` and
{numref}`tab-money`.[^note]

:::{kpi-cards}
mau
retention
:::

```{kpi-chart} revenue
:name: fig-revenue
:through: 2026-06

In June: {kpi}`revenue 2026-06`.
```

:::{kpi-table} revenue margin
:name: tab-money
:periods: 2

Money.
:::

:::{kpi-why} mau
And a word of ours.
:::

:::{kpi-definition} revenue
:::

[^note]: From {kpi}`revenue format=exact`.
"""


def test_a_trend_is_read_aloud_in_words(
    tmp_path: Path, published: tuple[Ledger, Catalog], northlane: SimpleNamespace
) -> None:
    """Its characters are eighths of a block, which nobody wants to hear; a PDF has letters for them."""
    page = built("# T\n\nRevenue: {kpi-trend}`revenue 2026-10`.\n", tmp_path, published, northlane.NOW)
    assert 'aria-label="Trend from 2025-10 to 2026-10" class="kpi kpi-trend"' in page
    assert 'role="img"' in page
    building.build(tmp_path / "report.md", tmp_path / "snapshot.json", tmp_path, "typst")
    pdf = pypdfium2.PdfDocument(tmp_path / "report.pdf")
    assert re.search("Revenue: [▁▂▃▄▅▆▇█]{13}", pdf[len(pdf) - 1].get_textpage().get_text_range())


def built(text: str, folder: Path, published: tuple[Ledger, Catalog], now: object, name: str = "report") -> str:
    """The page of a document, all of it."""
    path = folder / f"{name}.md"
    path.write_text(text, "utf-8")
    seen = view.open(*published, Audience.INTERNAL, now)  # type: ignore[arg-type]  # the fixture's moment
    snapshot = folder / "snapshot.json"
    snapshot.write_text(taking.take(seen, documents.read(path).requests).text(), "utf-8")
    building.build(path, snapshot, folder / "out", "singlehtml")
    return (folder / "out" / f"{name}.html").read_text("utf-8")


def test_a_report_is_one_page(published: tuple[Ledger, Catalog], northlane: SimpleNamespace, tmp_path: Path) -> None:
    """Without a warning of Sphinx: numbers can be traced, the figure and the table are numbered and referred to."""
    page = built(WHOLE, tmp_path, published, northlane.NOW)
    numbers = dict(re.findall(r'<(?:a|span) class="kpi"[^>]*data-kpi="(\w+)"[^>]*>([^<]+)<', page))
    assert {"mau", "revenue", "retention", "margin"} <= set(numbers)
    assert "not published" in page
    assert re.search(r'<span class="kpi st off"[^>]*><svg.*?</svg>Below target<', page, re.DOTALL)
    assert re.search(r'href="#fig-revenue"[^>]*><span class="std std-numref">Fig. 1</span>', page)
    assert re.search(r'href="#tab-money"[^>]*><span class="std std-numref">Table 1</span>', page)
    assert '<svg class="chart wide' in page
    assert "<details" in page
    assert "And a word of ours." in page
    assert not re.search(r"<script|https?://(?!www\.w3\.org)|\bNone\b|\bnan\b|\bnull\b", page)
    styles = (tmp_path / "out" / "_static" / "headway.css").read_text("utf-8")
    assert "--accent" in styles
    assert "http" not in styles


NOTED = """---
subtitle: For the board
headway: {contents: false}
---
# Report

There are {kpi}`mau` of them, {kpi-status}`retention`.

```{kpi-chart} mau
:name: fig-mau
:grain: day

People.
```

:::{kpi-table} revenue margin
:periods: 2
:::
"""


def test_a_report_on_paper(published: tuple[Ledger, Catalog], northlane: SimpleNamespace, tmp_path: Path) -> None:
    """It says the numbers of the page, what marks of its charts stand for, and on the cover whose it is."""
    ledger, catalog = published
    (tmp_path / "sign.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>', "utf-8"
    )
    ours = replace(catalog, root=tmp_path, brand=replace(catalog.brand, logo="sign.svg"))
    page = built(NOTED, tmp_path, (ledger, ours), northlane.NOW)
    building.build(tmp_path / "report.md", tmp_path / "snapshot.json", tmp_path / "out", "typst")
    with pypdfium2.PdfDocument(tmp_path / "out" / "report.pdf") as document:
        cover, *rest = (one.get_textpage().get_text_range() for one in document)
        drawn = [one.type for one in document[0].get_objects(max_depth=1)]
    text = re.sub(r"\s+", " ", " ".join(rest))
    assert [line.strip() for line in cover.splitlines()][:3] == [ours.title, "Report", "For the board"]
    assert "As published on" in cover
    assert "Contents" not in text
    assert drawn.count(pypdfium2.raw.FPDF_PAGEOBJ_PATH) == 2  # the logo and a rule
    numbers = re.findall(r'<(?:a|span) class="kpi"[^>]*data-kpi="\w+"[^>]*>([^<]+)<', page)
    assert len(numbers) >= 5
    assert [one for one in numbers if re.sub(r"\s+", " ", one) not in text] == []
    assert "1 Sep 2026. The term begins." in text
    assert "1 Sep 2026. The term begins." in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# A\n\n{kpi}`nothing`\n\n{kpi}`mau 1999`\n", ["report.md:3: there is no KPI 'nothing'", "report.md:5: "]),
        ("# A\n\n{numref}`fig-nothing`\n", ["nothing is called 'fig-nothing'"]),
    ],
)
def test_a_report_that_is_wrong_is_not_written(
    text: str, said: list[str], published: tuple[Ledger, Catalog], northlane: SimpleNamespace, tmp_path: Path
) -> None:
    """All that is wrong is told, with its line."""
    with pytest.raises(PublishError) as caught:
        built(text, tmp_path, published, northlane.NOW)
    told = [one.message for one in caught.value.mistakes]
    assert len(told) == len(said)
    assert all(one.startswith(start) for one, start in zip(told, said, strict=True))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "place", "message", "remedy"),
    [
        ("{kpy}`mau`", "3:9", "there is no role {kpy}", "Did you mean {kpi}?"),
        (":::{key-cards}\nmau\n:::", "4:4", "there is no directive {key-cards}", "Did you mean {kpi-cards}?"),
        ("{numref}`fig-no`", "3:18", "nothing is called 'fig-no'", ":name: fig-no"),
        ("[it](#nowhere)", "3:15", "'nowhere' leads nowhere", "one page"),
        ("{doc}`other`", "3:15", "'other' leads nowhere", "one page"),
        ("![it](no.png)", "3:15", "there is no file no.png", "the folder of the document"),
        ("it[^1]", "3:13", "nothing is called '1'", "[^1]: ..."),
    ],
)
def test_what_sphinx_says_is_told_in_our_words(
    text: str,
    place: str,
    message: str,
    remedy: str,
    published: tuple[Ledger, Catalog],
    northlane: SimpleNamespace,
    tmp_path: Path,
) -> None:
    """With the place of the word itself, though Sphinx knows the paragraph alone, and with the way out."""
    own = f"\n\n{text}" if text.startswith(":") else f"\nThis is {text}."
    with pytest.raises(PublishError) as caught:
        built(f"# A\n{own}\n", tmp_path, published, northlane.NOW)
    (one,) = caught.value.mistakes
    assert (str(one.place), one.message) == (f"report.md:{place}", message)
    assert remedy in (one.remedy or "")


def test_what_sphinx_seldom_says_is_told_as_it_is() -> None:
    """A letter that no font has, with what to do; what nobody foresaw, without Sphinx's names for its sorts."""
    said = ["a.md:1: no font has '\u4e2d' (U+4E2D): name a folder of fonts in typst_fonts", "a.md:2: Odd. [myst.odd]"]
    letter, odd = messages.mistakes(said, ["# A \u4e2d\u6587"])
    assert (str(letter.place), letter.message) == ("a.md:1:5", "no font has '\u4e2d'")
    assert (letter.remedy or "").startswith("Install a font")
    assert (odd.place, odd.message) == (None, "a.md:2: Odd.")


LISTED = """# Report

There are {kpi}`mau`, {kpi-change}`revenue 2026-10`, {kpi-status}`retention`, {kpi}`satisfaction or="not published"`,
and again {kpi}`mau`; see {numref}`numbers`.

:::{kpi-table} revenue margin
:periods: 2
:::

:::{kpi-appendix}
:name: numbers

Numbers in this report.
:::
"""


def test_a_report_lists_its_numbers(
    published: tuple[Ledger, Catalog], northlane: SimpleNamespace, tmp_path: Path
) -> None:
    """Each once, with its period and revision, on the page and on paper; not what is no number."""
    page = built(LISTED, tmp_path, published, northlane.NOW)
    building.build(tmp_path / "report.md", tmp_path / "snapshot.json", tmp_path / "out", "typst")
    table = page[page.index("kpi-appendix") :]
    rows = re.findall(r"<tr.*?</tr>", table[: table.index("</table>")], re.DOTALL)
    found = [
        [re.sub(r"<[^>]+>", "", one).strip() for one in re.findall(r"<td.*?</td>", row, re.DOTALL)] for row in rows
    ]
    listed = [row for row in found if row]
    both = "September 2026 to October 2026"
    assert [(name, period, revision) for name, period, _, revision in listed] == [
        ("Monthly active users", "20 Nov 2026", "1"),
        ("Revenue, change", "October 2026", "1"),
        ("Revenue", both, "1"),
        ("Gross margin", both, "1"),
    ]
    assert [value for _, _, value, _ in listed[2:]] == ["2 numbers", "1 number"]  # the other has none
    with pypdfium2.PdfDocument(tmp_path / "out" / "report.pdf") as document:
        paper = re.sub(r"\s+", " ", " ".join(one.get_textpage().get_text_range() for one in document))
    assert "Number Period Value Revision" in paper
    assert all(row[0] in paper and row[1] in paper for row in listed)


def test_a_list_of_numbers_needs_a_snapshot_that_knows_them(
    published: tuple[Ledger, Catalog], northlane: SimpleNamespace
) -> None:
    """It is taken with the document; the directive itself names none."""
    seen = view.open(*published, Audience.INTERNAL, northlane.NOW)
    with pytest.raises(UsageError) as caught:
        answers.answer(asked.directive("kpi-appendix", "", {}), taking.take(seen, None))
    assert caught.value.mistakes[0].slug == "not-in-snapshot"
    with pytest.raises(UsageError) as caught:
        asked.directive("kpi-appendix", "mau", {})
    assert caught.value.mistakes[0].slug == "report-syntax"
