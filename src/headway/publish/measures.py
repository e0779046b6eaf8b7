"""How each kind of KPI is said in words: what is done with which rows. English prose for people."""

from __future__ import annotations

from headway.model import (
    Accrue,
    Aggregate,
    Availability,
    Balance,
    Concurrency,
    Distinct,
    Duration,
    Entered,
    Expression,
    Formula,
    Kpi,
    Lasts,
    Mark,
    Narrative,
    Nps,
    Open,
    Python,
    Quantile,
    Recurring,
    Retention,
    Share,
    Spread,
    Take,
    Tiered,
)
from headway.periods import Grain


def kind(kpi: Kpi) -> str:  # noqa: C901 - one case per kind
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
        case Distinct(column=column, min_days=least):
            words = f"different values of {column}" + (f" seen on {least} days or more" if least > 1 else "")
        case Open(column=column):
            words = f"different values of {column} under way" if column else "rows under way"
        case Concurrency(take=take, column=column):
            words = f"{_TAKEN[take]} {f'different values of {column}' if column else 'rows'} under way at once"
        case Balance(column=column):
            words = f"last known sum of {column}" if column else "last known number of rows"
        case Recurring(column=column):
            words = f"recurring {column}"
        case Retention(after=after, ages=ages):
            words = "share that came back" + (f" after {after}" if after else f" at each age, {ages}" if ages else "")
        case Duration(statistic=statistic, within=within):
            words = f"share within {within}" if within else f"{statistics(statistic)} time"
        case Availability():
            words = "share of time available"
        case Accrue(column=column):
            words = f"{column}, spread over its months"
        case Formula():
            words = "formula"
        case Spread(kpi=name, across=across):
            words = f"{name} across {' and '.join(across)}"
        case Tiered(kpi=name):
            words = f"{name}, priced by tiers"
        case Lasts(balance=balance):
            words = f"how long {balance} lasts"
        case Python(function=function):
            words = f"computed by {function}"
        case Entered():
            words = "entered by people"
        case Narrative():
            words = "told in words"
        case None:
            return "planned"
    return f"{words}, {kpi.window}" if kpi.window else words


_TAKEN = {Take.MAX: "most", Take.MIN: "fewest", Take.MEAN: "average number of"}


def quantile(function: str) -> str:
    """`median`, or `95th percentile`."""
    if function == "median":
        return function
    level = function[1:]
    return f"{nth(int(level)) if level.isdigit() else f'{level}th'} percentile"


def sentence(kpi: Kpi) -> str:  # noqa: C901 - one case per kind
    """What is done with which rows, in one sentence or two."""
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
        case Distinct(source=source, column=column, min_days=least):
            often = f", if it is seen on {least} days or more" if least > 1 else ""
            return f"Counts each {column} in {source} once, however many rows it has{often}."
        case Open(source=source, column=column):
            what = f"each {column} once among the rows" if column else "the rows"
            return f"Counts {what} of {source} that are under way when the period ends."
        case Concurrency(take=take, source=source, column=column):
            what = f"each {column} once among the rows" if column else "the rows"
            which = {Take.MAX: "the highest", Take.MIN: "the lowest", Take.MEAN: "the average"}[take]
            weighted = ", weighted by how long it lasts" if take is Take.MEAN else ""
            return f"Counts {what} of {source} under way at every moment, and takes {which} number{weighted}."
        case Balance(source=source, column=column, per=per):
            what = f"Adds up {column}" if column else "Counts the rows"
            which = f"the last row of each {per}" if per else "the newest copy in the period"
            return f"{what} over {which} in {source}."
        case Recurring():
            return _recurring(kpi.measure, kpi.grain)
        case Retention():
            return _retention(kpi.measure)
        case Duration():
            return _duration(kpi.measure)
        case Availability():
            return _availability(kpi.measure)
        case Accrue(source=source, column=column):
            return f"Spreads {column} of each row of {source} evenly over the months that the row covers, and adds up."
        case Spread(kpi=name, across=across, zeros=zeros):
            left_out = "" if zeros else "; those at 0 are left out"
            return f"Takes the median of {name} over the different values of {' and '.join(across)}{left_out}."
        case Tiered(kpi=name, across=across, tiers=tiers):
            steps = [f"{each:.15g} each" + (f" up to {to:.15g}" if to is not None else " beyond") for to, each in tiers]
            per = "" if kpi.grain is Grain.YEAR else f" A period longer than a {kpi.grain} adds up its {kpi.grain}s."
            return f"Prices {name} of each {' and '.join(across)} by tiers, {', '.join(steps)}, and adds up.{per}"
        case Lasts():
            return _lasts(kpi.measure)
        case Python(function=function, sources=sources, inputs=inputs):
            return f"Computed by the project's own function {function} from {' and '.join((*sources, *inputs))}."
        case Formula(expression=expression):
            return f"Calculated from other KPIs: {' '.join(expression.text.split())}."
        case Narrative(path=path):
            return f"Told in words by people in {path}, with evidence."
        case Entered(path=path):
            return f"Entered by people in {path}."
        case None:
            return "Planned: it has no measure yet."


def statistics(word: str) -> str:
    """`average`, `shortest`, `95th percentile`: how a statistic of lengths of time is called."""
    return {"mean": "average", "min": "shortest", "max": "longest"}.get(word) or quantile(word)


def _recurring(measure: Recurring, own: Grain) -> str:
    said = f"Adds up {measure.column} over the rows of {measure.source} that are under way when the {own} ends"
    if measure.plus:
        said += f", and {measure.plus[1]} over the {own}'s rows of {measure.plus[0]}"
    return f"{said}. Movements compare what each {measure.customer} pays with the {own} before."


def _retention(measure: Retention) -> str:
    joined = f"{measure.since[1]} of {measure.since[0]}" if measure.since else f"the first row in {measure.source}"
    if measure.ages:
        return (
            f"Of each {measure.column} that joined in a period, the share with a row of {measure.source} at every age"
            f" up to {measure.ages}, counted from {joined}. An age that somebody has not reached yet has no value."
        )
    if measure.after:
        age = f"the {measure.after.unit} that begins {measure.after} after joining"
        seen = "then or later, so far: past values may still rise" if measure.unbounded else "in it"
        return (
            f"Of each {measure.column} for whom {age} ended in the period, the share with a row of {measure.source}"
            f" {seen}. Counted from {joined}."
        )
    return f"Of each {measure.column} with a row of {measure.source} in the span before, the share with one in this."


def _duration(measure: Duration) -> str:
    ends = f"from {_mark(measure.begin)} to {_mark(measure.end)}"
    if measure.within:
        got_there = f"that got {ends} within {measure.within}"
        if measure.by_start:
            return f"Of all {measure.source} that began in the period, the share {got_there}."
        return f"Of all {measure.source} that ended in the period, the share {got_there}."
    said = f"The {statistics(measure.statistic)} time {ends} of each row of {measure.source}, in {measure.in_unit}"
    if not measure.by_start:
        return f"{said}; of those that ended in the period."
    if measure.statistic in ("mean", "min", "max"):
        return f"{said}; of those that began in the period and got there within {measure.follow}."
    longer = f"who has not got there within {measure.follow} counts as longer"
    return f"{said}; of all that began in the period, where {longer}."


def too_few(measure: Duration) -> str:
    """Why a quantile of durations is none: "Fewer than half got there within 90 days"."""
    share = "half" if measure.statistic == "median" else f"{measure.statistic[1:]} %"
    return f"Fewer than {share} got there within {measure.follow}"


def _mark(mark: Mark) -> str:
    which = "" if mark.which == "each" else f"the {mark.which} "
    where = f" where {mark.where.text}" if mark.where else ""
    return f"{which}{mark.column} of {mark.source}{where}"


def _availability(measure: Availability) -> str:
    said = f"The share of time in which no row of {measure.source} says that something was down."
    if measure.planned:
        said += f" Time where {measure.planned.text} was planned, and is no downtime."
    if measure.degraded:
        said += f" Where {measure.degraded.text} it was degraded, and not down."
    return f"{said} Overlaps count once."


def _lasts(measure: Lasts) -> str:
    less = f"takes away {_ahead(measure.less)}"
    plus = f"adds {_ahead(measure.plus)} and " if measure.plus else ""
    fee = f", less a fee of {_ahead(measure.fee)} of what it adds" if measure.fee else ""
    return (
        f"For how many coming months {measure.balance} stays at or above zero when each of them {plus}{less}{fee}."
        " Functions such as mean() are of the past, and held constant. Where nobody knows farther ahead,"
        " it is that many or more."
    )


def _ahead(text: Expression) -> str:
    """A formula on one line; a share in percent."""
    said = " ".join(text.text.split())
    try:
        return f"{float(said):.12g}" if float(said) >= 1 else f"{float(said) * 100:.12g} %"
    except ValueError:
        return said


def nth(number: int) -> str:
    """1st, 2nd, 11th."""
    return f"{number}{'th' if 10 < number % 100 < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
