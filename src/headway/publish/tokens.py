"""The colours of the design by their names, for files that take no stylesheet with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

_COLOUR = re.compile(r"--([\w-]+): (#[0-9A-Fa-f]{6});")


@lru_cache
def light() -> Mapping[str, str]:
    """The colours of light pages: a picture does not know who looks at it."""
    return dict(_COLOUR.findall(_parts()[0]))


@lru_cache
def dark() -> Mapping[str, str]:
    """The colours of dark pages."""
    return {**light(), **dict(_COLOUR.findall(_parts()[1]))}


def _parts() -> list[str]:
    text = resources.files("headway.publish").joinpath("assets", "tokens.css").read_text(encoding="utf-8")
    return text.split("@media")
