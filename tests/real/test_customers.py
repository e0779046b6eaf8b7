"""Subscriptions, tickets, churn and a survey: KPIs equal hand-written SQL on the raw files, and published figures."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from headway.model import Recurring

SAAS = "read_csv('data/saas/ravenstack_{}.csv')"
DESK = (
    "(SELECT DISTINCT ON (number) * FROM read_csv('data/support_tickets/*.csv', all_varchar = true) ORDER BY number,"
    " strptime(sys_updated_at, '%d-%m-%Y %H:%M') DESC, sys_mod_count::INT DESC)"
)


def test_subscriptions_that_are_open(real: Any) -> None:
    """4,514 subscriptions have no end."""
    assert real.rows("subscriptions_open")[-1]["value"] == 4_514


def test_recurring_revenue_and_its_movements(real: Any, by_sql: Any) -> None:
    """10,159,608 a month; every movement equals a loop over accounts, and they sum to the change of every month."""
    subscriptions = by_sql.make(
        "SELECT account_id, plan_tier, mrr_amount, start_date, coalesce(end_date, DATE '9999-01-01') "
        "FROM read_csv('data/saas/ravenstack_subscriptions.csv')"
    ).fetchall()
    ends = [date(2023 + n // 12, n % 12 + 1, 1) for n in range(1, 25)]

    def paid(end: date) -> Counter[tuple[str, str]]:
        found: Counter[tuple[str, str]] = Counter()
        for account, plan, amount, begins, ended in subscriptions:
            if begins < end <= ended and begins < ended:
                found[account, plan] += amount
        return found

    expected: dict[str, Counter[tuple[str, ...]]] = {part: Counter() for part in ("", *Recurring.MOVEMENTS)}
    before, ever = Counter[tuple[str, str]](), set[str]()
    for end in ends:
        month, after = f"{end - timedelta(days=1):%Y-%m}", paid(end)
        old, new = _accounts(before), _accounts(after)
        for account, plan in {*before, *after}:
            a, b = old[account], new[account]
            movement = "contraction" if b < a else "expansion"
            if a == 0 < b:
                movement = "reactivation" if account in ever else "new"
            elif b == 0 < a:
                movement = "churn"
            change = after[account, plan] - before[account, plan]
            for key in ((month,), (month, plan)):
                expected[movement][key] += change
                expected[""][key] += after[account, plan]
        before, ever = after, ever | {account for account, amount in new.items() if amount > 0}

    for part, numbers in expected.items():
        stored = {key: value for key, value in real.all("mrr", part=part).items() if key[0] < "2025"}
        assert stored == {key: value for key, value in numbers.items() if value}
    assert real.one("mrr", "2024-12")["value"] == 10_159_608
    assert real.one("mrr", "2024")["value"] == 10_159_608
    years = [real.one("mrr", year, part)["value"] for year in ("2023", "2024") for part in Recurring.MOVEMENTS]
    assert sum(years) == 10_159_608
    then, now = _accounts(paid(ends[11])), _accounts(paid(ends[23]))
    retained = sum(now[account] for account, amount in then.items() if amount > 0)
    assert real.one("net_retention", "2024-12")["numerator"] == retained


def _accounts(paid: Counter[tuple[str, str]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for (account, _), amount in paid.items():
        found[account] += amount
    return found


def test_adoption_of_features(real: Any, by_sql: Any) -> None:
    """An account is reached through its subscription: two references away, and no row is multiplied."""
    uses = f"{SAAS.format('feature_usage')} JOIN {SAAS.format('subscriptions')} USING (subscription_id)"
    month = "strftime(usage_date, '%Y-%m')"
    accounts = by_sql(f"SELECT {month}, feature_name, COUNT(DISTINCT account_id) FROM {uses} GROUP BY ALL")
    assert real.of("feature_accounts", "feature_name") == accounts
    total = by_sql(f"SELECT {month}, COUNT(DISTINCT account_id) FROM {uses} GROUP BY ALL")
    expected = {(m, feature): n / total[m] for (m, feature), n in accounts.items()}
    assert real.of("adoption", "feature_name") == pytest.approx(expected)
    uses_of = by_sql(f"SELECT {month}, feature_name, SUM(usage_count) FROM {uses} GROUP BY ALL")
    assert real.of("feature_uses", "feature_name") == uses_of


def test_a_key_that_repeats_withholds_what_reads_it(real: Any) -> None:
    """21 ids stand on 42 rows: the months that they touch are withheld, and the run says how many rows it was."""
    (load,) = (load for load in real.outcome.loads if load.source == "feature_usage_by_id")
    assert any(note.startswith("42 rows of feature_usage_by_id with a repeated usage_id") for note in load.notes)
    assert "check failed" in real.total("uses_by_id").values()


def test_satisfaction(real: Any, by_sql: Any) -> None:
    """3.981 from 1,175 answers; a blank is no answer. The share of 4 and more has the same n."""
    score, share = real.rows("satisfaction")[-1], real.rows("satisfied")[-1]
    assert (round(score["value"], 3), score["n"]) == (3.981, 1_175)
    tickets = SAAS.format("support_tickets")
    (good,) = by_sql(f"SELECT 'x', COUNT(*) FROM {tickets} WHERE satisfaction_score >= 4").values()
    last = max(r["period"] for r in real.rows("satisfied"))
    share = next(r for r in real.rows("satisfied") if r["period"] == last and r["cell"] == "")
    assert (share["value"], share["n"]) == (pytest.approx(good / 1_175), 1_175)
    month = "strftime(submitted_at, '%Y-%m')"
    expected = by_sql(f"SELECT {month}, priority, MEDIAN(first_response_time_minutes) FROM {tickets} GROUP BY ALL")
    assert real.of("first_response", "priority") == expected


def test_a_service_desk(real: Any, by_sql: Any) -> None:
    """890 tickets out of 5,998 states: dates in the day-first form, `?` is missing, the newest state counts."""
    month = "strftime(strptime(opened_at, '%d-%m-%Y %H:%M'), '%Y-%m')"
    tickets = {k: v for k, v in real.total("desk_tickets").items() if v}
    assert tickets == by_sql(f"SELECT {month}, COUNT(*) FROM {DESK} GROUP BY ALL")
    assert sum(tickets.values()) == 890
    share = by_sql(f"SELECT {month}, priority, AVG(CAST(made_sla = 'True' AS INT)) FROM {DESK} GROUP BY ALL")
    assert real.of("desk_in_time", "priority") == pytest.approx({k: v for k, v in share.items() if v})
    again = by_sql(f"SELECT {month}, SUM(reopen_count::INT) FROM {DESK} GROUP BY ALL HAVING SUM(reopen_count::INT) > 0")
    assert {k: v for k, v in real.total("desk_reopenings").items() if v} == again


def test_lost_customers_by_contract(real: Any) -> None:
    """1,869 of 7,043: 26.54 %; by contract 42.71, 11.27 and 2.83 %."""
    total = real.one("telco_lost", "2018")
    assert (total["numerator"], total["n"], round(100 * total["value"], 2)) == (1_869, 7_043, 26.54)
    by_contract = {
        contract: round(100 * value, 2) for (_, contract), value in real.of("telco_lost", "Contract").items()
    }
    assert by_contract == {"Month-to-month": 42.71, "One year": 11.27, "Two year": 2.83}


def test_a_survey_has_its_published_score(real: Any, by_sql: Any) -> None:
    """63.85 from 260 of 295 answers; blanks are none, and the scale that begins at 1 changes nothing."""
    score = real.one("recommended", "2018")
    assert (round(score["value"], 2), score["n"]) == (63.85, 260)
    counts = [real.one("recommended", "2018", part)["value"] for part in ("promoters", "passives", "detractors")]
    assert counts[0] - counts[2] == score["numerator"] == 166
    assert sum(counts) == 260
    low, high = (real.one("recommended", "2018", part)["value"] for part in ("low", "high"))
    assert 55 < low < 63.85 < high < 71
    given = by_sql("SELECT 'x', MEDIAN(enjoyment_1_5) FROM read_csv('data/survey_nps/*.csv')")
    assert real.one("enjoyed", "2018")["value"] == given["x"]
