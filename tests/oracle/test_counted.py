"""Numbers that somebody else counted, and scores from few answers, against brute force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headway.model import Reason, cell_text

Row = Mapping[str, Any]
NOW = datetime(2024, 4, 3, 11, tzinfo=UTC)
#: Around the leap day, so that months are cut where they hurt.
DAYS = st.dates(date(2024, 1, 28), date(2024, 3, 3))

COUNTED = """
    project: counted
    sources:
      users:
        read: {files: none.csv}
        columns: {at: date, users: integer, hub: text, cluster: text, meter: text, id: integer}
        key: id
        time: at
    kpis:
      given:    {balance: users.users, total: given, by: [hub, [cluster, hub]], grain: month}
      none:     {balance: users.users, total: none, by: [hub, cluster], where: users > 2, grain: week}
      changing: {balance: users.users, per: meter, total: given, by: [hub, cluster], grain: month}
"""


@st.composite
def counted(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows of a few days, each with any of the columns filled."""
    row = st.fixed_dictionaries(
        {
            "at": DAYS,
            "users": st.none() | st.integers(0, 9),
            "hub": st.none() | st.sampled_from("ab"),
            "cluster": st.none() | st.sampled_from("xy"),
            "meter": st.sampled_from("mn"),
        }
    )
    return [{**one, "id": n} for n, one in enumerate(draw(st.lists(row, min_size=1, max_size=14)))]


def belongs(row: Row, by: Sequence[Sequence[str]], *, total: bool) -> str | None:
    """The cell of a row: that of the breakdown whose columns it fills, of all that the KPI has."""
    used = {column for cross in by for column in cross}
    filled = {column for column in used if row[column] is not None}
    if not filled:
        return "" if total else None
    cross = next((c for c in by if set(c) == filled), None)
    return cell_text(tuple((column, row[column]) for column in cross)) if cross else None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=counted())
def test_a_balance_that_somebody_else_counted(workbench: Any, rows: list[dict[str, Any]]) -> None:
    """The sum of the rows that fill exactly a cell's columns, in the last copy of the period, or each one's last."""
    catalog = workbench.project(COUNTED)
    found = workbench.numbers(catalog, {"users": rows}, NOW)
    for name, kpi in catalog.kpis.items():
        keep = [r for r in rows if name != "none" or (r["users"] or 0) > 2]
        expected: dict[tuple[str, str], float] = {}
        first, last = min(r["at"] for r in rows), max(r["at"] for r in rows)
        for period in catalog.calendar.between(kpi.grain, first, last):
            if name == "changing":
                latest: dict[tuple[str, str], Row] = {}
                for row in sorted(rows, key=lambda r: (r["at"], r["id"])):
                    cell = belongs(row, kpi.by, total=True)
                    if cell is not None and row["at"] <= period.last:
                        latest[cell, row["meter"]] = row
                counting = [(cell, row) for (cell, _), row in latest.items()]
            else:
                days = [r["at"] for r in rows if period.first <= r["at"] <= period.last]
                copy = [r for r in keep if days and r["at"] == max(days)]
                counting = [(c, r) for r in copy if (c := belongs(r, kpi.by, total=name == "given")) is not None]
            for cell, row in counting:
                if row["users"] is not None:
                    expected[cell, period.name] = expected.get((cell, period.name), 0) + row["users"]
        stored = {
            (cell, period): row["value"]
            for (grain, cell, period), row in found[name].items()
            if grain == str(kpi.grain) and row["value"] is not None
        }
        assert stored == expected, name
        totals = {row["reason"] for (_, cell, _), row in found[name].items() if not cell and row["value"] is None}
        assert totals <= {Reason.NO_TOTAL if name == "none" else Reason.NO_ROWS}


FEW = """
    project: few
    sources:
      answers:
        read: {files: none.csv}
        columns: {at: date, score: integer, good: boolean, team: text}
        time: at
    kpis:
"""
KINDS = {
    "share": "share: answers.good",
    "nps": "nps: answers.score",
    "p90": "p90: answers.score",
    "recent": "share: answers.good, window: 9 days",
}


@st.composite
def answers(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Answers of a few weeks; some gave none."""
    row = st.fixed_dictionaries(
        {
            "at": DAYS,
            "score": st.none() | st.integers(0, 10),
            "good": st.none() | st.booleans(),
            "team": st.none() | st.sampled_from("ab"),
        }
    )
    return draw(st.lists(row, min_size=1, max_size=12))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=answers(), least=st.integers(2, 4))
def test_fewer_answers_than_min_n_tell_nothing(workbench: Any, rows: list[dict[str, Any]], least: int) -> None:
    """Where a value has that many answers it stands as without `min_n`; elsewhere nothing is left but their number."""
    lines = []
    for name, kind in KINDS.items():
        lines.append(f"      {name}_all: {{{kind}, by: [team], grain: week}}")
        lines.append(f"      {name}_few: {{{kind}, by: [team], grain: week, min_n: {least}}}")
    catalog = workbench.project(FEW + "\n".join(lines) + "\n")
    found = workbench.numbers(catalog, {"answers": rows}, NOW)
    for name in KINDS:
        for part in ("", *catalog.kpis[f"{name}_all"].parts):
            every, few = (found[f"{name}_{which}{f'.{part}' if part else ''}"] for which in ("all", "few"))
            assert every.keys() == few.keys()
            for key, row in every.items():
                held = few[key]
                # So far and before have answers of their own, and are looked at below.
                told = {k: v for k, v in row.items() if not k.startswith("so_far")}
                if row["n"] and row["n"] < least:
                    assert held["reason"] == Reason.TOO_FEW
                    assert [held[k] for k in ("value", "numerator", "denominator")] == [None] * 3
                    assert held["n"] == row["n"]
                else:
                    assert {k: v for k, v in held.items() if not k.startswith("so_far")} == told


@pytest.mark.parametrize("least", [2, 4])
def test_a_running_period_is_compared_with_what_may_be_shown(workbench: Any, least: int) -> None:
    """So far and the same days before have answers of their own: each is held back if they are too few."""
    rows = [{"at": date(2024, 3, day), "good": day > 2} for day in (1, 2, 3)]
    rows += [{"at": date(2024, 4, day), "good": True} for day in (1, 2, 2, 2)]
    catalog = workbench.project(FEW + f"      good: {{share: answers.good, grain: month, min_n: {least}}}\n")
    found = workbench.numbers(catalog, {"answers": rows}, NOW)
    row = found["good"]["month", "", "2024-04"]
    assert (row["value"], row["so_far"]) == (1, 1)
    assert row["so_far_before"] == (0 if least == 2 else None)
