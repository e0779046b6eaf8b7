"""Lineage of both examples against its definition: a column is read if and only if the query needs it to be there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from headway import plan
from headway.attempt import Attempt, Data
from headway.catalog import closure
from headway.engines.duckdb import DuckDB
from headway.errors import CatalogError
from headway.model import Kpi, Python, Schemas
from headway.plan import Request


@pytest.mark.parametrize("name", ["hubs", "saas"])
def test_the_ledger_knows_the_columns_behind_each_kpi(example: Callable[[str], Any], name: str) -> None:
    """With these columns alone the query comes out the same; without any one of them it cannot, or is another."""
    one = example(name)
    catalog = one.catalog
    with DuckDB() as engine:
        attempt = Attempt(catalog, engine, one.now, Data(catalog))
        attempt.read_sources(closure(catalog, ()))

        def written(kpi: Kpi, schemas: Schemas) -> str:
            (made,) = plan.compile(catalog, schemas, attempt.coverage, [Request.of(kpi)], one.now)
            return engine.sql(made.query, made.gaps)

        told = 0
        for kpi in (kpi for kpi in catalog.kpis.values() if kpi.source):
            definition = one.ledger.definitions()[kpi.name]
            lineage = definition.lineage
            assert lineage, kpi.name
            alone = {
                source: {column: kind for column, kind in columns.items() if column in lineage.get(source, {})}
                for source, columns in attempt.schemas.items()
            }
            assert written(kpi, alone) == definition.sql, kpi.name
            for source, columns in lineage.items():
                for column in columns:
                    told += 1
                    rest = {name: kind for name, kind in attempt.schemas[source].items() if name != column}
                    with suppress(CatalogError):
                        assert written(kpi, {**attempt.schemas, source: rest}) != definition.sql, (kpi.name, column)
        assert told > 300


@pytest.mark.parametrize("name", ["hubs", "saas"])
def test_a_function_of_the_project_has_a_lineage_too(example: Callable[[str], Any], name: str) -> None:
    """What its SELECT does not use of the rows that it was given is not told."""
    one = example(name)
    for kpi in one.catalog.kpis.values():
        if isinstance(kpi.measure, Python) and kpi.measure.sources:
            lineage = one.ledger.definitions()[kpi.name].lineage
            assert set(lineage) >= set(kpi.measure.sources)
            assert all(lineage[source] for source in kpi.measure.sources)
