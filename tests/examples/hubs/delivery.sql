-- cloud_cost 2026-09-15
SELECT sum(cost_usd) AS value FROM cloud_costs WHERE day = '2026-09-15'

-- cloud_cost 2026-09
SELECT cluster, hub, sum(cost_usd) AS value FROM cloud_costs JOIN hubs USING (hub)
WHERE day BETWEEN '2026-09-01' AND '2026-09-30' GROUP BY ALL

-- cloud_cost 2026-W01
SELECT sum(cost_usd) AS value FROM cloud_costs WHERE day BETWEEN '2025-12-29' AND '2026-01-04'

-- cost_per_user 2026-09
SELECT (SELECT sum(cost_usd) FROM cloud_costs WHERE day BETWEEN '2026-09-01' AND '2026-09-30')
     / (SELECT count(DISTINCT person) FROM seen WHERE day BETWEEN '2026-09-01' AND '2026-09-30') AS value

-- cost_per_user 2026-08
-- August has 31 days, and monthly active users look back 30.
WITH people AS (
    SELECT hub_type, count(DISTINCT person) AS people FROM seen WHERE day BETWEEN '2026-08-02' AND '2026-08-31' GROUP BY ALL
),
costs AS (
    SELECT hub_type, sum(cost_usd) AS usd FROM cloud_costs JOIN hubs USING (hub)
    WHERE day BETWEEN '2026-08-01' AND '2026-08-31' GROUP BY ALL
)
SELECT hub_type, usd / nullif(people, 0) AS value FROM costs LEFT JOIN people USING (hub_type)

-- cost_per_user 2026-Q2
-- June's, in which the quarter ends.
SELECT (SELECT sum(cost_usd) FROM cloud_costs WHERE day BETWEEN '2026-06-01' AND '2026-06-30')
     / (SELECT count(DISTINCT person) FROM seen WHERE day BETWEEN '2026-06-01' AND '2026-06-30') AS value

-- hub_deploy_time 2026-Q3
SELECT avg(epoch(deployed_at - requested_at)) / 86400 AS value FROM hub_requests
WHERE deployed_at >= '2026-07-01' AND deployed_at < '2026-10-01'

-- hub_deploy_time 2024-Q1
SELECT hub_type, avg(epoch(deployed_at - requested_at)) / 86400 AS value FROM hub_requests
WHERE deployed_at >= '2024-01-01' AND deployed_at < '2024-04-01' GROUP BY ALL

-- hub_deploy_time.reached 2026-Q3
SELECT count(*) FILTER (deployed_at >= '2026-07-01' AND deployed_at < '2026-10-01')
     / count(*) FILTER (deployed_at IS NULL OR deployed_at >= '2026-07-01') AS value FROM hub_requests WHERE requested_at < '2026-10-01'
  AND (deployed_at IS NULL OR deployed_at >= '2026-07-01')

-- issues_opened 2026-09
SELECT count(*) AS value FROM newest_issues WHERE NOT upstream AND opened_at >= '2026-09-01' AND opened_at < '2026-10-01'

-- issues_opened 2026-08
SELECT repository, count(*) AS value FROM newest_issues
WHERE NOT upstream AND opened_at >= '2026-08-01' AND opened_at < '2026-09-01' GROUP BY ALL

-- issues_closed 2026-09
SELECT count(*) AS value FROM newest_issues WHERE NOT upstream AND closed_at >= '2026-09-01' AND closed_at < '2026-10-01'

-- issues_closed 2025-11
SELECT repository, count(*) AS value FROM newest_issues
WHERE NOT upstream AND closed_at >= '2025-11-01' AND closed_at < '2025-12-01' GROUP BY ALL

-- issues_net 2026-09
SELECT count(*) FILTER (date_trunc('month', closed_at) = '2026-09-01')
     - count(*) FILTER (date_trunc('month', opened_at) = '2026-09-01') AS value
FROM newest_issues WHERE NOT upstream

-- issue_close_time 2026-08
-- An issue that was closed before anybody was assigned to it never ran against this clock.
WITH assigned AS (SELECT issue_id, min(assigned_at) AS assigned_at FROM assignments GROUP BY ALL)
SELECT avg(epoch(closed_at - assigned_at)) / 86400 AS value FROM newest_issues JOIN assigned USING (issue_id)
WHERE closed_at >= assigned_at AND closed_at >= '2026-08-01' AND closed_at < '2026-09-01'

-- issue_close_time.open 2026-08
WITH assigned AS (SELECT issue_id, min(assigned_at) AS assigned_at FROM assignments GROUP BY ALL)
SELECT count(*) AS value FROM newest_issues JOIN assigned USING (issue_id)
WHERE assigned_at < '2026-09-01' AND (closed_at IS NULL OR closed_at >= '2026-09-01')

-- own_pull_requests 2026-09
SELECT count(*) AS value FROM pull_requests JOIN repositories USING (repository)
WHERE NOT upstream AND merged_at >= '2026-09-01' AND merged_at < '2026-10-01'

-- own_pull_requests 2026-08
SELECT repository, count(*) AS value FROM pull_requests JOIN repositories USING (repository)
WHERE NOT upstream AND merged_at >= '2026-08-01' AND merged_at < '2026-09-01' GROUP BY ALL

-- own_talk 2026-09
SELECT count(*) AS value FROM comments JOIN repositories USING (repository)
WHERE NOT upstream AND written_at >= '2026-09-01' AND written_at < '2026-10-01'

-- own_talk 2026-08
SELECT repository, count(*) AS value FROM comments JOIN repositories USING (repository)
WHERE NOT upstream AND written_at >= '2026-08-01' AND written_at < '2026-09-01' GROUP BY ALL

-- own_activity 2026-09
WITH events AS (
    SELECT repository, opened_at AS happened_at FROM newest_issues
    UNION ALL SELECT repository, closed_at FROM newest_issues WHERE closed_at IS NOT NULL
    UNION ALL SELECT repository, merged_at FROM pull_requests
    UNION ALL SELECT repository, written_at FROM comments
)
SELECT count(*) AS value FROM events JOIN repositories USING (repository)
WHERE NOT upstream AND happened_at >= '2026-09-01' AND happened_at < '2026-10-01'

-- own_activity 2026-08
WITH events AS (
    SELECT repository, opened_at AS happened_at FROM newest_issues
    UNION ALL SELECT repository, closed_at FROM newest_issues WHERE closed_at IS NOT NULL
    UNION ALL SELECT repository, merged_at FROM pull_requests
    UNION ALL SELECT repository, written_at FROM comments
)
SELECT repository, count(*) AS value FROM events JOIN repositories USING (repository)
WHERE NOT upstream AND happened_at >= '2026-08-01' AND happened_at < '2026-09-01' GROUP BY ALL

-- own_activity 2025-Q4
WITH events AS (
    SELECT repository, opened_at AS happened_at FROM newest_issues
    UNION ALL SELECT repository, closed_at FROM newest_issues WHERE closed_at IS NOT NULL
    UNION ALL SELECT repository, merged_at FROM pull_requests
    UNION ALL SELECT repository, written_at FROM comments
)
SELECT repository, count(*) AS value FROM events JOIN repositories USING (repository)
WHERE NOT upstream AND happened_at >= '2025-10-01' AND happened_at < '2026-01-01' GROUP BY ALL
