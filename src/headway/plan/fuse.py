"""Share scans: all requests on one source become one SELECT of named CTEs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from sqlglot import exp

from headway.model import Catalog, Schemas
from headway.plan.coverage import Coverage
from headway.plan.requests import Request


@dataclass(frozen=True)
class Plan:
    """One query that answers several requests on one source.

    `tables` are the small tables of periods that the query joins, under the names that stand in its SQL: give them
    to the engine together with `query`.
    """

    source: str
    requests: tuple[Request, ...]
    query: exp.Query
    tables: Mapping[str, pa.Table]

    def read(self, answer: pa.Table) -> dict[Request, pa.Table]:
        """The answer as one table per request: schema `OBSERVED` and a last column `people`.

        A flow has all its grains, a state only its own (`rollup` makes the longer ones). Totals have a row for each
        period the source can speak of; cells only where they are not empty. `people` (int64) is how many distinct
        people are behind a cell's number: null for totals, and where nobody is to be protected.
        """
        raise NotImplementedError


def compile(  # noqa: A001 - the room's verb; inside this package nothing needs the builtin
    catalog: Catalog,
    schemas: Schemas,
    coverage: Mapping[str, Coverage],
    requests: Sequence[Request],
    now: datetime,
) -> list[Plan]:
    """One plan per source for the requests that read its rows.

    Raises CatalogError `unknown-column` or `ambiguous-column`, with place and suggestion, naming every such mistake
    among the requests: compile the requests one by one to know which KPI fails.
    """
    raise NotImplementedError
