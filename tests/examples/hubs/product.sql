-- delivery_cycle_time 2026-09
SELECT avg(released_on - started_on) AS value FROM deliveries WHERE released_on BETWEEN '2026-09-01' AND '2026-09-30'

-- user_satisfaction 2026-Q3
SELECT count(*) FILTER (score >= 4) / count(*) AS value FROM surveys
WHERE score IS NOT NULL AND answered_at >= '2026-07-01' AND answered_at < '2026-10-01'

-- user_satisfaction 2025-Q4
-- Seven answers about research hubs are too few.
SELECT hub_type, CASE WHEN count(score) >= 10 THEN count(*) FILTER (score >= 4) / count(score) END AS value
FROM surveys JOIN hubs USING (hub)
WHERE answered_at >= '2025-10-01' AND answered_at < '2026-01-01' GROUP BY ALL

-- engagement 2026-09
SELECT count(DISTINCT (person, day)) / count(DISTINCT person) AS value FROM seen
WHERE day BETWEEN '2026-09-01' AND '2026-09-30'

-- engagement 2025-10
SELECT hub_type, count(DISTINCT (person, day)) / count(DISTINCT person) AS value FROM seen
WHERE day BETWEEN '2025-10-01' AND '2025-10-31' GROUP BY ALL

-- engagement 2026-Q3
-- A calendar month: that in which the quarter ends.
SELECT count(DISTINCT (person, day)) / count(DISTINCT person) AS value FROM seen
WHERE day BETWEEN '2026-09-01' AND '2026-09-30'

-- active_users 2026-09
SELECT count(DISTINCT person) AS value FROM seen WHERE day BETWEEN '2026-09-01' AND '2026-09-30'

-- active_users 2025-03
SELECT cluster, count(DISTINCT person) AS value FROM seen WHERE day BETWEEN '2025-03-01' AND '2025-03-31' GROUP BY ALL

-- active_users.days 2025-10
SELECT hub_type, count(DISTINCT (person, day)) AS value FROM seen WHERE day BETWEEN '2025-10-01' AND '2025-10-31' GROUP BY ALL

-- stickiness 2026-08
SELECT (SELECT count(DISTINCT (person, day)) / 31 FROM seen WHERE day BETWEEN '2026-08-01' AND '2026-08-31')
     / (SELECT count(DISTINCT person) FROM seen WHERE day BETWEEN '2026-08-02' AND '2026-08-31') AS value

-- stickiness 2026-Q3
-- A mean of the quarter's days, over who was active when it ended.
SELECT (SELECT count(DISTINCT (person, day)) / 92 FROM seen WHERE day BETWEEN '2026-07-01' AND '2026-09-30')
     / (SELECT count(DISTINCT person) FROM seen WHERE day BETWEEN '2026-09-01' AND '2026-09-30') AS value

-- session_hours 2025-03
SELECT sum(epoch(ended_at - started_at)) / 3600 AS value FROM visits WHERE day BETWEEN '2025-03-01' AND '2025-03-31'

-- hours_per_user 2025-07
SELECT (SELECT sum(epoch(ended_at - started_at)) / 3600 FROM visits WHERE day BETWEEN '2025-07-01' AND '2025-07-31')
     / (SELECT count(DISTINCT person) FROM seen WHERE day BETWEEN '2025-07-02' AND '2025-07-31') AS value

-- velocity 2026-09
SELECT avg(points) AS value FROM sprints WHERE ended_on BETWEEN '2026-09-01' AND '2026-09-30'

-- tickets_opened 2026-09
SELECT count(DISTINCT ticket_id) AS value FROM tickets WHERE opened_at >= '2026-09-01' AND opened_at < '2026-10-01'

-- tickets_open 2026-09-30
SELECT count(*) AS value FROM newest_tickets
WHERE opened_at < '2026-10-01' AND (resolved_at IS NULL OR resolved_at >= '2026-10-01')

-- ticket_resolution 2026-09
WITH waits AS (
    SELECT (SELECT count(*) FROM working_days WHERE day > CAST(opened_at AS DATE) AND day <= CAST(resolved_at AS DATE)) AS days
    FROM newest_tickets WHERE resolved_at >= opened_at AND resolved_at >= '2026-09-01' AND resolved_at < '2026-10-01'
)
SELECT quantile_cont(days, 0.5) AS value FROM waits

-- ticket_resolution 2025
WITH waits AS (
    SELECT (SELECT count(*) FROM working_days WHERE day > CAST(opened_at AS DATE) AND day <= CAST(resolved_at AS DATE)) AS days
    FROM newest_tickets WHERE resolved_at >= opened_at AND year(resolved_at) = 2025
)
SELECT median(days) AS value FROM waits

-- ticket_resolution.finished 2026-09
SELECT count(*) AS value FROM newest_tickets WHERE resolved_at >= '2026-09-01' AND resolved_at < '2026-10-01' AND resolved_at >= opened_at

-- ticket_resolution.open 2026-09
SELECT count(*) AS value FROM newest_tickets WHERE opened_at < '2026-10-01' AND (resolved_at IS NULL OR resolved_at >= '2026-10-01')

-- slowest_tickets 2026-01
-- Over the winter break.
WITH waits AS (
    SELECT (SELECT count(*) FROM working_days WHERE day > CAST(opened_at AS DATE) AND day <= CAST(resolved_at AS DATE)) AS days
    FROM newest_tickets WHERE resolved_at >= opened_at AND resolved_at >= '2026-01-01' AND resolved_at < '2026-02-01'
)
SELECT quantile_cont(days, 0.9) AS value FROM waits

-- helpdesk_turnaround 2026-09
SELECT avg(epoch(first_reply_at - opened_at)) / 3600 AS value FROM newest_tickets
WHERE first_reply_at >= '2026-09-01' AND first_reply_at < '2026-10-01'

-- slowest_reply 2026-09
SELECT max(epoch(first_reply_at - opened_at)) / 3600 AS value FROM newest_tickets
WHERE first_reply_at >= '2026-09-01' AND first_reply_at < '2026-10-01'

-- link_clicks 2026-09
SELECT count(*) AS value FROM link_clicks JOIN hubs USING (hub)
WHERE hub_type = 'education' AND clicked_at >= '2026-09-01' AND clicked_at < '2026-10-01'

-- link_clicks 2025-10
SELECT hub, count(*) AS value FROM link_clicks JOIN hubs USING (hub)
WHERE hub_type = 'education' AND clicked_at >= '2025-10-01' AND clicked_at < '2025-11-01' GROUP BY ALL
