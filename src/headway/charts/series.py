"""A plot of several series as a Vega-Lite specification: lines, layers, bars, movements and curves.

Frame, grid, targets and remarks are those of a figure of one KPI. Names stand at the right end of what they name, moved
apart; on a phone there is no room for them, and a key of the same squares and words stands above the drawing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from headway.charts.figure import Figure, Form, Mark, thinned
from headway.charts.plot import Plot, Series
from headway.charts.vega import BOTTOM, LEFT, TOP, Bars, Line, Spec, layer

#: The height of a line of words, and how wide one character of it is, in pixels.
_LINE, _CHARACTER = 15.0, 6.5
#: The widest column of names in pixels, what of it its squares and their distance take, and the least of a name.
_WIDEST, _SQUARE, _LEAST = 264, 26, 8
#: The widest bar in pixels, and the narrowest one that bears an edge in the colour of the ground.
_THICK, _EDGED = 140, 5
#: Of a bar that lies: the line of its name, its own height, and the air below it.
_NAME, _FLAT, _AIR = 18, 14, 8
_ON_TIME = ("line", "area", "stacked area", "survival curve")
_STACKED = ("stacked area", "stacked bar")


def colours(series: Sequence[Series]) -> list[str]:
    """The token of each series: categories in order, grey for the others together, ink for what they are parts of."""
    if len(series) == 1 and series[0].role == "category":
        return ["series"]
    taken = iter(range(1, len(series) + 1))
    return [
        "ink" if one.role == "total" else "other" if one.role == "others" else f"c{min(next(taken), 8)}"
        for one in series
    ]


def spec(plot: Plot, width: int, height: int, *, narrow: bool = False) -> Spec:
    """The plot as a Vega-Lite specification of that outer size in pixels; a narrow one has no names at its right."""
    plot = drawable(plot)
    right = 8 if narrow else margin(plot)
    inner, tall = width - LEFT - right, height - TOP - BOTTOM
    draw: _Lines | _Columns
    if plot.shape in _ON_TIME:
        draw = _Lines(plot, inner, tall, narrow)
    elif lies(plot, narrow=narrow):
        draw = _Lying(plot, inner, tall, narrow)
    else:
        draw = _Columns(plot, inner, tall, narrow)
    return frame(inner, tall, right, draw.layers())


def lies(plot: Plot, *, narrow: bool) -> bool:
    """Whether bars lie: those of a histogram on a phone, where the names under them find no room."""
    return narrow and plot.shape == "histogram" and len(plot.series) == 1


def height(plot: Plot, *, narrow: bool) -> int:
    """The outer height of the drawing."""
    if lies(plot, narrow=narrow):
        return TOP + BOTTOM + (_NAME + _FLAT + _AIR) * len(plot.slots)
    return 240 if narrow else 300


def drawable(plot: Plot) -> Plot:
    """The plot as it can be seen: layers over time of a single point have no width, so they stand as bars."""
    if plot.shape == "stacked area" and len(plot.slots) == 1:
        return replace(plot, shape="stacked bar")
    return plot


def frame(width: int, height: int, right: int, layers: list[Spec]) -> Spec:
    """What is around the layers: an outer size, no axes, no legend."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": width,
        "height": height,
        "padding": {"left": LEFT, "right": right, "top": TOP, "bottom": BOTTOM},
        "autosize": "none",
        "background": None,
        "config": {"view": {"stroke": None}, "text": {"fontSize": 12}, "mark": {"tooltip": None}, "aria": False},
        "layer": layers,
    }


def names(plot: Plot) -> list[str]:
    """What stands beside each series: its name, cut where it is too long for that, and its newest value."""
    most = math.floor((_WIDEST - _SQUARE) / _CHARACTER)
    return [
        f"{_cut(one.name, max(_LEAST, most - len(one.label) - 2))}  {one.label}".strip()
        if len(plot.series) > 1
        else one.label
        for one in plot.series
    ]


def margin(plot: Plot) -> int:
    """Pixels that the names take at the right, in steps of 8."""
    if plot.shape == "histogram" or (len(plot.series) == 1 and plot.shape not in _ON_TIME):
        return 8
    longest = max((len(name) for name in names(plot)), default=0)
    return min(_WIDEST, 8 * math.ceil((_SQUARE + _CHARACTER * longest) / 8))


def apart(places: Sequence[float], low: float, high: float, gap: float = _LINE) -> list[float]:
    """Places moved just so far that none is nearer than `gap` to the next, in their order, within `low` and `high`.

    Where they cannot all have that room, they share what there is.
    """
    if not places:
        return []
    gap = min(gap, (high - low) / max(1, len(places) - 1))
    order = sorted(range(len(places)), key=lambda n: places[n])
    found = [min(max(place, low), high) for place in places]
    for before, after in pairwise(order):
        found[after] = max(found[after], found[before] + gap)
    found[order[-1]] = min(found[order[-1]], high)
    for before, after in reversed(list(pairwise(order))):
        found[before] = min(found[before], found[after] - gap)
    return [round(place, 2) for place in found]


def _cut(name: str, most: int) -> str:
    if len(name) <= most:
        return name
    whole, comma, _ = name[:most].rpartition(", ")  # rather a clause less than half a word
    return f"{(whole if comma else name[: most - 1]).rstrip()}…"


def _figure(plot: Plot) -> Figure:
    """The frame of the plot as that of a figure: the scale of time, targets, remarks."""
    log = plot.log and bool(plot.log_ticks)
    marks = tuple(Mark(slot.at, 0.0, name=slot.name) for slot in plot.slots)
    ticks = plot.log_ticks if log else plot.ticks
    low, high = (ticks[0][0], ticks[-1][0]) if log else (plot.low, plot.high)
    form: Form = "line" if plot.shape in _ON_TIME else "bar"
    return Figure(form, marks, plot.steps, low, high, ticks, plot.says, remarks=plot.remarks)


class _Lines(Line):
    """Series over time as lines or layers, named at their ends."""

    def __init__(self, plot: Plot, width: int, height: int, narrow: bool) -> None:
        self.plot = plot
        self.narrow = narrow
        self.log = plot.log and bool(plot.log_ticks)
        super().__init__(_figure(plot), width, height)

    def y(self, value: float) -> float:
        """Pixels from the top, also of a scale that grows by factors."""
        if not self.log:
            return super().y(value)
        low, high = math.log10(self.figure.low), math.log10(self.figure.high)
        return round((high - math.log10(max(value, self.figure.low))) / (high - low) * self.height, 2)

    def drawn(self) -> list[list[tuple[float, float]]]:
        """Each series between its gaps."""
        return [[(point["x"], point["y"]) for point in run] for one in self.plot.series for run in self._runs_of(one)]

    def layers(self) -> list[Spec]:
        """Back to front."""
        stacked = self.plot.shape == "stacked area" and not self.log
        on_days = self.plot.shape != "survival curve" and len(self.plot.slots) > 2
        labels, align = (self._dates(), "left") if on_days else (self._periods(), "center")
        if on_days and not labels:
            labels, align = self._periods(), "center"
        parts = [*self.remarks(), *self.grid(), self.names(labels, align)]
        parts += self._stack() if stacked else self._lines()
        parts += self.target()
        if not self.narrow:
            parts += self._ends(stacked=stacked)
        elif len(self.plot.series) == 1:
            parts.append(self._newest())
        return [part for part in parts if part["data"]["values"]]

    def _stack(self) -> list[Spec]:
        """Layers from the first at the bottom, a hairline of the ground between them; the true total over all."""
        found: list[Spec] = []
        base = [0.0] * len(self.plot.slots)
        # Where nothing at all is known the stack ends: it does not come down to 0.
        there = [any(one.values[n] is not None for one in self.plot.series) for n in range(len(self.plot.slots))]
        for one, colour in zip(self.plot.series, colours(self.plot.series), strict=True):
            if one.role == "total":
                continue
            top = [below + (value or 0.0) for below, value in zip(base, one.values, strict=True)]
            gaps = [run if known else -1 for run, known in zip(_gaps(one.values), there, strict=True)]
            rows = [
                {"x": self.x(slot.at), "y": self.y(high), "y2": self.y(low), "s": run}
                for slot, high, low, run in zip(self.plot.slots, top, base, gaps, strict=True)
                if run >= 0
            ]
            look: Spec = {"type": "area", "fill": f"var(--{colour})", "stroke": "var(--surface)", "strokeWidth": 0.75}
            whole = {"x": "x", "y": "y", "y2": "y2"}
            found.append(layer(rows, look, **whole if len({*gaps} - {-1}) == 1 else whole | {"detail": "s"}))
            base = top
        veiled = [
            slot
            for n, slot in enumerate(self.plot.slots)
            if there[n] and any(_at(one.partial, n) for one in self._parts)
        ]
        if veiled and len(self.plot.slots) > 1:
            first = max(n for n, slot in enumerate(self.plot.slots) if slot.at < veiled[0].at or n == 0)
            band = [{"x": self.x(self.plot.slots[first].at), "x2": self.x(veiled[-1].at), "y": 0, "y2": self.height}]
            found.append(layer(band, {"type": "rect", "fill": "url(#veil)"}, x="x", x2="x2", y="y", y2="y2"))
        total = next((one for one in self.plot.series if one.role == "total"), None)
        return [*found, *(self._line(total, "ink", 2.25) if total else [])]

    @property
    def _parts(self) -> list[Series]:
        return [one for one in self.plot.series if one.role != "total"]

    def _lines(self) -> list[Spec]:
        found: list[Spec] = []
        if self.plot.shape == "area" and len(self.plot.series) == 1 and not self.log:
            base = self.y(max(0.0, self.figure.low))
            soft: Spec = {"type": "area", "fill": "var(--series-soft)", "fillOpacity": 0.55, "line": False}
            rows = [dict(point, y2=base) for run in self._runs_of(self.plot.series[0]) for point in run]
            found.append(layer(rows, soft, x="x", y="y", y2="y2", detail="s"))
        for one, colour in reversed(list(zip(self.plot.series, colours(self.plot.series), strict=True))):
            found += self._line(one, colour, 2.25 if one.role == "total" else 2)
        return found

    def _line(self, one: Series, colour: str, width: float) -> list[Spec]:
        """A series as a line, dashed where it is not final, a dot where it has no neighbour."""
        look: Spec = {"type": "line", "stroke": f"var(--{colour})", "strokeWidth": width, "strokeJoin": "round"}
        runs = self._runs_of(one)
        lone = [run[0] for run in runs if len(run) == 1]
        solid = [point for run in runs if len(run) > 1 for point in run if not point["partial"]]
        dashed = [
            point
            for run in runs
            for n, point in enumerate(run)
            if len(run) > 1 and (point["partial"] or (n + 1 < len(run) and run[n + 1]["partial"]))
        ]
        dot: Spec = {"type": "point", "filled": True, "size": 24, "fill": f"var(--{colour})", "opacity": 1}
        places = {"x": "x", "y": "y", "detail": "s"}
        return [
            layer(solid, look | {"strokeCap": "round"}, **places),
            layer(dashed, look | {"strokeDash": [3, 4]}, **places),
            layer(lone, dot, x="x", y="y"),
        ]

    def _runs_of(self, one: Series) -> list[list[Spec]]:
        """The points of a series between its gaps; of a survival curve with the corners of its steps."""
        runs: list[list[Spec]] = [[]]
        for n, (slot, value) in enumerate(zip(self.plot.slots, one.values, strict=True)):
            if value is None or (self.log and value <= 0):
                runs.append([])
                continue
            point = {"x": self.x(slot.at), "y": self.y(value), "s": len(runs), "partial": _at(one.partial, n)}
            if self.plot.shape == "survival curve" and runs[-1]:
                runs[-1].append({**point, "y": runs[-1][-1]["y"]})
            runs[-1].append(point)
        return [run for run in runs if run]

    def _newest(self) -> Spec:
        """The value of a lone line at its end, where there is no room beside it."""
        [one] = self.plot.series
        points = [point for line in self.drawn() for point in line]
        if not points or not one.label:
            return layer([], {}, x="x", y="y")
        (x, y), wanted = points[-1], 8 * len(one.label)
        over = [level for at, level in points if at >= x - wanted]
        # Over the line, or under it where that is nearer.
        under = max(over) - y < y - min(over) and max(over) + 2 * _NAME < self.height
        place: Spec = {"baseline": "top", "dy": 6} if under else {"baseline": "bottom", "dy": -6}
        text: Spec = {"type": "text", "align": "right", "dx": 4, "fontWeight": 600, "fill": "var(--ink)", **place}
        return layer(
            [{"x": x, "y": max(over) if under else min(over), "label": one.label}], text, x="x", y="y", text="label"
        )

    def _ends(self, *, stacked: bool) -> list[Spec]:
        """The name of each series beside where it ends."""
        last = max((n for one in self.plot.series for n, v in enumerate(one.values) if v is not None), default=0)
        wanted, base = [], 0.0
        for one in self.plot.series:
            value = next((v for v in reversed(one.values[: last + 1]) if v is not None), None)
            if stacked and one.role != "total":
                here = one.values[last] or 0.0
                wanted.append(self.y(base + here / 2))
                base += here
            else:
                wanted.append(self.y(value) if value is not None else self.height)
        return keys(self.plot, wanted, self.width, self.height)


class _Columns(Bars):
    """Series as bars: side by side, on top of each other, or floating from one level to the next."""

    def __init__(self, plot: Plot, width: int, height: int, narrow: bool) -> None:
        self.plot = plot
        self.narrow = narrow
        super().__init__(_figure(plot), width, height)

    def layers(self) -> list[Spec]:
        """Back to front."""
        names = [slot.name for slot in self.plot.slots]
        every = max(1, math.ceil(self._room() * len(names) / self.width))
        labels = [((n + 0.5) * self.band, names[n], "") for n in thinned(names, every, every)]
        parts = [*self.remarks(), *self.grid(), self.names(labels, "center")]
        parts += self._falling() if self.plot.shape == "waterfall" else self._standing()
        parts += self.target()
        if not self.narrow and len(self.plot.series) > 1:
            parts += self._names_of_bars()
        return [part for part in parts if part["data"]["values"]]

    def _room(self) -> float:
        return 10 + _CHARACTER * max((len(slot.name) for slot in self.plot.slots), default=0)

    def _standing(self) -> list[Spec]:
        """Bars from 0; of a stack those below zero go down."""
        shown = [(one, c) for one, c in zip(self.plot.series, colours(self.plot.series), strict=True)]
        bars = [(one, "bar" if c == "series" else c) for one, c in shown if one.role != "total"]
        stacked = self.plot.shape in _STACKED
        share = 0.72 if stacked or len(bars) < 2 else 0.8 / len(bars)
        up, down = [0.0] * len(self.plot.slots), [0.0] * len(self.plot.slots)
        found: list[Spec] = []
        for number, (one, colour) in enumerate(bars):
            rows = []
            for n, value in enumerate(one.values):
                if value is None:
                    continue
                start = (up if value >= 0 else down)[n] if stacked else 0.0
                if stacked:
                    (up if value >= 0 else down)[n] += value
                left = 0.14 if stacked or len(bars) < 2 else 0.1 + number * share
                rows.append(self._bar(n, left, share, start, start + value, _at(one.partial, n)))
            found += self._inked(rows, colour, edged=stacked)
        for one in self.plot.series:
            if one.role == "total":
                found.append(self._level([(n, v) for n, v in enumerate(one.values) if v is not None]))
        if len(bars) == 1 and self.plot.shape in ("bar", "histogram"):
            found.append(self._on_top(bars[0][0]))
        return found

    def _falling(self) -> list[Spec]:
        """Gains rise from the level before, losses fall from there to the level that the period ends on."""
        found: list[Spec] = []
        moves = [one for one in self.plot.series if one.role != "total"]
        inks = [c for one, c in zip(self.plot.series, colours(self.plot.series), strict=True) if one.role != "total"]
        rows: list[list[Spec]] = [[] for _ in moves]
        level, ends = self.plot.opening or 0.0, []
        for n in range(len(self.plot.slots)):
            top = level
            gains = [(k, v) for k, one in enumerate(moves) if (v := one.values[n] or 0.0) > 0]
            losses = [(k, v) for k, one in enumerate(moves) if (v := one.values[n] or 0.0) < 0]
            for left, several in ((0.12, gains), (0.5, losses)):
                for k, value in several:
                    rows[k].append(self._bar(n, left, 0.36, top, top + value, _at(moves[k].partial, n)))
                    top += value
            level = top
            ends.append((n, level))
        for ink, row in zip(inks, rows, strict=True):
            found += self._inked(row, ink, edged=True)
        return [*found, self._level(ends)]

    def _level(self, places: Sequence[tuple[int, float]]) -> Spec:
        """A short line of ink across each bar's place, where its level is."""
        rows = [
            {"x": round((n + 0.06) * self.band, 2), "x2": round((n + 0.94) * self.band, 2), "y": self.y(value)}
            for n, value in places
        ]
        return layer(rows, {"type": "rule", "color": "var(--ink)", "strokeWidth": 1.5}, x="x", x2="x2", y="y")

    def _bar(self, n: int, left: float, share: float, start: float, end: float, partial: bool) -> Spec:
        band = min(self.band, _THICK / 0.72)  # a lone bar is no wall
        x = (n + 0.5) * self.band + (left - 0.5) * band
        ys = sorted((self.y(start), self.y(end)))
        return {"x": round(x, 2), "x2": round(x + share * band, 2), "y": ys[0], "y2": ys[1], "partial": partial}

    def _inked(self, rows: list[Spec], colour: str, *, edged: bool) -> list[Spec]:
        """Bars in their colour, veiled where they are not final.

        Pieces on top of each other have an edge in the colour of the ground, which would wash out thin bars.
        """
        look: Spec = {"type": "rect", "fill": f"var(--{colour})"}
        if edged and 0.72 * self.band >= _EDGED:
            look |= {"stroke": "var(--surface)", "strokeWidth": 0.75}
        place = {"x": "x", "x2": "x2", "y": "y", "y2": "y2"}
        veil: Spec = {"type": "rect", "fill": "url(#veil)", "stroke": f"var(--{colour})", "strokeWidth": 1}
        return [layer(rows, look, **place), layer([row for row in rows if row["partial"]], veil, **place)]

    def _on_top(self, one: Series) -> Spec:
        """Each bar's value on top of it, where all of them have room."""
        room = 8 + _CHARACTER * max((len(text) for text in one.texts), default=0)
        fits, last = room <= self.band, len(one.values) - 1
        rows = [
            {
                "x": round((n + 0.5) * self.band, 2),
                "y": min(self.y(value), self.y(0)),
                "label": one.texts[n] if fits else one.label or one.texts[n],
            }
            for n, value in enumerate(one.values)
            if value is not None and (fits or n == last)
        ]
        text: Spec = {"type": "text", "align": "center", "baseline": "bottom", "dy": -4, "fill": "var(--ink-2)"}
        return layer(rows, text, x="x", y="y", text="label")

    def _names_of_bars(self) -> list[Spec]:
        """Names beside the last bars: where their pieces are, or one below the other."""
        last = len(self.plot.slots) - 1
        wanted, up, down = [], 0.0, 0.0
        for n, one in enumerate(self.plot.series):
            here = one.values[last] or 0.0
            if self.plot.shape == "stacked bar" and one.role != "total":
                wanted.append(self.y((up if here >= 0 else down) + here / 2))
                up, down = up + max(here, 0.0), down + min(here, 0.0)
            elif one.role == "total":  # below the names of what moved it, never among them
                wanted.append(max(self.y(here), (n + 1) * _LINE if self.plot.shape == "waterfall" else 0.0))
            else:
                wanted.append(_LINE / 2 + n * _LINE)
        return keys(self.plot, wanted, self.width, self.height)


class _Lying(_Columns):
    """A histogram for a phone: its bars lie, each under its name and before its value."""

    def layers(self) -> list[Spec]:
        """Back to front."""
        [one] = self.plot.series
        row = self.height / max(1, len(self.plot.slots))
        room = 12 + _CHARACTER * max((len(text) for text in one.texts), default=0)
        most = max([value or 0.0 for value in one.values], default=0.0) or 1.0
        bars, values, titles = [], [], []
        for n, (slot, value) in enumerate(zip(self.plot.slots, one.values, strict=True)):
            top = n * row
            titles.append({"x": 0, "y": round(top + 8, 2), "label": slot.name})
            if value is None:
                continue
            reach = round(max(0.0, value) / most * (self.width - room), 2)
            box = {"x": 0, "x2": reach, "y": round(top + _NAME, 2), "y2": round(top + _NAME + _FLAT, 2)}
            bars.append(box | {"partial": _at(one.partial, n)})
            values.append({"x": reach, "y": round(top + _NAME + _FLAT / 2, 2), "label": one.texts[n]})
        text: Spec = {"type": "text", "baseline": "middle"}
        parts = [
            *self._inked(bars, "bar", edged=False),
            layer(titles, text | {"align": "left", "fill": "var(--label)"}, x="x", y="y", text="label"),
            layer(values, text | {"align": "left", "dx": 6, "fill": "var(--ink-2)"}, x="x", y="y", text="label"),
        ]
        return [part for part in parts if part["data"]["values"]]


def keys(plot: Plot, wanted: Sequence[float], width: int, height: int) -> list[Spec]:
    """A square in the colour of each series and its name, at the right, near the height that each of them wants."""
    found: list[Spec] = []
    text: Spec = {"type": "text", "align": "left", "baseline": "middle", "fill": "var(--ink-2)"}
    placed = apart(wanted, 4, height - 2)
    alone = len(plot.series) == 1
    for y, name, colour in zip(placed, names(plot), colours(plot.series), strict=True):
        square: Spec = {"type": "point", "shape": "square", "filled": True, "size": 64, "opacity": 1}
        square["xOffset"] = 10
        if not alone:
            found.append(layer([{"x": width, "y": y}], square | {"fill": f"var(--{colour})"}, x="x", y="y"))
        row = [{"x": width, "y": y, "label": name}]
        found.append(layer(row, text | {"dx": 9 if alone else 21}, x="x", y="y", text="label"))
    return found


def _at(partial: Sequence[bool], n: int) -> bool:
    return n < len(partial) and partial[n]


def _gaps(values: Sequence[float | None]) -> list[int]:
    """The number of the run that each value of a layer is in; -1 where it has a gap.

    Before its first value and after its last one a layer is nothing, and no gap.
    """
    there = [n for n, value in enumerate(values) if value is not None]
    first, last = (there[0], there[-1]) if there else (0, -1)
    found: list[int] = []
    run = 0
    for n, value in enumerate(values):
        gap = value is None and first < n < last
        if gap and found and found[-1] >= 0:
            run += 1
        found.append(-1 if gap else run)
    return found
