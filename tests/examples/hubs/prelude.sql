-- What several queries need, by hand. Raw rows have every version of a ticket and an issue, and the sessions of the
-- broken log; days are UTC days.

-- Sessions that count: on no staging hub, and not those of the hub whose log was broken for two months.
CREATE VIEW visits AS
SELECT started_at, ended_at, CAST(started_at AS DATE) AS day, own_server, hub, cluster, hub_type,
       community, marginalised, cluster || '/' || user_id AS person
FROM sessions JOIN hubs USING (hub) JOIN communities USING (community)
WHERE NOT is_staging AND NOT (hub = 'highmem' AND started_at >= '2025-02-06' AND started_at < '2025-04-03');

-- Each person once a day, hub by hub: what questions about active people are asked of.
CREATE TABLE seen AS SELECT DISTINCT person, day, hub, cluster, hub_type FROM visits;

CREATE VIEW newest_tickets AS
SELECT t.* FROM tickets t
WHERE NOT EXISTS (FROM tickets later WHERE later.ticket_id = t.ticket_id AND later.updated_at > t.updated_at);

CREATE VIEW newest_issues AS
SELECT i.*, upstream FROM issues i JOIN repositories USING (repository)
WHERE NOT EXISTS (FROM issues later WHERE later.issue_id = i.issue_id AND later.updated_at > i.updated_at);

-- Days on which people work. The list of holidays is the project's.
CREATE VIEW working_days AS
SELECT CAST(day AS DATE) AS day FROM range(DATE '2020-01-01', DATE '2028-01-01', INTERVAL 1 DAY) days (day)
WHERE isodow(day) <= 5 AND CAST(day AS DATE) NOT IN (SELECT day FROM 'calendars/holidays.csv');

-- What each contract brings in each month: they cover whole months, so all months of one are alike.
CREATE TABLE instalments AS
SELECT contract_id, community, category, service, signed_on, month,
       total_usd / count(*) OVER (PARTITION BY contract_id) AS usd
FROM contracts, (SELECT CAST(range AS DATE) AS month FROM range(DATE '2019-01-01', DATE '2035-01-01', INTERVAL 1 MONTH)) months
WHERE month BETWEEN starts_on AND ends_on;

-- Deals that were still open when the sales system was copied, and what each would bring in the six months after that,
-- day by day of its service. Of a deal without dates nobody knows it.
CREATE TABLE open_deals AS
SELECT copied_on, deal_id, deal_kind, stage_probability,
       total_usd / (ends_on - starts_on + 1)
       * len(list_intersect(
           range(starts_on, ends_on + 1, INTERVAL 1 DAY),
           range(copied_on + 1, CAST(copied_on + 1 + INTERVAL 6 MONTH AS DATE), INTERVAL 1 DAY))) AS usd
FROM pipeline WHERE stage <> 'won';

-- What each community pays a month for hubs that are meant to stay, at each month's end.
CREATE TABLE payers AS
SELECT month, community, sum(usd) AS usd FROM instalments
WHERE category = 'cloud service contracts' AND service <> 'event' GROUP BY ALL;

-- People in the 30 days that end on each day of September 2026, by cluster.
CREATE VIEW september AS
SELECT d.day, cluster, count(DISTINCT person) AS people
FROM (SELECT CAST(range AS DATE) AS day FROM range(DATE '2026-09-01', DATE '2026-10-01', INTERVAL 1 DAY)) d
JOIN seen s ON s.day BETWEEN d.day - 29 AND d.day
GROUP BY ALL;

-- 1,000 draws of September's pipeline, sorted. A deal's luck in a draw is the last eight bytes of the checksum of both,
-- the last byte first, as a share of all that there are: so says the function that the KPIs name.
CREATE VIEW september_draws AS
WITH checksums AS (
    SELECT draw, usd, stage_probability, md5(draw || ' ' || deal_id) AS checksum
    FROM open_deals, range(1000) draws (draw) WHERE copied_on = '2026-09-30'
),
lucky AS (
    SELECT draw, usd, stage_probability,
           list_sum([('0x' || checksum[17 + 2 * byte:18 + 2 * byte])::INTEGER / 256.0 ** (8 - byte) FOR byte IN range(8)]) AS luck
    FROM checksums
),
draws AS (SELECT draw, coalesce(sum(usd) FILTER (luck < stage_probability), 0) AS usd FROM lucky GROUP BY ALL)
SELECT list(usd ORDER BY usd) AS usd FROM draws;
