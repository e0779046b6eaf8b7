"""Commands that make a project: `init`, `demo`, and `schema` for the editor."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from headway.cli.app import app
from headway.cli.compute import compute
from headway.cli.console import me, progress_line, screen
from headway.cli.pages import serve_pages
from headway.cli.project import catalog_at, now_of, root_of, view_of
from headway.errors import Mistake, UsageError
from headway.options import (
    AmountOption,
    ByOption,
    DatesOption,
    Example,
    FileKind,
    FromOption,
    PeopleOption,
    PortOption,
    ProjectOption,
    ScaleOption,
    SeedOption,
    Service,
    SheetOption,
    TimeOption,
)


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
    ci: Annotated[
        Service | None,
        typer.Option(
            "--ci",
            help="Write also how this service runs the project every day; in a folder with a project, only that.",
        ),
    ] = None,
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
    if ci is not None and (directory / "headway.yml").exists():
        if data or example:
            message = f"{directory} holds a project already; --ci alone adds the workflow to it"
            raise UsageError(Mistake(message, "folder-not-empty", None, "Leave out the other options."))
        _workflow(directory)
        return
    where, now = list(data or ()), now_of(None)
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
        with progress_line() as progress:
            progress("Looking at the data", 0, 0)
            wanted = propose.Wanted(time, amount, by, people)
            propose.begin(directory, chosen or propose.chosen(directory, where, wanted, sheet, dates), now)
    else:
        with progress_line() as progress:
            progress("Writing the example's data", 0, 0)
            name = example.value if example else "start"
            simulate.write(name, directory, today=now.date(), seed=1 if seed is None else seed, scale=scale or 1.0)
    if ci is not None:
        _workflow(directory)
    _next_steps(directory)


def _workflow(directory: Path) -> None:
    """Write the workflow of a project, and say how it begins."""
    from headway.propose import workflow

    here = Path.cwd()
    written = [path.relative_to(here) if path.is_relative_to(here) else path for path in workflow.github(directory)]
    typer.echo(f"Wrote {' and '.join(map(str, written))}.")
    typer.echo("Its head says what to set on GitHub, and how the first run is begun.")


def _next_steps(directory: Path) -> None:
    console = screen()
    console.print(f"Wrote a project into [bold]{'this folder' if directory == Path() else directory}[/]. Next:")
    where = "" if directory == Path() else f" --project {directory}"
    console.print(f"  {me()} run{where} && {me()} serve{where}", highlight=False, soft_wrap=True)


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
    now = now_of(None)
    console = screen()
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
    with progress_line() as progress:
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
    catalog = catalog_at(root)
    console.print(f"{catalog.title}: a project in {root}, made to be read and changed.", highlight=False)
    outcome = compute(catalog, (), now)
    if serving:
        serve_pages(catalog, "127.0.0.1", port, None)
        return
    from headway.publish import terminal

    with view_of(root) as view:
        terminal.overview(console, view.catalogue())
    console.print(f"Next: {me()} serve --project {root}", highlight=False)
    raise typer.Exit(0 if outcome.whole else 3)


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
    written = schemas.write(root_of(project))
    typer.echo(f"Wrote {', '.join(path.name for path in written)} into {written[0].parent}.")
