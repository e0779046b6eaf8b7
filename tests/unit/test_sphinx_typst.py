"""Documents become PDF: every kind of node, any text, the same bytes, and nothing dropped without a word."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pypdfium2
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from headway.publish import tokens
from headway.sphinx.typst import markup

DRAWN = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="120"><path d="M0 99 600 9" stroke="#1549C6"/></svg>'
)
CONF = """
extensions = ["myst_parser", "sphinx_design", "headway.sphinx.typst"]
myst_enable_extensions = ["colon_fence", "deflist", "tasklist"]
numfig, numfig_secnum_depth = True, 0
"""
EVERYTHING = """\
# Growing communities

Prose with *emphasis*, **strong**, `code`, an [address](https://example.org/?a=b#c) and a footnote[^one]; then [^one].
See {numref}`figure-people`, {ref}`section-two` and [the other page](other.md).

[^one]: What is counted, in **one** sentence.

::::{grid} 1 1 2 2
:::{grid-item-card} Active people
7,512
:::
:::{grid-item-card} Hubs
:link: https://example.org/hubs
72
:::
::::

:::{dropdown} How we chose this measure
Because it is asked for.
:::

(section-two)=
## Figures of the year

:::{figure} drawn.svg
:name: figure-people
:alt: People rose from 99 to 9.

People, *by year*
:::

| Year | People | Share |
|------|--------|-------|
| 2024 | 1,234  | 12 %  |
| 2025 | \u2013      | 8.5 % |

### How it is done[^two]

[^two]: In {abbr}`KPI (key performance indicator)`s.

(steps)=
1. first
   - within

After the [steps](#steps):

Term
: Its definition

> Quoted words

```python
print("# not a heading")
```

:::{note}
Read this.
:::

- [x] done

<!-- for authors only -->

```{toctree}
other
```
"""
OTHER = "# Another page\n\nIts text, and a way [back](index.md).\n"

Built = SimpleNamespace
Build = Callable[..., SimpleNamespace]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Builds documents, by name, and gives the PDF's pages as text, what was warned of, and the file."""

    def built(conf: str = "", **documents: str) -> SimpleNamespace:
        folder = tmp_path_factory.mktemp("report")
        (folder / "conf.py").write_text(CONF + conf)
        (folder / "drawn.svg").write_text(DRAWN)
        for name, text in documents.items():
            (folder / f"{name}.md").write_text(text)
        told = io.StringIO()
        with patch_docutils(str(folder)), docutils_namespace():
            out = folder / "out"
            app = Sphinx(folder, folder, out, folder / "trees", "typst", status=None, warning=told, freshenv=True)
            app.build()
        file = out / "index.pdf"
        warned = re.sub(r"\x1b\[[\d;]*m", "", told.getvalue())
        return SimpleNamespace(pages=_pages(file) if file.exists() else [], warned=warned, file=file)

    return built


def _pages(file: Path) -> list[str]:
    with pypdfium2.PdfDocument(file) as document:
        return [page.get_textpage().get_text_range() for page in document]


@pytest.fixture(scope="module")
def whole(build: Build) -> SimpleNamespace:
    """A document with every kind of node, as a report that has a cover."""
    conf = (
        'typst_subtitle, typst_organisation, typst_created = "Third year", "The Network", "2026-10-14T08:00:00+00:00"'
    )
    return build(conf, index=EVERYTHING, other=OTHER)


def test_every_kind_of_node_is_on_paper(whole: SimpleNamespace) -> None:
    """Text of each of them is in the PDF, once, and nothing is warned of."""
    cover, contents, *body = whole.pages
    text = re.sub(r"\s+", " ", " ".join(body))
    assert whole.warned == ""
    assert [line.strip() for line in cover.splitlines()] == ["The Network", "Growing communities", "Third year"]
    assert "Contents" in contents
    told = [re.sub(r"[ .]+\d+\s*$", "", line) for line in contents.splitlines()]
    assert told[1:4] == ["Contents", "Figures of the year", "How it is done"]
    for said in (
        "Prose with emphasis, strong, code, an address and a footnote1; then 1.",
        "See Fig. 1, Figures of the year and the other page.",
        "Active people 7,512",
        "How we chose this measure Because it is asked for.",
        "Fig. 1 People, by year",
        "Year People Share 2024 1,234 12 % 2025 \u2013 8.5 %",
        "How it is done2 1. first • within After the steps:",
        "Term Its definition",
        "Quoted words",
        'print("# not a heading")',
        "Note Read this.",
        "☑ done",
        "Another page Its text, and a way back.",
        "1What is counted, in one sentence. 2In KPI (key performance indicator)s.",
    ):
        assert text.count(said) == 1, said
    assert "for authors" not in text


def test_pages_are_counted(whole: SimpleNamespace) -> None:
    """Each page but the cover says which it is, and of how many."""
    count = len(whole.pages)
    assert count >= 3
    assert [f"{number} / {count}" in page for number, page in enumerate(whole.pages, 1)] == [False] + [True] * (
        count - 1
    )


def test_it_can_be_read_aloud_and_kept(whole: SimpleNamespace) -> None:
    """It is tagged, names its language and title, and declares to be accessible and archived PDF of that day."""
    written = whole.file.read_bytes()
    for part in (b"/MarkInfo", b"/Lang(en)", b"<pdfuaid:part>1<", b"<pdfaid:part>2<", b"2026-10-14T08:00:00"):
        assert part in written, part
    assert 'alt: "People rose from 99 to 9."' in whole.file.with_suffix(".typ").read_text()


def test_the_same_report_is_the_same_file(build: Build, whole: SimpleNamespace) -> None:
    """Built again in another folder, no byte differs."""
    conf = (
        'typst_subtitle, typst_organisation, typst_created = "Third year", "The Network", "2026-10-14T08:00:00+00:00"'
    )
    assert build(conf, index=EVERYTHING, other=OTHER).file.read_bytes() == whole.file.read_bytes()


def test_what_has_no_form_is_told_and_kept(build: Build) -> None:
    """An unknown node, HTML and a picture without words are warned of with their place; their text is there."""
    odd = "# Title\n\nA sum {math}`a+b`.\n\nAnd <b>bold</b>.\n\n<p>Lost?</p>\n\n![](drawn.svg)\n"
    made = build("typst_cover = typst_contents = False", index=odd)
    warned = made.warned.replace(str(made.file.parent.parent), "")
    assert "/index.md:3: WARNING: a PDF has no form for 'math'" in warned
    assert "/index.md:7: WARNING: HTML is no part of a PDF, and this says 'Lost?'" in warned
    assert "/index.md:9: WARNING: a picture needs words for those who do not see it" in warned
    text = re.sub(r"\s+", " ", " ".join(made.pages))
    assert "A sum a+b. And bold. Lost?" in text


@pytest.mark.parametrize(("text", "pages"), [("Said.", 2), ("## One\n\nSaid.", 2), ("## One\n\n## Two\n\nSaid.", 3)])
def test_contents_that_say_nothing_are_left_out(build: Build, text: str, pages: int) -> None:
    """A page of contents with one section, or none, would be almost empty."""
    made = build(index=f"# Title\n\n{text}\n")
    assert len(made.pages) == pages
    assert ("Contents" in made.pages[1]) == (pages == 3)


JUDGED = """
from headway.sphinx.drawing import kpi_number
typst_cover = typst_contents = False
def judged(name, raw, text, *rest, **options):
    return [kpi_number(text, text, told={}, status="on", link="https://example.org/kpi/mau.html")], []
def setup(app):
    app.add_node(kpi_number)
    app.add_role("judged", judged)
"""


def test_a_status_is_an_icon_and_its_word(build: Build) -> None:
    """The word stands beside an icon in the colour of the pages, which is not read aloud, and leads to the KPI."""
    made = build(JUDGED, index="# Title\n\nPeople: {judged}`On target`.\n")
    assert made.warned == ""
    assert "People: On target." in made.pages[0]
    assert b"https://example.org/kpi/mau.html" in made.file.read_bytes()
    assert tokens.light()["on"] in (made.file.parent / "images" / "status-on.svg").read_text()


def test_letters_that_no_font_has_are_told(build: Build) -> None:
    """A letter that is none cannot be printed: its place is named, and there is no PDF that lacks it."""
    made = build(index="# Title\n\nA letter \u0378 of our own.\n")
    assert "index.md:3: WARNING: no font has '\u0378' (U+0378): name a folder of fonts in typst_fonts" in made.warned
    assert made.pages == []


def test_long_and_wide_tables(build: Build) -> None:
    """A table's head stands on each of its pages. One that is wider than a page lies on its own."""
    long = "| Quarter | Contracts |\n|---|---|\n" + "".join(f"| row {n} | {n} |\n" for n in range(90))
    wide = "| Hub |" + "Contracts |" * 12 + "\n|---|" + "---|" * 12 + "\n| one |" + " 12345678 |" * 12 + "\n"
    years = "|  |" + " Q1 2025 |" * 12 + "\n|---|" + "---|" * 12 + "\n| one |" + " 12 |" * 12 + "\n"
    made = build("typst_cover = typst_contents = False", index=f"# T\n\n{long}\n\n{wide}\n\n{years}\n")
    assert made.warned == ""
    with pypdfium2.PdfDocument(made.file) as document:
        lying = [page.get_width() > page.get_height() for page in document]
    assert lying.count(True) == 1
    upright = [page for page, lies in zip(made.pages, lying, strict=True) if not lies and "row" in page]
    assert len(upright) > 1
    assert all("Quarter" in page for page in upright)


@pytest.mark.parametrize(
    ("cells", "figures"),
    [
        (("1,234", "\u2013", "5"), True),
        (("12 %", "+4.5 %"), True),
        (("\u22123", "€ 1 200", "USD"), False),
        (("$5.5 M", "320 k"), True),
        (("\u2013", ""), False),
        (("2024-05", "withheld"), False),
        (("7 512 people", "6,900 people"), True),
    ],
)
def test_columns_of_figures(cells: tuple[str, ...], figures: bool) -> None:
    """A column is one of figures where it holds some, and nothing else but dashes for none."""
    assert markup.numeric(cells) is figures


#: What Typst would read as markup, code or a comment if it came from anywhere but a string.
_TRAPS = ("#let x = 1", "*a*", "_b_", "[", "]", "\\", '"', "//", "/*", "*/", "$x$", "@ref", "<l>", "= h", "- i", "+ j",
          "1. k", "`r`", "~", "--", "...", "-5", "'q'", "https://e.org", "#", "{", "}",
          "/ t: d", "\\u{41}")  # fmt: skip
_LETTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "S"), max_codepoint=0x17F)
_WORDS = st.lists(st.one_of(st.sampled_from(_TRAPS), st.text(_LETTERS, min_size=1, max_size=5)), min_size=1, max_size=8)


_COMPILER = typst.Compiler(font_paths=typst.Fonts(include_system_fonts=False))


@settings(max_examples=15, deadline=None)
@given(st.lists(_WORDS.map("".join), min_size=1, max_size=6))
def test_any_text_comes_out_as_it_went_in(texts: list[str]) -> None:
    """In a sentence, in code, in a heading, in a cell and in a footnote: no text is ever read as Typst."""
    said = [word for text in texts for word in (text,) * 4]
    source = "#set page(width: 3000pt, height: 9000pt)\n#set text(hyphenate: false, ligatures: false)\n"
    for text in texts:
        words = markup.words(text)
        source += f"{words}\n\n#raw({markup.string(text)})\n\n#heading[{words}]\n\n#table([{words}])\n\n"
    made = _COMPILER.compile(source.encode())
    assert isinstance(made, bytes)
    with pypdfium2.PdfDocument(made) as document:
        read = "".join(page.get_textpage().get_text_range() for page in document)
    read = read.replace("\ufffe", "-")  # how PDFium tells a hyphen at the end of a line
    assert "".join(read.split()) == "".join("".join(said).split())
