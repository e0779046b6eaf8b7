"""What alerts are called, and what a silence speaks of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from headway.errors import Place
from headway.model import Level, RuleCell, Silence, by_severity, cell_text
from headway.periods import Length

NOW = datetime(2026, 11, 21, 6, 10, tzinfo=UTC)
CELL = RuleCell("api_slow", "kpi api_time", "p95", "hour", cell_text((("region", "eu"), ("level", "gold"))))


def test_a_rule_cell_has_a_short_id_that_stays() -> None:
    """Eight letters and digits that follow from its names alone; another cell has another one."""
    assert CELL.id == "2byht6y6"
    assert RuleCell("api_slow", "kpi api_time", "p95", "hour").id != CELL.id


def test_labels_are_its_names_and_the_columns_of_its_cell() -> None:
    """A column that is called like a label keeps both apart."""
    assert CELL.labels("warning", "team") == {
        "alert": "api_slow",
        "level": "warning",
        "route": "team",
        "kpi": "api_time",
        "region": "eu",
        "cell_level": "gold",
    }
    assert RuleCell("breach", "event").labels("critical", "team") == {
        "alert": "breach",
        "level": "critical",
        "route": "team",
    }


@pytest.mark.parametrize(
    ("matchers", "matches"),
    [
        ({"alert": "api_slow"}, True),
        ({"kpi": "api_time", "region": "eu"}, True),
        ({"kpi": "api_time", "region": "us"}, False),
        ({"source": "requests"}, False),
        ({"level": "warning", "cell_level": "gold"}, True),
        ({"level": "gold"}, False),
    ],
)
def test_a_silence_speaks_of_what_fits_all_its_matchers(matchers: dict[str, str], matches: bool) -> None:
    """Values are compared whole."""
    silence = Silence("s", matchers, NOW, NOW + timedelta(hours=4), "Ada", "rebuild")
    assert silence.matches(CELL.labels("warning", "team")) is matches


def test_a_silence_holds_from_its_start_until_its_end() -> None:
    """At its end it is over."""
    silence = Silence("s", {}, NOW, NOW + timedelta(hours=4), "Ada", "rebuild")
    moments = (-1, 0, 3, 4)
    assert [silence.holds(NOW + timedelta(hours=hours)) for hours in moments] == [False, True, True, False]


def test_the_level_with_the_least_time_is_the_most_severe() -> None:
    """However the times are written; equal ones are equally severe."""
    times = {"info": "1 day", "critical": "15 minutes", "warning": "4 hours", "also": "24 hours"}
    levels = {
        name: Level(name, Length.parse(respond), "team", place=Place("alerts.yml", 1))
        for name, respond in times.items()
    }
    assert by_severity(levels) == {"info": 2, "critical": 0, "warning": 1, "also": 2}
