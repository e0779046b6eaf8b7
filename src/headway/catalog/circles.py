"""Finds names that are made of each other, so that a circle can be drawn: `a -> b -> a`."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def circle(reads: Mapping[str, Collection[str]]) -> list[str] | None:
    """A circle in a graph of names, closed (`a`, `b`, `a`), or None. Names that are no key of `reads` lead nowhere."""
    done: set[str] = set()
    for start in reads:
        if start in done:
            continue
        trail = [start]
        ahead = [iter(reads[start])]
        while trail:
            name = next((n for n in ahead[-1] if n in reads and n not in done), None)
            if name is None:
                ahead.pop()
                done.add(trail.pop())
            elif name in trail:
                return [*trail[trail.index(name) :], name]
            else:
                trail.append(name)
                ahead.append(iter(reads[name]))
    return None
