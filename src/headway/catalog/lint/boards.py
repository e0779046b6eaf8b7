"""`wide`: a board for readers who may not see all that it shows, or an alert for those who may see nothing of it."""

from __future__ import annotations

from collections.abc import Iterator

from headway.catalog.lint.finding import Finding, Relation, allowing
from headway.catalog.lint.scene import Scene
from headway.model import Tile, WatchedNumbers


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


def mute(scene: Scene) -> Iterator[Finding]:
    """Each alert whose route is read by people who may not see any KPI that it watches."""
    for alert in scene.catalog.alerts.values():
        route = scene.catalog.routes[alert.to]
        names = (
            list(dict.fromkeys(one.kpi for one in alert.watches.of))
            if isinstance(alert.watches, WatchedNumbers)
            else []
        )
        kpis = [scene.catalog.kpis[name] for name in names]
        if not kpis or any(route.audience.may_see(kpi.audience) for kpi in kpis):
            continue
        what = names[0] if len(names) == 1 else f"{names[0]} and the others"
        yield Finding(
            "wide",
            Relation.NOTE,
            f"route {route.name} is wider than {what}: {route.audience} readers hear of alert {alert.name},"
            " and may not see what it watches",
            (names[0],),
            (alert.place, kpis[0].at("audience")),
            f"{names[0]} is {kpis[0].audience}, so a message says that the alert fires, and neither of what nor why.",
            f"Write 'audience: {kpis[0].audience}' at route {route.name}, or send it elsewhere with 'to'. "
            f"{allowing('wide', names[0])}",
        )
