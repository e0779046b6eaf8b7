"""What stands around the numbers of a snapshot: whose they are, and what their KPIs are."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from headway.formats import dates
from headway.model import Catalog
from headway.publish import tiles
from headway.publish.pages import Tile
from headway.publish.view import View


def about(view: View) -> dict[str, Any]:
    """Whose numbers these are, for whom, and as of when."""
    catalog, stamp = view.catalog, view.stamp
    return {
        "project": stamp.project,
        "title": stamp.title,
        "logo": _logo(catalog),
        "accent": catalog.brand.accent or "",
        "accent_dark": catalog.brand.accent_dark or "",
        "zone": stamp.zone,
        "site": catalog.site_url,
        "audience": view.audience.value,
        "as_of": view.now.isoformat(),
        "when": dates.moment(view.now, catalog.calendar.tz),
        "day": dates.day(catalog.calendar.day(view.now)),
        "computed": stamp.computed,
        "run": stamp.run,
        "fingerprint": catalog.fingerprint,
    }


def _logo(catalog: Catalog) -> dict[str, str] | None:
    """The picture itself: a snapshot travels alone."""
    logo = catalog.brand.logo
    file = catalog.root / logo if logo else None
    if file is None or not file.is_file():
        return None
    return {"name": f"logo{file.suffix.lower()}", "data": base64.b64encode(file.read_bytes()).decode()}


def areas(view: View, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The areas of these KPIs, each with its own in their order."""
    kpis = view.catalog.kpis
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        if area := kpis[name].area:
            own = found.setdefault(area, {"title": tiles.area_title(view.catalog, area), "kpis": []})
            own["kpis"].append(name)
    return found


def kpi(view: View, name: str, *, cell: bool) -> dict[str, Any]:
    """How a KPI is defined, and how it stands: of that, nothing in a report for one cell, whose business it is not."""
    page, kpi = view.kpi(name), view.catalog.kpis[name]
    return {
        "title": kpi.title,
        "unit": kpi.unit.name,
        "about": kpi.about,
        "why": kpi.why,
        "definition": list(page.definition),
        "owner": page.tile.owner,
        "area": kpi.area or "",
        "grain": kpi.front.value,
        "maturity": page.tile.maturity,
        "status": "" if cell else page.tile.verdict.key,
        "word": "" if cell else _word(page.tile),
    }


def _word(tile: Tile) -> str:
    """What stands on a card: the status of its number, or the word in the place of one."""
    return tile.shown.text if tile.shown.value is None else tile.verdict.word
