"""Real files from the world, attached as they are: the facts that their README states come out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from headway import sources
from headway.engines import DuckDB
from headway.errors import Place
from headway.model import ColumnType, FilesReader, Format, Source

PLAIN = Format()
DATA = Path(os.environ.get("HEADWAY_DATA", Path(__file__).parents[3] / "shared" / "data"))
if not DATA.is_dir():
    pytest.skip("no real data here: set HEADWAY_DATA to its folder", allow_module_level=True)


def ask(
    pattern: str, text: str, form: Format = PLAIN, time: str | None = None, **columns: ColumnType
) -> list[dict[str, object]]:
    """The answer of a query over the files, which are called `t`."""
    query = sqlglot.parse_one(text, read="duckdb")
    assert isinstance(query, exp.Query)
    source = Source("t", FilesReader((pattern,), form), Place("t.yml", 1), columns=columns, time=time)
    with DuckDB() as engine:
        engine.attach(source, sources.locate(source, DATA))
        return engine.execute(query).to_pylist()


def test_git_histories() -> None:
    """33,251 commits of 5 repositories, each with its moment."""
    answer = ask(
        "git_histories/*.commits.csv",
        "SELECT count(*) AS n, count(DISTINCT repo) AS repositories, count(author_date) AS dated FROM t",
        time="author_date",
    )
    assert answer == [{"n": 33251, "repositories": 5, "dated": 33251}]


def test_hubs_at_month_ends() -> None:
    """44 hubs that are no staging hubs at 2022-09; the month is read by its pattern."""
    text = "SELECT count(DISTINCT (cluster, hub)) AS n FROM t WHERE month = TIMESTAMP '2022-09-01' AND is_staging = 0"
    assert ask("hubs/*.csv", text, Format(dates="%Y-%m"), time="month") == [{"n": 44}]


def test_postings_sum_to_nothing() -> None:
    """2,777 postings; each transaction sums to 0."""
    text = (
        "SELECT sum(n) AS n, max(abs(usd)) < 0.005 AS balanced"
        " FROM (SELECT count(*) AS n, sum(amount_usd) AS usd FROM t GROUP BY txnidx)"
    )
    assert ask("nonprofit_ledger/postings.csv", text, time="date") == [{"n": 2777, "balanced": True}]


def test_tickets_with_days_first_and_question_marks() -> None:
    """5,998 changes of 890 tickets; `?` is no value; each change has its time."""
    answer = ask(
        "support_tickets/*.csv",
        "SELECT count(*) AS n, count(DISTINCT number) AS tickets, count(sys_updated_at) AS dated,"
        " count(*) FILTER (caller_id = '?') AS marks FROM t",
        Format(dates="%d-%m-%Y %H:%M", missing=("?",)),
        time="sys_updated_at",
    )
    assert answer == [{"n": 5998, "tickets": 890, "dated": 5998, "marks": 0}]


def test_churn_of_a_phone_company() -> None:
    """1,869 of 7,043 customers left; charges that are blank are no value, not 0."""
    text = 'SELECT count(*) AS n, count(*) FILTER ("Churn" = \'Yes\') AS lost, count("TotalCharges") AS charged FROM t'
    assert ask("telco_churn/*.csv", text, TotalCharges="number") == [{"n": 7043, "lost": 1869, "charged": 7032}]


def test_satisfaction_of_tickets() -> None:
    """Mean satisfaction 3.981 over the 1,175 tickets that have a score."""
    text = "SELECT count(satisfaction_score) AS n, round(avg(satisfaction_score), 3) AS mean FROM t"
    assert ask("saas/*support_tickets.csv", text) == [{"n": 1175, "mean": 3.981}]


def test_answers_of_a_survey() -> None:
    """A blank answer is none: 260 of 295 people answered, and the promoter score is 63.85."""
    text = (
        "SELECT count(s) AS n,"
        " round(100.0 * (count(*) FILTER (s >= 9) - count(*) FILTER (s <= 6)) / count(s), 2) AS nps"
        " FROM (SELECT score_recommend_r_1_10 AS s FROM t)"
    )
    assert ask("survey_nps/*.csv", text) == [{"n": 260, "nps": 63.85}]


def test_answer_of_a_metrics_server() -> None:
    """The rows stand in a list inside the document; each user of a hub is one."""
    text = "SELECT count(*) AS n, count(DISTINCT metric.username) AS people FROM t"
    (answer,) = ask("cloud_costs/test_data_usage_compute.json", text, Format(path="data.result"))
    assert answer["n"] == answer["people"] > 1


def test_answer_of_a_cost_service() -> None:
    """A list of objects is a table as it is; its days are days."""
    text = "SELECT sum(value) > 0 AS costs, typeof(min(date)) AS day FROM t"
    assert ask("cloud_costs/test_data_cost.json", text) == [{"costs": True, "day": "DATE"}]
