"""A page as JSON: the same fields in the same order, as bytes, or any part of one as plain values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from operator import attrgetter
from typing import Any

import orjson

from headway.publish.alertpages import AlertsPage
from headway.publish.boardpages import BoardPage
from headway.publish.checkpages import QualityPage
from headway.publish.findingpages import AreaPage, CataloguePage, NotesPage
from headway.publish.frontpage import Front
from headway.publish.kpipages import KpiPage
from headway.publish.objectivepages import ObjectivePage, ObjectivesPage

Page = (
    Front
    | KpiPage
    | BoardPage
    | CataloguePage
    | AreaPage
    | NotesPage
    | QualityPage
    | AlertsPage
    | ObjectivesPage
    | ObjectivePage
)

#: Raised when a field changes its meaning or goes.
FORMAT = 1
_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_NON_STR_KEYS


def twin(page: Page) -> bytes:
    """The JSON twin of a page."""
    return orjson.dumps({"format": FORMAT, **_shallow(page)}, _shallow, _OPTIONS | orjson.OPT_APPEND_NEWLINE)


def plain(thing: object) -> Any:
    """A page, or any part of one, as dicts, lists, text and numbers: what is read from its twin."""
    return orjson.loads(orjson.dumps(thing, _shallow, _OPTIONS))


def _shallow(thing: Any) -> Any:
    """What JSON does not know, one level deep: the library asks again for what stands in it."""
    kind: type = type(thing)
    if dataclasses.is_dataclass(kind):
        names, values = _fields(kind)
        return dict(zip(names, values(thing), strict=True))
    if isinstance(thing, Mapping):
        return dict(thing)
    if isinstance(thing, list | tuple):
        return list(thing)
    return str(thing) if isinstance(thing, str) else thing.value


@cache
def _fields(kind: type) -> tuple[tuple[str, ...], Any]:
    """The fields of a dataclass, but for `pieces`: sizes of type are the page's business."""
    names = tuple(field.name for field in dataclasses.fields(kind) if field.name != "pieces")
    if len(names) == 1:  # attrgetter of one name gives the bare value
        return names, lambda thing: (getattr(thing, names[0]),)
    return names, attrgetter(*names)
