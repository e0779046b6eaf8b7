-- funding_to_date 2023-12
SELECT sum(amount_usd) AS value FROM awards WHERE awarded_on <= '2023-12-31'

-- funding_to_date 2026-09
SELECT category, sum(amount_usd) AS value FROM awards WHERE awarded_on <= '2026-09-30' GROUP BY ALL

-- funding 2026-Q3
SELECT sum(amount_usd) AS value FROM awards WHERE awarded_on BETWEEN '2026-07-01' AND '2026-09-30'

-- funding 2022-Q3
SELECT category, sum(amount_usd) AS value FROM awards WHERE awarded_on BETWEEN '2022-07-01' AND '2022-09-30' GROUP BY ALL

-- revenue 2026-08
SELECT sum(-amount_usd) AS value FROM postings
WHERE account LIKE 'Income:%' AND posted_on BETWEEN '2026-08-01' AND '2026-08-31'

-- revenue 2026-07
SELECT lower(account[8:]) AS category, sum(-amount_usd) AS value FROM postings
WHERE account LIKE 'Income:%' AND posted_on BETWEEN '2026-07-01' AND '2026-07-31' GROUP BY ALL

-- costs 2026-08
SELECT sum(amount_usd) AS value FROM postings
WHERE account LIKE 'Expenses:%' AND posted_on BETWEEN '2026-08-01' AND '2026-08-31'

-- costs 2026-07
SELECT lower(account[10:]) AS category, sum(amount_usd) AS value FROM postings
WHERE account LIKE 'Expenses:%' AND posted_on BETWEEN '2026-07-01' AND '2026-07-31' GROUP BY ALL

-- costs_before_fee 2026-08
SELECT sum(amount_usd) AS value FROM postings
WHERE account LIKE 'Expenses:%' AND account <> 'Expenses:Fiscal sponsor fee' AND posted_on BETWEEN '2026-08-01' AND '2026-08-31'

-- usual_costs 2026-08
SELECT sum(amount_usd) / 6 AS value FROM postings
WHERE account LIKE 'Expenses:%' AND account <> 'Expenses:Fiscal sponsor fee' AND posted_on BETWEEN '2026-03-01' AND '2026-08-31'

-- sponsor_fee 2021-12
-- Another fee was agreed a month before it began: it counts from the day that stands beside it.
SELECT 0.12 AS value

-- sponsor_fee 2026-09
SELECT value FROM assumptions WHERE assumption = 'sponsor fee' AND decided_on <= '2026-09-30' ORDER BY decided_on DESC LIMIT 1

-- net_result 2026-08
-- Income is negative in the books, so income and expenses together are what is lost.
SELECT -sum(amount_usd) AS value FROM postings
WHERE split_part(account, ':', 1) IN ('Income', 'Expenses') AND posted_on BETWEEN '2026-08-01' AND '2026-08-31'

-- net_assets 2026-09
SELECT sum(amount_usd) AS value FROM net_assets WHERE as_of = '2026-09-30'

-- committed_revenue 2026-09
SELECT sum(usd) AS value FROM instalments WHERE month = '2026-09-01'

-- committed_revenue 2026-08
SELECT category, sum(usd) AS value FROM instalments WHERE month = '2026-08-01' GROUP BY ALL

-- committed_next_6_months 2026-08
SELECT sum(usd) AS value FROM instalments WHERE signed_on <= '2026-08-31' AND month BETWEEN '2026-09-01' AND '2027-02-01'

-- runway 2026-08
-- 60 months at most. Before the next month is added up, the money has to have lasted through all of them.
WITH costs AS (
    SELECT sum(amount_usd) / 6 AS usd FROM postings
    WHERE account LIKE 'Expenses:%' AND account <> 'Expenses:Fiscal sponsor fee' AND posted_on BETWEEN '2026-03-01' AND '2026-08-31'
),
months AS (SELECT CAST(range AS DATE) AS month FROM range(DATE '2026-09-01', DATE '2031-09-01', INTERVAL 1 MONTH)),
adds AS (
    SELECT month, coalesce(sum(i.usd) FILTER (signed_on <= '2026-08-31'), 0) * (1 - 0.15) - any_value(costs.usd) AS usd
    FROM months LEFT JOIN instalments i USING (month) CROSS JOIN costs GROUP BY ALL
),
left_over AS (
    SELECT month, (SELECT sum(amount_usd) FROM net_assets WHERE as_of = '2026-08-31') + sum(usd) OVER (ORDER BY month) AS usd
    FROM adds
)
SELECT coalesce(date_diff('month', DATE '2026-09-01', min(month) FILTER (usd < 0)), 60) AS value FROM left_over

-- runway 2022-03
-- In these six months the sponsor's fee rose from 12 to 15 percent: their mean is 13.5.
WITH costs AS (
    SELECT sum(amount_usd) / 6 AS usd FROM postings
    WHERE account LIKE 'Expenses:%' AND account <> 'Expenses:Fiscal sponsor fee' AND posted_on BETWEEN '2021-10-01' AND '2022-03-31'
),
months AS (SELECT CAST(range AS DATE) AS month FROM range(DATE '2022-04-01', DATE '2027-04-01', INTERVAL 1 MONTH)),
adds AS (
    SELECT month, coalesce(sum(i.usd) FILTER (signed_on <= '2022-03-31'), 0) * (1 - 0.135) - any_value(costs.usd) AS usd
    FROM months LEFT JOIN instalments i USING (month) CROSS JOIN costs GROUP BY ALL
),
left_over AS (
    SELECT month, (SELECT sum(amount_usd) FROM net_assets WHERE as_of = '2022-03-31') + sum(usd) OVER (ORDER BY month) AS usd
    FROM adds
)
SELECT coalesce(date_diff('month', DATE '2022-04-01', min(month) FILTER (usd < 0)), 60) AS value FROM left_over

-- cost_coverage 2026-08
WITH costs AS (
    SELECT sum(amount_usd) AS usd FROM postings
    WHERE account LIKE 'Expenses:%' AND account <> 'Expenses:Fiscal sponsor fee' AND posted_on BETWEEN '2026-03-01' AND '2026-08-31'
),
signed AS (SELECT sum(usd) AS usd FROM instalments WHERE signed_on <= '2026-08-31' AND month BETWEEN '2026-09-01' AND '2027-02-01')
SELECT signed.usd / (costs.usd + 0.15 * signed.usd) AS value FROM costs, signed

-- funding_gap 2026-08
WITH costs AS (
    SELECT sum(amount_usd) / 6 AS usd FROM postings
    WHERE account LIKE 'Expenses:%' AND account <> 'Expenses:Fiscal sponsor fee' AND posted_on BETWEEN '2026-03-01' AND '2026-08-31'
),
signed AS (
    SELECT month, sum(usd) AS usd FROM instalments
    WHERE signed_on <= '2026-08-31' AND month BETWEEN '2026-09-01' AND '2027-02-01' GROUP BY ALL
)
SELECT sum(CASE WHEN costs.usd > 0.85 * signed.usd THEN costs.usd - 0.85 * signed.usd ELSE 0 END) AS value FROM signed, costs

-- costs_recovered 2026-08
SELECT -sum(amount_usd) FILTER (account LIKE 'Income:%') / sum(amount_usd) FILTER (account LIKE 'Expenses:%') AS value
FROM postings WHERE posted_on BETWEEN '2026-08-01' AND '2026-08-31'

-- costs_recovered 2026-07
WITH july AS (FROM postings WHERE posted_on BETWEEN '2026-07-01' AND '2026-07-31')
SELECT lower(account[8:]) AS category,
       -sum(amount_usd) / (SELECT sum(amount_usd) FROM july WHERE account LIKE 'Expenses:%') AS value
FROM july WHERE account LIKE 'Income:%' GROUP BY ALL

-- service_to_grants 2026-08
SELECT sum(amount_usd) FILTER (account = 'Income:Cloud service contracts') / sum(amount_usd) FILTER (account = 'Income:Grants') AS value
FROM postings WHERE posted_on BETWEEN '2026-08-01' AND '2026-08-31'

-- service_to_grants 2025
-- A ratio of sums, and not the mean of twelve ratios.
SELECT sum(amount_usd) FILTER (account = 'Income:Cloud service contracts') / sum(amount_usd) FILTER (account = 'Income:Grants') AS value
FROM postings WHERE year(posted_on) = 2025

-- cost_reductions 2026-Q3
SELECT sum(amount_usd) AS value FROM cost_reductions WHERE granted_on BETWEEN '2026-07-01' AND '2026-09-30'
