"""What a reader asked the page of a KPI to show, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headway.publish.boardpages import ChartTile


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a reader asked for, in words, and what comes of it.

    `chart` has the cells of a breakdown with their table, or a line with another time beside it; without one, the
    page's own chart shows it all. `links` lead from the name of a cell to where that cell is alone.
    """

    query: str
    #: True if the page shows what its reader chose from when to when.
    spans: bool
    cell: str
    by: str
    against: str
    chart: ChartTile | None = None
    links: Mapping[str, str] | None = None
