"""The facts of a review in sentences and tables of Markdown: numbers read as they do on pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from headway.formats import dates, numbers, plurals
from headway.model import Better, Kpi, Status, Target, UnitKind
from headway.periods import Grain, Period
from headway.publish import goals, words
from headway.publish.stored import Stored
from headway.review.edit import flow
from headway.review.facts import Compared, Facts, Judged, Outlook, Tally, Trend
from headway.review.proposal import Proposal

#: Breaks of lines, and what is beside them; spaces that do not break stay.
_LINES = re.compile(r"[ \t]*[\r\n][ \t\r\n]*")
_SPECIAL = re.compile(r"([\\`*_\[\]<>|])")


#: What the block asks for beside the target.
_DATED = ("from", "through", "why", "owner")


def plain(text: str) -> str:
    """A text that Markdown leaves as it is."""
    return _SPECIAL.sub(r"\\\1", _LINES.sub(" ", text).strip())


def value(kpi: Kpi, number: float | None, part: str = "") -> str:
    """A number as on a card."""
    unit = goals.unit_of(kpi, part)
    return str(numbers.tile(number, unit, decimals=kpi.decimals if unit is kpi.unit else None))


def amount(kpi: Kpi, number: float) -> str:
    """A difference between two numbers of a KPI, without its sign: of percentages, in points."""
    if kpi.unit.kind is UnitKind.PERCENT:
        text = f"{abs(number) * 100:.2g}" if abs(number) < 0.1 else f"{abs(number) * 100:.1f}"
        return f"{text} percentage points"
    return str(numbers.tile(abs(number), kpi.unit)).removeprefix("+")


def tally(counted: Tally, one: str) -> str:
    """2 of 3 months (1 near)."""
    said = f"{plurals.whole(counted.reached)} of {plurals.whole(counted.judged)}"
    said += f" {one if counted.judged == 1 else many(one)}"
    more = [f"{plurals.whole(counted.near)} near"] if counted.near else []
    more += [f"{plurals.whole(count)} {why}" for why, count in counted.silent.items()]
    return f"{said} ({', '.join(more)})" if more else said


def many(noun: str) -> str:
    """Months, values of cells by month."""
    first, of, rest = noun.partition(" of ")
    return f"{first}s{of}{rest}"


def line(judged: Judged, kpi: Kpi) -> str:
    """What a line of targets is about: '' for the value's total, else growth over 1 month, enterprise, each hub."""
    target = judged.target
    said = [goals.title(target.part)] if target.part else []
    said += [text for _, text in target.cell] + [f"each {column}" for column in target.each]
    if target.grain is not kpi.grain and not target.columns:
        said.append(f"by {target.grain}")
    return ", ".join(said)


def head(facts: Facts) -> str:
    """The line under a KPI's title: its name, its owner, what is asked for."""
    kpi = facts.kpi
    asked = [one for one in facts.lines if one.bound]
    said = [f"`{kpi.name}`"]
    said += [f"owner: {plain(kpi.owner)}"] if kpi.owner else ["no owner"]
    said += [f"target: {plain(bound(asked[0], kpi))}"] if asked else ["no target"]
    return " · ".join(said)


def bound(judged: Judged, kpi: Kpi) -> str:
    """A target with what it is about: ≥ 60 % (enterprise)."""
    about = [text for _, text in judged.target.cell] + [f"each {column}" for column in judged.target.each]
    if judged.target.grain is not kpi.grain and not judged.target.columns:
        about.append(f"by {judged.target.grain}")
    return f"{judged.bound} ({', '.join(about)})" if about else judged.bound


def table(facts: Facts, quarter: Period, year: Period) -> Iterator[str]:
    """The quarter's months, the quarter, the same one a year before, the year so far."""
    kpi = facts.kpi
    columns: list[tuple[str, str, str]] = [
        (dates.near_period(row.period, quarter.last), value(kpi, row.value), _verdict(row)) for row in facts.months
    ]
    if facts.quarter is not None:
        columns.append((dates.period(quarter), _stored(kpi, facts.quarter), _verdict(facts.quarter)))
    if facts.before is not None:
        columns.append((dates.period(facts.before.period), _stored(kpi, facts.before), _verdict(facts.before)))
    if facts.year is not None:
        columns.append((f"{year.name} so far", value(kpi, facts.year), ""))
    if not columns:
        return
    heads, values, verdicts = zip(*columns, strict=True)
    about = "".join(f", {plain(text)}" for _, text in facts.cell)
    yield f"|  | {' | '.join(heads)} |"
    yield f"|---|{'---:|' * len(columns)}"
    yield f"| Value{about} | {' | '.join(values)} |"
    if any(verdicts):
        yield f"| Verdict | {' | '.join(verdicts)} |"
    grown = {row.period.key: row for row in facts.growth}
    if facts.leading is not None and any(row.period.key in grown for row in facts.months):
        part = facts.leading.part
        found = [grown.get(row.period.key) for row in facts.months]
        rest = [""] * (len(columns) - len(found))
        shown = [value(kpi, row.value, part) if row else "" for row in found]
        yield f"| {goals.title(part)} | {' | '.join([*shown, *rest])} |"
        yield f"| Verdict | {' | '.join([*(_verdict(row) if row else '' for row in found), *rest])} |"


def _stored(kpi: Kpi, row: Stored) -> str:
    return value(kpi, row.value) if row.value is not None else row.verdict.word


def _verdict(row: Stored) -> str:
    silent = row.status is None or row.value is None or row.status == Status.NO_TARGET
    return "" if silent else row.verdict.word


def sentences(facts: Facts) -> Iterator[str]:
    """What there is to say of a KPI, one line each."""
    kpi = facts.kpi
    for one in facts.lines:
        if one.quarter.judged or one.quarter.silent or one.year.judged:
            yield f"**On target{_about(one, kpi)}** in {_reached(one)}."
    if isinstance(facts.trend, Trend):
        yield f"**Trend**: {trend(facts.trend, facts)}."
    elif facts.trend:
        yield f"**Trend**: not looked for, because {facts.trend}."
    if isinstance(facts.outlook, Outlook):
        yield f"**Forecast**: {outlook(facts.outlook, kpi)}"
    elif facts.outlook:
        yield f"**Forecast**: none, because {facts.outlook}."
    for compared in facts.benchmarks:
        yield f"**Others**: {others(compared, kpi)}."
    if isinstance(facts.proposal, Proposal):
        yield f"**Proposed**: {proposed(facts.proposal, facts)}"
    elif facts.proposal:
        yield f"**Proposed**: nothing, because {facts.proposal}."


def _about(one: Judged, kpi: Kpi) -> str:
    said = line(one, kpi)
    return f" ({plain(said)})" if said else ""


def _reached(one: Judged) -> str:
    """In 2 of 3 months (1 near); of the year so far in 7 of 9 months."""
    return f"{in_quarter(one)}; of the year so far in {tally(one.year, _counted(one))}"


def in_quarter(one: Judged) -> str:
    """2 of 3 months (1 near), or that no period ended."""
    return tally(one.quarter, _counted(one)) if one.quarter.judged or one.quarter.silent else "no period of the quarter"


def _counted(one: Judged) -> str:
    return f"value of cells by {one.target.grain}" if one.target.each else str(one.target.grain)


def trend(found: Trend, facts: Facts) -> str:
    """Rising, for the better, over the last 12 months (Mann and Kendall, p = 0.002)."""
    word = {1: "rising", -1: "falling", 0: "none that is certain"}[found.direction]
    if found.direction and facts.kpi.better is not Better.NONE:
        word += f", for the {'better' if (found.direction > 0) is (facts.kpi.better is Better.HIGHER) else 'worse'},"
    grain = facts.kpi.grain if facts.kpi.grain.rank > Grain.MONTH.rank else "month"
    chance = f"p = {found.p:.3f}" if found.p >= 0.001 else "p < 0.001"
    return f"{word} over {plurals.count(found.periods, str(grain))} (Mann\u2013Kendall, {chance})"


def outlook(found: Outlook, kpi: Kpi) -> str:
    """A forecast, how it was made, and how far off such forecasts were."""
    made = found.forecast
    when = words.covered(kpi, found.of)
    whole = found.of.grain is Grain.YEAR
    how = "what is to come as a year before" if whole else "as a year before"
    if made.drift is not None:
        each = f" a {found.each}" if whole else ""
        how += f", and {amount(kpi, made.drift)} {'more' if made.drift >= 0 else 'less'}{each}"
    said = f"{value(kpi, made.value)} {when} ({how}). "
    if made.error is None:
        said += "How far off that may be is not known yet: history is too short."
    else:
        said += f"Made so in {made.tested} past quarters, it was {amount(kpi, made.error)} off on average."
    if found.bound:
        met = {True: ", which this meets", False: ", which this misses", None: ""}[found.met]
        said += f" The target then: {plain(found.bound)}{met}."
    return said


def others(compared: Compared, kpi: Kpi) -> str:
    """What others reach, and how far this is from it."""
    one = compared.benchmark
    who = f"[{plain(one.who)}]({one.link})" if one.link else plain(one.who)
    said = f"{who}: {goals.benchmark(one, kpi)}"
    if compared.room is None or compared.typical is None:
        return said
    how = "meets" if compared.room >= 0 else "misses"
    by = f" by {amount(kpi, compared.room)}" if compared.room else " exactly"
    return f"{said}. The quarter's median, {value(kpi, compared.typical)}, {how} that{by}"


def proposed(found: Proposal, facts: Facts) -> str:
    """A proposal with what it is made from, and what speaks against it."""
    kpi, part = facts.kpi, facts.leading.part if facts.leading else ""
    unit = goals.unit_of(kpi, part)
    higher = found.bound == "at_least"
    if found.lacking:
        share = (found.value - found.baseline) / ((1 if unit.kind is UnitKind.PERCENT else 100) - found.baseline)
        stretch = f"{share:.0%} less is lacking than at".replace("%", f"{numbers.THIN}%")
    else:
        share = abs(found.value / found.baseline - 1)
        stretch = f"{share:.0%} {'above' if higher else 'below'}".replace("%", f"{numbers.THIN}%")
    said = f"{bound_of(found, facts)}: {stretch} the quarter's median, {value(kpi, found.baseline, part)}."
    if found.beyond:
        said += f" **Beyond anything seen**: nothing so far was that {'high' if higher else 'low'}."
    now = numbers.exact(own, goals.unit_of(kpi, part)) if (own := asked_now(found, facts)) is not None else ""
    if own == found.value:
        said += " That is what is asked for now."
    elif own is not None and easier(found, facts):
        said += f" That is easier than what is asked for now, {plain(now)}."
    return said


def asked_now(found: Proposal, facts: Facts) -> float | None:
    """The bound in force on the side of a proposal, if it is a number."""
    now = facts.leading
    own = (now.low if found.bound == "at_least" else now.high) if now else None
    return float(own) if isinstance(own, float | int) else None


def easier(found: Proposal, facts: Facts) -> bool:
    """True if less is proposed than what is asked for now."""
    own = asked_now(found, facts)
    return own is not None and own != found.value and (own > found.value) is (found.bound == "at_least")


def bound_of(found: Proposal, facts: Facts) -> str:
    """What is proposed, as on pages: ≥ 6,600."""
    unit = goals.unit_of(facts.kpi, facts.leading.part if facts.leading else "")
    return numbers.bound(*((found.value, None) if found.bound == "at_least" else (None, found.value)), unit)


def block(facts: Facts, first: str, written: Sequence[Any]) -> str:
    """The YAML to fill in; `written` are the targets as they stand in the catalogue."""
    kpi, proposal, now = facts.kpi, facts.proposal, facts.leading
    lines = [f"kpi: {kpi.name}"]
    if isinstance(proposal, Proposal):
        hint = f"proposed: {flow(like(proposal, now, kpi))}"
    elif now is not None and len(written) == len(kpi.targets):
        said = written[kpi.targets.index(now)]
        hint = f"now: {flow({key: item for key, item in said.items() if key not in _DATED})}"
    else:
        hint = "such as {at_least: 100}"
    lines.append(f"target:   # {hint}; or keep" if now is not None else f"target:   # {hint}")
    lines += [f"from: {first}", "why:"]
    owner = (now.owner if now else None) or kpi.owner
    return "\n".join([*lines, f"owner: {owner}" if owner else "owner:"])


def like(proposal: Proposal, leading: Target | None, kpi: Kpi) -> dict[str, object]:
    """A proposal as a target that takes the place of the one in force: of the same cell, grain and growth."""
    found: dict[str, object] = {}
    if leading is not None:
        found |= {"growth": str(leading.growth)} if leading.growth else {}
        found |= {"for": dict(leading.cell)} if leading.cell else {}
        found |= (
            {"grain": str(leading.grain)} if leading.grain is not (kpi.by_grain if leading.cell else kpi.grain) else {}
        )
    written = proposal.written
    return {**found, proposal.bound: written if "%" in written else float(written) if "." in written else int(written)}
