"""Commands about closed numbers that changed: `restatements` lists them, `accept` and `reject` decide."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headway.cli.app import app
from headway.cli.console import screen
from headway.cli.project import catalog_at, ledger_of, now_of
from headway.errors import Mistake, UsageError
from headway.formats import plurals
from headway.options import JsonOption, ProjectOption

if TYPE_CHECKING:
    from headway.ledger import Restatement

_IdsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="ID", help="Which: its number, as listed.", show_default=False)
]
_AllOption = Annotated[bool, typer.Option("--all", help="Everything that waits.")]
_WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; it stays beside the numbers.")]
_WhoOption = Annotated[
    str | None,
    typer.Option("--who", metavar="NAME", help="Who decides.", show_default="git's user.name, or the user"),
]


@app.command()
def restatements(
    number: Annotated[
        str | None, typer.Argument(metavar="ID", help="One of them, with all its numbers.", show_default=False)
    ] = None,
    project: ProjectOption = Path(),
    everything: Annotated[bool, typer.Option("--all", help="Also those that do not wait.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List changes of closed numbers that wait for a decision."""
    from headway.publish import restated
    from headway.publish.stored import Periods

    catalog = catalog_at(project)
    with ledger_of(catalog, create=False) as ledger:
        if number is not None:
            wanted = _id(number)
            changes = ledger.changes(wanted)  # an unknown one ends here
            [one] = [one for one in ledger.restatements() if one.id == wanted]
            if as_json:
                periods = Periods(catalog.calendar)
                listed = [restated.plain_change(change, periods) for change in changes]
                _echo({**restated.plain(one, catalog), "changes": listed})
            else:
                restated.print_one(screen(), one, changes, catalog)
            return
        found = ledger.restatements(None if everything else "waiting")
    if as_json:
        _echo([restated.plain(one, catalog) for one in found])
    elif found:
        restated.print_list(screen(), found, catalog)
        if any(one.state == "waiting" for one in found):
            typer.echo(_HOW)
    else:
        typer.echo("No closed number has changed." if everything else "Nothing waits.")


_HOW = "Publish the new numbers: headway accept ID --why TEXT. Keep the old ones: headway reject ID --why TEXT."


@app.command()
def accept(
    ids: _IdsArgument = None,
    project: ProjectOption = Path(),
    everything: _AllOption = False,
    why: _WhyOption = "",
    who: _WhoOption = None,
) -> None:
    """Publish the new numbers of a restatement."""
    _decide(project, ids or [], why, who, everything=everything, accepted=True)


@app.command()
def reject(
    ids: _IdsArgument = None,
    project: ProjectOption = Path(),
    everything: _AllOption = False,
    why: _WhyOption = "",
    who: _WhoOption = None,
) -> None:
    """Keep the published numbers, and do not ask again."""
    _decide(project, ids or [], why, who, everything=everything, accepted=False)


def _decide(project: Path, ids: list[str], why: str, who: str | None, *, everything: bool, accepted: bool) -> None:
    """Decide, and say what came of it."""
    from headway import __version__, decide

    catalog = catalog_at(project)
    word = "accept" if accepted else "reject"
    if bool(ids) is everything:
        message = f"which restatement is to be {word}ed?" if not ids else "--all decides everything that waits"
        remedy = f"Name one that 'headway restatements' lists, or say --all: headway {word} 3 --why '...'."
        raise UsageError(Mistake(message, "unknown-option", None, remedy))
    numbers = [_id(text) for text in ids]
    with ledger_of(catalog, create=False) as ledger:
        if everything:
            numbers = [one.id for one in ledger.restatements("waiting")]
            if not numbers:
                typer.echo("Nothing waits.")
                return
        decision = decide.Decision(
            tuple(numbers), accepted, decide.somebody(catalog.root) if who is None else who, why, __version__
        )
        done = decide.settle(catalog, ledger, decision, now_of(None))
    typer.echo(_done(done, accepted=accepted))


def _done(done: list[Restatement], *, accepted: bool) -> str:
    names = ", ".join(f"#{one.id}" for one in done)
    count = plurals.count(sum(one.numbers for one in done), "number")
    if accepted:
        return f"Accepted {names}: {count} published anew. Pages say so from the next build on."
    return f"Rejected {names}: {count} stay{'s' if count == '1 number' else ''} as published."


def _id(text: str) -> int:
    """`3` or `#3`."""
    if text.removeprefix("#").isdecimal():
        return int(text.removeprefix("#"))
    remedy = "'headway restatements' lists what waits, each with its number."
    raise UsageError(Mistake(f"'{text}' is no number of a restatement", "unknown-restatement", None, remedy))


def _echo(said: object) -> None:
    typer.echo(json.dumps(said, ensure_ascii=False, indent=2))
