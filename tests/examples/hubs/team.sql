-- staff 2026-09
SELECT count(*) AS value FROM staff WHERE started_on <= '2026-09-30' AND (last_day IS NULL OR last_day >= '2026-09-30')

-- staff 2023-12
SELECT count(DISTINCT person_id) AS value FROM staff
WHERE started_on <= '2023-12-31' AND (last_day IS NULL OR last_day >= '2023-12-31')

-- time_to_hire 2026-Q3
SELECT avg(filled_on - opened_on) AS value FROM openings WHERE filled_on BETWEEN '2025-10-01' AND '2026-09-30'

-- team_survey 2025
SELECT count(*) FILTER (favourable) / count(favourable) AS value FROM team_answers WHERE year(asked_on) = 2025

-- team_survey 2024
SELECT theme, count(*) FILTER (favourable) / count(favourable) AS value FROM team_answers
WHERE year(asked_on) = 2024 GROUP BY ALL

-- team_survey.low 2025
WITH answers AS (
    SELECT count(favourable) AS n, count(*) FILTER (favourable) / count(favourable) AS p
    FROM team_answers WHERE year(asked_on) = 2025
)
SELECT (p + 1.959963984540054 ** 2 / (2 * n) - 1.959963984540054 * sqrt(p * (1 - p) / n + 1.959963984540054 ** 2 / (4 * n ** 2)))
     / (1 + 1.959963984540054 ** 2 / n) AS value FROM answers

-- leave_taken 2026-08
SELECT sum(share_of_day) AS value FROM leave WHERE day BETWEEN '2026-08-01' AND '2026-08-31'

-- days_off 2025
-- People leave and join within the year: their mean number is that of the twelve month ends.
WITH month_ends AS (SELECT last_day(CAST(range AS DATE)) AS day FROM range(DATE '2025-01-01', DATE '2026-01-01', INTERVAL 1 MONTH)),
present AS (
    SELECT m.day, count(person_id) AS people FROM month_ends m
    LEFT JOIN staff s ON s.started_on <= m.day AND (s.last_day IS NULL OR s.last_day >= m.day) GROUP BY ALL
)
SELECT (SELECT sum(share_of_day) FROM leave WHERE year(day) = 2025) / avg(people) AS value FROM present

-- days_off 2023
WITH month_ends AS (SELECT last_day(CAST(range AS DATE)) AS day FROM range(DATE '2023-01-01', DATE '2024-01-01', INTERVAL 1 MONTH)),
present AS (
    SELECT m.day, count(person_id) AS people FROM month_ends m
    LEFT JOIN staff s ON s.started_on <= m.day AND (s.last_day IS NULL OR s.last_day >= m.day) GROUP BY ALL
)
SELECT (SELECT sum(share_of_day) FROM leave WHERE year(day) = 2023) / avg(people) AS value FROM present
