"""What the rows of each source came to, kept for the next run: written and read here.

Of each source the newest footprint is kept, and earlier ones as long as they belong to the run that was the last to
compute some KPI: a broken KPI, or one that was left out, is compared with the rows that it was made of.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from io import BytesIO
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from headway.ledger import schema
from headway.model import Closing, Footprint


def keep(connection: sa.Connection, run: int, closing: Closing) -> None:
    """Keep the footprints of a run, and drop those that nobody needs any more."""
    table = schema.footprint
    for footprint in closing.footprints:
        needed: Collection[int] = closing.needed.get(footprint.source, ())
        connection.execute(table.delete().where(table.c.source == footprint.source, table.c.run.not_in(needed)))
        row = {
            "source": footprint.source,
            "run": run,
            "engine": footprint.engine,
            "columns": dict(footprint.columns),
            "keyed": footprint.keyed,
            "before": footprint.before.isoformat(),
            "lines": _packed(footprint.lines),
        }
        connection.execute(table.insert(), row)


def footprints(connection: sa.Connection, run: int) -> dict[str, Footprint]:
    """See `Ledger.footprints`."""
    table = schema.footprint
    return {row.source: _footprint(row) for row in connection.execute(sa.select(table).where(table.c.run == run))}


def _footprint(row: sa.Row[Any]) -> Footprint:
    day = date.fromisoformat(row.before)
    return Footprint(row.source, row.engine, row.columns, row.keyed, day, _unpacked(row.lines))


def _packed(lines: pa.Table) -> bytes:
    sink = BytesIO()
    with pa.ipc.new_stream(sink, lines.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(lines.combine_chunks())
    return sink.getvalue()


def _unpacked(data: bytes) -> pa.Table:
    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()
