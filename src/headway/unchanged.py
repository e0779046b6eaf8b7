"""What of a catalogue need not be computed again, because nothing changed that its numbers rest on.

KPIs that read a common source, directly or far away, and KPIs that read each other are one *group*: what comes of
checks, what is hidden for small groups and what a source gave are told of them together. A group stands if its
definitions, the bytes of its files and the software are what they were in the last run of everything, and if the time
that has passed since tells no other story: the same local day (or hour, where one is kept by the hour), also by every
length by which rows may come late. Where a number follows the clock itself (something is under way, rows are still to
come) or a function of the project, the group stands for the same moment alone.

All this is remembered in a file of the project's working folder, by the name of the run that computed it. The ledger
does not know of it: what it says of this machine's files helps nobody elsewhere, and who loses it loses time only.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import headway
from headway import sources
from headway.catalog import closure, identity
from headway.ledger import Ledger, Run
from headway.model import (
    Availability,
    Catalog,
    Computed,
    Concurrency,
    Deadline,
    Duration,
    Entered,
    Fresh,
    Kpi,
    Load,
    Narrative,
    Python,
    Source,
    Unchanged,
)
from headway.periods import Grain
from headway.sources import Digest, Digests

if TYPE_CHECKING:  # what nothing changed for needs neither
    from headway.answers import Answers
    from headway.attempt import Attempt
    from headway.grown import Grown

#: Where it is remembered, in the folder of the project.
FILE = Path(".headway") / "unchanged.json"

#: Kinds whose numbers go on with the clock, and functions, of which nobody knows what they read.
_BY_THE_MOMENT = (Availability, Concurrency, Duration, Python)
#: Whose versions numbers may depend on, beside our own code.
_LIBRARIES = ("duckdb", "numpy", "pyarrow", "sqlglot")


@dataclass(frozen=True)
class Group:
    """KPIs, in the order in which they are computed, and all sources that they read."""

    kpis: tuple[str, ...]
    sources: tuple[str, ...]


def groups(catalog: Catalog) -> list[Group]:
    """All measured KPIs, as those that are computed together."""
    root: dict[str, str] = {}

    def find(one: str) -> str:
        while root.setdefault(one, one) != one:
            one = root[one]
        return one

    names = closure(catalog, ())
    for name in names:
        for other in (*catalog.together([name]), *(f"source {source}" for source in catalog.upstream(name))):
            root[find(other)] = find(name)
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(find(name), []).append(name)
    return [
        Group(tuple(kpis), tuple(dict.fromkeys(source for name in kpis for source in catalog.upstream(name))))
        for kpis in found.values()
    ]


@dataclass(frozen=True, slots=True)
class Remembered:
    """How a group was computed: at which moment, how that stood to its periods, and what came of it.

    It stands `until` a moment, if a check looks at the clock; by `exact` for no other moment than its own. `kpis` says
    how many numbers each has, `notes` are sentences about them.
    """

    now: datetime
    clock: tuple[str, ...]
    exact: bool
    until: datetime | None
    kpis: Mapping[str, int]
    notes: Mapping[str, str]

    def holds(self, now: datetime, clock: tuple[str, ...]) -> bool:
        """True if the same would come of it at this moment."""
        if now == self.now:
            return True
        return not self.exact and self.now < now and (self.until is None or now <= self.until) and clock == self.clock


@dataclass
class Memory:
    """What is remembered of a project, and what of it stands in a run `started` for the moment `now`."""

    catalog: Catalog
    now: datetime
    started: datetime
    known: Mapping[str, Remembered] = field(default_factory=dict)
    #: The run that computed what is known, by the name that it has in every copy of the ledger.
    run: str = ""
    digests: Digests = field(default_factory=lambda: Digests({}, 0))
    _unchanged: dict[Group, Remembered] = field(default_factory=dict)
    _before: Run | None = None
    _keys: dict[Group, str | None] = field(default_factory=dict)
    _files: dict[Group, list[tuple[str, Path]]] = field(default_factory=dict)
    _looked: bool = False

    @classmethod
    def of(cls, catalog: Catalog, now: datetime, started: datetime) -> Memory:
        """What is remembered of a project; nothing if that cannot be read."""
        taken = int(started.timestamp() * 1e9)
        try:
            said = json.loads((catalog.root / FILE).read_text(encoding="utf-8"))
            files = {path: Digest(tuple(stamp), at, text) for path, (stamp, at, text) in said["files"].items()}
            known = {key: _remembered(one) for key, one in said["groups"].items()}
            return cls(catalog, now, started, known, said["run"], Digests(files, taken))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls(catalog, now, started, digests=Digests({}, taken))

    @cached_property
    def groups(self) -> list[Group]:
        """All groups of the catalogue."""
        return groups(self.catalog)

    @cached_property
    def grown(self) -> Grown:
        """What is kept of sources that may only have got more files."""
        from headway.grown import Grown  # brings the engine

        return Grown.of(self.catalog, self.now, self.digests, self._basis, use=self._looked)

    @cached_property
    def answers(self) -> Answers:
        """What is kept of what queries answered."""
        from headway.answers import Answers  # brings the engine

        return Answers(self.catalog, self.now, self._definitions, use=self._looked)

    # -- what stands -----------------------------------------------------------------------------------------------

    def look(self, ledger: Ledger, *, full: bool = False) -> None:
        """Find what need not be computed again, nothing if the run is `full`. Without a look, nothing stands.

        Files are looked at now, before they are read: whoever writes to one meanwhile is noticed.
        """
        keys = {group: self._key(group) for group in self.groups}
        self._looked = not full
        if full or not self.known:
            return
        last, proposed = ledger.last_computed(), ledger.proposed()
        for group, key in keys.items():
            runs = [last.get(name) for name in group.kpis]
            if any(run is None or run.uuid != self.run for run in runs) or proposed & set(group.kpis):
                continue
            one = self.known.get(key or "")
            if one is not None and one.kpis.keys() == set(group.kpis) and one.holds(self.now, self._clock(group)):
                self._unchanged[group], self._before = one, runs[0]

    @property
    def stands(self) -> dict[str, int]:
        """The KPIs that stand, and how many numbers each has."""
        return {name: count for one in self._unchanged.values() for name, count in one.kpis.items()}

    @property
    def unchanged(self) -> Unchanged | None:
        """What the ledger has to know of them; None if there are none."""
        if self._before is None:
            return None
        found = tuple(source for group in self._unchanged for source in group.sources)
        # Whatever is computed, the files that people keep are all read with it.
        typed = {path for kpi in self.catalog.kpis.values() for path in _kept(kpi)}
        return Unchanged(
            self._before.id, self.stands, found, (*found, *(typed if len(self._unchanged) == len(self.groups) else ()))
        )

    @property
    def engine(self) -> str:
        """The engine that computed them."""
        return self._before.engine if self._before else ""

    @property
    def notes(self) -> dict[str, str]:
        """The sentences about them."""
        return {name: note for one in self._unchanged.values() for name, note in one.notes.items()}

    def loads(self, ledger: Ledger) -> tuple[Load, ...]:
        """What their sources gave."""
        read = {source for group in self._unchanged for source in group.sources}
        return tuple(one for one in ledger.loads(self._before.id) if one.source in read) if self._before else ()

    # -- what a group rests on -------------------------------------------------------------------------------------

    def _key(self, group: Group) -> str | None:
        """The hash of all that a group rests on beside time; None if that cannot be told."""
        if group not in self._keys:
            try:
                self._keys[group] = self._made_key(group)
            except OSError:
                self._keys[group] = None
        return self._keys[group]

    def _made_key(self, group: Group) -> str | None:
        basis, files = identity.basis(self.catalog, group.kpis, group.sources), self._read(group)
        if basis is None or files is None:
            return None
        self._files[group] = files
        said = [self._software, basis, [[name, self.digests.of(path)] for name, path in files]]
        return sha256(json.dumps(said).encode()).hexdigest()

    def _basis(self, source: str) -> str | None:
        """The hash of all that the rows of a source come from beside its own files; None if that cannot be told."""
        behind = referred(self.catalog, source)
        group = next((group for group in self.groups if source in group.sources), None)
        if group is None or source in behind:
            return None
        basis = identity.basis(self.catalog, group.kpis, group.sources)
        files = [sources.files_of(self.catalog.sources[name], self.catalog.root) for name in behind]
        if basis is None or None in files:
            return None
        digests = [[name, self.digests.of(path)] for some in files for name, path in some or ()]
        return sha256(json.dumps([self._software, basis, digests]).encode()).hexdigest()

    def _definitions(self, source: str) -> str | None:
        """The hash of all that the numbers of a source's KPIs come from beside rows; None if that cannot be told."""
        group = next((group for group in self.groups if source in group.sources), None)
        basis = identity.basis(self.catalog, group.kpis, group.sources) if group else None
        return None if basis is None else json.dumps([self._software, basis])

    def _read(self, group: Group) -> list[tuple[str, Path]] | None:
        """The files that a group is made of, of its sources and those that people keep; None if there is more."""
        found: list[tuple[str, Path]] = []
        for source in group.sources:
            files = sources.files_of(self.catalog.sources[source], self.catalog.root)
            if files is None:
                return None
            found += [(f"{source}: {name}", path) for name, path in files]
        kept = (path for name in group.kpis for path in _kept(self.catalog.kpis[name]))
        return [*found, *((path, self.catalog.root / path) for path in dict.fromkeys(kept))]

    @cached_property
    def _software(self) -> list[Any]:
        """The software that computes: our own code as it lies there, too, for it is not released at every change."""
        code = Path(headway.__file__).parent
        looks = ((path, path.stat()) for path in sorted(code.rglob("*.py")))
        made = [(str(path.relative_to(code)), stat.st_size, stat.st_mtime_ns) for path, stat in looks]
        ours = sha256(json.dumps(made).encode()).hexdigest()
        return [headway.__version__, ours, list(sys.version_info[:3]), *map(version, _LIBRARIES)]

    # -- time ------------------------------------------------------------------------------------------------------

    def _clock(self, group: Group) -> tuple[str, ...]:
        """Where the moment stands: all that numbers, checks and the closing of periods can know of it.

        Whatever is asked of the moment is whether a period had begun or was over, by then or a certain time before.
        """
        catalog, calendar = self.catalog, self.catalog.calendar
        rules = [check.rule for source in _declared(catalog, group) for check in source.checks]
        by_hour = any(catalog.kpis[name].grain is Grain.HOUR for name in group.kpis)
        restatement = catalog.restatement
        after = restatement.after.elapsed if restatement and restatement.after else timedelta()
        late = {timedelta(), *(catalog.settles_after(name) for name in group.kpis)}
        late |= {source.late_after.elapsed for source in _declared(catalog, group) if source.late_after}
        late |= {rule.within.elapsed for rule in rules if isinstance(rule, Deadline)}
        moments = [self.now - one for one in sorted({*late, *(one + after for one in late)})]
        days = (calendar.day(moment).isoformat() for moment in moments)
        return (*days, *(str(calendar.hour(moment).key) for moment in moments if by_hour))

    def _exact(self, group: Group, attempt: Attempt) -> bool:
        """True if a group's numbers, or what its checks say, may be others at any other moment."""
        kpis = (self.catalog.kpis[name] for name in group.kpis)
        return any(isinstance(kpi.measure, _BY_THE_MOMENT) for kpi in kpis) or any(
            attempt.coverage[source.name].to_come
            or any(
                isinstance(check.rule, Fresh) and (check.by or check.where or not attempt.loads[source.name].newest)
                for check in source.checks
            )
            for source in _declared(self.catalog, group)
        )

    def _until(self, group: Group, attempt: Attempt) -> datetime | None:
        """The moment from which a source's newest row is too old for a check of it."""
        found: list[datetime] = []
        for source in _declared(self.catalog, group):
            load = attempt.loads[source.name]
            passed = {one.check for one in load.checks if one.passed}
            lengths = [one.rule.length for one in source.checks if isinstance(one.rule, Fresh) and one.name in passed]
            if load.newest:
                found += [datetime.fromisoformat(load.newest) + length.elapsed for length in lengths]
        return min(found, default=None)

    # -- what is remembered ----------------------------------------------------------------------------------------

    def keep(self, run: Run, attempt: Attempt | None = None, computed: Iterable[Computed] = ()) -> None:
        """Remember what a run of everything computed, and what stood. A folder that takes no file is no trouble."""
        kept = {self._key(group): one for group, one in self._unchanged.items()}
        if attempt is not None:
            tables = {one.kpi: one.observed for one in computed if one.failed is None}
            counts = {name: table.num_rows for name, table in tables.items() if table is not None}
            kept |= {self._key(group): one for group, one in self._new(attempt, counts)}
        said = {
            "run": run.uuid,
            "files": {path: [one.stamp, one.taken, one.text] for path, one in self.digests.taken.items()},
            "groups": {key: _plain(one) for key, one in kept.items()},
        }
        file = self.catalog.root / FILE
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            beside = file.with_name(f"{file.name}.{os.getpid()}")
            beside.write_text(json.dumps(said), encoding="utf-8")
            beside.replace(file)

    def _new(self, attempt: Attempt, counts: Mapping[str, int]) -> Iterator[tuple[Group, Remembered]]:
        for group in self.groups:
            whole = counts.keys() >= set(group.kpis) and not attempt.failed_sources.keys() & set(group.sources)
            if whole and group not in self._unchanged and self._key(group) is not None and self._is_still(group):
                numbers = {name: counts[name] for name in group.kpis}
                notes = {name: attempt.notes[name] for name in group.kpis if name in attempt.notes}
                exact, until = self._exact(group, attempt), self._until(group, attempt)
                yield group, Remembered(self.now, self._clock(group), exact, until, numbers, notes)

    def _is_still(self, group: Group) -> bool:
        """True if a group's files are those of which the digests were taken before they were read."""
        files = self._files[group]
        return self._read(group) == files and self.digests.are_still([path for _, path in files])


def referred(catalog: Catalog, source: str) -> list[str]:
    """All sources that one refers to, in any number of steps; itself, if that leads back to it."""
    found = [one.source for one in catalog.sources[source].refers.values()]
    for name in found:
        found += [one.source for one in catalog.sources[name].refers.values() if one.source not in found]
    return list(dict.fromkeys(found))


def _declared(catalog: Catalog, group: Group) -> list[Source]:
    return [catalog.sources[name] for name in group.sources]


def _kept(kpi: Kpi) -> tuple[str, ...]:
    """The files of numbers and words that people keep for a KPI."""
    entered = (kpi.measure.path,) if isinstance(kpi.measure, Entered | Narrative) else ()
    return (*entered, *((kpi.history,) if kpi.history else ()))


def _plain(one: Remembered) -> dict[str, Any]:
    moments = {"now": one.now.isoformat(), "until": one.until and one.until.isoformat()}
    return {**moments, "clock": one.clock, "exact": one.exact, "kpis": one.kpis, "notes": one.notes}


def _remembered(said: Mapping[str, Any]) -> Remembered:
    moment: Callable[[str], datetime] = datetime.fromisoformat
    until = moment(said["until"]) if said["until"] else None
    return Remembered(
        moment(said["now"]), tuple(said["clock"]), said["exact"], until, dict(said["kpis"]), dict(said["notes"])
    )


__all__ = ["FILE", "Group", "Memory", "groups", "referred"]
