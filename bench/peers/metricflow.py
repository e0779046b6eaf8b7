"""MetricFlow: a cumulative metric that counts distinct people over 30 days, in an environment of its own.

Its dbt project has one view of the Parquet file, a time spine of the days, and the metric. Making these is not counted.
"""

from __future__ import annotations

import csv
import re
import sys
from datetime import date, timedelta
from pathlib import Path

from bench.activity import fresh

#: dbt-core from 1.11 on fetches a parser from elsewhere while it is installed.
WANTED = ("dbt-metricflow", "dbt-duckdb", "dbt-core<1.11")
_QUIET = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_PROFILES_DIR": "."}

_FILES = {
    "dbt_project.yml": "name: peer\nversion: '1.0'\nprofile: peer\nmodel-paths: [models]\n",
    "profiles.yml": "peer: {target: dev, outputs: {dev: {type: duckdb, path: peer.duckdb, threads: 2}}}\n",
    "models/activity.sql": ("{{ config(materialized='view') }}\nSELECT seen_at, person FROM read_parquet('[FILE]')\n"),
    "models/time_spine_daily.sql": (
        "{{ config(materialized='table') }}\n"
        "SELECT CAST(range AS DATE) AS date_day FROM range(DATE '[FIRST]', DATE '[AFTER]', INTERVAL 1 DAY)\n"
    ),
    "models/semantic.yml": """\
models:
  - name: time_spine_daily
    time_spine: {standard_granularity_column: date_day}
    columns: [{name: date_day, granularity: day}]
semantic_models:
  - name: activity
    model: ref('activity')
    defaults: {agg_time_dimension: seen_at}
    primary_entity: event
    dimensions:
      - {name: seen_at, type: time, type_params: {time_granularity: day}}
    measures:
      - {name: people, expr: person, agg: count_distinct}
metrics:
  - name: mau
    label: Monthly active users
    type: cumulative
    type_params: {measure: people, cumulative_type_params: {window: 30 days}}
""",
}


def is_installed(environment: Path) -> bool:
    """True if the environment is there and whole."""
    return (environment / "whole").exists()


def install(environment: Path) -> None:
    """Make the environment, from the package index that pip is set up for."""
    fresh.command([sys.executable, "-m", "venv", "--clear", environment])
    pip = [environment / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
    fresh.command([*pip, *WANTED])
    (environment / "whole").touch()


def prepare(environment: Path, project: Path, file: Path, first: date, last: date) -> None:
    """Write the dbt project and let dbt make the view and the spine."""
    after = last + timedelta(days=1)
    for name, text in _FILES.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        filled = text.replace("[FILE]", str(file)).replace("[FIRST]", str(first)).replace("[AFTER]", str(after))
        path.write_text(filled, "utf-8")
    fresh.command([environment / "bin" / "dbt", "--quiet", "build"], project, **_QUIET)


def query(environment: Path, project: Path) -> tuple[fresh.Took, fresh.Took]:
    """Ask for the metric by day: what the query took, with its numbers, and what the whole command did.

    MetricFlow says the seconds of its query; what was computed in them is only known of the whole.
    """
    words = [environment / "bin" / "mf", "query", "--metrics", "mau", "--group-by", "metric_time", "--csv", "out.csv"]
    whole, cpu, megabytes, text = fresh.command(words, project, **_QUIET)
    said = re.search(r"query completed after ([\d.]+) seconds", text)
    assert said, text
    with (project / "out.csv").open(encoding="utf-8") as lines:
        _, *rows = csv.reader(lines)
    epoch = date(1970, 1, 1)
    numbers = {(date.fromisoformat(day[:10]) - epoch).days: float(number) for day, number in rows}
    return (
        fresh.Took(float(said[1]), cpu, megabytes, 1, {"mau": numbers}),
        fresh.Took(whole, cpu, megabytes, 1),
    )


def version(environment: Path) -> str:
    """Which MetricFlow it is."""
    found = next((environment / "lib").glob("python*/site-packages/metricflow-*.dist-info"))
    return found.name.removeprefix("metricflow-").removesuffix(".dist-info")
