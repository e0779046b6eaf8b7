"""What a page's script needs of a chart: its places, names and texts, and its values where they are drawn again.

The drawing stands without it. Texts are those of the page's table; nothing is formatted by a script.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from headway.charts.figure import Figure, Step
from headway.charts.plot import Grid, Plot
from headway.charts.series import colours, names

Live = dict[str, Any]
#: Shapes whose slots are bands of equal width, not points of a scale.
_BANDS = frozenset({"bar", "stacked bar", "waterfall", "histogram"})
_STACKED = frozenset({"stacked area", "stacked bar", "waterfall"})
#: Shapes that can be drawn again on another scale.
_LINES = frozenset({"line", "area", "stacked area"})


def live(shown: Figure | Plot | Grid) -> Live:
    """The chart as data for the script of a page, ready for JSON."""
    match shown:
        case Figure():
            return _of_figure(shown)
        case Plot():
            return _of_plot(shown)
        case Grid():
            return _of_grid(shown)


def block(shown: Figure | Plot | Grid) -> str:
    """The same as an element of HTML: data, which no policy takes for code."""
    text = json.dumps(live(shown), ensure_ascii=False, separators=(",", ":"))
    # Nothing within may end the element, or begin a comment.
    text = text.replace("<", "\\u003c")
    return f'<script type="application/json">{text}</script>'


def _of_figure(figure: Figure) -> Live:
    marks = [mark for mark in figure.marks if mark.text]
    bars = figure.form == "bar"
    ends = [figure.slope.first, figure.slope.last] if figure.slope else []
    places = [mark.at for mark in figure.marks]
    across = _bands(len(places)) if bars else _points(places, [*places, *ends])
    where = dict(zip(places, across, strict=True))
    return {
        "shape": figure.form,
        "bars": len(places) if bars else 0,
        "x": [where[mark.at] for mark in marks],
        "labels": [mark.title for mark in marks],
        "low": figure.low,
        "high": figure.high,
        "targets": _targets([mark.at for mark in marks], figure.steps),
        "series": [
            {
                "name": "",
                "colour": "bar" if bars else "series",
                "texts": [mark.text for mark in marks],
                "values": [_short(mark.value) for mark in marks],
                "partial": [n for n, mark in enumerate(marks) if mark.partial],
            }
        ],
    }


def _of_plot(plot: Plot) -> Live:
    bars = plot.shape in _BANDS
    places = [slot.at for slot in plot.slots]
    found: Live = {
        "shape": plot.shape,
        "bars": len(places) if bars else 0,
        "stacked": plot.shape in _STACKED,
        "x": _bands(len(places)) if bars else _points(places, places),
        "labels": [slot.label for slot in plot.slots],
        "low": plot.low,
        "high": plot.high,
        "targets": _targets(places, plot.steps),
        "series": [
            {
                "name": one.name,
                "end": end,
                "role": one.role,
                "colour": "bar" if bars and colour == "series" else colour,
                "texts": list(one.texts),
                "values": [_short(value) for value in one.values],
                "partial": [n for n, partial in enumerate(one.partial) if partial],
            }
            for one, end, colour in zip(plot.series, names(plot), colours(plot.series), strict=True)
        ],
    }
    if plot.log_ticks and plot.shape in _LINES:
        low, high = plot.log_ticks[0][0], plot.log_ticks[-1][0]
        found["log"] = {"first": plot.log, "low": low, "high": high, "ticks": plot.log_ticks}
        found["ticks"] = plot.ticks
        found["steps"] = [(*_points([step.first, step.last], places), step.value, step.label) for step in plot.steps]
        found["remarks"] = [_points([one.first, one.last], places) for one in plot.remarks]
    if plot.totals:
        found["totals"] = plot.totals
    return found


def _of_grid(grid: Grid) -> Live:
    """Rows of texts; a place is a column, and the row is chosen beside it."""
    return {
        "bars": len(grid.columns),
        "x": _bands(len(grid.columns)),
        "labels": [f"{grid.column_title}: {column}" if grid.column_title else column for column in grid.columns],
        "rows": grid.rows,
        "texts": [[patch.text or patch.missing for patch in row] for row in grid.patches],
        "targets": [],
        "series": [],
    }


def _bands(count: int) -> list[float]:
    """The middles of so many bands, as shares of the width."""
    return [round((number + 0.5) / count, 4) for number in range(count)]


def _points(places: Sequence[float], whole: Sequence[float]) -> list[float]:
    """Where places stand between the ends of the whole, as shares of the width."""
    first, last = min(whole, default=0.0), max(whole, default=1.0)
    if first == last:
        return [0.5 for _ in places]
    return [round(min(max((at - first) / (last - first), 0), 1), 4) for at in places]


def _targets(places: Sequence[float], steps: Sequence[Step]) -> list[tuple[int, int, str]]:
    """First and last slot of each step that has a name, and the name."""
    found = []
    for step in steps:
        within = [n for n, at in enumerate(places) if step.first <= at <= step.last]
        if within and step.label:
            found.append((within[0], within[-1], step.label))
    return found


def _short(value: float | None) -> float | str:
    """Digits enough for a place on the screen; a gap is ''."""
    return "" if value is None else float(f"{value:.6g}")
