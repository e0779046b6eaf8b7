-- upstream_merged 2026-09
SELECT count(*) AS value FROM pull_requests JOIN repositories USING (repository)
WHERE upstream AND author IN (SELECT person FROM team) AND merged_at >= '2026-09-01' AND merged_at < '2026-10-01'

-- upstream_merged 2025-06
SELECT count(*) AS value FROM pull_requests JOIN repositories USING (repository)
WHERE upstream AND author IN (SELECT person FROM team) AND merged_at >= '2025-06-01' AND merged_at < '2025-07-01'

-- upstream_merged_half_year 2026-09
SELECT count(*) AS value FROM pull_requests JOIN repositories USING (repository)
WHERE upstream AND author IN (SELECT person FROM team) AND merged_at >= '2026-04-01' AND merged_at < '2026-10-01'

-- upstream_merged_half_year 2026-08
SELECT repository, count(*) AS value FROM pull_requests JOIN repositories USING (repository)
WHERE upstream AND author IN (SELECT person FROM team) AND merged_at >= '2026-03-01' AND merged_at < '2026-09-01'
GROUP BY ALL

-- upstream_repositories 2026-08
SELECT count(DISTINCT repository) AS value FROM pull_requests JOIN repositories USING (repository)
WHERE upstream AND author IN (SELECT person FROM team) AND merged_at >= '2026-03-01' AND merged_at < '2026-09-01'

-- upstream_reviews 2026-09
SELECT count(*) AS value FROM reviews JOIN pull_requests p USING (pull_request) JOIN repositories USING (repository)
WHERE upstream AND reviewer IN (SELECT person FROM team) AND reviewer <> p.author
  AND reviewed_at >= '2026-09-01' AND reviewed_at < '2026-10-01'

-- upstream_issues 2026-09
SELECT count(*) AS value FROM newest_issues
WHERE upstream AND author IN (SELECT person FROM team) AND opened_at >= '2026-09-01' AND opened_at < '2026-10-01'

-- upstream_issues 2026-Q3
SELECT count(*) AS value FROM newest_issues
WHERE upstream AND author IN (SELECT person FROM team) AND opened_at >= '2026-07-01' AND opened_at < '2026-10-01'

-- upstream_pull_comments 2026-09
SELECT count(*) AS value FROM comments JOIN repositories USING (repository)
WHERE upstream AND thread = 'pull request' AND author IN (SELECT person FROM team) AND author <> begun_by
  AND written_at >= '2026-09-01' AND written_at < '2026-10-01'

-- upstream_issue_comments 2026-09
SELECT count(*) AS value FROM comments JOIN repositories USING (repository)
WHERE upstream AND thread = 'issue' AND author IN (SELECT person FROM team) AND author <> begun_by
  AND written_at >= '2026-09-01' AND written_at < '2026-10-01'
