"""Which boards and tiles a reader has, by their own audience and by that of their KPIs; names of pages for cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from headway import catalog
from headway.model import Audience
from headway.publish.boards import slugs, visible

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
    ("values", "names"),
    [
        (["a b", "a-b", "A.B"], ["a-b", "a-b-2", "a-b-3"]),
        (["x", "x 2", "X"], ["x", "x-2", "x-3"]),
        (["\u6771\u4eac", "\u5927\u962a"], ["cell", "cell-2"]),
        (["../up", "CON", "index"], ["up", "con-2", "index-2"]),
        (["z" * 90, "z" * 91], ["z" * 60, "z" * 60 + "-2"]),
    ],
)
def test_each_cell_has_a_page_of_its_own(values: list[str], names: list[str]) -> None:
    """However alike two values are, neither page takes the other's place."""
    assert list(slugs(values).items()) == list(zip(names, values, strict=True))
