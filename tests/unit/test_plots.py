"""Plots of several series: names never touch, scales hold what they show, and nothing foreign is in the drawing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway import charts
from headway.charts import Grid, Patch, Plot, Series, Shape, Slot
from headway.charts.series import apart, colours, names
from headway.publish import tokens

SHAPES: tuple[Shape, ...] = (
    "line", "area", "stacked area", "bar", "stacked bar", "waterfall", "histogram", "survival curve"
)  # fmt: skip


def plot(shape: Shape, *rows: Sequence[float | None], log: bool = False) -> Plot:
    """A plot of rows over as many days as the first has values."""
    slots = tuple(Slot(float(n), f"d{n}", f"Day {n}") for n in range(len(rows[0])))
    series = tuple(
        Series(f"Series <{n}>", tuple(row), tuple("" if v is None else f"{v:g}" for v in row), "9")
        for n, row in enumerate(rows)
    )
    every = [v for row in rows for v in row if v is not None] or [1.0]
    low, high = min(0.0, min(every)), max(1.0, sum(abs(v) for v in every))
    ticks = ((0.0, "0"),)
    log_ticks = ((1.0, "1"), (10.0, "10"), (100.0, "100")) if log else ()
    return Plot(shape, slots, series, low, high, ticks, 'says "all"', log_ticks=log_ticks, log=log, opening=5.0)


@given(st.lists(st.floats(-50, 400), min_size=1, max_size=9))
def test_names_never_touch(places: list[float]) -> None:
    """Each has a line's height of its own, within the plot, in the order of what it names."""
    found = apart(places, 4, 254)
    assert all(3.9 <= place <= 254.1 for place in found)
    by_want = sorted(range(len(places)), key=lambda n: places[n])
    ordered = [found[n] for n in by_want]
    assert all(after - before >= 14.9 for before, after in pairwise(ordered))


def test_too_many_names_share_the_room_there_is() -> None:
    """Forty in a hundred pixels keep their order and stay within."""
    found = apart([50.0] * 40, 0, 100)
    assert found == sorted(found)
    assert min(found) >= -0.1
    assert max(found) <= 100


def test_a_category_keeps_its_colour() -> None:
    """Grey is for the others, ink for the total; a lone series has the colour of charts of one."""
    every = [Series("a", (1.0,), ("1",)), Series("rest", (1.0,), ("1",), role="others")]
    assert colours(every) == ["c1", "other"]
    assert colours([*every, Series("all", (2.0,), ("2",), role="total")]) == ["c1", "other", "ink"]
    assert colours(every[:1]) == ["series"]


def test_a_long_name_is_cut_beside_its_line_and_whole_in_the_key() -> None:
    """60 characters find no room at the right of a chart."""
    long = "An institute with a very long name that nobody ever shortens"
    shown = Plot("line", (Slot(0, "a", "a"), Slot(1, "b", "b")), (
        Series(long, (1.0, 2.0), ("1", "2"), "2"), Series("b", (1.0, 1.0), ("1", "1"), "1")
    ), 0, 3, ((0.0, "0"),), "says")  # fmt: skip
    assert names(shown)[0] == "An institute with a very long na…  2"
    assert long in charts.drawn(shown)
    clause = replace(
        shown, series=(replace(shown.series[0], name="Prospects, of the institutes that nobody shortens"),)
    )
    assert names(replace(clause, series=(*clause.series, shown.series[1])))[0] == "Prospects…  2"


def test_what_a_waterfall_ends_on_stands_below_the_names_of_what_moved_it() -> None:
    """The level is no movement, wherever it lies on the scale."""
    ends = Series("At the end", (7.0, 12.0), ("7", "12"), "12", role="total")
    moved = plot("waterfall", [2.0, 5.0], [0.0, 1.0], [0.0, -1.0])
    drawn = charts.svg(replace(moved, series=(*moved.series, ends)))
    placed = {name: float(y) for y, name in re.findall(r'y="([\d.]+)"[^>]*>([^<]+)  \d+</text>', drawn)}
    assert placed["At the end"] > max(y for name, y in placed.items() if name != "At the end") + 15


def test_bars_that_have_no_room_for_each_name_keep_the_years() -> None:
    """Of 24 quarters on a phone, the first of each year is named."""
    quarters = [f"{2021 + n // 4}" if n % 4 == 0 else f"Q{n % 4 + 1}" for n in range(24)]
    shown = plot("stacked bar", [1.0] * 24, [2.0] * 24)
    shown = replace(shown, slots=tuple(Slot(float(n), name, name) for n, name in enumerate(quarters)))
    named = re.findall(r">(20\d\d|Q\d)</text>", charts.svg(shown, "narrow"))
    assert [name for name in named if name[0] == "2"] == [f"{2021 + n}" for n in range(6)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "rows",
    [
        ((1.0, 2.0, 3.0), (3.0, None, 1.0)),
        ((5.0,),),
        ((None, None), (None, None)),
        ((1e9, 0.0, 2.0), (-3.0, -1e9, 4.0)),
        tuple((7.0, 7.0, 7.0) for _ in range(8)),
        tuple(tuple(float(n % 17) for n in range(400)) for _ in range(2)),
    ],
)
def test_every_shape_bears_every_set_of_values(shape: Shape, rows: tuple[tuple[float | None, ...], ...]) -> None:
    """Words are escaped, colours are the page's tokens, ids are told apart, and no number is none."""
    html = charts.drawn(plot(shape, *rows))
    assert "nan" not in html.lower().replace("finance", "")
    assert "inf" not in html
    assert "<0>" not in html
    assert re.findall(r'(?:fill|stroke)="#[0-9a-f]{3,6}"', html) == []
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert html.count('aria-label="says &quot;all&quot;"') == 2


def heights(svg: str) -> list[float]:
    """The heights at which the lines of a drawing have points, as they are written."""
    [path] = re.findall(r'stroke="var\(--series\)"[^>]*d="([^"]+)"|d="([^"]+)"[^>]*stroke="var\(--series\)"', svg)
    return [float(pair.split(",")[1]) for pair in re.findall(r"-?[\d.]+,-?[\d.]+", "".join(path))]


def test_a_scale_of_factors_gives_each_factor_the_same_height() -> None:
    """From 1 to 10 is as far as from 10 to 100."""
    found = heights(charts.svg(plot("line", (1.0, 10.0, 100.0), log=True)))
    assert found[0] - found[1] == pytest.approx(found[1] - found[2], abs=0.2)
    assert found[0] == pytest.approx(300 - 18 - 26, abs=0.2)  # what is lowest stands at the foot
    assert heights(charts.svg(plot("line", (1.0, 10.0, 100.0))))[0] != pytest.approx(found[0], abs=0.2)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-9, 9), min_size=2, max_size=6))
def test_a_waterfall_ends_where_its_movements_lead(moves: list[float]) -> None:
    """The level after each period is the one before and what came and went."""
    shown = plot("waterfall", moves, [-1.0] * len(moves))
    svg = charts.svg(shown)
    levels, level = [], 5.0
    for move in moves:
        level += move - 1.0
        levels.append(level)
    tall = 300 - 18 - 26
    wanted = [round((shown.high - one) / (shown.high - shown.low) * tall, 1) for one in levels]
    ruled = re.findall(r'<line transform="translate\([\d.-]+,([\d.-]+)\)"[^>]*stroke="var\(--ink\)"', svg)
    assert [float(one) for one in ruled] == pytest.approx(wanted, abs=0.15)


def test_a_field_that_is_not_over_says_so() -> None:
    """Shades go from the least to the most; a field without a value has its word and no shade."""
    grid = Grid(
        ("March", "April"), ("0", "1"),
        ((Patch(1.0, "100 %"), Patch(0.1, "10 %")), (Patch(0.5, "50 %"), Patch(None, "", "not yet"))),
        0.0, 1.0, ((0.0, "0 %"), (1.0, "100 %")), "says",
    )  # fmt: skip
    svg = charts.svg(grid)
    assert [shade for shade in ("q1", "q4", "q7") if f"var(--{shade})" in svg] == ["q1", "q4", "q7"]
    assert svg.count("not yet") == 1
    assert "not yet" not in charts.svg(grid, "narrow")


def test_a_name_and_its_value_fit_beside_the_chart_together() -> None:
    """A long value leaves less of a long name, never none of it; the column of names never grows over the edge."""
    rows = ((1.0, 2.0), (3.0, 4.0))
    shown = plot("line", *rows)
    long = replace(shown.series[0], name="An institute with a very long name", label="1,350,000 people")
    both = names(replace(shown, series=(long, shown.series[1])))
    assert both[0] == "An institute with…  1,350,000 people"
    assert all(26 + 6.5 * len(name) <= 264 for name in both)


def test_a_gap_in_a_layer_is_no_zero() -> None:
    """Between two values a layer breaks; before its first and after its last it is nothing."""
    whole = charts.svg(plot("stacked area", (1.0,) * 7, (2.0,) * 7))
    broken = charts.svg(plot("stacked area", (1.0,) * 7, (2.0, 2.0, 2.0, None, 2.0, 2.0, 2.0)))
    late = charts.svg(plot("stacked area", (1.0,) * 7, (None, None, 2.0, 2.0, 2.0, 2.0, None)))
    pieces = [
        sum(path.count("M") for path in re.findall(r'd="([^"]*)"[^>]*fill="var\(--c2\)"', svg))
        for svg in (whole, broken, late)
    ]
    assert pieces == [1, 2, 1]


def test_a_stack_ends_where_nothing_is_known() -> None:
    """It does not come down to 0 where its newest period is withheld; what is known looks as if it were all."""
    known, ends = (
        re.findall(r'd="([^"]*)"[^>]*fill="var\(--c1\)"', charts.svg(plot("stacked area", values, values)))[0]
        for values in ((2.0,) * 7, (2.0,) * 6 + (None,))
    )
    corners = [re.findall(r"([\d.]+),([\d.]+)", path) for path in (known, ends)]
    assert [len(found) for found in corners] == [14, 12]
    assert [len({y for _, y in found}) for found in corners] == [2, 2]


def test_layers_of_one_period_stand_as_bars() -> None:
    """A single point has no width."""
    svg = charts.svg(plot("stacked area", (5.0,), (3.0,)))
    for part in ("c1", "c2"):
        assert re.search(rf'd="M[\d.]+,[\d.]+h[1-9][\d.]*v[1-9][^"]*" fill="var\(--{part}\)"', svg)


def test_a_histogram_lies_down_on_a_phone() -> None:
    """Each bar has its name above it and its count at its end; the longest reaches farthest, and none the edge."""
    shown = plot("histogram", (5.0, 20.0, 0.0))
    svg = charts.svg(shown, "narrow")
    assert 'class="chart narrow lying' in svg
    assert "lying" not in charts.svg(shown)
    assert [name for name in ("d0", "d1", "d2") if f">{name}</text>" in svg] == ["d0", "d1", "d2"]
    wide = [float(w) for w in re.findall(r"M0,[\d.]+h([\d.]+)v14", svg)]
    assert wide[1] == pytest.approx(4 * wide[0], abs=0.2)
    assert wide[1] < 290


def test_thin_bars_have_no_edge() -> None:
    """An edge in the colour of the ground would wash out what is hardly wider."""
    thick, thin = plot("stacked bar", (1.0,) * 12, (2.0,) * 12), plot("stacked bar", (1.0,) * 300, (2.0,) * 300)
    assert ['stroke="var(--surface)"' in charts.svg(one) for one in (thick, thin)] == [True, False]


def test_names_of_pieces_below_zero_stand_beside_them() -> None:
    """What is taken away is named below what is given."""
    svg = charts.svg(plot("stacked bar", (6.0, 6.0), (-4.0, -4.0)))
    found = {name: float(y) for y, name in re.findall(r'y="([\d.-]+)"[^>]*>Series &lt;(\d)&gt;', svg)}
    assert found["1"] > found["0"]


def test_many_bars_are_one_path() -> None:
    """A chart of 36 periods of 8 parts weighs less than 25 kB."""
    rows = tuple(tuple(float(n * k % 17 + 1) for n in range(36)) for k in range(1, 9))
    assert all(len(charts.svg(plot(shape, *rows))) < 25_000 for shape in ("stacked area", "stacked bar", "bar"))


def test_a_phone_is_told_what_blank_fields_mean() -> None:
    """Within a patch of a phone no word fits: the key says it, once."""
    waits = Patch(None, "", "not yet")
    grid = Grid(
        ("March",), ("0", "1", "2"), ((Patch(1.0, "100 %"), waits, waits),), 0, 1, ((0, "0 %"), (1, "100 %")), "s"
    )
    key = charts.drawn(grid).split("</p>")[0]
    assert key.count("not yet") == 1


def test_a_lone_line_has_its_newest_value_on_a_phone_too() -> None:
    """Beside the end there is no room, above it there is."""
    assert ">9</text>" in charts.svg(plot("line", (1.0, 2.0)), "narrow")
    assert ">9</text>" not in charts.svg(plot("line", (1.0, 2.0), (2.0, 3.0)), "narrow")


def luminance(colour: str) -> float:
    """As WCAG defines it."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_words_on_every_shade_can_be_read() -> None:
    """At least 4.5 to 1, on a light page and on a dark one."""
    css = (files("headway.publish") / "assets" / "tokens.css").read_text("utf-8")
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9A-F]{6})", part)) for part in css.split("@media")[:2])
    columns = tuple(str(n) for n in range(7))
    grid = Grid(("a",), columns, (tuple(Patch(n + 1, f"v{n}") for n in range(7)),), 0, 7, (), "says")
    drawn = charts.svg(grid)
    for n in range(7):
        [ink] = re.findall(rf'<g fill="var\(--([\w-]+)\)"(?:(?!</g>).)*>v{n}<', drawn)
        for mode in (light, dark):
            pair = sorted((luminance(mode[ink]), luminance(mode[f"q{n + 1}"])))
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (n + 1, ink)


def test_every_drawing_is_a_file_of_its_own() -> None:
    """Names of rows at the left of a heat map have their room in it, too; bars may lie."""
    grid = Grid(("Sep 2026 (18)",), ("0", "1"), ((Patch(1, "1"), Patch(None, "", "not yet")),), 0, 1, (), "says")
    lying = plot("bar", (1.0,) * 7)
    for shown, left in ((grid, 144), (lying, 68)):
        file = charts.paper(charts.svg(shown), tokens.light(), "Title", "Counted.", ["says"], "Source")
        assert f'<svg x="{left}"' in file
        assert "var(" not in file
        assert charts.printed(charts.svg(shown), tokens.light(), "says").startswith("<svg")
    assert "Sep 2026 (18)" in charts.paper(charts.svg(grid), tokens.light(), "Title", "", ["says"], "")
