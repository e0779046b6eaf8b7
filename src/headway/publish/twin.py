"""A page as JSON: the same fields in the same order, as bytes.

`pages.plain` makes the same of any part of a page, as Python's values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any

import orjson

from headway.publish import pages
from headway.publish.boardpages import BoardPage

_OPTIONS = (
    orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_NON_STR_KEYS
    | orjson.OPT_APPEND_NEWLINE
)


def twin(page: pages.Page | BoardPage) -> bytes:
    """The JSON twin of a page."""
    return orjson.dumps({"format": pages.FORMAT, **_shallow(page)}, _shallow, _OPTIONS)


def _shallow(thing: Any) -> Any:
    """What JSON does not know, one level deep: the library asks again for what stands in it."""
    kind: type = type(thing)
    if is_dataclass(kind):
        names, values = _fields(kind)
        return dict(zip(names, values(thing), strict=True))
    if isinstance(thing, Mapping):
        return dict(thing)
    if isinstance(thing, list | tuple):
        return list(thing)
    return str(thing) if isinstance(thing, str) else thing.value


@cache
def _fields(kind: type) -> tuple[tuple[str, ...], Any]:
    names = pages.fields(kind)
    if len(names) == 1:  # attrgetter of one name gives the bare value
        return names, lambda thing: (getattr(thing, names[0]),)
    return names, attrgetter(*names)
