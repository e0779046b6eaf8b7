"""What a source can speak of: one scan that counts its rows and finds its first and newest time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import pyarrow as pa
from sqlglot import exp

from headway.model import Catalog, Schemas


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one source can speak of: from the local day `first` to the local day `horizon`, both inclusive.

    Both are None for a source without a row in the past, unless it is sparse (then only `first` is None). `rows` were
    read; `removed` says how many of them each step left out, by the step's name; `earliest` and `newest` are the
    moments of the first and newest row up to now.
    """

    first: date | None
    horizon: date | None
    rows: int
    removed: Mapping[str, int] = field(default_factory=dict)
    earliest: datetime | None = None
    newest: datetime | None = None


def probe(catalog: Catalog, schemas: Schemas, source: str, now: datetime) -> exp.Select:
    """One row about a source: how many rows it has, what each step removes, and its first and newest time.

    Raises CatalogError for a name in its `time`, `derive` or `exclude` that the data do not have.
    """
    raise NotImplementedError


def coverage(catalog: Catalog, source: str, answer: pa.Table, now: datetime) -> Coverage:
    """Read the answer of `probe`."""
    raise NotImplementedError
