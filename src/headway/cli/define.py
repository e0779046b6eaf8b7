"""Commands about what is declared, before anything is computed: `check` and `test`."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headway.cli.app import app, errors
from headway.cli.console import progress_line, screen
from headway.cli.project import catalog_at, ledger_of, notes, notes_of_kpis, now_of
from headway.errors import HeadwayError
from headway.formats import plurals
from headway.options import JsonOption, ProjectOption

if TYPE_CHECKING:
    from headway.catalog.storage import Stored
    from headway.model import Catalog


@app.command()
def check(
    project: ProjectOption = Path(),
    offline: Annotated[bool, typer.Option("--offline", help="Read the YAML only, not the data.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 2 if the linter blames anything.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="List also what is allowed, the margins of alerts, and what every KPI stores.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Find every mistake, and what the catalogue says and may not mean. Computes nothing, records nothing."""
    from headway.catalog import lint, storage
    from headway.publish import checklines

    catalog = catalog_at(project)
    now = now_of(None)
    told = None
    if not offline:
        from headway.rehearsal import rehearse

        with progress_line() as progress:
            progress("Reading sources", 0, 0)
            rehearsal = rehearse(catalog, now)
        notes(rehearsal.loads)
        notes_of_kpis(rehearsal.notes)
        for error in rehearsal.errors:
            typer.echo(f"{errors(error)}\n", err=True)
        if rehearsal.errors:
            raise typer.Exit(max(error.exit_code for error in rehearsal.errors))
        told = rehearsal.told
    today = catalog.calendar.day(now)
    findings, margins = lint.check(catalog, today, told), lint.margins(catalog, today)
    stored = storage.estimate(catalog, told, today) if told else _stored(catalog)
    if as_json:
        plain = {
            "kpis": len(catalog.kpis),
            "sources": len(catalog.sources),
            "findings": [finding.plain() for finding in findings],
            "margins": [margin.plain() for margin in margins],
            "storage": [one.plain() for one in stored],
        }
        typer.echo(json.dumps(plain, ensure_ascii=False, indent=2))
    else:
        console = screen()
        checklines.found(console, findings, margins, everything=everything)
        checklines.storage(console, stored, estimated=told is not None, everything=everything)
        checklines.checked(console, catalog, findings)
    if strict and any(finding.blamed for finding in findings):
        raise typer.Exit(2)


def _stored(catalog: Catalog) -> list[Stored]:
    """What the ledger holds of each KPI; nothing where there is none yet, or none that can be read."""
    from headway.catalog.storage import Stored

    with suppress(HeadwayError), ledger_of(catalog, create=False) as ledger:
        found = [
            Stored(kpi.name, kpi.grain, kpi.by, *counts)
            for name, counts in ledger.stored().items()
            if (kpi := catalog.kpis.get(name))
        ]
        return sorted(found, key=lambda one: -(one.numbers or 0))
    return []


@app.command("test")
def try_(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEST", help="Tests to compute; all if none is named.", show_default=False),
    ] = None,
    project: ProjectOption = Path(),
) -> None:
    """Compute the catalogue's own tests: given rows, expected numbers. Reads no data, records nothing."""
    from headway import trial

    catalog = catalog_at(project)
    chosen = trial.choose(catalog, tuple(names or ()))
    failed = 0
    with progress_line() as progress:
        for done, case in enumerate(chosen):
            progress("Testing", done, len(chosen))
            failures = trial.try_(catalog, case)
            failed += bool(failures)
            for failure in failures:
                typer.echo(f"{failure}\n", err=True)
    if not chosen:
        typer.echo("This project has no tests: they stand in tests/*.yml, or under 'tests' in headway.yml.", err=True)
    elif failed:
        typer.echo(f"{failed} of {plurals.count(len(chosen), 'test')} failed.")
        raise typer.Exit(3)
    else:
        typer.echo(f"{plurals.count(len(chosen), 'test')}: every number as expected.")
