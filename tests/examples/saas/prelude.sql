-- Words that the queries of this folder share, run once before them. Raw times are in UTC; the company's days are New
-- York's. What follows is what an analyst would write who has the tables, the documentation, and no Headway.

-- The clock on the wall in New York, and its day.
CREATE MACRO ny(moment) AS (moment::TIMESTAMP AT TIME ZONE 'UTC') AT TIME ZONE 'America/New_York';
CREATE MACRO ny_day(moment) AS ny(moment)::DATE;
CREATE MACRO ny_month(moment) AS date_trunc('month', ny(moment))::DATE;

-- Elapsed days.
CREATE MACRO days_between(a, b) AS epoch(b::TIMESTAMP - a::TIMESTAMP) / 86400;

-- People, with what is known of their account.
CREATE TABLE people AS
SELECT user_id, account_id, ny_day(signed_up_at) AS joined, segment, plan
FROM users LEFT JOIN accounts USING (account_id);

-- On which days people had a session.
CREATE TABLE session_days AS
SELECT DISTINCT user_id, ny_day(started_at) AS day, date_trunc('month', ny_day(started_at))::DATE AS month, segment
FROM sessions LEFT JOIN people USING (user_id);

-- Months of people with a session.
CREATE VIEW active_months AS SELECT DISTINCT user_id, segment, month FROM session_days;

-- Requests without the week in which Asia Pacific wrote seconds for milliseconds.
CREATE TABLE good_requests AS
SELECT *, ny("at") AS local FROM requests
WHERE NOT (region = 'Asia Pacific' AND ny_day("at") BETWEEN '2026-02-09' AND '2026-02-15');

-- What accounts pay a month: subscription lines in force when a month's last day is over, and the month's usage.
CREATE TABLE month_starts AS
SELECT unnest(generate_series(DATE '2024-01-01', DATE '2026-09-01', INTERVAL 1 MONTH))::DATE AS month;
CREATE TABLE amounts AS
SELECT month, account_id, component, term, end_reason, (price_usd / billing_months)::DECIMAL(28, 10) AS usd
FROM month_starts
JOIN subscriptions
  ON started_on::DATE <= last_day(month) AND (ended_on IS NULL OR ended_on::DATE > last_day(month))
UNION ALL
SELECT date_trunc('month', charged_on::DATE)::DATE, account_id, 'usage', 'monthly', NULL, amount_usd::DECIMAL(28, 10)
FROM usage_charges WHERE charged_on < '2026-10-01';

-- Each account in each month: what it paid at the end of the month before, what it pays at the end of this one, and
-- whether it had paid at the end of any month before.
CREATE TABLE paid AS
WITH grid AS (
    SELECT month, account_id, segment, coalesce(sum(usd), 0) AS usd
    FROM month_starts CROSS JOIN accounts LEFT JOIN amounts USING (month, account_id)
    GROUP BY ALL
)
SELECT *,
    coalesce(lag(usd) OVER years, 0) AS before,
    coalesce(max(usd) OVER (years ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) > 0 AS paid_ever
FROM grid WINDOW years AS (PARTITION BY account_id ORDER BY month);

-- What became of each account in each month.
CREATE VIEW moves AS
SELECT *, usd - before AS change,
    CASE
        WHEN before <= 0 AND usd > 0 AND NOT paid_ever THEN 'new'
        WHEN before <= 0 AND usd > 0 THEN 'reactivation'
        WHEN before > 0 AND usd <= 0 THEN 'churn'
        WHEN usd < before THEN 'contraction'
        WHEN usd > before THEN 'expansion'
    END AS movement
FROM paid;

-- By month and segment (null: all together): customers, what they pay, who left.
CREATE TABLE books AS
SELECT month, segment,
    sum(usd) AS mrr,
    count(*) FILTER (usd > 0) AS customers,
    count(*) FILTER (movement = 'new') AS won,
    count(*) FILTER (movement = 'churn') AS lost,
    coalesce(-sum(change) FILTER (movement = 'churn'), 0) AS lost_usd
FROM moves GROUP BY GROUPING SETS ((month), (month, segment));

-- Customers lost in twelve months over their mean number at the twelve month ends.
CREATE VIEW yearly_churn AS
SELECT b.month, b.segment, sum(a.lost) / avg(a.customers) AS churn
FROM books b JOIN books a
  ON a.segment IS NOT DISTINCT FROM b.segment AND a.month BETWEEN b.month - INTERVAL 11 MONTH AND b.month
GROUP BY b.month, b.segment;

-- By month: revenue, costs, cost of delivery.
CREATE VIEW ledger AS
SELECT date_trunc('month', posted_on)::DATE AS month,
    coalesce(sum(amount_usd) FILTER (account = 'revenue'), 0) AS revenue,
    coalesce(sum(amount_usd) FILTER (account <> 'revenue'), 0) AS expenses,
    coalesce(sum(amount_usd) FILTER (account = 'cost of goods sold'), 0) AS delivery,
    (revenue - delivery) / revenue AS margin
FROM postings GROUP BY ALL;

-- By month and segment: what was spent on winning customers.
CREATE VIEW spending AS
SELECT date_trunc('month', spent_on)::DATE AS month, segment, sum(amount_usd) AS usd
FROM spend GROUP BY GROUPING SETS ((month), (month, segment));

-- By month and segment: CAC, a month's revenue of a customer, what a customer is worth.
CREATE VIEW economics AS
SELECT b.month, b.segment, s.usd / nullif(b.won, 0) AS cac, mrr / customers AS revenue_per_customer, margin,
    mrr / customers * margin / nullif(churn / 12, 0) AS clv
FROM books b
JOIN ledger l ON l.month = b.month
JOIN yearly_churn c ON c.month = b.month AND c.segment IS NOT DISTINCT FROM b.segment
JOIN spending s ON s.month = b.month AND s.segment IS NOT DISTINCT FROM b.segment;

-- When accounts first reached each milestone, not before they were made.
CREATE TABLE reached AS
SELECT account_id, segment, onboarding, created_at::TIMESTAMP AS created_at, milestone,
    min(reached_at::TIMESTAMP) AS reached
FROM accounts JOIN milestones USING (account_id)
WHERE reached_at::TIMESTAMP >= created_at::TIMESTAMP GROUP BY ALL;

-- Accounts and when they first got something out of it; the 90 days that each is given are what `in_time` asks.
CREATE VIEW first_value AS
SELECT a.account_id, a.segment, a.onboarding, ny_month(a.created_at) AS month,
    days_between(a.created_at, r.reached) AS days, coalesce(days <= 90, false) AS in_time
FROM accounts a LEFT JOIN reached r ON r.account_id = a.account_id AND r.milestone = 'first value';

-- Monday to Friday, without the company's holidays.
CREATE TABLE working_days AS
SELECT day FROM (SELECT unnest(generate_series(DATE '2024-01-01', DATE '2026-12-31', INTERVAL 1 DAY))::DATE AS day)
WHERE isodow(day) <= 5 AND day NOT IN (SELECT day::DATE FROM read_csv('calendars/holidays.csv'));

-- People and the days until their first workflow; no days if that took more than 90, or has not happened.
CREATE VIEW first_workflow AS
SELECT user_id, segment, ny_month(signed_up_at) AS month,
    min(days_between(signed_up_at, w.created_at)) FILTER (days_between(signed_up_at, w.created_at) <= 90) AS days
FROM users JOIN people USING (user_id) LEFT JOIN workflows w ON w.creator_id = user_id AND w.created_at >= signed_up_at
GROUP BY ALL;

-- The quantile that lies between two neighbours of the values in order.
CREATE MACRO between_ranks(ordered, h) AS
    ordered[floor(h)::INTEGER + 1]
    + (h - floor(h)) * (ordered[ceil(h)::INTEGER + 1] - ordered[floor(h)::INTEGER + 1]);
CREATE MACRO quantile_by_rank(numbers, p) AS between_ranks(list_sort(numbers), p * (len(numbers) - 1));

-- Sessions, and when they ended: half an hour after their start if nobody logged out.
CREATE TABLE visits AS
SELECT started_at AS began, coalesce(ended_at, started_at + INTERVAL 30 MINUTE) AS ended, region, feature FROM sessions;

-- Incidents of the platform as a whole, of each component, of each region (some are everywhere, so of none).
CREATE TABLE troubles AS
WITH known AS (
    SELECT *, started_at::TIMESTAMP AS began, coalesce(ended_at::TIMESTAMP, TIMESTAMP '2026-10-12 11:00') AS ended
    FROM incidents
)
SELECT 'platform' AS what, '' AS name, nature, began, ended FROM known
UNION ALL SELECT 'component', component, nature, began, ended FROM known
UNION ALL SELECT 'region', coalesce(region, '(none)'), nature, began, ended FROM known;

-- Time cut wherever anything begins or ends, and where a month does: within a piece nothing changes.
CREATE TABLE pieces AS
WITH months AS (
    SELECT (month::TIMESTAMP AT TIME ZONE 'America/New_York') AT TIME ZONE 'UTC' AS moment
    FROM (SELECT month FROM month_starts UNION SELECT '2026-10-01')
),
cuts AS (
    SELECT what, name, began AS moment FROM troubles
    UNION SELECT what, name, ended FROM troubles
    UNION SELECT what, name, moment FROM months CROSS JOIN (SELECT DISTINCT what, name FROM troubles)
),
spans AS (
    SELECT what, name, moment AS begins, lead(moment) OVER (PARTITION BY what, name ORDER BY moment) AS ends FROM cuts
)
SELECT s.what, s.name, s.begins, s.ends,
    coalesce(bool_or(t.nature = 'planned'), false) AS planned,
    coalesce(bool_or(t.nature = 'unplanned'), false) AND NOT planned AS down,
    coalesce(bool_or(t.nature = 'degraded'), false) AND NOT planned AND NOT down AS degraded
FROM spans s LEFT JOIN troubles t
  ON t.what = s.what AND t.name = s.name AND t.began <= s.begins AND t.ended >= s.ends AND t.began < t.ended
WHERE s.ends IS NOT NULL GROUP BY ALL;

-- Minutes of each month by how it went, and the failures that began in it.
CREATE TABLE health AS
WITH told AS (
    SELECT *, epoch(ends - begins) / 60 AS long,
        down AND NOT coalesce(lag(down) OVER (PARTITION BY what, name ORDER BY begins), false) AS fails
    FROM pieces
)
SELECT what, name, ny_month(begins) AS month, sum(long) AS minutes,
    coalesce(sum(long) FILTER (down), 0) AS minutes_down,
    coalesce(sum(long) FILTER (planned), 0) AS minutes_planned,
    coalesce(sum(long) FILTER (degraded), 0) AS minutes_degraded,
    count(*) FILTER (fails) AS failures
FROM told WHERE begins < '2026-10-01 04:00' GROUP BY ALL;
