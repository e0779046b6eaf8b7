"""Drafts the letter to stakeholders: what was reached, what was missed, what changes and why. People finish it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from headway import targets
from headway.formats import dates, numbers, plurals
from headway.ledger import Ledger
from headway.model import Audience, Catalog, Kpi, Line, Target
from headway.periods import Grain
from headway.publish import goals, words
from headway.review import edit, facts, telling
from headway.review.apply import Decided, Prepared
from headway.review.facts import Facts, Judged

#: Up to so many periods are told one by one.
_FEW = 3


def letter(catalog: Catalog, ledger: Ledger, prepared: Prepared, names: Sequence[str], audience: Audience) -> str:
    """The letter about a review of some KPIs, as far as its readers may see them."""
    visible = [name for name in names if name in catalog.kpis and audience.may_see(catalog.kpis[name].audience)]
    found = list(facts.gather(catalog, ledger, prepared.quarter, visible))
    decided = {one.kpi: one for one in prepared.decided if one.kpi in visible}
    public = audience is Audience.PUBLIC
    contexts = {} if public else {one.kpi: one.answer.context for one in prepared.decided}
    seen = frozenset(name for name, kpi in catalog.kpis.items() if audience.may_see(kpi.audience))
    return "\n\n".join(_parts(catalog, prepared, found, decided, contexts, seen)) + "\n"


def _parts(
    catalog: Catalog,
    prepared: Prepared,
    found: Sequence[Facts],
    decided: dict[str, Decided],
    contexts: dict[str, str],
    visible: Container[str],
) -> Iterator[str]:
    quarter = prepared.quarter
    yield f"# {telling.plain(catalog.title)}: our targets in {dates.period(quarter)}"
    judged = [(one, line) for one in found if (line := _leading(one)) is not None]
    met = [one for one in judged if one[1].quarter.reached == one[1].quarter.judged]
    missed = [one for one in judged if not one[1].quarter.reached]
    partly = [one for one in judged if one not in met and one not in missed]
    when = f"From {dates.day(quarter.first)} to {dates.day(quarter.last)}"
    if judged:
        yield f"{when}, {_counted(len(met), len(partly), len(missed))}."
    else:
        yield f"{when}, no target could be judged."
    for title, some in (("What we reached", met), ("What we reached in part", partly), ("What we missed", missed)):
        if some:
            yield f"## {title}"
            yield "\n".join(_reached(one, line, contexts.get(one.kpi.name, ""), visible) for one, line in some)
    if silent := [one for one in found if one.lines and _leading(one) is None]:
        yield "## What we cannot say"
        yield "\n".join(f"- **{telling.plain(one.kpi.title)}**: {_why_silent(one)}" for one in silent)
    changing = [one for one in decided.values() if one.targets]
    yield "## What changes"
    if changing:
        yield "\n".join(line for one in changing for line in _changes(catalog, prepared, one, visible))
    else:
        yield "No target changes."
    if staying := [one for one in decided.values() if not one.targets]:
        yield "## What stays"
        yield "\n".join(_stays(catalog.kpis[one.kpi], one, prepared, visible) for one in staying)


def _counted(met: int, partly: int, missed: int) -> str:
    """2 of our 4 targets were reached, 1 in part and 1 was missed."""
    if met + partly + missed == 1:
        return f"our one target was {'reached' if met else 'reached in part' if partly else 'missed'}"
    number = met or "none"
    said = [f"{number} of our {met + partly + missed} targets {'were' if met > 1 else 'was'} reached"]
    said += [f"{partly} in part"] if partly else []
    said += [f"{missed} {'was' if missed == 1 else 'were'} missed"] if missed else []
    return plurals.listed(said)


def _leading(one: Facts) -> Judged | None:
    return next((line for line in one.lines if line.quarter.judged and not line.target.columns), None) or next(
        (line for line in one.lines if line.quarter.judged), None
    )


def _reached(one: Facts, line: Judged, context: str, visible: Container[str]) -> str:
    """A target, how often it was met, and what people wrote about it."""
    kpi, target, count = one.kpi, line.target, line.quarter
    about = _about(target)
    said = f"- **{telling.plain(kpi.title)}**{f' ({telling.plain(about)})' if about else ''}:"
    rows = one.growth if target.part else one.months
    months = [row for row in rows if row.value is not None and row.period.grain is target.grain]
    if target.each or target.cell != one.cell:
        pass  # no one number says it
    elif 0 < len(months) <= _FEW:
        name = dates.near_period
        shown = [f"{telling.value(kpi, r.value, target.part)} in {name(r.period, r.period.last)}" for r in months]
        said += f" {plurals.listed(shown)}."
    elif not target.part and one.quarter is not None and one.quarter.value is not None:
        said += f" {telling.value(kpi, one.quarter.value)} {words.covered(kpi, one.quarter.period)}."
    said += f" We asked for {asked(target, kpi, visible)}"
    moves = any(isinstance(bound, Line) for bound in (target.low, target.high))
    if one.adds_up and not moves and not target.part and target.grain.rank <= Grain.MONTH.rank:
        said += f" a {target.grain}"
    noun = "values" if target.each else f"{target.grain}s"
    many = f"{plurals.whole(count.reached)} of {plurals.whole(count.judged)}"
    had = "were on the way to it" if moves else "had it"
    said += "." if count.judged == 1 else f", and {had} in {many} {noun}."
    below = "\n".join(f"  {text}".rstrip() for text in context.split("\n"))
    return f"{said}\n\n{below}" if context else said


def _about(target: Target) -> str:
    """Which cells a target is for, and whether it is about growth."""
    said = [goals.title(target.part)] if target.part else []
    return ", ".join([*said, *(text for _, text in target.cell), *(f"each {column}" for column in target.each)])


def _why_silent(one: Facts) -> str:
    if one.silent:
        return one.silent
    reasons = {why for line in one.lines for why in line.quarter.silent}
    return f"{plurals.listed(sorted(reasons)).capitalize()}." if reasons else "No period of the quarter has a verdict."


def asked(target: Target, kpi: Kpi, visible: Container[str]) -> str:
    """A target in words: at least 6,600; between 15 % and 20 %."""
    unit = goals.unit_of(kpi, target.part)
    low, high = target.low, target.high
    if isinstance(low, float | int) and isinstance(high, float | int):
        return numbers.bound(low, high, unit)
    if isinstance(low, float | int) and high is None:
        return f"at least {numbers.exact(low, unit)}"
    if isinstance(high, float | int) and low is None:
        return f"at most {numbers.exact(high, unit)}"
    said = goals.declared(target, kpi, visible).removeprefix(f"{goals.title(target.part)} ")
    return (
        said.replace(f"\u2265{numbers.NBSP}", "at least ")
        .replace(f"\u2264{numbers.NBSP}", "at most ")
        .replace("\u2265 ", "at least ")
        .replace("\u2264 ", "at most ")
    )


def _changes(catalog: Catalog, prepared: Prepared, one: Decided, visible: Container[str]) -> Iterator[str]:
    """Each new target of a KPI, with what was asked for until now, and why."""
    result = prepared.result or catalog
    kpi = result.kpis[one.kpi]
    path = prepared.files[one.kpi]
    raw = prepared.after.get(path) or prepared.before[path]
    standing = edit.targets_of(edit.read(raw, path), one.kpi)
    for written in one.targets:
        target = kpi.targets[standing.index(written)]
        about = _about(target)
        about = f" ({telling.plain(about)})" if about else ""
        begins = f" from {dates.day(target.first)} on" if target.first else ""
        before = _before(catalog.kpis[one.kpi], target, prepared)
        until_now = f", until then {asked(before, kpi, visible)}" if before is not None else ", for the first time"
        why = words.sentence(telling.plain(str(written.get("why", one.why))))
        said = f"{asked(target, kpi, visible)}{begins}{until_now}. {why}".rstrip()
        yield f"- **{telling.plain(kpi.title)}**{about}: {said}"


def _before(kpi: Kpi, target: Target, prepared: Prepared) -> Target | None:
    if target.each or target.grain is Grain.HOUR:
        return None
    return targets.in_force(kpi, target.grain, target.cell, prepared.quarter.last, target.part)


def _stays(kpi: Kpi, one: Decided, prepared: Prepared, visible: Container[str]) -> str:
    held = next((t for t in kpi.targets if not t.columns), None)
    now = targets.in_force(kpi, held.grain, held.cell, prepared.quarter.last, held.part) if held else None
    said = f"- **{telling.plain(kpi.title)}**: {asked(now, kpi, visible) if now else 'no target'}."
    return f"{said} {words.sentence(telling.plain(one.why))}" if one.why else said
