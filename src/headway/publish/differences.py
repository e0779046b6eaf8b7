"""What differs between two states of the numbers, in words: for the terminal, for a pull request, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from headway import catalog as catalogue
from headway import compare
from headway.compare import Compared, Difference, Said
from headway.formats import dates, numbers, plurals
from headway.ledger import AsOf, Ledger, Run
from headway.model import Catalog, Kpi, Unit, UnitKind, read_cell
from headway.periods import Period
from headway.publish import goals, past, restated, words
from headway.publish.stored import Periods


@dataclass(frozen=True, slots=True)
class Moved:
    """One number that differs: as stored and in words. `place` says which it is: "January 2026, hub north"."""

    place: str
    grain: str
    period: str
    cell: Mapping[str, str]
    part: str
    old: float | None
    new: float | None
    was: str
    now: str
    change: str
    verdict_was: str
    verdict: str

    @property
    def text(self) -> str:
        """The two values and the change between them, with the verdicts where they differ."""
        change = f" ({self.change})" if self.change else ""
        verdicts = f", {_lower(self.verdict_was)} → {_lower(self.verdict)}" if self.verdict != self.verdict_was else ""
        return f"{self.was} → {self.now}{change}{verdicts}" if self.was != self.now else verdicts.removeprefix(", ")


@dataclass(frozen=True, slots=True)
class Differing:
    """One KPI that differs. `numbers` are its closed numbers that changed in value or verdict.

    `sort` is `changed`, `added`, `removed` or `renamed` (it `was` called so). `days` are from the first to the last of
    the periods of `numbers`; `running`, `new` and `gone` count numbers that time alone may bring.
    """

    name: str
    title: str
    sort: str
    closed: int = 0
    running: int = 0
    judged: int = 0
    flipped: int = 0
    new: int = 0
    gone: int = 0
    cells_new: tuple[str, ...] = ()
    cells_gone: tuple[str, ...] = ()
    days: str = ""
    was: str = ""
    largest: Moved | None = None
    numbers: tuple[Moved, ...] = field(default=(), repr=False)

    @property
    def by_time_alone(self) -> bool:
        """True if nothing closed changed: periods went on, and new ones came."""
        return self.sort == "changed" and not (self.closed or self.judged or self.gone)


@dataclass(frozen=True, slots=True)
class End:
    """One end of a comparison: the newest run or decision then."""

    run: int
    at: str


@dataclass(frozen=True, slots=True)
class Diff:
    """Two times compared. `same` counts the KPIs that do not differ; `definitions` says whose changed, and when.

    `restatements` are those that came, or were decided, in between, with who decided what.
    """

    before: End
    after: End
    kpis: tuple[Differing, ...]
    same: int
    definitions: tuple[str, ...] = ()
    restatements: tuple[str, ...] = ()


def between(ledger: Ledger, catalog: Catalog, before: AsOf, after: AsOf | None, names: Sequence[str] = ()) -> Diff:
    """What is published differently after than before, of all KPIs or of `names`, each by the catalogue of its time.

    UsageError as of `past.open`; of two times the earlier is the one before, whatever their order.
    """
    ends = [past.reached(ledger, catalog, before)]
    newest = ledger.last_run(decisions=True)
    assert newest is not None, "there is a run before it"
    ends.append(past.reached(ledger, catalog, newest.id if after is None else after))
    (first, one), (last, other) = sorted(ends, key=lambda pair: pair[0].id)
    old, new = (past.catalogue_of(ledger, catalog, run)[0] for run in (one, other))
    found, same = [], 0
    for was, name in catalogue.pairs(old, new):
        if names and was not in names and name not in names:
            continue
        before_now = ledger.read(was, part=None, as_of=first.id) if was else compare.nothing()
        after_now = ledger.read(name, part=None, as_of=last.id) if name else compare.nothing()
        kpis = old.kpis.get(was or ""), new.kpis.get(name or "")
        compared = compare.numbers(name or was or "", before_now, after_now, kpis[1].revalued if kpis[1] else None)
        made = differing(compared, *kpis, Periods(new.calendar))
        same += made is None
        found += [made] if made else []
    before_it, after_it = (End(end.id, dates.moment(past.moment(end), new.calendar.tz)) for end in (first, last))
    return Diff(
        before_it,
        after_it,
        tuple(sorted(found, key=lambda one: -(one.closed + one.judged))),
        same,
        tuple(_definitions(ledger, [one.name for one in found], first, last, new)),
        tuple(_restatements(ledger, first, last, new, names)),
    )


def _restatements(ledger: Ledger, first: Run, last: Run, catalog: Catalog, names: Sequence[str]) -> Iterator[str]:
    """What changed of closed numbers in between and why, as it stood at the end."""
    for one in ledger.restatements(as_of=last.id):
        if one.latest > first.id and (not names or any(part.kpi in names for part in one.kpis)):
            said = restated.sentence(one, catalog, Periods(catalog.calendar))
            yield " ".join(part for part in (said, restated.decided(one, catalog)) if part)


def _definitions(ledger: Ledger, names: Iterable[str], first: Run, last: Run, catalog: Catalog) -> Iterator[str]:
    """Which KPIs are defined otherwise since, by the run that was the first to do so."""
    since: dict[str, list[str]] = {}
    known = ledger.versions(last.id)
    for name in names:
        versions = known.get(name, [])
        if len(versions) > 1 and versions[-1].run > first.id:
            day = dates.day(catalog.calendar.day(versions[-1].since))
            since.setdefault(f"run {versions[-1].run}, {day}", []).append(name)
    for run, changed in since.items():
        yield f"Defined otherwise since {run}: {', '.join(changed)}"


def differing(compared: Compared, old: Kpi | None, new: Kpi | None, periods: Periods) -> Differing | None:
    """The differences of one KPI in words; None if there are none."""
    kpi = new or old
    assert kpi is not None, "one of the two catalogues has it"
    sort = "added" if old is None else "removed" if new is None else "changed"
    was = old.name if old and new and old.name != new.name else ""
    if was:
        sort = "renamed"
    if compared.same and sort == "changed":
        return None
    closed = (*compared.closed, *compared.judged)
    largest = compare.largest(closed)
    return Differing(
        kpi.name,
        kpi.title,
        sort,
        closed=len(compared.closed),
        running=len(compared.running),
        judged=len(compared.judged),
        flipped=len(compared.flipped),
        new=compared.new,
        gone=compared.gone,
        cells_new=tuple(map(_cell, compared.cells_new)),
        cells_gone=tuple(map(_cell, compared.cells_gone)),
        was=was,
        days=_days([periods.get(one.grain, one.period) for one in closed]),
        largest=moved(largest, kpi, periods) if largest else None,
        numbers=tuple(moved(one, kpi, periods) for one in closed),
    )


def moved(one: Difference, kpi: Kpi, periods: Periods) -> Moved:
    """One difference in words."""
    unit = goals.PERCENT if one.part.startswith("growth ") else kpi.unit
    which = periods.get(one.grain, one.period)
    depth = numbers.places([one.old.value, one.new.value], unit, kpi.decimals)
    change = numbers.change(one.new.value, one.old.value, unit)
    was, now = (_said(said, unit, depth) for said in (one.old, one.new))
    verdicts = [words.verdict(said.status, said.value, said.low, said.high).word for said in (one.old, one.new)]
    return Moved(
        place=", ".join(part for part in (dates.period(which), _cell(one.cell), one.part) if part),
        grain=one.grain.value,
        period=which.name,
        cell=dict(read_cell(one.cell)),
        part=one.part,
        old=one.old.value,
        new=one.new.value,
        was=was,
        now=now,
        change=change.signed if change else "",
        verdict_was=verdicts[0],
        verdict=verdicts[1],
    )


def _said(said: Said, unit: Unit, depth: int) -> str:
    if said.value is None:
        return said.reason or numbers.NO_DATA
    return numbers.full(said.value, unit, depth, with_unit=unit.kind is not UnitKind.NOUN)


def _days(periods: Sequence[Period]) -> str:
    """From the first day of any of the periods to the last one."""
    if not periods:
        return ""
    first, last = min(one.first for one in periods), max(one.last for one in periods)
    return dates.through(first, last)


def _cell(text: str) -> str:
    return ", ".join(f"{column.replace('_', ' ')} {value}" for column, value in read_cell(text))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


# -- as text ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as text, the same on a terminal and in Markdown; columns without a word in them are left out."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[str] = frozenset({"Closed", "Running", "New", "Gone", "Verdicts"})

    @property
    def filled(self) -> list[int]:
        """The columns in which something stands."""
        return [at for at in range(len(self.columns)) if any(row[at] for row in self.rows)]

    def print(self, console: Console) -> None:
        """Print it on a terminal."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for at in self.filled:
            name = self.columns[at]
            table.add_column(
                name,
                justify="right" if name in self.right else "left",
                no_wrap=name in self.right or not at,
                style="cyan" if not at else "",
            )
        for row in self.rows:
            table.add_row(*(escape(row[at]) for at in self.filled))
        console.print(table)

    def markdown(self) -> str:
        """The table as GitHub draws it."""
        heads = [self.columns[at] for at in self.filled]
        lines = [heads, ["---:" if head in self.right else "---" for head in heads]]
        for row in self.rows:
            cells = [_plain(row[at]) for at in self.filled]
            lines.append([f"`{row[0]}`", *cells[1:]] if self.columns[0] == "KPI" else cells)
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _plain(text: str) -> str:
    """Text that Markdown takes for nothing else."""
    for sign in "\\|`*_<>[]":
        text = text.replace(sign, f"\\{sign}")
    return text


def sheet(kpis: Sequence[Differing]) -> Sheet:
    """A line for each KPI: how many numbers differ, and the largest change of a closed one."""
    columns = ("KPI", "Closed", "Verdicts", "Running", "New", "Gone", "Closed in", "Largest change of a closed number")
    return Sheet(
        columns,
        tuple(
            (
                kpi.name,
                *(plurals.whole(n) if n else "" for n in (kpi.closed, kpi.flipped, kpi.running, kpi.new, kpi.gone)),
                kpi.days,
                _of(kpi),
            )
            for kpi in kpis
        ),
    )


def _of(kpi: Differing) -> str:
    if kpi.sort in ("added", "removed"):
        return f"{kpi.sort}: {kpi.title}"
    parts = [f"renamed, was {kpi.was}"] if kpi.was else []
    parts += [f"{kpi.largest.place}: {kpi.largest.text}"] if kpi.largest else []
    return "; ".join(parts)


def details(kpi: Differing) -> Sheet:
    """Every closed number of a KPI that differs."""
    return Sheet(("Period", "Change"), tuple((one.place, one.text) for one in kpi.numbers))


def told(diff: Diff, *, everything: bool) -> Iterator[str | Sheet]:
    """The comparison from top to bottom: sentences and tables."""
    yield f"From run {diff.before.run} ({diff.before.at}) to run {diff.after.run} ({diff.after.at}):"
    listed = [kpi for kpi in diff.kpis if everything or not kpi.by_time_alone]
    if listed:
        yield sheet(listed)
    rest = len(diff.kpis) - len(listed)
    if not listed:
        yield "No closed number changed."
    if rest:
        some = f"{plurals.count(rest, 'KPI')} {'has' if rest == 1 else 'have'}"
        yield f"{some} new or running numbers alone; --all lists them."
    if diff.same:
        yield f"{plurals.count(diff.same, 'KPI')} {'is' if diff.same == 1 else 'are'} the same."
    yield from (f"{sentence}." for sentence in diff.definitions)
    yield from diff.restatements
    if everything:
        for kpi in listed:
            if kpi.numbers:
                yield f"{kpi.title} ({kpi.name}):"
                yield details(kpi)


def print_on(console: Console, parts: Iterable[str | Sheet]) -> None:
    """Sentences and tables on a terminal."""
    for part in parts:
        if isinstance(part, Sheet):
            part.print(console)
        else:
            console.print(part, highlight=False, markup=False)


def markdown(parts: Iterable[str | Sheet]) -> str:
    """Sentences and tables as Markdown."""
    return "\n".join(part.markdown() if isinstance(part, Sheet) else f"{_plain(part)}\n" for part in parts)
