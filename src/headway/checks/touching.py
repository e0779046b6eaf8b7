"""Which numbers a failed check touches: what fails on which days, and which KPIs read it there.

A row has a day for each column that dates a KPI (`time: closed_at`), and touches the KPI on that one. Rules over days
and periods know the source's own time alone: a row that is missing there may be dated later by another column.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from headway.model import Catalog, Checked, Kpi, RowMeasure, Schemas
from headway.plan.rows import excluded
from headway.plan.scope import Path, Scope
from headway.quality import Touch

#: What fails: the key, a reference, a rule over rows, or a rule over days and periods.
What = Literal["key", "reference", "rows", "periods"]


@dataclass(frozen=True, slots=True)
class Failing:
    """A check that failed on the rows of some neighbouring days; None is open: rows without time touch every period.

    `check` is its address, `source.check`. `reference` is the column that refers, if a reference failed. `time` is the
    column by which the days are told: KPIs of one source may be dated differently. None for a source without time. Of a
    declared rule over rows, `number` is which check of the source it is, and `rows` how many fail. Of a check by parts,
    `part` is the column and its value whose rows fail.
    """

    check: str
    what: What
    time: str | None
    first: date | None
    last: date | None
    reference: str | None = None
    number: int | None = None
    rows: int = 0
    part: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What came of checks of one source: what fails where, what is kept of each check, and sentences for people."""

    failing: list[Failing] = field(default_factory=list)
    checked: list[Checked] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def touching(
    catalog: Catalog,
    schemas: Schemas,
    kpi: Kpi,
    failing: Mapping[str, Sequence[Failing]],
    apart: Collection[int] = (),
    afar: Collection[tuple[str, int]] = (),
) -> list[Touch]:
    """The failing checks that touch a KPI's rows.

    `failing` holds what fails by source. Rows that fail in a source that is only referred to, or read beside the first,
    touch every day, because they have no part in the days of those that refer to them. Where such a source lacks rows
    in a period, whatever is dated since may refer to them. Left out are those of its own source's checks that stand
    `apart`, and those `afar`: `cells` says which cells they touch, and `afar` which days.
    """
    if kpi.source is None or kpi.dated_by is None:
        # A function of the project may read every row of its sources.
        every = (one for source in kpi.sources for one in failing.get(source, ()))
        return [Touch(one.check, None, None, one.part and _SOMEWHERE) for one in every]
    own_paths, picked = paths(catalog, schemas, kpi)
    dated, column = kpi.dated_by
    own_time = catalog.sources[kpi.source].time
    # Rows whose days are those of another source may be in any period.
    time = column or own_time if dated == kpi.source else own_time
    own = [
        Touch(one.check, one.first, one.last, one.part) if dated == kpi.source else _from_afar(one)
        for one in failing.get(kpi.source, ())
        if one.time == time and (one.reference is None or (one.reference,) in own_paths) and one.number not in apart
    ]
    referred_to = [
        _from_afar(one)
        for through in (own_paths, picked)
        for path, source in through.items()
        for one in failing.get(source, ())
        if (source, one.number) not in afar and (one.reference is None or (*path, one.reference) in through)
    ]
    others = [_from_afar(one) for source in kpi.sources[1:] for one in failing.get(source, ())]
    return list(dict.fromkeys([*own, *referred_to, *others]))


#: A part of rows that none of a KPI's own columns tells.
_SOMEWHERE = ("", "")


def _from_afar(one: Failing) -> Touch:
    """What touches rows that are dated by another source."""
    return Touch(one.check, one.first if one.what == "periods" else None, None, one.part and _SOMEWHERE)


def is_multiplied(catalog: Catalog, schemas: Schemas, kpi: Kpi, failing: Mapping[str, Sequence[Failing]]) -> bool:
    """True if a KPI reads through a reference to a source whose key fails: its rows may have met several of them."""
    return kpi.source is not None and any(
        one.what == "key"
        for through in paths(catalog, schemas, kpi)
        for source in through.values()
        for one in failing.get(source, ())
    )


def paths(catalog: Catalog, schemas: Schemas, kpi: Kpi) -> tuple[dict[Path, str], dict[Path, str]]:
    """The references that a KPI reads through, each with the source that it leads to.

    Those of its own source, and those of another source that its `where` and `by` are about.
    """
    assert isinstance(kpi.measure, RowMeasure)
    source = catalog.sources[kpi.measure.source]
    scope = Scope(catalog, schemas, source.name)
    picks = scope if kpi.measure.picks == source.name else Scope(catalog, schemas, kpi.measure.picks)
    for one in {id(scope): scope, id(picks): picks}.values():
        excluded(one, catalog.sources[one.source])
    for column in (*kpi.measure.columns, kpi.time or source.time, source.until, source.through):
        if column:
            scope.column(column, kpi.place)
    for column in (c for cross in kpi.by for c in cross if c not in kpi.measure.built_in):
        picks.column(column, kpi.place)
    for condition in kpi.measure.conditions:
        scope.expression(condition)
    if kpi.where:
        picks.expression(kpi.where)
    return scope.paths(), {} if picks is scope else picks.paths()
