-- communities 2023-12
SELECT count(DISTINCT community) AS value FROM visits WHERE day BETWEEN '2023-07-01' AND '2023-12-31'

-- communities 2026-02
SELECT marginalised, count(DISTINCT community) AS value FROM visits
WHERE day BETWEEN '2025-09-01' AND '2026-02-28' GROUP BY ALL

-- marginalised_share 2023-12
SELECT avg(CAST(marginalised AS INTEGER)) AS value FROM communities
WHERE community IN (SELECT community FROM visits WHERE day BETWEEN '2023-07-01' AND '2023-12-31')

-- mau 2026-09-15
SELECT count(DISTINCT person) AS value FROM seen WHERE day BETWEEN '2026-08-17' AND '2026-09-15'

-- mau 2025-03
-- In this month the log of one hub was broken: it has no people.
SELECT cluster, hub, count(DISTINCT person) AS value FROM seen WHERE day BETWEEN '2025-03-02' AND '2025-03-31' GROUP BY ALL

-- mau 2026-09
SELECT hub_type, count(DISTINCT person) AS value FROM seen WHERE day BETWEEN '2026-09-01' AND '2026-09-30' GROUP BY ALL

-- mau 2024-03-01
-- Over a 29 February.
SELECT count(DISTINCT person) AS value FROM seen WHERE day BETWEEN '2024-02-01' AND '2024-03-01'

-- peak_mau 2026-09
WITH months AS (
    SELECT date_trunc('month', day) AS month, count(DISTINCT person) AS people FROM seen
    WHERE day BETWEEN '2025-10-01' AND '2026-09-30' GROUP BY ALL
)
SELECT max(people) AS value FROM months

-- peak_mau 2026-08
WITH months AS (
    SELECT cluster, date_trunc('month', day) AS month, count(DISTINCT person) AS people FROM seen
    WHERE day BETWEEN '2025-09-01' AND '2026-08-31' GROUP BY ALL
)
SELECT cluster, max(people) AS value FROM months GROUP BY ALL

-- mau_across_hubs 2026-09
-- Between the two in the middle, where the number of hubs is even.
WITH sizes AS (
    SELECT hub, count(DISTINCT person) AS people FROM seen WHERE day BETWEEN '2026-09-01' AND '2026-09-30' GROUP BY ALL
),
ranked AS (SELECT people, row_number() OVER (ORDER BY people) AS rank, count(*) OVER () AS hubs FROM sizes)
SELECT avg(people) AS value FROM ranked WHERE rank IN ((hubs + 1) // 2, hubs // 2 + 1)

-- mau_across_hubs.p10 2026-09
WITH sizes AS (SELECT hub, count(DISTINCT person) AS people FROM seen WHERE day BETWEEN '2026-09-01' AND '2026-09-30' GROUP BY ALL)
SELECT quantile_cont(people, 0.1) AS value FROM sizes

-- mau_across_hubs.p90 2026-09
WITH sizes AS (SELECT hub, count(DISTINCT person) AS people FROM seen WHERE day BETWEEN '2026-09-01' AND '2026-09-30' GROUP BY ALL)
SELECT quantile_cont(people, 0.9) AS value FROM sizes

-- mau_across_hubs.groups 2026-09
SELECT count(DISTINCT hub) AS value FROM seen WHERE day BETWEEN '2026-09-01' AND '2026-09-30'

-- mau_across_hubs.mean 2026-09
SELECT count(DISTINCT (person, hub)) / count(DISTINCT hub) AS value FROM seen WHERE day BETWEEN '2026-09-01' AND '2026-09-30'

-- small_hub 2026-09
SELECT quantile_cont(people, 0.1) AS value
FROM (SELECT count(DISTINCT person) AS people FROM seen WHERE day BETWEEN '2026-09-01' AND '2026-09-30' GROUP BY hub)

-- large_hub 2026-09
SELECT quantile_cont(people, 0.9) AS value
FROM (SELECT count(DISTINCT person) AS people FROM seen WHERE day BETWEEN '2026-09-01' AND '2026-09-30' GROUP BY hub)

-- wau 2026-09-30
SELECT count(DISTINCT person) AS value FROM visits WHERE own_server AND day BETWEEN '2026-09-24' AND '2026-09-30'

-- wau 2026-W39
SELECT count(DISTINCT person) AS value FROM visits WHERE own_server AND day BETWEEN '2026-09-21' AND '2026-09-27'

-- wau 2019-12-31
-- Published before there were logs, and typed by people.
SELECT 12 AS value

-- dau 2026-09-30
SELECT count(DISTINCT person) AS value FROM seen WHERE day = '2026-09-30'

-- dau 2026-09
SELECT count(*) / 30 AS value FROM (SELECT DISTINCT person, day FROM seen WHERE day BETWEEN '2026-09-01' AND '2026-09-30')

-- dau 2025
SELECT count(*) / 365 AS value FROM (SELECT DISTINCT person, day FROM seen WHERE day BETWEEN '2025-01-01' AND '2025-12-31')

-- users_ever 2026-09
SELECT count(DISTINCT person) AS value FROM seen WHERE day <= '2026-09-30'

-- users_ever 2025-03
SELECT cluster, count(DISTINCT person) AS value FROM seen WHERE day <= '2025-03-31' GROUP BY ALL

-- hubs_running 2026-09
SELECT count(*) AS value FROM hubs
WHERE NOT is_staging AND created_on <= '2026-09-30' AND (retired_on IS NULL OR retired_on > '2026-09-30')

-- hubs_running 2025-06
SELECT provider, count(*) AS value FROM hubs JOIN clusters USING (cluster)
WHERE NOT is_staging AND hubs.created_on <= '2025-06-30' AND (hubs.retired_on IS NULL OR hubs.retired_on > '2025-06-30')
GROUP BY ALL

-- clusters_running 2026-09
SELECT count(*) AS value FROM clusters
WHERE created_on <= '2026-09-30' AND (retired_on IS NULL OR retired_on > '2026-09-30')

-- clusters_running 2023-06
SELECT provider, count(*) AS value FROM clusters
WHERE created_on <= '2023-06-30' AND (retired_on IS NULL OR retired_on > '2023-06-30') GROUP BY ALL

-- metered_users 2026-09-15
SELECT users AS value FROM meters WHERE day = '2026-09-15' AND cluster IS NULL

-- metered_users 2026-09
SELECT cluster, users AS value FROM meters WHERE day = '2026-09-30' AND cluster IS NOT NULL

-- servers_at_once 2026-09
SELECT cluster, max(servers) AS value FROM meters
WHERE day BETWEEN '2026-09-01' AND '2026-09-30' AND cluster IS NOT NULL GROUP BY ALL

-- servers_at_once 2025
SELECT cluster, max(servers) AS value FROM meters
WHERE year(day) = 2025 AND cluster IS NOT NULL GROUP BY ALL

-- publications 2026-Q3
SELECT count(*) AS value FROM publications WHERE published_on BETWEEN '2026-07-01' AND '2026-09-30'

-- publications 2025-Q4
SELECT kind, count(*) AS value FROM publications WHERE published_on BETWEEN '2025-10-01' AND '2025-12-31' GROUP BY ALL

-- people_trained 2026-Q2
SELECT value FROM 'entries/people_trained.csv' WHERE period = '2026-Q2'

-- people_trained 2025
SELECT sum(value) AS value FROM 'entries/people_trained.csv' WHERE period LIKE '2025-Q%'
