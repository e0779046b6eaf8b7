"""What a reader asked the page of a KPI to show, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headway.charts import Plot


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a reader asked for, in words, and what comes of it.

    `plot` is the chart of several series, None where the page's own chart shows it. `head` and `rows` are the table of
    its numbers, newest first; `links` lead from a name in `head` to the query that asks for that cell alone.
    """

    query: str
    #: True if the page shows what its reader chose from when to when.
    spans: bool
    cell: str
    by: str
    against: str
    note: str = ""
    plot: Plot | None = None
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    links: Mapping[str, str] | None = None
