"""A heat map as a Vega-Lite specification: patches in seven shades, names at their left and below."""

from __future__ import annotations

import math
from collections import defaultdict

from headway.charts.plot import Grid, Patch
from headway.charts.series import frame
from headway.charts.vega import BOTTOM, LEFT, TOP, Spec, layer

#: The height of a row in pixels, the number of shades, and the one on which neither ink nor ground always reads well.
ROW, SHADES, _MIDDLE = 26, 7, 5
#: Pixels that a character takes, and the least that a text within a patch needs beside it.
_CHARACTER, _AIR = 6.6, 6
#: More than the labels at the left of other charts.
EXTRA = 76


def height(grid: Grid) -> int:
    """The outer height of the drawing."""
    return ROW * len(grid.rows) + TOP + BOTTOM


def spec(grid: Grid, width: int, tall: int, *, narrow: bool = False) -> Spec:
    """The grid as a Vega-Lite specification of that outer size in pixels; a narrow one has no words within."""
    inner, high = width - LEFT - EXTRA - 8, tall - TOP - BOTTOM
    across, down = inner / max(1, len(grid.columns)), high / max(1, len(grid.rows))
    rects: dict[int, list[Spec]] = defaultdict(list)
    words: dict[str, list[Spec]] = defaultdict(list)
    unripe: list[Spec] = []
    held: list[Spec] = []
    wanted = _AIR + _CHARACTER * max((len(patch.text) for row in grid.patches for patch in row), default=0)
    fits = not narrow and wanted <= across
    waits = not narrow and _AIR + _CHARACTER * len("not yet") <= across
    for r, row in enumerate(grid.patches):
        for c, patch in enumerate(row):
            box = {"x": round(c * across, 2), "x2": round((c + 1) * across, 2)}
            box |= {"y": round(r * down, 2), "y2": round((r + 1) * down, 2)}
            middle = {"x": round((c + 0.5) * across, 2), "y": round((r + 0.5) * down, 2)}
            shade = shade_of(patch, grid)
            if shade:
                rects[shade].append(box)
                if fits:
                    words[_word(shade)].append({**middle, "label": patch.text, "hide": "desk"})
            elif patch.held:
                held.append(box)
            if not shade and patch.missing and waits:
                unripe.append({**middle, "label": patch.missing, "hide": "desk"})
    place = {"x": "x", "x2": "x2", "y": "y", "y2": "y2"}
    edge: Spec = {"type": "rect", "stroke": "var(--surface)", "strokeWidth": 1.5}
    parts = [layer(rects[n], edge | {"fill": f"var(--q{n})"}, **place) for n in sorted(rects)]
    parts.append(layer(held, edge | {"fill": "url(#held)"}, **place))
    inside: Spec = {"type": "text", "align": "center", "baseline": "middle", "inside": True}
    parts += [
        *(layer(rows, inside | {"fill": f"var(--{ink})"}, x="x", y="y", text="label") for ink, rows in words.items()),
        layer(unripe, inside | {"fill": "var(--ink-3)"}, x="x", y="y", text="label"),
    ]
    name: Spec = {"type": "text", "align": "right", "baseline": "middle", "x": -10, "fill": "var(--label)"}
    rows = [{"y": round((n + 0.5) * down, 2), "label": text} for n, text in enumerate(grid.rows)]
    parts.append(layer(rows, name, y="y", text="label"))
    room = 10 + _CHARACTER * max((len(text) for text in grid.columns), default=0)
    every = max(1, math.ceil(room / across))
    below = [
        {"x": round((n + 0.5) * across, 2), "label": text, "hide": "" if n % (2 * every) == 0 else "phone"}
        for n, text in enumerate(grid.columns)
        if n % every == 0
    ]
    under: Spec = {"type": "text", "align": "center", "baseline": "top", "y": high + 9, "fill": "var(--label)"}
    parts.append(layer(below, under, x="x", text="label"))
    return frame(inner, high, 8, [part for part in parts if part["data"]["values"]])


def blanks(grid: Grid) -> list[tuple[str, bool]]:
    """What stands for fields without a value, each word once, and if it is hatched: narrow drawings say it beside."""
    empty = (patch for row in grid.patches for patch in row if patch.value is None and patch.missing)
    return list(dict.fromkeys((patch.missing, patch.held) for patch in empty))


def _word(shade: int) -> str:
    """The token of words on a shade."""
    return "ink" if shade < _MIDDLE else "on-q5" if shade == _MIDDLE else "surface"


def shade_of(patch: Patch, grid: Grid) -> int:
    """Which of the seven shades a patch has, 1 to 7; 0 without a value."""
    if patch.value is None:
        return 0
    share = (patch.value - grid.low) / (grid.high - grid.low) if grid.high > grid.low else 1.0
    return min(SHADES, max(1, math.ceil(share * SHADES)))
