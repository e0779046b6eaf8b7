"""Commands that show what the ledger holds: `show`, `explain`, `objectives`, `build`, `serve`."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headway.cli.app import app
from headway.cli.console import progress_line, screen
from headway.cli.project import catalog_at, cell_of, grain_of, ledger_of, now_of, period_of, view_of
from headway.errors import Mistake, UsageError
from headway.formats import plurals
from headway.options import AsOfOption, CellOption, JsonOption, PortOption, ProjectOption, Readers

if TYPE_CHECKING:
    from headway.ledger import Ledger
    from headway.model import Catalog
    from headway.periods import Length
    from headway.serve import Beat


@app.command()
def show(
    kpi: Annotated[
        str | None, typer.Argument(metavar="KPI", help="A KPI; all if none is named.", show_default=False)
    ] = None,
    project: ProjectOption = Path(),
    grain: Annotated[
        str | None, typer.Option("--grain", metavar="GRAIN", help="Periods of this length: day, month ...")
    ] = None,
    periods: Annotated[
        int, typer.Option("--periods", metavar="N", min=1, help="How many periods of a KPI to list.")
    ] = 12,
    as_json: JsonOption = False,
    as_of: AsOfOption = None,
) -> None:
    """Print the newest numbers, or the periods of one KPI."""
    from headway.publish import terminal, twin
    from headway.publish.findingpages import CataloguePage

    if kpi is None and grain is not None:
        mistake = Mistake(
            "--grain is of one KPI, and none is named",
            "unknown-option",
            None,
            "Name one: headway show KPI --grain month",
        )
        raise UsageError(mistake)
    with view_of(project, as_of=as_of) as view:
        page = view.catalogue() if kpi is None else view.kpi(kpi, grain_of(grain))
    if as_json:
        typer.echo(json.dumps(twin.plain(page), ensure_ascii=False, indent=2))
    elif isinstance(page, CataloguePage):
        terminal.overview(screen(), page)
    else:
        terminal.kpi(screen(), page, periods)


@app.command()
def explain(
    kpi: Annotated[str, typer.Argument(metavar="KPI", help="The KPI.")],
    period: Annotated[
        str | None,
        typer.Argument(metavar="PERIOD", help="A period such as 2026-01; else the newest.", show_default=False),
    ] = None,
    project: ProjectOption = Path(),
    cell: CellOption = None,
    part: Annotated[
        str, typer.Option("--part", metavar="PART", help="A number that comes with the value: low, new, growth 1 year.")
    ] = "",
    sql: Annotated[bool, typer.Option("--sql", help="Print the SQL alone.")] = False,
    as_json: JsonOption = False,
    as_of: AsOfOption = None,
) -> None:
    """Say where a number comes from, and what it was before.

    Every value that it had, why it changed and who accepted that; what waits; its target, definition and SQL; the
    sources with their checks and the rows read and left out.
    """
    from headway.publish import terminal, twin

    with view_of(project, as_of=as_of) as view:
        wanted = period_of(view.catalog, period)
        number = view.explain(kpi, wanted, cell_of(cell), part)
        page = view.kpi(kpi, wanted.grain if wanted and wanted.grain in view.grains(kpi) else None)
    if as_json:
        whole = {**twin.plain(page), "row": twin.plain(number.row if number else None)}
        typer.echo(json.dumps(whole | {"number": twin.plain(number)}, ensure_ascii=False, indent=2))
    elif sql:
        typer.echo(page.sql or "")
    else:
        terminal.explain(screen(), page, number)


@app.command()
def objectives(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="An objective; all if none is named.", show_default=False)
    ] = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
    as_of: AsOfOption = None,
) -> None:
    """Print what objectives expect by now, what is, and what is missing."""
    from headway.publish import terminal, twin
    from headway.publish.objectivepages import ObjectivesPage

    with view_of(project, as_of=as_of) as view:
        page = view.all_objectives() if name is None else view.objective(name)
    if as_json:
        typer.echo(json.dumps(twin.plain(page), ensure_ascii=False, indent=2))
    else:
        rows = page.objectives if isinstance(page, ObjectivesPage) else (page.objective,)
        terminal.objectives(screen(), page.stamp, rows, whole=name is not None)


@app.command()
def build(
    directory: Annotated[
        Path, typer.Argument(metavar="DIRECTORY", help="Folder of the site; an earlier build there is replaced.")
    ],
    project: ProjectOption = Path(),
    audience: Annotated[Readers, typer.Option("--audience", help="Whom the pages are for.")] = Readers.PUBLIC,
    as_of: AsOfOption = None,
    full: Annotated[bool, typer.Option("--full", help="Make every page and draw every chart anew.")] = False,
) -> None:
    """Write the pages as files.

    They work from any address, and from disk. Pages that cannot differ from those of the build before are taken over.
    """
    from headway.model import Audience
    from headway.publish import site

    with view_of(project, Audience(audience.value), as_of) as view, progress_line() as progress:
        progress("Writing pages", 0, 0)
        built = site.build(view, directory, full=full)
    console = screen()
    console.print(
        f"Wrote {len(built.files)} files ({built.size / 1e6:.1f} MB) into {built.folder} for {audience.value} readers.",
        highlight=False,
    )
    if built.kept:
        console.print(f"{plurals.whole(built.kept)} of them are as they were.", highlight=False)
    for names, noun in ((built.left_out, "KPI"), (built.left_out_boards, "board")):
        if names:
            typer.echo(f"Left out {plurals.count(len(names), noun)} not meant for them: {', '.join(names)}.")


@app.command()
def serve(
    project: ProjectOption = Path(),
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: PortOption = 8000,
    audience: Annotated[
        Readers | None,
        typer.Option(
            "--audience",
            help="Whom the pages are for. On this machine alone: everybody's; else public.",
            show_default=False,
        ),
    ] = None,
    tick: Annotated[
        bool,
        typer.Option("--tick", help="Tell people of alerts too, as 'headway tick' does, as often as the clock says."),
    ] = False,
) -> None:
    """Serve the pages and their JSON twins."""
    serve_pages(catalog_at(project), host, port, audience, tick=tick)


def serve_pages(catalog: Catalog, host: str, port: int, audience: Readers | None, *, tick: bool = False) -> None:
    """Serve until interrupted. On loopback everything is shown; elsewhere the public part, unless told otherwise."""
    from headway import serve
    from headway.model import Audience
    from headway.publish import view

    alone = host in serve.LOOPBACK
    readers = Audience(audience.value) if audience else Audience.RESTRICTED if alone else Audience.PUBLIC
    with ledger_of(catalog, create=False) as ledger:
        # Whoever names the readers has thought of who else may reach this address.
        hosts = serve.LOOPBACK if alone and audience is None else ()
        beat = _beat(catalog, ledger) if tick else None
        # Nobody else is shown the lines of a file that is being written.
        edits = serve.Edits(catalog) if hosts else None
        application = serve.app(
            lambda: view.open(ledger, edits.catalog() if edits else catalog, readers, now_of(None)),
            hosts=hosts,
            beat=beat,
            edits=edits,
        )
        with suppress(KeyboardInterrupt):  # the way to end it
            serve.run(application, host, port, said=lambda address: _serving(address, readers.value, catalog, beat))


def _tick_of(catalog: Catalog) -> Length:
    """How often the clock ticks, as it says; else every minute."""
    from headway.periods import Length, Unit

    return catalog.clock.tick if catalog.clock and catalog.clock.tick else Length(1, Unit.MINUTE)


def _beat(catalog: Catalog, ledger: Ledger) -> Beat:
    """The tick of the clock; it reads the catalogue anew whenever a file of it changed, as a command would."""
    from headway.catalog import Current
    from headway.cli.watch import told
    from headway.serve import Beat

    current = Current(catalog)

    def said(text: str) -> None:
        typer.echo(f"{now_of(None):%Y-%m-%d %H:%M} UTC, the clock: {text}", err=True)

    def work() -> None:
        try:
            current.read()
        finally:  # while its files are wrong, by the last that were right
            told(current.catalog, ledger, now_of(None))
            sys.stdout.flush()

    return Beat(work, _tick_of(catalog).elapsed, said)


def _serving(address: str, readers: str, catalog: Catalog, beat: Beat | None) -> None:
    """Say where the pages are, and who tells of alerts, at once also where output is collected."""
    shown = "everything" if readers == "restricted" else f"what {readers} readers may see"
    typer.echo(f"Serving {shown} at {address} (Ctrl-C ends it)")
    if beat:
        tick = _tick_of(catalog)
        typer.echo(f"Ticks every {tick.unit if tick.count == 1 else tick}: alerts are told from here.")
    elif catalog.alerts:
        typer.echo("Does not tick: alerts are told by 'headway tick', run by cron, or by 'headway serve --tick'.")
    sys.stdout.flush()
