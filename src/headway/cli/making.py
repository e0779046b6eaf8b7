"""What `headway report build` does: make the document of its template, look its numbers up, write the files."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headway.cli.console import progress_line
from headway.cli.project import cell_of, period_of, view_of
from headway.errors import Mistake, UsageError
from headway.options import Readers

if TYPE_CHECKING:
    from headway.publish.view import View
    from headway.reports.documents import Document, Header

#: What writes each kind of file.
_BUILDERS = {"html": "singlehtml", "pdf": "typst"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What to make: of which document, for whom, as of when; of a template, for which period and cells."""

    document: Path
    as_of: str | None = None
    audience: Readers | None = None
    period: str | None = None
    cell: tuple[str, ...] = ()
    for_each: tuple[str, ...] = ()


def make(asked: Asked, project: Path, kinds: Sequence[str], out: Path) -> list[Path]:
    """Write the files, all or none; the paths of what was written. What is wrong with what is asked is told before."""
    from headway.model import Audience
    from headway.reports import answered, rendering
    from headway.reports import documents as reading

    if {"html", "pdf"} & set(kinds):
        needs_extra()
    path = rendering.find(asked.document)
    if "md" in kinds and not reading.is_template(path):
        remedy = f"It is Markdown already. A template's name ends in {reading.TEMPLATE}."
        raise UsageError(Mistake(f"{path} is no template", "unknown-option", None, remedy))
    header = reading.header(path, reading.written(path))
    if header.edition and not reading.is_template(path):
        return _write([_filed(path, header, asked)], kinds, out)
    audience = Audience(asked.audience.value if asked.audience else header.audience or Audience.PUBLIC.value)
    with view_of(project, audience, asked.as_of) as view:
        some = _documents(asked, path, view)
        taken = [answered.take(view, [one]).text() for one in some]
    return _write(list(zip(some, taken, strict=True)), kinds, out)


def _documents(asked: Asked, path: Path, view: View) -> list[Document]:
    """The document, or one for each cell, no two of one name."""
    from headway.reports import documents as reading
    from headway.reports import each, rendering

    if asked.period and not reading.is_template(path):
        remedy = f"Its numbers name their periods. A template, whose name ends in {reading.TEMPLATE}, is about one."
        raise UsageError(Mistake(f"{path} is no template, and has no period", "unknown-option", None, remedy))
    period = period_of(view.catalog, asked.period) if asked.period else rendering.newest(path, view)
    if not asked.for_each:
        cell = each.one(view, cell_of(asked.cell), period) if asked.cell else ()
        return [rendering.render(path, view, period, cell)]
    if asked.cell:
        remedy = "One makes a report for one cell, the other one for each."
        raise UsageError(Mistake("--for and --for-each exclude each other", "unknown-option", None, remedy))
    cells = each.cells(view, asked.for_each, period)
    return list(rendering.named_apart(rendering.render(path, view, period, cell) for cell in cells))


def _filed(path: Path, header: Header, asked: Asked) -> tuple[Document, Path]:
    """A document that is pinned to an edition, and the file of its numbers."""
    from headway.reports import documents as reading
    from headway.reports.snapshot import edition, edition_of

    pinned(path, header.edition, asked.as_of, asked.audience, asked.period, asked.cell, asked.for_each)
    one = reading.read(path)
    reading.requests([one])
    edition(path, header.edition, header.audience)
    return one, edition_of(path, header.edition)


def pinned(path: Path, name: str, *asked: object) -> None:
    """UsageError if anything is asked of a document that says what was filed."""
    if any(asked):
        message = f"{path} is pinned to edition {name}"
        remedy = "Leave readers, times and cells out, or take the edition out of its front matter."
        raise UsageError(Mistake(message, "unknown-option", None, remedy))


def _write(some: Sequence[tuple[Document, str | Path]], kinds: Sequence[str], out: Path) -> list[Path]:
    """Write each kind of file of documents, each with a snapshot or the file of one; nothing if one cannot be made."""
    from headway.reports import placed

    with tempfile.TemporaryDirectory() as folder, progress_line() as progress:
        made = Path(folder) / "made"
        made.mkdir()
        for n, (one, snapshot) in enumerate(some):
            progress("Reports", n, len(some))
            for kind in kinds:
                if kind == "md":
                    (made / f"{one.name}.md").write_text(one.text, "utf-8")
                else:
                    _built(one, snapshot, kind, made)
        placed.place(made, out)
    return [out / f"{one.name}.{kind}" for one, _ in some for kind in kinds]


def needs_extra() -> None:
    """UsageError `missing-extra` where the libraries are not there that make pages of documents."""
    try:
        from headway.sphinx import building  # noqa: F401  # it is there, or it is not
    except ImportError as error:
        remedy = 'Install them: pip install "headway[reports]"'
        lacks = (error.name or "a library").partition(".")[0]
        message = f"reports need {lacks}, which is not installed"
        raise UsageError(Mistake(message, "missing-extra", None, remedy)) from None


def _built(one: Document, snapshot: str | Path, kind: str, out: Path) -> None:
    from headway.sphinx import building

    with tempfile.TemporaryDirectory() as folder:
        file = snapshot if isinstance(snapshot, Path) else Path(folder) / "snapshot.json"
        if isinstance(snapshot, str):
            file.write_text(snapshot, "utf-8")
        building.build(one.path, file, out, _BUILDERS[kind], one.edition, one.text, one.name)
