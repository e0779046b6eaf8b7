"""What is known of the data: `quality`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from headway.cli.app import app
from headway.cli.console import screen
from headway.cli.project import view_of
from headway.errors import Mistake, UsageError
from headway.options import AsOfOption, JsonOption, ProjectOption


@app.command()
def quality(
    name: Annotated[
        str | None,
        typer.Argument(metavar="SOURCE", help="A source, or a KPI; all if none is named.", show_default=False),
    ] = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
    as_of: AsOfOption = None,
) -> None:
    """Print what is checked of the data, what was found, and what it holds back."""
    from headway.publish import terminal, twin

    with view_of(project, as_of=as_of) as view:
        page = view.quality()
    groups = [group for group in page.groups if name in (None, group.name)]
    if name is not None and not groups:
        known = ", ".join(group.name for group in page.groups)
        remedy = f"There are checks of {known}." if known else None
        raise UsageError(Mistake(f"nothing is checked of '{name}'", "unknown-name", None, remedy))
    if as_json:
        shown = twin.plain(page) | {"groups": twin.plain(tuple(groups))}
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        terminal.quality(screen(), page, groups, whole=name is not None)
