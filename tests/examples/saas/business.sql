-- mrr 2026-09
-- Lines in force when 30 September is over, each by its month, and September's usage fees.
SELECT
    (SELECT sum(price_usd / billing_months) FROM subscriptions
     WHERE started_on < '2026-10-01' AND (ended_on IS NULL OR ended_on >= '2026-10-01'))
    + (SELECT sum(amount_usd) FROM usage_charges WHERE charged_on BETWEEN '2026-09-01' AND '2026-09-30') AS value;

-- mrr 2026-09
SELECT component, sum(usd) AS value FROM amounts WHERE month = '2026-09-01' GROUP BY component;

-- mrr 2025-12
SELECT plan, sum(usd) AS value FROM amounts JOIN accounts USING (account_id) WHERE month = '2025-12-01' GROUP BY plan;

-- mrr 2025
-- A year has what its last month has.
SELECT term, sum(usd) AS value FROM amounts WHERE month = '2025-12-01' GROUP BY term;

-- usage_fees 2026-09
SELECT sum(amount_usd) AS value FROM usage_charges WHERE strftime(charged_on::DATE, '%Y-%m') = '2026-09';

-- usage_fees 2026-09
SELECT meter, sum(amount_usd) AS value FROM usage_charges WHERE charged_on LIKE '2026-09-%' GROUP BY meter;

-- new_mrr 2026-09
SELECT sum(change) AS value FROM moves WHERE month = '2026-09-01' AND movement = 'new';

-- new_mrr 2026-Q2
-- A quarter adds its months.
SELECT segment, sum(change) AS value FROM moves
WHERE month BETWEEN '2026-04-01' AND '2026-06-01' AND movement = 'new' GROUP BY segment;

-- expansion_mrr 2026-09
SELECT sum(change) AS value FROM moves WHERE month = '2026-09-01' AND movement = 'expansion';

-- expansion_mrr 2026-09
SELECT segment, sum(change) AS value FROM moves WHERE month = '2026-09-01' AND movement = 'expansion' GROUP BY segment;

-- contraction_mrr 2026-09
SELECT sum(change) AS value FROM moves WHERE month = '2026-09-01' AND movement = 'contraction';

-- contraction_mrr 2026-09
SELECT segment, sum(change) AS value FROM moves
WHERE month = '2026-09-01' AND movement = 'contraction' GROUP BY segment;

-- churned_mrr 2026-09
SELECT sum(change) AS value FROM moves WHERE month = '2026-09-01' AND movement = 'churn';

-- churned_mrr 2026-Q1
SELECT segment, sum(change) AS value FROM moves
WHERE month BETWEEN '2026-01-01' AND '2026-03-01' AND movement = 'churn' GROUP BY segment;

-- reactivated_mrr 2025
SELECT sum(change) AS value FROM moves WHERE year(month) = 2025 AND movement = 'reactivation';

-- reactivated_mrr 2025
SELECT segment, sum(change) AS value FROM moves WHERE year(month) = 2025 AND movement = 'reactivation' GROUP BY segment;

-- arr 2026-09
SELECT 12 * (SELECT sum(usd) FROM amounts WHERE month = '2026-09-01')
    + (SELECT sum(amount_usd) FROM annual_adjustments WHERE as_of = '2026-09-30') AS value;

-- arr 2026-09
-- What has no adjustments is not adjusted.
SELECT term, 12 * m.usd + coalesce(a.usd, 0) AS value
FROM (SELECT term, sum(usd) AS usd FROM amounts WHERE month = '2026-09-01' GROUP BY term) AS m
LEFT JOIN (SELECT term, sum(amount_usd) AS usd FROM annual_adjustments WHERE as_of = '2026-09-30' GROUP BY term) AS a
USING (term);

-- annual_adjustments 2026-09
-- The newest copy of the month.
SELECT sum(amount_usd) AS value FROM annual_adjustments
WHERE as_of = (SELECT max(as_of) FROM annual_adjustments WHERE as_of BETWEEN '2026-09-01' AND '2026-09-30');

-- annual_adjustments 2026-Q2
SELECT segment, sum(amount_usd) AS value FROM annual_adjustments JOIN accounts USING (account_id)
WHERE as_of = '2026-06-30' GROUP BY segment;

-- arr_share 2026-09
SELECT 1 AS value;

-- arr_share 2026-09
WITH parts AS (
    SELECT segment, 12 * usd AS usd FROM amounts JOIN accounts USING (account_id) WHERE month = '2026-09-01'
    UNION ALL
    SELECT segment, amount_usd FROM annual_adjustments JOIN accounts USING (account_id) WHERE as_of = '2026-09-30'
)
SELECT segment, sum(usd) / (SELECT sum(usd) FROM parts) AS value FROM parts GROUP BY segment;

-- contract_length 2026-09
SELECT avg(term_months) AS value FROM subscriptions
WHERE started_on LIKE '2026-09-%' AND term IN ('annual', 'multi-year');

-- contract_length 2026-Q3
SELECT segment, avg(term_months) AS value FROM subscriptions JOIN accounts USING (account_id)
WHERE started_on BETWEEN '2026-07-01' AND '2026-09-30' AND term IN ('annual', 'multi-year') GROUP BY segment;

-- customers 2026-09
SELECT count(*) AS value
FROM (SELECT account_id FROM amounts WHERE month = '2026-09-01' GROUP BY account_id HAVING sum(usd) > 0);

-- customers 2026-09
SELECT segment, customers AS value FROM books WHERE month = '2026-09-01' AND segment IS NOT NULL;

-- new_customers 2026-09
-- First month ever at whose end they pay.
SELECT count(*) AS value
FROM (SELECT account_id, min(month) AS first FROM paid WHERE usd > 0 GROUP BY account_id) WHERE first = '2026-09-01';

-- new_customers 2025
SELECT segment, sum(won) AS value FROM books WHERE year(month) = 2025 AND segment IS NOT NULL GROUP BY segment;

-- revenue_per_customer 2026-09
SELECT sum(usd) / count(DISTINCT account_id) AS value FROM amounts WHERE month = '2026-09-01' AND usd > 0;

-- revenue_per_customer 2026-09
SELECT segment, mrr / customers AS value FROM books WHERE month = '2026-09-01' AND segment IS NOT NULL;

-- customer_churn 2026-09
-- Those who paid when August ended and do not pay when September ends.
SELECT count(*) FILTER (usd <= 0) / count(*) AS value FROM paid WHERE month = '2026-09-01' AND before > 0;

-- customer_churn 2026-09
SELECT segment, count(*) FILTER (usd <= 0) / count(*) AS value FROM paid
WHERE month = '2026-09-01' AND before > 0 GROUP BY segment;

-- customer_churn_by_reason 2026-09
SELECT count(*) FILTER (usd <= 0) / count(*) AS value FROM paid WHERE month = '2026-09-01' AND before > 0;

-- customer_churn_by_reason 2026-09
-- The lines that they had in August name the reason. Usage fees have none, nor have lines that a new price replaced.
WITH lost AS (SELECT account_id FROM moves WHERE month = '2026-09-01' AND movement = 'churn')
SELECT end_reason,
    count(DISTINCT account_id) / (SELECT count(*) FROM paid WHERE month = '2026-09-01' AND before > 0) AS value
FROM amounts JOIN lost USING (account_id) WHERE month = '2026-08-01' AND usd > 0 GROUP BY end_reason;

-- annual_churn 2026-09
SELECT (SELECT count(*) FROM moves WHERE movement = 'churn' AND month BETWEEN '2025-10-01' AND '2026-09-01')
    / (SELECT avg(n) FROM (SELECT count(*) FILTER (usd > 0) AS n FROM paid
                           WHERE month BETWEEN '2025-10-01' AND '2026-09-01' GROUP BY month)) AS value;

-- annual_churn 2026-09
SELECT segment, churn AS value FROM yearly_churn WHERE month = '2026-09-01' AND segment IS NOT NULL;

-- revenue_churn 2026-09
SELECT sum(before) FILTER (usd <= 0) / sum(before) AS value FROM paid WHERE month = '2026-09-01' AND before > 0;

-- revenue_churn 2026-09
SELECT segment, coalesce(sum(before) FILTER (usd <= 0), 0) / sum(before) AS value FROM paid
WHERE month = '2026-09-01' AND before > 0 GROUP BY segment;

-- annual_revenue_churn 2026-09
SELECT (SELECT sum(lost_usd) FROM books WHERE segment IS NULL AND month BETWEEN '2025-10-01' AND '2026-09-01')
    / (SELECT sum(usd) FROM paid WHERE month = '2025-09-01') AS value;

-- net_revenue_retention 2026-09
SELECT sum(b.usd) / sum(a.usd) AS value FROM paid a JOIN paid b USING (account_id)
WHERE a.month = '2025-09-01' AND b.month = '2026-09-01' AND a.usd > 0;

-- net_revenue_retention 2026-09
SELECT a.segment, sum(b.usd) / sum(a.usd) AS value FROM paid a JOIN paid b USING (account_id)
WHERE a.month = '2025-09-01' AND b.month = '2026-09-01' AND a.usd > 0 GROUP BY a.segment;

-- gross_revenue_retention 2026-09
SELECT sum(least(a.usd, b.usd)) / sum(a.usd) AS value FROM paid a JOIN paid b USING (account_id)
WHERE a.month = '2025-09-01' AND b.month = '2026-09-01' AND a.usd > 0;

-- gross_revenue_retention 2026-09
SELECT a.segment, sum(least(a.usd, b.usd)) / sum(a.usd) AS value FROM paid a JOIN paid b USING (account_id)
WHERE a.month = '2025-09-01' AND b.month = '2026-09-01' AND a.usd > 0 GROUP BY a.segment;

-- clv 2026-09
SELECT clv AS value FROM economics WHERE month = '2026-09-01' AND segment IS NULL;

-- clv 2026-09
SELECT segment, clv AS value FROM economics WHERE month = '2026-09-01' AND segment IS NOT NULL;

-- clv_by_orders 2026-09
-- The mean invoice cancels against their number: what was invoiced, per customer who was.
SELECT sum(amount_usd) / count(DISTINCT account_id)
    * (SELECT 12 / churn FROM yearly_churn WHERE month = '2026-09-01' AND segment IS NULL) AS value
FROM invoices WHERE invoiced_on LIKE '2026-09-%';

-- clv_by_orders 2026-09
SELECT segment, sum(amount_usd) / count(DISTINCT account_id) * any_value(12 / churn) AS value
FROM invoices JOIN accounts USING (account_id) JOIN yearly_churn USING (segment)
WHERE invoiced_on LIKE '2026-09-%' AND month = '2026-09-01' GROUP BY segment;

-- order_value 2026-09
SELECT avg(amount_usd) AS value FROM invoices WHERE invoiced_on LIKE '2026-09-%';

-- order_value 2025
SELECT segment, sum(amount_usd) / count(amount_usd) AS value FROM invoices JOIN accounts USING (account_id)
WHERE invoiced_on LIKE '2025-%' GROUP BY segment;

-- invoices 2026-09
SELECT count(*) AS value FROM invoices WHERE invoiced_on LIKE '2026-09-%';

-- invoices 2026-09
SELECT segment, count(*) AS value FROM invoices JOIN accounts USING (account_id)
WHERE invoiced_on LIKE '2026-09-%' GROUP BY segment;

-- paying_accounts 2026-09
SELECT count(DISTINCT account_id) AS value FROM invoices WHERE invoiced_on LIKE '2026-09-%';

-- paying_accounts 2026-Q3
SELECT segment, count(DISTINCT account_id) AS value FROM invoices JOIN accounts USING (account_id)
WHERE invoiced_on BETWEEN '2026-07-01' AND '2026-09-30' GROUP BY segment;

-- time_to_first_workflow 2026-06
-- Everybody who signed in June has had their 90 days by 28 September.
WITH firsts AS (
    SELECT account_id, a.created_at, min(w.created_at) AS first
    FROM accounts a JOIN people USING (account_id) JOIN workflows w ON w.creator_id = user_id
    WHERE w.created_at >= a.created_at AND ny_month(a.created_at) = '2026-06-01' GROUP BY ALL
)
SELECT avg(days_between(created_at, first)) FILTER (days_between(created_at, first) <= 90) AS value FROM firsts;

-- time_to_first_workflow 2026-Q2
WITH firsts AS (
    SELECT account_id, a.onboarding, a.created_at, min(w.created_at) AS first
    FROM accounts a JOIN people USING (account_id) JOIN workflows w ON w.creator_id = user_id
    WHERE w.created_at >= a.created_at AND ny_month(a.created_at) BETWEEN '2026-04-01' AND '2026-06-01' GROUP BY ALL
)
SELECT onboarding, avg(days_between(created_at, first)) FILTER (days_between(created_at, first) <= 90) AS value
FROM firsts GROUP BY onboarding;

-- time_to_first_success 2026-06
WITH firsts AS (
    SELECT account_id, a.created_at, min(x.started_at) AS first
    FROM accounts a JOIN people USING (account_id) JOIN workflows w ON w.creator_id = user_id
    JOIN executions x USING (workflow_id)
    WHERE x.succeeded AND x.started_at >= a.created_at::TIMESTAMP AND ny_month(a.created_at) = '2026-06-01' GROUP BY ALL
)
SELECT avg(days_between(created_at, first)) FILTER (days_between(created_at, first) <= 90) AS value FROM firsts;

-- time_to_first_success 2026-Q2
WITH firsts AS (
    SELECT account_id, a.segment, a.created_at, min(x.started_at) AS first
    FROM accounts a JOIN people USING (account_id) JOIN workflows w ON w.creator_id = user_id
    JOIN executions x USING (workflow_id)
    WHERE x.succeeded AND x.started_at >= a.created_at::TIMESTAMP
      AND ny_month(a.created_at) BETWEEN '2026-04-01' AND '2026-06-01' GROUP BY ALL
)
SELECT segment, avg(days_between(created_at, first)) FILTER (days_between(created_at, first) <= 90) AS value
FROM firsts GROUP BY segment;

-- time_to_onboarded 2026-09
SELECT avg(days_between(created_at, reached)) AS value FROM reached
WHERE milestone = 'onboarding' AND ny_month(reached) = '2026-09-01';

-- time_to_onboarded 2026-09
SELECT segment, avg(days_between(created_at, reached)) AS value FROM reached
WHERE milestone = 'onboarding' AND ny_month(reached) = '2026-09-01' GROUP BY segment;

-- time_to_trained 2026-09
SELECT avg(days_between(created_at, reached)) AS value FROM reached
WHERE milestone = 'training' AND ny_month(reached) = '2026-09-01';

-- time_to_trained 2026-Q3
SELECT segment, avg(days_between(created_at, reached)) AS value FROM reached
WHERE milestone = 'training' AND ny_month(reached) BETWEEN '2026-07-01' AND '2026-09-01' GROUP BY segment;

-- time_to_integrated 2026-09
SELECT avg(days_between(created_at, reached)) AS value FROM reached
WHERE milestone = 'integration' AND ny_month(reached) = '2026-09-01';

-- time_to_integrated 2026-Q3
SELECT segment, avg(days_between(created_at, reached)) AS value FROM reached
WHERE milestone = 'integration' AND ny_month(reached) BETWEEN '2026-07-01' AND '2026-09-01' GROUP BY segment;

-- time_to_power_user 2026-09
SELECT avg(days_between(created_at, reached)) AS value FROM reached
WHERE milestone = 'power user' AND ny_month(reached) = '2026-09-01';

-- time_to_power_user 2025
SELECT segment, avg(days_between(created_at, reached)) AS value FROM reached
WHERE milestone = 'power user' AND year(ny_month(reached)) = 2025 GROUP BY segment;
