"""Commands about reports: `snapshot` writes what they may say, `report build` makes them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headway.cli.app import app
from headway.cli.console import screen
from headway.cli.project import view_of
from headway.errors import Mistake, PublishError, UsageError
from headway.formats import plurals
from headway.options import AsOfOption, JsonOption, ProjectOption, Readers

if TYPE_CHECKING:
    from headway.reports.documents import Document
    from headway.reports.snapshot import Snapshot

#: More files than these are counted, not named.
_NAMED = 6

AudienceOption = Annotated[
    Readers | None,
    typer.Option("--audience", help="Whom the report is for; else whom the document names.", show_default="public"),
]


@app.command()
def snapshot(
    documents: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="DOCUMENT...", help="Reports, as Markdown; without any, all totals.", show_default=False
        ),
    ] = None,
    project: ProjectOption = Path(),
    as_of: AsOfOption = None,
    audience: AudienceOption = None,
    edition: Annotated[
        str | None,
        typer.Option("--edition", metavar="NAME", help="File it beside the document, where it never changes."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Where to write it.", show_default="snapshot.json"),
    ] = None,
) -> None:
    """Write the numbers that reports may say into one file.

    Every number that the documents name is looked up; what is not there, withheld, not over yet or not for these
    readers is told with its line, and nothing is written.
    """
    from headway.reports import documents as reading
    from headway.reports.snapshot import edition_of

    some = [reading.read(path) for path in documents or ()]
    if edition is not None and (out is not None or len(some) != 1):
        remedy = "As in: headway snapshot grant.md --edition 2026-q3"
        raise UsageError(Mistake("--edition files one document, beside it", "unknown-option", None, remedy))
    path = edition_of(some[0].path, edition) if edition is not None else out or Path("snapshot.json")
    taken = take(some, project, audience, as_of)
    if not _write(path, taken, filed=edition is not None):
        typer.echo(f"{path} is filed already, with the same numbers.")
        return
    kpis = plurals.count(len(taken.kpis), "KPI")
    readers = taken.about["audience"]
    typer.echo(f"Wrote {path}: {kpis}, as {readers} readers may see them at {taken.about['when']}.")


def take(documents: Sequence[Document], project: Path, audience: Readers | None, as_of: str | None = None) -> Snapshot:
    """What some documents ask for; UsageError with everything that they may not say."""
    from headway.model import Audience
    from headway.reports import answered, taking
    from headway.reports import documents as reading

    reading.requests(documents)
    named = {one.audience or Audience.PUBLIC.value for one in documents} or {Audience.PUBLIC.value}
    if audience is None and len(named) > 1:
        message = f"the documents are for different readers: {plurals.listed(sorted(named))}"
        raise UsageError(Mistake(message, "unknown-option", None, "Say for whom: --audience public"))
    with view_of(project, Audience(audience.value if audience else named.pop()), as_of) as view:
        return answered.take(view, documents) if documents else taking.take(view, None)


def _write(path: Path, taken: Snapshot, *, filed: bool) -> bool:
    """Write a snapshot; one that is filed is never written over by another. False if it says the same already."""
    from headway.reports.snapshot import Snapshot, same_numbers

    if filed and path.exists():
        if same_numbers(Snapshot.read(path), Snapshot(json.loads(taken.text()))):
            return False
        remedy = f"What is filed stays. File this one by another name, or delete {path.name} yourself."
        raise UsageError(Mistake(f"{path} is filed, and says something else", "edition-filed", None, remedy))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(taken.text(), "utf-8")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise PublishError(
            Mistake(f"{path} cannot be written: {why}", "not-writable", None, "Choose another: -o FILE")
        ) from None
    return True


report = typer.Typer(help="Make reports of documents, with the numbers of the ledger.", rich_markup_mode=None)
app.add_typer(report, name="report")


@report.command()
def build(
    document: Annotated[
        Path,
        typer.Argument(
            metavar="DOCUMENT",
            help="The report, as Markdown, or a template: one's own (.md.jinja), or one that comes with Headway.",
        ),
    ],
    project: ProjectOption = Path(),
    as_of: AsOfOption = None,
    audience: AudienceOption = None,
    period: Annotated[
        str | None,
        typer.Option(
            "--period",
            metavar="PERIOD",
            help="Of a template: what it is about, such as 2026-W46.",
            show_default="the newest that is over",
        ),
    ] = None,
    cell: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="COLUMN=VALUE", help="Make it for one cell, with its own numbers alone."),
    ] = None,
    for_each: Annotated[
        list[str] | None,
        typer.Option("--for-each", metavar="COLUMN", help="Make one for each cell that has numbers."),
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="A page alone.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="A PDF alone.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="The document that a template makes, alone.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIRECTORY", help="Where to write it.", show_default="report")
    ] = None,
) -> None:
    """Make a report, as a page and as a PDF: its numbers are looked up first.

    A document that is pinned to an edition says what was filed, and does not look at the ledger.
    """
    from headway.cli import making

    kinds = {"html": html, "pdf": pdf, "md": markdown}
    wanted = [kind for kind, asked in kinds.items() if asked] or ["html", "pdf"]
    asks = making.Asked(document, as_of, audience, period, tuple(cell or ()), tuple(for_each or ()))
    made = making.make(asks, project, wanted, out or Path("report"))
    many = f"{plurals.count(len(made), 'file')} into {made[0].parent}{os.sep}"
    typer.echo(f"Wrote {plurals.listed([str(file) for file in made]) if len(made) <= _NAMED else many}.")


@report.command()
def template(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Which one; without a name, all are listed.", show_default=False),
    ] = None,
) -> None:
    """Print a template that comes with Headway, so that it can be changed."""
    from headway.reports import documents as reading
    from headway.reports import rendering

    if name is None:
        for one in rendering.shipped():
            typer.echo(one)
        return
    typer.echo(reading.written(rendering.find(name)), nl=False)


@report.command(name="list")
def listed(
    project: ProjectOption = Path(),
    everything: Annotated[bool, typer.Option("--all", help="Those of earlier periods, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the reports that go out by themselves: their newest editions, and what each route took."""
    from headway.cli import filed
    from headway.cli.project import catalog_at, ledger_of, now_of

    catalog = catalog_at(project)
    with ledger_of(catalog, create=False) as ledger:
        found = filed.filed(ledger.editions(), everything=everything)
    now = now_of(None)
    if as_json:
        typer.echo(json.dumps(filed.plain(catalog, found, now), ensure_ascii=False, indent=2))
        return
    if not catalog.reports and not found:
        typer.echo("No report goes out by itself. How to schedule one stands in docs/scheduling.md.")
        return
    screen().print(filed.table(catalog, found, now))
    amiss = [posting for one in found for posting in one.routes.values() if posting.error]
    lacking = [one.edition for one in found if one.edition.lacks]
    for n, (sentence, _) in enumerate(filed.sentences(lacking, amiss)):
        typer.echo(sentence if n else f"\n{sentence}")
