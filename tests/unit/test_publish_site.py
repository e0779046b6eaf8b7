"""The built site: whole, safe, self-contained, and put in place at once."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from enum import Enum
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest

from headway.errors import PublishError, UsageError
from headway.ledger import Ledger
from headway.model import Audience, Brand, Catalog
from headway.publish import site, view
from headway.publish.html import Pages
from headway.publish.site import Built
from headway.publish.twin import FORMAT, plain, twin

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Outline(HTMLParser):
    """What a page holds: its links, ids, text, and whether every element that opens is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.inline: list[str] = []
        self.text: list[str] = []
        self.faults: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.faults += [f"not closed: {tag}" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.links += [v for k in ("href", "src", "action") if (v := values.get(k)) is not None]
        self.ids += [v for k in ("id",) if (v := values.get(k))]
        self.inline += [k for k in values if k == "style" or k.startswith("on")]
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.faults.append(f"closed but not open: {tag}")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def built(
    published: tuple[Ledger, Catalog], northlane: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory
) -> Built:
    """Northlane's site for its own people."""
    folder = tmp_path_factory.mktemp("sites") / "site"
    return site.build(view.open(*published, Audience.INTERNAL, northlane.NOW), folder)


def pages(built: Built) -> list[tuple[str, str]]:
    """Every HTML page with its path; not the cards, which other sites frame and which have tests of their own."""
    paths = (path for path in built.files if path.endswith(".html") and not path.endswith(".card.html"))
    return [(path, (built.folder / path).read_text(encoding="utf-8")) for path in paths]


def test_every_link_leads_somewhere(built: Built) -> None:
    """Links are relative and end at a file of the site, and fragments at an element of the page."""
    for path, html in pages(built):
        outline = Outline(html)
        for link in outline.links:
            parts = urlsplit(link)
            if parts.scheme == "mailto":
                continue
            assert not parts.scheme, f"{path} leads out of the site: {link}"
            assert not parts.netloc
            assert not parts.path.startswith("/")
            if parts.path:
                target = (built.folder / path).parent / unquote(parts.path)
                assert target.resolve().is_file(), f"{path}: {link}"
            elif parts.fragment:
                assert parts.fragment in outline.ids, f"{path}: {link}"


def test_pages_are_well_formed(built: Built) -> None:
    """Elements nest, ids are unique, and nothing runs or is styled inline."""
    for path, html in pages(built):
        outline = Outline(html)
        assert not outline.faults, path
        assert len(outline.ids) == len(set(outline.ids)), path
        assert not outline.inline, path
        assert "<script>" not in html
        assert html.count("<h1>") == 1


def test_nothing_comes_from_elsewhere(built: Built) -> None:
    """No page, style or script names another address; a policy forbids it besides."""
    for path in built.files:
        if path.endswith((".html", ".css", ".js")):
            text = (built.folder / path).read_text(encoding="utf-8")
            assert not re.search(r"https?://|//[a-z]+\.|@import|url\((?!#)", text), path
    for _, html in pages(built):
        assert "default-src 'none'" in unescape(html)


def test_no_page_shows_a_gap(built: Built) -> None:
    """Nothing reads null, None, nan or undefined as a value would."""
    for path, html in pages(built):
        words = " ".join(Outline(html).text)
        assert not re.search(r"\b(null|NaN|nan|undefined)\b", words), path
        assert "<td></td>" not in html.replace(' class="r"', ""), path


def test_a_planned_kpi_has_one_page_and_nothing_to_download(built: Built) -> None:
    """What is not tracked yet has a page that says so, and no empty tables or files."""
    paths = [path for path in built.files if path.startswith("kpi/peak_users.")]
    assert paths == [f"kpi/peak_users.{kind}" for kind in ("html", "json", "card.html", "badge.svg")]
    html = (built.folder / paths[0]).read_text(encoding="utf-8")
    assert "The first value is due 31 Jan 2027." in html
    assert ".csv" not in html


def test_a_missing_target_is_said_once(built: Built) -> None:
    """A row whose status says that there is no target does not say it again beside it."""
    for path, html in pages(built):
        assert not re.search(r"No target</span></td>\s*<td[^>]*>No target<", html), path


def test_the_brand_is_on_every_page(
    published: tuple[Ledger, Catalog], northlane: SimpleNamespace, tmp_path: Path
) -> None:
    """Name, logo and accent are the organisation's; each page shows the logo from a file of the site."""
    ledger, catalog = published
    logo = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    brand = Brand("North", "sign.svg", "#7a1fa2", "#d9a6ee")
    branded = replace(catalog, files={"sign.svg": logo}, brand=brand)
    found = site.build(view.open(ledger, branded, Audience.PUBLIC, northlane.NOW), tmp_path / "site")
    for path, html in pages(found):
        outline = Outline(html)
        assert "North" in outline.text, path
        assert f'<img src="{"../" * path.count("/")}assets/logo.svg" alt="">' in html, path
    assert (found.folder / "assets/logo.svg").read_bytes() == logo
    css = (found.folder / "assets/headway.css").read_text(encoding="utf-8")
    assert css.count("--accent: #7a1fa2") == 1
    assert css.count("--accent: #d9a6ee") == 2
    assert "#7a1fa2" in (found.folder / "assets/icon.svg").read_text(encoding="utf-8")


def test_titles_are_escaped(built: Built) -> None:
    """A title that looks like markup is text."""
    page = (built.folder / "kpi/old_logins.html").read_text(encoding="utf-8")
    assert "<script>alert(1)</script>" not in page
    assert "Logins &lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_twins_show_the_same_numbers(built: Built) -> None:
    """Each page has a JSON twin beside it, whose texts stand on the page."""
    for path, html in pages(built):
        if path == "404.html":
            continue
        twin = json.loads((built.folder / path.replace(".html", ".json")).read_text(encoding="utf-8"))
        assert twin["format"] == 1
        words = " ".join("".join(Outline(html).text).split())
        if path.startswith("kpi/"):
            assert " ".join(twin["tile"]["shown"]["text"].split()) in words, path
            for row in twin["rows"][:12]:
                assert " ".join(row["full"].split()) in words, (path, row["period"])
        elif path == "index.html":
            for tile in twin["headlines"]:
                assert " ".join(tile["shown"]["text"].split()) in words


def test_a_twin_is_the_page_as_plain_values(published: tuple[Ledger, Catalog], northlane: SimpleNamespace) -> None:
    """No field of a page is lost in its twin, but for sizes of type, and none is another."""

    def spelled(thing: object) -> object:
        if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
            return {f.name: spelled(getattr(thing, f.name)) for f in dataclasses.fields(thing) if f.name != "pieces"}
        if isinstance(thing, Mapping):
            return {str(key): spelled(value) for key, value in thing.items()}
        if isinstance(thing, list | tuple):
            return [spelled(item) for item in thing]
        if isinstance(thing, date | datetime):
            return thing.isoformat()
        return thing.value if isinstance(thing, Enum) else thing

    shown = view.open(*published, Audience.INTERNAL, northlane.NOW)
    some = [shown.front(), shown.catalogue(), shown.quality(), *(shown.kpi(name) for name in shown.names)]
    for page in some:
        said = spelled(page)
        assert isinstance(said, dict)
        assert json.loads(twin(page)) == {"format": FORMAT, **said}
        assert plain(page) == said


def test_icons_are_drawn(built: Built) -> None:
    """Each drawing that a page uses is in the page, once."""
    for path, html in pages(built):
        used = set(re.findall(r'href="#i-([\w-]+)"', html))
        drawn = re.findall(r'<symbol id="i-([\w-]+)"', html)
        assert used == set(drawn), path
        assert len(drawn) == len(set(drawn)), path


def test_a_build_replaces_a_build(built: Built, published: tuple[Ledger, Catalog], northlane: SimpleNamespace) -> None:
    """A second build replaces the first, leaves nothing of it behind and no folder beside it."""
    (built.folder / "stray.txt").write_text("old")
    again = site.build(view.open(*published, Audience.INTERNAL, northlane.NOW), built.folder)
    assert not (built.folder / "stray.txt").exists()
    assert again.files == built.files
    assert [p.name for p in built.folder.parent.iterdir()] == [built.folder.name]


def test_the_same_input_gives_the_same_bytes(published: tuple[Ledger, Catalog], northlane: SimpleNamespace) -> None:
    """A page depends on the ledger, the catalogue, the reader and the moment alone."""
    first, second = (Pages(view.open(*published, Audience.PUBLIC, northlane.NOW)) for _ in range(2))
    for path in ("index.html", "kpi/mau.html", "kpi/revenue.quarter.json"):
        assert first.get(path) == second.get(path)


def test_a_foreign_folder_is_left_alone(
    published: tuple[Ledger, Catalog], northlane: SimpleNamespace, tmp_path: Path
) -> None:
    """A folder with anything in it that is not a build, or a file, is refused untouched."""
    (tmp_path / "thesis.txt").write_text("years of work")
    public = view.open(*published, Audience.PUBLIC, northlane.NOW)
    with pytest.raises(UsageError, match="not empty") as error:
        site.build(public, tmp_path)
    assert error.value.slug == "folder-not-empty"
    with pytest.raises(UsageError, match="is a file"):
        site.build(public, tmp_path / "thesis.txt")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_cannot_be_written(published: tuple[Ledger, Catalog], northlane: SimpleNamespace, tmp_path: Path) -> None:
    """A place that is no folder is a publishing error with a remedy."""
    (tmp_path / "file").write_text("")
    with pytest.raises(PublishError) as error:
        site.build(view.open(*published, Audience.PUBLIC, northlane.NOW), tmp_path / "file" / "site")
    assert error.value.slug == "not-writable"
    assert "Choose a folder" in str(error.value)


def test_the_public_site(published: tuple[Ledger, Catalog], northlane: SimpleNamespace, tmp_path: Path) -> None:
    """No file for the public holds anything of an internal KPI; the build says what it left out."""
    public = site.build(view.open(*published, Audience.PUBLIC, northlane.NOW), tmp_path / "public")
    assert public.left_out == ("secret_cost",)
    for path in public.files:
        content = (public.folder / path).read_bytes()
        assert b"secret_cost" not in content
        assert b"Payroll of the board" not in content


def test_unknown_paths(published: tuple[Ledger, Catalog], northlane: SimpleNamespace) -> None:
    """Only the paths of a site lead somewhere, and each to one document."""
    found = Pages(view.open(*published, Audience.PUBLIC, northlane.NOW))
    for path in (
        "", "x.html", "kpi/nothing.html", "kpi/secret_cost.html", "kpi/mau.day.html", "kpi/mau.csv", "kpi/mau.hour.csv",
        "kpi/mau.cells.html", "kpi/revenue.month.cells.csv", "kpi/../index.html", "kpi/mau.eon.html",
        "assets/tokens.css",
    ):  # fmt: skip
        assert found.get(path) is None, path
