"""What a page is made of, as a short key: two builds in which it is equal have the same page.

A key holds whatever is cheap as the page will show it, and what is dear by a mark of what it is made from:

- of a KPI, the whole page but its table, growth and breakdowns, which take a hundred times as long; in their place the
  ledger's mark of its numbers, its definition, and the same of every KPI that it reads;
- of a board or an objective, all that it says; drawing its charts takes the time;
- for all of them the frame around a page, the reader, the day, what numbers are judged and cut by, and this code.

What shows the whole catalogue (the front page, lists) has no key: it is made every time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache, cached_property
from hashlib import blake2b
from importlib import metadata
from pathlib import Path
from typing import Any

import orjson

import headway
from headway.errors import Place
from headway.publish import tiles
from headway.publish.history import Past
from headway.publish.html import Pages
from headway.publish.twin import twin
from headway.publish.view import View

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
        self._bare = _Bare(pages.view)
        self._marks = self._view.ledger.marks()
        self._made: dict[str, str] = {}

    def of(self, path: str) -> str | None:
        """The key of the file at a path, or None if it is made every time."""
        unit = path.partition(".")[0]
        if (match := _KPI.match(path)) is not None:
            unit = match[1]
            made = self._made.get(unit) or self._kpi(unit)
        elif (match := _BOARD.match(path)) is not None:
            made = self._made.get(unit) or self._said(twin(self._pages.board(match[1], match[2] or "")))
        elif (match := _OBJECTIVE.match(path)) is not None:
            made = self._made.get(unit) or self._objective(match[1])
        else:
            return None
        self._made[unit] = made
        return made

    def _kpi(self, name: str) -> str:
        catalog = self._view.catalog
        kpi = catalog.kpis[name]
        read = {one: catalog.kpis[one] for one in (*tiles.inputs(catalog, kpi), *kpi.compared, *kpi.reconciled)}
        marks = {one: self._marks.get(one) or self._every for one in (name, *read)}
        past = self._bare.past(name)
        waits = (list(past.restatements.values()), list(past.proposals.values()))
        return self._said(twin(self._bare.kpi(name)), waits, marks, kpi, read)

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


class _Bare(View):
    """A view whose pages of KPIs lack what takes long; what it reads besides, it shares."""

    def __init__(self, view: View) -> None:
        self.__dict__ = view.__dict__

    def past(self, name: str) -> Past:
        """What changed of a KPI's closed numbers: rows of its table say so."""
        return self._past(name)

    def _rows(self, *_: object, **__: object) -> tuple[()]:
        return ()

    def _breakdowns(self, *_: object, **__: object) -> tuple[()]:
        return ()

    def _growths(self, *_: object, **__: object) -> Any:
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
    if is_dataclass(thing):
        return [type(thing).__name__, *(_pairs(getattr(thing, field.name)) for field in fields(thing))]
    if isinstance(thing, Mapping):
        return _pairs(thing)
    if isinstance(thing, set | frozenset):
        return sorted(map(repr, thing))
    if isinstance(thing, list | tuple):
        return list(thing)
    return str(thing) if isinstance(thing, str) else repr(thing)


def _pairs(thing: Any) -> Any:
    """A mapping as a list: a field may be keyed by what is no key in JSON, such as the period of an expected value."""
    return [[key, value] for key, value in thing.items()] if isinstance(thing, Mapping) else thing
