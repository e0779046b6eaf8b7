"""Sparklines, small multiples, bars of progress: our own inline SVG, cheap to draw, which stretches to its box."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

#: The plot of a small chart is hardly ever narrower, in pixels.
NARROWEST = 100


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


def _spark_target(
    bounds: Sequence[float | None], x: Callable[[float], float], y: Callable[[float], float], width: int
) -> str:
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
    """One of several small charts that share a scale from `low` to `high`. `names` label positions under the axis.

    Like a large chart it fits any width: lines stretch, words and the dot at the end do not. Its class says how much
    room the labels at its left take, in steps of 8 pixels: "from-4".
    """
    height, bottom, top = 92, 20, 8
    tall = height - bottom - top
    step = 100 / max(1, len(values) - 1)
    room = math.ceil((6 + 7 * max((len(text) for _, text in ticks), default=0)) / 8)

    def x(index: int) -> float:
        return round(index * step, 2)

    def y(value: float) -> float:
        return round(top + (high - value) / (high - low) * tall, 1)

    marks = [f'<path class="sm-g" d="M0 {y(v)}H100"/>' for v, _ in ticks]
    cut = len(values) - partial
    points = [(x(i), None if v is None else y(v)) for i, v in enumerate(values)]
    for run in _unbroken(points):
        base = y(min(max(0.0, low), high))
        marks.append(f'<path class="sm-a" d="{_path(run)}V{base}H{run[0][0]}Z"/>')
    if solid := _path(points[:cut]):
        marks.append(f'<path class="sm-l" d="{solid}"/>')
    if partial and cut > 0 and (tail := _path(points[cut - 1 :])):
        marks.append(f'<path class="sm-p" d="{tail}"/>')
    over = [f'<text class="sm-t" x="-6" y="{y(v) + 4}" text-anchor="end">{escape(t)}</text>' for v, t in ticks]
    over += [
        f'<text class="sm-t" x="{at}%" y="{height - 4}"{anchor}>{escape(t)}</text>'
        for at, anchor, t in _apart([(x(i), t) for i, t in names])
    ]
    end = next(((px, py) for px, py in reversed(points) if py is not None), None)
    if end:
        kind = "sm-h" if partial or points[-1][1] is None else "sm-d"
        over.append(f'<circle class="{kind}" cx="{end[0]}%" cy="{end[1]}" r="2.5"/>')
    return (
        f'<svg class="small from-{room}" role="img" aria-label="{escape(says)}" height="{height}">'
        f'<svg width="100%" height="{height}" viewBox="0 0 100 {height}" preserveAspectRatio="none">'
        f"{''.join(marks)}</svg>{''.join(over)}</svg>"
    )


def way(made: float, planned: float | None, says: str) -> str:
    """A bar from the start to what is to be reached: filled as far as it is made, with a tick where it should be."""
    filled, tick = (round(100 * min(1.0, max(0.0, share)), 1) for share in (made, planned or 0.0))
    mark = "" if planned is None else f'<path class="way-t" d="M{tick} 1V15"/>'
    return (
        f'<svg class="way" role="img" aria-label="{escape(says)}" viewBox="0 0 100 16" preserveAspectRatio="none">'
        f'<rect class="way-g" y="4" width="100" height="8"/><rect class="way-m" y="4" width="{filled}" height="8"/>'
        f"{mark}</svg>"
    )


def _apart(names: Sequence[tuple[float, str]]) -> list[tuple[float, str, str]]:
    """Labels that do not touch, the newest first: place in percent, anchor, text. At the right end they end there."""
    found: list[tuple[float, str, str]] = []
    free = 100.0
    for at, text in reversed(names):
        wide = 700 * len(text) / NARROWEST
        left = at if at + wide <= 100 else at - wide
        if left >= 0 and left + wide <= free:
            found.append((at, "" if left == at else ' text-anchor="end"', text))
            free = left - 500 / NARROWEST
    return found[::-1]


def _unbroken(points: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float | None]]]:
    runs: list[list[tuple[float, float | None]]] = [[]]
    for point in points:
        if point[1] is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if len(run) > 1]
