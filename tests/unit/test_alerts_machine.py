"""The machine of alerts, by tables: what is seen from day to day, and what is told.

A day is one letter: `.` fine, `#` beyond the bound, `=` between the bound that fires and the one that ends, `?` no
data, `!` withheld; of running days `~` is fine and `*` beyond. What is told is a day and a letter: S start, W worse, E
end.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from headway.alerts.machine import Rule, Step, advance, notice_id, retire
from headway.model import AlertState, Notice, Phase, RuleCell, Sight, Sighting, Tells

OF = RuleCell("slow", "kpi api_time", grain="day")
RULE = Rule("rule 1", "warning", "team")
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
NOW = FIRST + timedelta(days=100)
SEEN = {
    ".": Sight.FINE,
    "#": Sight.BEYOND,
    "=": Sight.BETWEEN,
    "?": Sight.NO_DATA,
    "!": Sight.WITHHELD,
    "~": Sight.FINE,
    "*": Sight.BEYOND,
}


def days(letters: str, first: int = 1) -> list[Sighting]:
    """One sighting for each letter, from a day on."""
    return [
        Sighting(
            first + n,
            FIRST + timedelta(days=first + n),
            SEEN[letter],
            None if letter in "?!" else 110.0 if letter in "#*" else 90.0,
            100.0,
            letter not in "~*",
        )
        for n, letter in enumerate(letters)
    ]


def told(notices: tuple[Notice, ...]) -> str:
    """The messages as letters."""
    return " ".join(f"{(one.at - FIRST).days}{one.tells.value[0].upper()}" for one in notices)


def known(phase: Phase = Phase.OK, rule: Rule = RULE) -> AlertState:
    """A rule-cell that has been watched before, and saw nothing yet of what comes."""
    return AlertState(OF, rule.fingerprint, phase, through=0 if rule.periodic else None)


def day_by_day(letters: str, rule: Rule) -> tuple[AlertState, str]:
    """What becomes of a rule-cell that is advanced on each day."""
    state, found = known(rule=rule), []
    for sighting in days(letters):
        step = advance(state, OF, [sighting], rule, NOW)
        state = step.state
        found.append(told(step.notices))
    return state, " ".join(filter(None, found))


@pytest.mark.parametrize(
    ("letters", "after", "clear_after", "phase", "expected"),
    [
        # From ok.
        ("", 1, 1, Phase.OK, ""),
        ("...", 1, 1, Phase.OK, ""),
        (".=", 1, 1, Phase.OK, ""),
        (".#", 1, 1, Phase.FIRING, "2S"),
        (".#", 2, 1, Phase.PENDING, ""),
        # From pending.
        ("##", 2, 1, Phase.FIRING, "2S"),
        ("#.#", 2, 1, Phase.PENDING, ""),
        ("#.", 2, 1, Phase.OK, ""),
        ("#=", 2, 1, Phase.OK, ""),
        ("#=#", 2, 1, Phase.PENDING, ""),
        # From firing.
        ("###", 1, 1, Phase.FIRING, "1S"),
        ("#=", 1, 1, Phase.FIRING, "1S"),
        ("#.", 1, 1, Phase.OK, "1S 2E"),
        ("#.", 1, 2, Phase.RECOVERING, "1S"),
        ("#.#.#", 1, 1, Phase.FIRING, "1S 2E 3S 4E 5S"),
        # From recovering.
        ("#..", 1, 2, Phase.OK, "1S 3E"),
        ("#.#", 1, 2, Phase.FIRING, "1S"),
        ("#.#.", 1, 2, Phase.RECOVERING, "1S"),
        ("#.=..", 1, 2, Phase.OK, "1S 5E"),
        ("#.=", 1, 2, Phase.FIRING, "1S"),
        ("#.=.", 1, 2, Phase.RECOVERING, "1S"),
        # What has no number neither counts nor breaks the count.
        ("??!", 1, 1, Phase.OK, ""),
        ("#?#", 2, 1, Phase.FIRING, "3S"),
        ("#!?", 2, 1, Phase.PENDING, ""),
        ("#?!", 1, 1, Phase.FIRING, "1S"),
        ("#.?.", 1, 2, Phase.OK, "1S 4E"),
        ("#?.", 1, 1, Phase.OK, "1S 3E"),
        # Running days start episodes, and end none.
        (".*", 1, 1, Phase.FIRING, "2S"),
        (".~", 1, 1, Phase.OK, ""),
        ("#~", 1, 1, Phase.FIRING, "1S"),
        ("#*", 2, 1, Phase.FIRING, "2S"),
        (".*", 2, 1, Phase.OK, ""),
        (".**", 2, 1, Phase.OK, ""),
    ],
)
def test_every_transition(letters: str, after: int, clear_after: int, phase: Phase, expected: str) -> None:
    """What is seen leads to the same state and messages, day by day and all at once."""
    rule = replace(RULE, after=after, clear_after=clear_after)
    state, one_by_one = day_by_day(letters, rule)
    assert (state.phase, one_by_one) == (phase, expected)
    together = advance(known(rule=rule), OF, days(letters), rule, NOW)
    assert told(together.notices) == expected
    assert together.state == state


def test_what_was_counted_is_not_counted_again() -> None:
    """The same sightings, also with other values for old periods, change nothing and tell nothing."""
    rule = replace(RULE, after=2)
    step = advance(known(rule=rule), OF, days(".#"), rule, NOW)
    assert step.state.count == 1
    assert advance(step.state, OF, days(".#"), rule, NOW) == Step(step.state)
    assert advance(step.state, OF, days("##"), rule, NOW) == Step(step.state)
    assert told(advance(step.state, OF, days("###"), rule, NOW).notices) == "3S"


def test_a_number_that_was_withheld_is_seen_when_it_comes() -> None:
    """A period without a number is not counted, so that its number still can be; later ones close it."""
    step = advance(known(), OF, days(".!"), RULE, NOW)
    assert (step.state.sight, step.state.through, step.state.period) == (Sight.WITHHELD, 1, 1)
    assert told(advance(step.state, OF, days(".#"), RULE, NOW).notices) == "2S"
    later = advance(step.state, OF, days(".!."), RULE, NOW)
    assert advance(later.state, OF, days(".#."), RULE, NOW).notices == ()


def test_who_sees_again_says_so() -> None:
    """A source that could not be read, and can be again, shows what was seen last, though nothing new came."""
    fine = advance(known(), OF, days("."), RULE, NOW).state
    broken = [*days("."), Sighting(None, NOW, Sight.ERROR, text="it could not be read")]
    blind = advance(fine, OF, broken, RULE, NOW)
    assert (blind.state.phase, blind.state.sight, blind.state.text) == (Phase.OK, Sight.ERROR, "it could not be read")
    assert advance(blind.state, OF, days("."), RULE, NOW) == Step(fine)


def test_before_its_first_number_a_history_is_walked_in_silence() -> None:
    """What was withheld for long, and is shown at last, tells nothing of old episodes."""
    blind = advance(None, OF, days("????"), RULE, NOW).state
    assert advance(blind, OF, days("#.#."), RULE, NOW).notices == ()
    assert told(advance(blind, OF, days("#.##"), RULE, NOW).notices) == "3S"


def test_a_running_day_that_fired_is_not_counted_again() -> None:
    """When it is complete it ends the episode if it is fine after all, and is no second start if it is not."""
    running = advance(known(), OF, days(".*"), RULE, NOW).state
    assert advance(running, OF, days(".*"), RULE, NOW) == Step(running)
    assert advance(running, OF, days(".#"), RULE, NOW).notices == ()
    assert told(advance(running, OF, days(".."), RULE, NOW).notices) == "2E"


def test_a_day_before_the_running_one_ends_nothing_that_began_after_it() -> None:
    """While rows may still come for yesterday, today fires; yesterday's fine number then does not end that."""
    running = advance(known(), OF, days("~*"), RULE, NOW).state
    step = advance(running, OF, days(".*"), RULE, NOW)
    assert (step.state.phase, step.notices) == (Phase.FIRING, ())


def test_an_old_history_is_walked_in_silence() -> None:
    """The first sight of a rule-cell tells what fires now, since when it does, and nothing of what is over."""
    over = advance(None, OF, days("##.##."), RULE, NOW)
    assert (over.state.phase, over.state.episode, over.notices) == (Phase.OK, 0, ())
    rule = replace(RULE, after=2)
    fires = advance(None, OF, days("##.###"), rule, NOW)
    [start] = fires.notices
    assert (start.tells, start.episode, start.began) == (Tells.START, 1, FIRST + timedelta(days=4))
    assert (start.period, start.at, start.made) == (6, FIRST + timedelta(days=5), NOW)
    assert start.id == notice_id(OF, 1, Tells.START, 1)
    assert fires.state.episode == 1
    assert advance(fires.state, OF, days("##.###"), rule, NOW) == Step(fires.state)


def test_a_rule_that_changed_is_walked_anew() -> None:
    """What fires under both goes on untold, what no longer fires ends and says why, what fires now is told."""
    other = replace(RULE, fingerprint="rule 2", after=2)
    firing = advance(known(), OF, days(".#"), RULE, NOW).state
    ended = advance(firing, OF, days(".#"), other, NOW)
    [end] = ended.notices
    assert (end.tells, end.episode, end.text, end.at) == (Tells.END, 1, "The rule changed.", NOW)
    assert (ended.state.phase, ended.state.episode, ended.state.rule) == (Phase.PENDING, 1, "rule 2")

    firing = advance(known(), OF, days("##"), RULE, NOW).state
    goes_on = advance(firing, OF, days("##"), other, NOW)
    assert goes_on.notices == ()
    assert (goes_on.state.phase, goes_on.state.episode, goes_on.state.began) == (Phase.FIRING, 1, firing.began)

    pending = advance(known(rule=other), OF, days(".#"), other, NOW).state
    [start] = advance(pending, OF, days(".#"), RULE, NOW).notices
    assert (start.tells, start.episode) == (Tells.START, 1)


def test_what_goes_on_under_a_changed_rule_is_the_same_episode() -> None:
    """It began when it did, and its next WORSE is a new notice: one with a name that is known would reach nobody."""
    first = advance(known(), OF, with_values(110), RULE, NOW)
    worse = advance(first.state, OF, with_values(110, 120), RULE, NOW)
    other = replace(RULE, fingerprint="rule 2", after=2)
    later = with_values(90, 120, 130)
    changed = advance(worse.state, OF, later, other, NOW)
    assert (changed.notices, changed.state.began) == ((), first.state.began)
    again = advance(changed.state, OF, with_values(90, 120, 130, 200), other, NOW)
    assert [(one.tells, one.number, one.began) for one in (*worse.notices, *again.notices)] == [
        (Tells.WORSE, 1, first.state.began),
        (Tells.WORSE, 2, first.state.began),
    ]
    assert worse.notices[0].id != again.notices[0].id


def test_episodes_go_on_being_numbered() -> None:
    """An episode after a changed rule, or after its cell came back, has a number and notices of its own."""
    first = advance(known(), OF, days("#"), RULE, NOW)
    gone = retire(first.state, "warning", "team", "There is no such cell any more.", NOW)
    assert [(one.tells, one.episode) for one in gone.notices] == [(Tells.END, 1)]
    assert retire(gone.state, "warning", "team", "There is no such cell any more.", NOW) == Step(gone.state)
    back = advance(gone.state, OF, days("#"), RULE, NOW)
    assert [(one.tells, one.episode) for one in back.notices] == [(Tells.START, 2)]
    ids = {one.id for step in (first, gone, back) for one in step.notices}
    assert len(ids) == 3


def test_what_is_not_watched_and_did_not_fire_goes_in_silence() -> None:
    """Without an episode there is nothing to end."""
    step = retire(known(Phase.PENDING), "warning", "team", "The alert was removed.", NOW)
    assert (step.state.phase, step.notices) == (Phase.OK, ())


def with_values(*values: float) -> list[Sighting]:
    """Days with these numbers, held against at most 100."""
    return [
        replace(sighting, value=value, sight=Sight.BEYOND if value > 100 else Sight.FINE)
        for sighting, value in zip(days("." * len(values)), values, strict=True)
    ]


def test_worse_is_twice_as_far_past_the_bound_as_last_told() -> None:
    """Each doubling is told once; what is a little worse is not, nor what was worse before."""
    state, found = known(), []
    for sighting in with_values(110, 119, 120, 139, 110, 139, 140, 400, 400):
        step = advance(state, OF, [sighting], RULE, NOW)
        state = step.state
        found += step.notices
    assert told(tuple(found)) == "1S 3W 7W 8W"
    assert [one.number for one in found] == [1, 1, 2, 3]
    assert len({one.id for one in found}) == 4


def test_who_is_told_late_is_told_how_it_is() -> None:
    """After days without a clock there is one START with the newest number, and one WORSE if it still is."""
    [start] = advance(known(), OF, with_values(110, 150, 130), RULE, NOW).notices
    assert (start.value, start.period, (start.at - FIRST).days) == (130, 3, 1)
    firing = advance(known(), OF, with_values(110), RULE, NOW).state
    assert advance(firing, OF, with_values(110, 200, 115), RULE, NOW).notices == ()
    [worse] = advance(firing, OF, with_values(110, 200, 160, 150), RULE, NOW).notices
    assert (worse.tells, worse.value) == (Tells.WORSE, 150)


def test_what_fired_and_ended_unseen_is_told_with_its_own_numbers() -> None:
    """Each episode of the days without a clock is told."""
    notices = advance(known(), OF, with_values(110, 150, 90, 120), RULE, NOW).notices
    assert [(one.tells.value, one.episode, one.value) for one in notices] == [
        ("start", 1, 110),
        ("end", 1, 90),
        ("start", 2, 120),
    ]


def test_moments_may_come_again() -> None:
    """What has no periods is seen as it is, any number of times; two things within one second are both seen."""
    rule = replace(RULE, periodic=False)
    failing = advance(known(rule=rule), OF, days("#"), rule, NOW)
    assert advance(failing.state, OF, days("#"), rule, NOW) == Step(failing.state)
    assert told(advance(failing.state, OF, days("."), rule, NOW).notices) == "1E"
    now = [replace(days("#")[0], period=None)]
    stale = advance(known(rule=rule), OF, now, rule, NOW)
    assert (told(stale.notices), stale.state.through) == ("1S", None)
    assert advance(stale.state, OF, now, rule, NOW) == Step(stale.state)
