PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE ledger_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT ledger_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO ledger_version VALUES('0004');
CREATE TABLE catalogue (
	fingerprint TEXT NOT NULL, 
	text TEXT NOT NULL, files BLOB, 
	PRIMARY KEY (fingerprint)
);
INSERT INTO catalogue VALUES('22badfb940cb153bf0c538e6e1b1ea9b233c6cbb50ec775ba5de35836651916e','{"alerts": {}, "areas": {}, "audience": "internal", "boards": {}, "brand": {"accent": null, "accent_dark": null, "is": "Brand", "logo": null, "name": "The corner shop"}, "calendar": {"fiscal_start": 1, "is": "Calendar", "week_start": 0, "zone": "UTC"}, "fingerprint": "22badfb940cb153bf0c538e6e1b1ea9b233c6cbb50ec775ba5de35836651916e", "is": "Catalog", "kpis": {"per_visit": {"about": "", "allow": {}, "area": null, "audience": "internal", "benchmarks": [], "better": "none", "by": [], "by_grain": "month", "checks": [], "decimals": null, "empty": "no data", "formerly": [], "grain": "month", "history": null, "is": "Kpi", "measure": {"expression": "spent / visits", "inputs": ["spent", "visits"], "is": "Formula"}, "min_n": 0, "name": "per_visit", "owner": null, "rank": null, "retired_on": null, "revalued": {}, "take": "last", "targets": [], "time": null, "title": "Per visit", "total": "computed", "tracked_from": null, "unit": {"is": "Unit", "kind": "currency", "name": "EUR"}, "where": null, "why": "", "window": null, "written": "per_visit: {formula: spent / visits, grain: month, unit: EUR}"}, "spent": {"about": "", "allow": {}, "area": null, "audience": "internal", "benchmarks": [], "better": "higher", "by": [], "by_grain": "month", "checks": [], "decimals": null, "empty": "zero", "formerly": [], "grain": "month", "history": null, "is": "Kpi", "measure": {"column": "spent", "function": "sum", "is": "Aggregate", "source": "visits"}, "min_n": 0, "name": "spent", "owner": null, "rank": null, "retired_on": null, "revalued": {}, "take": "last", "targets": [{"bands": null, "cell": [], "each": [], "first": null, "grain": "month", "growth": null, "high": null, "is": "Target", "low": 100.0, "near_high": null, "near_low": null, "owner": null, "pace": "linear", "through": null, "why": null}], "time": null, "title": "Spent", "total": "computed", "tracked_from": null, "unit": {"is": "Unit", "kind": "currency", "name": "EUR"}, "where": null, "why": "", "window": null, "written": "spent: {sum: visits.spent, grain: month, unit: EUR, better: higher, targets: [{at_least: 100}]}"}, "trained": {"about": "", "allow": {}, "area": null, "audience": "internal", "benchmarks": [], "better": "none", "by": [], "by_grain": "month", "checks": [], "decimals": null, "empty": "no data", "formerly": [], "grain": "month", "history": null, "is": "Kpi", "measure": {"is": "Entered", "path": "data/trained.csv"}, "min_n": 0, "name": "trained", "owner": null, "rank": null, "retired_on": null, "revalued": {}, "take": "last", "targets": [], "time": null, "title": "Trained", "total": "given", "tracked_from": null, "unit": {"is": "Unit", "kind": "noun", "name": "people"}, "where": null, "why": "", "window": null, "written": "trained: {entered: data/trained.csv, unit: people, grain: month}"}, "visits": {"about": "", "allow": {}, "area": null, "audience": "internal", "benchmarks": [], "better": "higher", "by": [["shelf"]], "by_grain": "day", "checks": [], "decimals": null, "empty": "zero", "formerly": [], "grain": "day", "history": null, "is": "Kpi", "measure": {"column": null, "function": "count", "is": "Aggregate", "source": "visits"}, "min_n": 0, "name": "visits", "owner": null, "rank": null, "retired_on": null, "revalued": {}, "take": "last", "targets": [], "time": null, "title": "Visits", "total": "computed", "tracked_from": null, "unit": {"is": "Unit", "kind": "none", "name": ""}, "where": null, "why": "", "window": null, "written": "visits: {count: visits, by: [shelf], better: higher}"}}, "ledger": ".headway/ledger.db", "levels": {}, "max_cells": 200, "min_group_size": 5, "name": "shop", "near_within": 0.05, "notes": [], "objectives": {}, "owners": {}, "restatement": {"after": null, "is": "Restatement", "tolerance": 1.0}, "routes": {}, "sources": {"visits": {"about": "", "checks": [{"by": null, "is": "Check", "name": "fresh", "rule": {"is": "Fresh", "length": "30 days"}, "then": "warn", "tolerate": 0.0, "where": null, "why": ""}], "columns": {}, "derive": {}, "exclude": [], "is": "Source", "key": ["id"], "known_on": null, "late_after": null, "latest_by": [], "may_be_empty": false, "name": "visits", "people": [], "reader": {"format": {"currency": [], "dates": null, "decimal": null, "header": null, "is": "Format", "missing": [], "path": null, "separator": null, "sheet": null, "thousands": null, "totals": []}, "is": "FilesReader", "patterns": ["data/visits.csv"]}, "refers": {}, "sparse": false, "through": null, "time": "at", "time_limit": null, "times_in": "UTC", "until": null}}, "time_limit": 900, "title": "The corner shop", "working": {"holidays": [], "is": "WorkingDays", "week": [0, 1, 2, 3, 4]}}',X'789c75904d6ac3301085af3218ba731397eeb4ef054abb4a42509549a44696c4689c608cefdeb1941452e84ef3f7bda7373516f5e1aac7d5d8fb464193287ea36105d9c6b40decd8a3820f8b602205a45b9f30b366ec31c8eac4d123e96064f3a5ebe069de861c073298d536005c5c765c9f00247a7272745ea670d0acd775be32f932d71d76bda034d7ea8ca30277a885b168ce7716c0b390c48b55f0da096ccc2db0c5a0e0aa2908ed9cdc8307984c1c16cfb56ee14bd89b6cd11f775220339202eb4e16a998c9a97e310ffdfd68557a2d9c483b51ea6360dbc2109cecbd7dbeffc588234d275cc43793e6bd479db90435ef8a4442da17f2124ba47ef05a555d58fffafc47ac007899e192aadc202daf92ebadbf047b3f491893c7479c309af907f0f9b539');
CREATE TABLE run (
	id INTEGER NOT NULL, 
	started TEXT NOT NULL, 
	finished TEXT NOT NULL, 
	now TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	state TEXT NOT NULL, 
	version TEXT NOT NULL, engine TEXT DEFAULT '' NOT NULL, uuid TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(fingerprint) REFERENCES catalogue (fingerprint)
);
INSERT INTO run VALUES(1,'2026-11-22T12:06:11.470353Z','2026-11-22T12:06:12.484611Z','2026-02-02T06:00:00.000000Z','22badfb940cb153bf0c538e6e1b1ea9b233c6cbb50ec775ba5de35836651916e','ok','0.1.0','duckdb 2.0.0','b4eb0cb4-f203-4560-a5df-634c753d089d');
INSERT INTO run VALUES(2,'2026-11-22T12:06:15.367184Z','2026-11-22T12:06:15.901361Z','2026-02-03T06:00:00.000000Z','22badfb940cb153bf0c538e6e1b1ea9b233c6cbb50ec775ba5de35836651916e','ok','0.1.0','duckdb 2.0.0','baefbdfd-17fc-4108-8f84-d395b2701252');
INSERT INTO run VALUES(3,'2026-11-22T12:06:19.316460Z','2026-11-22T12:06:20.218710Z','2026-02-04T06:00:00.000000Z','22badfb940cb153bf0c538e6e1b1ea9b233c6cbb50ec775ba5de35836651916e','ok','0.1.0','duckdb 2.0.0','c3d27fdb-f8bb-4384-8b3a-84e22767e3b4');
CREATE TABLE word (
	id INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (text)
);
INSERT INTO word VALUES(1,'no data');
INSERT INTO word VALUES(2,'partial');
INSERT INTO word VALUES(3,'check failed');
INSERT INTO word VALUES(4,'group too small');
INSERT INTO word VALUES(5,'input withheld');
INSERT INTO word VALUES(6,'too few answers');
INSERT INTO word VALUES(7,'incomplete');
INSERT INTO word VALUES(8,'change waits');
INSERT INTO word VALUES(9,'no target');
INSERT INTO word VALUES(10,'off');
CREATE TABLE definition (
	id INTEGER NOT NULL, 
	kpi TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	sql TEXT NOT NULL, lineage JSON, 
	PRIMARY KEY (id)
);
INSERT INTO definition VALUES(1,'visits','ce981f30cd0225272104026a518068b5ab0a4ed9fd4c67c6f1fd435b13c87514',replace('WITH rows AS (\n  SELECT\n    COALESCE(visits.shelf, ''(none)'') AS shelf,\n    visits."at" AS day\n  FROM visits\n  WHERE\n    visits."at" <= CAST(''2026-02-02'' AS DATE)\n), daily AS (\n  SELECT\n    shelf,\n    day,\n    COUNT(*) AS visits_n\n  FROM rows\n  GROUP BY\n    GROUPING SETS (\n      (\n        day\n      ),\n      (day, shelf)\n    )\n), by_period AS (\n  SELECT\n    series,\n    period,\n    shelf,\n    SUM(visits_n) AS visits_n\n  FROM daily\n  JOIN spans\n    ON daily.day BETWEEN spans.first_day AND spans.last_day\n  GROUP BY\n    series,\n    period,\n    shelf\n)\nSELECT\n  ''visits'' AS kpi,\n  ''value'' AS what,\n  series,\n  period,\n  shelf,\n  CAST(visits_n AS DOUBLE) AS value,\n  CAST(visits_n AS DOUBLE) AS n,\n  CAST(NULL AS DOUBLE) AS numerator,\n  CAST(NULL AS DOUBLE) AS denominator\nFROM by_period\nWHERE\n  visits_n > 0','\n',char(10)),'{"visits": {"shelf": ["breakdown"], "at": ["time"]}}');
INSERT INTO definition VALUES(2,'spent','1604aede0f56c4fd6d929a680b668c5461a5280db7156d9f74f24c3b281012a9',replace('WITH rows AS (\n  SELECT\n    visits."at" AS day,\n    visits.spent AS spent\n  FROM visits\n  WHERE\n    visits."at" <= CAST(''2026-02-02'' AS DATE)\n), daily AS (\n  SELECT\n    day,\n    SUM(spent) AS spent,\n    COUNT(spent) AS spent_n\n  FROM rows\n  GROUP BY\n    day\n), by_period AS (\n  SELECT\n    series,\n    period,\n    SUM(spent) AS spent,\n    SUM(spent_n) AS spent_n\n  FROM daily\n  JOIN spans\n    ON daily.day BETWEEN spans.first_day AND spans.last_day\n  GROUP BY\n    series,\n    period\n)\nSELECT\n  ''spent'' AS kpi,\n  ''value'' AS what,\n  series,\n  period,\n  CAST(COALESCE(spent, 0) AS DOUBLE) AS value,\n  CAST(spent_n AS DOUBLE) AS n,\n  CAST(NULL AS DOUBLE) AS numerator,\n  CAST(NULL AS DOUBLE) AS denominator\nFROM by_period\nWHERE\n  spent_n > 0','\n',char(10)),'{"visits": {"spent": ["value"], "at": ["time"]}}');
INSERT INTO definition VALUES(3,'per_visit','b0fe977b28000d55c080a3d4b03506fde103c5c074372f2a0a9b3f915dfffce4','',NULL);
INSERT INTO definition VALUES(4,'trained','452414717a7e1a11178b399e9424992ebbe9f7d0371dec2c3c0ad861feb1a459','',NULL);
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
INSERT INTO attempt VALUES(1,'visits',1,NULL,40,0,0,0);
INSERT INTO attempt VALUES(1,'spent',2,NULL,4,0,0,0);
INSERT INTO attempt VALUES(1,'per_visit',3,NULL,4,0,0,0);
INSERT INTO attempt VALUES(1,'trained',4,NULL,3,0,0,0);
INSERT INTO attempt VALUES(2,'visits',1,NULL,5,13,33,0);
INSERT INTO attempt VALUES(2,'spent',2,NULL,0,4,1,0);
INSERT INTO attempt VALUES(2,'per_visit',3,NULL,0,4,1,0);
INSERT INTO attempt VALUES(2,'trained',4,NULL,0,0,3,0);
INSERT INTO attempt VALUES(3,'visits',1,NULL,0,0,45,0);
INSERT INTO attempt VALUES(3,'spent',2,NULL,0,3,2,0);
INSERT INTO attempt VALUES(3,'per_visit',3,NULL,0,3,2,0);
INSERT INTO attempt VALUES(3,'trained',4,NULL,0,3,1,0);
CREATE TABLE load (
	run INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	rows BIGINT NOT NULL, 
	removed JSON NOT NULL, 
	first TEXT, 
	newest TEXT, 
	failed TEXT, 
	notes JSON NOT NULL, exclusions JSON, 
	PRIMARY KEY (run, source), 
	FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO load VALUES(1,'visits',16,'{}','2026-01-25T00:00:00+00:00','2026-02-01T00:00:00+00:00',NULL,'[]','[]');
INSERT INTO load VALUES(2,'visits',18,'{}','2026-01-25T00:00:00+00:00','2026-02-02T00:00:00+00:00',NULL,'[]','[]');
INSERT INTO load VALUES(3,'visits',18,'{}','2026-01-25T00:00:00+00:00','2026-02-02T00:00:00+00:00',NULL,'[]','[]');
CREATE TABLE series (
	id INTEGER NOT NULL, 
	kpi TEXT NOT NULL, 
	part TEXT NOT NULL, 
	grain TEXT NOT NULL, 
	cell TEXT NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT series_name UNIQUE (kpi, part, grain, cell)
);
INSERT INTO series VALUES(1,'visits','','day','');
INSERT INTO series VALUES(2,'visits','','day','{"shelf": "books"}');
INSERT INTO series VALUES(3,'visits','','day','{"shelf": "maps"}');
INSERT INTO series VALUES(4,'visits','','week','');
INSERT INTO series VALUES(5,'visits','','week','{"shelf": "books"}');
INSERT INTO series VALUES(6,'visits','','week','{"shelf": "maps"}');
INSERT INTO series VALUES(7,'visits','','month','');
INSERT INTO series VALUES(8,'visits','','month','{"shelf": "books"}');
INSERT INTO series VALUES(9,'visits','','month','{"shelf": "maps"}');
INSERT INTO series VALUES(10,'visits','','quarter','');
INSERT INTO series VALUES(11,'visits','','quarter','{"shelf": "books"}');
INSERT INTO series VALUES(12,'visits','','quarter','{"shelf": "maps"}');
INSERT INTO series VALUES(13,'visits','','year','');
INSERT INTO series VALUES(14,'visits','','year','{"shelf": "books"}');
INSERT INTO series VALUES(15,'visits','','year','{"shelf": "maps"}');
INSERT INTO series VALUES(16,'spent','','month','');
INSERT INTO series VALUES(17,'spent','','quarter','');
INSERT INTO series VALUES(18,'spent','','year','');
INSERT INTO series VALUES(19,'per_visit','','month','');
INSERT INTO series VALUES(20,'per_visit','','quarter','');
INSERT INTO series VALUES(21,'per_visit','','year','');
INSERT INTO series VALUES(22,'trained','','month','');
INSERT INTO series VALUES(23,'trained','','quarter','');
INSERT INTO series VALUES(24,'trained','','year','');
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
	so_far_before DOUBLE, restatement INTEGER, 
	PRIMARY KEY (series, period, revision), 
	FOREIGN KEY(series) REFERENCES series (id), 
	FOREIGN KEY(run) REFERENCES run (id), 
	FOREIGN KEY(definition) REFERENCES definition (id)
)
 WITHOUT ROWID

;
INSERT INTO observation VALUES(1,20478,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(1,20479,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(1,20480,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(1,20481,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(1,20482,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(1,20483,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(1,20484,1,1,1,3.0,0,3.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(1,20484,2,2,1,4.0,0,4.0,NULL,NULL,0,NULL,NULL,1);
INSERT INTO observation VALUES(1,20485,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(1,20486,1,2,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(2,20478,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(2,20479,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(2,20480,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(2,20481,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(2,20482,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(2,20483,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(2,20484,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(2,20484,2,2,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL,1);
INSERT INTO observation VALUES(2,20485,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(3,20478,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(3,20479,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(3,20480,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(3,20481,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(3,20482,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(3,20483,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(3,20484,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(3,20486,1,2,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(4,20472,1,1,1,2.0,0,2.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(4,20479,1,1,1,14.0,0,14.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(4,20479,2,2,1,15.0,0,15.0,NULL,NULL,0,NULL,NULL,1);
INSERT INTO observation VALUES(4,20486,1,2,1,1.0,0,1.0,NULL,NULL,1,1.0,2.0,NULL);
INSERT INTO observation VALUES(5,20472,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(5,20479,1,1,1,7.0,0,7.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(5,20479,2,2,1,8.0,0,8.0,NULL,NULL,0,NULL,NULL,1);
INSERT INTO observation VALUES(6,20472,1,1,1,1.0,0,1.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(6,20479,1,1,1,7.0,0,7.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(6,20486,1,2,1,1.0,0,1.0,NULL,NULL,1,1.0,1.0,NULL);
INSERT INTO observation VALUES(7,20454,1,1,1,15.0,0,15.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(7,20454,2,2,1,16.0,0,16.0,NULL,NULL,0,NULL,NULL,1);
INSERT INTO observation VALUES(7,20485,1,2,1,2.0,0,2.0,NULL,NULL,1,2.0,NULL,NULL);
INSERT INTO observation VALUES(8,20454,1,1,1,7.0,0,7.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(8,20454,2,2,1,8.0,0,8.0,NULL,NULL,0,NULL,NULL,1);
INSERT INTO observation VALUES(8,20485,1,1,1,1.0,0,1.0,NULL,NULL,1,1.0,NULL,NULL);
INSERT INTO observation VALUES(9,20454,1,1,1,8.0,0,8.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(9,20485,1,2,1,1.0,0,1.0,NULL,NULL,1,1.0,NULL,NULL);
INSERT INTO observation VALUES(10,20454,1,2,1,18.0,0,18.0,NULL,NULL,1,NULL,NULL,NULL);
INSERT INTO observation VALUES(11,20454,1,2,1,9.0,0,9.0,NULL,NULL,1,NULL,NULL,NULL);
INSERT INTO observation VALUES(12,20454,1,2,1,9.0,0,9.0,NULL,NULL,1,NULL,NULL,NULL);
INSERT INTO observation VALUES(13,20454,1,2,1,18.0,0,18.0,NULL,NULL,1,NULL,NULL,NULL);
INSERT INTO observation VALUES(14,20454,1,2,1,9.0,0,9.0,NULL,NULL,1,NULL,NULL,NULL);
INSERT INTO observation VALUES(15,20454,1,2,1,9.0,0,9.0,NULL,NULL,1,NULL,NULL,NULL);
INSERT INTO observation VALUES(16,20454,1,1,2,51.0,0,15.0,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(16,20454,2,2,2,61.0,0,16.0,NULL,NULL,0,NULL,NULL,1);
INSERT INTO observation VALUES(16,20454,3,3,2,71.0,0,16.0,NULL,NULL,0,NULL,NULL,2);
INSERT INTO observation VALUES(16,20485,1,2,2,13.0,0,2.0,NULL,NULL,1,13.0,NULL,NULL);
INSERT INTO observation VALUES(17,20454,1,3,2,84.0,0,18.0,NULL,NULL,1,NULL,NULL,NULL);
INSERT INTO observation VALUES(18,20454,1,3,2,84.0,0,18.0,NULL,NULL,1,NULL,NULL,NULL);
INSERT INTO observation VALUES(19,20454,1,1,3,3.3999999999999999111,0,NULL,51.0,15.0,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(19,20454,2,2,3,3.8125,0,NULL,61.0,16.0,0,NULL,NULL,1);
INSERT INTO observation VALUES(19,20454,3,3,3,4.4375,0,NULL,71.0,16.0,0,NULL,NULL,2);
INSERT INTO observation VALUES(19,20485,1,2,3,6.5,0,NULL,13.0,2.0,1,6.5,NULL,NULL);
INSERT INTO observation VALUES(20,20454,1,3,3,4.6666666666666669627,0,NULL,84.0,18.0,1,NULL,NULL,NULL);
INSERT INTO observation VALUES(21,20454,1,3,3,4.6666666666666669627,0,NULL,84.0,18.0,1,NULL,NULL,NULL);
INSERT INTO observation VALUES(22,20454,1,1,4,12.0,0,NULL,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO observation VALUES(22,20454,2,3,4,11.0,0,NULL,NULL,NULL,0,NULL,NULL,3);
INSERT INTO observation VALUES(23,20454,1,3,4,11.0,0,NULL,NULL,NULL,1,NULL,NULL,NULL);
INSERT INTO observation VALUES(24,20454,1,3,4,11.0,0,NULL,NULL,NULL,1,NULL,NULL,NULL);
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
INSERT INTO verdict VALUES(1,20478,1,1,9,NULL,NULL,NULL);
INSERT INTO verdict VALUES(1,20479,1,1,9,NULL,NULL,NULL);
INSERT INTO verdict VALUES(1,20480,1,1,9,NULL,NULL,NULL);
INSERT INTO verdict VALUES(1,20481,1,1,9,NULL,NULL,NULL);
INSERT INTO verdict VALUES(1,20482,1,1,9,NULL,NULL,NULL);
INSERT INTO verdict VALUES(1,20483,1,1,9,NULL,NULL,NULL);
INSERT INTO verdict VALUES(1,20484,1,1,9,NULL,NULL,NULL);
INSERT INTO verdict VALUES(1,20485,1,1,9,NULL,NULL,NULL);
INSERT INTO verdict VALUES(1,20486,1,2,9,NULL,NULL,NULL);
INSERT INTO verdict VALUES(16,20454,1,1,10,100.0,NULL,NULL);
INSERT INTO verdict VALUES(16,20485,1,3,2,100.0,NULL,NULL);
INSERT INTO verdict VALUES(19,20454,1,1,9,NULL,NULL,NULL);
INSERT INTO verdict VALUES(19,20485,1,1,2,NULL,NULL,NULL);
INSERT INTO verdict VALUES(22,20454,1,1,9,NULL,NULL,NULL);
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
INSERT INTO digest VALUES('observation',1,20352,2933759433910142305);
INSERT INTO digest VALUES('observation',1,20480,-6317722666407990236);
INSERT INTO digest VALUES('observation',2,20352,-6556253032446058439);
INSERT INTO digest VALUES('observation',2,20480,4638346326399791884);
INSERT INTO digest VALUES('observation',3,20352,-6556253032446058439);
INSERT INTO digest VALUES('observation',3,20480,2334020570152016074);
INSERT INTO digest VALUES('observation',4,19456,4785481145314130363);
INSERT INTO digest VALUES('observation',4,20480,-9035692985992866435);
INSERT INTO digest VALUES('observation',5,19456,40147605260236766);
INSERT INTO digest VALUES('observation',6,19456,2267253585036715025);
INSERT INTO digest VALUES('observation',6,20480,3718107850627511255);
INSERT INTO digest VALUES('observation',7,16384,1382122920729011605);
INSERT INTO digest VALUES('observation',7,20480,-5433701034509641668);
INSERT INTO digest VALUES('observation',8,16384,8546818892768993234);
INSERT INTO digest VALUES('observation',8,20480,-5964355378617098909);
INSERT INTO digest VALUES('observation',9,16384,8546818892768993234);
INSERT INTO digest VALUES('observation',9,20480,-5964355378617098909);
INSERT INTO digest VALUES('observation',10,16384,3543589425589188592);
INSERT INTO digest VALUES('observation',11,16384,-6807046715875717951);
INSERT INTO digest VALUES('observation',12,16384,-6807046715875717951);
INSERT INTO digest VALUES('observation',13,16384,3543589425589188592);
INSERT INTO digest VALUES('observation',14,16384,-6807046715875717951);
INSERT INTO digest VALUES('observation',15,16384,-6807046715875717951);
INSERT INTO digest VALUES('observation',16,16384,-6588254747823554652);
INSERT INTO digest VALUES('observation',16,20480,-6342998339597027423);
INSERT INTO digest VALUES('observation',17,16384,5351614567482449922);
INSERT INTO digest VALUES('observation',18,16384,5351614567482449922);
INSERT INTO digest VALUES('observation',19,16384,-4443967556164008424);
INSERT INTO digest VALUES('observation',19,20480,7563199129281666807);
INSERT INTO digest VALUES('observation',20,16384,2817081385191699822);
INSERT INTO digest VALUES('observation',21,16384,2817081385191699822);
INSERT INTO digest VALUES('observation',22,16384,-5390261522846812646);
INSERT INTO digest VALUES('observation',23,16384,-7235550603442358230);
INSERT INTO digest VALUES('observation',24,16384,-7235550603442358230);
INSERT INTO digest VALUES('verdict',1,20352,2479250754035538173);
INSERT INTO digest VALUES('verdict',1,20480,7448861726862872809);
INSERT INTO digest VALUES('verdict',16,16384,48676799576314863);
INSERT INTO digest VALUES('verdict',16,20480,-877259824235826526);
INSERT INTO digest VALUES('verdict',19,16384,8332204532226481014);
INSERT INTO digest VALUES('verdict',19,20480,-4635507813416485138);
INSERT INTO digest VALUES('verdict',22,16384,8332204532226481014);
CREATE TABLE entry (
	kpi TEXT NOT NULL, 
	cell TEXT NOT NULL, 
	grain TEXT NOT NULL, 
	period BIGINT NOT NULL, 
	revision INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	gone BOOLEAN NOT NULL, 
	text TEXT, 
	evidence TEXT, 
	entered_by TEXT, 
	entered_on TEXT, 
	note TEXT, 
	PRIMARY KEY (kpi, cell, grain, period, revision), 
	FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO entry VALUES('trained','','month',20454,1,1,0,NULL,NULL,'Office','2026-02-01','counted at the door');
INSERT INTO entry VALUES('trained','','month',20454,2,3,0,NULL,NULL,'Office','2026-02-03','one came back (was 12)');
CREATE TABLE checked (
	run INTEGER NOT NULL, 
	"of" TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	"check" TEXT NOT NULL, 
	family TEXT NOT NULL, 
	"then" TEXT NOT NULL, 
	passed BOOLEAN NOT NULL, 
	failed BIGINT NOT NULL, 
	seen BIGINT NOT NULL, 
	text TEXT NOT NULL, 
	sample JSON, 
	holds JSON, 
	PRIMARY KEY (run, "of", subject, "check"), 
	FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO checked VALUES(1,'source','visits','key','consistency','withhold',1,0,0,'','null','null');
INSERT INTO checked VALUES(1,'source','visits','fresh','timeliness','warn',1,0,1,'Check ''fresh'' passed: the newest row is no older than 30 days','null','null');
INSERT INTO checked VALUES(2,'source','visits','key','consistency','withhold',1,0,0,'','null','null');
INSERT INTO checked VALUES(2,'source','visits','fresh','timeliness','warn',1,0,1,'Check ''fresh'' passed: the newest row is no older than 30 days','null','null');
INSERT INTO checked VALUES(3,'source','visits','key','consistency','withhold',1,0,0,'','null','null');
INSERT INTO checked VALUES(3,'source','visits','fresh','timeliness','warn',1,0,1,'Check ''fresh'' passed: the newest row is no older than 30 days','null','null');
CREATE TABLE footprint (
	source TEXT NOT NULL, 
	run INTEGER NOT NULL, 
	engine TEXT NOT NULL, 
	columns JSON NOT NULL, 
	keyed BOOLEAN NOT NULL, 
	"before" TEXT NOT NULL, 
	lines BLOB NOT NULL, 
	PRIMARY KEY (source, run), 
	FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO footprint VALUES('visits',3,'duckdb 2.0.0','{"id": "integer", "at": "date", "shelf": "text", "spent": "integer"}',1,'2026-02-04',X'ffffffffc00100001000000000000a000c000600050008000a000000000104000c00000008000800000004000800000004000000070000005c01000010010000dc0000009400000064000000340000000400000048ffffff00000007100000001800000004000000000000000400000064617973000000007affffff2600000074ffffff00000007100000001800000004000000000000000600000070726f6f66730000a6ffffff26000000a0ffffff0000000710000000180000000400000000000000040000006b65797300000000d2ffffff26000000ccffffff000000071000000020000000040000000000000006000000686173686573000000000600080004000600000026000000100014000800000007000c000000100010000000000000021000000018000000040000000000000004000000726f777300000000d0ffffff0000000140000000c8ffffff00000102100000002000000004000000000000000400000063656c6c0000000008000c0008000700080000000000000140000000100014000800060007000c00000010001000000000000108100000001c000000040000000000000003000000646179000000060008000600060000000000000000000000ffffffffc001000014000000000000000c0018000600050008000c000c000000000304001c0000004806000000000000000000000c001e001000040008000c000c0000001001000024000000180000003f0000000000000000000000000006000800070006000000000000010e0000000000000000000000190000000000000020000000000000004800000000000000680000000000000019000000000000008800000000000000dd000000000000006801000000000000000000000000000068010000000000003800000000000000a0010000000000000000000000000000a0010000000000005501000000000000f8020000000000000000000000000000f80200000000000051010000000000005004000000000000000000000000000050040000000000005b01000000000000b0050000000000000000000000000000b005000000000000940000000000000000000000070000003f0000000000000036000000000000003f0000000000000009000000000000003f0000000000000000000000000000003f0000000000000000000000000000003f0000000000000000000000000000003f0000000000000000000000000000003f000000000000000000000000000000080000000000000028b52ffd2008410000ff0100000000000000000000000000fc0000000000000028b52ffd20fcbd01006402fe4f0000ff4f00000050000001500000025000000350000004500000055000000650000000080500d0600d02ca1252084ae01bf704080000000000000028b52ffd200841000000feffffffffff7f00000000000000f80100000000000028b52ffd60f8005d060064073500c003004d03008f012f021001ba0096022d033102540364510142030f00170175b2038a00922e038d589978005a01fc076a05fe06600710065604fe05bd85050734bada04380591072306bb041605c00b4d8f092f0a10096b082e0b95ad097c0b350803ba960ae409870b3e0a71080000000000003e20e0d7030f3cf0c0ccb21878e081998d36da68a38d96c5c0030f6ce081071e9859160333cb62e081071e78e081071e78606659e43b30b3d146cb62e081071e98d968a38d36da68a38d361a1f6d29dac01a16000000f80100000000000028b52ffd60f800350100424807833210ffb66ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66ddb444444043e5402000301f00300000000000028b52ffd60f0021d0a00140da2b8af0805f65f5e003ca414734a51cf4100c3964e5296bf3b5900bb6a847dc8cb412600acee0fd7cb01c308001104f958e6126921000678d582594658c7005a95e05f053e261000177d65116371e405002d075730d4c0172b0031f6ad16a82ffe3100543308b60496b2647b15f93095ff3551a138e2a2ad2d3542cfb3cb0f87bb1c0f8cd3db757c6f3f75b158d830354833b2474ef3c24d0b228a5cc67f8703c41f92a0a03bee8f3d272ecfe2affc104d098d9ba1cdcbbaf458bb0721c76b100399df6c05dce4c12078248c530a2ea7003620206344c607087004c625046684c070044644603a048610876644300381a1c5a149110c8740d314c11c0426203032023321300b02231198d108cc100887990888c008042230038184273ce18a4138e1084738113c8802c2119e7043f85c8c7cf2918f7ce4231ff9cc473ef2c9c011000000f00300000000000028b52ffd60f002fd0900d40c22a3ac409213135e00c299babe21bb4fe7008d5d6622c02e40b6009b3290b6e71f143d0100939ce68356b10f281ccd83e6f4a754652b48c8c70e3fb3000ff6ffa08d0a4f219d9e4b7bee73f71d52c2eb5f3063991c392e0adc59f3597b214c6b70d13b5af0cbb2ac61d585924b347711d4f933c22fd3c934ee231bc60c933755a4d439242bd0e0c0e061b07941c616702376f8d970fc824a9babc27576542f5c46663be63a4a388333d79b3f7951fa0c831084d4c372507b138575b54cb5bfb8cb320ef45d735c14b8b3e6b3f63620204309647c087004c625046684c070044644603a048610876644300381a1c5a149110c8740d314c11c0426203032023321300b02231198d108cc100887990888c008042230038184273ce1084738e1084738113c8802c2119e7084239c7084231ce1f27184cf620c948f7c327c0400000000000000f00300000000000028b52ffd60f0024d0a00740d63b4eb8e2c33b96d0005cadf073c16969500b5868ed87838024f002ffbb8997583f32e00e52c21f588dc51100081b766056380272c006a197a9f6f35cd3b01000894abe2baa9fb270035a98721f983b900293c247e34b424260061aef8bf0a870f2900e1ab373caf4fe90b00d137238c349cd466003a1caf243830df5100c534b11964154923009a90f6d49e53d05f3a78c710f87e9447dd8ae271f7700b46283ffd9544a58a4f54d895186eb1f2257590f940991a4f0aba6abf58dc68a4240481e9b8d98c6804b15da6e7509fe110d059c01d12e1451b3620206344c607087004c625046684c070044644603a048610876644300381a1c5a149110c8740d314c11c0426203032023321300b02231198d108cc100887990888c008042230038184273ce1084738e1084738113c380377b8d31dee70c71dee8ef80c7730928f7ce4231ff964eb080000000000f00300000000000028b52ffd60f00215040052440d13d065385201005116007ca606604e2ca59429a534127eaf4cc23daf8c247a5e994cb867dd847b5e1989cf32e2a7424062008d43203220e0e79d74d7b14eba2b63c7e44624dd75ac1322764c6e9d105dc73a41c68e89ad93ee3ad64877652c63c71ae9ae61726b848c1da324dd2563193b76b8c375d25dc78edca613c71a0200000000ffffffff00000000');
INSERT INTO footprint VALUES('data/trained.csv',3,'','{"grain": "typed", "period": "typed", "cell": "typed", "value": "typed"}',1,'2026-02-04',X'ffffffffc00100001000000000000a000c000600050008000a000000000104000c00000008000800000004000800000004000000070000005c01000010010000dc0000009400000064000000340000000400000048ffffff00000007100000001800000004000000000000000400000064617973000000007affffff2600000074ffffff00000007100000001800000004000000000000000600000070726f6f66730000a6ffffff26000000a0ffffff0000000710000000180000000400000000000000040000006b65797300000000d2ffffff26000000ccffffff000000071000000020000000040000000000000006000000686173686573000000000600080004000600000026000000100014000800000007000c000000100010000000000000021000000018000000040000000000000004000000726f777300000000d0ffffff0000000140000000c8ffffff00000102100000002000000004000000000000000400000063656c6c0000000008000c0008000700080000000000000140000000100014000800060007000c00000010001000000000000108100000001c000000040000000000000003000000646179000000060008000600060000000000000000000000ffffffffc001000014000000000000000c0018000600050008000c000c000000000304001c0000004001000000000000000000000c001e001000040008000c000c000000100100002400000018000000040000000000000000000000000006000800070006000000000000010e0000000000000000000000120000000000000018000000000000001a0000000000000038000000000000001200000000000000500000000000000029000000000000008000000000000000000000000000000080000000000000002600000000000000a8000000000000000000000000000000a8000000000000002200000000000000d0000000000000000000000000000000d0000000000000002200000000000000f8000000000000000000000000000000f80000000000000022000000000000002001000000000000000000000000000020010000000000001c00000000000000000000000700000004000000000000000300000000000000040000000000000001000000000000000400000000000000000000000000000004000000000000000000000000000000040000000000000000000000000000000400000000000000000000000000000004000000000000000000000000000000010000000000000028b52ffd200109000001000000000000100000000000000028b52ffd20104d0000180450000100071802000000000000010000000000000028b52ffd20010900000e000000000000200000000000000028b52ffd2020c500008000003e01006e06003e0a00000000000003100032ee18b000000000000000200000000000000028b52ffd2020ad00007001000100010001000000000000000354020003010000400000000000000028b52ffd20408d0000483e31e726013e121e000200cd8c200347000000000000400000000000000028b52ffd20408d000048442d92dace46270d000200cd8c200347000000000000400000000000000028b52ffd20408d00004808bbfe5bbc920a14000200cd8c200347000000000000400000000000000028b52ffd20405d0000180450000200cd8cc0018600000000ffffffff00000000');
CREATE TABLE restatement (
	id INTEGER NOT NULL, 
	latest INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	source TEXT, 
	rows JSON NOT NULL, 
	first TEXT, 
	last TEXT, 
	note TEXT NOT NULL, 
	numbers BIGINT NOT NULL, 
	kpis JSON NOT NULL, 
	PRIMARY KEY (id, latest), 
	FOREIGN KEY(latest) REFERENCES run (id), 
	FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO restatement VALUES(1,2,2,'published','late rows','visits','{"late": 1, "changed": 0, "deleted": 0}','2026-01-31','2026-01-31','',8,'[{"kpi": "visits", "numbers": 6, "cells": 2, "first": "2026-01-01", "last": "2026-01-31", "largest": {"part": "", "grain": "day", "cell": "", "period": 20484, "old": 3.0, "new": 4.0, "reason": null}}, {"kpi": "spent", "numbers": 1, "cells": 1, "first": "2026-01-01", "last": "2026-01-01", "largest": {"part": "", "grain": "month", "cell": "", "period": 20454, "old": 51.0, "new": 61.0, "reason": null}}, {"kpi": "per_visit", "numbers": 1, "cells": 1, "first": "2026-01-01", "last": "2026-01-01", "largest": {"part": "", "grain": "month", "cell": "", "period": 20454, "old": 3.4, "new": 3.8125, "reason": null}}]');
INSERT INTO restatement VALUES(2,3,3,'published','changed rows','visits','{"late": 0, "changed": 1, "deleted": 0}','2026-01-25','2026-01-25','',2,'[{"kpi": "spent", "numbers": 1, "cells": 1, "first": "2026-01-01", "last": "2026-01-01", "largest": {"part": "", "grain": "month", "cell": "", "period": 20454, "old": 61.0, "new": 71.0, "reason": null}}, {"kpi": "per_visit", "numbers": 1, "cells": 1, "first": "2026-01-01", "last": "2026-01-01", "largest": {"part": "", "grain": "month", "cell": "", "period": 20454, "old": 3.8125, "new": 4.4375, "reason": null}}]');
INSERT INTO restatement VALUES(3,3,3,'published','typed numbers','data/trained.csv','{"late": 0, "changed": 1, "deleted": 0}','2026-01-31','2026-01-31','',1,'[{"kpi": "trained", "numbers": 1, "cells": 1, "first": "2026-01-01", "last": "2026-01-01", "largest": {"part": "", "grain": "month", "cell": "", "period": 20454, "old": 12.0, "new": 11.0, "reason": null}}]');
CREATE TABLE proposed (
	series INTEGER NOT NULL, 
	period BIGINT NOT NULL, 
	run INTEGER NOT NULL, 
	restatement INTEGER NOT NULL, 
	definition INTEGER, 
	value DOUBLE, 
	reason SMALLINT NOT NULL, 
	n DOUBLE, 
	numerator DOUBLE, 
	denominator DOUBLE, 
	flags SMALLINT NOT NULL, 
	status SMALLINT NOT NULL, 
	low DOUBLE, 
	high DOUBLE, 
	PRIMARY KEY (series, period, run), 
	FOREIGN KEY(series) REFERENCES series (id), 
	FOREIGN KEY(run) REFERENCES run (id), 
	FOREIGN KEY(definition) REFERENCES definition (id)
)
 WITHOUT ROWID

;
CREATE TABLE decision (
	run INTEGER NOT NULL, 
	restatement INTEGER NOT NULL, 
	verdict TEXT NOT NULL, 
	who TEXT NOT NULL, 
	why TEXT NOT NULL, 
	PRIMARY KEY (run, restatement), 
	FOREIGN KEY(run) REFERENCES run (id)
);
CREATE TABLE replaced (
	kpi TEXT NOT NULL, 
	log TEXT NOT NULL, 
	run INTEGER NOT NULL, 
	since INTEGER NOT NULL, 
	rows BLOB NOT NULL, 
	PRIMARY KEY (kpi, log, run), 
	FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO replaced VALUES('visits','observation',2,1,X'28b52ffd0048550d0006db44347069d31c4cab35fc6bb5d6aa55ad5634dffc2d76f08f6ed86bb1802835171c221d88348c8cca30541a908c0d69aba4a546b64c012e003a003700150b820be6ce37dc39d6ef650a409cfac625bcd82be245bd1abc2cfcf97196bd7dac7fb290cef6f9eee6c07bef05d3455a204d9225a2f84381c8f0c8a2a27271c86b109e2e984a54dd994cd0f8f4257170b7fe5e863a4641a5c272c8e4ae59bf97c1d8ec649daf020336c9cdc37beffdddca46b22d1b134955d42cf736d2c94aba373c98e222551175671221e3a78b84912ea2ea8ca23171b2a8ee9050cfe1ffde7b0c30fc042eb82cebd61ba8b004e40242036c017c9ce7a1c1da8032200c88821240125004e44071d091bbd7c4633bf94ce1930fc7b72d58a8416123810412904414b449860330839131850e12a050085859a36c34c15030c10cf3bb58cfc7e344b889e1f8febc423a3978c6d1aaf818da61ead0cc89b5eb04d84a46dc10613d5bd93735eecdc82fa9c6699859828f9b4535f5cef3f2c0c3a71c52d068a4322043af14fd789f7fd07e2e8fec15f3e3857ece5c0f6af9f83ca5337e954e9af0bf685fa03bff67579719ab02');
INSERT INTO replaced VALUES('spent','observation',2,1,X'28b52ffd0048ed0c00b61a44337069d31c4cab8635abb556ad6ab55a7caf2a12ee1f5d686bb18028e58691095e2b5a5a770f31cd36f2e26ae34669d28d6c99022c0038003700150416ccd94b0e39d6779903935fdee0135eed05f1babc1cbc2adcf9f1b6fdf958ef6c21d9a7f3a19b89bbbb9382899a2a52c59d86c9854b1716148c43ee893065c150a4ea2ca2a071ea2bf2e0d0fa5de6724c028a45e590e850b3becb2cd8ccb6ec2b4a919b87bbbb3fb4b60cdb671b234d95d42ce84f866c1b095d02e10acb544997b3480283a72c1366c290aab7060d8ad4457547e4720e53967f77976121c30281eb272701bcd96cd615b171c4c612900b1820d438d1c492600618047b600eac0093b0e869ace3d08be2f1198d3e1cff7c067c0259a8216933c184134850690c190e30039129690312a070106c5ca0702535d2fe7f068096137e82b1703d2ceb47cfeac4f6cd709d769b58eb0ce0ad817d1a1c1e0c58287a5434b030a0f8a1d002364c89c4d8c53cfdf826806387a471439a3290f7541f744cf30f31f370c5af020ddecefb77a31aec0e9433c4052f964b33fd17ec0f3a96fe62ea62a855');
INSERT INTO replaced VALUES('spent','verdict',2,1,X'28b52ffd00482d0a007616372e9029690ed87fab58bffea9bedebbfff61f359218d200902e9c0d6701f3b283563ca88b366493c99144b6bda54c0123002d002c00af6fbc29e8bb0a13083ce20f5e315aa3025fbc7c5d6717f48ceb429565fc368a7077175f011c1c283121b9c2441c7e26260826cf55f3f0867e772f80445c61de12faee98e9abeaaa763893044e8481338c1941b8bbfb37745d5cd9f5e33c24ce7395503bbba8aeccf686841d9087c4895c35150d5e02f2781e0a1c497f77f7c028201a28201a1c29420616dac5af0ea980d4489bb42da70c8fde4e61c936190f7873519e6500063720609366e159e43b506647834cc0c4f4ee7795b12ef3656c97f932234642be19eb225fc674990f324f624bc6c51cb20b9375fd826579ae2c0fccb538bbd2fef6ce246aff92ed99bf6132e235db9c0c7b463622734df337ec83b9bd64f44bfe0f94c7920d3d');
INSERT INTO replaced VALUES('per_visit','observation',2,1,X'28b52ffd0048550e00d61e4e3560899a39b941922324a3868a618aa00c0f3045561459271b9776363e37971ae3a85664488bac305481b231d2f86e3f41b29b109902370048003e000536bff71ac6a68b045776f7d223a7fdde881471cc1f7cc20dba4ddc18dc406e156e06bcb2e4cfe750497bcae7a40ba5fce8c6e3bdf702adabca54567541599c7279129befba4f97dac098383e711e1461ebca260abb93287c1cbb321346656c586700c1c4aecc645519974559bc72c93c6a47229e2d98302e3e69daef8d04ce432187d03798f7defb3f173ea1cf19556154f6f0a869d1a10bdda765f407085b5c154669dc49123cdebaaaace2a0b03f970f04ad0dec8ee551a3f12006ffde7b1d221d22ed1225323cd1f08400a7d3368a902942ae983c404b00cdca4b1a0de32a700fb815ae01298423e03eb812b4ebf0cea35b0349a894d2c1a59255a8717c6364848211094681a65038400311d1e612803030d09c41b4681cd7adff9f0118efbeb3dbe1030bad1940c6c97d36c4b8c23a3b1533a365eff84418c31007b10863e0673af19f263503cf45913eeca52e68f825a7514927a4abecb6b43498f78a34a70fc7af3aae3c4123fcc25929648eafd8ac74c9e646f9203faf01df849e98132ff26ff966a416325303');
INSERT INTO replaced VALUES('spent','observation',3,2,X'28b52ffd0048950b00d6173b2f9037690efd7e257f7987bfb51fbb3e79a7d97f1bb28059fcdd407babb62b231b5a018ef5c95b4612316937c9b6650a260037002e008d77de2ceabb0c04911b78e5172bb68aac28ab0557789d656f977a47b691d93a7ef302b9bb0b1502a30ae9080fca391c4da00350044d3c1277343c3cf8534121b178e35a83a3c92479a4338e83caa3ab878237ea7719944f052414130f00b65fd8dddd9f4dc8b6ece981a46782bc5954f33621937d6c0e61b0c404921eca19e722c1471368822c1ee9ac217f77c700116251d5111847602c54f855c01a591dd6000bb23a6bc35e197e79b37a585ba7e3803b17c2b72d4620508348261d1304b67c14e89d0d029d795ff360e932c0684aece89a315de6cb982ef3654c97f932a6cb7c99114b229f8ced924fc676c9e7330f625fc6c51cb32b9375fd82cdf249ca1b8cac16b30103d96e820da49be7cae19cdfb01bf1366bee86bd461ab9b9ee1d8c3457e3a7b0c97cc332e23137739bc838a7fcb7627e4b36ca');
INSERT INTO replaced VALUES('spent','verdict',3,2,X'28b52ffd00482d0a005616372e9029690ed87fab58bffea9bedebbfff61f359218d200902e9c0d6701f3b283563cc4176d0892c99144b6bda54c0123002d002c00af6fbc29e8bb0a13083ce20f5e315aa3025fbc7c5d6717f48ceb429565fc368a7077175f0c0e0e9498905c61220e3f13130493e7aa797843bfbb174022ae306f097d77ccf45575553b9c490227c2c0198c1941b8bbfb37745d5cd9f5e33c24ce7395503bbba8aeccf686841d9087c4895c35150d5e02f2781e0a1c497f77f7c04001d14001d1e048c8c042bbf8d52115901a6993b6e514c0a3b75358b24dc603de5c94675980013720609366e159e42321df03216360622af6bbca5897f932b6cb7c99112321df8c75912f63bacc079927b125e3620ed985c9ba7ec1b23c579607e65a9c5d697f7b6712b57fc9f6ccdf3019f19a6d4e863d231b91b9a6f91bf6c1dc5e32fa25ff07ca63c9861e');
INSERT INTO replaced VALUES('per_visit','observation',3,2,X'28b52ffd0048450d0036db46337069d31cf915d6f0bd0ed4aa567cf3bdaa8afb6eb4b6edceb88a7e45a25715fca9ea25cde37148f7905ac6776cdcb65b922d532f00400037002f0c2813127fbc74d7b0dfab806072cb31ae3173338799831984198543b73f9f471b7be8f3d11985bebb59f0de7b011685a12a4a62aa1c8abc039bef743e9d53668262f187e34512aeac0b65baee481a17bf2c0ce59a2832d50160347859184a455158d554798008e68efdbd0a060eefbdf77f2e7c469f2f13754d17c95dc3dca30b9d4f487749842b16754d963bd284075f59d485b298ae3f918b8855e6ba0372d7585e81abffde7b0c19fec38706579111a9c888383a1a960db131c4868010a825680eada14d1c8126695273cfd36eee66116d540a557069737c341a30fa661257a8315d32918c8c4c9844534807508368d41c12a0802858e0207712b15dffefc30272399230d2d8bd847a2cc63e7533b5e675725b2ae82f09417f704262bed62268d1c54881fdd51cdc7a441b32d113f904143e4a3f58a84d4842bb2db169689227c2cfe17df70297c6a7722990dcb9c2a81d3bd8ac9dc453345e3aa1be60519aff9fceffa1eac21f55');
INSERT INTO replaced VALUES('trained','observation',3,1,X'28b52ffd0048f50a002695362e9037690efdf7365dfafaefdd1b96e20e4f69f65f63ef69e17703edad0bd7907c050c6f6db891b690641349884c0122002e002c00330bf55d4502854f8ee0132bb65a5819387b9d656f97fa25dba86c97cfac1cdcdd05673c1e2e61287a0a3cd0e3e0347c810878700762228978e3da82a1689238d2950667d4ef2a243e11904c1cdef866671dd9963d398fe44c91330bc5bc7554b28fcc230a6e881ec979b8d23038f050f44c4f84239d4124068420a47f77b7543503c50c144d006c29ac8415604556b318c6d60bc8da36970b6f2ec6b70d617b357177f7014520400391a1b4010311a80ac46f861832df5038efedb491002b6cec63633e8b17e493d9ec0df964367b433e99cdde904f66b337e493d9ec0df92cf318c69ca1cea452e088100c98d98dcce243ca064556ff6ce040b68d608375f3767338e5370c8d78993587863d461a41735d3b1861aec6a73018bf19d53975ff839c5b5c5606');
CREATE TABLE renamed (
	run INTEGER NOT NULL, 
	kpi TEXT NOT NULL, 
	"column" TEXT NOT NULL, 
	old TEXT NOT NULL, 
	new TEXT NOT NULL, 
	PRIMARY KEY (run, kpi, "column", old), 
	FOREIGN KEY(run) REFERENCES run (id)
);
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
CREATE INDEX checked_by_subject ON checked ("of", subject, "check", run);
COMMIT;
