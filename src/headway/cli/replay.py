"""The command that tries alerts on the past: `alerts replay`."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headway.cli.alerts import alerts
from headway.cli.console import screen
from headway.cli.project import catalog_at, ledger_of, when
from headway.errors import Mistake, UsageError
from headway.formats import plurals
from headway.options import JsonOption, ProjectOption

if TYPE_CHECKING:
    from headway.alerts.replay import Fired, Replay
    from headway.model import Catalog


@alerts.command()
def replay(
    project: ProjectOption = Path(),
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="From this day.", show_default="a year before")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="To this day.", show_default="that of the newest run")
    ] = None,
    hourly: Annotated[bool, typer.Option("--hourly", help="Look every hour, not each morning at eight.")] = False,
    episodes: Annotated[bool, typer.Option("--episodes", help="List every episode.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Try the alerts on the past: what would have been told, and how much of it was noise.

    It reads published numbers, as they are now, and writes nothing. Each day sees what was complete by then.
    """
    from headway import watching
    from headway.alerts.replay import mornings
    from headway.alerts.replay import replay as replayed

    catalog = catalog_at(project)
    with ledger_of(catalog, create=False) as ledger:
        run = ledger.last_run()
        if run is None:
            remedy = "Compute the numbers first: headway run."
            raise UsageError(Mistake("there are no numbers yet", "nothing-computed", None, remedy))
        until = _day(last, catalog, run.now) or run.now
        since = _day(first, catalog, until) or until - timedelta(days=365)
        if first is not None and len(first.strip()) <= len("2026-01-31"):
            since -= timedelta(days=1)  # a day as typed is its end, and from a day means from its beginning
        moments = mornings(catalog.calendar, since, until, hourly=hourly)
        if len(moments) < 2:
            remedy = "Name an earlier --from."
            raise UsageError(Mistake("there is no day from --from to --to", "bad-date", None, remedy))
        found = replayed(catalog, watching.watch(catalog, ledger, ledger.alerting(), until), moments)
    if as_json:
        typer.echo(json.dumps(_plain(catalog, found), ensure_ascii=False, indent=2))
    else:
        _print(catalog, found, whole=episodes)


def _day(text: str | None, catalog: Catalog, run: datetime) -> datetime | None:
    """The end of a day as typed, or a moment; None if nothing was typed, or the time of the run."""
    found = when(text, catalog, run)
    if isinstance(found, int):
        raise UsageError(Mistake(f"'{text}' is no day", "bad-date", None, "Write a day such as 2026-01-31."))
    return found


# -- what is printed -------------------------------------------------------------------------------------------------


def _print(catalog: Catalog, found: Replay, *, whole: bool) -> None:
    """A line for each alert, and all together; with `whole` every episode."""
    from rich import box
    from rich.table import Table

    from headway.formats import dates
    from headway.publish import rules

    console, weeks = screen(), found.weeks()
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("Alert", no_wrap=True)
    for title in ("Started", "A week", "Within a day", "Messages", "Fired for"):
        table.add_column(title, justify="right")
    quiet = []
    for alert in catalog.alerts.values():
        said = found.of(alert.name)
        if not said.fired:
            quiet.append(alert.name)
            continue
        table.add_row(
            alert.name,
            str(len(said.started)),
            f"{len(said.started) / weeks:.2f}",
            _share(said.soon, len(said.started)),
            str(said.messages),
            rules.lasted(said.time),
        )
    zone = catalog.calendar.tz
    console.print(f"{dates.moment(found.first, zone)} to {dates.moment(found.last, zone)}, {weeks:.1f} weeks")
    if whole:
        _episodes(catalog, found)
    if table.row_count:
        console.print(table)
    if quiet:
        console.print(f"Nothing fired of {plurals.listed(quiet)}.")
    for name, why in found.unseen.items():
        console.print(f"{name}: {why}.")
    whole_of_it = found.of(None)
    console.print(
        f"{plurals.count(len(whole_of_it.started), 'start')}, {len(whole_of_it.started) / weeks:.2f} a week;"
        f" {_share(whole_of_it.soon, len(whole_of_it.started))} ended by itself within a day;"
        f" {plurals.count(sum(found.messages.values()), 'message')}"
        + (f" ({', '.join(f'{count} {level}' for level, count in found.messages.items())})." if found.messages else ".")
    )


def _share(some: int, of: int) -> str:
    return f"{some / of:.0%}" if of else "-"


def _episodes(catalog: Catalog, found: Replay) -> None:
    """One line for each episode."""
    from headway.formats import dates
    from headway.publish import rules

    console, zone = screen(), catalog.calendar.tz
    for one in found.fired:
        over = f"for {rules.lasted(one.lasted(found.last))}" if one.ended else "still fires"
        why = f"; not told: {one.kept_back}" if one.kept_back else "; fired before" if one.began_before else ""
        console.print(
            f"{dates.moment(one.began, zone)}  {rules.heading(one.of, catalog)}, {one.level}, {over}{why}", markup=False
        )


def _plain(catalog: Catalog, found: Replay) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "from": found.first.isoformat(),
        "to": found.last.isoformat(),
        "weeks": round(found.weeks(), 2),
        "messages": dict(found.messages),
        "alerts": {
            name: {
                "level": alert.level,
                "started": len(said.started),
                "ended_within_a_day": said.soon,
                "messages": said.messages,
                "hours": round(said.time / timedelta(hours=1), 1),
                **({"unseen": found.unseen[name]} if name in found.unseen else {}),
            }
            for name, alert in catalog.alerts.items()
            for said in [found.of(name)]
        },
        "episodes": [_episode(catalog, one) for one in found.fired],
    }


def _episode(catalog: Catalog, one: Fired) -> dict[str, Any]:
    zone = catalog.calendar.tz
    return {
        "alert": one.of.alert,
        "level": one.level,
        "of": one.of.subject,
        "part": one.of.part,
        "cell": one.of.cell,
        "began": one.began.astimezone(zone).isoformat(),
        "ended": one.ended.astimezone(zone).isoformat() if one.ended else None,
        "value": one.start.value,
        "bound": one.start.bound,
        "text": one.start.text,
        "messages": one.messages,
        "worse": one.worse,
        "fired_before": one.began_before,
        "kept_back": one.kept_back,
    }
