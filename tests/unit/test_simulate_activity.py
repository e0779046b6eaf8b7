"""Activity to measure speed with: the same rows each time, unequal people, days that are whole by themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from headway.simulate import activity
from headway.simulate.activity import Activity, write

SMALL = Activity(60_000, days=365)


def rows(folder: Path, one: Activity, **span: int) -> pa.Table:
    """The rows of an activity, by way of its file."""
    path = folder / "activity.parquet"
    write(path, one, **span)
    return pq.read_table(path)


@pytest.mark.parametrize("visits", [False, True])
@pytest.mark.parametrize("texts", [False, True])
def test_activity_is_the_same_each_time(
    visits: bool, texts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal words give equal rows, however many are written at once; another seed gives others."""
    one = replace(SMALL, visits=visits, texts=texts)
    made = rows(tmp_path, one)
    assert made.num_rows == one.events
    monkeypatch.setattr(activity, "BATCH", 10_000)
    assert rows(tmp_path, one).equals(made)
    assert not rows(tmp_path, replace(one, seed=2)).equals(made)


def test_days_are_whole_by_themselves(tmp_path: Path) -> None:
    """The days from one on are the rows that the whole file has of them, and one more day continues it."""
    whole = rows(tmp_path, SMALL)
    later = rows(tmp_path, SMALL, first=350)
    assert later.equals(whole.slice(whole.num_rows - later.num_rows))
    assert pc.max(whole["seen_at"]).as_py() < pc.min(rows(tmp_path, SMALL, first=365, days=1)["seen_at"]).as_py()


def test_names_of_people_change_nothing_else(tmp_path: Path) -> None:
    """People named by texts are as many as those named by integers, one text for each, and come at the same times."""
    numbers, texts = rows(tmp_path, SMALL), rows(tmp_path, replace(SMALL, texts=True))
    assert numbers.drop_columns("person").equals(texts.drop_columns("person"))
    pairs = set(zip(numbers["person"].to_pylist(), texts["person"].to_pylist(), strict=True))
    assert len(pairs) == len(set(numbers["person"].to_pylist())) == len(set(texts["person"].to_pylist()))
    assert {len(text) for _, text in pairs} == {36}


@pytest.mark.parametrize(("visits", "low", "high"), [(False, 0.8, 1.0), (True, 0.1, 0.25)])
def test_visits_repeat_a_persons_day(visits: bool, low: float, high: float, tmp_path: Path) -> None:
    """Where people come for visits most rows repeat a person's day; else most do not. Rows are in order of time."""
    made = rows(tmp_path, replace(SMALL, visits=visits))
    at = made["seen_at"].cast(pa.int64()).to_numpy()
    assert (np.diff(at) >= 0).all()
    days = pa.table({"person": made["person"], "day": at // 86_400_000_000})
    distinct = days.group_by(["person", "day"]).aggregate([]).num_rows
    assert low < distinct / made.num_rows < high


def test_people_are_unequal(tmp_path: Path) -> None:
    """The twentieth who are the most active make more than a quarter of the events; every hub and plan is there."""
    made = rows(tmp_path, SMALL)
    counts = np.sort(np.unique(made["person"].to_numpy(), return_counts=True)[1])[::-1]
    assert counts[: len(counts) // 20].sum() > made.num_rows / 4
    assert pc.count_distinct(made["hub"]).as_py() == activity.HUBS
    assert set(made["plan"].unique().to_pylist()) == set(activity.PLANS)
