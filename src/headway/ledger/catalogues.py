"""The catalogues of runs: resolved, as text, and the files that they were read from, each kept once.

Two runs have one catalogue if their fingerprints agree. Comments and layout change no fingerprint, so the files are
those of the first run that had it.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping

import sqlalchemy as sa

from headway.ledger import schema
from headway.ledger.records import Run


def keep(connection: sa.Connection, run: Run) -> None:
    """Keep the catalogue of a run; a release before this one may have kept it without its files."""
    table = schema.catalogue
    here = table.c.fingerprint == run.fingerprint
    packed = _packed(run.files) if run.files else None
    known = connection.execute(sa.select(table.c.files).where(here)).first()
    if known is None:
        row = {"fingerprint": run.fingerprint, "text": run.catalogue, "files": packed}
        connection.execute(table.insert(), row)
    elif known.files is None and packed is not None:
        connection.execute(table.update().where(here).values(files=packed))


def catalogue(connection: sa.Connection, fingerprint: str) -> str | None:
    """See `Ledger.catalogue`."""
    c = schema.catalogue.c
    return connection.scalar(sa.select(c.text).where(c.fingerprint == fingerprint))


def files(connection: sa.Connection, fingerprint: str) -> dict[str, bytes] | None:
    """See `Ledger.files`."""
    c = schema.catalogue.c
    packed = connection.scalar(sa.select(c.files).where(c.fingerprint == fingerprint))
    return None if packed is None else _unpacked(packed)


def _packed(files: Mapping[str, bytes]) -> bytes:
    """Compressed JSON that any language reads: text as it is, anything else as {"base64": ...}."""
    plain: dict[str, object] = {}
    for path, contents in files.items():
        try:
            plain[path] = contents.decode()
        except UnicodeDecodeError:
            plain[path] = {"base64": base64.b64encode(contents).decode()}
    return zlib.compress(json.dumps(plain, ensure_ascii=False).encode())


def _unpacked(packed: bytes) -> dict[str, bytes]:
    plain = json.loads(zlib.decompress(packed))
    return {
        path: contents.encode() if isinstance(contents, str) else base64.b64decode(contents["base64"])
        for path, contents in plain.items()
    }
