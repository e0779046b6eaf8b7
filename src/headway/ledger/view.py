"""The view `observations`: the log as a table that people can read with any tool, without knowing how it is kept."""

from __future__ import annotations

#: Dates are written by SQLite's functions; another database needs its own words for the same view.
OBSERVATIONS = """
CREATE VIEW observations AS
WITH marked AS (
    SELECT *, NOT EXISTS (
        SELECT 1 FROM observation AS later
        WHERE later.series = o.series AND later.period = o.period AND later.revision > o.revision
    ) AS current
    FROM observation AS o
)
SELECT
    s.kpi, s.part, s.grain, s.cell,
    CASE s.grain
        WHEN 'hour' THEN strftime('%Y-%m-%dT%H:%M:%SZ', o.period, 'unixepoch')
        ELSE date(o.period * 86400, 'unixepoch')
    END AS period,
    o.revision, o.value, why.text AS reason, o.n, o.numerator, o.denominator,
    o.flags & 1 AS partial, o.flags >> 1 & 1 AS imported, o.flags >> 2 & 1 AS gone, o.current,
    verb.text AS status, v.low, v.high, o.run, run.finished AS published
FROM marked AS o
JOIN series AS s ON s.id = o.series
JOIN run ON run.id = o.run
LEFT JOIN word AS why ON why.id = o.reason
LEFT JOIN verdict AS v ON o.current AND v.series = o.series AND v.period = o.period AND v.revision = (
    SELECT max(revision) FROM verdict WHERE series = o.series AND period = o.period
)
LEFT JOIN word AS verb ON verb.id = v.status
"""
