"""Drafts the letter to stakeholders: what was reached, what was missed, what changes and why. People finish it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headway import targets
from headway.ledger import Ledger
from headway.model import Audience, Catalog, Kpi, Target
from headway.periods import Grain
from headway.publish import goals, numbers, words
from headway.review import edit, facts, telling
from headway.review.apply import Decided, Prepared
from headway.review.facts import Facts, Judged


def letter(catalog: Catalog, ledger: Ledger, prepared: Prepared, names: Sequence[str], audience: Audience) -> str:
    """The letter about a review of some KPIs, as far as its readers may see them."""
    visible = [name for name in names if name in catalog.kpis and audience.may_see(catalog.kpis[name].audience)]
    found = list(facts.gather(catalog, ledger, prepared.quarter, visible))
    decided = {one.kpi: one for one in prepared.decided if one.kpi in visible}
    public = audience is Audience.PUBLIC
    contexts = {} if public else {one.kpi: one.answer.context for one in prepared.decided}
    return "\n\n".join(_parts(catalog, prepared, found, decided, contexts)) + "\n"


def _parts(
    catalog: Catalog,
    prepared: Prepared,
    found: Sequence[Facts],
    decided: dict[str, Decided],
    contexts: dict[str, str],
) -> Iterator[str]:
    quarter = prepared.quarter
    yield f"# {telling.plain(catalog.title)}: our targets in {words.period(quarter)}"
    judged = [(one, line) for one in found if (line := _leading(one)) is not None]
    met = [one for one in judged if one[1].quarter.reached == one[1].quarter.judged]
    missed = [one for one in judged if not one[1].quarter.reached]
    partly = [one for one in judged if one not in met and one not in missed]
    when = f"From {words.day(quarter.first)} to {words.day(quarter.last)}"
    if judged:
        yield f"{when}, {_counted(len(met), len(partly), len(missed))}."
    else:
        yield f"{when}, no target could be judged."
    for title, some in (("What we reached", met), ("What we reached in part", partly), ("What we missed", missed)):
        if some:
            yield f"## {title}"
            yield "\n".join(_reached(one, line, contexts.get(one.kpi.name, "")) for one, line in some)
    if silent := [one for one in found if one.lines and _leading(one) is None]:
        yield "## What we cannot say"
        yield "\n".join(f"- **{telling.plain(one.kpi.title)}**: {_why_silent(one)}" for one in silent)
    changing = [one for one in decided.values() if one.targets]
    yield "## What changes"
    if changing:
        yield "\n".join(line for one in changing for line in _changes(catalog, prepared, one))
    else:
        yield "No target changes."
    if staying := [one for one in decided.values() if not one.targets]:
        yield "## What stays"
        yield "\n".join(_stays(catalog.kpis[one.kpi], one, prepared) for one in staying)


def _counted(met: int, partly: int, missed: int) -> str:
    """2 of our 4 targets were reached, 1 in part and 1 was missed."""
    if met + partly + missed == 1:
        return f"our one target was {'reached' if met else 'reached in part' if partly else 'missed'}"
    number = met or "none"
    said = [f"{number} of our {met + partly + missed} targets {'were' if met > 1 else 'was'} reached"]
    said += [f"{partly} in part"] if partly else []
    said += [f"{missed} {'was' if missed == 1 else 'were'} missed"] if missed else []
    return words.listed(said)


def _leading(one: Facts) -> Judged | None:
    return next((line for line in one.lines if line.quarter.judged and not line.target.columns), None) or next(
        (line for line in one.lines if line.quarter.judged), None
    )


def _reached(one: Facts, line: Judged, context: str) -> str:
    """A target, how often it was met, and what people wrote about it."""
    kpi, target, count = one.kpi, line.target, line.quarter
    about = telling.line(line, kpi)
    said = f"- **{telling.plain(kpi.title)}**{f' ({telling.plain(about)})' if about else ''}:"
    months = [row for row in one.months if row.value is not None and row.period.grain is target.grain]
    if not target.columns and not target.part:
        if months:
            shown = [
                f"{telling.value(kpi, row.value)} in {words.near_period(row.period, row.period.last)}" for row in months
            ]
            said += f" {words.listed(shown)}."
        elif one.quarter is not None and one.quarter.value is not None:
            said += f" {telling.value(kpi, one.quarter.value)} {words.covered(kpi, one.quarter.period)}."
    each = "" if kpi.is_state or target.part or target.grain.rank > Grain.MONTH.rank else f" a {target.grain}"
    said += f" We asked for {asked(target, kpi)}{each}"
    noun = "values" if target.each else f"{target.grain}s"
    said += "." if count.judged == 1 else f", and had it in {count.reached:,} of {count.judged:,} {noun}."
    below = "\n".join(f"  {text}".rstrip() for text in context.split("\n"))
    return f"{said}\n\n{below}" if context else said


def _why_silent(one: Facts) -> str:
    if one.silent:
        return one.silent
    reasons = {why for line in one.lines for why in line.quarter.silent}
    return f"{words.listed(sorted(reasons)).capitalize()}." if reasons else "No period of the quarter has a verdict."


def asked(target: Target, kpi: Kpi) -> str:
    """A target in words: at least 6,600; between 15 % and 20 %."""
    unit = goals.unit_of(kpi, target.part)
    low, high = target.low, target.high
    if isinstance(low, float | int) and isinstance(high, float | int):
        return f"{numbers.exact(low, unit)} to {numbers.exact(high, unit)}"
    if isinstance(low, float | int) and high is None:
        return f"at least {numbers.exact(low, unit)}"
    if isinstance(high, float | int) and low is None:
        return f"at most {numbers.exact(high, unit)}"
    said = goals.declared(target, kpi, ()).removeprefix(f"{goals.title(target.part)} ")
    return (
        said.replace(f"\u2265{numbers.NBSP}", "at least ")
        .replace(f"\u2264{numbers.NBSP}", "at most ")
        .replace("\u2265 ", "at least ")
        .replace("\u2264 ", "at most ")
    )


def _changes(catalog: Catalog, prepared: Prepared, one: Decided) -> Iterator[str]:
    """Each new target of a KPI, with what was asked for until now, and why."""
    result = prepared.result or catalog
    kpi = result.kpis[one.kpi]
    path = prepared.files[one.kpi]
    raw = prepared.after.get(path) or prepared.before[path]
    standing = edit.targets_of(edit.read(raw, path), one.kpi)
    for written in one.targets:
        target = kpi.targets[standing.index(written)]
        about = ", ".join([goals.title(target.part)] * bool(target.part) + [text for _, text in target.cell])
        about = f" ({telling.plain(about)})" if about else ""
        begins = f" from {words.day(target.first)} on" if target.first else ""
        before = _before(catalog.kpis[one.kpi], target, prepared)
        until_now = f", until then {asked(before, kpi)}" if before is not None else ", for the first time"
        why = words.sentence(telling.plain(str(written.get("why", one.why))))
        yield f"- **{telling.plain(kpi.title)}**{about}: {asked(target, kpi)}{begins}{until_now}. {why}".rstrip()


def _before(kpi: Kpi, target: Target, prepared: Prepared) -> Target | None:
    if target.each or target.grain is Grain.HOUR:
        return None
    return targets.in_force(kpi, target.grain, target.cell, prepared.quarter.last, target.part)


def _stays(kpi: Kpi, one: Decided, prepared: Prepared) -> str:
    held = next((t for t in kpi.targets if not t.columns), None)
    now = targets.in_force(kpi, held.grain, held.cell, prepared.quarter.last, held.part) if held else None
    said = f"- **{telling.plain(kpi.title)}**: {asked(now, kpi) if now else 'no target'}."
    return f"{said} {words.sentence(telling.plain(one.why))}" if one.why else said
