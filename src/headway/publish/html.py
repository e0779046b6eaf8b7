"""From the read model to files: which paths there are, and the bytes of each. Shared by the site and the server.

Every page is whole without JavaScript and links relatively, so that it works below any address and from disk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import PurePosixPath
from urllib.parse import parse_qsl, urlencode

from markupsafe import Markup

from headway import charts
from headway.errors import Mistake, UsageError
from headway.model import Audience
from headway.periods import Grain
from headway.publish import asked, badge, boardwords, figures, finding, graph, pages, tokens
from headway.publish.asked import Asked
from headway.publish.boardpages import BoardPage, ChartTile
from headway.publish.bundle import bundle
from headway.publish.findingpages import Filter
from headway.publish.kpipages import KpiPage
from headway.publish.objectivepages import KeyResultRow, ObjectivePage
from headway.publish.rendering import asset, chart, icon, lively, render
from headway.publish.twin import Page, twin
from headway.publish.view import View
from headway.publish.writing import Writing

#: What a page may load: its own style, script and icon; nothing from anywhere else, and no inline code.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'none'; "
    "form-action 'self'; base-uri 'none'"
)
_ASSETS = {
    "assets/headway.css": (
        "text/css; charset=utf-8",
        ("tokens.css", "drawn.css", "headway.css", "boards.css", "chart.css"),
    ),
    "assets/headway.js": ("text/javascript; charset=utf-8", ("headway.js",)),
    "assets/chart.js": ("text/javascript; charset=utf-8", ("chart.js",)),
    "assets/icon.svg": ("image/svg+xml", ("icon.svg",)),
}
#: What draws the charts of boards on another scale, loaded when a reader touches one.
_VEGA = "assets/vega.js"
#: What a page loads besides while its catalogue is written, and of whom it may then ask what changed.
_FOLLOW = "assets/follow.js"
WRITING_POLICY = POLICY.replace("connect-src 'none'", "connect-src 'self'")
#: The accents of the tokens, light and dark, and what takes their place.
_ACCENT = ("#1F4FC4", "#8FB0FF")
_ACCENTED = """
/* The organisation's accent. */
@media screen {{ :root {{ --accent: {light}; }} }}
@media screen and (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ --accent: {dark}; }} }}
@media screen {{ :root[data-theme="dark"] {{ --accent: {dark}; }} }}
"""
_AREA_PATH = re.compile(r"area/([a-z0-9_]+)\.(?:html|json)")
_OBJECTIVE_PATH = re.compile(r"objective/([a-z0-9_]+)\.(?:html|json)")
_BOARD_PATH = re.compile(r"board/([a-z0-9_]+)(?:/([a-z0-9-]+))?\.(?:html|json)")
_KPI_PATH = re.compile(r"kpi/([a-z0-9_]+)(?:\.([a-z]+))?(\.cells)?\.(html|json|csv|svg|png)")
#: The chart of a page as a file: a server draws the PNG when it is asked for.
_PICTURES = {False: ("svg",), True: ("svg", "png")}
#: What other sites show of a KPI.
_OUTSIDE_PATH = re.compile(r"kpi/([a-z0-9_]+)\.(card\.html|badge\.svg)")
#: Rows of a table on a page; the CSV has all of them.
ROWS = {"hour": 24, "day": 14, "week": 13, "month": 24, "quarter": 12, "year": 12}
CELLS = 40


@dataclass(frozen=True, slots=True)
class Document:
    """The bytes of one path, and what they are. `status` is 400 for a page that was asked for what there is not."""

    content: bytes
    media_type: str
    status: int = 200
    #: Of what other sites may show, whom it is for.
    outside: Audience | None = None


class Pages:
    """All files of one view. `get` makes one; nothing is drawn before it is asked for.

    `served` pages stand on a server, which answers to a query; files do not. While somebody is `writing` the catalogue,
    pages say what is wrong in it and follow its files.
    """

    def __init__(self, view: View, writing: Writing | None = None, *, served: bool = False) -> None:
        self.view = view
        self.served = served
        self.writing = writing
        #: What the pages may load.
        self.policy = WRITING_POLICY if writing else POLICY
        self._periods = view.periods
        self._last: tuple[tuple[str, Grain, Asked | None], KpiPage] | None = None
        self._last_main: tuple[KpiPage, str, charts.Figure | None] | None = None
        self._last_board: tuple[tuple[str, str], BoardPage] | None = None

    def paths(self, drawn: Callable[[str, Grain], bool] | None = None) -> Iterator[str]:
        """Every path there is, in the order in which a site is written.

        `drawn` says if the page of a KPI at a grain has a chart, for those who need not read its numbers to know.
        """
        drawn = drawn or self.view.kpis.drawn
        yield from self._files()
        yield from ("index.html", "index.json", "kpis.html", "kpis.json", "quality.html", "quality.json", "404.html")
        for area in self.view.areas:
            yield from (f"area/{area.name}.html", f"area/{area.name}.json")
        if self.view.happened:
            yield from ("notes.html", "notes.json")
        if self.view.pursued:
            yield from ("objectives.html", "objectives.json")
        for objective in self.view.pursued:
            yield from (f"objective/{objective.name}.html", f"objective/{objective.name}.json")
        if self.view.has_alerts:
            yield from ("alerts.html", "alerts.json")
        for path in self.view.boards.paths():
            yield from (f"{path}.html", f"{path}.json")
        for name in self.view.names:
            kpi = self.view.catalog.kpis[name]
            for grain in self.view.grains(name):
                path = stem(name, grain, kpi.front)
                yield from (f"{path}.html", f"{path}.json")
                if not self.view.published.planned(name):
                    yield f"kpi/{name}.{grain}.csv"
                if drawn(name, grain):
                    yield f"{path}.svg"
            yield from (f"kpi/{name}.card.html", f"kpi/{name}.badge.svg")
            yield from (f"kpi/{name}.{grain}.cells.csv" for grain in self.view.grains(name, cell=True))

    def _files(self) -> Iterator[str]:
        """What pages load."""
        yield from _ASSETS
        if self.view.boards.links():
            yield _VEGA
        if self._logo is not None:
            yield self._logo

    def get(self, path: str, query: str = "") -> Document | None:
        """The document at a path, or None if there is none for this reader.

        A query narrows the catalogue, and chooses what the page of a KPI shows. One that is asked for what there is
        not says so; UsageError from its twin.
        """
        if path.startswith("assets/"):
            return self._file(path)
        match path:
            case "index.html" | "index.json":
                return self._document(path, "front.html", self.view.front())
            case "kpis.html" | "kpis.json":
                return self._catalogue(path, dict(parse_qsl(query)))
            case "notes.html" | "notes.json" if self.view.happened:
                return self._document(path, "notes.html", self.view.notes(), named=finding.NAMED)
            case "quality.html" | "quality.json":
                return self._document(path, "quality.html", self.view.quality())
            case "objectives.html" | "objectives.json" if self.view.pursued:
                return self._document(path, "objectives.html", self.view.all_objectives())
            case "alerts.html" | "alerts.json" if self.view.has_alerts:
                return self._document(path, "alerts.html", self.view.alerts())
            case "404.html":
                return Document(self.missing().encode(), "text/html; charset=utf-8")
        return self._one(path, query)

    def _one(self, path: str, query: str) -> Document | None:
        """The document of one area, objective, board or KPI."""
        if (match := _AREA_PATH.fullmatch(path)) is not None:
            known = match[1] in {one.name for one in self.view.areas}
            return self._area(path, match[1]) if known else None
        if (match := _OBJECTIVE_PATH.fullmatch(path)) is not None:
            known = match[1] in {one.name for one in self.view.pursued}
            return self._document(path, "objective.html", self.view.objective(match[1])) if known else None
        if (match := _BOARD_PATH.fullmatch(path)) is not None:
            return self._board(path, match[1], match[2] or "")
        if (match := _OUTSIDE_PATH.fullmatch(path)) is not None:
            return self._outside(match[1], match[2]) if match[1] in self.view.names else None
        return self._kpi(path, asked.normal(query) if self.served else "")

    def _outside(self, name: str, kind: str) -> Document:
        """What other sites show of a KPI: its card, in a frame, or its badge."""
        tile, whom = self.view.tile(name), self.view.catalog.kpis[name].audience
        if kind == "badge.svg":
            return Document(badge.badge(tile, icon(tile.verdict.slug)).encode(), "image/svg+xml", outside=whom)
        html = render("card.html", tile=tile, stamp=self.view.stamp_of(tile.name), policy=POLICY)
        return Document(html.encode(), "text/html; charset=utf-8", outside=whom)

    def _file(self, path: str) -> Document | None:
        """Something that pages load."""
        if path in _ASSETS:
            media_type, parts = _ASSETS[path]
            return Document(self._branded(path, "\n".join(map(asset, parts))).encode(), media_type)
        if path == _FOLLOW and self.writing:
            return Document(asset("follow.js").encode(), "text/javascript; charset=utf-8")
        if path == _VEGA and (self.served or self.view.boards.links()):
            return Document(bundle(self.view.catalog.root), "text/javascript; charset=utf-8")
        if path == self._logo:
            content = self.view.catalog.files[str(self.view.catalog.brand.logo)]
            return Document(content, "image/png" if path.endswith(".png") else "image/svg+xml")
        return None

    def _board(self, path: str, name: str, slug: str) -> Document | None:
        """A board, or its page for one cell; the HTML and its twin are asked for one after the other."""
        if name not in self.view.boards.visible or (slug and slug not in self.view.boards.slugs(name)):
            return None
        return self._document(path, "board.html", self.board(name, slug))

    def board(self, name: str, slug: str) -> BoardPage:
        """What a board's page says."""
        if self._last_board is None or self._last_board[0] != (name, slug):
            self._last_board = (name, slug), self.view.boards.page(name, slug)
        return self._last_board[1]

    def frame(self) -> str:
        """What stands around every page, without what its foot says of a run."""
        return self.missing(stamp=replace(self.view.stamp, run=None, computed="", fingerprint=""))

    def missing(self, root: str = "", stamp: pages.Stamp | None = None) -> str:
        """The page for an address that leads nowhere; `root` leads from that address to the front page."""
        return render("missing.html", root=root, path="", **(self._around | {"stamp": stamp or self.view.stamp}))

    @property
    def _around(self) -> dict[str, object]:
        """What stands around every page."""
        return {
            "policy": self.policy,
            "writing": self.writing,
            "logo": self._logo,
            "objectives": bool(self.view.pursued),
            "boards": self.view.boards.links(),
            "served": self.served,
            "notes_page": self.view.happened,
        }

    @property
    def _logo(self) -> str | None:
        """The path of the organisation's logo, if it has one."""
        logo = self.view.catalog.brand.logo
        return f"assets/logo{PurePosixPath(logo).suffix.lower()}" if logo else None

    def _branded(self, path: str, text: str) -> str:
        """An asset in the organisation's colour. Only the accent is theirs: a status keeps its own."""
        brand = self.view.catalog.brand
        light, dark = brand.accent or _ACCENT[0], brand.accent_dark or _ACCENT[1]
        if path.endswith(".css"):
            return accented(text, light, dark)
        return text.replace(_ACCENT[0], light).replace(_ACCENT[1], dark) if path.endswith(".svg") else text

    def _catalogue(self, path: str, query: Mapping[str, str]) -> Document:
        """The catalogue. A page has all of it, what does not fit hidden: the script shows it as a reader types."""
        page = self.view.catalogue(query)
        whole = self.view.catalogue() if query else page
        chosen = {one.name: one.chosen.value for one in page.filters if one.chosen} | ({"q": page.q} if page.q else {})
        without = {one: urlencode({key: value for key, value in chosen.items() if key != one}) for one in chosen}
        return self._document(
            path, "kpis.html", page, whole=whole, without=without, **_listed(page.tiles, page.filters)
        )

    def _area(self, path: str, name: str) -> Document:
        page = self.view.area(name)
        group = pages.Group("", page.title, page.tiles)
        drawn = _listed(page.tiles, self.view.catalogue().filters)
        return self._document(path, "area.html", page, groups=(group,), **drawn)

    def _kpi(self, path: str, query: str) -> Document | None:
        match = _KPI_PATH.fullmatch(path)
        if match is None or match[1] not in self.view.names or (match[2] and match[2] not in set(Grain)):
            return None
        kpi = self.view.catalog.kpis[match[1]]
        grain = Grain(match[2]) if match[2] else kpi.front
        if grain not in self.view.grains(kpi.name, cell=bool(match[3])):
            return None
        if match[4] == "csv":
            if not match[2] or self.view.published.planned(kpi.name):
                return None
            # A byte order mark, without which spreadsheets read UTF-8 as something else.
            text = "\ufeff" + self.view.kpis.csv(kpi.name, grain, cells=bool(match[3]))
            return Document(text.encode(), "text/csv; charset=utf-8")
        if match[3] or f"{stem(kpi.name, grain, kpi.front)}.{match[4]}" != path:
            return None
        wanted: Asked | None = None
        wrong: tuple[Mistake, ...] = ()
        try:
            wanted = self.view.kpis.asked(kpi.name, query, grain) if self.served else None
            page = self._page(kpi.name, grain, wanted if query else None)
        except UsageError as error:
            if match[4] != "html":
                raise
            wanted, wrong = self.view.kpis.asked(kpi.name, "", grain), error.mistakes
            page, query = self._page(kpi.name, grain, None), ""
        if match[4] in ("svg", "png"):
            return self._picture(page, match[4])
        asks = {
            "controls": self.view.kpis.controls(kpi.name, wanted) if wanted else None,
            "wrong": wrong,
            "query": query,
        }
        document = self._document(path, "kpi.html", page, **asks)
        return replace(document, status=400) if wrong else document

    def _picture(self, page: KpiPage, kind: str) -> Document | None:
        """The chart of a page as a file of its own; None without a single value."""
        chosen, kpi = page.chosen, self.view.catalog.kpis[page.tile.name]
        drawn, main = self._main(page)
        remarks = main.remarks if main else ()
        title, said = kpi.title, page.finding
        tile = next((tile for tile in _tiles(page) if tile.plot), None)
        if tile and tile.plot:
            drawn, title, said = charts.svg(tile.plot), tile.title, tile.finding
            remarks = getattr(tile.plot, "remarks", ())
        elif chosen and chosen.cell:
            title = f"{title}, {chosen.cell}"
        if not drawn:
            return None
        notes = [f"{one.number}  {one.when}. {one.text}" for one in remarks]
        counted = boardwords.counted(kpi, Grain(page.grain))
        source = f"{page.stamp.title}, computed {page.stamp.computed}"
        file = charts.paper(drawn, tokens.light(), title, f"{counted}.", [said, *notes], source)
        if kind == "png":
            return Document(charts.picture(file), "image/png")
        return Document(file.encode(), "image/svg+xml")

    def _main(self, page: KpiPage) -> tuple[str, charts.Figure | None]:
        """The chart of a page, drawn and as it is; a page and its file are asked for one after the other."""
        if self._last_main is None or self._last_main[0] is not page:
            figure = figures.main(page, self.view.catalog.kpis[page.tile.name], self._periods)
            self._last_main = page, "" if figure is None else charts.svg(figure), figure
        return self._last_main[1:]

    def _snippets(self, page: KpiPage) -> tuple[tuple[str, str], ...]:
        """What another site writes to show a card or a badge; who knows where these pages stand fills that in."""
        title, site = escape(page.tile.title), self.view.catalog.site_url.rstrip("/") or "YOUR-SITE"
        path = f"{site}/kpi/{page.tile.name}"
        return (
            ("Card", f'<iframe src="{path}.card.html" title="{title}" width="340" height="300"></iframe>'),
            ("Badge", f'<a href="{path}.html"><img src="{path}.badge.svg" alt="{title}"></a>'),
            ("Badge in Markdown", f"[![{title}]({path}.badge.svg)]({path}.html)"),
        )

    def _page(self, name: str, grain: Grain, wanted: Asked | None) -> KpiPage:
        """The page of a KPI; the HTML and its twin are asked for one after the other."""
        last = self._last
        if last is None or last[0] != (name, grain, wanted):
            self._last = last = (name, grain, wanted), self.view.kpi(name, grain, wanted)
        return last[1]

    def _document(self, path: str, template: str, page: Page, **drawn: object) -> Document:
        if path.endswith(".json"):
            return Document(twin(page), "application/json")
        root = "../" * path.count("/")
        if isinstance(page, KpiPage):
            drawn |= self._drawings(page)
        elif isinstance(page, ObjectivePage):
            drawn = {"courses": [self._course(result, page) for result in page.objective.expects]}
        elif isinstance(page, BoardPage):
            drawn = {"chart": chart}
        said = self._around | {"page": page, "stamp": page.stamp, "rows": ROWS, "cells": CELLS} | drawn
        return Document(render(template, root=root, path=path, **said).encode(), "text/html; charset=utf-8")

    def _course(self, result: KeyResultRow, page: ObjectivePage) -> tuple[Markup, tuple[charts.Remark, ...]]:
        """The chart of a key result, and the notes that it numbers."""
        kpi, calendar = self.view.catalog.kpis[result.kpi], self.view.catalog.calendar
        figure = figures.course(result, page.objective.first, kpi, calendar)
        return (Markup(), ()) if figure is None else (lively(charts.svg(figure, height=240), figure), figure.remarks)

    def _drawings(self, page: KpiPage) -> dict[str, object]:
        """What only the page of a KPI shows: its chart, small charts, and the names of its files."""
        kpi = self.view.catalog.kpis[page.tile.name]
        drawn, main = self._main(page)
        shown = [main] if main else []
        # Two years of bars are too many for a phone, and so are three of days.
        many = main and (main.form == "bar" or len(main.marks) > figures.NARROW_POINTS)
        if main and many and (few := figures.main(page, kpi, self._periods, narrow=True)):
            # The notes below are numbered as on the whole chart.
            begins = few.marks[0].at
            noted = (replace(one, first=max(one.first, begins)) for one in main.remarks if one.last >= begins)
            few = replace(few, remarks=tuple(noted))
            drawn += charts.svg(few, "narrow", 220)
            shown.append(few)
        return {
            "chart": lively(drawn, *shown) if shown else Markup(),
            "remarks": main.remarks if main else (),
            "here": stem(kpi.name, Grain(page.grain), kpi.front).removeprefix("kpi/"),
            "pictures": _PICTURES[self.served] if main or any(tile.plot for tile in _tiles(page)) else (),
            "snippets": self._snippets(page),
            "tiles": [(tile, chart(tile)) for tile in _tiles(page) if tile.plot],
            "cuts": [
                (
                    one,
                    [
                        (index, Markup(drawn))  # noqa: S704  # the same
                        for index, drawn in figures.multiples(one, kpi, self.view.catalog.calendar)
                    ],
                )
                for one in page.breakdowns
                if one.cells and not any(isinstance(tile.plot, charts.Grid) for tile in page.apart)
            ],
            "grains": [(g, stem(kpi.name, Grain(g), kpi.front).removeprefix("kpi/")) for g in page.grains],
            "main_grain": kpi.front.value,
            "cell_grains": [g.value for g in self.view.grains(kpi.name, cell=True)],
            "short": figures.short(kpi),
            "graph": [replace(one, edges=Markup(one.edges)) for one in graph.columns(page)],  # noqa: S704  # numbers only
        }


def _tiles(page: KpiPage) -> tuple[ChartTile, ...]:
    """What is drawn in place of a page's own chart."""
    return (page.chosen.chart,) if page.chosen and page.chosen.chart else page.apart


def _listed(shown: Sequence[pages.Tile], filters: Sequence[Filter]) -> dict[str, object]:
    """What a list of KPIs needs to say which of them are shown, and by what script can find the others."""
    kept = frozenset(map(id, shown))
    return {
        "fits": lambda tile: id(tile) in kept,
        "filters": filters,
        "searched": finding.searched,
        "has": finding.has,
    }


def stem(name: str, grain: Grain, main: Grain) -> str:
    """The path of a KPI's page at one grain, without what it ends on; at its main grain it has none in its name."""
    return f"kpi/{name}" if grain is main else f"kpi/{name}.{grain}"


def accented(styles: str, light: str | None, dark: str | None) -> str:
    """Styles in an organisation's accent, if it has one; it counts on screens, and not on paper."""
    pair = light or _ACCENT[0], dark or _ACCENT[1]
    return styles if pair == _ACCENT else styles + _ACCENTED.format(light=pair[0], dark=pair[1])
