"""A figure as a Vega-Lite specification whose every mark stands at pixels, ready to be drawn.

Colours are written as `var(--token)`, so that one drawing serves light, dark and paper. Axes are plain marks: we know
where they stand, and measuring an axis' labels is four fifths of what a chart costs Vega. A row with `hide` is a label
that a page leaves out: on a "phone", on all that is narrower than a "desk", or on all that is "wide"r than a phone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from headway.charts.figure import Figure, Mark, dates, thinned

FONT = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif'
#: Pixels around the plot: labels stand there.
TOP, BOTTOM, LEFT = 18, 26, 44
#: The widths of a plot on a phone and on the narrowest screen with a page as on a desk.
PHONE, TABLET = 240, 540

#: The height of a line of words, and from which share of the plot the name of the newest value reaches its right edge.
_LINE, _LATE = 15.0, 0.6
#: More points than these are a line only if it is thin.
_DENSE = 300

Spec = dict[str, Any]


def spec(figure: Figure, width: int, height: int) -> Spec:
    """The figure as a Vega-Lite specification of that outer size in pixels."""
    right = margin(figure)
    inner, tall = width - LEFT - right, height - TOP - BOTTOM
    draw = Line(figure, inner, tall) if figure.form == "line" else Bars(figure, inner, tall)
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": inner,
        "height": tall,
        "padding": {"left": LEFT, "right": right, "top": TOP, "bottom": BOTTOM},
        "autosize": "none",
        "background": None,
        "config": {
            "view": {"stroke": None},
            "text": {"font": FONT, "fontSize": 12},
            "font": FONT,
            "mark": {"tooltip": None},
            "aria": False,
        },
        "layer": draw.layers(),
    }


def margin(figure: Figure) -> int:
    """Pixels that the label at the end of a line takes at the right, in steps of 8."""
    if figure.form == "bar":
        return 8
    end = next((m for m in reversed(figure.marks) if m.value is not None), None)
    label = end.label if end else ""
    if figure.slope is not None:  # it ends farther to the right
        label = max(label, figure.slope.label, key=len)
    return 8 * math.ceil((14 + 7.4 * len(label)) / 8)


class Chart:
    """What lines and bars share: the scale with its grid, the labels of time, the target."""

    def __init__(self, figure: Figure, width: int, height: int) -> None:
        self.figure = figure
        self.width = width
        self.height = height
        present = [m.at for m in figure.marks]
        if figure.slope is not None:
            present += [figure.slope.first, figure.slope.last]
        self.first, self.last = (min(present), max(present)) if present else (0.0, 1.0)
        if self.first == self.last:
            self.first, self.last = self.first - 1, self.last + 1

    def x(self, at: float) -> float:
        """Pixels from the left."""
        return round((at - self.first) / (self.last - self.first) * self.width, 2)

    def y(self, value: float) -> float:
        """Pixels from the top."""
        figure = self.figure
        return round((figure.high - value) / (figure.high - figure.low) * self.height, 2)

    def grid(self) -> list[Spec]:
        """Hairlines with their labels, and the axis: at 0 where the scale has it, else at the bottom."""
        lines = [{"y": self.y(v), "label": label} for v, label in self.figure.ticks]
        base = self.y(0) if self.figure.low <= 0 <= self.figure.high else self.height
        return [
            layer(lines, {"type": "rule", "color": "var(--grid)", "strokeWidth": 1, "x": 0, "x2": self.width}, y="y"),
            layer(
                lines,
                {"type": "text", "align": "right", "baseline": "middle", "x": -10, "fill": "var(--label)"},
                y="y",
                text="label",
            ),
            layer(
                [{"y": base}],
                {"type": "rule", "color": "var(--axis)", "strokeWidth": 1, "x": 0, "x2": self.width},
                y="y",
            ),
        ]

    def names(self, labels: Sequence[tuple[float, str, str]], align: str) -> Spec:
        """Labels under the axis: pixels, text, and where they are left out."""
        return layer(
            [{"x": x, "label": label, "hide": hide} for x, label, hide in labels],
            {"type": "text", "align": align, "baseline": "top", "y": self.height + 9, "fill": "var(--label)"},
            x="x",
            text="label",
        )

    def target(self) -> list[Spec]:
        """The target as a step of ink, never dashed, named wherever there is room for its name."""
        lines: list[Spec] = []
        texts: list[Spec] = []
        ends: list[Spec] = []  # too short a step: its name ends with it, over the line before
        for number, step in enumerate(self.figure.steps):
            left, right, y = self.x_of_step(step.first), self.x_of_step(step.last, end=True), self.y(step.value)
            lines += [{"x": left, "y": y, "s": number, "o": 0}, {"x": right, "y": y, "s": number, "o": 1}]
            before = self.figure.steps[number - 1] if number else None
            if before and abs(self.x_of_step(before.last, end=True) - left) < 1:  # the riser between two levels
                lines += [
                    {"x": left, "y": self.y(before.value), "s": -number, "o": 0},
                    {"x": left, "y": y, "s": -number, "o": 1},
                ]
            room, wanted = right - left, 6.6 * len(step.label) + 4
            narrow, newest = room * PHONE / self.width < wanted, step is self.figure.steps[-1]
            if room >= wanted:
                texts.append({"x": self.clear(left, right, y, wanted), "y": y - 5, "label": step.label})
                texts[-1]["hide"] = "phone" if narrow else ""
            if newest and narrow:
                hide = "wide" if room >= wanted else ""
                ends.append({"x": right, "y": y - 5, "label": step.label, "hide": hide})
        return [
            layer(
                lines,
                {"type": "line", "stroke": "var(--reference)", "strokeWidth": 1.25, "strokeCap": "square"},
                x="x",
                y="y",
                detail="s",
                order="o",
            ),
            layer(texts, {**_NAME, "align": "left", "dx": 4}, x="x", y="y", text="label"),
            layer(ends, {**_NAME, "align": "right", "dx": -2}, x="x", y="y", text="label"),
        ]

    def _thinned(self, wanted: float, narrow: float) -> dict[int, bool]:
        """The names of points that stay where each takes so many pixels, and whether a narrow page has room too."""
        names = [mark.name for mark in self.figure.marks]
        every, fewer = (max(1, math.ceil(wanted * len(names) / width)) for width in (self.width, narrow))
        return thinned(names, every, fewer)

    def drawn(self) -> list[list[tuple[float, float]]]:
        """The lines of the plot by their points, for names to stand beside them."""
        return []

    def clear(self, left: float, right: float, y: float, wanted: float) -> float:
        """The first place along a level where its name stands on no line, with room for it on a phone if there is."""
        crossed = sorted(
            span for line in self.drawn() for a, b in pairwise(line) if (span := _within(a, b, y - _LINE - 2, y))
        )
        for room in (wanted * self.width / PHONE, wanted):
            place = left
            for begins, ends in [*crossed, (right, right)]:
                if min(begins, right) - place >= room:
                    return round(place, 2)
                place = max(place, ends + 4)
        return left

    def slope(self) -> list[Spec]:
        """A bound that moves: a line of ink as any target, with what is to be reached at its end."""
        slope = self.figure.slope
        if slope is None:
            return []
        ends = [
            {"x": self.x(slope.first), "y": self.y(slope.start)},
            {"x": self.x(slope.last), "y": self.y(slope.reach)},
        ]
        end = next((mark for mark in reversed(self.figure.marks) if mark.value is not None), None)
        y = ends[1]["y"]
        if end is not None and end.value is not None and self.x(end.at) > self.width * _LATE:
            beside = self.y(end.value)
            if abs(y - beside) < _LINE:  # its name would run into that of the newest value
                y = beside + (_LINE if y >= beside else -_LINE)
        line: Spec = {"type": "line", "stroke": "var(--reference)", "strokeWidth": 1.25, "strokeCap": "square"}
        name: Spec = {"type": "text", "align": "left", "baseline": "middle", "dx": 9, "fill": "var(--ink-2)"}
        return [
            layer(ends, line, x="x", y="y"),
            layer([{"x": ends[1]["x"], "y": y, "label": slope.label}], name, x="x", y="y", text="label"),
        ]

    def remarks(self) -> list[Spec]:
        """A hairline and a number in a circle for each, over a band where it is about several days."""
        bands, rules, dots = [], [], []
        free = -math.inf
        for remark in self.figure.remarks:
            left, right = self.x_of_remark(remark.first), self.x_of_remark(remark.last, end=True)
            if remark.last > remark.first:
                bands.append({"x": left, "x2": right, "y": 0, "y2": self.height})
            middle = round((left + right) / 2, 2)
            rules.append({"x": middle, "y": 0, "y2": self.height})
            # Two circles would touch: the later one moves, its hairline stays.
            free = max(middle, free) + 18
            dots.append({"x": free - 18, "y": -TOP / 2, "label": remark.number})
        rule: Spec = {"type": "rule", "color": "var(--label)", "strokeWidth": 1, "strokeOpacity": 0.55}
        dot: Spec = {"type": "point", "filled": True, "size": 200, "opacity": 1, "strokeWidth": 1}
        dot |= {"fill": "var(--surface)", "stroke": "var(--label)"}
        name: Spec = {"type": "text", "align": "center", "baseline": "middle", "fill": "var(--ink-2)"}
        return [
            layer(bands, {"type": "rect", "color": "var(--sunken)"}, x="x", x2="x2", y="y", y2="y2"),
            layer(rules, rule, x="x", y="y", y2="y2"),
            layer(dots, dot, x="x", y="y"),
            layer(dots, name, x="x", y="y", text="label"),
        ]

    def x_of_remark(self, at: float, *, end: bool = False) -> float:
        """Where a day stands, within the plot."""
        del end
        return min(max(self.x(at), 0.0), float(self.width))

    def breaks(self) -> list[Spec]:
        """A rule between two methods, which are no one series, with its name at the top."""
        rows: list[Spec] = [
            {"x": self.x_of_break(at), "y": -TOP / 2, "y2": self.height, "label": "New method"}
            for at in self.figure.breaks
        ]
        right = [row for row in rows if row["x"] < self.width * 0.7]
        left = [row for row in rows if row["x"] >= self.width * 0.7]
        rule: Spec = {"type": "rule", "color": "var(--ink-2)", "strokeWidth": 1, "strokeDash": [2, 3]}
        name: Spec = {"type": "text", "baseline": "bottom", "fill": "var(--ink-2)"}
        return [
            layer(rows, rule, x="x", y="y", y2="y2"),
            layer(right, {**name, "align": "left", "dx": 5, "dy": 4}, x="x", y="y", text="label"),
            layer(left, {**name, "align": "right", "dx": -5, "dy": 4}, x="x", y="y", text="label"),
        ]

    def x_of_break(self, at: float) -> float:
        """Between the mark at which another method begins, and the one before it."""
        before = max((mark.at for mark in self.figure.marks if mark.at < at), default=at)
        return round((self.x(before) + self.x(at)) / 2, 2)

    def x_of_step(self, at: float, *, end: bool = False) -> float:
        """Where a target's step begins or ends, in pixels within the plot."""
        del end
        return min(max(self.x(at), 0), self.width)


def _within(a: tuple[float, float], b: tuple[float, float], top: float, bottom: float) -> tuple[float, float] | None:
    """From where to where the straight line between two points is in a band, or None."""
    if max(a[1], b[1]) < top or min(a[1], b[1]) > bottom:
        return None
    if a[1] == b[1]:
        return a[0], b[0]
    ends = sorted(min(max((level - a[1]) / (b[1] - a[1]), 0.0), 1.0) for level in (top, bottom))
    return a[0] + (b[0] - a[0]) * ends[0], a[0] + (b[0] - a[0]) * ends[1]


class Line(Chart):
    """A line over a soft area, dashed where it is not final, named at its end."""

    def layers(self) -> list[Spec]:
        """Back to front."""
        solid, dashed, lone = self._runs()
        last = next((m for m in reversed(self.figure.marks) if m.value is not None), None)
        labels, align = (
            (self._periods(), "center") if any(m.name for m in self.figure.marks) else (self._dates(), "left")
        )
        parts = [*self.remarks(), *self.grid(), self.names(labels, align)]
        if self.figure.low <= 0:
            base = self.y(max(0.0, self.figure.low))
            parts.append(
                layer(
                    [dict(point, y2=base) for point in solid + dashed],
                    {"type": "area", "color": "var(--series-soft)", "fillOpacity": 0.55, "line": False},
                    x="x",
                    y="y",
                    y2="y2",
                    detail="s",
                )
            )
        parts += [*self.target(), *self.slope(), *self.breaks()]
        stroke = 2 if len(solid) <= _DENSE else 1.25
        parts += [
            layer(
                solid,
                {
                    "type": "line",
                    "stroke": "var(--series)",
                    "strokeWidth": stroke,
                    "strokeCap": "round",
                    "strokeJoin": "round",
                },
                x="x",
                y="y",
                detail="s",
            ),
            layer(
                dashed,
                {"type": "line", "stroke": "var(--series)", "strokeWidth": 2, "strokeDash": [3, 4]},
                x="x",
                y="y",
                detail="s",
            ),
            layer(
                lone, {"type": "point", "filled": True, "size": 20, "fill": "var(--series)", "opacity": 1}, x="x", y="y"
            ),
        ]
        if last is not None and last.value is not None:
            end = [{"x": self.x(last.at), "y": self.y(last.value), "label": last.label}]
            mark: Spec = {"type": "point", "filled": True, "opacity": 1, "strokeWidth": 2}
            mark |= (
                {"size": 44, "fill": "var(--surface)", "stroke": "var(--series)"}
                if last.partial
                else {"size": 56, "fill": "var(--series)", "stroke": "var(--surface)"}
            )
            text = {
                "type": "text",
                "align": "left",
                "baseline": "middle",
                "dx": 9,
                "fontWeight": 600,
                "fill": "var(--ink)",
            }
            parts += [layer(end, mark, x="x", y="y"), layer(end, text, x="x", y="y", text="label")]
        return [part for part in parts if part["data"]["values"]]

    def drawn(self) -> list[list[tuple[float, float]]]:
        """The one line."""
        return [[(self.x(mark.at), self.y(mark.value)) for mark in self.figure.marks if mark.value is not None]]

    def _dates(self) -> list[tuple[float, str, str]]:
        """Labels of time; on a phone only those that would stand there alone."""
        slope, marks = self.figure.slope, self.figure.marks
        first, last = (self.first, self.last) if slope else (marks[0].at, marks[-1].at)
        every = dates(first, last, max(3, self.width // 84))
        few = {at for at, _ in dates(first, last, 4)}
        if not few <= {at for at, _ in every}:
            few = {at for at, _ in every[:: math.ceil(len(every) / 4)]}
        return [(self.x(at), text, "" if at in few else "phone") for at, text in every]

    def _periods(self) -> list[tuple[float, str, str]]:
        """The names of periods under their points; fewer of them on a phone."""
        marks = self.figure.marks
        wanted = 7 * max(len(mark.name) for mark in marks) + 12
        stay = self._thinned(wanted, PHONE)
        return [(self.x(marks[n].at), marks[n].name, "" if narrow else "phone") for n, narrow in stay.items()]

    def _runs(self) -> tuple[list[Spec], list[Spec], list[Spec]]:
        """Points as runs without gaps: final, not final (joined to the last final one), and lonely ones."""
        solid: list[Spec] = []
        dashed: list[Spec] = []
        runs: list[list[Mark]] = [[]]
        for mark in self.figure.marks:
            if mark.value is None:
                runs.append([])
            else:
                if mark.at in self.figure.breaks:  # no line leads from one method to another
                    runs.append([])
                runs[-1].append(mark)
        lone = [self._point(run[0], 0) for run in runs if len(run) == 1]
        for number, run in enumerate(run for run in runs if len(run) > 1):
            for index, mark in enumerate(run):
                if not mark.partial:
                    solid.append(self._point(mark, number))
                if mark.partial or (index + 1 < len(run) and run[index + 1].partial):
                    dashed.append(self._point(mark, number))
        return solid, dashed, lone

    def _point(self, mark: Mark, run: int) -> Spec:
        assert mark.value is not None
        return {"x": self.x(mark.at), "y": self.y(mark.value), "s": run}


class Bars(Chart):
    """Bars from 0, hatched where not final, with their value on top where there is room."""

    def __init__(self, figure: Figure, width: int, height: int) -> None:
        super().__init__(figure, width, height)
        self.band = width / max(1, len(figure.marks))

    def layers(self) -> list[Spec]:
        """Back to front."""
        base = self.y(0)
        bars = []
        for index, mark in enumerate(self.figure.marks):
            if mark.value is not None:
                left = (index + 0.14) * self.band
                y = self.y(mark.value)
                bars.append(
                    {
                        "x": round(left, 2),
                        "x2": round(left + 0.72 * self.band, 2),
                        "y": min(y, base),
                        "y2": max(y, base),
                        "mid": round(left + 0.36 * self.band, 2),
                        "label": mark.label,
                        "partial": mark.partial,
                    }
                )
        stay = self._thinned(34, TABLET)
        names = [
            ((n + 0.5) * self.band, self.figure.marks[n].name, "" if narrow else "desk") for n, narrow in stay.items()
        ]
        parts = [*self.remarks(), *self.grid(), self.names(names, "center")]
        kind: Spec = {"type": "rect", "cornerRadiusTopLeft": 2, "cornerRadiusTopRight": 2}
        place = {"x": "x", "x2": "x2", "y": "y", "y2": "y2"}
        parts.append(layer([b for b in bars if not b["partial"]], kind | {"color": "var(--bar)"}, **place))
        parts.append(
            layer(
                [b for b in bars if b["partial"]],
                kind | {"fill": "url(#hatch)", "stroke": "var(--bar)", "strokeWidth": 1},
                **place,
            )
        )
        parts += [*self.target(), *self.breaks()]
        parts.append(self._values(bars))
        return [part for part in parts if part["data"]["values"]]

    def _values(self, bars: Sequence[Spec]) -> Spec:
        """Each bar's value on top of it.

        Only the newest two where bars are narrow or a target crosses them; only the newest where two would touch.
        """
        wanted = 7 * max((len(bar["label"]) for bar in bars), default=0) + 8
        everywhere = self.width <= TABLET or wanted * len(bars) <= TABLET
        rows = []
        tightest = self.band * (PHONE if self.width <= TABLET else TABLET) / self.width
        for after, bar in enumerate(reversed(bars)):
            newest = after == 0 or (after == 1 and (wanted <= tightest or abs(bar["y"] - bars[-1]["y"]) > 16))
            if newest or (wanted <= self.band and not self.figure.steps):
                hide = "" if newest or everywhere else "desk"
                rows.append({"x": bar["mid"], "y": self._clear(bar["y"]), "label": bar["label"], "hide": hide})
        text = {"type": "text", "align": "center", "baseline": "bottom", "dy": -4, "fill": "var(--ink-2)"}
        return layer(rows, text, x="x", y="y", text="label")

    def _clear(self, y: float) -> float:
        """Where a value stands on its bar: above the target's line, where that would strike it out."""
        lines = [self.y(step.value) for step in self.figure.steps]
        return min([line for line in lines if y - 18 < line < y - 1], default=y)

    def x_of_break(self, at: float) -> float:
        """Between two bars."""
        return self.x_of_step(at)

    def x_of_step(self, at: float, *, end: bool = False) -> float:
        """A step covers whole bars: from the left of its first to the right of its last."""
        places = [index for index, mark in enumerate(self.figure.marks) if mark.at <= at + 1e-9]
        index = places[-1] if places else 0
        return round((index + (1 if end else 0)) * self.band, 2)

    def x_of_remark(self, at: float, *, end: bool = False) -> float:
        """Within its bar, or at the end of the days that it is about: time runs evenly in a bar."""
        places = [mark.at for mark in self.figure.marks]
        index = max((n for n, place in enumerate(places) if place <= at), default=0)
        long = (
            places[index + 1] - places[index]
            if index + 1 < len(places)
            else places[index] - places[index - 1]
            if index
            else 1
        )
        along = min(1.0, max(0.0, (at + (1 if end else 0) - places[index]) / long))
        return round((index + along) * self.band, 2)


#: How the name of a target is set.
_NAME: Spec = {"type": "text", "baseline": "bottom", "fill": "var(--ink-2)"}


def layer(values: list[Spec], mark: Spec, **channels: str) -> Spec:
    """One layer whose fields are pixels already: every scale is the identity, every axis is ours."""
    encoding: Spec = {}
    for channel, name in channels.items():
        if channel == "text":
            encoding[channel] = {"field": name, "type": "nominal"}
        elif channel in ("detail", "order"):
            encoding[channel] = {"field": name, "type": "quantitative"}
        elif channel in ("x2", "y2"):
            encoding[channel] = {"field": name}
        else:
            encoding[channel] = {"field": name, "type": "quantitative", "scale": None, "axis": None}
    return {"data": {"values": values}, "mark": mark, "encoding": encoding}
