"""Keeps the files that a catalogue was read from, so that the ledger can give the catalogue of then back.

Small text is all that it needs: YAML, holidays, the logo, functions of the project. Data are not part of it, and
neither are the files of tests, which make no number.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from headway.catalog.document import Document
from headway.model import TEMPLATES, Catalog, Python


def gather(catalog: Catalog, documents: Mapping[str, Document]) -> dict[str, bytes]:
    """Every file that made a catalogue, path in the project -> contents."""
    files = {path: one.text.encode() for path, one in documents.items() if not path.startswith("tests/")}
    head = documents["headway.yml"].value
    for path in (head.get("holidays"), *named(catalog)):
        if path:
            with suppress(OSError):  # gone since it was read: what it said is in the catalogue
                files[path] = (catalog.root / path).read_bytes()
    return files


def named(catalog: Catalog) -> Iterator[str]:
    """The files that a catalogue names and that pages or numbers are made of: the logo, functions, and reports."""
    if catalog.brand.logo:
        yield catalog.brand.logo
    yield from sorted({one.document for one in catalog.reports.values() if one.document not in TEMPLATES})
    functions = {kpi.measure.function for kpi in catalog.kpis.values() if isinstance(kpi.measure, Python)}
    yield from sorted({where for where, _, _ in (name.partition(":") for name in functions) if where.endswith(".py")})


@contextmanager
def laid_out(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder that holds these files for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="headway-") as folder:
        for path, contents in files.items():
            assert not PurePosixPath(path).is_absolute(), path
            assert ".." not in PurePosixPath(path).parts, path
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(contents)
        yield Path(folder)
