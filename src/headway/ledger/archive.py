"""Rows of running periods that a run replaced in place: kept aside, so that what was published then can be read.

A log has one row for a period that runs, however often it is computed. What stood there before goes into `replaced`, a
small Arrow stream for each run, KPI and log; it is read only where somebody asks as of a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from numpy.typing import NDArray

from headway.ledger import schema
from headway.ledger.diff import Changes, Floats, Ints

if TYPE_CHECKING:
    from headway.ledger.logs import Log

_KEY = ("series", "period", "revision")


def keep(connection: sa.Connection, run: int, kpi: str, log: Log, changes: Changes) -> None:
    """Keep the rows that a run takes out of a log."""
    old = changes.deleted
    by = changes.deleted_about[:, log.about.index("run")]
    columns: dict[str, Ints | Floats] = dict(zip(_KEY, (old.series, old.period, changes.deleted_revision), strict=True))
    columns |= {name: changes.deleted_about[:, at] for at, name in enumerate(log.about)}
    columns |= {name: old.values[:, at] for at, name in enumerate(log.columns)}
    row = {"run": run, "kpi": kpi, "log": log.table.name, "since": int(by.min()), "rows": pack(columns)}
    connection.execute(schema.replaced.insert(), row)


def read(connection: sa.Connection, log: str, kpi: str, names: tuple[str, ...], until: int) -> Floats:
    """The rows of a KPI that were in force after run `until` and are in the log no more, by their columns `names`."""
    t = schema.replaced.c
    query = sa.select(t.rows).where(t.kpi == kpi, t.log == log, t.run > until, t.since <= until)
    parts = [np.empty((0, len(names)))]
    for packed in connection.execute(query).scalars():
        columns = unpack(packed)
        size = len(columns["run"])
        rows = np.column_stack([columns.get(name, np.full(size, np.nan)) for name in names])
        parts.append(rows[columns["run"] <= until])
    return np.concatenate(parts)


def renumber(connection: sa.Connection, kpi: str, old: int, new: int) -> None:
    """Say that rows of one series are of another one."""
    t = schema.replaced
    for row in connection.execute(sa.select(t).where(t.c.kpi == kpi)).all():
        columns: dict[str, Ints | Floats] = {**unpack(row.rows)}
        if (columns["series"] == old).any():
            columns["series"] = np.where(columns["series"] == old, new, columns["series"])
            at = (t.c.kpi == kpi, t.c.log == row.log, t.c.run == row.run)
            connection.execute(t.update().where(*at).values(rows=pack(columns)))


def pack(columns: dict[str, Ints | Floats]) -> bytes:
    """A compressed Arrow stream. Whole numbers are kept as such, and columns without any number not at all."""
    arrays = {}
    for name, column in columns.items():
        if not np.isnan(column).all():
            whole = not np.isnan(column).any() and bool(np.all(column == np.rint(column)))
            arrays[name] = pa.array(_narrow(column)) if whole else pa.array(column, from_pandas=True)  # NaN is null
    table = pa.table(arrays)
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as packed, pa.ipc.new_stream(packed, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


def _narrow(column: Ints | Floats) -> NDArray[Any]:
    """Whole numbers in the narrowest type that holds them; what is too large for any stays as it is."""
    largest = float(np.abs(column).max())
    kinds = (np.int16, np.int32, np.int64)
    return column.astype(next((kind for kind in kinds if largest < 2.0 ** (8 * kind().itemsize - 2)), column.dtype))


def unpack(packed: bytes) -> dict[str, Floats]:
    """What `pack` made: each column by its name, NaN for null."""
    with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream, pa.ipc.open_stream(stream) as reader:
        table = reader.read_all()
    return {name: table[name].cast(pa.float64(), safe=False).to_numpy() for name in table.column_names}
