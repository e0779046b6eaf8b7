"""A ledger of double entry and 69,659 purchases: KPIs equal hand-written SQL on the raw files."""

from __future__ import annotations

from typing import Any

import pytest

POSTINGS = "read_csv('data/nonprofit_ledger/postings.csv', types = {'amount_usd': 'DECIMAL(18, 2)'})"


def test_income_and_expenses(real: Any, by_sql: Any) -> None:
    """By category and month; income is turned to be positive."""
    month, category = "strftime(date, '%Y-%m')", "split_part(account, ':', 2)"
    for kpi, side, sign in (("income", "Income", "-"), ("expenses", "Expenses", "")):
        sums = f"CAST({sign}SUM(amount_usd) AS DOUBLE)"
        expected = by_sql(
            f"SELECT {month}, {category}, {sums} FROM {POSTINGS} WHERE account LIKE '{side}:%' GROUP BY ALL"
            f" HAVING {sums} <> 0"
        )
        # Cents are no binary fractions: what cancels in decimals leaves a hair of a float.
        found = {key: value for key, value in real.of(kpi, "category").items() if abs(value) > 1e-9}
        assert found == pytest.approx(expected)


def test_burn_is_that_of_the_quarter_not_of_its_months(real: Any, by_sql: Any) -> None:
    """Expenses less income by month, and over a quarter's window; cash is all that was ever posted to assets."""
    both = "(account LIKE 'Income:%' OR account LIKE 'Expenses:%')"
    summed = f"CAST(SUM(amount_usd) AS DOUBLE) FROM {POSTINGS}"
    month = by_sql(f"SELECT strftime(date, '%Y-%m'), {summed} WHERE {both} GROUP BY ALL")
    found = {k: v for k, v in real.total("burn").items() if k in month}
    assert found == pytest.approx(month, abs=1e-6)
    (quarter,) = by_sql(f"SELECT 'q', {summed} WHERE {both} AND date BETWEEN '2016-07-01' AND '2016-09-30'").values()
    assert real.one("burn_of_quarter", "2016-Q3")["value"] == pytest.approx(quarter)
    cash = by_sql(f"SELECT '2016-12', {summed} WHERE account LIKE 'Assets:%' AND date <= '2016-12-31'")
    assert real.one("cash", "2016-12")["value"] == pytest.approx(cash["2016-12"])


def test_books_balance(real: Any) -> None:
    """All postings together sum to 0 in every month that has whole transactions."""
    assert sum(real.total("books").values()) == pytest.approx(0, abs=1e-6)


@pytest.fixture(scope="module")
def bought(by_sql: Any) -> str:
    """The purchases, cut out of the text by regular expression."""
    lines = "SELECT UNNEST(string_split(content, chr(10))) AS line FROM read_text('data/purchases/CDNOW_master.txt')"
    fields = f"SELECT regexp_split_to_array(trim(line), '\\s+') AS field FROM ({lines})"
    by_sql.make(
        "CREATE OR REPLACE TABLE bought AS SELECT field[1] AS customer, strptime(field[2], '%Y%m%d')::DATE AS day,"
        f" field[4]::DECIMAL(18, 2) AS usd FROM ({fields}) WHERE regexp_full_match(field[1], '\\d+')"
    )
    return "bought"


def test_purchases(real: Any, by_sql: Any, bought: str) -> None:
    """69,659 purchases of 23,570 customers for 2,500,315.63 USD; means and percentiles by month."""
    last = real.rows("sales_to_date")[-1]
    assert round(last["value"], 2) == 2_500_315.63
    assert last["n"] == 69_659
    assert real.rows("buyers")[-1]["value"] == 23_570
    assert real.rows("lifetime_value")[-1]["value"] == pytest.approx(2_500_315.63 / 23_570)
    month = "strftime(day, '%Y-%m')"
    mean = by_sql(f"SELECT {month}, CAST(SUM(usd) / COUNT(*) AS DOUBLE) FROM {bought} GROUP BY ALL")
    p90 = by_sql(f"SELECT {month}, quantile_cont(CAST(usd AS DOUBLE), 0.9) FROM {bought} GROUP BY ALL")
    assert real.total("order_value") == pytest.approx(mean)
    assert real.total("order_value_p90") == pytest.approx(p90)


def test_customers_who_bought_again(real: Any, by_sql: Any, bought: str) -> None:
    """Buyers on two days or more; and of those who first bought in a month, who bought in the n-th month after."""
    twice = by_sql(
        f"SELECT 'n', COUNT(*) FROM (SELECT customer FROM {bought} GROUP BY ALL HAVING COUNT(DISTINCT day) > 1)"
    )
    assert real.rows("repeat_buyers")[-1]["value"] == twice["n"]
    expected = by_sql(
        f"""WITH first AS (SELECT customer, MIN(day) AS day FROM {bought} GROUP BY ALL),
              ages AS (SELECT UNNEST(range(0, 4))::INT AS age)
            SELECT strftime(first.day, '%Y-%m'), age, COUNT(*) FILTER (WHERE EXISTS (SELECT 1 FROM {bought} b
              WHERE b.customer = first.customer AND b.day >= first.day + to_months(age)
                AND b.day < first.day + to_months(age + 1))) / COUNT(*)
            FROM first, ages GROUP BY ALL"""
    )
    assert len(expected) == 12  # three months of first purchases
    assert real.of("bought_again", "age") == pytest.approx({(m, str(age)): v for (m, age), v in expected.items()})
