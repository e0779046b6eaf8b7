"""Finds what a catalogue says and may not mean: targets that contradict each other, and numbers that mislead (pure).

A rule is a function from the scene to findings; each works from definitions (kind, source, filter, window, formula),
never from names. `finding` what is found · `scene`, `demands` what is looked at · one module per family of rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import replace
from datetime import date

from headway.catalog.lint import (
    absent,
    alerts,
    boards,
    clock,
    cohorts,
    data,
    judging,
    lengths,
    rates,
    same,
    sizes,
    wholes,
)
from headway.catalog.lint.alerts import Margin
from headway.catalog.lint.finding import OF_DATA, RULES, SLUGS, Finding, Relation
from headway.catalog.lint.scene import Scene
from headway.model import Catalog, Rehearsed

__all__ = ["RULES", "SLUGS", "Finding", "Margin", "Relation", "check", "margins"]

#: Every rule, in the order of `RULES`.
_CHECKS: tuple[Callable[[Scene], Iterator[Finding]], ...] = (
    rates.compounding,
    cohorts.retention_rises,
    same.same_measure,
    same.scope,
    sizes.nested,
    sizes.portions,
    wholes.cells,
    judging.direction,
    judging.grown_worse,
    judging.near_too_wide,
    lengths.length_dependent,
    alerts.looser_alert,
    clock.response_time,
    clock.rarely_computed,
    boards.wide,
    boards.mute,
    data.individuals,
    data.naive_time,
    data.same_name,
    absent.no_such_cell,
    judging.headlines,
)


def check(catalog: Catalog, today: date, told: Rehearsed | None = None) -> list[Finding]:
    """Every finding, heaviest first, then in the order of files; those that are allowed have their reason.

    `told` is what the data tell, if they were read: some rules find nothing without.
    """
    scene = Scene(catalog, today, told or Rehearsed())
    found = [_judged(catalog, finding) for rule in _CHECKS for finding in rule(scene)]
    found += _idle(catalog, found, SLUGS if told else SLUGS - OF_DATA)
    order = list(Relation)
    return sorted(found, key=lambda f: (order.index(f.relation), *_where(f)))


def margins(catalog: Catalog, today: date) -> list[Margin]:
    """Every alert on numbers beside each target that it goes with."""
    return list(alerts.margins(Scene(catalog, today)))


def _where(finding: Finding) -> tuple[str, int]:
    return (finding.places[0].path, finding.places[0].line) if finding.places else ("", 0)


def _judged(catalog: Catalog, finding: Finding) -> Finding:
    """The finding with the reason for which one of its KPIs allows it, if one does."""
    reasons = (catalog.kpis[name].allow.get(finding.slug) for name in finding.kpis)
    return replace(finding, reason=next((reason for reason in reasons if reason), None))


def _idle(catalog: Catalog, found: list[Finding], looked_for: Set[str]) -> Iterator[Finding]:
    """Each `allow` that nothing was found for, of what was looked for."""
    used = {(name, finding.slug) for finding in found for name in finding.kpis}
    for kpi in catalog.kpis.values():
        for slug in kpi.allow:
            if slug in looked_for and (kpi.name, slug) not in used:
                yield Finding(
                    "idle-allow",
                    Relation.NOTE,
                    f"{kpi.name} allows '{slug}', and there is none",
                    (kpi.name,),
                    (kpi.at(f"allow.{slug}"),),
                    remedy="Remove it: what it allowed has been mended.",
                )
