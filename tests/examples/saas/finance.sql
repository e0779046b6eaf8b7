-- acquisition_spend 2026-09
SELECT sum(amount_usd) AS value FROM spend WHERE spent_on BETWEEN '2026-09-01' AND '2026-09-30';

-- acquisition_spend 2026-Q3
SELECT channel, sum(amount_usd) AS value FROM spend
WHERE spent_on BETWEEN '2026-07-01' AND '2026-09-30' GROUP BY channel;

-- cac 2026-09
SELECT (SELECT sum(amount_usd) FROM spend WHERE spent_on BETWEEN '2026-09-01' AND '2026-09-30')
    / (SELECT count(*) FROM moves WHERE month = '2026-09-01' AND movement = 'new') AS value;

-- cac 2026-Q3
-- What the quarter cost over whom it won: never a mean of its months.
SELECT s.segment, sum(s.usd) / sum(b.won) AS value FROM spending s JOIN books b USING (month, segment)
WHERE month BETWEEN '2026-07-01' AND '2026-09-01' GROUP BY s.segment;

-- cac 2024-09
-- No enterprise was won in this month: nothing to divide by.
SELECT segment, cac AS value FROM economics WHERE month = '2024-09-01' AND segment IS NOT NULL;

-- cac_to_revenue 2026-09
SELECT cac / revenue_per_customer AS value FROM economics WHERE month = '2026-09-01' AND segment IS NULL;

-- cac_to_revenue 2026-09
SELECT segment, cac / revenue_per_customer AS value FROM economics WHERE month = '2026-09-01' AND segment IS NOT NULL;

-- cac_payback 2026-09
SELECT cac / (revenue_per_customer * margin) AS value FROM economics WHERE month = '2026-09-01' AND segment IS NULL;

-- cac_payback 2026-09
SELECT segment, cac / (revenue_per_customer * margin) AS value FROM economics
WHERE month = '2026-09-01' AND segment IS NOT NULL;

-- break_even 2026-08
SELECT cac / (revenue_per_customer * margin) AS value FROM economics WHERE month = '2026-08-01' AND segment IS NULL;

-- break_even 2026-08
SELECT segment, cac / (revenue_per_customer * margin) AS value FROM economics
WHERE month = '2026-08-01' AND segment IS NOT NULL;

-- clv_to_cac 2026-09
SELECT clv / cac AS value FROM economics WHERE month = '2026-09-01' AND segment IS NULL;

-- clv_to_cac 2026-09
SELECT segment, clv / cac AS value FROM economics WHERE month = '2026-09-01' AND segment IS NOT NULL;

-- unit_economics 2026-09
SELECT 12 * revenue_per_customer * margin - cac AS value FROM economics WHERE month = '2026-09-01' AND segment IS NULL;

-- unit_economics 2026-09
SELECT segment, 12 * revenue_per_customer * margin - cac AS value FROM economics
WHERE month = '2026-09-01' AND segment IS NOT NULL;

-- revenue 2026-09
SELECT sum(amount_usd) AS value FROM postings WHERE account = 'revenue' AND strftime(posted_on, '%Y-%m') = '2026-09';

-- invoiced 2026-09
SELECT sum(amount_usd) AS value FROM invoices WHERE strftime(invoiced_on::DATE, '%Y-%m') = '2026-09';

-- expenses 2026-09
SELECT sum(amount_usd) AS value FROM postings WHERE account <> 'revenue' AND strftime(posted_on, '%Y-%m') = '2026-09';

-- expenses 2026-Q3
SELECT account, sum(amount_usd) AS value FROM postings
WHERE account <> 'revenue' AND posted_on BETWEEN '2026-07-01' AND '2026-09-30' GROUP BY account;

-- gross_margin 2026-09
SELECT 1 - sum(amount_usd) FILTER (account = 'cost of goods sold') / sum(amount_usd) FILTER (account = 'revenue')
    AS value
FROM postings WHERE posted_on BETWEEN '2026-09-01' AND '2026-09-30';

-- gross_margin 2025
SELECT 1 - sum(delivery) / sum(revenue) AS value FROM ledger WHERE year(month) = 2025;

-- burn 2026-09
SELECT sum(CASE account WHEN 'revenue' THEN -amount_usd ELSE amount_usd END) AS value
FROM postings WHERE posted_on BETWEEN '2026-09-01' AND '2026-09-30';

-- cash 2026-09
SELECT sum(amount_usd) AS value FROM cash WHERE as_of = '2026-09-30';

-- cash 2025
SELECT sum(amount_usd) AS value FROM cash WHERE as_of = '2025-12-31';

-- runway 2026-09
WITH spent AS (
    SELECT sum(expenses - revenue) / 3 AS usd FROM ledger WHERE month BETWEEN '2026-07-01' AND '2026-09-01'
)
SELECT CASE WHEN usd <= 0 THEN 60 ELSE least(60, there / usd) END AS value
FROM spent CROSS JOIN (SELECT sum(amount_usd) AS there FROM cash WHERE as_of = '2026-09-30');

-- runway 2025-03
WITH spent AS (
    SELECT sum(expenses - revenue) / 3 AS usd FROM ledger WHERE month BETWEEN '2025-01-01' AND '2025-03-01'
)
SELECT CASE WHEN usd <= 0 THEN 60 ELSE least(60, there / usd) END AS value
FROM spent CROSS JOIN (SELECT sum(amount_usd) AS there FROM cash WHERE as_of = '2025-03-31');
