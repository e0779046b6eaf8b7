"""The pages of the read model as text: tables with a sparkline and a status for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from headway.formats import numbers, plurals
from headway.publish import alertlines
from headway.publish.checkpages import CheckGroup, CheckRow, QualityPage
from headway.publish.findingpages import CataloguePage
from headway.publish.kpipages import EntryRow, Explained, KpiPage, Lineage, SourceRows, Waits, Was
from headway.publish.objectivepages import ObjectiveRow
from headway.publish.pages import Compared, Group, Point, Stamp, Tile, Verdict

_BARS = "▁▂▃▄▅▆▇█"
#: How many periods a sparkline has, and from which width a table has all its columns.
_TREND = 13
_WIDE = 140
#: The columns of words, and how narrow they may become for the sake of the others.
_LEAST = {"Title": 12, "Period": 12}
#: A sign and a colour for each verdict; the word always stands beside them.
_SIGNS = {
    "on": ("●", "green"),
    "near": ("◆", "yellow"),
    "off": ("■", "red"),
    "over": ("▲", "magenta"),
    "withheld": ("▼", "bold"),
    "partial": ("◐", "dim"),
    "failed": ("✗", "red"),
    "pass": ("✓", "green"),
    "warn": ("!", "yellow"),
}


def overview(console: Console, page: CataloguePage) -> None:
    """Every KPI by area: value, change, status, target, the last periods as a line. Narrow terminals get less of it."""
    for group in page.groups:
        if console.width >= _WIDE:
            table = _fitted(console, _group(group, wide=True))
        else:
            table = _group(group)
            needed = Measurement.get(console, console.options.update(width=_WIDE), table).maximum
            if needed > console.width:  # a trend that is cut would lose its newest periods
                table = _group(group, targets=False)
        console.print(table)
    counts = "  ".join(f"{count.number} {count.verdict.word.lower()}" for count in page.counts)
    console.print(f"{counts}\nComputed {page.stamp.computed}.", style="dim", highlight=False)
    if page.undecided:
        console.print(f"{page.undecided} 'headway restatements' lists them.", highlight=False)
    _then(console, page.stamp)


def _group(group: Group, *, wide: bool = False, targets: bool = True) -> Table:
    """The KPIs of one area."""
    table = Table(
        box=box.SIMPLE_HEAD, title=escape(group.title), title_justify="left", title_style="bold", pad_edge=False
    )
    table.add_column("KPI", style="cyan", no_wrap=True)
    if wide:
        table.add_column("Title", no_wrap=True)
    table.add_column("Value", justify="right", no_wrap=True)
    if wide:
        table.add_column("Period", no_wrap=True, style="dim")
    for title in ("Status", "Target", "Trend") if targets else ("Status", "Trend"):
        table.add_column(title, no_wrap=True)
    if wide:
        table.add_column("Change", justify="right", no_wrap=True)
    for tile in group.tiles:
        value = tile.shown.text if tile.has_value else ""
        judged: list[str | Text] = [status(tile.verdict), tile.target or "", sparkline(tile.points)]
        if not targets:
            del judged[1]
        if wide:
            period = tile.period_label if value else tile.judged or tile.reason or ""
            table.add_row(tile.name, Text(tile.title), value, period, *judged, _signed(tile.compared))
        else:
            table.add_row(tile.name, value, *judged)
    return table


def _fitted(console: Console, table: Table) -> Table:
    """The table, no wider than the terminal if words can give way: else a long reason would cut the numbers off."""
    for column in table.columns:
        least = _LEAST.get(str(column.header))
        excess = Measurement.get(console, console.options.update(width=10 * _WIDE), table).maximum - console.width
        if least is not None and excess > 0:
            widest = max(cell_len(str(cell)) for cell in column.cells)
            column.max_width = max(least, widest - excess)
    return table


def kpi(console: Console, page: KpiPage, periods: int) -> None:
    """One KPI: what it says now, then its newest periods."""
    tile = page.tile
    _then(console, page.stamp)
    _head(console, tile)
    if page.entries and not page.rows:
        _entries(console, page.entries[:periods])
        return
    if not page.rows:
        return
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(page.grain.capitalize(), no_wrap=True)
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("Change", justify="right", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    table.add_column("Target", no_wrap=True)
    table.add_column("Note")
    for row in page.rows[:periods]:
        table.add_row(row.label, row.full, row.compared or "", status(row.verdict), row.target, row.note)
    console.print(table)
    if len(page.rows) > periods:
        console.print(f"{periods} of {len(page.rows)} periods; --periods shows more.", style="dim", highlight=False)


def explain(console: Console, page: KpiPage, number: Explained | None) -> None:
    """Where one number comes from: first what it is and was, then how it is made."""
    _then(console, page.stamp)
    if number is None:
        _head(console, page.tile)
    else:
        _number(console, number)
    _version(console, page)
    for source in page.sources:
        _source(console, source)
    if page.checks:
        _section(console, "Checks behind it")
        for check in page.checks:
            _check(console, check, f"{check.subject}.{check.name}", whole=False)
    _section(console, "How this is calculated")
    _say(console, page.definition)
    if page.written:
        _section(console, f"As written, {page.written_at}")
        _code(console, page.written, "yaml")
    _lineage(console, page.lineage)
    if page.alerts:
        _section(console, "Who is woken")
        alertlines.watching(console, page.alerts)
    if page.entries:
        _section(console, "As entered")
        _entries(console, [e for e in page.entries if number is None or e.period == number.row.period])
    if number is None and page.earlier:
        _section(console, "Earlier values")
        _say(console, (f"{one.period}: {one.was} until {one.restated}, now {one.now}" for one in page.earlier))
    if page.sql:
        _section(console, "The SQL, as it reads for this KPI alone")
        _code(console, page.sql, "sql")


def _number(console: Console, number: Explained) -> None:
    """The number, its verdict, what it was counted from, every value that it had, and what waits."""
    row = number.row
    console.print(
        Text.assemble((number.title, "bold"), (f"  {number.kpi}{f'.{number.part}' if number.part else ''}", "cyan"))
    )
    line = Text.assemble((f"{number.label}: ", "bold"), row.full, "  ", status(row.verdict))
    if row.target:
        line.append(f"  {row.target}")
    console.print(line)
    counted = {"counted": row.n, "numerator": row.numerator, "denominator": row.denominator}
    known = ", ".join(f"{name} {numbers.plain(value)}" for name, value in counted.items() if value is not None)
    _say(console, (part for part in (known, row.note) if part), "dim")
    _section(console, "What it was before")
    if row.values:
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(justify="right", no_wrap=True)
        table.add_column()
        for was in row.values:
            table.add_row(escape(was.text), escape(_stood(was)))
        console.print(table)
    else:
        _say(console, ["It has not changed since it was first published."], "dim")
    if row.waits:
        _waits(console, row.waits)
    if row.break_before:
        _section(console, "Another method")
        _say(console, [f"{row.break_before}. It cannot be compared with the period before."])
    if number.target:
        _section(console, "Target in force")
        target = number.target
        said = f"{target.bound}, {target.span}"
        parts = (f"{said}: {target.why}" if target.why else said, target.detail, target.decided)
        _say(console, [part for part in parts if part])


def _stood(was: Was) -> str:
    """From when to when a value was published, and why it came."""
    span = f"{was.since} to {was.until}" if was.until else f"since {was.since}"
    why = f"{was.why} (#{was.restatement})" if was.restatement else was.why
    return f"{span}. {why}. {was.decided}".rstrip()


def _waits(console: Console, waits: Waits) -> None:
    """What a run computed in place of the number that stands, and what can be done about it."""
    _section(console, "What waits" if waits.state == "waiting" else "What was rejected")
    _say(console, [f"{waits.text}, since {waits.since}. {waits.why} (#{waits.restatement}). {waits.decided}".rstrip()])
    if waits.state == "waiting":
        number = waits.restatement
        said = f"'headway accept {number} --why TEXT' publishes it, 'headway reject {number} --why TEXT' keeps the old."
        _say(console, [said], "dim")


def _version(console: Console, page: KpiPage) -> None:
    """Which definition is in force, and what changed of closed numbers."""
    version = page.version
    if version.since:
        before = {0: "the first one", 1: "1 before it"}.get(version.before, f"{version.before} before it")
        _section(console, "Definition")
        _say(console, [f"{page.tile.name}@{version.fingerprint}, since {version.since} (run {version.run}); {before}"])
    if page.restatements:
        _section(console, "Restatements of this KPI")
        for one in page.restatements:
            most = (
                f"{plurals.count(one.numbers, 'number')}, most of all {one.largest}" if one.numbers > 1 else one.largest
            )
            _say(console, [f"#{one.id} {one.state}: {one.why}; {most}. {one.decided}".rstrip()])


def _source(console: Console, source: SourceRows) -> None:
    """What one source gave when it was last read."""
    _section(console, f"Source {source.name}")
    if source.failed:
        _say(console, [f"Could not be read: {source.failed}"], "red")
    rows = "unknown" if source.rows is None else plurals.whole(source.rows)
    when = f"; read {source.read}" if source.read else ""
    _say(console, [f"{rows} rows read, data {source.through}".rstrip(", ") + when])
    _say(console, (f"{plurals.whole(count)} left out: {step}" for step, count in source.removed.items() if count))
    for one in source.exclusions:
        link = f" ({one.link})" if one.link else ""
        _say(
            console,
            [f"taken out on the record, {one.span}: {_rows(one.rows)} where {one.where}. {one.why}{link}"],
            "dim",
        )
    _say(console, source.notes, "dim")


def _lineage(console: Console, lineage: Lineage) -> None:
    """What it reads, and who reads it."""
    if any((lineage.sources, lineage.made_from, lineage.feeds, lineage.boards, lineage.alerts)):
        _section(console, "Lineage")
    for source in lineage.sources:
        columns = ", ".join(f"{one.name} ({', '.join(one.uses)})" if one.uses else one.name for one in source.columns)
        through = f", through {', '.join(source.through)}" if source.through else ""
        _say(console, [f"Reads {source.name}: {columns or 'rows'}{through}"])
    _say(console, (f"Made from {link.name}: {link.title}" for link in lineage.made_from))
    _say(console, (f"Read by {link.name}: {link.title}" for link in lineage.feeds))
    _say(console, (f"Shown on board {link.name}: {link.title}" for link in lineage.boards))
    _say(console, (f"Watched by alert {link.name}: {link.title}" for link in lineage.alerts))
    _say(console, [lineage.note] if lineage.note else [], "dim")


def quality(console: Console, page: QualityPage, groups: Sequence[CheckGroup], *, whole: bool) -> None:
    """What is checked: by family, what is held back, then each check; `whole` with the rows that fail."""
    _then(console, page.stamp)
    if not groups:
        _say(console, ["Nothing is checked."])
        return
    if not whole:
        for family in page.families:
            counts = ", ".join(count.word for count in family.counts) or "no check"
            _say(console, [f"{family.name.capitalize()}: {counts}"])
        if page.held:
            _section(console, "Held back")
            _say(console, (f"{said.title} {said.text}" for said in page.held))
    for group in groups:
        _section(console, group.title)
        for check in group.rows:
            _check(console, check, check.name, whole=whole)


def objectives(console: Console, stamp: Stamp, rows: Sequence[ObjectiveRow], *, whole: bool) -> None:
    """Objectives with what they expect; `whole` with what each began with, and what is missing."""
    _then(console, stamp)
    if not rows:
        _say(console, ["No objective is declared: they stand in objectives.yml."])
    for row in rows:
        _section(console, row.title)
        owner = f"{row.owner}, " if row.owner else ""
        _say(console, [f"{row.name}  {owner}{row.first_when} to {row.due_when}"], "dim")
        if whole and row.about:
            _say(console, [row.about])
        for one in row.expects:
            name = ".".join([one.kpi, *([one.part] if one.part else [])])
            goal = f"{one.goal} by {one.due_when}"
            console.print(
                Text.assemble(status(one.verdict), "  ", (one.title, "bold"), "  ", (name, "cyan"), f"  {goal}")
            )
            _say(console, (f"  {said}" for said in (one.says or one.reason, f"{one.way}." if one.way else "") if said))
            if whole:
                begun = f"  It began at {one.start_text} {one.start_when}." if one.start_when else ""
                _say(console, [f"{begun}  To go: {one.to_go_text}. {sparkline(one.points)}".rstrip()], "dim")
            if one.note:
                _say(console, [f"  {one.note}"], "dim")


def _check(console: Console, check: CheckRow, name: str, *, whole: bool) -> None:
    """One check: how it stands, what it found, what it holds back."""
    console.print(Text.assemble(status(check.verdict), "  ", (name, "bold"), "  ", (check.found or check.asks, "dim")))
    if whole and check.said:
        since = f", since {check.failing_since}" if check.failing_since else ""
        _say(console, [f"  {check.said}{since}"], "dim")
    if check.holds:
        _say(console, [f"  Holds back {', '.join(f'{link.title} ({link.note})' for link in check.holds)}"])
    if whole and check.sample:
        table = Table(*map(escape, check.sample[0]), box=box.SIMPLE_HEAD, pad_edge=False)
        for row in check.sample:
            table.add_row(*("" if value is None else escape(value) for value in row.values()))
        console.print(table)


def _rows(count: int | None) -> str:
    return "rows" if count is None else plurals.count(count, "row")


def _entries(console: Console, entries: Iterable[EntryRow]) -> None:
    """What people entered, in words."""
    for entry in entries:
        evidence = f"Evidence: {entry.evidence}" if entry.evidence else ""
        console.print(entry.label, style="bold", highlight=False, markup=False)
        _say(console, [entry.text] if entry.text else [])
        _say(console, (part for part in (entry.said, evidence) if part), "dim")


def _code(console: Console, text: str, language: str) -> None:
    """A block of code, coloured on a terminal; a pipe gets the bare lines, to be used as they are."""
    if console.is_terminal:
        console.print(Syntax(text, language, background_color="default", word_wrap=True))
    else:
        _say(console, [text])


def _say(console: Console, sentences: Iterable[str], style: str = "") -> None:
    """Plain lines, as they are: nothing in them is markup."""
    for sentence in sentences:
        console.print(sentence, style=style, highlight=False, markup=False)


def status(verdict: Verdict) -> Text:
    """A verdict: its sign in colour, its word in ink."""
    sign, style = _SIGNS.get(verdict.key, ("○", "dim"))
    return Text.assemble((sign, style), " ", verdict.word)


def sparkline(points: Iterable[Point]) -> str:
    """The last periods as bars between their least and largest value; a gap where there is none."""
    values = [point.value for point in points][-_TREND:]
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    step = (high - low) / (len(_BARS) - 1) or 1.0
    return "".join(" " if v is None else _BARS[round((v - low) / step)] for v in values)


def _then(console: Console, stamp: Stamp) -> None:
    """That these are pages of the past, if they are."""
    if stamp.then:
        console.print(stamp.then, style="bold", highlight=False, markup=False)


def _head(console: Console, tile: Tile) -> None:
    console.print(Text.assemble((tile.title, "bold"), (f"  {tile.name}", "cyan")))
    line = Text.assemble((tile.shown.text, "bold"))
    if tile.period_label:
        line.append(f"  {tile.period_label}", "dim")
    if tile.has_value:
        line.append("  ").append_text(status(tile.verdict))
    if tile.target:
        line.append(f"  {tile.target}")
    if tile.compared:
        line.append(f"  {_signed(tile.compared)} {tile.compared.versus}", "dim")
    console.print(line)
    for pace in (tile.pace, tile.running.pace if tile.running else None):
        if pace:
            console.print(pace.text, style="dim", highlight=False, markup=False)
    if tile.reason:
        console.print(tile.reason, style="dim", highlight=False, markup=False)
    if tile.about:
        console.print(tile.about, highlight=False, markup=False)


def _section(console: Console, title: str) -> None:
    console.print(f"\n[bold]{escape(title)}[/]", highlight=False)


def _signed(compared: Compared | None) -> str:
    return compared.change.signed if compared else ""
