"""The ledger against a plain model of it: what is published, proposed and restated after any runs and decisions.

The model keeps dictionaries and goes through the rules number by number. What the ledger says is compared after each
step, and at the end once more as of each step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headway.errors import UsageError
from headway.ledger import Ledger, Run
from headway.model import JUDGED, OBSERVED, Because, Cause, Closing, Computed, Flag, Reason
from headway.periods import Calendar

CALENDAR = Calendar("UTC")
FIRST = CALENDAR.parse("2026-01-01").key
TOLERANCE = 0.1
SETTLES = timedelta(days=1)
CAUSES = [Cause(Because.LATE, "s", late=1), Cause(Because.LATE, "s", late=2), Cause(Because.DEFINITION)]
#: A number: its value, or the reason why there is none.
Said = float | Reason | None
GONE = None
Key = tuple[str, int]


def moment(step: int) -> datetime:
    """When a step happens: a day passes every second step."""
    return datetime(2026, 1, 3, 6, tzinfo=UTC) + timedelta(hours=12 * step)


def hides(said: Said) -> bool:
    """There is a number, and it is held back."""
    return isinstance(said, Reason) and said.withheld


def verdict(said: Said) -> str | None:
    """The status that a run gives."""
    if isinstance(said, float):
        return "on" if said >= 100 else "off"
    return "withheld" if hides(said) else None if said is GONE else "no data"


@dataclass
class Model:
    """What the ledger should hold."""

    published: dict[Key, Said] = field(default_factory=dict)
    status: dict[Key, str | None] = field(default_factory=dict)
    running: set[Key] = field(default_factory=set)
    #: The last value, what small changes are measured by, and what was shown since, with the verdict on the value.
    last: dict[Key, float] = field(default_factory=dict)
    base: dict[Key, float] = field(default_factory=dict)
    since: dict[Key, list[Said]] = field(default_factory=dict)
    judged: dict[Key, str | None] = field(default_factory=dict)
    #: Number of the restatement and what is proposed.
    proposed: dict[Key, tuple[int, Said]] = field(default_factory=dict)
    #: The restatements that proposed something for it since nothing was proposed.
    held: dict[Key, list[int]] = field(default_factory=dict)
    state: dict[int, str] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    cause: dict[int, Cause] = field(default_factory=dict)
    #: When each KPI was last computed.
    computed: dict[str, datetime] = field(default_factory=dict)

    def show(self, key: Key, said: Said, *, asked: bool = True) -> None:
        """Publish a number; `asked` if small changes are measured by it from now on."""
        before = self.published.get(key, GONE)
        self.published[key] = said
        if isinstance(said, float):
            self.last[key] = said
            if asked and before != said:
                self.base[key] = said
            self.since[key] = []
            self.judged[key] = verdict(said)
        elif before != said or key not in self.since:
            self.since.setdefault(key, []).append(said)
        self.status[key] = verdict(said)

    def run(self, step: int, made: Mapping[str, Mapping[int, Said]], causes: Mapping[Key, Cause]) -> None:
        """A run that computed these KPIs: what of each day."""
        now = moment(step)
        fresh: list[Key] = []
        said: dict[Key, Said] = {}
        for kpi, days in made.items():
            closed_at = self.computed.get(kpi)
            for day in sorted({*days, *(day for one, day in self.published if one == kpi)}):
                key, new = (kpi, day), days.get(day, GONE)
                ends = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day + 1)
                closed = closed_at is not None and ends + SETTLES <= closed_at and key not in self.running
                if closed and key in self.last and self.differs(key, new):
                    said[key] = new
                    if not self.keeps(key, new):
                        fresh.append(key)
                else:
                    self.proposed.pop(key, None)
                    if key in self.running:  # what a running period had reached binds nobody
                        for known in (self.last, self.base, self.since, self.published):
                            known.pop(key, None)
                    self.show(key, new)
                    if ends > now and new is not GONE:
                        self.running.add(key)
                    else:
                        self.running.discard(key)
            for key in [key for key in self.proposed if key[0] == kpi and key not in said]:
                del self.proposed[key]
            self.computed[kpi] = max(now, closed_at or now)
        self.settle(set(made), fresh, said, causes)

    def keeps(self, key: Key, new: Said) -> bool:
        """Whether that is proposed already. What has no data, and what is no longer there, come to the same."""
        number, before = self.proposed.get(key, (0, 0.0))
        alike = before == new or {before, new} == {GONE, Reason.NO_ROWS}
        if number and alike and self.state[number] == "waiting":
            self.proposed[key] = number, new
        return bool(number) and alike

    def differs(self, key: Key, new: Said) -> bool:
        """Whether a closed number came out different from what is published, or was."""
        now = self.published[key]
        if isinstance(now, float):
            return new != now
        if hides(now):
            return not hides(new)
        return isinstance(new, float)

    def near(self, key: Key, new: Said) -> bool:
        """Within the tolerance."""
        return isinstance(new, float) and abs(new - self.base[key]) <= TOLERANCE * abs(self.base[key])

    def settle(
        self, visited: set[str], fresh: Sequence[Key], said: Mapping[Key, Said], causes: Mapping[Key, Cause]
    ) -> None:
        """Publish what passes, and propose the rest."""
        before = {key: number for key, (number, _) in self.proposed.items() if self.state[number] == "waiting"}
        new_ids: dict[Cause, int] = {}
        shown = [key for key in fresh if not hides(said[key])]
        for cause in dict.fromkeys(causes[key] for key in shown):
            group = [key for key in shown if causes[key] == cause]
            earlier = sorted({before[key] for key in group if key in before})
            alike = [n for n in earlier if (self.cause[n].reason, self.cause[n].source) == (cause.reason, cause.source)]
            new_ids[cause] = alike[0] if alike else self.begin(cause)
            self.proposed |= {key: (new_ids[cause], said[key]) for key in group}
        joined: dict[int, list[Key]] = {}
        hidden = [key for key in fresh if hides(said[key])]
        for cause in dict.fromkeys(causes[key] for key in hidden):
            at = new_ids.get(cause)
            if at is None or not self.passes(at, visited):
                at = self.begin(cause)
            joined[at] = [key for key in hidden if causes[key] == cause]
            for key in joined[at]:
                self.proposed.pop(key, None)
        for number in [n for n, state in sorted(self.state.items()) if state == "waiting"]:
            self.conclude(number, joined.get(number, []), visited, said)

    def conclude(self, number: int, hidden: Sequence[Key], visited: set[str], said: Mapping[Key, Said]) -> None:
        """Publish a restatement, with what it hides, or let it wait."""
        members = [key for key, (n, _) in self.proposed.items() if n == number]
        if not members and not hidden:
            self.state[number] = "withdrawn"
        elif self.passes(number, visited):
            self.state[number] = "published"
            self.numbers[number] = len(members) + len(hidden)
            for key in [*members, *hidden]:
                self.proposed.pop(key, None)
                self.show(key, said[key], asked=False)
        else:
            self.numbers[number] = len(members)
            for key in members:
                if key[0] in visited and hides(self.published[key]) and self.published[key] != Reason.CHANGE_WAITS:
                    self.published[key] = Reason.CHANGE_WAITS
                    self.since[key].append(Reason.CHANGE_WAITS)

    def begin(self, cause: Cause) -> int:
        """Another restatement."""
        number = len(self.state) + 1
        self.state[number], self.cause[number] = "waiting", cause
        return number

    def passes(self, number: int, visited: set[str]) -> bool:
        """Every change is within the tolerance, as far as this run can tell."""
        members = [(key, new) for key, (n, new) in self.proposed.items() if n == number]
        return all(key[0] in visited and self.near(key, new) for key, new in members)

    def hold(self) -> None:
        """Remember, after a step, what is proposed by which restatement."""
        self.held = {key: self.held.get(key, []) for key in self.proposed}
        for key, (number, _) in self.proposed.items():
            self.held[key] = [*(n for n in self.held[key] if n != number), number]

    def tied(self, number: int) -> list[int]:
        """The others that go with it: those of the same numbers, and of theirs, if they still propose something."""
        found = {number}
        while True:
            more = {n for several in self.held.values() if found & set(several) for n in several}
            more &= {several[-1] for several in self.held.values()}
            if more <= found:
                return sorted(found - {number})
            found |= more

    def decide(self, number: int, *, accept: bool) -> None:
        """Accept or reject."""
        self.state[number] = "accepted" if accept else "rejected"
        for key, (of, new) in list(self.proposed.items()):
            if of != number:
                continue
            if accept:
                del self.proposed[key]
                self.show(key, new)
            elif self.published[key] == Reason.CHANGE_WAITS:
                harmless = {Reason.CHECK_FAILED, Reason.CHANGE_WAITS}
                if harmless.issuperset(self.since[key]):
                    judged = self.judged[key]
                    self.show(key, self.last[key], asked=False)
                    self.status[key] = judged
                else:
                    again = [said for said in self.since[key] if said != Reason.CHANGE_WAITS][-1]
                    self.published[key] = again
                    self.since[key].append(again)

    def told(self) -> dict[str, Any]:
        """What the ledger should say."""
        return {
            "published": {key: (said, self.status[key]) for key, said in self.published.items() if said is not GONE},
            "proposed": dict(self.proposed),
            "restatements": {number: (state, self.numbers[number]) for number, state in self.state.items()},
        }


def told(ledger: Ledger, as_of: datetime | None = None) -> dict[str, Any]:
    """What the ledger says."""
    published, proposed = {}, {}
    for kpi in "ab":
        for one in ledger.read(kpi, as_of=as_of).to_pylist():
            said = one["value"] if one["reason"] is None else Reason(one["reason"])
            published[kpi, one["period"] - FIRST] = said, one["status"]
        for waiting in ledger.proposals(kpi, as_of):
            value = Reason(waiting.reason) if waiting.reason and not waiting.gone else waiting.value
            proposed[kpi, waiting.period - FIRST] = waiting.restatement, value
    restatements = {one.id: (one.state, one.numbers) for one in ledger.restatements(as_of=as_of)}
    return {"published": published, "proposed": proposed, "restatements": restatements}


def computed(kpi: str, days: Mapping[int, Said], now: datetime) -> Computed:
    """What a run made of a KPI."""
    rows, judged = [], []
    for day, said in days.items():
        runs = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day + 1) > now
        key = {"part": "", "grain": "day", "cell": "", "period": FIRST + day}
        value = {"value": said} if isinstance(said, float) else {"reason": str(said)}
        rows.append({**dict.fromkeys(OBSERVED.names), **key, "flags": Flag.PARTIAL if runs else 0, **value})
        judged.append({**dict.fromkeys(JUDGED.names), **key, "status": verdict(said)})
    return Computed(kpi, "f", "SELECT 1", pa.Table.from_pylist(rows, OBSERVED), pa.Table.from_pylist(judged, JUDGED))


VALUES = [100.0, 100.0, 105.0, 109.0, 112.0, 0.0]
REASONS = [Reason.NO_ROWS, Reason.CHECK_FAILED, Reason.GROUP_TOO_SMALL]
SAID = st.sampled_from([*VALUES, *REASONS, Reason.CHECK_FAILED])
MADE = st.dictionaries(st.integers(0, 4), SAID, max_size=5)
RUN = st.fixed_dictionaries({}, optional={"a": MADE, "b": MADE}).filter(bool)
STEP = st.one_of(
    st.tuples(RUN, st.lists(st.sampled_from(CAUSES), min_size=10, max_size=10)),
    st.tuples(st.none(), st.booleans()),
)


@given(steps=st.lists(STEP, min_size=2, max_size=9))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_ledger_holds_what_the_rules_say(
    tmp_path_factory: pytest.TempPathFactory, steps: Sequence[tuple[Any, Any]]
) -> None:
    """What is published, proposed and restated, after every step and as of every step."""
    model, snapshots = Model(), []
    with Ledger.open(tmp_path_factory.mktemp("ledger") / "l.db") as ledger:
        for step, (made, chosen) in enumerate(steps):
            now = moment(step)
            if made is not None:
                causes = {(kpi, day): chosen[at * 5 + day] for at, kpi in enumerate("ab") for day in range(5)}

                def asked(kpi: str, table: pa.Table, causes: Mapping[Key, Cause] = causes) -> list[Cause]:
                    return [causes[kpi, period - FIRST] for period in table["period"].to_pylist()]

                closing = Closing(CALENDAR, dict.fromkeys("ab", SETTLES), asked, TOLERANCE)
                run = Run(now, now, "c", "{}", now)
                ledger.record(run, [computed(kpi, days, now) for kpi, days in made.items()], closing=closing)
                model.run(step, made, causes)
            elif waiting := [number for number, state in model.state.items() if state == "waiting"]:
                decided = [waiting[0]]
                if chosen and (others := model.tied(waiting[0])):
                    with pytest.raises(UsageError, match=f"#{waiting[0]} cannot be accepted without #{others[0]}"):
                        ledger.decide(decided, accept=chosen, who="", why="x", now=now)
                    decided += others
                ledger.decide(decided, accept=chosen, who="", why="x", now=now)
                for number in decided:
                    model.decide(number, accept=chosen)
            model.hold()
            assert told(ledger) == model.told()
            snapshots.append(deepcopy(model.told()))
        for step, then in enumerate(snapshots):
            assert told(ledger, moment(step)) == then
