"""`wide`: a board for readers who may not see all that it shows. Such tiles are left out for them."""

from __future__ import annotations

from collections.abc import Iterator

from headway.catalog.lint.finding import Finding, Relation, allowing
from headway.catalog.lint.scene import Scene
from headway.model import Tile


def wide(scene: Scene) -> Iterator[Finding]:
    """Each KPI of a tile whose readers may not see it, once for each board."""
    for board in scene.catalog.boards.values():
        told: dict[str, Tile] = {}
        for tile in board.tiles:
            for shown in tile.of:
                if not tile.audience.may_see(scene.catalog.kpis[shown.kpi].audience):
                    told.setdefault(shown.kpi, tile)
        for name, tile in told.items():
            kpi = scene.catalog.kpis[name]
            yield Finding(
                "wide",
                Relation.NOTE,
                f"board {board.name} is wider than {name}: {tile.audience} readers see its page, and not this KPI",
                (name,),
                (tile.place, kpi.at("audience")),
                f"{name} is {kpi.audience}, so its tile is left out for them.",
                f"Write 'audience: {kpi.audience}' at the tile, or open the KPI. {allowing('wide', name)}",
            )
