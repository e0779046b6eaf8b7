"""A figure as SVG that fits any width, and as PNG.

Vega draws the marks once, into a box that stretches; what must not stretch (words, dots) is laid over it at
percentages of the same box. So there is one drawing for phone, desk and paper, and its text is 12 px on each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from html import escape
from typing import Any, Protocol
from zlib import crc32

import vl_convert

from headway.charts import grid, series
from headway.charts.figure import Figure
from headway.charts.plot import Grid, Plot
from headway.charts.vega import BOTTOM, TOP, Spec, margin, spec

_COLOUR = re.compile(r"var\(--([\w-]+)\)")
#: Where Vega puts a 12 px text's base line, below the point that it is given.
_BASELINE = {"top": 9.5, "middle": 3.6, "bottom": -2.5}
_ANCHOR = {"left": "start", "center": "middle", "right": "end"}
#: Closed paths one after the other with the same look, and where one of them is.
_ALIKE = re.compile(r'<path d="[^"]*Z"([^>/]*)/>(?:<path d="[^"]*Z"\1/>)+')
_PLACE = re.compile(r'd="([^"]*)"')
#: The width at which marks are drawn before they stretch, by the screen that they are for.
_NOMINAL = {"wide": 1184, "narrow": 342}


#: What can be drawn.
Drawable = Figure | Plot | Grid


class Drawings(Protocol):
    """What was drawn before, by what it was drawn from."""

    def get(self, written: str) -> str | None:
        """The drawing of a specification, or None."""

    def put(self, written: str, drawn: str) -> None:
        """Keep the drawing of a specification."""


#: To start what runs Vega takes longer than most builds have to draw.
_KEPT: ContextVar[Drawings | None] = ContextVar("kept", default=None)


def drawn(shown: Plot | Grid) -> str:
    """A plot or grid as HTML: the drawing for a desk, and that for a phone below the key that it has no room for."""
    key = ""
    if isinstance(shown, Plot) and len(shown.series) > 1:
        pairs = zip(shown.series, series.colours(shown.series), strict=True)
        rows = "".join(
            f'<li><i class="k-{colour}"></i>{escape(one.name)} <b>{escape(one.label)}</b></li>' for one, colour in pairs
        )
        key = f'<ul class="key">{rows}</ul>'
    if isinstance(shown, Grid) and shown.ticks:
        shades = "".join(f'<i class="k-q{n}"></i>' for n in range(1, grid.SHADES + 1))
        blank = "".join(
            f'<span><i class="k-{"held" if held else "none"}"></i>{escape(word)}</span>'
            for word, held in grid.blanks(shown)
        )
        key = f'<p class="shades">{escape(shown.ticks[0][1])} {shades} {escape(shown.ticks[-1][1])}{blank}</p>'
    return key + svg(shown) + svg(shown, "narrow")


def svg(shown: Drawable, name: str = "wide", height: int | None = None) -> str:
    """The figure, plot or grid as inline SVG; the page's stylesheet gives its tokens their colours.

    `name` is "wide", or "narrow" for a drawing of its own for phones; it is a class of the element too. So is the
    room at the right that the names at the ends of lines take, in steps of 8 pixels: "end-6".
    """
    height = height or _height(shown, name)
    whole = _spec(shown, name, height)
    width, tall = whole["width"], whole["height"]
    over = "".join(_over(layer, width) for layer in whole["layer"] if layer["mark"]["type"] in ("text", "point"))
    whole["layer"] = [layer for layer in whole["layer"] if layer["mark"]["type"] not in ("text", "point")]
    whole["padding"] = 0
    body = _marks(whole)
    for pattern in _PATTERNS:
        if f"url(#{pattern})" in body:
            # An id of its own: a pattern inside a hidden chart does not paint.
            own = f"{pattern}-{name}-{crc32(body.encode()):x}"
            body = _PATTERNS[pattern].format(own) + body.replace(f"url(#{pattern})", f"url(#{own})")
    kind = " grid" if isinstance(shown, Grid) else ""
    if isinstance(shown, Plot) and series.lies(shown, narrow=name == "narrow"):
        kind = " lying"
    return (
        f'<svg class="chart {name}{kind} end-{_end(shown, name) // 8}" role="img" aria-label="{escape(shown.says)}" '
        f'width="100%" height="{height}">'
        f'<svg class="marks" y="{TOP}" width="100%" height="{tall}" viewBox="0 0 {width} {tall}" '
        f'preserveAspectRatio="none">{body}</svg><svg class="over" y="{TOP}" width="100%" height="{tall + BOTTOM}">'
        f"{over}</svg></svg>"
    )


@contextmanager
def keeping(drawings: Drawings) -> Iterator[None]:
    """Take from `drawings` what was drawn before from the same specification, and put there what is drawn."""
    before = _KEPT.set(drawings)
    try:
        yield
    finally:
        _KEPT.reset(before)


def _marks(whole: Spec) -> str:
    """What Vega draws of a specification, without what it says of every mark in turn."""
    kept = _KEPT.get()
    written = json.dumps(whole) if kept else ""
    if kept and (known := kept.get(written)) is not None:
        return known
    drawn: str = vl_convert.vega_to_svg(_compiled(whole))
    drawn = re.sub(
        r' (?:font-family|class|role|stroke-miterlimit|pointer-events|aria-\w+|xmlns(?::\w+)?)="[^"]*"', "", drawn
    )
    drawn = re.sub(r"(\d+\.\d)\d+", r"\1", drawn)
    drawn = re.sub(r'<path d="[^"]*"(?: fill="none")?(?: opacity="0")?(?: display="none")?></path>', "", drawn)
    drawn = re.sub(r"(?:<g>)+</g>", "", drawn)
    drawn = _ALIKE.sub(_joined, drawn)
    body = drawn[drawn.index(">") + 1 : drawn.rindex("</svg>")]
    if kept:
        kept.put(written, body)
    return body


def _joined(run: re.Match[str]) -> str:
    """Neighbours that differ in their place alone, as one path."""
    return f'<path d="{"".join(_PLACE.findall(run[0]))}"{run[1]}/>'


def _height(shown: Drawable, name: str) -> int:
    match shown:
        case Grid():
            return grid.height(shown)
        case Plot():
            return series.height(shown, narrow=name == "narrow")
        case Figure():
            return 280


def _spec(shown: Drawable, name: str, height: int, width: int | None = None) -> Spec:
    width = width or _NOMINAL[name]
    match shown:
        case Grid():
            return grid.spec(shown, width, height, narrow=name == "narrow")
        case Plot():
            return series.spec(shown, width, height, narrow=name == "narrow")
        case Figure():
            return spec(shown, width, height)


def _end(shown: Drawable, name: str) -> int:
    """Pixels that words take at the right of a drawing."""
    match shown:
        case Figure():
            return margin(shown)
        case Plot():
            return series.margin(shown) if name == "wide" else 8
        case Grid():
            return 8


def png(shown: Drawable, tokens: Mapping[str, str], width: int = 1184, height: int = 300) -> bytes:
    """The drawing as a PNG on white at twice its size; `tokens` gives each token's colour."""

    def colour(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: colour(value) for key, value in part.items()}
        if isinstance(part, list):
            return [colour(value) for value in part]
        if isinstance(part, str):
            return _COLOUR.sub(
                lambda m: tokens[m[1]],
                # Vega knows no pattern; on paper a pale bar says "not final" as well.
                part.replace("url(#hatch)", "var(--series-soft)")
                .replace("url(#veil)", "#ffffff99")
                .replace("url(#held)", "var(--sunken)"),
            )
        return part

    drawn: bytes = vl_convert.vegalite_to_png(
        colour(_spec(shown, "wide", height, width)) | {"background": "white"}, scale=2
    )
    return drawn


def _compiled(whole: Spec) -> Spec:
    """The specification as Vega. Every scale is the identity, so the rows decide nothing and charts share the work."""
    rows = {f"rows{n}": layer["data"]["values"] for n, layer in enumerate(whole["layer"])}
    empty = [dict(layer, data={"name": f"rows{n}", "values": []}) for n, layer in enumerate(whole["layer"])]
    vega: Spec = json.loads(_vega(json.dumps({**whole, "layer": empty})))
    for data in vega["data"]:
        if data["name"] in rows:
            data["values"] = rows[data["name"]]
    return vega


@lru_cache(maxsize=256)
def _vega(vegalite: str) -> str:
    return json.dumps(vl_convert.vegalite_to_vega(json.loads(vegalite)))


def _over(layer: Spec, width: int) -> str:
    """A layer of words or dots as Vega would write it, but across at percentages of the box."""
    mark, fields = layer["mark"], {name: channel["field"] for name, channel in layer["encoding"].items()}
    hidden = {row.get("hide", "") for row in layer["data"]["values"]}
    together = hidden.pop() if mark.get("inside") and len(hidden) == 1 else ""
    parts = []
    for row in layer["data"]["values"]:
        # A row's own place stretches with the box; a mark's own is pixels from its edge.
        across = f"{row[fields['x']] / width * 100:.2f}%" if "x" in fields else f"{mark['x']}"
        down = (row[fields["y"]] if "y" in fields else mark["y"]) + mark.get("dy", 0)
        if mark["type"] == "point" and mark.get("shape") == "square":
            side = mark["size"] ** 0.5
            moved = f"translate({mark['xOffset']} {-side / 2:g})"
            parts.append(f'<rect x="{across}" y="{down:.1f}" width="{side:g}" height="{side:g}" transform="{moved}"/>')
            continue
        if mark["type"] == "point":
            parts.append(f'<circle cx="{across}" cy="{down:.1f}" r="{(mark["size"] / 3.1416) ** 0.5:.1f}"/>')
            continue
        shift = f' dx="{mark["dx"]}"' if "dx" in mark else ""
        hide = f' class="not-{row["hide"]}"' if row.get("hide") and not together else ""
        words = escape(row[fields["text"]], quote=False)
        parts.append(f'<text x="{across}" y="{down + _BASELINE[mark["baseline"]]:.1f}"{shift}{hide}>{words}</text>')
    look = [f'{kind}="{mark[key]}"' for key, kind in _LOOK.items() if key in mark]
    if mark["type"] == "text":
        look.append(f'font-size="12" text-anchor="{_ANCHOR[mark["align"]]}"')
    # Words on colour need no halo; those that hide together say so once.
    kinds = [*(["in"] if mark.get("inside") else []), *([f"not-{together}"] if together else [])]
    named = f' class="{" ".join(kinds)}"' if kinds else ""
    return f"<g {' '.join(look)}{named}>{''.join(parts)}</g>"


_LOOK = {"fill": "fill", "stroke": "stroke", "strokeWidth": "stroke-width", "fontWeight": "font-weight"}


#: Bars of one colour that are not final, what lies over those of several colours, and a field that is held back.
_PATTERNS = {
    "hatch": (
        '<defs><pattern id="{}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="6" height="6" fill="var(--surface)"/><rect width="2.5" height="6" fill="var(--bar)"/>'
        "</pattern></defs>"
    ),
    "held": (
        '<defs><pattern id="{}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="5" height="5" fill="var(--surface)"/><rect width="1" height="5" fill="var(--edge)"/>'
        "</pattern></defs>"
    ),
    "veil": (
        '<defs><pattern id="{}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="3.2" height="6" fill="var(--surface)"/></pattern></defs>'
    ),
}
