"""Where queries run: an engine attaches located sources as relations and answers a plan's SQL with Arrow tables."""

from headway.engines.duckdb import DuckDB

__all__ = ["DuckDB"]
