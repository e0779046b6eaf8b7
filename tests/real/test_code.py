"""33,251 commits, and the issues and pull requests of an organisation: KPIs equal hand-written SQL on the raw files."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

COMMITS = "read_csv('data/git_histories/*.commits.csv', all_varchar = true)"
MONTH = "strftime(CAST({} AS TIMESTAMPTZ) AT TIME ZONE 'UTC', '%Y-%m')"
DAY = "CAST(CAST(commit_date AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS DATE)"
COMMITTED = MONTH.format("commit_date")
#: The later of two states of one issue.
LATEST = "(SELECT DISTINCT ON (org, repo, number) * FROM read_csv('data/jupyter_activity/{}.csv', all_varchar = true) "
LATEST += "ORDER BY org, repo, number, updatedAt DESC)"
ISSUES, PULLS = LATEST.format("issues"), LATEST.format("prs")


def test_contributors_of_each_month(real: Any, by_sql: Any) -> None:
    """Distinct authors by calendar month, in total and by repository; no month is the sum of its days."""
    each = by_sql(f"SELECT {COMMITTED}, repo, COUNT(DISTINCT author_hash) FROM {COMMITS} GROUP BY ALL")
    total = by_sql(f"SELECT {COMMITTED}, COUNT(DISTINCT author_hash) FROM {COMMITS} GROUP BY ALL")
    assert real.of("contributors_of_month", "repo") == each
    assert {k: v for k, v in real.total("contributors_of_month").items() if v} == total


def test_contributors_of_thirty_days_at_month_ends(real: Any, by_sql: Any) -> None:
    """The month's last value of a rolling 30 days is that of its last day, and covers 30 days, not 31."""
    ends = by_sql(
        f"""WITH days AS (SELECT author_hash, CAST(CAST(commit_date AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS DATE) AS day
              FROM {COMMITS}),
            ends AS (SELECT DISTINCT last_day(day) AS last FROM days)
            SELECT strftime(last, '%Y-%m'), (SELECT COUNT(DISTINCT author_hash) FROM days
              WHERE day BETWEEN last - 29 AND last) FROM ends"""
    )
    found = real.total("contributors", "month")
    last = max(found)  # the data end within it
    assert {k: found[k] for k in ends if k != last} == {k: v for k, v in ends.items() if k != last}


def test_pull_requests_of_the_team(real: Any, by_sql: Any) -> None:
    """Merged pull requests by repository: whose fork they came from is looked up in the list of the team."""
    team = "read_csv('data/git_histories/team_2i2c.csv', all_varchar = true)"
    of_team = f"FROM {COMMITS} JOIN {team} USING (pr_head_owner_hash) WHERE pr_number IS NOT NULL AND is_merge = '1'"
    expected = by_sql(f"SELECT {COMMITTED}, repo, COUNT(*) {of_team} GROUP BY ALL")
    assert real.of("team_merged", "repo") == expected
    (whole,) = by_sql(f"SELECT 'all', COUNT(*) {of_team}").values()
    assert sum(value for value in real.total("team_merged").values()) == whole > 1_000
    two_quarters = by_sql(
        f"SELECT 'n', COUNT(*) {of_team} AND CAST(commit_date AS TIMESTAMPTZ) >= TIMESTAMPTZ '2025-01-01 00:00+00'"
        " AND CAST(commit_date AS TIMESTAMPTZ) < TIMESTAMPTZ '2025-07-01 00:00+00'"
    )
    assert real.one("team_merged_two_quarters", "2025-06")["value"] == two_quarters["n"]


@pytest.mark.parametrize(("kpi", "column"), [("issues_opened", "createdAt"), ("issues_closed", "closedAt")])
def test_issues_by_month_and_repository(real: Any, by_sql: Any, kpi: str, column: str) -> None:
    """An issue that the snapshot holds twice counts once, as it was last."""
    month = MONTH.format(column)
    expected = by_sql(f"SELECT {month}, repo, COUNT(*) FROM {ISSUES} WHERE {column} IS NOT NULL GROUP BY ALL")
    assert real.of(kpi, "repo") == expected


def test_issues_net_and_open(real: Any, by_sql: Any) -> None:
    """Closed less opened is the change of what is open, with the sign turned: three KPIs that must agree."""
    net, opened = real.total("issues_net"), real.total("issues_open")
    months = sorted(net)
    for before, month in pairwise(months):
        assert net[month] == opened[before] - opened[month]
    still = by_sql(f"SELECT 'open', COUNT(*) FROM {ISSUES} WHERE closedAt IS NULL")
    assert opened[months[-1]] == still["open"]


def test_pull_requests_merged(real: Any, by_sql: Any) -> None:
    """Merged pull requests by repository, and their share of all that were closed."""
    month = MONTH.format("closedAt")
    expected = by_sql(f"SELECT {month}, repo, COUNT(*) FROM {PULLS} WHERE state = 'MERGED' GROUP BY ALL")
    assert real.of("pull_requests_merged", "repo") == expected
    share = by_sql(
        f"SELECT left({month}, 4), AVG(CAST(state = 'MERGED' AS INT)) FROM {PULLS} WHERE closedAt IS NOT NULL"
        " GROUP BY ALL"
    )
    assert real.total("merged_share") == pytest.approx(share)


AUTHOR_MONTHS = f"(SELECT DISTINCT author_hash, repo, date_trunc('month', {DAY}) AS m FROM {COMMITS})"


def test_contributors_who_came_back(real: Any, by_sql: Any) -> None:
    """Of last month's authors those of this month, in total and by repository; new is new there, ever."""
    for key in ("repo, ", ""):
        months = f"(SELECT DISTINCT author_hash, {key}m FROM {AUTHOR_MONTHS})"
        expected = by_sql(
            f"""SELECT strftime(a.m + INTERVAL 1 MONTH, '%Y-%m'), {key}
                  COUNT(*) FILTER (WHERE EXISTS (SELECT 1 FROM {months} b WHERE b.author_hash = a.author_hash
                    {"AND b.repo = a.repo" if key else ""} AND b.m = a.m + INTERVAL 1 MONTH)) / COUNT(*)
                FROM {months} a GROUP BY ALL"""
        )
        found = real.of("came_back", "repo") if key else real.total("came_back")
        last = max(real.total("came_back"))
        for where, value in expected.items():
            if (where[0] if key else where) <= last:
                assert found.get(where, 0) == pytest.approx(value), where
    new = by_sql(
        f"SELECT strftime(m, '%Y-%m'), repo, COUNT(*) FROM (SELECT repo, MIN(m) AS m FROM {AUTHOR_MONTHS}"
        " GROUP BY author_hash, repo) GROUP BY ALL"
    )
    assert real.of("newcomers", "repo") == new


def test_cohorts_of_contributors(real: Any, by_sql: Any) -> None:
    """Who joined in a quarter, and how many had a commit in the n-th three months after their own first day."""
    days = f"(SELECT DISTINCT author_hash, {DAY} AS day FROM {COMMITS})"
    expected = by_sql(
        f"""WITH joined AS (SELECT author_hash, MIN(day) AS day FROM {days} GROUP BY ALL),
              ages AS (SELECT UNNEST(range(0, 5)) AS age)
            SELECT year(joined.day) || '-Q' || quarter(joined.day), age,
              COUNT(*) FILTER (WHERE EXISTS (SELECT 1 FROM {days} d WHERE d.author_hash = joined.author_hash
                AND d.day >= joined.day + to_months(3 * age::INT) AND d.day < joined.day + to_months(3 * age::INT + 3)))
              / COUNT(*)
            FROM joined, ages WHERE joined.day < '2024-01-01' GROUP BY ALL"""
    )
    found = real.of("cohorts", "age")
    assert len(expected) > 150
    for (quarter, age), value in expected.items():
        assert found.get((quarter, str(age)), 0) == pytest.approx(value), (quarter, age)
