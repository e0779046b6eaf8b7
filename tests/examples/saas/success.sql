-- time_to_first_value 2026-06
SELECT avg(days) FILTER (in_time) AS value FROM first_value WHERE month = '2026-06-01';

-- time_to_first_value 2026-Q2
SELECT segment, avg(days) FILTER (in_time) AS value FROM first_value
WHERE month BETWEEN '2026-04-01' AND '2026-06-01' GROUP BY segment;

-- median_time_to_first_value 2026-06
-- The middle one of everybody who signed, or half-way between the two in the middle; who is not there takes longest.
WITH ranked AS (
    SELECT CASE WHEN in_time THEN days END AS days, count(*) OVER () AS n,
        row_number() OVER (ORDER BY in_time DESC, days) AS place
    FROM first_value WHERE month = '2026-06-01'
)
SELECT (min(days) FILTER (place = (n + 1) // 2) + min(days) FILTER (place = n // 2 + 1)) / 2 AS value FROM ranked;

-- median_time_to_first_value 2026-Q2
WITH ranked AS (
    SELECT onboarding, CASE WHEN in_time THEN days END AS days, count(*) OVER (PARTITION BY onboarding) AS n,
        row_number() OVER (PARTITION BY onboarding ORDER BY in_time DESC, days) AS place
    FROM first_value WHERE month BETWEEN '2026-04-01' AND '2026-06-01'
)
SELECT onboarding,
    (min(days) FILTER (place = (n + 1) // 2) + min(days) FILTER (place = n // 2 + 1)) / 2 AS value
FROM ranked GROUP BY onboarding;

-- reached_first_value 2026-06
SELECT avg(in_time::INTEGER) AS value FROM first_value WHERE month = '2026-06-01';

-- reached_first_value 2026-Q2
SELECT onboarding, count(*) FILTER (in_time) / count(*) AS value FROM first_value
WHERE month BETWEEN '2026-04-01' AND '2026-06-01' GROUP BY onboarding;

-- feature_users 2026-09
SELECT count(DISTINCT user_id) AS value FROM feature_uses WHERE ny_month(used_at) = '2026-09-01';

-- feature_users 2026-09
SELECT feature, count(DISTINCT user_id) AS value FROM feature_uses
WHERE ny_month(used_at) = '2026-09-01' GROUP BY feature;

-- eligible_users 2026-09
SELECT count(DISTINCT user_id) AS value FROM entitlements
WHERE ny_day(granted_at) <= '2026-09-30' AND (revoked_at IS NULL OR ny(revoked_at) >= '2026-10-01');

-- eligible_users 2025-12
SELECT feature, count(DISTINCT user_id) AS value FROM entitlements
WHERE ny_day(granted_at) <= '2025-12-31' AND (revoked_at IS NULL OR ny(revoked_at) >= '2026-01-01') GROUP BY feature;

-- feature_adoption 2026-09
SELECT (SELECT count(DISTINCT user_id) FROM feature_uses WHERE ny_month(used_at) = '2026-09-01')
    / (SELECT count(DISTINCT user_id) FROM entitlements
       WHERE ny_day(granted_at) <= '2026-09-30' AND (revoked_at IS NULL OR ny(revoked_at) >= '2026-10-01')) AS value;

-- feature_adoption 2026-09
WITH used AS (
    SELECT feature, count(DISTINCT user_id) AS n FROM feature_uses
    WHERE ny_month(used_at) = '2026-09-01' GROUP BY feature
),
could AS (
    SELECT feature, count(DISTINCT user_id) AS n FROM entitlements
    WHERE ny_day(granted_at) <= '2026-09-30' AND (revoked_at IS NULL OR ny(revoked_at) >= '2026-10-01') GROUP BY feature
)
SELECT feature, used.n / could.n AS value FROM used JOIN could USING (feature);

-- nps 2026-Q3
SELECT 100 * (count(*) FILTER (score >= 9) - count(*) FILTER (score <= 6)) / count(*) AS value
FROM nps_answers WHERE score IS NOT NULL AND ny_month(answered_at) BETWEEN '2026-07-01' AND '2026-09-01';

-- nps 2025
-- Fewer than twenty answers are no score.
SELECT segment, CASE WHEN count(score) >= 20 THEN
    100 * (count(*) FILTER (score >= 9) - count(*) FILTER (score <= 6)) / count(score) END AS value
FROM nps_answers LEFT JOIN accounts USING (account_id) WHERE year(ny(answered_at)) = 2025 GROUP BY segment;

-- nps_passives 2026-Q3
SELECT count(*) FILTER (score IN (7, 8)) / count(score) AS value
FROM nps_answers WHERE ny_month(answered_at) BETWEEN '2026-07-01' AND '2026-09-01';

-- nps_passives 2025
SELECT survey, CASE WHEN count(score) >= 20 THEN count(*) FILTER (score IN (7, 8)) / count(score) END AS value
FROM nps_answers WHERE year(ny(answered_at)) = 2025 GROUP BY survey;

-- csat 2026-09
SELECT avg((score >= 4)::INTEGER) AS value FROM csat_answers WHERE ny_month(answered_at) = '2026-09-01';

-- csat 2026-Q3
SELECT topic, count(*) FILTER (score >= 4) / count(score) AS value FROM csat_answers
WHERE ny_month(answered_at) BETWEEN '2026-07-01' AND '2026-09-01' GROUP BY topic;

-- tickets_open 2026-09-16
-- These times are New York's already.
SELECT count(*) AS value FROM tickets
WHERE opened_at < '2026-09-17' AND (resolved_at IS NULL OR resolved_at >= '2026-09-17');

-- tickets_open 2026-09
SELECT segment, count(*) AS value FROM tickets JOIN accounts USING (account_id)
WHERE opened_at < '2026-10-01' AND (resolved_at IS NULL OR resolved_at >= '2026-10-01') GROUP BY segment;

-- ticket_resolution 2026-09
WITH lengths AS (
    SELECT ticket_id, (
        SELECT count(*) FROM working_days WHERE day > opened_at::DATE AND day <= resolved_at::DATE
    ) AS days
    FROM tickets WHERE resolved_at >= opened_at AND date_trunc('month', resolved_at) = '2026-09-01'
)
SELECT median(days) AS value FROM lengths;

-- ticket_resolution 2025
-- With four holidays.
WITH lengths AS (
    SELECT segment, (
        SELECT count(*) FROM working_days WHERE day > opened_at::DATE AND day <= resolved_at::DATE
    ) AS days
    FROM tickets JOIN accounts USING (account_id) WHERE resolved_at >= opened_at AND year(resolved_at) = 2025
)
SELECT segment, median(days) AS value FROM lengths GROUP BY segment;

-- onboarding_answers 2026-Q3
SELECT count(*) AS value FROM csat_answers JOIN accounts USING (account_id)
WHERE segment = 'enterprise' AND topic = 'onboarding' AND date_trunc('quarter', ny(answered_at)) = '2026-07-01';
