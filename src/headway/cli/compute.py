"""Commands that add numbers: `run` computes them, `enter` writes down what people know."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from headway.cli.app import app
from headway.cli.console import progress_line, screen
from headway.cli.project import catalog_at, cell_of, ledger_of, notes, notes_of_kpis, now_of
from headway.cli.watch import told
from headway.formats import plurals
from headway.options import CellOption, NowOption, ProjectOption

if TYPE_CHECKING:
    from headway.model import Catalog
    from headway.run import Outcome


@app.command()
def run(
    selectors: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SELECTOR",
            help="What to compute: names, api_*, grain:hour, level:critical; everything if left out.",
            show_default=False,
        ),
    ] = None,
    project: ProjectOption = Path(),
    now: NowOption = None,
    earlier: Annotated[
        bool, typer.Option("--earlier", help="Though a run was for a later moment: what it had of later periods goes.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Compute everything, also what nothing changed for since the last run.")
    ] = False,
    leave: Annotated[bool, typer.Option("--no-tick", help="Leave alerts to the next 'headway tick'.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="List the KPIs, and compute nothing.")] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Say where the time went.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --profile: print it as JSON, and all else to standard error.")
    ] = False,
) -> None:
    """Compute, judge and record the KPIs, and tell who is to be told of it."""
    from headway.catalog import select

    catalog = catalog_at(project)
    names = select.kpis(catalog, selectors) if selectors else ()
    if listing:
        _list(catalog, names)
        return
    began = monotonic()
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        outcome = compute(catalog, tuple(names), now_of(now), earlier=earlier, full=full, ticks=not leave)
    if profile or as_json:
        _profile(outcome, monotonic() - began, as_json=as_json)
    raise typer.Exit(0 if outcome.whole else 3)


def _profile(outcome: Outcome, seconds: float, *, as_json: bool) -> None:
    """Print where the time of a run went."""
    from headway.publish import spentlines

    if as_json:
        plain = spentlines.plain(outcome.spent, outcome.loads, seconds)
        typer.echo(json.dumps(plain, ensure_ascii=False, indent=2))
    else:
        spentlines.profile(screen(), outcome.spent, outcome.loads, seconds)


def _list(catalog: Catalog, names: Sequence[str]) -> None:
    """Print what a run would compute, a name a line, so that other programs can read it."""
    from headway.catalog import closure

    found = closure(catalog, names)
    for name in found:
        typer.echo(name)
    if names and (read := len(set(found) - set(names))):
        typer.echo(
            f"{plurals.count(len(found), 'KPI')}, {read} of them because the others read "
            f"{'it' if read == 1 else 'them'}.",
            err=True,
        )


def compute(
    catalog: Catalog,
    names: tuple[str, ...],
    now: datetime,
    *,
    earlier: bool = False,
    full: bool = False,
    ticks: bool = True,
) -> Outcome:
    """Compute and record, show progress, say what came of it, and unless told otherwise let the clock tick."""
    from headway import run
    from headway.publish import runlines

    with ledger_of(catalog, create=True) as ledger, progress_line() as progress:
        outcome = run.observe(catalog, ledger, now, names, progress, earlier=earlier, full=full)
        waiting = ledger.restatements("waiting")
    for name, error in outcome.failed_sources.items():
        typer.echo(f"Source {name} could not be read:\n{error}\n", err=True)
    notes(outcome.loads)
    notes_of_kpis(outcome.notes)
    alike: dict[str, list[str]] = {}
    for name, message in outcome.failed_kpis.items():
        alike.setdefault(message, []).append(name)
    for message, names_of in alike.items():
        typer.echo(f"Not computed: {', '.join(names_of)}, because {message}.", err=True)
    recorded = outcome.recorded
    made = len(outcome.computed) - len(outcome.failed_kpis)
    typer.echo(runlines.recorded(made, recorded, len(outcome.unchanged)))
    if waiting:
        typer.echo(_waits(sum(one.numbers for one in waiting), outcome.recorded.held))
    if ticks:
        with ledger_of(catalog, create=False) as ledger:
            told(catalog, ledger, outcome.recorded.run.now)
    return outcome


def _waits(count: int, held: int) -> str:
    """What to do about closed numbers that came out different."""
    since = f", {plurals.whole(held)} of them since this run" if 0 < held < count else ""
    numbers = (
        "1 closed number came out different, and the published one stays"
        if count == 1
        else (f"{plurals.whole(count)} closed numbers came out different{since}, and the published ones stay")
    )
    return f"{numbers} until you decide: 'headway restatements' lists them, 'headway accept' and 'reject' decide."


@app.command()
def enter(
    kpi: Annotated[str, typer.Argument(metavar="KPI", help="The KPI; its kind is entered or narrative.")],
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="2026-01-31, 2026-W05, 2026-01, 2026-Q1 or 2026.")],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="The number, of a percentage with its sign; or the text.")
    ],
    project: ProjectOption = Path(),
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="How it is known, or why it changes.")] = "",
    cell: CellOption = None,
    who: Annotated[
        str | None,
        typer.Option("--who", metavar="NAME", help="Who enters it.", show_default="git's user.name, or the user"),
    ] = None,
    evidence: Annotated[
        str, typer.Option("--evidence", metavar="LINK", help="What shows it: an address, or a file of the project.")
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of what is there, which the note keeps.")
    ] = False,
) -> None:
    """Write down a number, or a text, that people know.

    It is added to the KPI's file in the project; the next run publishes it.
    """
    from headway import decide

    catalog = catalog_at(project)
    given = dict(cell_of(cell))
    name = decide.somebody(catalog.root) if who is None else who
    entry = decide.Entry(kpi, period, value, name, why, evidence, given, replace)
    done = decide.enter(catalog, entry, now_of(None))
    was = f", in place of {done.was}" if done.was else ""
    typer.echo(f"{done.file}: {kpi} {done.period} is entered{was}. The next run publishes it.")
