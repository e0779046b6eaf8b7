"""From a template and what it says to HTML: numbers of two sizes, drawings with what a script tells of them, icons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from importlib import metadata, resources
from itertools import groupby

from jinja2 import (
    BytecodeCache,
    Environment,
    FileSystemBytecodeCache,
    PackageLoader,
    StrictUndefined,
    select_autoescape,
)
from jinja2.bccache import Bucket
from markupsafe import Markup

from headway import __version__, charts
from headway.formats import plurals
from headway.publish import figures, marked, words
from headway.publish.boardpages import AnyTile, ChartTile, NumberTile
from headway.publish.pages import Point

_SYMBOL = re.compile(r'<symbol id="i-([\w-]+)"[^>]*>(.*?)</symbol>', re.S)
_USED = re.compile(r'href="#i-([\w-]+)"')
#: So many bars have room in half a row, and so many cards are the fewest that neither fill one row nor even ones.
_FEW_BARS, _CARDS_OF_TWO_ROWS = 8, 5


def render(template: str, **said: object) -> str:
    """A template with what it says; the drawings of icons that it uses stand in it, once each.

    A file of its own for them could not be read from disk.
    """
    html = _environment().get_template(template).render(**said)
    drawn = _symbols()
    symbols = "".join(drawn[name][0] for name in dict.fromkeys(_USED.findall(html)))
    sprite = f'<svg class="sprite" width="0" height="0" aria-hidden="true">{symbols}</svg>'
    return html.replace("<!--icons-->", sprite, 1)


def icon(name: str) -> str:
    """What an icon draws, in a box of 16 by 16."""
    return _symbols()[name][1]


@lru_cache
def asset(name: str) -> str:
    """The text of a style, script or drawing of this package."""
    return resources.files("headway.publish").joinpath("assets", name).read_text(encoding="utf-8")


def lively(drawn: str, *shown: charts.Figure | charts.Plot | charts.Grid) -> Markup:
    """Drawings of one chart for screens of several widths, each with what the script tells of it."""
    blocks = "".join(map(charts.block, shown))
    return Markup(f'<div class="plot">{drawn}{blocks}</div>')  # noqa: S704  # drawn by us, its words are escaped


def chart(tile: ChartTile) -> Markup:
    """The drawing of a chart on a board."""
    return lively(charts.drawn(tile.plot), tile.plot) if tile.plot else Markup()


@lru_cache
def _symbols() -> dict[str, tuple[str, str]]:
    """Each icon by its name: its whole element, and what stands in it."""
    return {found[1]: (found[0], found[2]) for found in _SYMBOL.finditer(asset("icons.svg"))}


class _Compiled(FileSystemBytecodeCache):
    """Templates as they were compiled by an earlier process; where that cannot be kept, each compiles its own."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _compiled() -> BytecodeCache | None:
    """In the user's own folder for temporary files, which Jinja sees to; compiling takes half a second."""
    with suppress(OSError, RuntimeError):
        return _Compiled(pattern=f"headway-{__version__}-{metadata.version('jinja2')}-%s.cache")
    return None


@lru_cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("headway.publish"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_compiled(),
    )
    found.filters["figures"] = lambda pieces: Markup("").join(
        Markup('<span class="u">{}</span>').format(p.text) if p.small else p.text for p in pieces
    )
    found.filters["runs"] = _runs
    found.filters["first_sentence"] = words.first_sentence
    found.filters["thousands"] = plurals.whole
    found.filters["counted"] = plurals.count
    found.filters["coded"] = marked.coded
    found.globals |= {"spark": _spark, "way": _way, "columns": columns, "version": __version__}
    return found


def _spark(points: tuple[Point, ...], *, hollow: bool = False) -> Markup:
    return Markup(figures.spark(points, hollow=hollow))  # noqa: S704  # numbers only


def _way(made: float, planned: float | None, says: str) -> Markup:
    return Markup(charts.way(made, planned, says))  # noqa: S704  # numbers, and words that are escaped


def _runs(tiles: Sequence[AnyTile]) -> list[list[AnyTile]]:
    """Tiles as they stand on the page: cards that follow each other share one panel, a histogram its row."""
    found = []
    for cards, run in groupby(tiles, key=lambda tile: isinstance(tile, NumberTile)):
        left = list(run)
        while left:
            taken = len(left) if cards else 2 if _beside(left[:2]) else 1
            found.append(left[:taken])
            left = left[taken:]
    return found


def _beside(tiles: Sequence[AnyTile]) -> bool:
    """True if two charts stand side by side: a histogram of few bars, which width makes no better, is first."""
    plots = [tile.plot for tile in tiles if isinstance(tile, ChartTile) and isinstance(tile.plot, charts.Plot)]
    return len(plots) > 1 and plots[0].shape == "histogram" and len(plots[0].slots) <= _FEW_BARS


def columns(count: int) -> str:
    """The class of a panel of so many cards, whose rows are all full: of seven, four cards stand over three."""
    even = next((wide for wide in (4, 3) if count % wide == 0), count)
    return f"n{even}" if even < _CARDS_OF_TWO_ROWS else "n5" if count == _CARDS_OF_TWO_ROWS else f"n12 r{count % 4}"
