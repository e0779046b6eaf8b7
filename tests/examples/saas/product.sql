-- dau 2026-09-16
SELECT count(DISTINCT user_id) AS value FROM sessions
WHERE started_at >= '2026-09-16 04:00' AND started_at < '2026-09-17 04:00';

-- dau 2026-09
-- The mean of thirty days.
SELECT count(*) / 30 AS value FROM session_days WHERE month = '2026-09-01';

-- dau 2026-09-16
SELECT segment, count(*) AS value FROM session_days WHERE day = '2026-09-16' GROUP BY segment;

-- peak_dau 2026-09
SELECT max(n) AS value FROM (SELECT count(*) AS n FROM session_days WHERE month = '2026-09-01' GROUP BY day);

-- sessions_started 2026-03-08
-- A day of 23 hours.
SELECT count(*) AS value FROM sessions WHERE started_at >= '2026-03-08 05:00' AND started_at < '2026-03-09 04:00';

-- sessions_started 2026-09
SELECT feature, count(*) AS value FROM sessions WHERE ny_month(started_at) = '2026-09-01' GROUP BY feature;

-- executions 2025-11-02
-- A day of 25 hours.
SELECT count(*) AS value FROM executions WHERE started_at >= '2025-11-02 04:00' AND started_at < '2025-11-03 05:00';

-- executions 2026-09
SELECT count(*) AS value FROM executions WHERE ny_month(started_at) = '2026-09-01';

-- api_calls 2026-09
SELECT count(*) AS value FROM api_calls WHERE ny_month(called_at) = '2026-09-01';

-- user_capacity 2026-Q2
SELECT "value" AS value FROM read_csv('entries/user_capacity.csv') WHERE period = '2026-Q2';

-- stickiness 2026-09
SELECT count(*) / 30 / count(DISTINCT user_id) AS value FROM session_days WHERE month = '2026-09-01';

-- stickiness 2026-Q2
-- A mean day of the quarter over the people of June, its last month. By segment some days are too small to be shown.
SELECT count(*) / 91 / count(DISTINCT user_id) FILTER (month = '2026-06-01') AS value FROM session_days
WHERE month BETWEEN '2026-04-01' AND '2026-06-01';

-- mau 2026-09
SELECT count(DISTINCT user_id) AS value FROM sessions
WHERE started_at >= '2026-09-01 04:00' AND started_at < '2026-10-01 04:00';

-- mau 2026-09
SELECT feature, count(DISTINCT user_id) AS value FROM sessions
WHERE ny_month(started_at) = '2026-09-01' GROUP BY feature;

-- mau 2026-Q3
-- The window is a month, also where a quarter shows it: September's.
SELECT plan, count(DISTINCT user_id) AS value FROM sessions JOIN people USING (user_id)
WHERE ny_month(started_at) = '2026-09-01' GROUP BY plan;

-- mau_30 2026-03-12
SELECT count(DISTINCT user_id) AS value FROM session_days WHERE day BETWEEN '2026-02-11' AND '2026-03-12';

-- mau_30 2026-09-30
SELECT segment, count(DISTINCT user_id) AS value FROM session_days
WHERE day BETWEEN '2026-09-01' AND '2026-09-30' GROUP BY segment;

-- registered_users 2026-09
SELECT count(*) AS value FROM users WHERE ny_day(signed_up_at) <= '2026-09-30';

-- registered_users 2025-12
SELECT segment, count(*) AS value FROM people WHERE joined <= '2025-12-31' GROUP BY segment;

-- new_users 2026-08
SELECT count(*) AS value FROM (SELECT min(month) AS first FROM active_months GROUP BY user_id)
WHERE first = '2026-08-01';

-- new_users 2026-09
SELECT segment, count(*) AS value FROM (SELECT user_id, segment, min(month) AS first FROM active_months GROUP BY ALL)
WHERE first = '2026-09-01' GROUP BY segment;

-- returning_users 2026-09
SELECT count(*) AS value FROM active_months a JOIN active_months b USING (user_id)
WHERE a.month = '2026-08-01' AND b.month = '2026-09-01';

-- returning_users 2026-09
SELECT b.segment, count(*) AS value FROM active_months a JOIN active_months b USING (user_id)
WHERE a.month = '2026-08-01' AND b.month = '2026-09-01' GROUP BY b.segment;

-- resurrected_users 2026-09
SELECT count(*) AS value FROM active_months now
WHERE month = '2026-09-01'
  AND user_id NOT IN (SELECT user_id FROM active_months WHERE month = '2026-08-01')
  AND user_id IN (SELECT user_id FROM active_months WHERE month < '2026-08-01');

-- resurrected_users 2026-09
SELECT segment, count(*) AS value FROM active_months now
WHERE month = '2026-09-01'
  AND user_id NOT IN (SELECT user_id FROM active_months WHERE month = '2026-08-01')
  AND user_id IN (SELECT user_id FROM active_months WHERE month < '2026-08-01') GROUP BY segment;

-- dormant_users 2026-09
SELECT count(*) AS value FROM active_months
WHERE month = '2026-08-01' AND user_id NOT IN (SELECT user_id FROM active_months WHERE month = '2026-09-01');

-- dormant_users 2026-09
SELECT segment, count(*) AS value FROM active_months
WHERE month = '2026-08-01' AND user_id NOT IN (SELECT user_id FROM active_months WHERE month = '2026-09-01')
GROUP BY segment;

-- active_days 2026-09
SELECT avg(n) AS value FROM (SELECT count(*) AS n FROM session_days WHERE month = '2026-09-01' GROUP BY user_id);

-- active_days 2026-09
SELECT segment, avg(n) AS value
FROM (SELECT user_id, segment, count(*) AS n FROM session_days WHERE month = '2026-09-01' GROUP BY ALL)
GROUP BY segment;

-- power_users 2026-09
SELECT count(*) AS value
FROM (SELECT user_id FROM session_days WHERE month = '2026-09-01' GROUP BY user_id HAVING count(*) >= 12);

-- power_users 2026-09
SELECT segment, count(*) FILTER (n >= 12) AS value
FROM (SELECT user_id, segment, count(*) AS n FROM session_days WHERE month = '2026-09-01' GROUP BY ALL)
GROUP BY segment;

-- power_user_share 2026-09
SELECT avg((n >= 12)::INTEGER) AS value
FROM (SELECT count(*) AS n FROM session_days WHERE month = '2026-09-01' GROUP BY user_id);

-- power_user_share 2026-09
SELECT segment, avg((n >= 12)::INTEGER) AS value
FROM (SELECT user_id, segment, count(*) AS n FROM session_days WHERE month = '2026-09-01' GROUP BY ALL)
GROUP BY segment;

-- mau_retention 2026-09
SELECT count(b.user_id) / count(*) AS value
FROM active_months a LEFT JOIN active_months b ON b.user_id = a.user_id AND b.month = '2026-09-01'
WHERE a.month = '2026-08-01';

-- mau_retention 2026-09
SELECT a.segment, count(b.user_id) / count(*) AS value
FROM active_months a LEFT JOIN active_months b ON b.user_id = a.user_id AND b.month = '2026-09-01'
WHERE a.month = '2026-08-01' GROUP BY a.segment;

-- feature_retention 2026-09
WITH used AS (SELECT DISTINCT user_id, ny_month(used_at) AS month FROM feature_uses)
SELECT count(b.user_id) / count(*) AS value
FROM used a LEFT JOIN used b ON b.user_id = a.user_id AND b.month = '2026-09-01' WHERE a.month = '2026-08-01';

-- feature_retention 2026-09
WITH used AS (SELECT DISTINCT user_id, feature, ny_month(used_at) AS month FROM feature_uses)
SELECT a.feature, count(b.user_id) / count(*) AS value
FROM used a LEFT JOIN used b ON b.user_id = a.user_id AND b.feature = a.feature AND b.month = '2026-09-01'
WHERE a.month = '2026-08-01' GROUP BY a.feature;

-- day_1_retention 2026-09
-- Whoever signed up from 31 August to 29 September had their day after in September.
SELECT avg((user_id IN (SELECT user_id FROM session_days WHERE day = joined + 1))::INTEGER) AS value FROM people
WHERE joined + 1 BETWEEN '2026-09-01' AND '2026-09-30';

-- day_1_retention 2026-Q3
SELECT p.segment, count(s.user_id) / count(*) AS value
FROM people p LEFT JOIN session_days s ON s.user_id = p.user_id AND s.day = p.joined + 1
WHERE p.joined + 1 BETWEEN '2026-07-01' AND '2026-09-30' GROUP BY p.segment;

-- day_7_retention 2026-09
SELECT count(s.user_id) / count(*) AS value
FROM people p LEFT JOIN session_days s ON s.user_id = p.user_id AND s.day = p.joined + 7
WHERE p.joined + 7 BETWEEN '2026-09-01' AND '2026-09-30';

-- day_7_retention 2025
SELECT p.segment, count(s.user_id) / count(*) AS value
FROM people p LEFT JOIN session_days s ON s.user_id = p.user_id AND s.day = p.joined + 7
WHERE year(p.joined + 7) = 2025 GROUP BY p.segment;

-- day_30_retention 2026-09
SELECT count(s.user_id) / count(*) AS value
FROM people p LEFT JOIN session_days s ON s.user_id = p.user_id AND s.day = p.joined + 30
WHERE p.joined + 30 BETWEEN '2026-09-01' AND '2026-09-30';

-- day_30_retention 2025
SELECT p.segment, count(s.user_id) / count(*) AS value
FROM people p LEFT JOIN session_days s ON s.user_id = p.user_id AND s.day = p.joined + 30
WHERE year(p.joined + 30) = 2025 GROUP BY p.segment;

-- six_month_retention 2026-09
-- The sixth month is over the day before one is seven months old.
SELECT avg((EXISTS (
    FROM session_days s WHERE s.user_id = p.user_id
    AND s.day >= joined + INTERVAL 6 MONTH AND s.day < joined + INTERVAL 7 MONTH
))::INTEGER) AS value
FROM people p WHERE joined + INTERVAL 7 MONTH - INTERVAL 1 DAY BETWEEN '2026-09-01' AND '2026-09-30';

-- six_month_retention 2026-Q1
SELECT segment, avg((EXISTS (
    FROM session_days s WHERE s.user_id = p.user_id
    AND s.day >= joined + INTERVAL 6 MONTH AND s.day < joined + INTERVAL 7 MONTH
))::INTEGER) AS value
FROM people p WHERE joined + INTERVAL 7 MONTH - INTERVAL 1 DAY BETWEEN '2026-01-01' AND '2026-03-31' GROUP BY segment;

-- signup_cohorts 2025-08
-- The last of them had their twelfth month until 29 September 2026.
WITH cohort AS (SELECT user_id, joined FROM people WHERE joined BETWEEN '2025-08-01' AND '2025-08-31')
SELECT age, count(DISTINCT s.user_id) / (SELECT count(*) FROM cohort) AS value
FROM cohort p CROSS JOIN range(13) AS ages(age) LEFT JOIN session_days s
  ON s.user_id = p.user_id
 AND s.day >= joined + to_months(age::INTEGER) AND s.day < joined + to_months(age::INTEGER + 1)
GROUP BY age;

-- signup_cohorts 2026-05
-- Whoever joined on 31 May is in their fourth month until 30 October: too early to say.
WITH cohort AS (SELECT user_id, joined FROM people WHERE joined BETWEEN '2026-05-01' AND '2026-05-31')
SELECT age, CASE WHEN age < 4 THEN count(DISTINCT s.user_id) / (SELECT count(*) FROM cohort) END AS value
FROM cohort p CROSS JOIN range(13) AS ages(age) LEFT JOIN session_days s
  ON s.user_id = p.user_id
 AND s.day >= joined + to_months(age::INTEGER) AND s.day < joined + to_months(age::INTEGER + 1)
GROUP BY age;

-- retention_and_features 2026-09
-- Pearson's by its definition: the covariance over both spreads.
WITH used AS (
    SELECT user_id, count(DISTINCT feature)::DOUBLE AS x,
        (user_id IN (SELECT user_id FROM feature_uses WHERE ny_month(used_at) = '2026-09-01'))::INTEGER::DOUBLE AS y
    FROM feature_uses WHERE ny_month(used_at) = '2026-08-01' GROUP BY user_id
)
SELECT (avg(x * y) - avg(x) * avg(y)) / sqrt((avg(x * x) - avg(x) ** 2) * (avg(y * y) - avg(y) ** 2)) AS value
FROM used;

-- workflow_creators 2026-09
SELECT count(DISTINCT creator_id) AS value FROM workflows WHERE ny_month(created_at) = '2026-09-01';

-- workflow_creators 2026-Q3
SELECT segment, count(DISTINCT creator_id) AS value FROM workflows JOIN people ON creator_id = user_id
WHERE ny_month(created_at) BETWEEN '2026-07-01' AND '2026-09-01' GROUP BY segment;

-- workflow_creation 2026-09
SELECT (SELECT count(DISTINCT creator_id) FROM workflows WHERE ny_month(created_at) = '2026-09-01')
    / (SELECT count(DISTINCT user_id) FROM session_days WHERE month = '2026-09-01') AS value;

-- workflow_creation 2026-Q3
-- Also in a quarter's line: the month at its end.
WITH makers AS (
    SELECT segment, count(DISTINCT creator_id) AS n FROM workflows JOIN people ON creator_id = user_id
    WHERE ny_month(created_at) = '2026-09-01' GROUP BY segment
)
SELECT segment, any_value(makers.n) / count(*) AS value FROM active_months JOIN makers USING (segment)
WHERE month = '2026-09-01' GROUP BY segment;

-- workflows_created 2026-09
SELECT count(*) AS value FROM workflows WHERE ny_month(created_at) = '2026-09-01';

-- workflows_created 2026-09
SELECT segment, count(*) AS value FROM workflows JOIN people ON creator_id = user_id
WHERE ny_month(created_at) = '2026-09-01' GROUP BY segment;

-- workflows_per_creator 2026-09
SELECT count(*) / count(DISTINCT creator_id) AS value FROM workflows WHERE ny_month(created_at) = '2026-09-01';

-- template_share 2026-09
SELECT count(template_id) / count(*) AS value FROM workflows WHERE ny_month(created_at) = '2026-09-01';

-- template_share 2026-Q3
SELECT segment, count(template_id) / count(*) AS value FROM workflows JOIN people ON creator_id = user_id
WHERE ny_month(created_at) BETWEEN '2026-07-01' AND '2026-09-01' GROUP BY segment;

-- custom_workflows 2026-09
SELECT count(*) AS value FROM workflows WHERE ny_month(created_at) = '2026-09-01' AND template_id IS NULL;

-- custom_workflows 2026-09
SELECT segment, count(*) AS value FROM workflows JOIN people ON creator_id = user_id
WHERE ny_month(created_at) = '2026-09-01' AND template_id IS NULL GROUP BY segment;

-- workflow_complexity 2026-09
SELECT sum(node_count) / count(*) AS value FROM workflows WHERE ny_month(created_at) = '2026-09-01';

-- workflow_complexity 2026-09
SELECT segment, avg(node_count) AS value FROM workflows JOIN people ON creator_id = user_id
WHERE ny_month(created_at) = '2026-09-01' GROUP BY segment;

-- user_time_to_first_workflow 2026-06
-- The last of June's had their 90 days on 28 September.
WITH ranked AS (
    SELECT coalesce(days, 1e9) AS days, row_number() OVER (ORDER BY coalesce(days, 1e9)) AS place, count(*) OVER () AS n
    FROM first_workflow WHERE month = '2026-06-01'
),
middle AS (SELECT avg(days) AS days FROM ranked WHERE place IN ((n + 1) // 2, n // 2 + 1))
SELECT CASE WHEN days <= 90 THEN days END AS value FROM middle;

-- user_time_to_first_workflow 2026-Q2
WITH ranked AS (
    SELECT segment, coalesce(days, 1e9) AS days, count(*) OVER (PARTITION BY segment) AS n,
        row_number() OVER (PARTITION BY segment ORDER BY coalesce(days, 1e9)) AS place
    FROM first_workflow WHERE month BETWEEN '2026-04-01' AND '2026-06-01'
),
middle AS (SELECT segment, avg(days) AS days FROM ranked WHERE place IN ((n + 1) // 2, n // 2 + 1) GROUP BY segment)
SELECT segment, CASE WHEN days <= 90 THEN days END AS value FROM middle;

-- workflows_run 2026-09
SELECT count(DISTINCT workflow_id) AS value FROM executions WHERE ny_month(started_at) = '2026-09-01';

-- workflows_run 2026-Q3
SELECT segment, count(DISTINCT workflow_id) AS value
FROM executions x LEFT JOIN workflows w USING (workflow_id) LEFT JOIN people ON creator_id = user_id
WHERE ny_month(started_at) BETWEEN '2026-07-01' AND '2026-09-01' GROUP BY segment;

-- ai_workflows_run 2026-09
SELECT count(DISTINCT workflow_id) AS value FROM executions JOIN workflows USING (workflow_id)
WHERE ai_node_count > 0 AND ny_month(started_at) = '2026-09-01';

-- ai_workflows_run 2026-09
SELECT segment, count(DISTINCT workflow_id) AS value
FROM executions JOIN workflows USING (workflow_id) JOIN people ON creator_id = user_id
WHERE ai_node_count > 0 AND ny_month(started_at) = '2026-09-01' GROUP BY segment;

-- ai_usage 2026-09
SELECT count(DISTINCT workflow_id) FILTER (ai_node_count > 0) / count(DISTINCT workflow_id) AS value
FROM executions JOIN workflows USING (workflow_id) WHERE ny_month(started_at) = '2026-09-01';

-- ai_usage 2026-Q3
SELECT segment, count(DISTINCT workflow_id) FILTER (ai_node_count > 0) / count(DISTINCT workflow_id) AS value
FROM executions JOIN workflows USING (workflow_id) JOIN people ON creator_id = user_id
WHERE ny_month(started_at) BETWEEN '2026-07-01' AND '2026-09-01' GROUP BY segment;

-- ai_calls 2026-09-16
SELECT count(*) AS value FROM ai_calls WHERE ny_day(called_at) = '2026-09-16';

-- ai_calls 2026-09
SELECT node_type, count(*) AS value FROM ai_calls WHERE ny_month(called_at) = '2026-09-01' GROUP BY node_type;

-- ai_cost 2026-09
SELECT avg(cost_usd) AS value FROM ai_calls WHERE ny_month(called_at) = '2026-09-01';

-- ai_cost 2026-Q3
SELECT node_type, sum(cost_usd) / count(cost_usd) AS value FROM ai_calls
WHERE ny_month(called_at) BETWEEN '2026-07-01' AND '2026-09-01' GROUP BY node_type;

-- ai_satisfaction 2026-Q3
SELECT count(*) FILTER (score >= 4) / count(score) AS value FROM csat_answers
WHERE topic = 'AI' AND ny_month(answered_at) BETWEEN '2026-07-01' AND '2026-09-01';

-- ai_peak_rate 2026-09-16
SELECT max("value") AS value FROM resources WHERE metric = 'ai_requests_per_minute' AND ny_day("at") = '2026-09-16';

-- ai_peak_rate 2026-09
-- A month has the highest of its rows.
SELECT max("value") AS value FROM resources WHERE metric = 'ai_requests_per_minute' AND ny_month("at") = '2026-09-01';

-- execution_success 2026-09
SELECT count(*) FILTER (succeeded) / count(succeeded) AS value FROM executions WHERE ny_month(started_at) = '2026-09-01';

-- runs_per_workflow 2026-09
SELECT count(*) / count(DISTINCT workflow_id) AS value FROM executions WHERE ny_month(started_at) = '2026-09-01';

-- wau 2026-09-30
SELECT count(DISTINCT user_id) AS value FROM session_days WHERE day BETWEEN '2026-09-24' AND '2026-09-30';
