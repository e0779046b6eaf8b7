"""Compile data checks to SELECTs, one or two per source (pure)."""

from __future__ import annotations

from sqlglot import exp

from headway.model import Catalog, Schemas


def compile(catalog: Catalog, schemas: Schemas, source: str) -> exp.Query | None:  # noqa: A001 - the room's verb
    """The implied checks of a source: its key is unique and not null, and each reference that must be found is found.

    The answer has a row per check and local day on which rows failed, and none if all is well: `check` (text),
    `column` (text), `day` (date, null for rows without time), `failed` and `rows` (int64; rows of that day in all),
    `example` (text). None if there is nothing to check.
    """
    raise NotImplementedError
