BEGIN TRANSACTION;
CREATE TABLE attempt (
	run INTEGER NOT NULL, 
	kpi TEXT NOT NULL, 
	definition INTEGER, 
	failed TEXT, 
	new INTEGER NOT NULL, 
	changed INTEGER NOT NULL, 
	unchanged INTEGER NOT NULL, 
	gone INTEGER NOT NULL, 
	PRIMARY KEY (run, kpi), 
	FOREIGN KEY(run) REFERENCES run (id), 
	FOREIGN KEY(definition) REFERENCES definition (id)
);
INSERT INTO "attempt" VALUES(1,'visits',1,NULL,42,0,0,0);
INSERT INTO "attempt" VALUES(1,'spent',2,NULL,4,0,0,0);
INSERT INTO "attempt" VALUES(1,'per_visit',3,NULL,4,0,0,0);
INSERT INTO "attempt" VALUES(2,'visits',4,NULL,6,15,27,0);
INSERT INTO "attempt" VALUES(2,'spent',5,NULL,0,4,0,0);
INSERT INTO "attempt" VALUES(2,'per_visit',3,NULL,0,4,0,0);
INSERT INTO "attempt" VALUES(3,'visits',6,NULL,0,10,38,0);
INSERT INTO "attempt" VALUES(3,'spent',7,NULL,0,3,1,0);
INSERT INTO "attempt" VALUES(3,'per_visit',3,NULL,0,3,1,0);
CREATE TABLE catalogue (
	fingerprint TEXT NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (fingerprint)
);
INSERT INTO "catalogue" VALUES('f598a3822b3f6764ac540ab4622cc63507db332293c10d73e1429228a3241c78','{"areas": {}, "audience": "internal", "brand": {"accent": null, "accent_dark": null, "is": "Brand", "logo": null, "name": "The corner shop"}, "calendar": {"fiscal_start": 1, "is": "Calendar", "week_start": 0, "zone": "UTC"}, "fingerprint": "f598a3822b3f6764ac540ab4622cc63507db332293c10d73e1429228a3241c78", "is": "Catalog", "kpis": {"per_visit": {"about": "", "area": null, "audience": "internal", "benchmarks": [], "better": "none", "by": [], "by_grain": "month", "decimals": null, "empty": "no data", "grain": "month", "history": null, "is": "Kpi", "measure": {"expression": "spent / visits", "inputs": ["spent", "visits"], "is": "Formula"}, "min_n": 0, "name": "per_visit", "owner": null, "rank": null, "retired_on": null, "take": "last", "targets": [], "time": null, "title": "Per visit", "total": "computed", "tracked_from": null, "unit": {"is": "Unit", "kind": "currency", "name": "EUR"}, "where": null, "why": "", "window": null, "written": "per_visit: {formula: spent / visits, grain: month, unit: EUR}"}, "spent": {"about": "", "area": null, "audience": "internal", "benchmarks": [], "better": "higher", "by": [], "by_grain": "month", "decimals": null, "empty": "zero", "grain": "month", "history": null, "is": "Kpi", "measure": {"column": "spent", "function": "sum", "is": "Aggregate", "source": "visits"}, "min_n": 0, "name": "spent", "owner": null, "rank": null, "retired_on": null, "take": "last", "targets": [{"bands": null, "cell": [], "each": [], "first": null, "grain": "month", "growth": null, "high": null, "is": "Target", "low": 100.0, "near_high": null, "near_low": null, "owner": null, "pace": "linear", "through": null, "why": null}], "time": null, "title": "Spent", "total": "computed", "tracked_from": null, "unit": {"is": "Unit", "kind": "currency", "name": "EUR"}, "where": null, "why": "", "window": null, "written": "spent: {sum: visits.spent, grain: month, unit: EUR, targets: [{at_least: 100}]}"}, "visits": {"about": "", "area": null, "audience": "internal", "benchmarks": [], "better": "higher", "by": [["shelf"]], "by_grain": "day", "decimals": null, "empty": "zero", "grain": "day", "history": null, "is": "Kpi", "measure": {"column": null, "function": "count", "is": "Aggregate", "source": "visits"}, "min_n": 0, "name": "visits", "owner": null, "rank": null, "retired_on": null, "take": "last", "targets": [{"bands": null, "cell": [], "each": [], "first": null, "grain": "day", "growth": null, "high": null, "is": "Target", "low": 3.0, "near_high": null, "near_low": null, "owner": null, "pace": "none", "through": null, "why": null}], "time": null, "title": "Visits", "total": "computed", "tracked_from": null, "unit": {"is": "Unit", "kind": "none", "name": ""}, "where": null, "why": "", "window": null, "written": "visits: {count: visits, by: [shelf], targets: [{at_least: 3}]}"}}, "ledger": ".headway/ledger.db", "max_cells": 200, "min_group_size": 5, "name": "shop", "near_within": 0.05, "owners": {}, "sources": {"visits": {"about": "", "columns": {"at": "date", "shelf": "text", "spent": "number", "visit": "integer"}, "derive": {}, "exclude": [], "is": "Source", "key": ["visit"], "known_on": null, "late_after": null, "latest_by": [], "name": "visits", "people": [], "reader": {"format": {"currency": [], "dates": null, "decimal": null, "header": null, "is": "Format", "missing": [], "path": null, "separator": null, "sheet": null, "thousands": null, "totals": []}, "is": "FilesReader", "patterns": ["data/visits.csv"]}, "refers": {}, "sparse": false, "through": null, "time": "at", "times_in": "UTC", "until": null}}, "title": "The corner shop"}');
CREATE TABLE definition (
	id INTEGER NOT NULL, 
	kpi TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	sql TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "definition" VALUES(1,'visits','92da14624b385eaa6e248b71dc156c1cda2958c92d090e45fb8c138ad0cbaf9c','WITH rows AS (
  SELECT
    COALESCE(visits.shelf, ''(none)'') AS shelf,
    visits."at" AS day
  FROM visits
  WHERE
    visits."at" <= CAST(''2026-02-02'' AS DATE)
), daily AS (
  SELECT
    shelf,
    day,
    COUNT(*) AS visits_n
  FROM rows
  GROUP BY
    GROUPING SETS (
      (
        day
      ),
      (day, shelf)
    )
), by_period AS (
  SELECT
    series,
    period,
    shelf,
    SUM(visits_n) AS visits_n
  FROM daily
  JOIN spans
    ON daily.day BETWEEN spans.first_day AND spans.last_day
  GROUP BY
    series,
    period,
    shelf
)
SELECT
  ''visits'' AS kpi,
  ''value'' AS what,
  series,
  period,
  shelf,
  CAST(visits_n AS DOUBLE) AS value,
  CAST(visits_n AS DOUBLE) AS n,
  CAST(NULL AS DOUBLE) AS numerator,
  CAST(NULL AS DOUBLE) AS denominator
FROM by_period
WHERE
  visits_n > 0');
INSERT INTO "definition" VALUES(2,'spent','2691b13c33fb83295acffc4f14d8be120c14741e23a5f656dd822192079843db','WITH rows AS (
  SELECT
    visits."at" AS day,
    visits.spent AS spent
  FROM visits
  WHERE
    visits."at" <= CAST(''2026-02-02'' AS DATE)
), daily AS (
  SELECT
    day,
    FSUM(spent) AS spent,
    SUM(ABS(spent)) AS spent_size,
    COUNT(spent) AS spent_n
  FROM rows
  GROUP BY
    day
), by_period AS (
  SELECT
    series,
    period,
    FSUM(spent) AS spent,
    SUM(spent_size) AS spent_size,
    SUM(spent_n) AS spent_n
  FROM daily
  JOIN spans
    ON daily.day BETWEEN spans.first_day AND spans.last_day
  GROUP BY
    series,
    period
)
SELECT
  ''spent'' AS kpi,
  ''value'' AS what,
  series,
  period,
  CAST(COALESCE(CASE WHEN ABS(spent) <= 1e-15 * spent_size THEN 0 ELSE spent END, 0) AS DOUBLE) AS value,
  CAST(spent_n AS DOUBLE) AS n,
  CAST(NULL AS DOUBLE) AS numerator,
  CAST(NULL AS DOUBLE) AS denominator
FROM by_period
WHERE
  spent_n > 0');
INSERT INTO "definition" VALUES(3,'per_visit','8383391317219b7a6b6e60e96a876e1f048b04049d4da080cb3df5c67f0307d6','');
INSERT INTO "definition" VALUES(4,'visits','92da14624b385eaa6e248b71dc156c1cda2958c92d090e45fb8c138ad0cbaf9c','WITH rows AS (
  SELECT
    COALESCE(visits.shelf, ''(none)'') AS shelf,
    visits."at" AS day
  FROM visits
  WHERE
    visits."at" <= CAST(''2026-02-03'' AS DATE)
), daily AS (
  SELECT
    shelf,
    day,
    COUNT(*) AS visits_n
  FROM rows
  GROUP BY
    GROUPING SETS (
      (
        day
      ),
      (day, shelf)
    )
), by_period AS (
  SELECT
    series,
    period,
    shelf,
    SUM(visits_n) AS visits_n
  FROM daily
  JOIN spans
    ON daily.day BETWEEN spans.first_day AND spans.last_day
  GROUP BY
    series,
    period,
    shelf
)
SELECT
  ''visits'' AS kpi,
  ''value'' AS what,
  series,
  period,
  shelf,
  CAST(visits_n AS DOUBLE) AS value,
  CAST(visits_n AS DOUBLE) AS n,
  CAST(NULL AS DOUBLE) AS numerator,
  CAST(NULL AS DOUBLE) AS denominator
FROM by_period
WHERE
  visits_n > 0');
INSERT INTO "definition" VALUES(5,'spent','2691b13c33fb83295acffc4f14d8be120c14741e23a5f656dd822192079843db','WITH rows AS (
  SELECT
    visits."at" AS day,
    visits.spent AS spent
  FROM visits
  WHERE
    visits."at" <= CAST(''2026-02-03'' AS DATE)
), daily AS (
  SELECT
    day,
    FSUM(spent) AS spent,
    SUM(ABS(spent)) AS spent_size,
    COUNT(spent) AS spent_n
  FROM rows
  GROUP BY
    day
), by_period AS (
  SELECT
    series,
    period,
    FSUM(spent) AS spent,
    SUM(spent_size) AS spent_size,
    SUM(spent_n) AS spent_n
  FROM daily
  JOIN spans
    ON daily.day BETWEEN spans.first_day AND spans.last_day
  GROUP BY
    series,
    period
)
SELECT
  ''spent'' AS kpi,
  ''value'' AS what,
  series,
  period,
  CAST(COALESCE(CASE WHEN ABS(spent) <= 1e-15 * spent_size THEN 0 ELSE spent END, 0) AS DOUBLE) AS value,
  CAST(spent_n AS DOUBLE) AS n,
  CAST(NULL AS DOUBLE) AS numerator,
  CAST(NULL AS DOUBLE) AS denominator
FROM by_period
WHERE
  spent_n > 0');
INSERT INTO "definition" VALUES(6,'visits','92da14624b385eaa6e248b71dc156c1cda2958c92d090e45fb8c138ad0cbaf9c','WITH rows AS (
  SELECT
    COALESCE(visits.shelf, ''(none)'') AS shelf,
    visits."at" AS day
  FROM visits
  WHERE
    visits."at" <= CAST(''2026-02-04'' AS DATE)
), daily AS (
  SELECT
    shelf,
    day,
    COUNT(*) AS visits_n
  FROM rows
  GROUP BY
    GROUPING SETS (
      (
        day
      ),
      (day, shelf)
    )
), by_period AS (
  SELECT
    series,
    period,
    shelf,
    SUM(visits_n) AS visits_n
  FROM daily
  JOIN spans
    ON daily.day BETWEEN spans.first_day AND spans.last_day
  GROUP BY
    series,
    period,
    shelf
)
SELECT
  ''visits'' AS kpi,
  ''value'' AS what,
  series,
  period,
  shelf,
  CAST(visits_n AS DOUBLE) AS value,
  CAST(visits_n AS DOUBLE) AS n,
  CAST(NULL AS DOUBLE) AS numerator,
  CAST(NULL AS DOUBLE) AS denominator
FROM by_period
WHERE
  visits_n > 0');
INSERT INTO "definition" VALUES(7,'spent','2691b13c33fb83295acffc4f14d8be120c14741e23a5f656dd822192079843db','WITH rows AS (
  SELECT
    visits."at" AS day,
    visits.spent AS spent
  FROM visits
  WHERE
    visits."at" <= CAST(''2026-02-04'' AS DATE)
), daily AS (
  SELECT
    day,
    FSUM(spent) AS spent,
    SUM(ABS(spent)) AS spent_size,
    COUNT(spent) AS spent_n
  FROM rows
  GROUP BY
    day
), by_period AS (
  SELECT
    series,
    period,
    FSUM(spent) AS spent,
    SUM(spent_size) AS spent_size,
    SUM(spent_n) AS spent_n
  FROM daily
  JOIN spans
    ON daily.day BETWEEN spans.first_day AND spans.last_day
  GROUP BY
    series,
    period
)
SELECT
  ''spent'' AS kpi,
  ''value'' AS what,
  series,
  period,
  CAST(COALESCE(CASE WHEN ABS(spent) <= 1e-15 * spent_size THEN 0 ELSE spent END, 0) AS DOUBLE) AS value,
  CAST(spent_n AS DOUBLE) AS n,
  CAST(NULL AS DOUBLE) AS numerator,
  CAST(NULL AS DOUBLE) AS denominator
FROM by_period
WHERE
  spent_n > 0');
CREATE TABLE digest (
	log TEXT NOT NULL, 
	series INTEGER NOT NULL, 
	block BIGINT NOT NULL, 
	value BIGINT NOT NULL, 
	PRIMARY KEY (log, series, block), 
	FOREIGN KEY(series) REFERENCES series (id)
)
 WITHOUT ROWID

;
INSERT INTO "digest" VALUES('observation',1,20352,-8353764381465353260);
INSERT INTO "digest" VALUES('observation',1,20480,5075121678284840518);
INSERT INTO "digest" VALUES('observation',2,20352,-6556253032446058439);
INSERT INTO "digest" VALUES('observation',2,20480,6686398265697011671);
INSERT INTO "digest" VALUES('observation',3,20352,6958260547429457002);
INSERT INTO "digest" VALUES('observation',3,20480,6547303151542365810);
INSERT INTO "digest" VALUES('observation',4,19456,4104808742604004811);
INSERT INTO "digest" VALUES('observation',4,20480,-7517058031055841696);
INSERT INTO "digest" VALUES('observation',5,19456,-5720979762268327564);
INSERT INTO "digest" VALUES('observation',5,20480,-6738275638250426001);
INSERT INTO "digest" VALUES('observation',6,19456,-3133415528560651082);
INSERT INTO "digest" VALUES('observation',6,20480,-542881007333923321);
INSERT INTO "digest" VALUES('observation',7,16384,-506413124497905046);
INSERT INTO "digest" VALUES('observation',7,20480,128369147939515715);
INSERT INTO "digest" VALUES('observation',8,16384,-1338357529183001961);
INSERT INTO "digest" VALUES('observation',8,20480,2808213480651637624);
INSERT INTO "digest" VALUES('observation',9,16384,1217379473395653416);
INSERT INTO "digest" VALUES('observation',9,20480,3858993133504698650);
INSERT INTO "digest" VALUES('observation',10,16384,369138368088170946);
INSERT INTO "digest" VALUES('observation',11,16384,6124708648464379237);
INSERT INTO "digest" VALUES('observation',12,16384,-5790093708499295917);
INSERT INTO "digest" VALUES('observation',13,16384,369138368088170946);
INSERT INTO "digest" VALUES('observation',14,16384,6124708648464379237);
INSERT INTO "digest" VALUES('observation',15,16384,-5790093708499295917);
INSERT INTO "digest" VALUES('observation',16,16384,4112831273089742935);
INSERT INTO "digest" VALUES('observation',16,20480,-2992049230547192100);
INSERT INTO "digest" VALUES('observation',17,16384,-3316516762717662098);
INSERT INTO "digest" VALUES('observation',18,16384,-3316516762717662098);
INSERT INTO "digest" VALUES('observation',19,16384,-3649707137300235378);
INSERT INTO "digest" VALUES('observation',19,20480,-8239737386748990865);
INSERT INTO "digest" VALUES('observation',20,16384,49572901513020808);
INSERT INTO "digest" VALUES('observation',21,16384,49572901513020808);
INSERT INTO "digest" VALUES('verdict',1,20352,-5780333933562891792);
INSERT INTO "digest" VALUES('verdict',1,20480,2873379328564260086);
INSERT INTO "digest" VALUES('verdict',16,16384,-3107469203329501654);
INSERT INTO "digest" VALUES('verdict',16,20480,-877259824235826526);
INSERT INTO "digest" VALUES('verdict',19,16384,-5165866914050609397);
INSERT INTO "digest" VALUES('verdict',19,20480,-4635507813416485138);
CREATE TABLE ledger_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT ledger_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "ledger_version" VALUES('0002');
CREATE TABLE load (
	run INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	rows BIGINT NOT NULL, 
	removed JSON NOT NULL, 
	first TEXT, 
	newest TEXT, 
	failed TEXT, 
	notes JSON NOT NULL, 
	PRIMARY KEY (run, source), 
	FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO "load" VALUES(1,'visits',23,'{}','2026-01-25T00:00:00+00:00','2026-02-01T00:00:00+00:00',NULL,'[]');
INSERT INTO "load" VALUES(2,'visits',28,'{}','2026-01-25T00:00:00+00:00','2026-02-02T00:00:00+00:00',NULL,'[]');
INSERT INTO "load" VALUES(3,'visits',29,'{}','2026-01-25T00:00:00+00:00','2026-02-02T00:00:00+00:00',NULL,'[]');
CREATE TABLE observation (
	series INTEGER NOT NULL, 
	period BIGINT NOT NULL, 
	revision INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	definition INTEGER NOT NULL, 
	value DOUBLE, 
	reason SMALLINT NOT NULL, 
	n DOUBLE, 
	numerator DOUBLE, 
	denominator DOUBLE, 
	flags SMALLINT NOT NULL, 
	so_far DOUBLE, 
	so_far_before DOUBLE, 
	PRIMARY KEY (series, period, revision), 
	FOREIGN KEY(series) REFERENCES series (id), 
	FOREIGN KEY(run) REFERENCES run (id), 
	FOREIGN KEY(definition) REFERENCES definition (id)
)
 WITHOUT ROWID

;
INSERT INTO "observation" VALUES(1,20478,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(1,20479,1,1,1,3.0,0,3.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(1,20480,1,1,1,4.0,0,4.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(1,20481,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(1,20482,1,1,1,3.0,0,3.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(1,20483,1,1,1,4.0,0,4.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(1,20483,2,2,4,5.0,0,5.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(1,20483,3,3,6,6.0,0,6.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(1,20484,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(1,20485,1,1,1,3.0,0,3.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(1,20486,1,2,4,4.0,0,4.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(2,20478,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(2,20479,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(2,20480,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(2,20481,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(2,20482,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(2,20483,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(2,20484,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(2,20485,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(2,20486,1,2,4,2.0,0,2.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(3,20478,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(3,20479,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(3,20480,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(3,20481,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(3,20482,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(3,20483,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(3,20483,2,2,4,3.0,0,3.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(3,20483,3,3,6,4.0,0,4.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(3,20484,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(3,20485,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(3,20486,1,2,4,2.0,0,2.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(4,20472,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(4,20479,1,1,1,21.0,0,21.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(4,20479,2,2,4,22.0,0,22.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(4,20479,3,3,6,23.0,0,23.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(4,20486,1,2,4,4.0,0,4.0,NULL,NULL,1,4.0,3.0);
INSERT INTO "observation" VALUES(5,20472,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(5,20479,1,1,1,9.0,0,9.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(5,20486,1,2,4,2.0,0,2.0,NULL,NULL,1,2.0,1.0);
INSERT INTO "observation" VALUES(6,20472,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(6,20479,1,1,1,12.0,0,12.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(6,20479,2,2,4,13.0,0,13.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(6,20479,3,3,6,14.0,0,14.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(6,20486,1,2,4,2.0,0,2.0,NULL,NULL,1,2.0,2.0);
INSERT INTO "observation" VALUES(7,20454,1,1,1,20.0,0,20.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(7,20454,2,2,4,21.0,0,21.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(7,20454,3,3,6,22.0,0,22.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(7,20485,1,2,4,7.0,0,7.0,NULL,NULL,1,7.0,NULL);
INSERT INTO "observation" VALUES(8,20454,1,1,1,9.0,0,9.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(8,20485,1,2,4,3.0,0,3.0,NULL,NULL,1,3.0,NULL);
INSERT INTO "observation" VALUES(9,20454,1,1,1,11.0,0,11.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(9,20454,2,2,4,12.0,0,12.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(9,20454,3,3,6,13.0,0,13.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(9,20485,1,2,4,4.0,0,4.0,NULL,NULL,1,4.0,NULL);
INSERT INTO "observation" VALUES(10,20454,1,3,6,29.0,0,29.0,NULL,NULL,1,NULL,NULL);
INSERT INTO "observation" VALUES(11,20454,1,2,4,12.0,0,12.0,NULL,NULL,1,NULL,NULL);
INSERT INTO "observation" VALUES(12,20454,1,3,6,17.0,0,17.0,NULL,NULL,1,NULL,NULL);
INSERT INTO "observation" VALUES(13,20454,1,3,6,29.0,0,29.0,NULL,NULL,1,NULL,NULL);
INSERT INTO "observation" VALUES(14,20454,1,2,4,12.0,0,12.0,NULL,NULL,1,NULL,NULL);
INSERT INTO "observation" VALUES(15,20454,1,3,6,17.0,0,17.0,NULL,NULL,1,NULL,NULL);
INSERT INTO "observation" VALUES(16,20454,1,1,2,51.0,0,20.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(16,20454,2,2,5,61.0,0,21.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(16,20454,3,3,7,71.0,0,22.0,NULL,NULL,0,NULL,NULL);
INSERT INTO "observation" VALUES(16,20485,1,2,5,19.5,0,7.0,NULL,NULL,1,19.5,NULL);
INSERT INTO "observation" VALUES(17,20454,1,3,7,90.5,0,29.0,NULL,NULL,1,NULL,NULL);
INSERT INTO "observation" VALUES(18,20454,1,3,7,90.5,0,29.0,NULL,NULL,1,NULL,NULL);
INSERT INTO "observation" VALUES(19,20454,1,1,3,2.55,0,NULL,51.0,20.0,0,NULL,NULL);
INSERT INTO "observation" VALUES(19,20454,2,2,3,2.90476190476190465616e+00,0,NULL,61.0,21.0,0,NULL,NULL);
INSERT INTO "observation" VALUES(19,20454,3,3,3,3.22727272727272707086e+00,0,NULL,71.0,22.0,0,NULL,NULL);
INSERT INTO "observation" VALUES(19,20485,1,2,3,2.7857142857142855874e+00,0,NULL,19.5,7.0,1,2.7857142857142855874e+00,NULL);
INSERT INTO "observation" VALUES(20,20454,1,3,3,3.12068965517241370122e+00,0,NULL,90.5,29.0,1,NULL,NULL);
INSERT INTO "observation" VALUES(21,20454,1,3,3,3.12068965517241370122e+00,0,NULL,90.5,29.0,1,NULL,NULL);
CREATE TABLE run (
	id INTEGER NOT NULL, 
	started TEXT NOT NULL, 
	finished TEXT NOT NULL, 
	now TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	state TEXT NOT NULL, 
	version TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(fingerprint) REFERENCES catalogue (fingerprint)
);
INSERT INTO "run" VALUES(1,'2026-11-22T09:04:59.204511Z','2026-11-22T09:04:59.668666Z','2026-02-02T06:00:00.000000Z','f598a3822b3f6764ac540ab4622cc63507db332293c10d73e1429228a3241c78','ok','0.1.0');
INSERT INTO "run" VALUES(2,'2026-11-22T09:05:01.543316Z','2026-11-22T09:05:02.385024Z','2026-02-03T06:00:00.000000Z','f598a3822b3f6764ac540ab4622cc63507db332293c10d73e1429228a3241c78','ok','0.1.0');
INSERT INTO "run" VALUES(3,'2026-11-22T09:05:04.774477Z','2026-11-22T09:05:05.518542Z','2026-02-04T06:00:00.000000Z','f598a3822b3f6764ac540ab4622cc63507db332293c10d73e1429228a3241c78','ok','0.1.0');
CREATE TABLE series (
	id INTEGER NOT NULL, 
	kpi TEXT NOT NULL, 
	part TEXT NOT NULL, 
	grain TEXT NOT NULL, 
	cell TEXT NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT series_name UNIQUE (kpi, part, grain, cell)
);
INSERT INTO "series" VALUES(1,'visits','','day','');
INSERT INTO "series" VALUES(2,'visits','','day','{"shelf": "books"}');
INSERT INTO "series" VALUES(3,'visits','','day','{"shelf": "maps"}');
INSERT INTO "series" VALUES(4,'visits','','week','');
INSERT INTO "series" VALUES(5,'visits','','week','{"shelf": "books"}');
INSERT INTO "series" VALUES(6,'visits','','week','{"shelf": "maps"}');
INSERT INTO "series" VALUES(7,'visits','','month','');
INSERT INTO "series" VALUES(8,'visits','','month','{"shelf": "books"}');
INSERT INTO "series" VALUES(9,'visits','','month','{"shelf": "maps"}');
INSERT INTO "series" VALUES(10,'visits','','quarter','');
INSERT INTO "series" VALUES(11,'visits','','quarter','{"shelf": "books"}');
INSERT INTO "series" VALUES(12,'visits','','quarter','{"shelf": "maps"}');
INSERT INTO "series" VALUES(13,'visits','','year','');
INSERT INTO "series" VALUES(14,'visits','','year','{"shelf": "books"}');
INSERT INTO "series" VALUES(15,'visits','','year','{"shelf": "maps"}');
INSERT INTO "series" VALUES(16,'spent','','month','');
INSERT INTO "series" VALUES(17,'spent','','quarter','');
INSERT INTO "series" VALUES(18,'spent','','year','');
INSERT INTO "series" VALUES(19,'per_visit','','month','');
INSERT INTO "series" VALUES(20,'per_visit','','quarter','');
INSERT INTO "series" VALUES(21,'per_visit','','year','');
CREATE TABLE verdict (
	series INTEGER NOT NULL, 
	period BIGINT NOT NULL, 
	revision INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	status SMALLINT NOT NULL, 
	low DOUBLE, 
	high DOUBLE, expected DOUBLE, 
	PRIMARY KEY (series, period, revision), 
	FOREIGN KEY(series) REFERENCES series (id), 
	FOREIGN KEY(run) REFERENCES run (id)
)
 WITHOUT ROWID

;
INSERT INTO "verdict" VALUES(1,20478,1,1,3,3.0,NULL,NULL);
INSERT INTO "verdict" VALUES(1,20479,1,1,4,3.0,NULL,NULL);
INSERT INTO "verdict" VALUES(1,20480,1,1,4,3.0,NULL,NULL);
INSERT INTO "verdict" VALUES(1,20481,1,1,3,3.0,NULL,NULL);
INSERT INTO "verdict" VALUES(1,20482,1,1,4,3.0,NULL,NULL);
INSERT INTO "verdict" VALUES(1,20483,1,1,4,3.0,NULL,NULL);
INSERT INTO "verdict" VALUES(1,20484,1,1,3,3.0,NULL,NULL);
INSERT INTO "verdict" VALUES(1,20485,1,1,4,3.0,NULL,NULL);
INSERT INTO "verdict" VALUES(1,20486,1,2,4,3.0,NULL,NULL);
INSERT INTO "verdict" VALUES(16,20454,1,1,3,100.0,NULL,NULL);
INSERT INTO "verdict" VALUES(16,20485,1,3,2,100.0,NULL,NULL);
INSERT INTO "verdict" VALUES(19,20454,1,1,5,NULL,NULL,NULL);
INSERT INTO "verdict" VALUES(19,20485,1,1,2,NULL,NULL,NULL);
CREATE TABLE word (
	id INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (text)
);
INSERT INTO "word" VALUES(1,'no data');
INSERT INTO "word" VALUES(2,'partial');
INSERT INTO "word" VALUES(3,'off');
INSERT INTO "word" VALUES(4,'on');
INSERT INTO "word" VALUES(5,'no target');
CREATE INDEX ix_definition_kpi ON definition (kpi);
CREATE INDEX attempt_by_kpi ON attempt (kpi, run);
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
        LEFT JOIN word AS verb ON verb.id = v.status;
COMMIT;
