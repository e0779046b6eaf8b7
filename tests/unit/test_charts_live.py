"""What the script of a page is told of a chart: places, texts and values, as data that cannot end its element."""

from __future__ import annotations

import json

import pytest

from headway import charts
from headway.charts import Figure, Mark, Patch, Plot, Series, Slope, Slot, Step

FIGURE = Figure(
    "line",
    (
        Mark(10, 4, title="Monday", text="4 people"),
        Mark(11, None, title="Tuesday", text="Withheld"),
        Mark(12, 6, partial=True, title="Wednesday", text="6 people"),
    ),
    (Step(10, 11, 5, "Target ≥ 5"), Step(11, 12, 6, "Target ≥ 6"), Step(12, 12, 7, "")),
    0,
    10,
    ((0, "0"),),
    "says",
)


def _plot(shape: charts.Shape, **more: object) -> Plot:
    slots = tuple(Slot(n, str(n), f"Month {n}") for n in range(2))
    series = (
        Series("a </script>", (10.0, None), ("10", "No data")),
        Series("others", (0.0, 1.23456789), ("0", "1"), role="others"),
        Series("all", (10.0, 20.0), ("10", "20"), role="total", partial=(False, True)),
    )
    return Plot(shape, slots, series, 0, 20, ((0, "0"), (20, "20")), "says", **more)  # type: ignore[arg-type]  # fields


def test_a_figure_by_places_and_texts() -> None:
    """Points stand at shares of the width; gaps keep their words; targets are named where they hold."""
    told = charts.live(FIGURE)
    assert told["x"] == [0, 0.5, 1]
    assert told["labels"] == ["Monday", "Tuesday", "Wednesday"]
    (series,) = told["series"]
    assert (series["texts"], series["values"]) == (["4 people", "Withheld", "6 people"], [4, "", 6])
    assert series["partial"] == [2]
    assert told["targets"] == [(0, 1, "Target ≥ 5"), (1, 2, "Target ≥ 6")]


def test_a_slope_makes_room_after_the_last_point() -> None:
    """Where what is expected goes on, the points stand in its part of the width."""
    figure = Figure("line", FIGURE.marks, (), 0, 10, (), "", slope=Slope(10, 0, 14, 10, "10"))
    assert charts.live(figure)["x"] == [0, 0.25, 0.5]


def test_bars_stand_in_bands() -> None:
    """Bars have places of equal width, those without a number included."""
    marks = tuple(Mark(n, 1, title=str(n), text="" if n == 0 else "1") for n in range(4))
    told = charts.live(Figure("bar", marks, (), 0, 1, (), ""))
    assert (told["bars"], told["x"]) == (4, [0.375, 0.625, 0.875])


def test_series_have_the_colours_of_their_roles() -> None:
    """Categories in order, grey for the others together, ink for the whole; a lone series is a lone line."""
    assert [one["colour"] for one in charts.live(_plot("stacked area"))["series"]] == ["c1", "other", "ink"]
    alone = Plot("line", (Slot(0, "", ""),), (Series("a", (1.0,), ("1",)),), 0, 1, (), "")
    assert charts.live(alone)["series"][0]["colour"] == "series"


@pytest.mark.parametrize(("shape", "again"), [("line", True), ("stacked area", True), ("stacked bar", False)])
def test_a_scale_by_factors_where_lines_can_have_one(shape: charts.Shape, again: bool) -> None:
    """Bars begin at 0, which no such scale has; what is drawn again goes from its first label to its last."""
    told = charts.live(_plot(shape, log_ticks=((1, "1"), (10, "10"))))
    assert ("log" in told) is again
    if again:
        assert (told["log"]["low"], told["log"]["high"], told["log"]["first"]) == (1, 10, False)
    assert "log" not in charts.live(_plot(shape))


def test_targets_and_notes_are_told_where_they_are_drawn_again() -> None:
    """They stand at shares of the width too; what reaches beyond the chart ends with it."""
    told = charts.live(
        _plot(
            "line",
            log_ticks=((1, "1"), (10, "10")),
            steps=(Step(0, 0.5, 5, "Target ≥ 5"),),
            remarks=(charts.Remark(0.5, 3, "1", "then", "so"),),
        )
    )
    assert (told["steps"], told["remarks"]) == ([(0, 0.5, 5, "Target ≥ 5")], [[0.5, 1]])


def test_data_cannot_end_their_element() -> None:
    """A name that looks like HTML stays within the data."""
    block = charts.block(_plot("line"))
    assert block.count("<") == 2
    inner = block.removeprefix('<script type="application/json">').removesuffix("</script>")
    assert json.loads(inner)["series"][0]["name"] == "a </script>"


def test_a_grid_by_rows() -> None:
    """Each field says its number, or why it has none."""
    whole, half, unripe = Patch(1, "100 %"), Patch(0.5, "50 %"), Patch(None, "", "not yet")
    rows = (whole, half), (whole, unripe)
    grid = charts.Grid(("May", "June"), ("0", "1"), rows, 0, 1, (), "says", "Month")
    told = charts.live(grid)
    assert (told["x"], told["labels"]) == ([0.25, 0.75], ["Month: 0", "Month: 1"])
    assert told["texts"] == [["100 %", "50 %"], ["100 %", "not yet"]]
