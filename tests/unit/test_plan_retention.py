"""Ages by the calendar: the SQL of an age, and who is old enough today, for every pair of days around month ends."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest

from headway.engines import DuckDB
from headway.periods import Length, Unit, add_months
from headway.plan import sql
from headway.plan.retention import _age, _joined_by, _later

#: Through the end of a leap February and of another one.
DAYS = [date(2023, 12, 27) + timedelta(days=n) for n in range(70)]
DAYS += [date(2025, 1, 28) + timedelta(days=n) for n in range(35)]
UNITS = (Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.QUARTER, Unit.YEAR)


def later(day: date, length: Length) -> date:
    """The day on which somebody who joined on `day` is that old."""
    return add_months(day, length.months) if length.months is not None else day + timedelta(days=length.days or 0)


@pytest.mark.parametrize("unit", UNITS)
def test_an_age_is_the_interval_that_holds_the_day(unit: Unit, engine: DuckDB) -> None:
    """On each day somebody has the age whose interval holds it: the intervals of ages meet without a gap."""
    pairs = [(joined, day) for joined in DAYS for day in DAYS if joined <= day]
    table = pa.table({"joined": [j for j, _ in pairs], "day": [d for _, d in pairs]})
    query = sql.query(f"SELECT joined, day, {_age(unit)} AS age, {_later(Length(1, unit))} AS next FROM pairs")
    for row in engine.execute(query, {"pairs": table}).to_pylist():
        joined, day, age = row["joined"], row["day"], row["age"]
        assert later(joined, Length(age, unit)) <= day < later(joined, Length(age + 1, unit)), row
        assert row["next"] == later(joined, Length(1, unit))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("count", [1, 2, 13])
def test_the_last_who_is_old_enough(unit: Unit, count: int) -> None:
    """Who joined on that day is that old today, and who joined the day after is not."""
    for today in DAYS:
        found = _joined_by(Length(count, unit), today)
        assert later(found, Length(count, unit)) <= today < later(found + timedelta(days=1), Length(count, unit))
