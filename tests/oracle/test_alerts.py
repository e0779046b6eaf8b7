"""The machine of alerts against its definition in ten lines, whatever happens to observations, clocks and processes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from headway.alerts import Rule, advance, retire
from headway.model import AlertState, Notice, Phase, RuleCell, Sight, Sighting, Tells

OF = RuleCell("slow", "kpi api_time", grain="day")
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
SEEN = {".": Sight.FINE, "#": Sight.BEYOND, "=": Sight.BETWEEN, "?": Sight.NO_DATA, "!": Sight.WITHHELD}
BLIND = "?!"


def definition(letters: str, after: int, clear_after: int) -> list[tuple[int, Tells]]:
    """The whole of it: so many past the bound in a row start an episode, so many fine ones in a row end it."""
    firing, begin, told = False, 0, []
    for n in range(len(letters)):
        row = letters[begin : n + 1]
        if not firing and row.endswith("#" * after):
            firing, begin = True, n + 1
            told.append((n, Tells.START))
        elif firing and row.endswith("." * clear_after):
            firing, begin = False, n + 1
            told.append((n, Tells.END))
    return told


@dataclass
class World:
    """A ledger, and somebody who looks at it now and then."""

    rule: Rule
    letters: list[str] = field(default_factory=list)
    running: str = ""
    state: AlertState | None = None
    notices: list[Notice] = field(default_factory=list)
    #: The periods that were counted, with what was seen of them then.
    counted: dict[int, str] = field(default_factory=dict)
    silent: int | None = None
    #: The newest period had no number when somebody looked for the first time: what fired then is let rest.
    rests: bool = False

    def sightings(self, through: int, since: int = 0) -> list[Sighting]:
        """What can be seen of the periods up to one."""
        found = [self.sighting(n, self.letters[n]) for n in range(since, through)]
        if self.running and through == len(self.letters):
            found.append(replace(self.sighting(through, self.running), complete=False))
        return found

    @staticmethod
    def sighting(n: int, letter: str) -> Sighting:
        """One period."""
        value = None if letter in BLIND else 100.0 + 2 ** (n % 5) if letter == "#" else 90.0
        return Sighting(n, FIRST + timedelta(days=n), SEEN[letter], value, 100.0)

    def look(self, through: int, since: int = 0) -> None:
        """Advance by what there is up to a period: the clock may have gone back since, or forward by days."""
        newest = max(self.counted, default=-1)
        for n in range(max(since, newest + 1), through):
            if self.letters[n] not in BLIND:
                self.counted[n] = self.letters[n]
        if self.silent is None and self.counted:
            self.silent = max(self.counted)
            self.rests = self.letters[through - 1] == "?"
        step = advance(self.state, OF, self.sightings(through, since), self.rule, FIRST + timedelta(days=through))
        self.state = stored(step.state)
        self.notices += step.notices


def stored(state: AlertState) -> AlertState:
    """A state as it comes back from where it is kept: a process that died knows nothing else."""
    kept = json.loads(json.dumps(asdict(state), default=datetime.isoformat))
    moments = {name: kept[name] and datetime.fromisoformat(kept[name]) for name in ("since", "began")}
    kept |= moments | {"of": RuleCell(**kept["of"]), "phase": Phase(kept["phase"]), "sight": Sight(kept["sight"])}
    found = AlertState(**kept)
    assert found == state
    return found


def sound(notices: Sequence[Notice], state: AlertState | None) -> None:
    """Each notice is made once; an episode starts once, and ends once or goes on; nothing ends that did not start."""
    assert len({one.id for one in notices}) == len(notices)
    told = [(one.episode, one.tells) for one in notices if one.tells is not Tells.WORSE]
    numbers = [episode for episode, tells in told if tells is Tells.START]
    assert numbers == sorted(set(numbers))
    expected = [(number, tells) for number in numbers for tells in (Tells.START, Tells.END)]
    fires = state is not None and state.phase.fires
    assert told == (expected[:-1] if fires else expected)
    open_now = 0
    for one in notices:
        assert one.tells is Tells.START or one.episode == open_now
        open_now = 0 if one.tells is Tells.END else one.episode


letters = st.text("..##=?!", min_size=1, max_size=6)
fractions = st.floats(0, 1)
moves = st.lists(
    st.one_of(
        st.tuples(st.just("days"), letters),  # time passes, and somebody looks
        st.tuples(st.just("unseen"), letters),  # time passes, and nobody looks
        st.tuples(st.just("again"), fractions),  # a second look, perhaps by a clock that went back
        st.tuples(st.just("restated"), fractions, st.sampled_from(".#=?!")),  # another number for a period of before
        st.tuples(st.just("newest"), st.none()),  # a look at what is new alone
    ),
    max_size=12,
)


def play(world: World, moves: Sequence[tuple[object, ...]]) -> None:
    """Let happen what happens, and look once more at the end."""
    for what, *how in moves:
        match what, how:
            case "days", [str(new)]:
                world.letters += new
                world.look(len(world.letters))
            case "unseen", [str(new)]:
                world.letters += new
            case "again", [float(share)]:
                world.look(int(share * len(world.letters)))
            case "restated", [float(share), str(letter)] if world.letters:
                world.letters[int(share * (len(world.letters) - 1))] = letter
                world.look(len(world.letters))
            case "newest", _ if world.state is not None and world.state.through is not None:
                world.look(len(world.letters), max(world.state.through, 0))
            case _:
                pass
    world.look(len(world.letters))


@settings(max_examples=150, deadline=None)
@given(moves, st.integers(1, 3), st.integers(1, 3))
@example([("days", "?"), ("days", "#"), ("restated", 0.0, "#"), ("days", ".#")], 1, 1)
@example([("days", ".!"), ("restated", 1.0, "#"), ("days", "!"), ("again", 0.5), ("days", ".")], 1, 1)
def test_what_is_told_is_what_the_definition_says(
    moves: list[tuple[object, ...]], after: int, clear_after: int
) -> None:
    """Each start and end of the periods as they were counted is told once, but for a history before the first look."""
    world = World(Rule("rule", "warning", "team", after, clear_after))
    play(world, moves)
    counted = sorted(world.counted)

    def expected(days: Sequence[int]) -> list[tuple[datetime, Tells]]:
        found = definition("".join(world.counted[n] for n in days), after, clear_after)
        return [(FIRST + timedelta(days=days[at]), tells) for at, tells in found]

    before = [n for n in counted if world.silent is not None and n <= world.silent]
    history = expected(before)
    fires_at_first = history[-1:] if history and history[-1][1] is Tells.START else []
    told = [(one.at, one.tells) for one in world.notices if one.tells is not Tells.WORSE]
    if fires_at_first and world.rests:
        assert told == expected(counted[len(before) :])
    else:
        assert told == fires_at_first + expected(counted)[len(history) :]
    sound(world.notices, world.state)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("play"), moves),
            st.tuples(st.just("running"), st.sampled_from(["", ".", "#", "?"])),
            st.tuples(st.just("rule"), st.integers(1, 3)),
            st.tuples(st.just("gone"), st.none()),
        ),
        max_size=8,
    )
)
def test_nothing_breaks_an_episode(moves: list[tuple[str, object]]) -> None:
    """Running periods, changed rules and cells that come and go: every start is told once, and so is its end."""
    world = World(Rule("rule 1", "warning", "team", 1, 1))
    for what, how in moves:
        match what, how:
            case "play", list(some):
                play(world, some)
            case "running", str(letter):
                world.running = letter
                world.look(len(world.letters))
            case "rule", int(after):
                world.rule = replace(world.rule, fingerprint=f"rule {after}", after=after)
            case "gone", _ if world.state is not None:
                step = retire(world.state, "warning", "team", "The cell is gone.", FIRST)
                world.state = stored(step.state)
                world.notices += step.notices
            case _:
                pass
        sound(world.notices, world.state)
