"""The command line: parse, call one function of a room, print. `headway --help` imports nothing but Typer.

Exit codes: 0 done, 1 unexpected, 2 the catalogue or the command is wrong, 3 finished but a source or a KPI failed,
4 the ledger, 5 publishing, 130 interrupted. They are documented in docs/cli.md.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import TyperException

from headway import __version__
from headway.errors import HeadwayError, Mistake, UsageError
from headway.options import (
    AmountOption,
    AsOfOption,
    ByOption,
    DatesOption,
    Example,
    FileKind,
    FromOption,
    JsonOption,
    NowOption,
    PeopleOption,
    PortOption,
    ProjectOption,
    Readers,
    ScaleOption,
    SeedOption,
    SheetOption,
    TimeOption,
)

if TYPE_CHECKING:
    from rich.console import Console

    from headway.catalog.storage import Stored
    from headway.ledger import Ledger
    from headway.model import Audience, Catalog, Load
    from headway.publish.view import View
    from headway.run import Outcome, Progress

app = typer.Typer(
    name="headway",
    help="KPIs as code: declare what you measure once, in YAML beside your data.",
    invoke_without_command=True,
    rich_markup_mode=None,  # Rich would treble the time of --help
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


#: What Typer makes of Ctrl-C, and every shell understands.
_INTERRUPTED = 130


#: What Typer says of a value that does not fit, and what we say.
_TYPER_SAYS = (
    ("Value error, ", ""),
    ("Input should be a valid integer, unable to parse string as an integer", "a whole number must stand here"),
    ("Input should be", "it should be"),
    ("(Possible options:", "(there is"),
)


def main() -> None:
    """Run a command; print an error instead of a traceback, and exit with its code."""
    try:
        code = app(prog_name="headway", standalone_mode=False)
    except HeadwayError as error:
        typer.echo(_errors(error), err=True)
        sys.exit(error.exit_code)
    except TyperException as error:
        typer.echo(_errors(_usage(error)), err=True)
        sys.exit(UsageError.exit_code)
    except typer.Abort:
        typer.echo("\nInterrupted. Nothing was written.", err=True)
        sys.exit(_INTERRUPTED)
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            sys.exit(0)  # the reader of a pipe, such as `head`, has seen enough
        raise
    if code == _INTERRUPTED:
        typer.echo("\nInterrupted. Nothing was recorded.", err=True)
    sys.exit(code)


def _usage(error: TyperException) -> UsageError:
    """What is wrong with a command line, in our words."""
    message = error.format_message()
    for theirs, ours in _TYPER_SAYS:
        message = message.replace(theirs, ours)
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "headway"
    message = f"{message[:1].lower()}{message[1:].rstrip('.')}"
    return UsageError(Mistake(message, "unknown-option", None, f"'{command} --help' says what there is."))


def _errors(error: HeadwayError) -> str:
    """All mistakes of an error, and how many there are."""
    count = len(error.mistakes)
    return f"{error}\n\n{count} mistakes found." if count > 1 else str(error)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"headway {__version__}")
        raise typer.Exit


@app.callback()
def _headway(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """KPIs as code: declare what you measure once, in YAML beside your data."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


# -- commands ------------------------------------------------------------------------------------------------------


@app.command()
def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIRECTORY", help="Folder to make: new, empty, or the one that holds the data.")
    ] = Path(),
    example: Annotated[
        Example | None, typer.Option("--example", help="Write a whole example instead of a small start.")
    ] = None,
    data: FromOption = None,
    time: TimeOption = None,
    amount: AmountOption = None,
    by: ByOption = None,
    people: PeopleOption = None,
    sheet: SheetOption = None,
    dates: DatesOption = None,
    scale: ScaleOption = None,
    seed: SeedOption = None,
) -> None:
    """Write a small project to start from, for your data or for those of an invented shop."""
    from headway import propose, simulate
    from headway.propose import interview
    from headway.sources import vet_repositories

    said = {"--time": time, "--amount": amount, "--by": by, "--people": people, "--sheet": sheet, "--dates": dates}
    given = next((option for option, value in said.items() if value is not None), None)
    if example is not None and (data or given):
        mistake = Mistake(
            f"an example brings its data, so {'--from' if data else given} means nothing", "unknown-option"
        )
        raise UsageError(mistake)
    if given and not data:
        raise UsageError(Mistake(f"{given} is about your data", "unknown-option", None, "Name them: --from PATH."))
    if example is Example.GIT:
        remedy = "Run 'headway init --from PATH', or 'headway demo git PATH'."
        raise UsageError(Mistake("the git example needs repositories", "unknown-option", None, remedy))
    if example is None and (scale is not None or seed is not None):
        message = f"{'--scale' if scale is not None else '--seed'} is about the data of an example"
        raise UsageError(Mistake(message, "unknown-option", None, "Add --example hubs, or --example saas."))
    where, now = list(data or ()), _now(None)
    asked = not where and example is None and sys.stdin.isatty() and sys.stdout.isatty()
    propose.vet_folder(directory, [directory] if asked else where)
    if asked:
        where = interview.paths(directory, _ask, typer.echo)
        propose.vet_folder(directory, where)
    if found := propose.repositories(where):
        if given:
            raise UsageError(Mistake(f"{given} is about tables, not about repositories", "unknown-option"))
        vet_repositories(found)
        simulate.write("git", directory, [path.resolve() for path in found], today=now.date())
    elif where:
        chosen = interview.choices(directory, where, _ask, typer.echo) if asked else None
        with _progress() as progress:
            progress("Looking at the data", 0, 0)
            wanted = propose.Wanted(time, amount, by, people)
            propose.begin(directory, chosen or propose.chosen(directory, where, wanted, sheet, dates), now)
    else:
        with _progress() as progress:
            progress("Writing the example's data", 0, 0)
            name = example.value if example else "start"
            simulate.write(name, directory, today=now.date(), seed=1 if seed is None else seed, scale=scale or 1.0)
    _next_steps(directory)


def _next_steps(directory: Path) -> None:
    console = _console()
    console.print(f"Wrote a project into [bold]{'this folder' if directory == Path() else directory}[/]. Next:")
    where = "" if directory == Path() else f" --project {directory}"
    console.print(f"  {_me()} run{where} && {_me()} serve{where}", highlight=False, soft_wrap=True)


def _ask(question: str, usual: str = "", answers: Sequence[str] = ()) -> str:
    """Put a question on the terminal until one of the answers is given, or any if there are none."""
    shown = f"{question} ({', '.join(answers)})" if answers else question
    known = {answer.lower(): answer for answer in answers}
    while True:
        answer = str(typer.prompt(shown, default=usual or None)).strip()
        if not answers or answer.lower() in known:
            return known.get(answer.lower(), answer)
        typer.echo(f"There is no {answer} among them.")


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
    from headway.publish import terminal

    catalog = _catalog(project)
    now = _now(None)
    told = None
    if not offline:
        from headway import run as running

        with _progress() as progress:
            progress("Reading sources", 0, 0)
            rehearsal = running.rehearse(catalog, now)
        _notes(rehearsal.loads)
        _notes_of_kpis(rehearsal.notes)
        for error in rehearsal.errors:
            typer.echo(f"{_errors(error)}\n", err=True)
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
        console = _console()
        terminal.found(console, findings, margins, everything=everything)
        terminal.storage(console, stored, estimated=told is not None, everything=everything)
        terminal.checked(console, catalog, findings)
        _only_checked(catalog)
    if strict and any(finding.blamed for finding in findings):
        raise typer.Exit(2)


@app.command()
def schema(
    kind: Annotated[
        FileKind | None,
        typer.Argument(
            metavar="FILE-KIND",
            help=f"{', '.join(FileKind)}; all, by kind, if none is named. 'project' is headway.yml.",
            show_default=False,
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write all of them where the comments of the project's files say.")
    ] = False,
    project: ProjectOption = Path(),
) -> None:
    """Print the JSON Schema of the catalogue's files, with which an editor completes and checks them."""
    from headway.catalog import schema as schemas

    if not write:
        made = schemas.every() if kind is None else schemas.of(kind.value)
        typer.echo(schemas.text(made), nl=False)
        return
    if kind is not None:
        remedy = "Run 'headway schema --write'."
        raise UsageError(Mistake("--write writes every schema, not one", "unknown-option", None, remedy))
    written = schemas.write(_root(project))
    typer.echo(f"Wrote {', '.join(path.name for path in written)} into {written[0].parent}.")


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

    catalog = _catalog(project)
    chosen = trial.choose(catalog, tuple(names or ()))
    failed = 0
    with _progress() as progress:
        for done, case in enumerate(chosen):
            progress("Testing", done, len(chosen))
            failures = trial.try_(catalog, case)
            failed += bool(failures)
            for failure in failures:
                typer.echo(f"{failure}\n", err=True)
    if not chosen:
        typer.echo("This project has no tests: they stand in tests/*.yml, or under 'tests' in headway.yml.", err=True)
    elif failed:
        typer.echo(f"{failed} of {_many(len(chosen), 'test')} failed.")
        raise typer.Exit(3)
    else:
        typer.echo(f"{_many(len(chosen), 'test')}: every number as expected.")


@app.command()
def run(
    kpis: Annotated[
        list[str] | None,
        typer.Argument(metavar="KPI", help="KPIs to compute; all if none is named.", show_default=False),
    ] = None,
    project: ProjectOption = Path(),
    now: NowOption = None,
) -> None:
    """Compute, judge and record the KPIs."""
    catalog = _catalog(project)
    outcome = _run(catalog, tuple(kpis or ()), _now(now))
    raise typer.Exit(0 if outcome.whole else 3)


@app.command()
def enter(
    kpi: Annotated[str, typer.Argument(metavar="KPI", help="The KPI; its kind is entered or narrative.")],
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="2026-01-31, 2026-W05, 2026-01, 2026-Q1 or 2026.")],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="The number, of a percentage with its sign; or the text.")
    ],
    project: ProjectOption = Path(),
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="How it is known, or why it changes.")] = "",
    cell: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="COLUMN=VALUE", help="The cell; once for each column of a cross."),
    ] = None,
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

    catalog = _catalog(project)
    given = dict(_pair(text) for text in cell or ())
    name = decide.somebody(catalog.root) if who is None else who
    entry = decide.Entry(kpi, period, value, name, why, evidence, given, replace)
    done = decide.enter(catalog, entry, _now(None))
    was = f", in place of {done.was}" if done.was else ""
    typer.echo(f"{done.file}: {kpi} {done.period} is entered{was}. The next run publishes it.")


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
    from headway.publish import pages, terminal

    if kpi is None and grain is not None:
        mistake = Mistake(
            "--grain is of one KPI, and none is named",
            "unknown-option",
            None,
            "Name one: headway show KPI --grain month",
        )
        raise UsageError(mistake)
    with _view(project, as_of=as_of) as view:
        page = view.catalogue() if kpi is None else view.kpi(kpi, _grain(grain))
    if as_json:
        typer.echo(json.dumps(pages.plain(page), ensure_ascii=False, indent=2))
    elif isinstance(page, pages.CataloguePage):
        terminal.overview(_console(), page)
    else:
        terminal.kpi(_console(), page, periods)


@app.command()
def explain(
    kpi: Annotated[str, typer.Argument(metavar="KPI", help="The KPI.")],
    period: Annotated[
        str | None,
        typer.Argument(metavar="PERIOD", help="A period such as 2026-01; else the newest.", show_default=False),
    ] = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Say where a number comes from.

    Its definition and SQL, the sources with the rows read and left out, and its earlier values.
    """
    from headway.publish import pages, terminal

    catalog = _catalog(project)
    wanted = _period(catalog, period)
    with _view(project) as view:
        page = view.kpi(kpi, wanted.grain if wanted else None)
    rows = [row for row in page.rows if wanted is None or row.period == wanted.name]
    if not rows and wanted:
        raise UsageError(
            Mistake(
                f"{kpi} has no number for {wanted}",
                "unknown-period",
                None,
                f"It has numbers from {page.rows[-1].period} to {page.rows[0].period}." if page.rows else None,
            )
        )
    row = rows[0] if rows else None
    if as_json:
        typer.echo(json.dumps({**pages.plain(page), "row": pages.plain(row)}, ensure_ascii=False, indent=2))
    else:
        terminal.explain(_console(), page, row)


@app.command()
def build(
    directory: Annotated[
        Path, typer.Argument(metavar="DIRECTORY", help="Folder of the site; an earlier build there is replaced.")
    ],
    project: ProjectOption = Path(),
    audience: Annotated[Readers, typer.Option("--audience", help="Whom the pages are for.")] = Readers.PUBLIC,
    as_of: AsOfOption = None,
) -> None:
    """Write the pages as files.

    They work from any address, and from disk.
    """
    from headway.model import Audience
    from headway.publish import site

    with _view(project, Audience(audience.value), as_of) as view, _progress() as progress:
        progress("Writing pages", 0, 0)
        built = site.build(view, directory)
    console = _console()
    console.print(
        f"Wrote {len(built.files)} files ({built.size / 1e6:.1f} MB) into {built.folder} for {audience.value} readers.",
        highlight=False,
    )
    if built.left_out:
        console.print(
            f"Left out {_many(len(built.left_out), 'KPI')} not meant for them: {', '.join(built.left_out)}.",
            highlight=False,
        )


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
) -> None:
    """Serve the pages and their JSON twins."""
    _serve(_catalog(project), host, port, audience)


@app.command()
def demo(
    example: Annotated[
        Example,
        typer.Argument(help="hubs: a non-profit. saas: a company with a product. git: your own repositories."),
    ] = Example.HUBS,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="For git: folders of local repositories.", show_default=False),
    ] = None,
    directory: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIRECTORY", help="Where to make the project.", show_default="demo-EXAMPLE"),
    ] = None,
    serving: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve the pages, or print the numbers and end.")
    ] = True,
    port: PortOption = 8000,
    scale: ScaleOption = None,
    seed: SeedOption = None,
) -> None:
    """Compute and serve an example, or your git repositories."""
    from headway import simulate

    root = directory or Path(f"demo-{example.value}")
    now = _now(None)
    console = _console()
    if example is Example.GIT:
        from headway import sources

        if not paths:
            remedy = "Name them: headway demo git PATH..."
            raise UsageError(Mistake("which repositories?", "unknown-option", None, remedy))
        if scale is not None or seed is not None:
            message = f"{'--scale' if scale is not None else '--seed'} is about data that are made, and yours are real"
            raise UsageError(Mistake(message, "unknown-option"))
        sources.vet_repositories(paths)
    elif paths:
        remedy = f"For your own repositories: headway demo git {paths[0]}"
        raise UsageError(Mistake(f"the example {example.value} reads no folders", "unknown-option", None, remedy))
    with _progress() as progress:
        progress("Writing a catalogue" if example is Example.GIT else "Writing the example's data", 0, 0)
        simulate.write(
            example.value,
            root,
            [path.resolve() for path in paths or ()],
            today=now.date(),
            seed=1 if seed is None else seed,
            scale=scale or 1.0,
            replace=True,
        )
    catalog = _catalog(root)
    console.print(f"{catalog.title}: a project in {root}, made to be read and changed.", highlight=False)
    outcome = _run(catalog, (), now)
    if serving:
        _serve(catalog, "127.0.0.1", port, None)
        return
    from headway.publish import terminal

    with _view(root) as view:
        terminal.overview(console, view.catalogue())
    console.print(f"Next: {_me()} serve --project {root}", highlight=False)
    raise typer.Exit(0 if outcome.whole else 3)


# -- what commands share -------------------------------------------------------------------------------------------


def _catalog(project: Path) -> Catalog:
    from headway import catalog

    return catalog.load(_root(project))


def _root(project: Path) -> Path:
    """The folder of the project that `project` lies in."""
    from headway import catalog

    if not project.exists():
        remedy = "Name the folder of a project, or leave --project out inside one."
        raise UsageError(Mistake(f"there is no folder {project}", "not-a-project", None, remedy))
    return catalog.find(project)


@contextmanager
def _ledger(catalog: Catalog, *, create: bool) -> Iterator[Ledger]:
    from headway.ledger import Ledger

    path: Path | str = catalog.ledger if "://" in catalog.ledger else catalog.root / catalog.ledger
    with Ledger.open(path, create=create) as ledger:
        yield ledger


@contextmanager
def _view(project: Path, audience: Audience | None = None, as_of: str | None = None) -> Iterator[View]:
    """What a reader sees; on one's own terminal everything."""
    from headway.model import Audience
    from headway.publish import view

    catalog = _catalog(project)
    with _ledger(catalog, create=False) as ledger:
        then = _moment(as_of) if as_of else None
        yield view.open(ledger, catalog, audience or Audience.RESTRICTED, _now(None), then)


def _run(catalog: Catalog, names: tuple[str, ...], now: datetime) -> Outcome:
    """Compute and record, show progress, and say what came of it."""
    from headway import run
    from headway.publish import terminal

    with _ledger(catalog, create=True) as ledger, _progress() as progress:
        outcome = run.observe(catalog, ledger, now, names, progress)
    for name, error in outcome.failed_sources.items():
        typer.echo(f"Source {name} could not be read:\n{error}\n", err=True)
    _notes(outcome.loads)
    _notes_of_kpis(outcome.notes)
    alike: dict[str, list[str]] = {}
    for name, message in outcome.failed_kpis.items():
        alike.setdefault(message, []).append(name)
    for message, names_of in alike.items():
        typer.echo(f"Not computed: {', '.join(names_of)}, because {message}.", err=True)
    recorded = outcome.recorded
    terminal.recorded(_console(), len(outcome.computed) - len(outcome.failed_kpis), recorded)
    _only_checked(catalog)
    return outcome


def _stored(catalog: Catalog) -> list[Stored]:
    """What the ledger holds of each KPI; nothing where there is none yet, or none that can be read."""
    from headway.catalog.storage import Stored

    with suppress(HeadwayError), _ledger(catalog, create=False) as ledger:
        found = [
            Stored(kpi.name, kpi.grain, kpi.by, *counts)
            for name, counts in ledger.stored().items()
            if (kpi := catalog.kpis.get(name))
        ]
        return sorted(found, key=lambda one: -(one.numbers or 0))
    return []


def _only_checked(catalog: Catalog) -> None:
    """Say what of the catalogue is declared and has no effect yet, so that nobody waits for an alert."""
    groups = {"alert": catalog.alerts, "board": catalog.boards, "objective": catalog.objectives, "note": catalog.notes}
    found = [_many(len(group), noun) for noun, group in groups.items() if group]
    if catalog.restatement is not None:
        found.append("'restatement'")
    if not found:
        return
    *most, last = found
    listed = f"{', '.join(most)} and {last}" if most else last
    one = not most and last.startswith(("1 ", "'"))
    are, them = ("is", "it") if one else ("are", "them")
    typer.echo(f"{listed} {are} checked; this version does not act on {them} yet.")


def _notes(loads: Iterable[Load]) -> None:
    """What somebody who trusts the numbers should know of the rows: failed checks, new columns, shallow clones."""
    for load in loads:
        for note in load.notes:
            typer.echo(f"Source {load.source}: {note.rstrip('.')}.", err=True)


def _notes_of_kpis(notes: Mapping[str, str]) -> None:
    for name, note in notes.items():
        typer.echo(f"KPI {name}: {note}.", err=True)


def _serve(catalog: Catalog, host: str, port: int, audience: Readers | None) -> None:
    """Serve until interrupted. On loopback everything is shown; elsewhere the public part, unless told otherwise."""
    from headway import serve
    from headway.model import Audience
    from headway.publish import view

    alone = host in serve.LOOPBACK
    readers = Audience(audience.value) if audience else Audience.RESTRICTED if alone else Audience.PUBLIC
    with _ledger(catalog, create=False) as ledger:
        # Whoever names the readers has thought of who else may reach this address.
        hosts = serve.LOOPBACK if alone and audience is None else ()
        application = serve.app(lambda: view.open(ledger, catalog, readers, _now(None)), hosts=hosts)
        with suppress(KeyboardInterrupt):  # the way to end it
            serve.run(application, host, port, said=lambda address: _serving(address, readers.value))


def _serving(address: str, readers: str) -> None:
    """Say where the pages are, at once also where output is collected."""
    shown = "everything" if readers == "restricted" else f"what {readers} readers may see"
    typer.echo(f"Serving {shown} at {address} (Ctrl-C ends it)")
    sys.stdout.flush()


@contextmanager
def _progress() -> Iterator[Progress]:
    """A progress line on a terminal; nothing at all anywhere else."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield lambda stage, done, total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Starting", total=None)

        def tell(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total or None)

        yield tell


def _console(*, stderr: bool = False) -> Console:
    """The terminal; a pipe or a file gets plain text of a width that cuts nothing."""
    from rich.console import Console

    console = Console(stderr=stderr, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(stderr=stderr, emoji=False, width=200)
    return console


def _now(text: str | None) -> datetime:
    """The moment to compute for: the clock's, unless told."""
    return _moment(text) if text else datetime.now(UTC).replace(microsecond=0)


def _moment(text: str) -> datetime:
    """An ISO moment; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            Mistake(f"'{text}' is no moment", "bad-date", None, "Write it like 2026-01-31T06:00Z.")
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _grain(text: str | None) -> Any:
    from headway.periods import Grain

    if text is None or text in list(Grain):
        return text and Grain(text)
    raise UsageError(Mistake(f"grain must be one of {', '.join(Grain)}, not '{text}'", "unknown-grain", None, None))


def _pair(text: str) -> tuple[str, str]:
    """`hub=a` of a `--for`."""
    column, equals, value = text.partition("=")
    if not equals or not column or not value:
        mistake = Mistake(f"a cell is written column=value, not '{text}'", "unknown-option", None, "As in --for hub=a.")
        raise UsageError(mistake)
    return column.strip(), value.strip()


def _period(catalog: Catalog, text: str | None) -> Any:
    if text is None:
        return None
    try:
        return catalog.calendar.parse(text)
    except ValueError:
        raise UsageError(
            Mistake(
                f"'{text}' is no period",
                "bad-period",
                None,
                "Write it like 2026-01-31, 2026-W05, 2026-01, 2026-Q1 or 2026.",
            )
        ) from None


def _me() -> str:
    """How this program is called here: a newcomer has it in `.venv/bin`, which is not on the path."""
    if which("headway"):
        return "headway"
    return f"{sys.executable} -m headway" if Path(sys.argv[0]).name == "__main__.py" else sys.argv[0]


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
