"""Pictures that stand in no file: icons of the pages, in colours that need no stylesheet."""

from __future__ import annotations

import re

from headway.publish import rendering, tokens

#: A status whose icon has a colour of its own; others are quiet.
_COLOURED = ("on", "near", "off", "over")
_TOKEN = re.compile(r"var\(--([\w-]+)\)")


def status(name: str) -> str:
    """The icon of a status as an SVG file."""
    name = name.replace(" ", "-")
    light = tokens.light()
    try:
        drawn = rendering.icon(name)
    except KeyError:
        drawn = rendering.icon("no-target")
    drawn = drawn.replace("currentColor", light[name if name in _COLOURED else "quiet"])
    drawn = _TOKEN.sub(lambda one: light[one[1]], drawn)
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">{drawn}</svg>'
