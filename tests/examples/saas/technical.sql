-- api_response_mean 2026-02
-- Without the week in which Asia Pacific wrote seconds.
SELECT avg(duration_ms) AS value FROM requests
WHERE starts_with(endpoint, '/api/') AND "at" >= '2026-02-01 05:00' AND "at" < '2026-03-01 05:00'
  AND NOT (region = 'Asia Pacific' AND "at" >= '2026-02-09 05:00' AND "at" < '2026-02-16 05:00');

-- api_response_mean 2026-02
SELECT region, avg(duration_ms) AS value FROM good_requests
WHERE endpoint LIKE '/api/%' AND date_trunc('month', local) = '2026-02-01' GROUP BY region;

-- api_response_p95 2026-02
SELECT quantile_by_rank(list(duration_ms), 0.95) AS value FROM good_requests
WHERE endpoint LIKE '/api/%' AND date_trunc('month', local) = '2026-02-01';

-- api_response_p95 2026-Q3
SELECT endpoint, CASE WHEN count(*) >= 20 THEN quantile_by_rank(list(duration_ms), 0.95) END AS value FROM good_requests
WHERE endpoint LIKE '/api/%' AND local BETWEEN '2026-07-01' AND '2026-09-30 23:59:59.999999' GROUP BY endpoint;

-- api_response_p99 2026-09-16
SELECT quantile_by_rank(list(duration_ms), 0.99) AS value FROM good_requests
WHERE endpoint LIKE '/api/%' AND local::DATE = '2026-09-16';

-- api_response_p99 2026-09
SELECT region, quantile_by_rank(list(duration_ms), 0.99) AS value FROM good_requests
WHERE endpoint LIKE '/api/%' AND date_trunc('month', local) = '2026-09-01' GROUP BY region;

-- api_load 2026-09-16T14
SELECT count(*) AS value FROM requests
WHERE endpoint LIKE '/api/%' AND "at" >= '2026-09-16 18:00' AND "at" < '2026-09-16 19:00';

-- api_load 2026-02
-- What is left out is not counted either.
SELECT region, count(*) AS value FROM good_requests
WHERE endpoint LIKE '/api/%' AND date_trunc('month', local) = '2026-02-01' GROUP BY region;

-- api_error_rate 2026-09
SELECT count(*) FILTER (status >= 400) / count(*) AS value FROM good_requests
WHERE endpoint LIKE '/api/%' AND date_trunc('month', local) = '2026-09-01';

-- api_error_rate 2026-Q3
SELECT endpoint, count(*) FILTER (status >= 400) / count(*) AS value FROM good_requests
WHERE endpoint LIKE '/api/%' AND date_trunc('quarter', local) = '2026-07-01' GROUP BY endpoint;

-- error_rate 2026-09
SELECT avg((status >= 400)::INTEGER) AS value FROM good_requests WHERE date_trunc('month', local) = '2026-09-01';

-- error_rate 2026-09
SELECT endpoint, avg((status >= 400)::INTEGER) AS value FROM good_requests
WHERE date_trunc('month', local) = '2026-09-01' GROUP BY endpoint;

-- responses 2026-02-12
SELECT count(*) AS value FROM good_requests WHERE local::DATE = '2026-02-12';

-- responses 2026-09
SELECT CASE WHEN status < 400 THEN 'ok' WHEN status < 500 THEN '4xx' ELSE '5xx' END AS outcome, count(*) AS value
FROM good_requests WHERE date_trunc('month', local) = '2026-09-01' GROUP BY outcome;

-- outcome_rate 2026-09
SELECT 1 AS value;

-- outcome_rate 2026-Q3
SELECT CASE WHEN status < 400 THEN 'ok' WHEN status < 500 THEN '4xx' ELSE '5xx' END AS outcome,
    count(*) / sum(count(*)) OVER () AS value
FROM good_requests WHERE date_trunc('quarter', local) = '2026-07-01' GROUP BY outcome;

-- error_type_rate 2026-09
SELECT 1 AS value;

-- error_type_rate 2026-Q3
-- Most answers are no error, so of no type.
SELECT error_type, count(*) / sum(count(*)) OVER () AS value
FROM good_requests WHERE date_trunc('quarter', local) = '2026-07-01' GROUP BY error_type;

-- timeout_rate 2026-Q3
SELECT count(*) FILTER (error_type = 'timeout') / count(*) AS value
FROM good_requests WHERE date_trunc('quarter', local) = '2026-07-01';

-- availability 2026-07
SELECT 1 - minutes_down / minutes AS value FROM health WHERE month = '2026-07-01' AND what = 'platform';

-- availability 2026-07
SELECT name AS component, 1 - minutes_down / minutes AS value FROM health
WHERE month = '2026-07-01' AND what = 'component';

-- availability 2025
-- A whole year, with both changes of clocks.
SELECT 1 - sum(minutes_down) / sum(minutes) AS value FROM health WHERE year(month) = 2025 AND what = 'platform';

-- availability 2025
SELECT name AS region, 1 - sum(minutes_down) / sum(minutes) AS value FROM health
WHERE year(month) = 2025 AND what = 'region' GROUP BY name;

-- downtime 2026-04
-- The database was down during its maintenance, which is no downtime.
SELECT minutes_down AS value FROM health WHERE month = '2026-04-01' AND what = 'platform';

-- downtime 2026-Q3
SELECT sum(minutes_down) AS value FROM health
WHERE month BETWEEN '2026-07-01' AND '2026-09-01' AND what = 'platform';

-- downtime 2025
SELECT name AS component, sum(minutes_down) AS value FROM health
WHERE year(month) = 2025 AND what = 'component' GROUP BY name;

-- planned_downtime 2026-09
SELECT minutes_planned AS value FROM health WHERE month = '2026-09-01' AND what = 'platform';

-- planned_downtime 2025
SELECT name AS component, sum(minutes_planned) AS value FROM health
WHERE year(month) = 2025 AND what = 'component' GROUP BY name;

-- degraded_time 2026-Q3
SELECT sum(minutes_degraded) AS value FROM health
WHERE month BETWEEN '2026-07-01' AND '2026-09-01' AND what = 'platform';

-- degraded_time 2025
SELECT name AS component, sum(minutes_degraded) AS value FROM health
WHERE year(month) = 2025 AND what = 'component' GROUP BY name;

-- mtbf 2026-09
SELECT sum(minutes - minutes_down) / 60 / sum(failures) AS value FROM health
WHERE month BETWEEN '2025-10-01' AND '2026-09-01' AND what = 'platform';

-- mttr 2026-07
SELECT avg(epoch(ended_at::TIMESTAMP - started_at::TIMESTAMP) / 60) AS value FROM incidents
WHERE nature = 'unplanned' AND ny_month(ended_at) = '2026-07-01';

-- mttr 2025
SELECT component, avg(epoch(ended_at::TIMESTAMP - started_at::TIMESTAMP) / 60) AS value FROM incidents
WHERE nature = 'unplanned' AND year(ny(ended_at)) = 2025 GROUP BY component;

-- concurrent_users_peak 2026-09-16T14
-- It is highest right after somebody came, or has been since before: looked at are the beginnings, and 14 o'clock.
WITH looks AS (
    SELECT began AS moment FROM visits WHERE began >= '2026-09-16 18:00' AND began < '2026-09-16 19:00'
    UNION SELECT TIMESTAMP '2026-09-16 18:00'
)
SELECT max(n) AS value FROM (
    SELECT moment, count(began) AS n FROM looks LEFT JOIN visits ON began <= moment AND ended > moment GROUP BY moment
);

-- concurrent_users_peak 2026-09
WITH looks AS (
    SELECT began AS moment FROM visits WHERE began >= '2026-09-01 04:00' AND began < '2026-10-01 04:00'
    UNION SELECT TIMESTAMP '2026-09-01 04:00'
)
SELECT region, max(n) AS value FROM (
    SELECT moment, region, count(*) AS n FROM looks JOIN visits ON began <= moment AND ended > moment GROUP BY ALL
) GROUP BY region;

-- concurrent_users_mean 2026-09-16T14
SELECT sum(epoch(least(ended, '2026-09-16 19:00') - greatest(began, '2026-09-16 18:00'))) / 3600 AS value
FROM visits WHERE began < '2026-09-16 19:00' AND ended > '2026-09-16 18:00';

-- concurrent_users_mean 2026-03
-- The hours that people had it open, over those of a month that lacks one.
SELECT feature, sum(epoch(least(ended, '2026-04-01 04:00') - greatest(began, '2026-03-01 05:00'))) / 3600 / 743 AS value
FROM visits WHERE began < '2026-04-01 04:00' AND ended > '2026-03-01 05:00' GROUP BY feature;

-- load_share 2026-09
WITH looks AS (
    SELECT DISTINCT began AS moment FROM visits WHERE began >= '2026-09-01 04:00' AND began < '2026-10-01 04:00'
),
peak AS (
    SELECT max(n) AS n
    FROM (SELECT moment, count(*) AS n FROM looks JOIN visits ON began <= moment AND ended > moment GROUP BY moment)
)
SELECT sum(epoch(least(ended, '2026-10-01 04:00') - greatest(began, '2026-09-01 04:00'))) / 3600 / 720 / any_value(n)
    AS value
FROM visits CROSS JOIN peak WHERE began < '2026-10-01 04:00' AND ended > '2026-09-01 04:00';

-- concurrency_and_cpu 2026-09
WITH hours AS (
    SELECT date_trunc('hour', "at") AS hour, avg("value") AS cpu FROM resources
    WHERE metric = 'cpu' AND "at" >= '2026-09-01 04:00' AND "at" < '2026-10-01 04:00' GROUP BY hour
),
pairs AS (
    SELECT hour, cpu AS y, count(began)::DOUBLE AS x
    FROM hours LEFT JOIN visits ON began <= hour + INTERVAL 30 MINUTE AND ended > hour + INTERVAL 30 MINUTE GROUP BY ALL
),
centred AS (SELECT x - avg(x) OVER () AS x, y - avg(y) OVER () AS y FROM pairs)
SELECT sum(x * y) / sqrt(sum(x * x) * sum(y * y)) AS value FROM centred;

-- autoscale_time 2026-09
SELECT quantile_by_rank(list(epoch(ready_at - requested_at) / 60), 0.95) AS value FROM scale_events
WHERE ready_at >= requested_at AND ny_month(ready_at) = '2026-09-01';

-- session_latency 2026-09
SELECT avg("value") AS value FROM resources WHERE metric = 'session_latency_ms' AND ny_month("at") = '2026-09-01';

-- data_volume 2026-09-16
SELECT sum(gigabytes) AS value FROM data_loads WHERE ny_day("at") = '2026-09-16';

-- data_volume 2026-09
SELECT origin, sum(gigabytes) AS value FROM data_loads WHERE ny_month("at") = '2026-09-01' GROUP BY origin;

-- data_latency 2026-09
SELECT quantile_by_rank(list(latency_s), 0.95) AS value FROM data_loads WHERE ny_month("at") = '2026-09-01';

-- data_latency 2026-Q3
SELECT origin, quantile_by_rank(list(latency_s), 0.95) AS value FROM data_loads
WHERE ny_month("at") BETWEEN '2026-07-01' AND '2026-09-01' GROUP BY origin;

-- storage_used 2026-09
SELECT avg("value") AS value FROM resources WHERE metric = 'storage_used' AND ny_month("at") = '2026-09-01';

-- cpu 2026-09-16
SELECT avg("value") AS value FROM resources WHERE metric = 'cpu' AND ny_day("at") = '2026-09-16';

-- cpu 2026-09
SELECT host, avg("value") AS value FROM resources WHERE metric = 'cpu' AND ny_month("at") = '2026-09-01' GROUP BY host;

-- memory 2026-09
SELECT avg("value") AS value FROM resources WHERE metric = 'memory' AND ny_month("at") = '2026-09-01';

-- memory 2026-09-16
SELECT host, avg("value") AS value FROM resources WHERE metric = 'memory' AND ny_day("at") = '2026-09-16' GROUP BY host;

-- disk 2026-09
SELECT max("value") AS value FROM resources WHERE metric = 'disk' AND ny_month("at") = '2026-09-01';

-- disk 2026-09
SELECT host, max("value") AS value FROM resources WHERE metric = 'disk' AND ny_month("at") = '2026-09-01' GROUP BY host;

-- network_in 2026-09
SELECT avg("value") AS value FROM resources WHERE metric = 'network_in_mbit' AND ny_month("at") = '2026-09-01';

-- network_in 2026-09
SELECT host, avg("value") AS value FROM resources
WHERE metric = 'network_in_mbit' AND ny_month("at") = '2026-09-01' GROUP BY host;

-- network_out 2026-09
SELECT avg("value") AS value FROM resources WHERE metric = 'network_out_mbit' AND ny_month("at") = '2026-09-01';

-- network_out 2026-09
SELECT host, avg("value") AS value FROM resources
WHERE metric = 'network_out_mbit' AND ny_month("at") = '2026-09-01' GROUP BY host;

-- query_time 2026-09
SELECT quantile_by_rank(list("value"), 0.95) AS value FROM resources
WHERE metric = 'query_ms' AND ny_month("at") = '2026-09-01';

-- cache_hits 2026-09
SELECT avg("value") AS value FROM resources WHERE metric = 'cache_hit_share' AND ny_month("at") = '2026-09-01';

-- integration_health 2026-09
SELECT avg(healthy::INTEGER) AS value FROM integration_probes WHERE ny_month("at") = '2026-09-01';

-- integration_health 2026-09-25T14
SELECT integration, count(*) FILTER (healthy) / count(*) AS value FROM integration_probes
WHERE "at" >= '2026-09-25 18:00' AND "at" < '2026-09-25 19:00' GROUP BY integration;

-- integration_health 2026-Q3
SELECT integration, count(*) FILTER (healthy) / count(*) AS value FROM integration_probes
WHERE "at" >= '2026-07-01 04:00' AND "at" < '2026-10-01 04:00' GROUP BY integration;
