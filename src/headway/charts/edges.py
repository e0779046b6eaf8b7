"""Edges between two columns of boxes: inline SVG of our own, as wide as the gap and as high as the columns."""

from __future__ import annotations

from collections.abc import Iterable

#: The gap, in pixels: a stylesheet gives the drawing this width.
GAP = 48


def edges(pairs: Iterable[tuple[float, float]]) -> str:
    """Curves from a height at the left to a height at the right, in pixels from the top; '' without any."""
    ends = list(dict.fromkeys(pairs))
    if not ends:
        return ""
    tall = max(max(pair) for pair in ends) + 8
    paths = "".join(f"M0 {left:g}C{GAP / 2:g} {left:g} {GAP / 2:g} {right:g} {GAP} {right:g}" for left, right in ends)
    return f'<svg class="edges" width="{GAP}" height="{tall:g}" aria-hidden="true"><path d="{paths}"/></svg>'
