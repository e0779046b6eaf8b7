"""What the rows of a source came to, kept beside the ledger for a run that finds the same files and some more.

It is kept as tables, by a text that says what they are. Whoever keeps something sees to it that it can be added to.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
from sqlglot import exp

#: Tables by name.
Tables = Mapping[str, pa.Table]

#: More bytes than this are not kept.
_MOST = 1 << 28


@dataclass
class Kept:
    """What is kept of one source.

    `known` came of all its files but those that came since, of which `came` is the relation; '' if nothing is known.
    `made` is what this run has made of all its files.
    """

    source: str
    came: str = ""
    known: Mapping[str, Path] = field(default_factory=dict)
    made: dict[str, Tables] = field(default_factory=dict)

    def get(self, what: str) -> Tables | None:
        """What is known; None of what is not, or cannot be read."""
        path = self.known.get(named(what)) if self.came else None
        if path is not None:
            with suppress(OSError, pa.ArrowException, KeyError):
                return read(path)
        return None

    def put(self, what: str, tables: Tables) -> None:
        """Keep it for the next run, unless it is large."""
        if sum(table.nbytes for table in tables.values()) <= _MOST:
            self.made[named(what)] = tables

    def only(self, query: exp.Query) -> exp.Query:
        """A query over the rows of the files that came."""
        query = query.copy()
        for table in query.find_all(exp.Table):
            if table.name == self.source:
                table.set("alias", table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(self.source)))
                table.set("this", exp.to_identifier(self.came, quoted=True))
        return query


def named(what: str) -> str:
    """A short name for what a text says."""
    return sha256(what.encode()).hexdigest()[:32]


def write(path: Path, tables: Tables) -> None:
    """Write tables into one file, one after the other. OSError if that cannot be done."""
    with pa.OSFile(str(path), "wb") as sink:
        for name, table in tables.items():
            said = table.replace_schema_metadata({"name": name})
            with pa.ipc.new_stream(sink, said.schema) as stream:
                stream.write_table(said)


def read(path: Path) -> Tables:
    """The tables of a file. OSError or ArrowException if it is no such file."""
    found = {}
    with pa.memory_map(str(path)) as source:
        while source.tell() < source.size():
            with pa.ipc.open_stream(source) as stream:
                table = stream.read_all()
            found[table.schema.metadata[b"name"].decode()] = table.replace_schema_metadata(None)
    return found


__all__ = ["Kept", "Tables", "named", "read", "write"]
