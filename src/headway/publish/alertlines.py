"""Alerts on the terminal: what fires, what one rule-cell went through, and what ended."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from headway.publish.alertpages import AlertRow, AlertsPage, Resolved, RuleRow, Urgency, Watching
from headway.publish.pages import Stamp, Verdict

#: A sign and a colour for each state; the word always stands beside them.
_SIGNS = {
    "firing": ("●", "red"),
    "recovering": ("◐", "yellow"),
    "pending": ("…", "yellow"),
    "acknowledged": ("✓", "cyan"),
    "silenced": ("◌", "dim"),
    "withheld": ("▼", "bold"),
    "failed": ("✗", "red"),
    "pass": ("✓", "green"),
}
_HOW = (
    "Look after one: headway alerts ack ID. Tell nobody for a while: "
    "headway alerts silence --alert NAME --for 4h --why TEXT."
)


def overview(console: Console, page: AlertsPage, *, whole: bool) -> None:
    """What fires, is in hand, or cannot be judged; with `whole` also each of the last, and every rule."""
    _then(console, page.stamp, page.note)
    for event in page.events:
        who = f", said {event.who}" if event.who else ""
        why = f": {event.why}" if event.why else ""
        _say(console, f"Happening: {event.text}, since {event.since}{who}{why}", "bold")
    for title, rows in (("Active", page.active), ("Acknowledged and silenced", page.handled)):
        if rows:
            _section(console, title)
            for row in rows:
                _row(console, row)
    if page.silences:
        _section(console, "Silences in force")
        for one in page.silences:
            by = f", by {one.who}" if one.who else ""
            _say(console, f"{one.id}  {one.what}, until {one.until}, {one.left} left{by}: {one.why}")
    down = [route for route in page.routes if route.waiting]
    if down:
        _section(console, "Who cannot be reached")
        for route in down:
            _say(console, f"{route.name}: {route.text}.")
    if page.blind and whole:
        _section(console, "Cannot be judged")
        for row in page.blind:
            _row(console, row)
    if whole:
        _rules(console, page.rules)
    _end(console, page, whole=whole)


def _end(console: Console, page: AlertsPage, *, whole: bool) -> None:
    """What there is besides, and what can be done."""
    if not page.active:
        handled = " that is not in somebody's hands" if page.handled else ""
        _say(console, f"Nothing fires{handled}." if page.rules else "No alert is for these readers.")
    if not any(rule.counts for rule in page.rules) and page.rules:
        _say(console, "Nothing was looked at yet: 'headway tick' looks, and so does every run.", "dim")
    if page.blind and not whole:
        one = len(page.blind) == 1
        said = "1 cannot be judged now" if one else f"{len(page.blind)} cannot be judged now"
        _say(console, f"\n{said}; 'headway alerts --all' says which, and why.", "dim")
    if any(row.fires for row in page.active):
        _say(console, f"\n{_HOW}", "dim")


def _row(console: Console, row: AlertRow) -> None:
    """A rule-cell in a few lines."""
    line = Text.assemble(_state(row.state), "  ", (row.title, "bold"), f"  {_level(row.urgency)}  ", (row.id, "cyan"))
    console.print(line, highlight=False)
    said = row.text or "Nothing to judge yet" if row.blind else "; ".join(part for part in (row.text, row.rule) if part)
    rule = f"{said[:1].upper()}{said[1:]}."
    _say(console, f"   {rule}")
    about = ". ".join(part for part in (row.since, row.told, row.said) if part)
    if about:
        _say(console, f"   {about}.", "dim")


def _rules(console: Console, rules: Sequence[RuleRow]) -> None:
    _section(console, "Rules")
    for rule in rules:
        counts = ", ".join(f"{count.number} {count.verdict.word}" for count in rule.counts) or "not looked at yet"
        console.print(
            Text.assemble((rule.title, "bold"), "  ", (rule.name, "cyan"), f"  {_level(rule.urgency)}  {counts}"),
            highlight=False,
        )
        _say(console, f"   {rule.text} Told to {rule.route}.", "dim")


def one(console: Console, page: AlertsPage, rule: RuleRow, rows: Sequence[AlertRow], ended: Sequence[Resolved]) -> None:
    """An alert, or one of what it watches, whole: its rule, how it stands, what happened, what can be done."""
    _then(console, page.stamp, page.note)
    console.print(
        Text.assemble((rule.title, "bold"), "  ", (rule.name, "cyan"), f"  {_level(rule.urgency)}"), highlight=False
    )
    _say(console, rule.text)
    why = f"{rule.why} " if rule.why else ""
    _say(console, f"{why}Told to {rule.route}, to be answered {rule.respond}. {rule.declared_at}.", "dim")
    counts = ", ".join(f"{count.number} {count.verdict.word}" for count in rule.counts) or "Not looked at yet"
    _say(console, f"{counts}.")
    for row in rows:
        console.print()
        _row(console, row)
        for happened in row.log:
            _say(console, f"   {happened.when:>14}  {happened.text}")
        for command in row.commands:
            _say(console, f"   {command.does + ':':<14} {command.line}", "dim")
    if ended:
        _section(console, "Ended in the last 30 days")
        resolved(console, ended)


def watching(console: Console, alerts: Sequence[Watching]) -> None:
    """The alerts on a KPI: their rules, and what is not fine."""
    for one in alerts:
        line = Text.assemble(_state(one.state), "  ", (one.title, "bold"), "  ", (one.alert, "cyan"))
        console.print(line.append(f"  {_level(one.urgency)}"), highlight=False)
        _say(console, f"   {one.text}", "dim")
        for row in one.cells:
            about = ". ".join(part for part in (row.text, row.since, row.told, row.said) if part)
            _say(console, f"   {row.subject}: {row.state.word.lower()}. {about}".rstrip(". ") + ".")


def resolved(console: Console, ended: Sequence[Resolved]) -> None:
    """Episodes that ended, the last one first."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title, right in (
        *(("Alert", False), ("Level", False), ("Fired", True), ("Ended", True)),
        *(("Lasted", True), ("Worst", True), ("Taken by", False)),
    ):
        table.add_column(title, justify="right" if right else "left", no_wrap=title not in ("Alert", "Taken by"))
    for row in ended:
        table.add_row(
            escape(row.title), row.urgency.word, row.fired, row.ended, row.lasted, row.worst, escape(row.taken)
        )
    console.print(table)


def _state(state: Verdict) -> Text:
    sign, style = _SIGNS.get(state.key, ("○", "dim"))
    return Text.assemble((sign, style), f" {state.word}")


def _level(urgency: Urgency) -> str:
    return f"{'▮' * urgency.bars}{'▯' * (3 - urgency.bars)} {urgency.word}"


def _then(console: Console, stamp: Stamp, note: str) -> None:
    for said in (stamp.then, note):
        if said:
            _say(console, said, "italic")


def _section(console: Console, title: str) -> None:
    console.print()
    console.print(title, style="bold underline", highlight=False, markup=False)


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)
