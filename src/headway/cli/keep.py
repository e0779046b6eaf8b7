"""Commands that keep the ledger safe and take it elsewhere: `backup`, `restore`, `ledger export`, `ledger import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headway.cli.app import app
from headway.cli.console import progress_line
from headway.cli.project import catalog_at, ledger_of, place_of
from headway.formats import plurals
from headway.options import ProjectOption

if TYPE_CHECKING:
    from headway.ledger import Kept


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes: a file, or a folder.")],
    project: ProjectOption = Path(),
    force: Annotated[
        bool, typer.Option("--force", help="Replace a backup that has runs which the ledger does not have.")
    ] = False,
) -> None:
    """Copy the ledger into a file, also during a run.

    The copy holds whole runs only. An earlier backup of this ledger is replaced.
    """
    from headway import ledger as ledgers

    with ledger_of(catalog_at(project), create=False) as ledger:
        kept = ledgers.backup(ledger, file, force=force)
    typer.echo(f"Copied {_runs(kept)} into {file}.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    project: ProjectOption = Path(),
    force: Annotated[
        bool, typer.Option("--force", help="Also if the ledger is broken, or has runs that the backup lacks.")
    ] = False,
) -> None:
    """Put a backup in the ledger's place.

    The ledger that was there stays beside it.
    """
    from headway import ledger as ledgers

    catalog = catalog_at(project)
    with progress_line() as progress:
        kept = ledgers.restore(
            file, place_of(catalog), lambda holder: progress(f"Waiting for {holder}", 0, 0), force=force
        )
    typer.echo(f"The ledger is that of {file}: {_runs(kept)}.")
    if kept.before:
        typer.echo(f"What was there before is in {kept.before}.")


ledger = typer.Typer(
    help="Take the ledger elsewhere: as files that are only ever added, which git can keep and merge.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(ledger, name="ledger")


@ledger.command("export")
def export(
    directory: Annotated[Path, typer.Argument(metavar="DIRECTORY", help="A folder: new, empty, or an earlier export.")],
    project: ProjectOption = Path(),
) -> None:
    """Write the runs that a folder does not have yet."""
    from headway import ledger as ledgers

    with ledger_of(catalog_at(project), create=False) as opened, progress_line() as progress:
        progress("Exporting", 0, 0)
        moved = ledgers.export(opened, directory)
    typer.echo(f"{directory} has {plurals.count(moved.runs, 'run')}, {_new(moved.new)}.")


@ledger.command("import")
def bring(
    directory: Annotated[Path, typer.Argument(metavar="DIRECTORY", help="A folder that 'ledger export' wrote.")],
    project: ProjectOption = Path(),
) -> None:
    """Add the runs of an export to the ledger, which need not exist yet."""
    from headway import ledger as ledgers

    catalog = catalog_at(project)
    with progress_line() as progress:
        progress("Importing", 0, 0)
        moved = ledgers.bring(directory, place_of(catalog), lambda holder: progress(f"Waiting for {holder}", 0, 0))
    typer.echo(f"The ledger has {plurals.count(moved.runs, 'run')}, {_new(moved.new)}.")
    if moved.before:
        typer.echo(f"What was there before is in {moved.before}.")


def _new(count: int) -> str:
    return f"{plurals.whole(count)} of them new" if count else "none of them new"


def _runs(kept: Kept) -> str:
    """`3 runs, the newest of 2026-03-10 06:00 UTC`."""
    newest = (
        f", the newest of {kept.newest.finished:%Y-%m-%d %H:%M} UTC" if kept.newest and kept.newest.finished else ""
    )
    return f"{plurals.count(kept.runs, 'run')}{newest}"
