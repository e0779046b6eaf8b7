"""Which boards and tiles a reader has, by their own audience and by that of their KPIs; names of pages for cells."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headway import catalog
from headway.model import Audience, Unit, UnitKind
from headway.publish.boards import slug_of, visible
from headway.publish.boardwords import depth
from headway.publish.rendering import columns

PROJECT = """\
project: shop
audience: public
sources: {orders: {read: {files: orders.csv}, columns: {id: integer, day: date, usd: number}, key: id, time: day}}
kpis:
  sales: {sum: orders.usd, grain: month, unit: EUR}
  orders: {count: orders, grain: month, unit: orders}
  profit: {sum: orders.usd, grain: month, unit: EUR, audience: internal}
boards:
  ours: {title: Ours, audience: internal, sections: [{tiles: [{number: sales, audience: public}]}]}
  all:
    title: All
    sections:
      - tiles:
          - sales
          - {number: orders, audience: internal}
          - {chart: [sales, profit], title: Sales and profit}
          - {table: [sales, profit]}
"""


def test_a_board_and_a_tile_have_an_audience_of_their_own(tmp_path: Path) -> None:
    """What shows public numbers alone may still be for few; what was titled for all KPIs is not shown for some."""
    (tmp_path / "headway.yml").write_text(PROJECT, "utf-8")
    found = catalog.load(tmp_path)
    boards = visible(found, Audience.PUBLIC, {"sales", "orders"})
    assert {name: [[one.kpi for one in tile.of] for tile in board.tiles] for name, board in boards.items()} == {
        "all": [["sales"], ["sales"]]
    }
    assert [tile.title for tile in boards["all"].tiles] == ["", ""]
    inside = visible(found, Audience.INTERNAL, set(found.kpis))
    assert [len([*board.tiles]) for board in inside.values()] == [1, 4]


@pytest.mark.parametrize(
    ("value", "readable"),
    [
        ("enterprise", "enterprise"),
        ("us-west-2", "us-west-2"),
        ("us--west", "us-west--"),
        ("US West 2", "us-west-2--"),
        ("a_b", "a-b--"),
        ("\u6771\u4eac", "cell--"),
        ("../up", "up--"),
        ("con", "con--"),
        ("index", "index--"),
        ("z" * 90, "z" * 60 + "--"),
        ("z" * 59 + "-" + "z", "z" * 59 + "--"),
    ],
)
def test_the_address_of_a_cell_is_made_of_its_value(value: str, readable: str) -> None:
    """A value that is an address is its own; any other has a readable part and a mark."""
    mark = "" if readable == value else "[0-9a-f]{10}"
    assert re.fullmatch(readable + mark, slug_of(value))


def test_an_address_stays_what_it_is() -> None:
    """Links from elsewhere last: the mark of a value is the same in every version."""
    assert slug_of("US West") == "us-west--ca0b667ef0"


def test_no_two_cells_have_one_address() -> None:
    """Neither do values that read alike, nor one that was made to read like the address of another."""
    values = ["a b", "a-b", "A.B", "a--b", "\u6771\u4eac", "\u5927\u962a", "z" * 90, "z" * 91, "a-b-2"]
    values += [slug_of(value) for value in values if slug_of(value) != value]
    found = [slug_of(value) for value in values]
    assert len({*found}) == len(values)
    assert all(re.fullmatch(r"[a-z0-9-]{1,80}", one) for one in found)


def test_rows_of_cards_are_full() -> None:
    """As the stylesheet reads it: rows of four, or of three, or some of each; five are three over two."""
    found = {count: columns(count) for count in range(1, 15)}
    assert {found[1], found[2], found[3], found[6], found[9]} == {"n1", "n2", "n3"}
    assert {found[4], found[8], found[12]} == {"n4"}
    assert found[5] == "n5"
    assert [found[count] for count in (7, 10, 11, 13)] == ["n12 r3", "n12 r2", "n12 r3", "n12 r1"]


@pytest.mark.parametrize(
    ("values", "digits"),
    [([3000.5, 12.25, None, 0.0], 0), ([900.5, 12.25], 2), ([3000.5, 0.25], 2), ([3000.0, 20.0], 0)],
)
def test_amounts_in_the_thousands_have_no_cents(values: list[float | None], digits: int) -> None:
    """Side by side amounts have one precision; an amount below one keeps it from being nothing."""
    assert depth(values, Unit(UnitKind.CURRENCY, "USD"), None) == digits
    assert depth(values, Unit(UnitKind.CURRENCY, "USD"), 1) == 1
