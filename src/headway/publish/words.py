"""How dates, periods, statuses and definitions read. All of it is English prose for people; nothing is parsed back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, tzinfo
from functools import lru_cache

from headway.model import (
    Availability,
    Because,
    Cause,
    Empty,
    Entered,
    Kpi,
    Narrative,
    Retention,
    Status,
    Take,
    Then,
    Total,
    asks,
)
from headway.periods import Calendar, Grain, Period, WindowKind
from headway.publish import measures, numbers
from headway.publish.pages import Verdict

# -- time ----------------------------------------------------------------------------------------------------------


def day(when: date) -> str:
    """21 Nov 2026."""
    return f"{when.day} {when:%b %Y}"


def near_day(when: date, today: date) -> str:
    """31 Oct, with the year only where it is not plain: more than ten months from today."""
    return f"{when.day} {when:%b}" if abs((today - when).days) <= 300 else day(when)


def weekday(when: date) -> str:
    """Mon 3 Nov 2026."""
    return f"{when:%a} {day(when)}"


def month(when: date) -> str:
    """Nov."""
    return f"{when:%b}"


def clock(when: datetime) -> str:
    """06:10."""
    return f"{when:%H:%M}"


def through(first: date, last: date) -> str:
    """What is the same of two days is said once: 3 to 9 Jan 2026, 28 Feb to 3 Mar 2026, 1 Jan 2026."""
    if first == last or first.year != last.year:
        return day(first) if first == last else f"{day(first)} to {day(last)}"
    begin = f"{first.day}" if first.month == last.month else f"{first.day} {month(first)}"
    return f"{begin} to {day(last)}"


def moment(when: datetime, zone: tzinfo) -> str:
    """21 Nov 2026, 06:10 UTC."""
    local = when.astimezone(zone)
    return f"{day(local.date())}, {local:%H:%M %Z}"


def stamped(text: str, zone: tzinfo) -> str:
    """A moment or day that a source gave as ISO text: 20 Nov 2026, 23:58."""
    if len(text) <= 10:
        return day(date.fromisoformat(text))
    when = datetime.fromisoformat(text)
    if when.time() == time():  # a day that was stored as a moment
        return day(when.date())
    # Without a zone it is what the source wrote, which is not ours to move.
    return moment(when, zone) if when.tzinfo else f"{day(when.date())}, {when:%H:%M}"


def span(first: date, last: date) -> str:
    """1 to 20 October, 28 Oct to 3 Nov 2026, 1 October."""
    if first == last:
        return f"{first.day} {first:%B}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}\u2013{last.day} {last:%B}"
    start = f"{first.day} {first:%b}" if first.year == last.year else day(first)
    return f"{start} \u2013 {last.day} {last:%b}"


def days(first: date, last: date) -> str:
    """One day, or the first and the last of several: 21 Nov 2026, 6 Feb 2025 - 2 Apr 2025."""
    return day(first) if first == last else f"{day(first)} \u2013 {day(last)}"


def between(first: date | None, through: date | None) -> str:
    """When something holds: 1 Jan 2026 to 31 Dec 2026, from 1 Jan 2026, until 31 Dec 2026, always."""
    if first and through:
        return f"{day(first)} to {day(through)}"
    if first:
        return f"from {day(first)}"
    return f"until {day(through)}" if through else "always"


@lru_cache(maxsize=50_000)
def period(which: Period) -> str:
    """A period's whole name: October 2026, Q3 2026, 20 Nov 2026, 16-22 Nov 2026."""
    match which.grain:
        case Grain.HOUR:
            return f"{day(which.first)}, {which.name[-2:] if not which.name.endswith('b') else which.name[-3:-1]}:00"
        case Grain.DAY:
            return day(which.first)
        case Grain.WEEK:
            if which.first.month == which.last.month:
                return f"{which.first.day}\u2013{day(which.last)}"
            return f"{which.first.day} {which.first:%b} \u2013 {day(which.last)}"
        case Grain.MONTH:
            return f"{which.first:%B %Y}"
        case Grain.QUARTER:
            year, quarter = which.name.split("-")
            return f"{quarter} {year}"
        case Grain.YEAR:
            return which.name


def near_period(which: Period, today: date) -> str:
    """A period beside others: October, Q3, 20 November; with its year where it is more than ten months ago."""
    if abs((today - which.last).days) > 300:
        return period(which)
    match which.grain:
        case Grain.HOUR:
            return f"{near_day(which.first, today)}, {period(which)[-5:]}"
        case Grain.DAY:
            return f"{which.first.day} {which.first:%B}"
        case Grain.WEEK:
            return span(which.first, which.last)
        case Grain.MONTH:
            return f"{which.first:%B}"
        case _:
            return period(which).split(" ")[0]


def covered(kpi: Kpi, which: Period) -> str:
    """What a value covers: in October 2026, on 20 Nov 2026, in the 30 days to 20 Nov 2026, at the end of Q3 2026."""
    window = kpi.window
    if window is not None and window.kind is WindowKind.TRAILING and str(window) != "1 day":
        return f"in the {window} to {day(which.last)}"
    if window is not None and window.kind is WindowKind.TO_DATE:
        return f"in the {window.grain} to {day(which.last)}"
    if window is not None and window.kind is WindowKind.ALL_TIME:
        return f"until {day(which.last)}"
    if window is not None and window.kind is WindowKind.NEXT:
        return f"in the {window.length} after {day(which.last)}"
    if which.grain is Grain.DAY:
        return f"on {period(which)}"
    if kpi.is_state and kpi.window is None and kpi.take is Take.LAST and not isinstance(kpi.measure, Entered):
        return f"at the end of {period(which)}"
    return f"in {period(which)}"


def bar_name(which: Period, *, first: bool) -> str:
    """What stands under a bar: Nov, Q3, 16 Nov; January, the first quarter and the first bar name their year."""
    match which.grain:
        case Grain.MONTH:
            return f"{which.first:%Y}" if which.first.month == 1 else f"{which.first:%b}"
        case Grain.QUARTER:
            year, quarter = which.name.split("-")
            return f"{quarter} {year}" if quarter == "Q1" or first else quarter
        case Grain.YEAR:
            return which.name
        case _:
            return f"{which.first.day} {which.first:%b}"


def grain_title(grain: Grain, kpi: Kpi) -> str:
    """How the values of a grain are headed: Days, Months; ends of months for a state that takes its last value."""
    if kpi.is_state and kpi.take is Take.LAST and grain.rank > kpi.grain.rank:
        return f"{grain.capitalize()} ends"
    return f"{grain.capitalize()}s"


# -- status --------------------------------------------------------------------------------------------------------

_WORDS = {
    Status.ON: "On target",
    Status.NEAR: "Near target",
    Status.OVER: "Over target",
    Status.NO_TARGET: "No target",
    Status.NO_DATA: "No data",
    Status.PARTIAL: "Partial",
    Status.WITHHELD: "Withheld",
    Status.NOT_TRACKED: "Not tracked yet",
    Status.RETIRED: "Retired",
}
#: Beside a number of KPIs: "2 off target". In the order in which a board counts them.
COUNTED = {
    "on": "on target",
    "near": "near",
    "off": "off target",
    "over": "over",
    "partial": "partial",
    "no target": "no target",
    "no data": "no data",
    "withheld": "withheld",
    "failed": "not computed",
    "stale": "stale",
    "not tracked yet": "not tracked yet",
    "retired": "retired",
    "restricted": "restricted",
}


#: Made once: there is one for each of a million numbers.
_VERDICTS = {status.value: Verdict(status.value, word) for status, word in _WORDS.items()}
_NO_TARGET, _OFF = Status.NO_TARGET.value, Status.OFF.value
_ABOVE, _BELOW = Verdict(_OFF, "Above target"), Verdict(_OFF, "Below target")


def verdict(status: str | None, value: float | None, low: float | None, high: float | None) -> Verdict:
    """A stored status as a word; off reads "Below target" or "Above target" by the bound that was missed."""
    if status is None:
        return _VERDICTS[_NO_TARGET]
    if status == _OFF:
        return _ABOVE if high is not None and value is not None and value > high else _BELOW
    return _VERDICTS[status]


def stale(before: Verdict) -> Verdict:
    """The verdict on a number whose data stopped arriving: it says what it was."""
    judged = before.key in ("on", "near", "off", "over")
    return Verdict("stale", f"Stale, was {before.word.lower()}" if judged else "Stale")


FAILED = Verdict("failed", "Not computed")


def ordinal(number: int) -> str:
    """second, third ... tenth, 11th."""
    names = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    if number <= len(names):
        return names[number - 1]
    return measures.nth(number)


# -- definitions ---------------------------------------------------------------------------------------------------


def sentence(text: str) -> str:
    """Text with a capital and a full stop; a name that stands first is no word."""
    text = text.strip()
    begins = text[:1] if "_" in text.split(" ", 1)[0] else text[:1].upper()
    return text and begins + text[1:] + ("" if text[-1] in ".!?:" else ".")


_ADDRESS = re.compile(r"\s*<?[\w.+-]+@[\w-]+(?:\.[\w-]+)+>?")
#: Quoted text, or a comment: # at the beginning of a line or after a space, outside of quotes.
_COMMENT = re.compile(r"""("(?:[^"\\]|\\.)*"|(?<![\w'])'(?:[^']|'')*'(?!\w))|(?:^|[ \t]+)#.*$""")


def for_all(written: str) -> str:
    """YAML as the public may read it: without comments, which colleagues write for each other, and addresses."""
    lines = ((line, _COMMENT.sub(lambda m: m[1] or "", line).rstrip()) for line in written.splitlines())
    return _ADDRESS.sub("", "\n".join(kept for line, kept in lines if kept or not line.strip()))


def first_sentence(text: str) -> str:
    """The first sentence of a text, where there is room for one."""
    first, dot, rest = text.partition(". ")
    return first + "." if rest else first + dot


def entered(who: str, on: str | None, why: str | None) -> str:
    """Who entered something, when and why: "Entered by Ana on 3 Feb 2026, because ..."; '' if nobody said."""
    parts = [f" by {who}" if who else "", f" on {day(date.fromisoformat(on))}" if on else ""]
    said = f"Entered{''.join(parts)}" if any(parts) else ""
    if not why:
        return f"{said}." if said else ""
    reason = why.rstrip(".")
    return f"{said}, because: {reason}." if said else f"{sentence(reason)}"


def cause(said: Cause) -> str:
    """Why a closed number changed: "12 late rows and 1 deleted row of sessions, 3-9 January 2026"."""
    counts = ((said.late, "late"), (said.changed, "changed"), (said.deleted, "deleted"))
    rows = [f"{count:,} {word} row{'' if count == 1 else 's'}" for count, word in counts if count]
    of = f" of {said.source}" if said.source else ""
    what = f"{listed(rows)}{of}" if rows else _CAUSES[said.reason].format(of=of)
    first, last = said.first, said.last or said.first
    when = f", {span(first, last)} {last.year}" if first and last else ""
    return f"{what}{when}{f' ({said.note})' if said.note else ''}"


_CAUSES = {
    Because.LATE: "late rows{of}",
    Because.CHANGED: "changed rows{of}",
    Because.DELETED: "deleted rows{of}",
    Because.DEFINITION: "another definition",
    Because.EXCLUSION: "another exclusion{of}",
    Because.CALENDAR: "another calendar",
    Because.CHECK: "a check{of} that failed, or no longer does",
    Because.TYPED: "other typed numbers{of}",
    Because.SOFTWARE: "another version of Headway, or of its engine",
    Because.UNKNOWN: "for an unknown reason",
}


def definition(kpi: Kpi, calendar: Calendar, min_group_size: int, *, counts_people: bool) -> tuple[str, ...]:
    """How the number comes about, sentence by sentence, from what the catalogue declares."""
    said = [sentence(kpi.about)] if kpi.about else []
    said.append(measures.sentence(kpi))
    if kpi.where is not None:
        said.append(f"Only rows where {kpi.where.text} count.")
    said += [part for part in (_window(kpi), _longer(kpi), _empty(kpi)) if part]
    if kpi.by:
        said.append(f"It is broken down by {listed([' x '.join(columns) for columns in kpi.by])}.")
        if isinstance(kpi.measure, Retention) and not kpi.has_total():
            said.append("Each age has its own share: there is none for all of them.")
        elif kpi.total is Total.NONE:
            said.append("There is no total: the cells were counted elsewhere, and do not add up.")
        elif kpi.total is Total.GIVEN and not isinstance(kpi.measure, Entered):
            said.append("The total was counted elsewhere, as the cells were; they do not add up to it.")
        if counts_people and min_group_size > 1:
            said.append(f"A group of fewer than {min_group_size} people is withheld.")
    if kpi.history:
        said.append("Values from before it was measured here were taken over from a file.")
    for check in kpi.checks:
        said.append(f"{_CHECKED[check.then]}: {asks(check, kpi.unit)}.")
    said.append(f"Days are cut in {calendar.zone}.")
    return tuple(said)


_CHECKED = {
    Then.WITHHOLD: "It is checked, and withheld where that fails",
    Then.WARN: "It is checked, and shown all the same where that fails",
    Then.STOP: "It is checked, and nothing is published if that fails",
}


def _window(kpi: Kpi) -> str:
    window = kpi.window
    if window is None:
        return ""
    match window.kind:
        case WindowKind.TRAILING:
            if window.length is not None and window.length.count == 1:
                return f"Each value covers one {window.length.unit}, up to the end of its {kpi.grain}."
            return f"Each value covers the {window} that end with its {kpi.grain}."
        case WindowKind.CALENDAR:
            return f"Each value covers the whole {window}."
        case WindowKind.TO_DATE:
            return f"Each value covers the {window.grain} up to its {kpi.grain}."
        case WindowKind.ALL_TIME:
            return f"Each value covers everything up to its {kpi.grain}."
        case WindowKind.NEXT:
            return f"Each value covers the {window} after its {kpi.grain}."


def _longer(kpi: Kpi) -> str:
    if not kpi.is_state or kpi.grain is Grain.YEAR or isinstance(kpi.measure, Narrative):
        return ""
    taken = {
        Take.LAST: "shows its last",
        Take.MEAN: "shows the average of its",
        Take.MAX: "shows the highest of its",
        Take.MIN: "shows the lowest of its",
        Take.SUM: "shows the sum of its",
    }[kpi.take]
    return f"A period longer than a {kpi.grain} {taken} {kpi.grain}{'' if kpi.take is Take.LAST else 's'}."


def _empty(kpi: Kpi) -> str:
    if kpi.source is None:
        return ""
    if kpi.min_n:
        return f"A number from fewer than {kpi.min_n} answers is withheld; a period without answers has no value."
    if isinstance(kpi.measure, Availability):
        return "A period without rows is 100 % available."
    return "A period without rows is 0." if kpi.empty is Empty.ZERO else "A period without rows has no value."


def listed(items: Sequence[str]) -> str:
    """`a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def count(number: int, noun: str) -> str:
    """`1 number`, `1,204 numbers`."""
    return f"{numbers.whole(number)} {noun}{'' if number == 1 else 's'}"
