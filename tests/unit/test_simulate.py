"""The example organisation: published facts come out of its rows, and its past does not depend on today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from ruamel.yaml import YAML

from headway import simulate
from headway.errors import UsageError
from headway.simulate import hubs

TODAY = date(2026, 11, 21)
#: What every KPI about people leaves out: staging hubs, and the span in which one hub's log was broken.
PEOPLE = """
    SELECT s.*, h.cluster || '/' || s.user_id AS person, c.community, c.marginalised
    FROM '{data}/sessions/*.parquet' AS s
    JOIN '{data}/hubs.parquet' AS h USING (hub)
    JOIN '{data}/communities.parquet' AS c USING (community)
    WHERE NOT h.is_staging
      AND NOT (hub = 'highmem' AND s.started_at >= '2025-02-06' AND s.started_at < '2025-04-03')
"""


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole example at full size."""
    folder = tmp_path_factory.mktemp("example") / "hubs"
    simulate.write("hubs", folder, today=TODAY)
    return folder


@pytest.fixture(scope="module")
def ask(organisation: Path) -> Iterator[Any]:
    """Answers to SQL over the example's files, where `{data}` is their folder and `people` the sessions that count."""
    with duckdb.connect() as connection:
        connection.execute("CREATE VIEW people AS " + PEOPLE.format(data=organisation / "data"))
        yield lambda sql: connection.execute(sql.format(data=organisation / "data")).fetchall()


@pytest.mark.parametrize(
    ("day", "communities", "marginalised"), [("2021-08-31", 26, 12), ("2022-09-30", 40, 19), ("2023-12-31", 72, 40)]
)
def test_communities_are_those_published(ask: Any, day: str, communities: int, marginalised: int) -> None:
    """Communities active in the six months before each checkpoint number exactly what was published."""
    (found,) = ask(
        f"""SELECT count(DISTINCT community), count(DISTINCT community) FILTER (marginalised) FROM people
            WHERE started_at < DATE '{day}' + 1 AND started_at >= (DATE '{day}' + 1) - INTERVAL 6 MONTHS"""
    )
    assert found == (communities, marginalised)


@pytest.mark.parametrize(("day", "people"), [("2021-08-31", 250), ("2022-09-30", 2000), ("2023-12-31", 5050)])
def test_weekly_people_are_near_those_published(ask: Any, day: str, people: int) -> None:
    """People who started their own server within seven days are within 5 % of what was published."""
    ((found,),) = ask(
        f"""SELECT count(DISTINCT person) FROM people
            WHERE own_server AND started_at < DATE '{day}' + 1 AND started_at >= DATE '{day}' - 6"""
    )
    assert found == pytest.approx(people, rel=0.05)


def test_monthly_people_are_near_those_published(ask: Any) -> None:
    """About 7,200 people were active within 30 days early in 2024."""
    ((found,),) = ask(
        "SELECT count(DISTINCT person) FROM people WHERE started_at >= '2024-01-02' AND started_at < '2024-02-01'"
    )
    assert found == pytest.approx(7200, rel=0.05)


def test_contracts_are_those_published(ask: Any) -> None:
    """New service contracts by quarter, and what they and other funding came to by the end of 2023."""
    signed = ask(
        """SELECT count(*) FROM '{data}/contracts.csv'
           WHERE category = 'cloud service contracts' AND renews IS NULL AND signed_on < '2024-01-01'
           GROUP BY date_trunc('quarter', signed_on) ORDER BY date_trunc('quarter', signed_on)"""
    )
    assert [count for (count,) in signed] == [1, 2, 2, 2, 3, 7, 9, 4, 7, 8, 5, 1]
    funded = ask("SELECT category, sum(amount_usd) FROM '{data}/awards.csv' WHERE awarded_on < '2024-01-01' GROUP BY 1")
    assert dict(funded) == {
        "grants": 4_600_000,
        "cloud service contracts": 600_000,
        "development contracts": 400_000,
    }


def test_staff_are_those_published(ask: Any) -> None:
    """2, 4, 5 and 10 people were on the team at the checkpoints, and at the ends of the years 2020 to 2023."""
    there = "BETWEEN started_on AND coalesce(last_day, '9999-12-31')"
    found = [
        ask(f"SELECT count(*) FROM '{{data}}/staff.csv' WHERE DATE '{day}' {there}")
        for day in ("2020-12-31", "2021-08-31", "2022-09-30", "2023-12-31", "2021-12-31", "2022-12-31")
    ]
    assert found == [[(2,)], [(4,)], [(5,)], [(10,)], [(4,)], [(5,)]]


def test_most_contracts_are_renewed(ask: Any) -> None:
    """A renewal begins on the day after the contract that it names, and is of the same community and service."""
    ((odd, renewals, first),) = ask(
        """SELECT count(*) FILTER (a.starts_on <> b.ends_on + 1 OR a.community <> b.community OR a.service <> b.service
                                   OR a.signed_on > b.ends_on), count(*), min(a.signed_on)
           FROM '{data}/contracts.csv' AS a JOIN '{data}/contracts.csv' AS b ON a.renews = b.contract_id"""
    )
    assert (odd, first < date(2023, 1, 1)) == (0, True)
    ((ended,),) = ask(
        """SELECT count(*) FROM '{data}/contracts.csv'
           WHERE category = 'cloud service contracts' AND service <> 'event' AND ends_on < '2026-11-01'"""
    )
    assert 0.7 < renewals / ended < 0.95


def test_a_deal_goes_through_its_stages_in_order(ask: Any) -> None:
    """A visit to a stage ends where the next one begins, and only the last one of a deal does not go on."""
    (counts,) = ask(
        """WITH v AS (SELECT *, lead(entered_on) OVER w AS next_on, lead(stage) OVER w AS next_stage
                      FROM '{data}/stage_visits.csv' WINDOW w AS (PARTITION BY deal_id ORDER BY stage))
           SELECT count(*), count(*) FILTER (next_on <> left_on), count(*) FILTER (next_stage <= stage),
                  count(*) FILTER (NOT went_on AND next_stage IS NOT NULL)
           FROM v"""
    )
    assert counts[0] > 800
    assert counts[1:] == (0, 0, 0)


def test_an_outage_and_a_metrics_server_that_was_down(ask: Any) -> None:
    """For some days the logs of one cluster are lost, and for others nobody counted."""
    lost = ask(
        """SELECT DISTINCT cluster FROM people JOIN '{data}/hubs.parquet' USING (hub)
           WHERE started_at >= '2025-10-13' AND started_at < '2025-10-20'"""
    )
    there = ask(
        """SELECT DISTINCT cluster FROM people JOIN '{data}/hubs.parquet' USING (hub)
           WHERE started_at >= '2025-10-20' AND started_at < '2025-10-27'"""
    )
    assert {name for (name,) in there} - {name for (name,) in lost} == {"teaching"}
    days = ask("SELECT count(DISTINCT day) FROM '{data}/meters/*.csv' WHERE day >= '2025-06-19' AND day < '2025-06-26'")
    assert days == [(4,)]


def test_meters_are_close_to_the_logs(ask: Any) -> None:
    """The metrics server's count of a day's people is within a tenth of what the logs of a quarter say."""
    ((logs,),) = ask(
        """SELECT avg(people) FROM (SELECT count(DISTINCT person) AS people FROM people
           WHERE started_at >= '2026-01-01' AND started_at < '2026-04-01' GROUP BY started_at::DATE)"""
    )
    ((meters,),) = ask("SELECT avg(users) FROM '{data}/meters/2026.csv' WHERE cluster IS NULL AND day < '2026-04-01'")
    assert meters == pytest.approx(logs, rel=0.1)


def test_books_balance(ask: Any) -> None:
    """All postings sum to nothing, and net assets move by what the postings of a month add to the bank."""
    assert ask("SELECT abs(sum(amount_usd)) < 0.01 FROM '{data}/postings.csv'") == [(True,)]
    moved = ask(
        """WITH held AS (SELECT as_of, sum(amount_usd) AS usd FROM '{data}/net_assets.csv' GROUP BY 1),
                booked AS (SELECT last_day(posted_on) AS as_of, sum(amount_usd) AS usd FROM '{data}/postings.csv'
                           WHERE account = 'Assets:Bank' GROUP BY 1)
           SELECT max(abs(held.usd - lag - booked.usd))
           FROM (SELECT *, lag(usd) OVER (ORDER BY as_of) AS lag FROM held) AS held JOIN booked USING (as_of)"""
    )
    assert moved[0][0] < 0.02


def test_traps_are_in_the_data(ask: Any) -> None:
    """There are users of one name in two clusters, people on two hubs, a broken log, repeated tickets, late files."""
    names, people = ask("SELECT count(DISTINCT user_id), count(DISTINCT person) FROM people")[0]
    assert names < people
    assert ask("SELECT count(*) > 50 FROM (SELECT person FROM people GROUP BY 1 HAVING count(DISTINCT hub) > 1)") == [
        (True,)
    ]
    broken = "hub = 'highmem' AND started_at >= '2025-02-06' AND started_at < '2025-04-03'"
    assert ask(f"SELECT count(*) > 1000 FROM '{{data}}/sessions/2025.parquet' WHERE {broken}") == [(True,)]
    assert ask("SELECT count(*) > 2 * count(DISTINCT ticket_id) FROM '{data}/tickets.csv'") == [(True,)]
    late = "SELECT count(*) > 0 FROM '{data}/sessions/2025.parquet' WHERE started_at < '2025-01-01'"
    assert ask(late) == [(True,)]


def test_nothing_happens_after_today(ask: Any, organisation: Path) -> None:
    """The newest session began on the day before today, of which a part has not arrived yet."""
    newest, running = ask("SELECT max(started_at)::DATE, count(*) FILTER (ended_at IS NULL) FROM people")[0]
    assert newest == date(2026, 11, 20)
    assert running > 0
    rows = ask("SELECT count(*) FROM people WHERE started_at >= '2026-11-19' GROUP BY started_at::DATE ORDER BY 1")
    assert len(rows) == 2


def sources_of(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every source of a catalogue, as written."""
    for path in sorted((folder / "sources").glob("*.yml")):
        yield from YAML(typ="safe").load(path.read_text("utf-8"))["sources"].items()


def test_files_are_as_the_catalogue_says(organisation: Path, ask: Any) -> None:
    """Each source's files have its columns, and a key is there once unless `latest_by` chooses among versions."""
    for name, source in sources_of(organisation):
        path = f"'{organisation}/{source['read']['files']}'"
        columns = [row[0] for row in ask(f"DESCRIBE SELECT * FROM {path}")]
        assert columns == list(source["columns"]), name
        key = source.get("key", [])
        key = key if isinstance(key, list) else [key]
        if key and "latest_by" not in source:
            doubled = f"SELECT count(*) FROM (SELECT 1 FROM {path} GROUP BY {', '.join(key)} HAVING count(*) > 1)"
            assert ask(doubled) == [(0,)], name
        for column, reference in source.get("refers", {}).items():
            if isinstance(reference, dict):
                continue  # optional: most authors are not on the team
            other = dict(sources_of(organisation))[reference]
            lost = f"""SELECT count(*) FROM {path} WHERE {column} NOT IN
                       (SELECT {other["key"]} FROM '{organisation}/{other["read"]["files"]}')"""
            assert ask(lost) == [(0,)], (name, column)


def rows_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    """Two writings with one seed are equal; another seed differs."""
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        hubs.write(tmp_path / name, seed=seed, scale=0.02, today=date(2026, 3, 15))
    assert rows_of(tmp_path / "a") == rows_of(tmp_path / "b")
    assert rows_of(tmp_path / "a") != rows_of(tmp_path / "c")


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small example as it was on New Year's Day, and some months later."""
    early, late = tmp_path_factory.mktemp("early"), tmp_path_factory.mktemp("late")
    hubs.write(early, scale=0.02, today=date(2026, 1, 1))
    hubs.write(late, scale=0.02, today=date(2026, 6, 2))
    return early / "data", late / "data"


@pytest.mark.parametrize(
    "table",
    [
        "sessions/*.parquet",
        "link_clicks/*.parquet",
        "cloud_costs/*.parquet",
        "postings.csv",
        "net_assets.csv",
        "contracts.csv",
        "leads.csv",
        "sprints.csv",
        "tickets.csv",
        "issues/*.csv",
        "assignments/*.csv",
        "pull_requests/*.csv",
        "reviews/*.csv",
        "comments/*.csv",
        "meters/*.csv",
        "pipeline/*.csv",
        "leave.csv",
        "publications.csv",
    ],
)
def test_a_later_today_leaves_the_past_as_it_was(twice: tuple[Path, Path], table: str) -> None:
    """What had arrived by an earlier day is still there, the same, on a later one."""
    early, late = (f"'{folder}/{table}'" for folder in twice)
    # `ended_at` of sessions that were still running has come since.
    kept = "* EXCLUDE (ended_at)" if table.startswith("sessions") else "*"
    with duckdb.connect() as connection:
        lost = connection.execute(f"SELECT {kept} FROM {early} EXCEPT SELECT {kept} FROM {late}").fetchall()
        counts = connection.execute(f"SELECT (SELECT count(*) FROM {early}), (SELECT count(*) FROM {late})").fetchone()
    assert lost == []
    assert counts is not None
    assert 0 < counts[0] < counts[1]


def test_scale_changes_people_and_not_communities(tmp_path: Path, ask: Any) -> None:
    """A small example still serves the communities that were published."""
    hubs.write(tmp_path, scale=0.05, today=date(2026, 1, 1))
    with duckdb.connect() as connection:
        connection.execute("CREATE VIEW people AS " + PEOPLE.format(data=tmp_path / "data"))
        found = connection.execute(
            "SELECT count(DISTINCT community), count(*) FROM people "
            "WHERE started_at >= '2023-07-01' AND started_at < '2024-01-01'"
        ).fetchone()
    assert found is not None
    assert found[0] == 72
    ((full,),) = ask("SELECT count(*) FROM people WHERE started_at >= '2023-07-01' AND started_at < '2024-01-01'")
    assert found[1] < full / 4


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    """Files that are there already are never mixed with an example."""
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(UsageError) as caught:
        simulate.write("hubs", tmp_path, today=TODAY)
    assert caught.value.slug == "folder-not-empty"
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(UsageError, match=r"notes\.txt is a file"):
        simulate.write("hubs", tmp_path / "notes.txt", today=TODAY)


def test_a_day_before_all_sources_have_rows_is_refused(tmp_path: Path) -> None:
    """An example with empty sources would be a bad example."""
    with pytest.raises(UsageError) as caught:
        hubs.write(tmp_path, today=date(2025, 12, 31))
    assert caught.value.slug == "bad-date"


@pytest.mark.parametrize("name", ["plain", "with space", "quote ' \" quote", "colon: [a, {b}]", "ünïcode #1"])
def test_any_path_of_a_repository_is_quoted(tmp_path: Path, name: str) -> None:
    """The catalogue over git clones holds the paths as given, whatever characters they have."""
    repository = tmp_path / name
    repository.mkdir()
    simulate.write("git", tmp_path / "project", [repository], today=TODAY)
    ((_, source),) = sources_of(tmp_path / "project")
    assert source["read"]["git"] == [str(repository)]


@pytest.mark.parametrize("name", simulate.EXAMPLES)
def test_an_example_that_is_there_is_written_anew(tmp_path: Path, name: str) -> None:
    """A second demo renews the example, keeps what somebody changed beside it, and leaves the ledger alone."""
    simulate.write(name, tmp_path, [tmp_path], today=TODAY, scale=0.01)
    (tmp_path / ".headway").mkdir(exist_ok=True)
    (tmp_path / ".headway" / "ledger.db").write_text("numbers", "utf-8")
    project = tmp_path / "headway.yml"
    brought = project.read_text("utf-8")
    project.write_text(brought + "# mine\n", "utf-8")
    with pytest.raises(UsageError):
        simulate.write(name, tmp_path, [tmp_path], today=TODAY)
    simulate.write(name, tmp_path, [tmp_path], today=TODAY, scale=0.01, replace=True)
    assert project.read_text("utf-8") == brought
    assert (tmp_path / "headway.yml.before").read_text("utf-8") == brought + "# mine\n"
    assert [path.name for path in tmp_path.rglob("*.before")] == ["headway.yml.before"]
    assert (tmp_path / ".headway" / "ledger.db").read_text("utf-8") == "numbers"


def test_another_project_is_never_replaced(tmp_path: Path) -> None:
    """Somebody's own project is no example, whatever was asked for."""
    (tmp_path / "headway.yml").write_text("project: mine\n", "utf-8")
    with pytest.raises(UsageError):
        simulate.write("start", tmp_path, today=TODAY, replace=True)
    assert (tmp_path / "headway.yml").read_text("utf-8") == "project: mine\n"


def test_hidden_files_do_not_count(tmp_path: Path) -> None:
    """A project can begin in a fresh git repository."""
    (tmp_path / ".git").mkdir()
    simulate.write("start", tmp_path, today=TODAY)
    assert (tmp_path / "data" / "orders.csv").is_file()


def test_an_unknown_example_is_refused(tmp_path: Path) -> None:
    """The error names the examples that there are."""
    with pytest.raises(UsageError, match="hubs, saas, git, start"):
        simulate.write("hub", tmp_path, today=TODAY)


def test_the_first_orders_are_whole(tmp_path: Path) -> None:
    """A first project has a year of orders with unique keys, up to yesterday."""
    simulate.write("start", tmp_path, today=TODAY)
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT count(*) = count(DISTINCT order_id), max(ordered_at)::DATE, min(usd) > 0, count(*) > 2000 "
            f"FROM '{tmp_path}/data/orders.csv'"
        ).fetchall()
    assert found == [(True, date(2026, 11, 20), True, True)]
