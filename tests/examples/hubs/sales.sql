-- new_service_contracts 2022-Q3
SELECT count(*) AS value FROM contracts
WHERE category = 'cloud service contracts' AND renews IS NULL AND signed_on BETWEEN '2022-07-01' AND '2022-09-30'

-- new_service_contracts 2026-Q2
SELECT service, count(*) AS value FROM contracts
WHERE category = 'cloud service contracts' AND renews IS NULL AND signed_on BETWEEN '2026-04-01' AND '2026-06-30' GROUP BY ALL

-- service_contracts 2026-09
SELECT count(*) AS value FROM contracts
WHERE category = 'cloud service contracts' AND '2026-09-30' BETWEEN starts_on AND ends_on

-- service_contracts 2025-12
SELECT service, count(*) AS value FROM contracts
WHERE category = 'cloud service contracts' AND '2025-12-31' BETWEEN starts_on AND ends_on GROUP BY ALL

-- contracted_mrr 2026-09
SELECT sum(usd) AS value FROM instalments WHERE category = 'cloud service contracts' AND month = '2026-09-01'

-- contracted_mrr 2026-03
SELECT service, sum(usd) AS value FROM instalments
WHERE category = 'cloud service contracts' AND month = '2026-03-01' GROUP BY ALL

-- usage_fees 2026-09
WITH fullest AS (SELECT cluster, max(people) AS people FROM september GROUP BY ALL)
SELECT sum(10 * least(people, 10) + 5 * greatest(least(people, 100) - 10, 0)
         + 2.5 * greatest(least(people, 1000) - 100, 0) + 1.25 * greatest(least(people, 10000) - 1000, 0)) AS value
FROM fullest

-- usage_fees 2026-Q3
-- A quarter's are those of its three months, each by its own fullest day.
WITH days AS (SELECT CAST(range AS DATE) AS day FROM range(DATE '2026-07-01', DATE '2026-10-01', INTERVAL 1 DAY)),
daily AS (
    SELECT cluster, d.day, count(DISTINCT person) AS people
    FROM days d JOIN seen s ON s.day BETWEEN d.day - 29 AND d.day GROUP BY ALL
),
fullest AS (SELECT cluster, date_trunc('month', day) AS month, max(people) AS people FROM daily GROUP BY ALL)
SELECT cluster, sum(CASE WHEN people <= 10 THEN people * 10
                    WHEN people <= 100 THEN 100 + (people - 10) * 5
                    WHEN people <= 1000 THEN 550 + (people - 100) * 2.5
                    WHEN people <= 10000 THEN 2800 + (people - 1000) * 1.25
                    ELSE 14050 END) AS value
FROM fullest GROUP BY ALL

-- billed_users 2026-09
WITH days AS (SELECT CAST(range AS DATE) AS day FROM range(DATE '2026-09-01', DATE '2026-10-01', INTERVAL 1 DAY)),
daily AS (SELECT d.day, count(DISTINCT person) AS people FROM days d JOIN seen s ON s.day BETWEEN d.day - 29 AND d.day GROUP BY ALL)
SELECT max(people) AS value FROM daily

-- billed_users 2026-08
WITH days AS (SELECT CAST(range AS DATE) AS day FROM range(DATE '2026-08-01', DATE '2026-09-01', INTERVAL 1 DAY)),
daily AS (
    SELECT cluster, d.day, count(DISTINCT person) AS people
    FROM days d JOIN seen s ON s.day BETWEEN d.day - 29 AND d.day GROUP BY ALL
)
SELECT cluster, max(people) AS value FROM daily GROUP BY ALL

-- service_customers 2026-09
SELECT sum(usd) AS value FROM payers WHERE month = '2026-09-01'

-- service_customers.customers 2026-09
SELECT count(*) AS value FROM payers WHERE month = '2026-09-01'

-- service_customers.new 2026-09
SELECT coalesce(sum(usd), 0) AS value FROM payers p WHERE month = '2026-09-01'
  AND NOT EXISTS (FROM payers q WHERE q.community = p.community AND q.month < p.month)

-- service_customers.churn 2025
WITH gone AS (
    SELECT * FROM payers p WHERE NOT EXISTS (
        FROM payers q WHERE q.community = p.community AND q.month = p.month + INTERVAL 1 MONTH)
)
SELECT -sum(usd) AS value FROM gone WHERE month BETWEEN '2024-12-01' AND '2025-11-01'

-- service_customers.lost_customers 2025
WITH gone AS (
    SELECT * FROM payers p WHERE NOT EXISTS (
        FROM payers q WHERE q.community = p.community AND q.month = p.month + INTERVAL 1 MONTH)
)
SELECT count(*) AS value FROM gone WHERE month BETWEEN '2024-12-01' AND '2025-11-01'

-- service_customers.expansion 2025
SELECT sum(b.usd - a.usd) AS value
FROM payers a JOIN payers b ON b.community = a.community AND b.month = a.month + INTERVAL 1 MONTH
WHERE b.usd > a.usd + 1e-6 AND a.month BETWEEN '2024-12-01' AND '2025-11-01'

-- service_customers.contraction 2025
SELECT coalesce(sum(b.usd - a.usd), 0) AS value
FROM payers a JOIN payers b ON b.community = a.community AND b.month = a.month + INTERVAL 1 MONTH
WHERE b.usd < a.usd - 1e-6 AND a.month BETWEEN '2024-12-01' AND '2025-11-01'

-- service_customers.reactivation 2025
SELECT coalesce(sum(usd), 0) AS value FROM payers p WHERE month BETWEEN '2025-01-01' AND '2025-12-01'
  AND NOT EXISTS (FROM payers q WHERE q.community = p.community AND q.month = p.month - INTERVAL 1 MONTH)
  AND EXISTS (FROM payers q WHERE q.community = p.community AND q.month < p.month)

-- service_customers.retained 2025
SELECT sum(b.usd) AS value FROM payers a JOIN payers b USING (community)
WHERE a.month = '2024-12-01' AND b.month = '2025-12-01'

-- service_customers.kept 2025
SELECT sum(least(a.usd, b.usd)) AS value FROM payers a JOIN payers b USING (community)
WHERE a.month = '2024-12-01' AND b.month = '2025-12-01'

-- service_customers.kept_customers 2025
SELECT count(*) AS value FROM payers a JOIN payers b USING (community)
WHERE a.month = '2024-12-01' AND b.month = '2025-12-01'

-- customer_retention 2026-09
-- A community that ended, month by month: one that came back within the half year and ended again is lost twice.
WITH ends AS (
    SELECT before.month, before.community FROM payers before
    WHERE NOT EXISTS (
        FROM payers after WHERE after.community = before.community AND after.month = before.month + INTERVAL 1 MONTH)
)
SELECT 1 - (SELECT count(*) FROM ends WHERE month BETWEEN '2026-03-01' AND '2026-08-01') / count(*) AS value
FROM payers WHERE month = '2026-03-01'

-- customer_retention 2023
WITH ends AS (
    SELECT before.month, before.community FROM payers before
    WHERE NOT EXISTS (
        FROM payers after WHERE after.community = before.community AND after.month = before.month + INTERVAL 1 MONTH)
)
SELECT 1 - (SELECT count(*) FROM ends WHERE month BETWEEN '2023-06-01' AND '2023-11-01') / count(*) AS value
FROM payers WHERE month = '2023-06-01'

-- leads 2026-09
SELECT count(*) AS value FROM leads WHERE created_on BETWEEN '2026-09-01' AND '2026-09-30'

-- qualified_lead_ratio 2026-Q3
SELECT count(*) FILTER (qualified) / count(qualified) AS value FROM leads WHERE created_on BETWEEN '2026-07-01' AND '2026-09-30'

-- stage_conversion 2026-Q3
SELECT count(*) FILTER (went_on) / count(went_on) AS value FROM stage_visits WHERE left_on BETWEEN '2026-07-01' AND '2026-09-30'

-- stage_conversion 2026-Q2
SELECT stage, count(*) FILTER (went_on) / count(went_on) AS value FROM stage_visits
WHERE left_on BETWEEN '2026-04-01' AND '2026-06-30' GROUP BY ALL

-- stage_time 2026-Q3
SELECT median(left_on - entered_on) AS value FROM stage_visits WHERE left_on BETWEEN '2026-07-01' AND '2026-09-30'

-- stage_time 2026-Q2
SELECT stage, median(left_on - entered_on) AS value FROM stage_visits
WHERE left_on BETWEEN '2026-04-01' AND '2026-06-30' GROUP BY ALL

-- stage_time 2025
SELECT stage, median(left_on - entered_on) AS value FROM stage_visits WHERE year(left_on) = 2025 GROUP BY ALL

-- deals_to_review 2026-09
SELECT count(*) AS value FROM pipeline
WHERE copied_on = '2026-09-30'
  AND (collected_usd > total_usd
       OR starts_on IS NULL OR ends_on IS NULL
       OR (stage = 'won' AND ends_on <= copied_on AND collected_usd < total_usd)
       OR (stage = 'won' AND ends_on BETWEEN copied_on + 1 AND copied_on + 60 AND collected_usd <= total_usd / 2))

-- deals_to_review 2025-06
WITH june AS (
    SELECT *, collected_usd > total_usd AS over, starts_on IS NULL OR ends_on IS NULL AS undated
    FROM pipeline WHERE copied_on = '2025-06-30'
)
SELECT 'over-collected' AS review, count(*) AS value FROM june WHERE over
UNION ALL SELECT 'no dates', count(*) FROM june WHERE undated AND NOT over
UNION ALL SELECT 'ended, not collected', count(*) FROM june
          WHERE stage = 'won' AND ends_on <= '2025-06-30' AND collected_usd < total_usd AND NOT undated
UNION ALL SELECT 'ends soon, budget left', count(*) FROM june
          WHERE stage = 'won' AND ends_on BETWEEN '2025-07-01' AND '2025-08-29' AND collected_usd <= 0.5 * total_usd AND NOT undated

-- prospects 2026-09
SELECT sum(usd) AS value FROM open_deals WHERE copied_on = '2026-09-30'

-- prospects 2026-08
SELECT deal_kind, sum(usd) AS value FROM open_deals WHERE copied_on = '2026-08-31' GROUP BY ALL

-- weighted_prospects 2026-09
SELECT sum(stage_probability * usd) AS value FROM open_deals WHERE copied_on = '2026-09-30'

-- weighted_prospects 2026-02
SELECT deal_kind, sum(stage_probability * usd) AS value FROM open_deals WHERE copied_on = '2026-02-28' GROUP BY ALL

-- pipeline_coverage 2026-08
WITH costs AS (
    SELECT sum(amount_usd) / 6 AS usd FROM postings
    WHERE account LIKE 'Expenses:%' AND account <> 'Expenses:Fiscal sponsor fee' AND posted_on BETWEEN '2026-03-01' AND '2026-08-31'
),
signed AS (
    SELECT month, sum(usd) AS usd FROM instalments
    WHERE signed_on <= '2026-08-31' AND month BETWEEN '2026-09-01' AND '2027-02-01' GROUP BY ALL
),
gap AS (SELECT sum(greatest(0, costs.usd - 0.85 * signed.usd)) AS usd FROM signed, costs)
SELECT CASE WHEN gap.usd = 0 THEN 10 ELSE least(10, sum(stage_probability * d.usd) / gap.usd) END AS value
FROM open_deals d, gap WHERE copied_on = '2026-08-31' GROUP BY gap.usd

-- renewals_won 2023-12
SELECT 0.85 AS value

-- renewals_won 2026-09
SELECT value FROM assumptions WHERE assumption = 'renewals won' AND decided_on <= '2026-09-30' ORDER BY decided_on DESC LIMIT 1

-- new_deals_won 2026-09
SELECT value FROM assumptions WHERE assumption = 'new deals won' AND decided_on <= '2026-09-30' ORDER BY decided_on DESC LIMIT 1

-- contracted_next_6_months 2026-09
SELECT sum(usd) AS value FROM instalments
WHERE category = 'cloud service contracts' AND signed_on <= '2026-09-30' AND month BETWEEN '2026-10-01' AND '2027-03-01'

-- forecast_6_months 2026-09
WITH contracted AS (
    SELECT sum(usd) AS usd FROM instalments
    WHERE category = 'cloud service contracts' AND signed_on <= '2026-09-30' AND month BETWEEN '2026-10-01' AND '2027-03-01'
)
SELECT any_value(contracted.usd) + sum(d.usd * CASE deal_kind WHEN 'renewal' THEN 0.8 WHEN 'new' THEN 0.3 END) AS value
FROM open_deals d, contracted WHERE copied_on = '2026-09-30'

-- forecast_mrr 2023-12
-- The shares that planning counted on then.
WITH contracted AS (
    SELECT sum(usd) AS usd FROM instalments
    WHERE category = 'cloud service contracts' AND signed_on <= '2023-12-31' AND month BETWEEN '2024-01-01' AND '2024-06-01'
)
SELECT (any_value(contracted.usd) + sum(d.usd * CASE deal_kind WHEN 'renewal' THEN 0.85 WHEN 'new' THEN 0.2 END)) / 6 AS value
FROM open_deals d, contracted WHERE copied_on = '2023-12-31'

-- forecast_mrr 2025
WITH contracted AS (
    SELECT sum(usd) AS usd FROM instalments
    WHERE category = 'cloud service contracts' AND signed_on <= '2025-12-31' AND month BETWEEN '2026-01-01' AND '2026-06-01'
)
SELECT (any_value(contracted.usd) + sum(d.usd * CASE deal_kind WHEN 'renewal' THEN 0.8 WHEN 'new' THEN 0.3 END)) / 6 AS value
FROM open_deals d, contracted WHERE copied_on = '2025-12-31'

-- expected_6_months 2026-09
WITH contracted AS (
    SELECT sum(usd) AS usd FROM instalments
    WHERE category = 'cloud service contracts' AND signed_on <= '2026-09-30' AND month BETWEEN '2026-10-01' AND '2027-03-01'
)
SELECT any_value(contracted.usd) + sum(d.usd * stage_probability) AS value
FROM open_deals d, contracted WHERE copied_on = '2026-09-30'

-- pessimistic_prospects 2026-09
-- Of 1,000 sorted draws the 10th percentile lies between the 100th and the 101st, nine tenths of the way.
SELECT 0.1 * usd[100] + 0.9 * usd[101] AS value FROM september_draws

-- optimistic_prospects 2026-09
SELECT 0.9 * usd[900] + 0.1 * usd[901] AS value FROM september_draws

-- pessimistic_6_months 2026-09
SELECT (SELECT sum(usd) FROM instalments
        WHERE category = 'cloud service contracts' AND signed_on <= '2026-09-30' AND month BETWEEN '2026-10-01' AND '2027-03-01')
     + 0.1 * usd[100] + 0.9 * usd[101] AS value FROM september_draws

-- optimistic_6_months 2026-09
SELECT (SELECT sum(usd) FROM instalments
        WHERE category = 'cloud service contracts' AND signed_on <= '2026-09-30' AND month BETWEEN '2026-10-01' AND '2027-03-01')
     + 0.9 * usd[900] + 0.1 * usd[901] AS value FROM september_draws
