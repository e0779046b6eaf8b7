"""Commands about alerts: `alerts` lists them, `ack`, `silence` and `event` say something to them."""

from __future__ import annotations

import difflib
import json
import os
import re
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headway.cli.app import app, errors
from headway.cli.console import screen
from headway.cli.project import catalog_at, cell_of, ledger_of, now_of, view_of
from headway.cli.watch import told
from headway.errors import DeliveryError, Mistake, UsageError
from headway.options import AsOfOption, JsonOption, ProjectOption

if TYPE_CHECKING:
    from headway.decide import Saying
    from headway.model import Catalog, RuleCell
    from headway.publish.alertpages import AlertsPage, RuleRow

alerts = typer.Typer(
    help="List what fires, and say something to it: who looks after it, and when nobody is to be told.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
app.add_typer(alerts, name="alerts")

_IdsArgument = Annotated[
    list[str], typer.Argument(metavar="ID...", help="Which: its id as listed, or an alert's name for all that fires.")
]
_WhoOption = Annotated[
    str | None, typer.Option("--who", metavar="NAME", help="Who.", show_default="git's user.name, or the user")
]


@alerts.callback()
def listed(
    context: typer.Context,
    project: ProjectOption = Path(),
    everything: Annotated[
        bool, typer.Option("--all", help="Also what cannot be judged, and every rule with how it stands.")
    ] = False,
    as_json: JsonOption = False,
    as_of: AsOfOption = None,
) -> None:
    """List what fires, and say something to it: who looks after it, and when nobody is to be told."""
    if context.invoked_subcommand is not None:
        if everything or as_json or as_of:
            message = f"--all, --json and --as-of of the list do not go with '{context.invoked_subcommand}'"
            remedy = f"'headway alerts {context.invoked_subcommand} --help' says what does."
            raise UsageError(Mistake(message, "unknown-option", None, remedy))
        if project != Path():  # `headway alerts --project P ack ID` means what it says
            context.default_map = {context.invoked_subcommand: {"project": str(project)}}
        return
    from headway.publish import alertlines, twin

    with view_of(project, as_of=as_of) as view:
        page = view.alerts()
    if as_json:
        typer.echo(json.dumps(twin.plain(page), ensure_ascii=False, indent=2))
    else:
        alertlines.overview(screen(), page, whole=everything)


@alerts.command()
def show(
    name: Annotated[str, typer.Argument(metavar="ID", help="An id as listed, or the name of an alert.")],
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
    as_of: AsOfOption = None,
) -> None:
    """Show one whole: its rule, how it stands, what happened, and what can be done."""
    from headway.publish import alertlines, twin

    with view_of(project, as_of=as_of) as view:
        page = view.alerts()
    rule, only = _found(page, name)
    rows = [
        row for row in (*page.active, *page.handled, *page.blind) if row.alert == rule.name and only in ("", row.id)
    ]
    ended = [one for one in page.resolved if one.alert == rule.name and only in ("", one.id)]
    if as_json:
        said = {"rule": twin.plain(rule), "rows": twin.plain(tuple(rows)), "resolved": twin.plain(tuple(ended))}
        typer.echo(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        alertlines.one(screen(), page, rule, rows, ended)


def _found(page: AlertsPage, name: str) -> tuple[RuleRow, str]:
    """The alert that is meant, and which of what it watches; UsageError `unknown-alert`."""
    by_name = {rule.name: rule for rule in page.rules}
    if name in by_name:
        return by_name[name], ""
    ids = {row.id: row.alert for row in (*page.active, *page.handled, *page.blind)}
    ids |= {row.id: row.alert for row in page.resolved if row.alert}
    fits = [one for one in ids if len(name) > 2 and one.startswith(name.lower())]
    if len(fits) == 1:
        return by_name[ids[fits[0]]], fits[0]
    close = difflib.get_close_matches(name, [*by_name, *ids], 1)
    remedy = f"Did you mean '{close[0]}'?" if close else "'headway alerts --all' lists what there is."
    if len(fits) > 1:
        remedy = f"Write one in full: {', '.join(fits)}."
    raise UsageError(Mistake(f"there is no alert '{name}'", "unknown-alert", None, remedy))


@alerts.command()
def history(project: ProjectOption = Path(), as_json: JsonOption = False, as_of: AsOfOption = None) -> None:
    """List what ended in the last 30 days."""
    from headway.publish import alertlines, twin

    with view_of(project, as_of=as_of) as view:
        page = view.alerts()
    if as_json:
        typer.echo(json.dumps(twin.plain(page.resolved), ensure_ascii=False, indent=2))
    elif page.resolved:
        alertlines.resolved(screen(), page.resolved)
        typer.echo(f"{page.ended}.")
    else:
        typer.echo("No alert ended in the last 30 days.")


@alerts.command()
def ack(
    ids: _IdsArgument,
    project: ProjectOption = Path(),
    back: Annotated[bool, typer.Option("--back", help="Hand it back: nobody looks after it any more.")] = False,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="What you know, for those who read it.")] = "",
    who: _WhoOption = None,
) -> None:
    """Look after what fires: nothing is repeated or escalated until it ends."""
    from headway import decide
    from headway.publish import rules

    catalog = catalog_at(project)
    with ledger_of(catalog, create=False) as ledger:
        saying = _saying(catalog, who, why)
        done = decide.acknowledge(catalog, ledger, ids, saying, back=back)
    for state in done:
        called = f"{rules.heading(state.of, catalog)} ({state.of.id})"
        if back:
            typer.echo(f"{called} is in nobody's hands again: it is repeated and escalated as declared.")
        else:
            typer.echo(f"{saying.who or 'Somebody'} looks after {called}: nothing is repeated or escalated.")


@alerts.command()
def silence(
    project: ProjectOption = Path(),
    alert: Annotated[str | None, typer.Option("--alert", metavar="NAME", help="This alert.")] = None,
    kpi: Annotated[str | None, typer.Option("--kpi", metavar="NAME", help="Alerts on this KPI.")] = None,
    source: Annotated[str | None, typer.Option("--source", metavar="NAME", help="Alerts on this source.")] = None,
    check: Annotated[str | None, typer.Option("--check", metavar="NAME", help="This check: source.check.")] = None,
    level: Annotated[str | None, typer.Option("--level", metavar="NAME", help="Alerts of this level.")] = None,
    route: Annotated[str | None, typer.Option("--route", metavar="NAME", help="Alerts that go this way.")] = None,
    cells: Annotated[
        list[str] | None,
        typer.Option("--for-cell", metavar="COLUMN=VALUE", help="This cell; once for each column."),
    ] = None,
    length: Annotated[str | None, typer.Option("--for", metavar="LENGTH", help="For so long: 4h, 2 days.")] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="Until then: 18:00, a day (its end), 2026-01-31T06:00."),
    ] = None,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why nobody is to be told; compulsory.")] = "",
    who: _WhoOption = None,
) -> None:
    """Tell nobody of what fits all that is named, for a while.

    It goes on to be judged and listed. What still fires at the end is told then.
    """
    from headway import decide
    from headway.formats import dates
    from headway.model import column_label

    catalog = catalog_at(project)
    named = {"alert": alert, "kpi": kpi, "source": source, "check": check, "level": level, "route": route}
    matchers = {label: value for label, value in named.items() if value}
    matchers |= {column_label(column): value for column, value in cell_of(cells)}
    with ledger_of(catalog, create=False) as ledger:
        saying = _saying(catalog, who, why)
        end = _end(catalog, saying.now, length, until)
        made, found = decide.silence(catalog, ledger, matchers, end, saying)
    when = dates.moment(made.until, catalog.calendar.tz)
    typer.echo(f"Silent until {when}: {_named(found, catalog)}.")
    typer.echo(
        f"It is judged on, and told then if it still fires. To end it sooner: headway alerts unsilence {made.id}"
    )


def _named(found: list[RuleCell], catalog: Catalog) -> str:
    """What a silence speaks of, in a line."""
    from headway.publish import rules

    names = list(dict.fromkeys(rules.heading(of, catalog) for of in found))
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{', '.join(names[:5])}{more}"


@alerts.command()
def unsilence(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Which silences, as 'headway alerts' lists them.")],
    project: ProjectOption = Path(),
    who: _WhoOption = None,
) -> None:
    """End silences now; what still fires is told."""
    from headway import decide

    catalog = catalog_at(project)
    with ledger_of(catalog, create=False) as ledger:
        saying = _saying(catalog, who, "")
        for one in decide.unsilence(ledger, ids, saying):
            what = ", ".join(f"{label} {value}" for label, value in one.matchers.items())
            typer.echo(f"The silence {one.id} ({what}) is over.")
        told(catalog, ledger, saying.now)


@alerts.command("test")
def try_routes(
    routes: Annotated[
        list[str] | None, typer.Argument(metavar="ROUTE", help="Routes; all if none is named.", show_default=False)
    ] = None,
    project: ProjectOption = Path(),
) -> None:
    """Send a test through routes, and say which of them took it."""
    from headway import notify
    from headway.publish import message

    with view_of(project) as view:
        catalog, now = view.catalog, now_of(None)
        chosen = [_route(catalog, name) for name in routes or catalog.routes]
        if not chosen:
            remedy = "Declare one in alerts.yml: routes: {team: {apprise: env:TEAM}}"
            raise UsageError(Mistake("there is no route", "unknown-name", None, remedy))
        failed: list[DeliveryError] = []
        for name in chosen:
            route = catalog.routes[name]
            try:
                notify.send(route, message.test(route, view, now), os.environ)
                typer.echo(f"{name} took the test.")
            except DeliveryError as error:
                failed.append(error)
    for one in failed:
        typer.echo(errors(one), err=True)
    if failed:
        raise typer.Exit(DeliveryError.exit_code)


def _route(catalog: Catalog, name: str) -> str:
    if name in catalog.routes:
        return name
    close = difflib.get_close_matches(name, catalog.routes, 1)
    listed = ", ".join(catalog.routes)
    remedy = f"Did you mean '{close[0]}'?" if close else f"There is {listed}." if listed else None
    raise UsageError(Mistake(f"there is no route '{name}'", "unknown-name", None, remedy))


@app.command()
def event(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What happens, as an alert has it: 'data breach'.")],
    project: ProjectOption = Path(),
    close: Annotated[bool, typer.Option("--close", help="It is over.")] = False,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="What is known of it.")] = "",
    who: _WhoOption = None,
) -> None:
    """Say that something happened that an alert watches, or that it is over.

    People are told at once. Posted twice, it is one.
    """
    from headway import decide
    from headway.formats import dates

    catalog = catalog_at(project)
    with ledger_of(catalog, create=False) as ledger:
        saying = _saying(catalog, who, why)
        if close:
            found = decide.close(catalog, ledger, text, saying)
            typer.echo(f"'{found.text}' is closed.")
        else:
            found, new = decide.post(catalog, ledger, text, saying)
            if new:
                typer.echo(f"'{found.text}' is open.")
            else:
                since = dates.moment(found.opened, catalog.calendar.tz)
                by = f", posted by {found.who}" if found.who else ""
                typer.echo(f"'{found.text}' is open already, since {since}{by}: nobody is told twice.")
        told(catalog, ledger, saying.now)


# -- what is typed ---------------------------------------------------------------------------------------------------

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _saying(catalog: Catalog, who: str | None, why: str) -> Saying:
    from headway import __version__, decide

    return decide.Saying(decide.somebody(catalog.root) if who is None else who, why, now_of(None), __version__)


def _end(catalog: Catalog, now: datetime, length: str | None, until: str | None) -> datetime:
    """When a silence ends, of `--for` or `--until`."""
    if (length is None) is (until is None):
        message = "until when?" if length is None else "--for and --until say the same thing twice"
        raise UsageError(Mistake(message, "unknown-option", None, "Say one: --for 4h, or --until 2026-01-31T06:00."))
    if length is not None:
        return now + _length(length)
    assert until is not None, "one of them is given"
    zone = catalog.calendar.tz
    if re.fullmatch(r"\d{1,2}:\d{2}", until.strip()):
        return _next(until.strip(), now, catalog)
    try:
        made = datetime.fromisoformat(until.strip())
    except ValueError:
        remedy = "Write 18:00, a day such as 2026-01-31, which is its end, or a moment such as 2026-01-31T06:00."
        raise UsageError(Mistake(f"'{until}' is no time", "bad-date", None, remedy)) from None
    if len(until.strip()) <= len("2026-01-31"):
        made += timedelta(days=1)
    return made if made.tzinfo else made.replace(tzinfo=zone)


def _next(text: str, now: datetime, catalog: Catalog) -> datetime:
    """The next time that clocks of the project's zone show that."""
    hour, minute = map(int, text.split(":"))
    if hour > 23 or minute > 59:
        raise UsageError(Mistake(f"'{text}' is no time", "bad-date", None, "Write for example 18:00."))
    local = now.astimezone(catalog.calendar.tz)
    end = datetime.combine(local.date(), time(hour, minute), catalog.calendar.tz)
    return end if end > now else datetime.combine(local.date() + timedelta(days=1), time(hour, minute), end.tzinfo)


def _length(text: str) -> timedelta:
    """4h, 30 minutes, 2 days."""
    found = re.fullmatch(r"(\d{1,4})\s*(m|min|minutes?|h|hours?|d|days?|w|weeks?)", text.strip())
    if found is None or not int(found[1]):
        remedy = "Write 30m, 4h, 2d or 1w; or 4 hours."
        raise UsageError(Mistake(f"'{text}' is no length of time", "bad-length", None, remedy))
    return timedelta(**{_UNITS[found[2][0]]: int(found[1])})
