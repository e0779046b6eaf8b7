"""The read model: what a reader may see of the ledger at a moment, in the words and numbers of every page.

`open` is the only door through which pages, JSON twins, search and the terminal see numbers; the reader's audience
is applied here and nowhere else. It reads the ledger and the catalogue and never computes: a change between two
stored values is formatting.
"""

from __future__ import annotations

from datetime import datetime

from headway.ledger import Ledger
from headway.model import Audience, Catalog
from headway.periods import Grain
from headway.publish.pages import CataloguePage, Front, KpiPage


class View:
    """The ledger as one reader sees it at one moment. Cheap to make; it reads a KPI when a page asks for it."""

    @property
    def names(self) -> tuple[str, ...]:
        """The KPIs that this reader may see, in the order of the catalogue."""
        raise NotImplementedError

    @property
    def left_out(self) -> tuple[str, ...]:
        """The KPIs that are not for this reader: for the one who builds a site, never for a page."""
        raise NotImplementedError

    def front(self) -> Front:
        """The front page."""
        raise NotImplementedError

    def catalogue(self) -> CataloguePage:
        """All KPIs by area, planned and retired ones too."""
        raise NotImplementedError

    def kpi(self, name: str, grain: Grain | None = None) -> KpiPage:
        """One KPI at its own or a longer grain; UsageError if there is none that this reader may see."""
        raise NotImplementedError

    def csv(self, name: str, grain: Grain, *, cells: bool = False) -> str:
        """All stored values of one KPI and grain as CSV: totals, or cells."""
        raise NotImplementedError


def open(ledger: Ledger, catalog: Catalog, audience: Audience, now: datetime, as_of: datetime | None = None) -> View:  # noqa: A001  # `view.open` is what callers read
    """The ledger as a reader of `audience` sees it at `now`, or as it was published by `as_of`."""
    raise NotImplementedError
