"""How dates, periods, statuses and definitions read. All of it is English prose for people; nothing is parsed back."""

from __future__ import annotations

import re
from datetime import date, datetime, time, tzinfo

from headway.model import (
    Aggregate,
    Balance,
    Distinct,
    Empty,
    Entered,
    Formula,
    Kpi,
    Nps,
    Open,
    Quantile,
    Share,
    Status,
    Take,
)
from headway.periods import Calendar, Grain, Period, WindowKind
from headway.publish.pages import Verdict

# -- time ----------------------------------------------------------------------------------------------------------


def day(when: date) -> str:
    """21 Nov 2026."""
    return f"{when.day} {when:%b %Y}"


def near_day(when: date, today: date) -> str:
    """31 Oct, with the year only where it is not plain: more than ten months from today."""
    return f"{when.day} {when:%b}" if abs((today - when).days) <= 300 else day(when)


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
}


def verdict(status: str | None, value: float | None, low: float | None, high: float | None) -> Verdict:
    """A stored status as a word; off reads "Below target" or "Above target" by the bound that was missed."""
    if status is None:
        return Verdict(Status.NO_TARGET.value, _WORDS[Status.NO_TARGET])
    if status == Status.OFF.value:
        above = high is not None and value is not None and value > high
        return Verdict(status, "Above target" if above else "Below target")
    return Verdict(status, _WORDS[Status(status)])


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
    return _nth(number)


def _nth(number: int) -> str:
    return f"{number}{'th' if 10 < number % 100 < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


# -- definitions ---------------------------------------------------------------------------------------------------


def sentence(text: str) -> str:
    """Text with a capital and a full stop."""
    text = text.strip()
    return text and text[0].upper() + text[1:] + ("" if text[-1] in ".!?:" else ".")


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


def kind(kpi: Kpi) -> str:
    """What a KPI is, in a few words: "distinct user_id, 30 days", "sum of cost", "formula"."""
    match kpi.measure:
        case Aggregate(function="count"):
            words = "count of rows"
        case Aggregate(function=function, column=column):
            words = (
                f"{'average' if function == 'mean' else {'min': 'lowest', 'max': 'highest'}.get(function, function)}"
            )
            words += f" of {column}" if function == "sum" or function == "mean" else f" {column}"
        case Quantile(function=function, column=column):
            words = f"{quantile(function)} of {column}"
        case Share(column=column):
            words = f"share with {column}"
        case Nps(column=column):
            words = f"net promoter score of {column}"
        case Distinct(column=column):
            words = f"different values of {column}"
        case Open(column=column):
            words = f"different values of {column} under way" if column else "rows under way"
        case Balance(column=column):
            words = f"last known sum of {column}" if column else "last known number of rows"
        case Formula():
            words = "formula"
        case Entered():
            words = "entered by people"
        case None:
            return "planned"
    return f"{words}, {kpi.window}" if kpi.window else words


def quantile(function: str) -> str:
    """`median`, or `95th percentile`."""
    if function == "median":
        return function
    level = function[1:]
    return f"{_nth(int(level)) if level.isdigit() else f'{level}th'} percentile"


def definition(kpi: Kpi, calendar: Calendar, min_group_size: int, *, counts_people: bool) -> tuple[str, ...]:
    """How the number comes about, sentence by sentence, from what the catalogue declares."""
    said = [sentence(kpi.about)] if kpi.about else []
    said.append(_measured(kpi))
    if kpi.where is not None:
        said.append(f"Only rows where {kpi.where.text} count.")
    said += [part for part in (_window(kpi), _longer(kpi), _empty(kpi)) if part]
    if kpi.by:
        said.append(f"It is broken down by {_listed([' and '.join(columns) for columns in kpi.by])}.")
        if counts_people and min_group_size > 1:
            said.append(f"A group of fewer than {min_group_size} people is withheld.")
    if kpi.history:
        said.append("Values from before it was measured here were taken over from a file.")
    said.append(f"Days are cut in {calendar.zone}.")
    return tuple(said)


def _measured(kpi: Kpi) -> str:
    match kpi.measure:
        case Aggregate(function="count", source=source):
            return f"Counts the rows of {source}."
        case Aggregate(function=function, source=source, column=column):
            verb = {"sum": "Adds up", "mean": "Averages", "min": "Takes the lowest", "max": "Takes the highest"}
            return f"{verb[function]} {column} over the rows of {source}."
        case Quantile(function=function, source=source, column=column):
            return f"Takes the {quantile(function)} of {column} over the rows of {source}."
        case Share(source=source, column=column):
            return f"Divides the rows of {source} where {column} is true by those where it is known."
        case Nps(source=source, column=column, promoters=high, detractors=low):
            return (
                f"Of the rows of {source} where {column} is known, the percentage at {high:.15g} or more"
                f" less the percentage at {low:.15g} or less."
            )
        case Distinct(source=source, column=column):
            return f"Counts each {column} in {source} once, however many rows it has."
        case Open(source=source, column=column):
            what = f"each {column} once among the rows" if column else "the rows"
            return f"Counts {what} of {source} that are under way when the period ends."
        case Balance(source=source, column=column, per=per):
            what = f"Adds up {column}" if column else "Counts the rows"
            which = f"the last row of each {per}" if per else "the newest copy in the period"
            return f"{what} over {which} in {source}."
        case Formula(expression=expression):
            return f"Calculated from other KPIs: {' '.join(expression.text.split())}."
        case Entered(path=path):
            return f"Entered by people in {path}."
        case None:
            return "Planned: it has no measure yet."


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
    if not kpi.is_state or kpi.grain is Grain.YEAR:
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
    return "A period without rows is 0." if kpi.empty is Empty.ZERO else "A period without rows has no value."


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
