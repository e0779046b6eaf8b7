"""`headway review`: the quarterly review of targets, and what people decided in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from headway.cli.app import app
from headway.cli.project import catalog_at, ledger_of, now_of, period_of
from headway.errors import Mistake, UsageError
from headway.formats import plurals
from headway.options import ProjectOption, Readers

if TYPE_CHECKING:
    from headway.review import Prepared

#: Where sheets stand in a project.
_FOLDER = "reviews"


class _Writing(TyperGroup):
    """`headway review 2026-Q3` is short for `headway review write 2026-Q3`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put in the word that is left out."""
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["write", *args]
        return super().parse_args(ctx, args)


reviews = typer.Typer(
    cls=_Writing, rich_markup_mode=None, help="Review targets: headway review 2026-Q3, then headway review apply FILE."
)
app.add_typer(reviews, name="review")

_ForceOption = Annotated[
    bool, typer.Option("--force", help="Overwrite what was edited elsewhere than in the boxes, which stay.")
]


@reviews.command()
def write(
    quarter: Annotated[
        str | None,
        typer.Argument(metavar="QUARTER", help="Such as 2026-Q3.", show_default="the last one that is over"),
    ] = None,
    project: ProjectOption = Path(),
    kpi: Annotated[
        list[str] | None, typer.Option("--kpi", metavar="KPI", help="This KPI alone; once for each.")
    ] = None,
    owner: Annotated[str | None, typer.Option("--owner", metavar="NAME", help="KPIs of this owner.")] = None,
    area: Annotated[str | None, typer.Option("--area", metavar="AREA", help="KPIs of this area.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also KPIs without targets and benchmarks.")] = False,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Where to write.", show_default="reviews/QUARTER.md"),
    ] = None,
    force: _ForceOption = False,
) -> None:
    """Write the sheet of a quarter, to be filled in."""
    from headway import review

    catalog = catalog_at(project)
    now = now_of(None)
    which = review.latest(catalog, now) if quarter is None else period_of(catalog, quarter)
    chosen = review.Selection(tuple(kpi or ()), owner, area, everything)
    where = file or catalog.root / _FOLDER / f"{which.name}.md"
    with ledger_of(catalog, create=False) as ledger:
        done = review.write(catalog, ledger, which, chosen, where, now, force=force)
    kept = f" What was filled in for {plurals.count(done.kept, 'KPI')} is kept." if done.kept else ""
    typer.echo(f"Wrote {_shown(where)}: {plurals.count(done.kpis, 'KPI')} in {which.name}.{kept}")
    typer.echo(f"Fill it in, then: headway review apply {_shown(where)}")


@reviews.command()
def apply(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A sheet that was filled in.")],
    project: ProjectOption = Path(),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")] = False,
    past: Annotated[
        bool, typer.Option("--past", help="Allow targets that begin before the end of the quarter.")
    ] = False,
    who: Annotated[
        str | None,
        typer.Option("--who", metavar="NAME", help="Who decides.", show_default="git's user.name, or the user"),
    ] = None,
    audience: Annotated[Readers, typer.Option("--audience", help="Whom the letter is for.")] = Readers.INTERNAL,
    force: Annotated[bool, typer.Option("--force", help="Draft the letter anew, even if it was edited.")] = False,
) -> None:
    """Write the targets of a sheet into the YAML, record the decision, and draft the letter."""
    from headway import __version__, decide, review
    from headway.model import Audience

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(Mistake(f"there is no sheet {file}", "missing-file", None, None)) from error
    catalog = catalog_at(project)
    sheet = review.read(text, str(file))
    now = now_of(None)
    with ledger_of(catalog, create=False) as ledger:
        prepared = review.prepare(catalog, sheet, now, past=past)
        _tell(prepared)
        if dry_run:
            typer.echo("Nothing was written.")
            return
        if prepared.changes and not yes and not typer.confirm("Write these targets?", default=False):
            typer.echo("Nothing was written.")
            return
        number = review.carry_out(
            prepared, catalog, ledger, decide.somebody(catalog.root) if who is None else who, now, __version__
        )
        names = [answer.kpi for answer in sheet.answers]
        letter = review.letter(catalog, ledger, prepared, names, Audience(audience.value))
    if number:
        typer.echo(f"Recorded the decision: run {number} of the ledger.")
    elif prepared.decided:
        typer.echo("All of it was decided before.")
    beside = file.with_name(f"{file.stem}-letter.md")
    if review.keep(beside, letter, force=force):
        typer.echo(f"Drafted the letter: {_shown(beside)}. Read it before you send it.")
    else:
        typer.echo(f"{_shown(beside)} was edited and stays as it is. With --force it is drafted anew.")
    if prepared.changes:
        typer.echo("The next 'headway run' judges by the new targets.")


def _tell(prepared: Prepared) -> None:
    """What would be written, and what is not decided."""
    for kpi, path, target in prepared.changes:
        typer.echo(f"{path}: {kpi} gets {target}")
    there = sum(len(one.there) for one in prepared.decided)
    staying = sum(not one.targets for one in prepared.decided)
    said = [f"{plurals.count(there, 'target')} there already"] if there else []
    said += (
        [f"{plurals.count(staying, 'KPI')} stay as they are" if staying != 1 else "1 KPI stays as it is"]
        if staying
        else []
    )
    said += [f"{plurals.count(len(prepared.open), 'KPI')} not decided"] if prepared.open else []
    if said:
        typer.echo(f"{', '.join(said)}.")


def _shown(path: Path) -> str:
    """A path as one would type it here."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
