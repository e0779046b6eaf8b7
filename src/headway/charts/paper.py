"""A chart as a file of its own: the drawing of a page with its title, in colours that need no stylesheet, on white."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from textwrap import wrap

import vl_convert

from headway.charts.grid import EXTRA
from headway.charts.vega import FONT, LEFT

#: The size of a file, but for its height, which goes by the drawing: as wide as a page's chart, with air around it.
WIDTH, AIR = 1184, 24
_HEAD, _LINE = 56, 18
#: The width of a drawing that stands in a document: on a sheet its words come out at 7 points.
COLUMN = 720
_DRAWN = re.compile(r'<svg class="chart \w+( grid| lying)? end-(\d+)"[^>]*? height="(\d+)">')
_TOKEN = re.compile(r"var\(--([\w-]+)\)")
#: Labels that a page leaves out where it is wide.
_HIDDEN = re.compile(r'<text [^>]*class="not-wide"[^>]*>[^<]*</text>')


def paper(drawn: str, tokens: Mapping[str, str], title: str, subtitle: str, says: Sequence[str], source: str) -> str:
    """A page's drawing as an SVG file: title, what is counted, the drawing, what it says, and where it comes from."""
    body, left, end, height = _parts(drawn)
    foot = [*(line for said in says for line in wrap(said, 170)), source]
    top = AIR + _HEAD
    tall = top + height + AIR // 2 + _LINE * len(foot) + AIR // 2
    inner = WIDTH - 2 * AIR - left - end
    lines = "".join(
        f'<text x="{AIR}" y="{top + height + AIR + _LINE * number}" font-size="12" '
        f'fill="var(--{"ink-3" if line == source else "ink-2"})">{escape(line, quote=False)}</text>'
        for number, line in enumerate(foot)
    )
    whole = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{tall}" viewBox="0 0 {WIDTH} {tall}" '
        f'role="img" aria-label="{escape(f"{title}. {says[0]}")}" font-family="{escape(FONT)}">'
        f'<rect width="{WIDTH}" height="{tall}" fill="#FFFFFF"/>'
        f'<text x="{AIR}" y="{AIR + 14}" font-size="16" font-weight="600" fill="var(--ink)">'
        f"{escape(title, quote=False)}</text>"
        f'<text x="{AIR}" y="{AIR + 34}" font-size="12" fill="var(--ink-2)">{escape(subtitle, quote=False)}</text>'
        f'<svg x="{AIR + left}" y="{top}" width="{inner}" height="{height}" overflow="visible">'
        f"{body}</svg>{lines}</svg>"
    )
    return _TOKEN.sub(lambda one: tokens[one[1]], whole)


def printed(drawn: str, tokens: Mapping[str, str], says: str) -> str:
    """The drawing alone as an SVG file, for a document that has words of its own around it."""
    body, left, end, height = _parts(drawn)
    whole = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{COLUMN}" height="{height}" viewBox="0 0 {COLUMN} {height}" '
        f'role="img" aria-label="{escape(says)}" font-family="{escape(FONT)}">'
        f'<rect width="{COLUMN}" height="{height}" fill="#FFFFFF"/>'
        f'<svg x="{left}" width="{COLUMN - left - end}" height="{height}" overflow="visible">{body}</svg></svg>'
    )
    return _TOKEN.sub(lambda one: tokens[one[1]], whole)


def _parts(drawn: str) -> tuple[str, int, int, int]:
    """What a page's drawing is made of; the room at its left and at its right, for words; its height."""
    found = _DRAWN.match(drawn)
    if found is None:
        raise ValueError("this is no drawing of a chart")
    body = _HIDDEN.sub("", drawn[found.end() : drawn.rindex("</svg>")])
    left = LEFT + EXTRA if found[1] == " grid" else LEFT
    return body.replace("<svg ", '<svg overflow="visible" '), left, 8 * int(found[2]), int(found[3])


def picture(file: str) -> bytes:
    """The same as a PNG, at twice its size."""
    drawn: bytes = vl_convert.svg_to_png(file, scale=2)
    return drawn
