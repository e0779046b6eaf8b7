"""What a page is made of, as a short key: two builds in which it is equal have the same page.

A key holds whatever is cheap as the page will show it, and what is dear by a mark of what it is made from:

- of a KPI, the whole page but its table, growth and breakdowns, which take a hundred times as long; in their place the
  ledger's mark of its numbers, its definition, and the same of every KPI that it reads;
- of a board, how it is declared, and the keys of the KPIs that it shows;
- of an objective, all that it says; drawing its charts takes the time;
- for all of them the frame around a page, the reader, the day, what numbers are judged and cut by, and this code.

What shows the whole catalogue (the front page, lists) has no key: it is made every time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, cached_property
from hashlib import blake2b
from importlib import metadata
from pathlib import Path
from typing import Any

import orjson

import headway
from headway.errors import Place
from headway.model import TOTAL
from headway.publish import front, shelf, tiles
from headway.publish.html import Pages
from headway.publish.kpipages import Growth
from headway.publish.kpis import Kpis
from headway.publish.twin import twin

_KPI = re.compile(r"kpi/([a-z0-9_]+)[./]")
_BOARD = re.compile(r"board/([a-z0-9_]+)(?:/([a-z0-9-]+))?\.")
_OBJECTIVE = re.compile(r"objective/([a-z0-9_]+)\.")
#: What draws and writes a page beside our own code.
_LIBRARIES = ("jinja2", "markupsafe", "orjson", "vl-convert-python", "altair", "tzdata")


class Keys:
    """The keys of a view's pages."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._view = pages.view
        self._bare = _Bare(pages.view.kpis)
        self._marks = self._view.ledger.marks()
        self._made: dict[str, str] = {}

    def of(self, path: str) -> str | None:
        """The key of the file at a path, or None if it is made every time."""
        if (match := _KPI.match(path)) is not None:
            return self._once(f"kpi/{match[1]}", self._kpi, match[1])
        if (match := _BOARD.match(path)) is not None:
            return self._once(match[0], self._board, match[1], match[2] or "")
        if (match := _OBJECTIVE.match(path)) is not None:
            return self._once(match[0], self._objective, match[1])
        return None

    def _once(self, unit: str, make: Callable[..., str], *names: str) -> str:
        """A key, which all files of a KPI share, and a page shares with its twin."""
        if unit not in self._made:
            self._made[unit] = make(*names)
        return self._made[unit]

    def _board(self, name: str, slug: str) -> str:
        """Of a KPI it may say whatever the KPI's own page does, and by another grain if it is late."""
        view, boards, at = self._view, self._view.boards, self._view.published.at
        board = boards.visible[name]
        every = dict.fromkeys(shown for tile in board.tiles for shown in tile.of)
        kpis = {shown.kpi: self.of(f"kpi/{shown.kpi}.html") for shown in every}
        due = [tiles.expected(shelf.alone(view.catalog.kpis[shown.kpi], shown, TOTAL), at).name for shown in every]
        days = (at.calendar.last_complete_day(at.clock), at.reached)
        head = (front.notices(at, boards.stamp.computed, kpis), view.published.undecided(kpis))
        cells = [boards.slugs(one) for one in boards.visible]  # to whose pages it links
        return self._said(board, slug, cells, boards.stamp, kpis, due, days, head)

    def _kpi(self, name: str) -> str:
        catalog = self._view.catalog
        kpi = catalog.kpis[name]
        read = {one: catalog.kpis[one] for one in (*tiles.inputs(catalog, kpi), *kpi.compared, *kpi.reconciled)}
        marks = {one: self._marks.get(one) or self._every for one in (name, *read)}
        past = self._view.published.past(name)
        waits = (list(past.restatements.values()), list(past.proposals.values()))
        return self._said(twin(self._bare.page(name)), waits, marks, kpi, read)

    def _objective(self, name: str) -> str:
        page = self._view.objective(name)
        return self._said(twin(page), [self._view.catalog.kpis[one.kpi] for one in page.objective.expects])

    def _said(self, *things: object) -> str:
        return blake2b(_text([self._common, *things]), digest_size=16).hexdigest()

    @cached_property
    def _every(self) -> str:
        """The mark of a KPI that the ledger does not know by this name: of all that it has."""
        return blake2b(_text(self._marks), digest_size=16).hexdigest()

    @cached_property
    def _common(self) -> str:
        """What every page depends on."""
        view, catalog = self._view, self._view.catalog
        said = [
            code(),
            self._pages.frame(),
            view.audience,
            view.as_of,
            view.until,
            view.remark,
            catalog.calendar.day(view.now),
            catalog.calendar,
            catalog.working,
            catalog.min_group_size,
            catalog.max_cells,
            catalog.near_within,
            catalog.site_url,
            view.names,
        ]
        return blake2b(_text(said), digest_size=16).hexdigest()


class _Bare(Kpis):
    """Pages of KPIs that lack what takes long; what they read besides, they share with those of a view."""

    def __init__(self, kpis: Kpis) -> None:
        self.__dict__ = kpis.__dict__

    def rows(self, *_: object, **__: object) -> tuple[()]:
        """No table."""
        return ()

    def breakdowns(self, *_: object, **__: object) -> tuple[()]:
        """No cells."""
        return ()

    def growths(self, *_: object, **__: object) -> Iterator[Growth]:
        """No growth."""
        return iter(())


@cache
def code() -> str:
    """What makes the pages: the files of this package, by their times, and the libraries that it draws with."""
    root = Path(headway.__file__).parent
    files = sorted(file for file in root.rglob("*") if file.suffix in (".py", ".html", ".css", ".js", ".svg"))
    times = [(file.relative_to(root).as_posix(), (about := file.stat()).st_size, about.st_mtime_ns) for file in files]
    return repr((headway.__version__, times, [metadata.version(name) for name in _LIBRARIES]))


def _text(thing: object) -> bytes:
    """A thing as bytes: the same for what is equal, in every process."""
    options = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(thing, _parts, options)


def _parts(thing: Any) -> Any:
    if isinstance(thing, Place):
        return thing.path  # a line added above a definition changes no page
    kind: type = type(thing)
    if is_dataclass(kind):
        return [kind.__name__, *(_pairs(getattr(thing, name)) for name in _names(kind))]
    if isinstance(thing, Mapping):
        return _pairs(thing)
    if isinstance(thing, set | frozenset):
        return sorted(map(repr, thing))
    if isinstance(thing, list | tuple):
        return list(thing)
    return str(thing) if isinstance(thing, str) else repr(thing)


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """The names of a dataclass's fields."""
    return tuple(field.name for field in fields(kind))


def _pairs(thing: Any) -> Any:
    """A mapping as a list: a field may be keyed by what is no key in JSON, such as the period of an expected value."""
    return [[key, value] for key, value in thing.items()] if isinstance(thing, Mapping) else thing
