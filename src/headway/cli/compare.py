"""Commands that compare: `diff`, what is published otherwise than before; `plan`, what a change of YAML would do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headway.cli.app import app
from headway.cli.console import progress_line, screen
from headway.cli.project import catalog_at, ledger_of, now_of, when
from headway.errors import CatalogError, Mistake, UsageError
from headway.options import JsonOption, MarkdownOption, NowOption, ProjectOption

if TYPE_CHECKING:
    from headway.model import Catalog


@app.command()
def diff(
    before: Annotated[
        str, typer.Argument(metavar="TIME", help="From then: a day (its end), a moment, a run's number.")
    ],
    after: Annotated[
        str, typer.Argument(metavar="TIME", help="Until then; until now if nothing is said.", show_default=False)
    ] = "now",
    project: ProjectOption = Path(),
    kpi: Annotated[
        list[str] | None, typer.Option("--kpi", metavar="KPI", help="Compare this KPI alone; may be given again.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="List each number, and KPIs of which none closed changed.")
    ] = False,
    as_json: JsonOption = False,
    as_markdown: MarkdownOption = False,
) -> None:
    """Say which published numbers differ between two times, or two runs."""
    from headway import catalog as catalogue
    from headway.publish import differences, twin

    catalog = catalog_at(project)
    now = now_of(None)
    start = when(before, catalog, now)
    if start is None:
        message = "what is published now differs from nothing before it"
        raise UsageError(
            Mistake(message, "unknown-option", None, "Name the earlier time first: headway diff 2026-01-31")
        )
    with ledger_of(catalog, create=False) as ledger:
        known = {*catalog.kpis, *(series.kpi for series in ledger.series())}
        for name in kpi or ():
            if name not in known:
                raise UsageError(catalogue.unknown_kpi(name, catalog))
        found = differences.between(ledger, catalog, start, when(after, catalog, now), kpi or ())
    if as_json:
        typer.echo(json.dumps(twin.plain(found), ensure_ascii=False, indent=2))
    elif as_markdown:
        typer.echo(differences.markdown(differences.told(found, everything=everything)), nl=False)
    else:
        differences.print_on(screen(), differences.told(found, everything=everything))


@app.command()
def plan(
    project: ProjectOption = Path(),
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="REF",
            help="Compare with a branch, tag or commit of the project's git.",
            show_default="the newest run",
        ),
    ] = None,
    now: NowOption = None,
    everything: Annotated[bool, typer.Option("--all", help="List each closed number that would change.")] = False,
    as_json: JsonOption = False,
    as_markdown: MarkdownOption = False,
) -> None:
    """Say what a change of the YAML would do: which KPIs, over which periods, by how much. Records nothing."""
    from headway import catalog as catalogue
    from headway import preview
    from headway.publish import differences, foreseen, twin

    new = catalog_at(project)
    moment = now_of(now)
    with _earlier(new, against) as (old, named), progress_line() as progress:
        found = preview.foresee(old, new, moment, progress)
    change = foreseen.plan(named, old, new, found, catalogue.around(old, new))
    told = foreseen.told(change, everything=everything)
    if as_json:
        typer.echo(json.dumps(twin.plain(change), ensure_ascii=False, indent=2))
    elif as_markdown:
        typer.echo(f"### What this change does to the numbers\n\n{differences.markdown(told)}", nl=False)
    else:
        differences.print_on(screen(), told)


@contextmanager
def _earlier(new: Catalog, against: str | None) -> Iterator[tuple[Catalog, str]]:
    """The catalogue to compare with, and what it is called."""
    from headway import catalog as catalogue
    from headway.formats import dates
    from headway.publish import past
    from headway.sources import committed

    if against is not None:
        files, named = committed(new.root, against), against
    else:
        with ledger_of(new, create=False) as ledger:
            run = ledger.last_run()
            kept = ledger.files(run.fingerprint) if run else None
        if run is None or kept is None:
            why = f"run {run.id} is of an earlier version, which kept no catalogue" if run else "there is no run yet"
            remedy = "Run 'headway run' first, or name a commit: headway plan --against main."
            raise UsageError(Mistake(f"there is nothing to compare with: {why}", "nothing-computed", None, remedy))
        files, named = kept, f"run {run.id} ({dates.moment(past.moment(run), new.calendar.tz)})"
    if "headway.yml" not in files:
        raise UsageError(Mistake(f"there is no headway.yml in {named}", "not-a-project", None, "Name a later commit."))
    with catalogue.laid_out(files) as folder:
        try:
            old = catalogue.load(folder)
        except CatalogError as error:
            first = error.mistakes[0]
            message = f"the catalogue of {named} has a mistake: {first.place}: {first.message}"
            raise UsageError(Mistake(message, first.slug, None, "Compare with another one: --against REF.")) from None
        yield old, named
