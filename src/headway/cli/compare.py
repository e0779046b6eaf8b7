"""Commands that compare: `diff`, what is published differently than before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from headway.cli.app import app
from headway.cli.console import screen
from headway.cli.project import catalog_at, ledger_of, now_of, when
from headway.errors import Mistake, UsageError
from headway.options import JsonOption, MarkdownOption, ProjectOption


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
    from headway.publish import differences, pages

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
        typer.echo(json.dumps(pages.plain(found), ensure_ascii=False, indent=2))
    elif as_markdown:
        typer.echo(differences.markdown(differences.told(found, everything=everything)), nl=False)
    else:
        differences.print_on(screen(), differences.told(found, everything=everything))
