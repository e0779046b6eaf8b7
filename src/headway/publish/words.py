"""How statuses, definitions and causes read. All of it is English prose for people; nothing is parsed back."""

from __future__ import annotations

import re
from datetime import date

from headway.formats import dates, plurals
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
from headway.publish import measures
from headway.publish.pages import Verdict

# -- periods --------------------------------------------------------------------------------------------------------


def covered(kpi: Kpi, which: Period) -> str:
    """What a value covers: in October 2026, on 20 Nov 2026, in the 30 days to 20 Nov 2026, at the end of Q3 2026."""
    window = kpi.window
    if window is not None and window.kind is WindowKind.TRAILING and str(window) != "1 day":
        return f"in the {window} to {dates.day(which.last)}"
    if window is not None and window.kind is WindowKind.TO_DATE:
        return f"in the {window.grain} to {dates.day(which.last)}"
    if window is not None and window.kind is WindowKind.ALL_TIME:
        return f"until {dates.day(which.last)}"
    if window is not None and window.kind is WindowKind.NEXT:
        return f"in the {window.length} after {dates.day(which.last)}"
    if which.grain is Grain.DAY:
        return f"on {dates.period(which)}"
    if kpi.is_state and kpi.window is None and kpi.take is Take.LAST and not isinstance(kpi.measure, Entered):
        return f"at the end of {dates.period(which)}"
    return f"in {dates.period(which)}"


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
    parts = [f" by {who}" if who else "", f" on {dates.day(date.fromisoformat(on))}" if on else ""]
    said = f"Entered{''.join(parts)}" if any(parts) else ""
    if not why:
        return f"{said}." if said else ""
    reason = why.rstrip(".")
    return f"{said}, because: {reason}." if said else f"{sentence(reason)}"


def cause(said: Cause) -> str:
    """Why a closed number changed: "12 late rows and 1 deleted row of sessions, 3-9 January 2026"."""
    counts = ((said.late, "late"), (said.changed, "changed"), (said.deleted, "deleted"))
    rows = [plurals.count(count, f"{word} row") for count, word in counts if count]
    of = f" of {said.source}" if said.source else ""
    what = f"{plurals.listed(rows)}{of}" if rows else _CAUSES[said.reason].format(of=of)
    first, last = said.first, said.last or said.first
    when = f", {dates.span(first, last)} {last.year}" if first and last else ""
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
        said.append(f"It is broken down by {plurals.listed([' x '.join(columns) for columns in kpi.by])}.")
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
