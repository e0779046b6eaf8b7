"""What the queries of a run answered, kept, so that the next run computes those periods alone whose rows changed.

Of each source a run of everything keeps how many rows each local day has, with a hash of what was needed of them in
any order, and the answers of those KPIs of which it is known whose numbers a day can reach (`standing.reach_of`).
The next run asks for the days again, which reads all rows but counts none. Rows are compared as they are prepared:
late, changed and deleted ones are seen like new ones, wherever they are stored, also those of sources that are referred
to, and rows whose time has come. So what is kept is right whichever run it is of; it only has to be made by the same
definitions and software, and read from columns of the same types.

The ledger has no part in this: whoever loses what is kept loses time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headway import plan
from headway.engines import kept
from headway.model import Catalog
from headway.periods import epoch_day
from headway.plan import Request, Timeline
from headway.plan.standing import Answer, Reach, Touched, changed, reach_of, spans_of, standing

#: Where it is kept, in the folder of the project: a file for each source.
FOLDER = Path(".headway") / "answers"
#: More bytes than this are not kept of a source.
_MOST = 1 << 28


@dataclass
class Part:
    """Requests of one source and one reach, of which answers are kept: what stands, and what is left to be computed."""

    whole: plan.Plan
    #: The answer of `Plan.days`.
    days: pa.Table
    known: Mapping[Request, Answer]
    #: Of requests of which anything stands: the spans that do.
    stands: Mapping[Request, frozenset[tuple[str, int]]]
    #: Of those of which anything is left: its spans.
    left: Mapping[Request, Timeline]
    _own: dict[Request, pa.Table] = field(default_factory=dict)

    def put(self, computed: Mapping[Request, pa.Table]) -> None:
        """Take the rows of answers that were computed, and put what stands beside them."""
        for request in self.whole.requests:
            some = [computed[request]] if request in computed else []
            if request in self.stands:
                some.append(standing(self.known[request], self.stands[request]))
            if some:
                self._own[request] = pa.concat_tables(some)

    def made(self) -> dict[Request, pa.Table]:
        """The numbers of its requests."""
        return self.whole.made(self._own)

    def tables(self) -> tuple[dict[str, pa.Table], dict[str, tuple[str, str]]]:
        """Days, spans and rows by name; and for each request the names of its spans and rows."""
        found, asked, names = {"days": self.days}, dict[str, tuple[str, str]](), dict[Timeline, str]()
        for number, (request, rows) in enumerate(self._own.items()):
            timeline = self.whole.timeline(request)
            if timeline not in names:
                names[timeline] = f"spans {len(names)}"
                found[names[timeline]] = spans_of(timeline)
            found[f"rows {number}"] = rows
            asked[str(request)] = names[timeline], f"rows {number}"
        return found, asked


@dataclass
class Answers:
    """What is kept of a project's answers, for a run at the moment `now`.

    `basis` gives the hash of all that the numbers of a source's KPIs come from beside rows, None if nobody can tell.
    """

    catalog: Catalog
    now: datetime
    basis: Callable[[str], str | None]
    #: False if nothing that was kept is to be used.
    use: bool
    #: By source and reach.
    _parts: dict[tuple[str, Reach], tuple[str, Part]] = field(default_factory=dict)

    def reached(self, requests: Sequence[Request]) -> dict[Reach, list[Request]]:
        """The requests that answers are kept of, by the reach of a day."""
        found: dict[Reach, list[Request]] = {}
        for request in requests:
            if reach := reach_of(request.resolve(self.catalog)):
                found.setdefault(reach, []).append(request)
        return found

    def look(self, whole: plan.Plan, reach: Reach, reads: str, ask: Callable[[], pa.Table]) -> Part | None:
        """What stands of the requests of a plan, all of one reach, and what is left; None if nobody can tell.

        `reads` says how the columns are read that the plan asks for, and `ask` answers `whole.days`.
        """
        if (basis := self.basis(whole.source)) is None:
            return None
        key = kept.named(json.dumps([basis, reads]))
        known = self._known(whole, reach, key) if self.use else None
        days = ask()
        part = Part(whole, days, {}, {}, {}) if known is None else self._part(whole, reach, days, *known)
        self._parts[whole.source, reach] = key, part
        return part

    def _part(
        self,
        whole: plan.Plan,
        reach: Reach,
        days: pa.Table,
        before: pa.Table,
        known: Mapping[Request, Answer],
        then: int,
    ) -> Part:
        """What of a plan stands, and what is left, where days were others `before`, on the day `then`."""
        touched: dict[str, Touched] = {}
        stands: dict[Request, frozenset[tuple[str, int]]] = {}
        left: dict[Request, Timeline] = {}
        # What was under way then, or is now, goes on with the clock.
        clock = [then, self._today] if reach is Reach.ONWARDS else []
        for request in whole.requests:
            timeline, dated = whole.timeline(request), self.catalog.kpis[request.kpi].time or ""
            if dated not in touched:
                others = changed(*(table.filter(pc.equal(table["dated"], dated)) for table in (before, days)))
                touched[dated] = Touched(np.append(others, np.array(clock, np.int64)), reach)
            some = touched[dated].stands(timeline, known[request]) if request in known else frozenset()
            if some:
                stands[request] = some
            if (rest := touched[dated].left(timeline, some)) is not None:
                left[request] = rest
        return Part(whole, days, known, stands, left)

    @property
    def _today(self) -> int:
        return epoch_day(self.catalog.calendar.day(self.now))

    def _file(self, source: str, reach: Reach) -> Path:
        return self.catalog.root / FOLDER / f"{kept.named(f'{source} {reach}')}.arrow"

    def _known(self, whole: plan.Plan, reach: Reach, key: str) -> tuple[pa.Table, dict[Request, Answer], int] | None:
        """The days and answers that were kept, and on which day; if the key is the same, and nothing is missing."""
        with suppress(OSError, pa.ArrowException, KeyError, ValueError, TypeError):
            tables = kept.read(self._file(whole.source, reach))
            said = json.loads(tables["said"]["text"][0].as_py())
            if said["key"] != key or any(tables[name].num_rows != rows for name, rows in said["rows"].items()):
                return None
            asked = {request: said["asked"].get(str(request)) for request in whole.requests}
            answers = {request: Answer(tables[names[0]], tables[names[1]]) for request, names in asked.items() if names}
            return tables["days"], answers, int(said["today"])
        return None

    def keep(self, settled: Callable[[str], bool]) -> None:
        """Keep the answers of sources that are `settled`: nothing failed. It is no trouble if that cannot be done."""
        folder = self.catalog.root / FOLDER
        with suppress(OSError):
            for (source, reach), (key, part) in self._parts.items():
                tables, asked = part.tables()
                if settled(source) and asked and sum(table.nbytes for table in tables.values()) <= _MOST:
                    rows = {name: table.num_rows for name, table in tables.items()}
                    said = json.dumps({"key": key, "today": self._today, "rows": rows, "asked": asked})
                    folder.mkdir(parents=True, exist_ok=True)
                    beside = self._file(source, reach).with_suffix(f".{os.getpid()}")
                    kept.write(beside, {"said": pa.table({"text": [said]}), **tables})
                    beside.replace(self._file(source, reach))
            used = {self._file(source, reach).name for source in self.catalog.sources for reach in Reach}
            for path in folder.iterdir() if folder.is_dir() else ():
                if path.name not in used:
                    path.unlink(missing_ok=True)


__all__ = ["FOLDER", "Answers", "Part"]
