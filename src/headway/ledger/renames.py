"""Names that changed: a series carries its newest name, and what was said before answers to the name of then.

At the run that first knows of a rename, the series of the old name get the new one, with all that is kept of the KPI.
Where there are series of both names already (somebody ran before they wrote down the rename), they become one: what was
published under the old name comes first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from headway.ledger import archive, schema
from headway.model import Computed

_LOGS = (schema.observation, schema.verdict)


def follow(connection: sa.Connection, run: int, computed: Computed) -> None:
    """Carry what is kept under earlier names of a KPI, and of values of its breakdowns, to those of today."""
    for old in computed.formerly:
        if _known(connection, old):
            _rename(connection, old, computed.kpi)
            _note(connection, run, computed.kpi, "", old, computed.kpi)
    for column, pairs in computed.revalued.items():
        for old, new in pairs.items():
            if _revalue(connection, computed.kpi, column, old, new):
                _note(connection, run, computed.kpi, column, old, new)


def today(connection: sa.Connection, kpi: str, until: int | None) -> str:
    """What is called now what was called `kpi` after a run."""
    for old, new in _later(connection, until, sa.true(), ""):
        kpi = new if kpi == old else kpi
    return kpi


def then(connection: sa.Connection, kpi: str, until: int) -> str:
    """What was called after a run what is called `kpi` now."""
    return names_then(connection, until)(kpi)


def names_then(connection: sa.Connection, until: int | None) -> Callable[[str], str]:
    """What every KPI was called after a run, by its name of now."""
    later = list(reversed(_later(connection, until, sa.true(), "")))

    def name(kpi: str) -> str:
        for old, new in later:
            kpi = old if kpi == new else kpi
        return kpi

    return name


def cells_then(connection: sa.Connection, kpi: str, until: int | None) -> dict[str, dict[str, str]]:
    """By column, what values of the breakdowns of a KPI (of today) were called after a run: new -> old."""
    r = schema.renamed.c
    found: dict[str, dict[str, str]] = {}
    if until is not None:
        names = {kpi, *(old for old, new in _later(connection, until, sa.true(), "") if new == kpi)}
        columns = sa.select(r.column).where(r.kpi.in_(names), r.column != "", r.run > until).distinct()
        for column in connection.scalars(columns).all():
            for old, new in reversed(_later(connection, until, r.kpi.in_(names), column)):
                found.setdefault(column, {})[new] = old
    return found


def cell_then(cell: str, names: dict[str, dict[str, str]]) -> str:
    """A cell as it was called."""
    if not cell or not names:
        return cell
    values = json.loads(cell)
    return json.dumps({c: names.get(c, {}).get(v, v) for c, v in values.items()}, ensure_ascii=False)


def _later(
    connection: sa.Connection, until: int | None, of: sa.ColumnElement[bool], column: str
) -> list[tuple[str, str]]:
    """The renames that came into force after a run, in order."""
    if until is None:
        return []
    r = schema.renamed.c
    query = sa.select(r.old, r.new).where(r.run > until, r.column == column, of).order_by(r.run)
    return [(old, new) for old, new in connection.execute(query)]


def _note(connection: sa.Connection, run: int, kpi: str, column: str, old: str, new: str) -> None:
    row = {"run": run, "kpi": kpi, "column": column, "old": old, "new": new}
    connection.execute(schema.renamed.insert(), row)


# -- KPIs ------------------------------------------------------------------------------------------------------------


def _known(connection: sa.Connection, kpi: str) -> bool:
    a = schema.attempt.c
    return connection.scalar(sa.select(a.run).where(a.kpi == kpi).limit(1)) is not None


def _rename(connection: sa.Connection, old: str, new: str) -> None:
    s = schema.series
    there = _ids(_series(connection, new))
    for row in _series(connection, old):
        same = there.get((row.part, row.grain, row.cell))
        if same is None:
            connection.execute(s.update().where(s.c.id == row.id).values(kpi=new))
        else:
            _join(connection, old, row.id, same)
    for table in (schema.definition, schema.replaced):
        connection.execute(table.update().where(table.c.kpi == old).values(kpi=new))
    _restated(connection, old, new)
    entry = ("cell", "grain", "period", "revision")
    for table, keys in ((schema.attempt, ("run",)), (schema.entry, entry), (schema.review, ("run", "period"))):
        other = table.alias()
        alike = sa.and_(other.c.kpi == new, *(other.c[key] == table.c[key] for key in keys))
        taken = sa.exists().where(alike)
        connection.execute(table.delete().where(table.c.kpi == old, taken))
        connection.execute(table.update().where(table.c.kpi == old).values(kpi=new))
    c = schema.checked
    other = c.alias()
    alike = sa.and_(other.c.of == "kpi", other.c.subject == new, other.c.run == c.c.run, other.c.check == c.c.check)
    mine = sa.and_(c.c.of == "kpi", c.c.subject == old)
    connection.execute(c.delete().where(mine, sa.exists().where(alike)))
    connection.execute(c.update().where(mine).values(subject=new))
    _alerts(connection, old, "", {"subject": f"kpi {new}"})


#: What is kept of alerts by the rule-cell, and what else names a row there; a notice has a name of its own.
_ALERTS: tuple[tuple[sa.Table, tuple[str, ...] | None], ...] = (
    (schema.alerting, ()),
    (schema.acknowledgement, ("run",)),
    (schema.notice, None),
)


def _alerts(connection: sa.Connection, kpi: str, cell: str, values: Mapping[str, str]) -> None:
    """Let what is kept of alerts on a KPI, or on one cell of it, go by other names: an episode goes on.

    Of two states, that under the newer name is right.
    """
    for table, keys in _ALERTS:
        mine = table.c.subject == f"kpi {kpi}"
        if cell:
            mine = sa.and_(mine, table.c.cell == cell)
        if keys is not None:
            other = table.alias()
            alike = (other.c[name] == values.get(name, table.c[name]) for name in (*schema.RULE_CELL, *keys))
            connection.execute(table.delete().where(mine, sa.exists().where(*alike)))
        connection.execute(table.update().where(mine).values(**values))


def _restated(connection: sa.Connection, old: str, new: str) -> None:
    """Let restatements name the KPI as it is called now: who accepts one must find its numbers."""
    r = schema.restatement
    for row in connection.execute(sa.select(r.c.id, r.c.latest, r.c.kpis)).all():
        told = parts_called(row.kpis, old, new)
        if told != row.kpis:
            mine = sa.and_(r.c.id == row.id, r.c.latest == row.latest)
            connection.execute(r.update().where(mine).values(kpis=told))


def parts_called(parts: Sequence[dict[str, Any]], old: str, new: str) -> list[dict[str, Any]]:
    """What a restatement changes of each KPI (its `kpis`), after one of them was called otherwise.

    Where it names both, the part of the new name stays.
    """
    both = any(part["kpi"] == new for part in parts)
    return [part | {"kpi": new} if part["kpi"] == old else part for part in parts if not (both and part["kpi"] == old)]


def _series(connection: sa.Connection, kpi: str) -> Sequence[Any]:
    s = schema.series.c
    return connection.execute(sa.select(s.id, s.part, s.grain, s.cell).where(s.kpi == kpi)).all()


def _ids(series: Sequence[Any]) -> dict[tuple[str, str, str], int]:
    """The series of a KPI by what names them."""
    return {(row.part, row.grain, row.cell): row.id for row in series}


# -- values of breakdowns --------------------------------------------------------------------------------------------


def _revalue(connection: sa.Connection, kpi: str, column: str, old: str, new: str) -> bool:
    """Rename the cells of a value; False if there are none."""
    series = _series(connection, kpi)
    there = _ids(series)
    found = False
    for row in series:
        values = json.loads(row.cell) if row.cell else {}
        if values.get(column) != old:
            continue
        found = True
        cell = json.dumps(values | {column: new}, ensure_ascii=False)
        _alerts(connection, kpi, row.cell, {"cell": cell})
        same = there.get((row.part, row.grain, cell))
        if same is None:
            s = schema.series
            connection.execute(s.update().where(s.c.id == row.id).values(cell=cell))
        else:
            _join(connection, kpi, row.id, same)
    return found


def _join(connection: sa.Connection, kpi: str, first: int, then: int) -> None:
    """Make one series of two: what was published in `first` is what `then` had before."""
    for table in _LOGS:
        c, other = table.c, table.alias()
        before = sa.select(sa.func.max(other.c.revision)).where(other.c.series == first, other.c.period == c.period)
        both = sa.and_(c.series == then, c.period.in_(sa.select(other.c.period).where(other.c.series == first)))
        # By way of numbers below 0: no two rows may have one key, not even for a moment.
        later = -(c.revision + before.scalar_subquery())
        connection.execute(table.update().where(both).values(revision=later))
        connection.execute(table.update().where(c.series == then, c.revision < 0).values(revision=-c.revision))
        connection.execute(table.update().where(c.series == first).values(series=then))
    proposed, digest = schema.proposed, schema.digest
    connection.execute(proposed.update().where(proposed.c.series == first).values(series=then))
    archive.renumber(connection, kpi, first, then)
    # A digest that is no sum of anything makes the next comparison read the rows.
    other = digest.alias()
    alike = sa.and_(other.c.log == digest.c.log, other.c.series == then, other.c.block == digest.c.block)
    connection.execute(digest.delete().where(digest.c.series == first, sa.exists().where(alike)))
    connection.execute(digest.update().where(digest.c.series == first).values(series=then))
    connection.execute(digest.update().where(digest.c.series == then).values(value=1))
    connection.execute(schema.series.delete().where(schema.series.c.id == first))
