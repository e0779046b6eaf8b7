"""A year of each example's alerts, replayed morning by morning: a reviewed list of episodes, and little noise."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from headway import watching
from headway.alerts.replay import Fired, Replay, mornings, replay
from headway.model import Alerting, read_cell

if TYPE_CHECKING:
    from .conftest import Example

HERE = Path(__file__).parent


@pytest.fixture(scope="module", params=["saas", "hubs"])
def year(request: pytest.FixtureRequest, example: Callable[[str], Example]) -> tuple[str, Example, Replay]:
    """The last year before the example's run."""
    name: str = request.param
    made = example(name)
    moments = mornings(made.catalog.calendar, made.now - timedelta(days=365), made.now)
    assert len(moments) == 365
    return name, made, replay(made.catalog, watching.watch(made.catalog, made.ledger, Alerting(), made.now), moments)


def test_a_year_tells_what_was_reviewed(year: tuple[str, Example, Replay]) -> None:
    """Each episode of the list was held against the rows it comes from; a bound that moves changes it."""
    name, made, found = year
    lines = [_line(made, one) for one in found.fired if one.of.kind == "kpi"]
    golden = HERE / name / "alerts.txt"
    if os.environ.get("HEADWAY_WRITE_GOLDEN"):
        golden.write_text("\n".join([*lines, ""]), "utf-8")
    assert lines == golden.read_text("utf-8").splitlines()


def test_a_year_is_quiet(year: tuple[str, Example, Replay]) -> None:
    """Less than one start a week, and what is told lasts, but for days without availability: each stands for itself."""
    _, _, found = year
    everything = found.of(None)
    assert len(everything.started) / found.weeks() < 1
    assert [one.of.alert for one in everything.started if one.ended_soon and one.of.alert != "availability_low"] == []


def _line(made: Example, one: Fired) -> str:
    """`availability_low  critical  availability  2025-11-25 .. 2025-11-26`"""
    zone = made.catalog.calendar.tz
    cell = " ".join(value for _, value in read_cell(one.of.cell))
    ended = f"{one.ended.astimezone(zone):%Y-%m-%d}" if one.ended else "still fires"
    began = f"{one.began.astimezone(zone):%Y-%m-%d}"
    why = f"  ({one.kept_back})" if one.kept_back else ""
    return f"{one.of.alert}  {one.level}  {f'{one.of.name} {cell}'.rstrip()}  {began} .. {ended}{why}"
