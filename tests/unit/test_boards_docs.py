"""The boards of docs/boards.md are boards of the examples, and between them show all there is."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from headway.catalog import load
from headway.errors import CatalogError
from headway.model import Catalog, Look, Scale, Shows

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "boards.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "src" / "headway" / "simulate" / "examples"
BLOCKS = re.findall(r"(?ms)^```yaml\n(# (\w+): (boards/\w+\.yml)\n.*?)^```", PAGE)


def with_page(example: str, folder: Path) -> Catalog:
    """An example together with the boards that the page adds to it."""
    shutil.copytree(EXAMPLES / example, folder, dirs_exist_ok=True)
    for text, of, path in BLOCKS:
        if of == example:
            (folder / path).write_text(text, "utf-8")
    return load(folder)


def test_every_board_of_the_page_loads_and_nothing_is_left_out(tmp_path: Path) -> None:
    """Each block is whole; all tiles, looks and scales there are stand on the page."""
    assert len(BLOCKS) == PAGE.count("```yaml") == 5
    tiles = []
    for example in ("saas", "hubs"):
        found = with_page(example, tmp_path / example).boards
        written = {name for text, of, _ in BLOCKS if of == example for name in re.findall(r"(?m)^  (\w+):$", text)}
        assert written <= set(found)
        tiles += [tile for name in written for tile in found[name].tiles]
    assert {tile.shows for tile in tiles} == set(Shows)
    assert {tile.look for tile in tiles} == set(Look)
    assert {tile.scale for tile in tiles} == set(Scale)
    rows = set(re.findall(r"`([a-z ]+)`", "".join(re.findall(r"(?m)^\| (`.*?) \|", PAGE))))
    assert {word.value for word in (*Shows, *Look)} <= rows


def test_the_mistake_of_the_page_is_what_is_said(tmp_path: Path) -> None:
    """Days of a KPI that has none: the message that stands there."""
    [said] = re.findall(r"(?m)^boards/every_tile\.yml:\d+:\d+: .*$", PAGE)
    with_page("saas", tmp_path)
    path = tmp_path / "boards" / "every_tile.yml"
    path.write_text(path.read_text("utf-8").replace("grain: quarter", "grain: day"), "utf-8")
    with pytest.raises(CatalogError) as caught:
        load(tmp_path)
    assert said in str(caught.value)
