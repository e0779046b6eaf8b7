"""Draw rows as charts: a Vega-Lite specification first, then SVG or PNG (pure).

A `Figure` holds points whose values are already judged and labelled; this module only places them. Colours are
written as `var(--token)`, so that one SVG serves light, dark and paper; `png` puts the light values in. Axes are
plain marks at pixels that we know beforehand, and `svg` writes their text itself: measuring text is four fifths of
what a chart costs Vega. Small multiples and sparklines are our own inline SVG and cost next to nothing.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from html import escape
from typing import Any, Literal

import vl_convert

#: Widths in pixels at which a chart is drawn, so that its text is 12 px on each; a page shows one by media query.
WIDTHS: Mapping[str, int] = {"wide": 1184, "mid": 720, "narrow": 342}

_FONT = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif'
_GAP = 14  # between two labels that must not touch
_TOP, _BOTTOM, _LEFT = 18, 26, 44
_COLOUR = re.compile(r"var\(--([\w-]+)\)")

Spec = dict[str, Any]
Form = Literal["line", "bar"]


@dataclass(frozen=True, slots=True)
class Mark:
    """One value of a figure. `at` counts days (with a fraction for hours), `name` is its label on a bar chart."""

    at: float
    value: float | None
    partial: bool = False
    name: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A bound that holds from one point of time to another, both on the scale of `Mark.at`."""

    first: float
    last: float
    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Figure:
    """Everything that one chart shows. `ticks` are the labelled values of its scale, `low` and `high` its ends."""

    form: Form
    marks: tuple[Mark, ...]
    steps: tuple[Step, ...]
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    #: The sentence that says what the chart shows, for those who do not see it.
    says: str


# -- scales --------------------------------------------------------------------------------------------------------


def extent(values: Sequence[float], bounds: Sequence[float], form: Form) -> tuple[float, float]:
    """The lowest and highest value a scale must hold: bars and areas start at 0.

    A line may leave 0 where its span is less than a fifth of its level.
    """
    every = [*values, *bounds] or [0.0]
    low, high = min(every), max(every)
    if form == "line" and low > 0 and high - low < high / 5:
        air = (high - low or abs(high) or 1) * 0.25
        return low - air, high + air
    low, high = min(0.0, low), max(0.0, high)
    if low == high:
        high = 1.0
    return low - (0.06 * (high - low) if low < 0 else 0), high + (0.1 * (high - low) if high > 0 else 0)


def dates(first: float, last: float, most: int) -> list[tuple[float, str]]:
    """Labels of a time axis, at most `most`: years, quarters' first months, months or days, as the span allows.

    January reads as its year.
    """
    start, end = _day(first), _day(last)
    span = (end - start).days + 1
    if span <= 45:
        step = max(1, math.ceil(span / most))
        days = [start + timedelta(n) for n in range(0, span, step)]
        return [(float(_number(d)), f"{d.day} {d:%b}") for d in days]
    months = [
        date(y, m, 1) for y in range(start.year, end.year + 1) for m in range(1, 13) if start <= date(y, m, 1) <= end
    ]
    for every in (1, 3, 6, 12, 24, 60, 120):
        chosen = [d for d in months if ((d.year * 12 + d.month - 1) % every) == 0]
        if len(chosen) <= most:
            return [(float(_number(d)), str(d.year) if d.month == 1 else f"{d:%b}") for d in chosen]
    return []


def _day(number: float) -> date:
    return date(1970, 1, 1) + timedelta(days=math.floor(number))


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


# -- Vega-Lite -----------------------------------------------------------------------------------------------------


def spec(figure: Figure, width: int, height: int) -> Spec:
    """The figure as a Vega-Lite specification of that outer size in pixels."""
    end = next((m for m in reversed(figure.marks) if m.value is not None), None)
    right = 12 + round(7.4 * len(end.label)) if figure.form == "line" and end else 4
    inner, tall = width - _LEFT - right, height - _TOP - _BOTTOM
    draw = _Line(figure, inner, tall) if figure.form == "line" else _Bars(figure, inner, tall)
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": inner,
        "height": tall,
        "padding": {"left": _LEFT, "right": right, "top": _TOP, "bottom": _BOTTOM},
        "autosize": "none",
        "background": None,
        "config": {
            "view": {"stroke": None},
            "text": {"font": _FONT, "fontSize": 12},
            "font": _FONT,
            "mark": {"tooltip": None},
            "aria": False,
        },
        "layer": draw.layers(),
    }


class _Chart:
    """What lines and bars share: the scale with its grid, the labels of time, the target."""

    def __init__(self, figure: Figure, width: int, height: int) -> None:
        self.figure = figure
        self.width = width
        self.height = height
        present = [m.at for m in figure.marks]
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
            _layer(lines, {"type": "rule", "color": "var(--grid)", "strokeWidth": 1, "x": 0, "x2": self.width}, y="y"),
            _layer(
                lines,
                {"type": "text", "align": "right", "baseline": "middle", "x": -10, "fill": "var(--label)"},
                y="y",
                text="label",
            ),
            _layer(
                [{"y": base}],
                {"type": "rule", "color": "var(--axis)", "strokeWidth": 1, "x": 0, "x2": self.width},
                y="y",
            ),
        ]

    def names(self, labels: Sequence[tuple[float, str]], align: str) -> Spec:
        """Labels under the axis, at pixels."""
        return _layer(
            [{"x": x, "label": label} for x, label in labels],
            {"type": "text", "align": align, "baseline": "top", "y": self.height + 9, "fill": "var(--label)"},
            x="x",
            text="label",
        )

    def target(self) -> list[Spec]:
        """The target as a step of ink, never dashed, named wherever there is room for its name."""
        lines: list[Spec] = []
        texts: list[Spec] = []
        for number, step in enumerate(self.figure.steps):
            left, right, y = self.x_of_step(step.first), self.x_of_step(step.last, end=True), self.y(step.value)
            lines += [{"x": left, "y": y, "s": number, "o": 0}, {"x": right, "y": y, "s": number, "o": 1}]
            before = self.figure.steps[number - 1] if number else None
            if before and abs(self.x_of_step(before.last, end=True) - left) < 1:  # the riser between two levels
                lines += [
                    {"x": left, "y": self.y(before.value), "s": -number, "o": 0},
                    {"x": left, "y": y, "s": -number, "o": 1},
                ]
            room = right - left
            wanted = 6.6 * len(step.label) + 4
            if room >= wanted:
                texts.append({"x": left + 4, "y": y - 5, "label": step.label})
            elif step is self.figure.steps[-1]:
                # Too short a step: its name ends with it, over the line before.
                texts.append({"x": max(0, right - wanted), "y": y - 5, "label": step.label})
        return [
            _layer(
                lines,
                {"type": "line", "stroke": "var(--reference)", "strokeWidth": 1.25, "strokeCap": "square"},
                x="x",
                y="y",
                detail="s",
                order="o",
            ),
            _layer(
                texts,
                {"type": "text", "align": "left", "baseline": "bottom", "fill": "var(--ink-2)"},
                x="x",
                y="y",
                text="label",
            ),
        ]

    def x_of_step(self, at: float, *, end: bool = False) -> float:
        """Where a target's step begins or ends, in pixels within the plot."""
        del end
        return min(max(self.x(at), 0), self.width)


class _Line(_Chart):
    """A line over a soft area, dashed where it is not final, named at its end."""

    def layers(self) -> list[Spec]:
        """Back to front."""
        solid, dashed, lone = self._runs()
        last = next((m for m in reversed(self.figure.marks) if m.value is not None), None)
        labels = [(self.x(at), text) for at, text in dates(self.first, self.last, max(3, self.width // 84))]
        parts = [*self.grid(), self.names(labels, "left")]
        if self.figure.low <= 0:
            base = self.y(max(0.0, self.figure.low))
            parts.append(
                _layer(
                    [dict(point, y2=base) for point in solid + dashed],
                    {"type": "area", "color": "var(--series-soft)", "fillOpacity": 0.55, "line": False},
                    x="x",
                    y="y",
                    y2="y2",
                    detail="s",
                )
            )
        parts += self.target()
        parts += [
            _layer(
                solid,
                {
                    "type": "line",
                    "stroke": "var(--series)",
                    "strokeWidth": 2,
                    "strokeCap": "round",
                    "strokeJoin": "round",
                },
                x="x",
                y="y",
                detail="s",
            ),
            _layer(
                dashed,
                {"type": "line", "stroke": "var(--series)", "strokeWidth": 2, "strokeDash": [3, 4]},
                x="x",
                y="y",
                detail="s",
            ),
            _layer(
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
            parts += [_layer(end, mark, x="x", y="y"), _layer(end, text, x="x", y="y", text="label")]
        return [part for part in parts if part["data"]["values"]]

    def _runs(self) -> tuple[list[Spec], list[Spec], list[Spec]]:
        """Points as runs without gaps: final, not final (joined to the last final one), and lonely ones."""
        solid: list[Spec] = []
        dashed: list[Spec] = []
        runs: list[list[Mark]] = [[]]
        for mark in self.figure.marks:
            if mark.value is None:
                runs.append([])
            else:
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


class _Bars(_Chart):
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
        every = max(1, math.ceil(34 / self.band))
        names = [
            ((index + 0.5) * self.band, mark.name)
            for index, mark in enumerate(self.figure.marks)
            if (len(self.figure.marks) - 1 - index) % every == 0
        ]
        longest = max((len(mark.label) for mark in self.figure.marks), default=0)
        # Where the band is too narrow for every value, the last two say theirs: the newest whole one and the running.
        named = bars if 7 * longest + 8 <= self.band else bars[-2:]
        parts = [*self.grid(), self.names(names, "center")]
        kind: Spec = {"type": "rect", "cornerRadiusTopLeft": 2, "cornerRadiusTopRight": 2}
        place = {"x": "x", "x2": "x2", "y": "y", "y2": "y2"}
        parts.append(_layer([b for b in bars if not b["partial"]], kind | {"color": "var(--bar)"}, **place))
        parts.append(
            _layer(
                [b for b in bars if b["partial"]],
                kind | {"fill": "url(#hatch)", "stroke": "var(--bar)", "strokeWidth": 1},
                **place,
            )
        )
        parts += self.target()
        text = {"type": "text", "align": "center", "baseline": "bottom", "dy": -4, "fill": "var(--ink-2)"}
        parts.append(_layer(named, text, x="mid", y="y", text="label"))
        return [part for part in parts if part["data"]["values"]]

    def x_of_step(self, at: float, *, end: bool = False) -> float:
        """A step covers whole bars: from the left of its first to the right of its last."""
        places = [index for index, mark in enumerate(self.figure.marks) if mark.at <= at + 1e-9]
        index = places[-1] if places else 0
        return round((index + (1 if end else 0)) * self.band, 2)


def _layer(values: list[Spec], mark: Spec, **channels: str) -> Spec:
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


# -- SVG, PNG ------------------------------------------------------------------------------------------------------


def svg(figure: Figure, size: str, height: int = 300) -> str:
    """The figure as inline SVG at one of `WIDTHS`; the page's stylesheet gives its tokens their colours."""
    width = WIDTHS[size]
    whole = spec(figure, width, height)
    texts = [layer for layer in whole["layer"] if layer["mark"]["type"] == "text"]
    whole["layer"] = [layer for layer in whole["layer"] if layer["mark"]["type"] != "text"]
    drawn: str = vl_convert.vega_to_svg(_compiled(whole))
    drawn = re.sub(
        r' (?:font-family|class|role|stroke-miterlimit|pointer-events|aria-\w+|xmlns(?::\w+)?)="[^"]*"', "", drawn
    )
    drawn = re.sub(r"(\d+\.\d)\d+", r"\1", drawn)
    drawn = re.sub(r'<path d="[^"]*"(?: fill="none")?(?: opacity="0")?(?: display="none")?></path>', "", drawn)
    drawn = re.sub(r"(?:<g>)+</g>", "", drawn)
    body = drawn[drawn.index(">") + 1 : drawn.rindex("</svg>")]
    if "url(#hatch)" in body:
        # An id of its own: a pattern inside a hidden chart does not paint.
        body = _hatch(f"hatch-{size}") + body.replace("url(#hatch)", f"url(#hatch-{size})")
    body += f'<g transform="translate({_LEFT},{_TOP})">{"".join(map(_texts, texts))}</g>'
    return (
        f'<svg class="chart {size}" role="img" aria-label="{escape(figure.says)}" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">{body}</svg>'
    )


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


#: Where Vega puts a 12 px text's base line, below the point that it is given.
_BASELINE = {"top": 9.5, "middle": 3.6, "bottom": -2.5}
_ANCHOR = {"left": "start", "center": "middle", "right": "end"}


def _texts(layer: Spec) -> str:
    """A layer of text as Vega would write it, from the pixels in its rows."""
    mark, fields = layer["mark"], {name: channel["field"] for name, channel in layer["encoding"].items()}
    weight = f' font-weight="{mark["fontWeight"]}"' if "fontWeight" in mark else ""
    parts = []
    for row in layer["data"]["values"]:
        x = mark.get("dx", 0) + (row[fields["x"]] if "x" in fields else mark["x"])
        y = mark.get("dy", 0) + (row[fields["y"]] if "y" in fields else mark["y"]) + _BASELINE[mark["baseline"]]
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}">{escape(row[fields["text"]], quote=False)}</text>')
    return (
        f'<g fill="{mark["fill"]}" font-size="12" text-anchor="{_ANCHOR[mark["align"]]}"{weight}>{"".join(parts)}</g>'
    )


def png(figure: Figure, tokens: Mapping[str, str], width: int = 1184, height: int = 300) -> bytes:
    """The figure as a PNG on white at twice its size; `tokens` gives each token's colour."""

    def colour(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: colour(value) for key, value in part.items()}
        if isinstance(part, list):
            return [colour(value) for value in part]
        if isinstance(part, str):
            # Vega knows no pattern; on paper a pale bar says "not final" as well.
            return _COLOUR.sub(lambda m: tokens[m[1]], part.replace("url(#hatch)", "var(--series-soft)"))
        return part

    drawn: bytes = vl_convert.vegalite_to_png(colour(spec(figure, width, height)) | {"background": "white"}, scale=2)
    return drawn


def _hatch(name: str) -> str:
    return (
        f'<defs><pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="6" height="6" fill="var(--surface)"/>'
        '<rect width="2.5" height="6" fill="var(--bar)"/></pattern></defs>'
    )


# -- our own small drawings ----------------------------------------------------------------------------------------


def spark(
    values: Sequence[float | None],
    bounds: Sequence[float | None] = (),
    *,
    partial: int = 0,
    hollow: bool = False,
    height: int = 44,
) -> str:
    """A sparkline that stretches to its box: ink line, grey target, dot at the end.

    The last `partial` values are dashed and end hollow; `hollow` also for a value that is withheld or old. Gaps in
    the values are gaps in the line. '' if there is nothing to draw.
    """
    width = 240
    present = [v for v in values if v is not None]
    if not present:
        return ""
    every = present + [b for b in bounds if b is not None]
    low, high = min(every), max(every)
    air = (high - low) * 0.12 or abs(high) or 1.0
    low, high = low - air, high + air
    step = (width - 8) / max(1, len(values) - 1)

    def x(index: float) -> float:
        return round(4 + index * step, 1) if len(values) > 1 else width - 4

    def y(value: float) -> float:
        return round(height - 4 - (value - low) / (high - low) * (height - 8), 1)

    parts = [_spark_target(bounds, x, y, width)] if any(b is not None for b in bounds) else []
    cut = len(values) - partial
    solid = _path([(x(i), None if v is None else y(v)) for i, v in enumerate(values[:cut])])
    if solid:
        parts.append(f'<path class="sp-l" d="{solid}"/>')
    if partial and cut > 0:
        tail = _path([(x(i), None if v is None else y(v)) for i, v in enumerate(values) if i >= cut - 1])
        parts.append(f'<path class="sp-p" d="{tail}"/>' if tail else "")
    at, end = next((i, v) for i, v in reversed(list(enumerate(values))) if v is not None)
    open_end = hollow or at >= cut or at < len(values) - 1
    dot = f"M{x(at)} {y(end)}h.01"
    parts.append(f'<path class="{"sp-h" if open_end else "sp-d"}" d="{dot}"/>')
    if open_end:
        parts.append(f'<path class="sp-i" d="{dot}"/>')
    return (
        f'<svg class="spark" viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )


def _spark_target(bounds: Sequence[float | None], x: Any, y: Any, width: int) -> str:
    """The bound as a step line, broken where there was none."""
    path = ""
    before: float | None = None
    for index, level in enumerate(bounds):
        left = 0 if index == 0 else x(index - 0.5)
        if before is not None:
            path += f"H{left}"
        if level is not None and before is None:
            path += f"M{left} {y(level)}"
        elif level is not None and level != before:
            path += f"V{y(level)}"
        before = level
    if before is not None:
        path += f"H{width}"
    return f'<path class="sp-t" d="{path}"/>'


def _path(points: Sequence[tuple[float, float | None]]) -> str:
    """A polyline that lifts the pen at gaps; lone points between two gaps become dots of line width."""
    path = ""
    pen = False
    for index, (x, y) in enumerate(points):
        if y is None:
            pen = False
            continue
        alone = not pen and (index + 1 == len(points) or points[index + 1][1] is None)
        path += f"{'L' if pen else 'M'}{x} {y}" + ("h.01" if alone else "")
        pen = True
    return path


def small(
    values: Sequence[float | None],
    low: float,
    high: float,
    ticks: Sequence[tuple[float, str]],
    names: Sequence[tuple[int, str]],
    says: str,
    *,
    partial: int = 0,
) -> str:
    """One of several small charts that share a scale from `low` to `high`. `names` label positions under the axis."""
    width, height, left, bottom, top = 184, 92, 32, 20, 8
    tall = height - bottom - top
    step = (width - left - 6) / max(1, len(values) - 1)

    def x(index: int) -> float:
        return round(left + index * step, 1)

    def y(value: float) -> float:
        return round(top + (high - value) / (high - low) * tall, 1)

    parts = [f'<path class="sm-g" d="M{left} {y(v)}H{width}"/>' for v, _ in ticks]
    parts += [
        f'<text class="sm-t" x="{left - 6}" y="{y(v) + 4}" text-anchor="end">{escape(t)}</text>' for v, t in ticks
    ]
    parts += [f'<text class="sm-t" x="{x(i)}" y="{height - 4}">{escape(t)}</text>' for i, t in names]
    cut = len(values) - partial
    points = [(x(i), None if v is None else y(v)) for i, v in enumerate(values)]
    for run in _unbroken(points):
        base = y(min(max(0.0, low), high))
        parts.append(f'<path class="sm-a" d="{_path(run)}V{base}H{run[0][0]}Z"/>')
    if solid := _path(points[:cut]):
        parts.append(f'<path class="sm-l" d="{solid}"/>')
    if partial and cut > 0 and (tail := _path(points[cut - 1 :])):
        parts.append(f'<path class="sm-p" d="{tail}"/>')
    end = next(((px, py) for px, py in reversed(points) if py is not None), None)
    if end:
        kind = "sm-h" if partial or points[-1][1] is None else "sm-d"
        parts.append(f'<circle class="{kind}" cx="{end[0]}" cy="{end[1]}" r="2.5"/>')
    return (
        f'<svg class="small" role="img" aria-label="{escape(says)}" viewBox="0 0 {width} {height}">'
        f"{''.join(parts)}</svg>"
    )


def _unbroken(points: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float | None]]]:
    runs: list[list[tuple[float, float | None]]] = [[]]
    for point in points:
        if point[1] is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if len(run) > 1]
