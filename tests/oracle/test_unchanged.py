"""Runs that build upon the run before against runs that compute everything: whatever happened, their ledgers are equal.

Two projects of the same catalogue live through the same: rows that are new, late, changed, gone or of the future, files
touched and files replaced, definitions edited, numbers typed, closed numbers decided, sources that break, runs of a
part, and time. One computes what changed, the other everything each time. After every run all tables of their ledgers
are the same but for the clock on the wall.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from headway import catalog as catalogue
from headway import decide
from headway.ledger import Ledger
from headway.run import Outcome, observe

#: How many histories are lived through, and how long each is.
EXAMPLES, STEPS = int(os.environ.get("HEADWAY_HISTORIES", "2")), 7
BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 3, 26, 9, 20, tzinfo=UTC)

HEAD = """
project: all
timezone: Europe/Berlin
min_group_size: 2
restatement: {tolerance: 5 %, after: 6 hours}
"""
SOURCE = """
  NAME:
    read: READ
    columns: {id: integer, at: timestamp, ended: timestamp, who: text, hub: text, usd: number}
    key: id
    time: at
    times_in: Europe/Berlin
"""
#: Kinds by the source that they read, with what this says beside its columns. All rows have the same columns.
PARTS = {
    "people": (
        "    people: who\n    checks: [{fresh: 3 days, name: fresh, then: warn}]\n",
        """
  users: {distinct: people.who, by: [hub], grain: day}
  active: {distinct: people.who, window: 7 days, by: [hub]}
  came_back: {retention: people.who, grain: month}
  cohorts: {retention: people.who, ages: 2 months, grain: month}
  hub_size: {spread: users, across: hub}
""",
    ),
    "sales": (
        """    late_after: 5 hours
    derive: {cheap: usd < 20}
    checks:
      - {between: {usd: [0, 90]}, name: sane}
      - {latency: {from: at, to: ended, at_most: 9 days}, then: warn}
""",
        """
  revenue: {sum: sales.usd, by: [hub], unit: USD, targets: [{grain: month, at_least: 2 * orders}]}
  orders: {count: sales, by: [hub]}
  each: {formula: revenue / orders, unit: USD}
  typical: {median: sales.usd, unit: USD}
  small: {share: sales.cheap}
""",
    ),
    "calls": ("    sparse: true\n", "\n  calls: {count: calls, grain: hour, by: [hub]}\n"),
    "tickets": ("", "\n  wait: {duration: {from: tickets.at, to: tickets.ended}, unit: days, by: [hub]}\n"),
    "outages": (
        "    until: ended\n    sparse: true\n",
        """
  up: {availability: outages, by: [hub], grain: day}
  at_once: {open: outages, take: max}
""",
    ),
    "subscriptions": (
        "    until: ended\n    sparse: true\n",
        "\n  mrr: {recurring: subscriptions.usd, customer: who, by: [hub], unit: USD}\n",
    ),
    "stock": (
        "    checks: [{deadline: {grain: day, within: 30 hours}, name: there, then: warn}]\n",
        """
  stock: {balance: stock.usd, per: who, by: [hub], unit: USD}
  most: {max: stock.usd, by: [hub], unit: USD}
  fees: {tiered: most, across: hub, grain: month, tiers: [{up_to: 10, each: 2}, {each: 1}], unit: USD}
""",
    ),
    "plans": (
        "    until: ended\n    sparse: true\n",
        "\n  planned: {accrue: plans.usd, unit: USD, grain: month}\n",
    ),
    "changes": ("", '\n  evenness: {python: "python.py:evenness", of: [changes], grain: month, unit: percent}\n'),
    "answers": ("", "\n  nps: {nps: answers.usd, grain: month}\n"),
}
#: A source with a file for each time that rows came, whose people are numbers.
VISITS = """
  visits:
    read: {files: visits/*.parquet}
    columns: {id: integer, at: timestamp, ended: timestamp, who: integer, hub: text, usd: number}
    key: id
    time: at
    times_in: Europe/Berlin
    people: who
"""
VISITORS = """
  visitors: {distinct: visits.who, by: [hub], grain: day}
  regulars: {distinct: visits.who, window: 9 days, min_days: 3, by: [hub]}
  newcomers: {formula: visitors.new, by: [hub], grain: day}
  rich: {distinct: visits.who, window: 28 days, where: usd > 30}
  kept: {retention: visits.who, window: calendar month}
  joined: {retention: visits.who, ages: 2 months, grain: month, by: [hub]}
  next_week: {retention: visits.who, after: 7 days, grain: day}
  spent: {sum: visits.usd, by: [hub], unit: USD}
"""
TYPED = """
  cash: {entered: cash.csv, grain: month, unit: USD}
  costs: {entered: costs.csv, grain: month, unit: USD}
  lasts: {lasts: cash, less: costs, unit: months}
"""
FUNCTION = (Path(__file__).parents[1] / "correct" / "kinds" / "python.py").read_text().replace("author", "who")
NAMES = ("id", "at", "ended", "who", "hub", "usd")
Row = tuple[int, datetime, datetime | None, str, str, int]


@dataclass
class World:
    """What both projects see: rows by source, typed numbers, what the catalogue says, and the time."""

    now: datetime = BEGIN
    rows: dict[str, list[Row]] = field(default_factory=dict)
    typed: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    edits: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    number: int = 0
    #: By the number of a row, the file of visits in which it came; and how many there are.
    born: dict[int, int] = field(default_factory=dict)
    files: int = 0

    def local(self, moment: datetime) -> datetime:
        """As clocks in Berlin show it."""
        return moment.astimezone(BERLIN).replace(tzinfo=None, microsecond=0)

    def add(self, source: str, at: datetime, lasts: int, who: int, usd: int) -> None:
        """One more row."""
        self.number += 1
        ended = self.local(at + timedelta(hours=lasts)) if lasts else None
        row = (self.number, self.local(at), ended, f"p{who}", "north" if who % 2 else "south", usd)
        self.rows.setdefault(source, []).append(row)
        self.born[self.number] = self.files

    def text(self) -> str:
        """headway.yml."""
        found = HEAD + "sources:\n"
        for name in self.rows:
            if name == "visits":
                found += VISITS
                continue
            read = {"people": "{files: people.parquet}", "stock": "{table: stock, database: stock.db}"}
            found += SOURCE.replace("NAME", name).replace("READ", read.get(name, f"{{files: {name}.csv}}"))
            found += PARTS[name][0]
        found += "kpis:" + "".join(PARTS[name][1] for name in self.rows if name in PARTS)
        found += (VISITORS if "visits" in self.rows else "") + TYPED
        for old, new in self.edits.items():
            found = found.replace(old, new)
        return found

    def contents(self) -> dict[str, Any]:
        """Every file, by its name: text, or rows of a table."""
        files: dict[str, Any] = {"headway.yml": self.text(), "python.py": FUNCTION}
        for name, rows in self.rows.items():
            if name == "visits":
                for file in dict.fromkeys(self.born[row[0]] for row in rows):
                    mine = [(*row[:3], int(row[3][1:]), *row[4:]) for row in rows if self.born[row[0]] == file]
                    columns = {n: pa.array([row[i] for row in mine]) for i, n in enumerate(NAMES)}
                    table = pa.table(columns | {"ended": columns["ended"].cast(pa.timestamp("us"))})
                    files[f"visits/{file}.parquet"] = table
            elif name == "people":
                columns = {n: pa.array([row[i] for row in rows]) for i, n in enumerate(NAMES)}
                files["people.parquet"] = pa.table(columns | {"ended": columns["ended"].cast(pa.timestamp("us"))})
            elif name == "stock":
                files["stock.db"] = rows
            else:
                lines = [",".join("" if one is None else str(one) for one in row) for row in rows]
                files[f"{name}.csv"] = "\n".join([",".join(NAMES), *lines, ""])
        for name, typed in self.typed.items():
            files[f"{name}.csv"] = "\n".join(["period,value", *(f"{period},{value}" for period, value in typed), ""])
        for name in self.broken:
            files = {file: one for file, one in files.items() if not file.startswith(f"{name}.")}
        return files


class Side:
    """One of the two projects. What is not said anew is not written anew, so that its files stay as they are."""

    def __init__(self, root: Path, *, full: bool) -> None:
        root.mkdir()
        (root / "visits").mkdir()
        self.root, self.full = root, full
        self.ledger = Ledger.open(root / "ledger.db")
        self.there: dict[str, Any] = {}

    def write(self, files: dict[str, Any]) -> None:
        """Make the files those."""
        for name in self.there.keys() - files.keys():
            (self.root / name).unlink()
        for name, one in files.items():
            path = self.root / name
            if name in self.there and (
                one.equals(self.there[name]) if isinstance(one, pa.Table) else one == self.there[name]
            ):
                continue
            if isinstance(one, pa.Table):
                pq.write_table(one, path)
            elif isinstance(one, str):
                path.write_text(one)
            else:
                path.unlink(missing_ok=True)
                with closing(sqlite3.connect(path)) as made, made:
                    made.execute(f"CREATE TABLE stock ({', '.join(NAMES)})")
                    made.executemany(
                        "INSERT INTO stock VALUES (?, ?, ?, ?, ?, ?)", [tuple(map(_plain, row)) for row in one]
                    )
        self.there = dict(files)

    def run(self, now: datetime, names: tuple[str, ...] = ()) -> Outcome:
        """One run."""
        return observe(catalogue.load(self.root), self.ledger, now, names, full=self.full)

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """All tables, without what the clock on the wall has written."""
        found = {}
        with closing(sqlite3.connect(self.root / "ledger.db")) as database:
            tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
                kept = [f'"{name}"' for name in names if name not in ("started", "finished", "uuid")]
                rows = database.execute(f"SELECT {', '.join(kept)} FROM {table}").fetchall()
                if table == "footprint":  # its lines come in any order
                    rows = [
                        (*row[:-1], *sorted(map(str, pa.ipc.open_stream(row[-1]).read_all().to_pylist())))
                        for row in rows
                    ]
                found[table] = sorted(rows, key=repr)
        return found


def _plain(one: Any) -> Any:
    return one.isoformat(" ") if isinstance(one, datetime) else one


ROWS = st.tuples(st.integers(0, 60), st.integers(0, 5), st.integers(0, 60))


class Histories(RuleBasedStateMachine):
    """Everything that can happen between two runs."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.world = World()
        self.lived = Side(Path(self.folder.name) / "lived", full=False)
        self.fresh = Side(Path(self.folder.name) / "fresh", full=True)

    def teardown(self) -> None:
        """Close what is open."""
        for side in (self.lived, self.fresh):
            side.ledger.close()
        self.folder.cleanup()

    def compute(self, names: tuple[str, ...] = ()) -> Outcome:
        """Both run, and hold the same afterwards."""
        files = self.world.contents()
        self.world.files += 1
        for side in (self.lived, self.fresh):
            side.write(files)
        ours, theirs = self.lived.run(self.world.now, names), self.fresh.run(self.world.now, names)
        note(f"{self.world.now} unchanged: {ours.unchanged} of {ours.computed}, failed {theirs.failed_kpis}")
        assert not theirs.unchanged
        assert (ours.computed, ours.failed_kpis, ours.notes) == (theirs.computed, theirs.failed_kpis, theirs.notes)
        mine, expected = self.lived.dump(), self.fresh.dump()
        for table, rows in expected.items():
            assert mine[table] == rows, table
        return ours

    def source(self, which: int) -> str:
        """One of the sources that there are."""
        return list(self.world.rows)[which % len(self.world.rows)]

    @initialize(
        chosen=st.lists(st.sampled_from([*sorted(PARTS), "visits"]), min_size=3, max_size=3, unique=True),
        more=st.lists(ROWS, min_size=4, max_size=8),
    )
    def begin(self, chosen: list[str], more: list[tuple[int, int, int]]) -> None:
        """Some sources with the rows of two months."""
        for source in chosen:
            for n, (days, who, usd) in enumerate([*more, (0, 0, 3), (1, 1, 8), (1, 3, 9)]):
                self.world.add(source, BEGIN - timedelta(days=days, hours=n), 30 * (n % 3), who, usd)
        self.world.typed = {"cash": [("2026-01", 90), ("2026-02", 70)], "costs": [("2026-01", 9), ("2026-02", 8)]}
        self.compute()
        assert self.compute().unchanged, "nothing happened"

    @rule(which=st.integers(0, 2), rows=st.lists(ROWS, min_size=1, max_size=2), late=st.booleans())
    def rows_come(self, which: int, rows: list[tuple[int, int, int]], late: bool) -> None:
        """Of today, or late."""
        for days, who, usd in rows:
            at = self.world.now - timedelta(days=days if late else 0, minutes=usd)
            self.world.add(self.source(which), at, usd % 4 * 9, who, usd)
        self.compute()

    @rule(which=st.integers(0, 2), hours=st.sampled_from([1, 3, 20, 30 * 24]), lasts=st.sampled_from([0, 40 * 24]))
    def a_row_is_of_the_future(self, which: int, hours: int, lasts: int) -> None:
        """It counts once its time has come."""
        self.world.add(self.source(which), self.world.now + timedelta(hours=hours), lasts, hours % 5, 7)
        self.compute()

    @rule(which=st.integers(0, 2), row=st.integers(0, 50), usd=st.integers(0, 120))
    def a_row_is_changed(self, which: int, row: int, usd: int) -> None:
        """Its amount; one above 90 fails a check of sales."""
        rows = self.world.rows[self.source(which)]
        at = row % len(rows)
        rows[at] = (*rows[at][:5], usd)
        self.compute()

    @rule(which=st.integers(0, 2), row=st.integers(0, 50))
    def a_row_ends(self, which: int, row: int) -> None:
        """What was under way is over now."""
        rows = self.world.rows[self.source(which)]
        at = row % len(rows)
        rows[at] = (*rows[at][:2], max(rows[at][1], self.world.local(self.world.now)), *rows[at][3:])
        self.compute()

    @rule(which=st.integers(0, 2), row=st.integers(0, 50))
    def a_row_goes(self, which: int, row: int) -> None:
        """Unless it is the last one."""
        rows = self.world.rows[self.source(which)]
        if len(rows) > 1:
            del rows[row % len(rows)]
        self.compute()

    @rule(touch=st.booleans())
    def files_are_touched(self, touch: bool) -> None:
        """They are written once more as they are, or their times alone are changed: no number changes."""
        for path in [path for path in self.lived.root.rglob("*") if path.suffix in (".csv", ".parquet", ".db")]:
            if path.name == "ledger.db" or ".headway" in path.parts:
                continue
            if touch:
                os.utime(path)
            else:
                path.write_bytes(path.read_bytes())
        before = set(self.compute().unchanged)
        assert set(self.compute().unchanged) >= before

    @rule(which=st.integers(0, 2))
    def a_file_is_replaced_by_one_of_its_size_and_time(self, which: int) -> None:
        """As a copy that keeps times does."""
        source = self.source(which)
        file = self.lived.root / f"{source}.csv"
        stat = file.stat() if file.exists() else None
        rows = self.world.rows[source]
        rows[0] = (*rows[0][:5], {True: 11, False: 12}[rows[0][5] == 12]) if rows[0][5] > 9 else rows[0]
        for side in (self.lived, self.fresh):
            side.write(self.world.contents())
        if stat is not None and file.exists():
            os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        self.compute()

    @rule(minutes=st.sampled_from([0, 1, 50, 5 * 60, 14 * 60, 26 * 60, 75 * 60, 8 * 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        """Over the end of an hour, a day, a change of clocks, a month."""
        self.world.now += timedelta(minutes=minutes)
        self.compute()

    @rule(
        edit=st.sampled_from(
            [
                ("{sum: sales.usd, by", "{sum: sales.usd, where: usd < 50, by"),
                ("grain: month, at_least: 2 * orders", "grain: month, at_least: 3 * orders"),
                ("window: 7 days", "window: 9 days"),
                ("min_group_size: 2", "min_group_size: 3"),
                ("at_most: 9 days", "at_most: 1 day"),
                ("project: all", "project: all\ntitle: All of it"),
                ("    times_in: Europe/Berlin\n", "    times_in: UTC\n"),
                ("timezone: Europe/Berlin", "timezone: Asia/Tokyo"),
                ("    time: at\n", "    time: at\n    exclude: [{where: usd = 7, why: a test}]\n"),
            ]
        )
    )
    def the_catalogue_is_edited(self, edit: tuple[str, str]) -> None:
        """Or back to what it was."""
        if self.world.edits.pop(edit[0], None) is None:
            self.world.edits[edit[0]] = edit[1]
        self.compute()

    @rule(value=st.integers(1, 99), month=st.sampled_from(["2026-02", "2026-03"]))
    def a_number_is_typed(self, value: int, month: str) -> None:
        """In place of what was there."""
        kept = [one for one in self.world.typed["cash"] if one[0] != month]
        self.world.typed["cash"] = sorted([*kept, (month, value)])
        self.compute()

    @rule(accept=st.booleans())
    def somebody_decides(self, accept: bool) -> None:
        """About everything that waits."""
        for side in (self.lived, self.fresh):
            if ids := tuple(one.id for one in side.ledger.restatements("waiting")):
                decision = decide.Decision(ids, accept=accept, who="somebody", why="counted")
                decide.settle(catalogue.load(side.root), side.ledger, decision, self.world.now)
        self.compute()

    @rule(which=st.integers(0, 2))
    def a_source_breaks(self, which: int) -> None:
        """Or is there again."""
        self.world.broken ^= {self.source(which)}
        self.compute()

    @rule(which=st.integers(0, 40))
    def a_part_is_run(self, which: int) -> None:
        """One KPI, and what it reads; then all of them."""
        names = list(catalogue.load(self.lived.root).kpis)
        self.compute((names[which % len(names)],))
        self.compute()

    @rule(torn=st.booleans())
    def what_was_remembered_is_lost(self, torn: bool) -> None:
        """The file is gone, or torn."""
        file = self.lived.root / ".headway" / "unchanged.json"
        if torn:
            file.write_text(file.read_text()[:-20])
        else:
            file.unlink()
        assert not self.compute().unchanged


class Files(RuleBasedStateMachine):
    """What can happen to a source of many files, most often that there is one more."""

    def __init__(self) -> None:
        super().__init__()
        self.both = Histories()
        self.world = self.both.world

    def teardown(self) -> None:
        """Close what is open."""
        self.both.teardown()

    def come(self, rows: list[tuple[int, int, int]]) -> None:
        """Rows of the last hours."""
        for hours, who, usd in rows:
            self.world.add("visits", self.world.now - timedelta(hours=hours % 20, minutes=usd), 0, who, usd)

    @initialize(rows=st.lists(ROWS, min_size=4, max_size=8))
    def begin(self, rows: list[tuple[int, int, int]]) -> None:
        """A file for each of some days."""
        self.world.now = BEGIN - timedelta(days=9)
        for row in rows:
            self.come([row, row])
            self.world.now += timedelta(days=2)
            self.world.files += 1
        self.world.typed = {"cash": [("2026-01", 90)], "costs": [("2026-01", 9)]}
        self.both.compute()

    @rule(rows=st.lists(ROWS, min_size=1, max_size=3), days=st.integers(1, 3))
    def a_day_comes(self, rows: list[tuple[int, int, int]], days: int) -> None:
        """Rows of days after all that there were, and of the last one."""
        self.world.now += timedelta(days=days)
        self.come(rows)
        self.both.compute()

    @rule(rows=st.lists(ROWS, min_size=1, max_size=3))
    def hours_pass(self, rows: list[tuple[int, int, int]]) -> None:
        """Rows of the same day in one more file."""
        self.world.now += timedelta(hours=2)
        self.come(rows)
        self.both.compute()

    @rule(days=st.integers(1, 40), who=st.integers(0, 9))
    def a_row_is_late(self, days: int, who: int) -> None:
        """In a file of its own; if nobody was seen later, it can be added all the same."""
        self.world.add("visits", self.world.now - timedelta(days=days), 0, who, 5)
        self.both.compute()

    @rule(hours=st.sampled_from([1, 30]))
    def a_row_is_of_the_future(self, hours: int) -> None:
        """It counts once its time has come."""
        self.world.add("visits", self.world.now + timedelta(hours=hours), 0, 3, 7)
        self.both.compute()

    @rule(row=st.integers(0, 50), usd=st.sampled_from([3, 77]))
    def a_row_is_changed(self, row: int, usd: int) -> None:
        """In its file."""
        rows = self.world.rows["visits"]
        rows[row % len(rows)] = (*rows[row % len(rows)][:5], usd)
        self.both.compute()

    @rule(which=st.integers(0, 20), keep=st.booleans())
    def a_file_goes(self, which: int, keep: bool) -> None:
        """Or all its rows come in another one."""
        rows = self.world.rows["visits"]
        files = sorted({self.world.born[row[0]] for row in rows})
        gone = {row[0] for row in rows if self.world.born[row[0]] == files[which % len(files)]}
        if keep:
            self.world.born |= dict.fromkeys(gone, self.world.files)
        elif len(gone) < len(rows):
            self.world.rows["visits"] = [row for row in rows if row[0] not in gone]
        self.both.compute()

    @rule(torn=st.booleans(), which=st.integers(0, 9))
    def what_was_kept_is_lost(self, torn: bool, which: int) -> None:
        """One of the files."""
        folder = self.both.lived.root / ".headway" / "grown"
        if files := sorted(folder.iterdir()) if folder.is_dir() else []:
            file = files[which % len(files)]
            if torn:
                file.write_bytes(file.read_bytes()[:-50])
            else:
                file.unlink()
        self.a_day_comes([(1, 1, 1)], 1)

    @rule()
    def a_condition_is_edited(self) -> None:
        """Or back to what it was."""
        if self.world.edits.pop("usd > 30", None) is None:
            self.world.edits["usd > 30"] = "usd > 50"
        self.both.compute()


SETTINGS = settings(
    deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck), print_blob=True
)


@pytest.mark.slow
def test_whatever_happens_ledgers_are_equal() -> None:
    """However little of it was computed again."""
    run_state_machine_as_test(Histories, settings=settings(SETTINGS, max_examples=EXAMPLES, stateful_step_count=STEPS))


@pytest.mark.slow
def test_whatever_files_come_ledgers_are_equal() -> None:
    """However few of them were read."""
    run_state_machine_as_test(Files, settings=settings(SETTINGS, max_examples=EXAMPLES // 2, stateful_step_count=4))
