"""Charts: scales start where they must, marks stand where they should, and no colour is fixed."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from headway import charts
from headway.charts import Figure, Mark, Remark, Slope, Step
from headway.charts.figure import thinned


def line(values: list[float | None], *, partial: int = 0, steps: tuple[Step, ...] = ()) -> Figure:
    """A daily line from 1 January 2026."""
    marks = tuple(Mark(20454 + i, v, partial=i >= len(values) - partial, label="last") for i, v in enumerate(values))
    low, high = charts.extent([v for v in values if v is not None], [s.value for s in steps], "line")
    return Figure("line", marks, steps, low, high, ((0, "0"), (5, "5")), 'says "<so>"')


def bars(values: list[float], *, partial: int = 0) -> Figure:
    """Monthly bars."""
    marks = tuple(Mark(20454 + 30 * i, v, i >= len(values) - partial, f"M{i}", f"{v:g}") for i, v in enumerate(values))
    low, high = charts.extent(values, (), "bar")
    return Figure("bar", marks, (), low, high, ((0, "0"),), "says so")


@pytest.mark.parametrize("figure", [line([1, 2, 3, None, 4, 5], partial=1), bars([1, 2, 3], partial=1)])
def test_svg(figure: Figure) -> None:
    """A drawing is whole XML, names itself in words, holds only tokens for colours and no inline style."""
    drawn = charts.svg(figure)
    root = ET.fromstring(drawn)
    assert root.attrib["aria-label"] == figure.says
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b", drawn.replace("url(#hatch-wide)", ""))
    assert "style=" not in drawn
    assert "font-family" not in drawn
    assert set(re.findall(r"var\(--([\w-]+)\)", drawn)) <= {
        "series", "series-soft", "bar", "grid", "axis", "label", "ink", "ink-2", "surface", "reference",
    }  # fmt: skip


def test_zero_rule() -> None:
    """Bars and areas start at 0; a line may leave 0 where its span is less than a fifth of its level."""
    assert charts.extent([900, 1000], (), "bar")[0] == 0
    assert charts.extent([500, 1000], (), "line")[0] == 0
    low, high = charts.extent([950, 1000], (), "line")
    assert 900 < low < 950
    assert high > 1000
    assert charts.extent([-5, 5], (), "bar")[0] < -5
    assert charts.extent([0, 0], (), "bar") == (0, 1.1)
    assert charts.extent([], (), "line")[0] == 0


def test_a_line_that_leaves_zero_has_no_area() -> None:
    """An area says "so much"; where the scale does not start at 0 there is none."""
    assert "var(--series-soft)" in charts.svg(line([1, 5, 9]))
    assert "var(--series-soft)" not in charts.svg(line([100, 101, 102]))


def test_one_value_is_no_scale() -> None:
    """A lone value, or a level one, stands on 0; a lone day is named and no day beside it."""
    assert charts.extent([1], (), "line")[0] == 0
    assert charts.extent([14, 14, 14], (), "line")[0] == 0
    drawn = charts.svg(Figure("line", (Mark(20454, 1, label="1"),), (), 0, 1.1, ((0, "0"),), "says"))
    assert re.findall(r">(\d+ [A-Z][a-z]{2})</text>", drawn) == ["1 Jan"]


def test_partial_is_dashed_and_hollow() -> None:
    """What is not final is dashed, and its end is hollow; nothing else is either."""
    final, running = charts.svg(line([1, 2, 3])), charts.svg(line([1, 2, 3], partial=1))
    assert "stroke-dasharray" not in final
    assert 'fill="var(--surface)" stroke="var(--series)"' not in final
    assert "stroke-dasharray" in running
    assert 'fill="var(--surface)" stroke="var(--series)"' in running
    assert "hatch-wide" in charts.svg(bars([1, 2], partial=1))
    assert "hatch" not in charts.svg(bars([1, 2]))


def test_gaps_stay_gaps() -> None:
    """A missing value breaks the line; a value alone between two gaps is a dot."""
    whole, broken = charts.spec(line([1, 2, 3, 4]), 600, 200), charts.spec(line([1, 2, None, 4]), 600, 200)
    runs = [
        {row["s"] for layer in drawn["layer"] if layer["mark"]["type"] == "line" for row in layer["data"]["values"]}
        for drawn in (whole, broken)
    ]
    dots = [sum(layer["mark"]["type"] == "point" for layer in drawn["layer"]) for drawn in (whole, broken)]
    assert [len(run) for run in runs] == [1, 1]
    assert dots == [1, 2]


def test_the_name_of_a_target_stands_clear_of_the_line() -> None:
    """A line that crosses the level where its name would begin moves the name along; else it stands at its left."""
    step = (Step(20454, 20493, 5, "Target"),)

    def place(values: list[float | None]) -> float:
        found = re.search(r'<text x="([\d.]+)%"[^>]*>Target<', charts.svg(line(values, steps=step)))
        assert found is not None
        return float(found[1])

    assert place([2.0] * 40) < 1
    assert 10 < place([9.0, 1.0, 9.0, 1.0, 9.0, *[2.0] * 35]) < 20


def test_a_dense_line_is_thin() -> None:
    """Three years of days at full weight would be one block."""
    assert 'stroke-width="2"' in charts.svg(line([float(n % 7) for n in range(90)]))
    assert 'stroke-width="1.2"' in charts.svg(line([float(n % 7) for n in range(900)]))


def test_target_steps() -> None:
    """A target is one ink step per level, never dashed, named at each level that has room."""
    steps = (Step(20454, 20470, 5, "Target 5"), Step(20470, 20553, 8, "Target 8"))
    drawn = charts.svg(line([6.0] * 100, steps=steps))
    reference = re.findall(r"<path[^>]*var\(--reference\)[^>]*>", drawn)
    assert len(reference) == 3  # two levels and the riser between them
    assert not any("dasharray" in path for path in reference)
    assert "Target 8" in drawn


def test_values_on_bars() -> None:
    """Each bar has its value where there is room; under a target's line only the newest two, clear of the line."""
    free = bars([10, 20, 30, 40])
    drawn = charts.svg(free)
    assert [f">{value}<" in drawn for value in (10, 20, 30, 40)] == [True] * 4
    level = charts.svg(bars([100000.0] * 24))
    assert level.count(">100000<") == 1, "two names of one height would touch"
    crossed = replace(free, steps=(Step(free.marks[0].at, free.marks[-1].at, 40.5, "Target"),))
    drawn = charts.svg(crossed)
    assert [f">{value}<" in drawn for value in (10, 20, 30, 40)] == [False, False, True, True]
    rows = charts.spec(crossed, 600, 200)["layer"][-1]["data"]["values"]
    line = next(layer for layer in charts.spec(crossed, 600, 200)["layer"] if layer["mark"]["type"] == "line")
    assert rows[0]["y"] == line["data"]["values"][0]["y"]


def test_words_do_not_stretch() -> None:
    """Words and dots stand at percentages of the box; only marks are in the part that stretches."""
    drawn = charts.svg(line([1, 2, 3]))
    marks = drawn[drawn.index('class="marks"') : drawn.index('class="over"')]
    assert 'preserveAspectRatio="none"' in marks
    assert "<text" not in marks
    assert "<circle" not in marks
    assert re.search(r'<text x="[\d.]+%"', drawn)


def test_labels_of_time() -> None:
    """Years stand for January; a month of days is dated; never more labels than asked for."""
    assert [text for _, text in charts.dates(20454, 20454 + 400, 6)] == ["2026", "Apr", "Jul", "Oct", "2027"]
    assert charts.dates(20454, 20484, 5)[0] == (20454.0, "1 Jan")
    for span in (1, 10, 40, 50, 100, 400, 1100, 4000, 20000):
        assert len(charts.dates(20454, 20454 + span, 6)) <= 6


def test_few_periods_have_names() -> None:
    """Points that have names get them, the newest first; no month stands under a line of years."""
    years = tuple(Mark(19000 + 365 * n, 70 + n, name=str(2022 + n)) for n in range(4))
    drawn = charts.svg(Figure("line", years, (), 60, 80, ((60, "60"),), "says"))
    assert re.findall(r">(20\d\d|[A-Z][a-z]{2})</text>", drawn) == ["2022", "2023", "2024", "2025"]


def test_names_that_tell_a_year_stay() -> None:
    """Where only some names have room, it is those of first quarters and what lies evenly between, never Q2 and Q4."""
    names = [
        "Q3 2023",
        "Q4",
        *(f"Q{q} {y}" if q == 1 else f"Q{q}" for y in (2024, 2025) for q in (1, 2, 3, 4)),
        "Q1 2026",
    ]
    kept = {every: [names[n] for n in thinned(names, every, every)] for every in (1, 2, 3, 4, 5)}
    assert kept[1] == names
    assert kept[2] == ["Q3 2023", "Q1 2024", "Q3", "Q1 2025", "Q3", "Q1 2026"]
    assert kept[3] == kept[4] == ["Q1 2024", "Q1 2025", "Q1 2026"]
    assert kept[5] == ["Q1 2024", "Q1 2026"]
    for every in range(1, 8):
        for fewer in range(every, 12):
            stay = thinned(names, every, fewer)
            assert names.index("Q1 2026") in stay
            for least, some in ((every, [*stay]), (fewer, [n for n, narrow in stay.items() if narrow])):
                assert all(after - before >= least for before, after in pairwise(some))
    assert list(thinned(["a", "b", "c", "d"], 3, 3)) == [0, 3]


def test_a_short_step_is_named_where_it_has_room() -> None:
    """The newest target's name begins with its step; where only a phone lacks the room, it ends with it there."""
    steps = (Step(0, 80, 5, "Target ≥ 5"), Step(80, 100, 6, "Target ≥ 6"))
    marks = tuple(Mark(float(day), 4.0) for day in range(101))
    drawn = charts.svg(Figure("line", marks, steps, 0, 10, ((0, "0"),), "says"))
    assert re.search(r'class="not-phone">Target ≥ 6<', drawn)
    assert re.search(r'class="not-wide">Target ≥ 6<', drawn)
    assert drawn.count("Target ≥ 5<") == 1


def test_words_are_escaped() -> None:
    """A label cannot end an element or an attribute."""
    figure = bars([1, 2])
    figure = Figure(
        "bar", tuple(Mark(m.at, m.value, name="<b>&", label='"') for m in figure.marks), (), 0, 3, (), "<i>"
    )
    ET.fromstring(charts.svg(figure))
    assert "<b>" not in charts.svg(figure)


def test_png() -> None:
    """A PNG has the tokens' light colours."""
    tokens = dict.fromkeys(("series", "series-soft", "grid", "axis", "label", "ink", "surface", "bar"), "#123456")
    assert charts.png(line([1, 2, 3]), tokens | {"ink-2": "#000000"}, 300, 120).startswith(b"\x89PNG")


def test_spark() -> None:
    """A sparkline draws gaps, a stepped target, a dashed tail and a hollow end; nothing at all without a value."""
    assert charts.spark([]) == ""
    assert charts.spark([None, None]) == ""
    drawn = charts.spark([1, 2, None, 4, 5], [2, 2, 3, 3, 3], partial=1)
    ET.fromstring(drawn)
    for part in ("sp-l", "sp-p", "sp-t", "sp-h"):
        assert part in drawn
    assert drawn.count("M") >= 4
    assert "sp-h" in charts.spark([1, 2, None])
    assert "sp-d" in charts.spark([7])


def test_small() -> None:
    """Small multiples share the scale that they are given."""
    drawn = charts.small([1, None, 3, 4], 0, 10, ((0, "0"), (10, "<10>")), ((0, "Jan"),), "a & b", partial=1)
    root = ET.fromstring(drawn)
    assert root.attrib["aria-label"] == "a & b"
    crowded = charts.small([1, 2, 3], 0, 10, (), ((0, "2024"), (1, "2025"), (2, "2026")), "years")
    assert re.findall(r">(20..)</text>", crowded) == ["2024", "2026"], "names that would touch give way to the newest"
    assert 'text-anchor="end">2026<' in crowded
    assert "viewBox" not in root.attrib, "words would shrink with the chart"
    assert "sm-p" in drawn


def test_a_slope_reaches_its_day() -> None:
    """The line that is expected goes on to its day, beyond the last value, and its name stands clear of the value's."""
    slope = Slope(20454, 1.0, 20484, 4.0, "4")
    figure = replace(line([1, 2, 3]), slope=slope)
    (drawn,) = [layer for layer in charts.spec(figure, 640, 280)["layer"] if layer["mark"].get("strokeCap") == "square"]
    first, last = drawn["data"]["values"]
    assert (first["x"], last["x"]) == (0, 640 - 44 - 8 * 6)
    close = replace(line([1, 2, 3, 3.9]), slope=replace(slope, last=20457))
    words = {
        row["label"]: row["y"]
        for layer in charts.spec(close, 640, 280)["layer"]
        if layer["mark"].get("dx") == 9
        for row in layer["data"]["values"]
    }
    assert words["last"] - words["4"] >= 15


def test_remarks() -> None:
    """A remark is a number in a circle over a hairline, over a band where it is about several days."""
    told = (Remark(20455, 20455, "1", "2 Jan", "a"), Remark(20456, 20458, "2", "3 to 5 Jan", "b"))
    for figure in (line([1, 2, 3, 4, 5]), bars([1, 2, 3])):
        drawn = charts.svg(replace(figure, remarks=told))
        assert drawn.count('r="8.0"') == 2
        assert drawn.count("var(--sunken)") == 1
        ET.fromstring(drawn)


def test_way() -> None:
    """A bar is filled as far as the way is made, never beyond its ends, and says the same in words."""
    drawn = charts.way(-0.2, 1.4, "so <far>")
    assert ET.fromstring(drawn).attrib["aria-label"] == "so <far>"
    assert 'class="way-m" y="4" width="0.0"' in drawn
    assert "M100.0 1V15" in drawn
    assert 'width="62.5"' in charts.way(0.625, 0.5, "")
