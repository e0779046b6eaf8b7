"""What the examples say of themselves: their own tests hold, and their texts are no filler."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from headway import catalog as catalogs
from headway import trial
from headway.model import Catalog, Rank

EXAMPLES = Path(catalogs.__file__).parents[1] / "simulate" / "examples"


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The catalogue of the hubs, without data."""
    root = tmp_path_factory.mktemp("hubs")
    shutil.copytree(EXAMPLES / "hubs", root, dirs_exist_ok=True)
    return catalogs.load(root)


def test_the_tests_of_the_hubs_hold(hubs: Catalog) -> None:
    """`headway test` in the example finds every number as expected."""
    assert len(hubs.tests) >= 8
    assert [failure for case in hubs.tests.values() for failure in trial.try_(hubs, case)] == []


def test_no_two_kpis_say_the_same(hubs: Catalog) -> None:
    """Each KPI's words about what it counts, and what it is for, are its own."""
    for words in ([kpi.about for kpi in hubs.kpis.values()], [kpi.why for kpi in hubs.kpis.values()]):
        assert [text for text, count in Counter(words).items() if count > 1 or not text] == []


def test_there_are_at_most_four_headlines(hubs: Catalog) -> None:
    """Three or four numbers stand for the whole; one KPI waits, one is retired."""
    assert sum(kpi.rank is Rank.HEADLINE for kpi in hubs.kpis.values()) <= 4
    assert [kpi.name for kpi in hubs.kpis.values() if kpi.measure is None] == ["communities_on_their_own"]
    assert [kpi.name for kpi in hubs.kpis.values() if kpi.retired_on] == ["hours_per_user"]
