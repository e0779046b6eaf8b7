"""The ledger's tables: what is stored, and why in this form.

Numbers live in two *logs*, `observation` and `verdict`: rows keyed (series, period, revision), to which revisions are
only added. A row is integers and floats, some 30 to 50 bytes; words stand once in `series` and `word`. `digest` lets a
run see which stretches of a series changed without reading them (see `diff`). The view `observations` shows the log
with names, for any SQL tool.

A change here needs a migration in `migrations/versions` and the new number in `HEAD`; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

#: The newest migration, which is the version of a ledger that this release writes.
HEAD = "0006"
#: Where a ledger keeps its own version.
VERSION_TABLE = "ledger_version"

metadata = sa.MetaData()


def moment_text(value: datetime) -> str:
    """A moment as the ledger writes it."""
    assert value.tzinfo is not None, "a moment names its zone"
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Moment(sa.types.TypeDecorator[datetime]):
    """A moment as ISO text in UTC of a fixed width, so that text order is time order in every database."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:
        """Write an aware datetime."""
        return None if value is None else moment_text(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> datetime | None:
        """Read it back as an aware datetime in UTC."""
        return None if value is None else datetime.fromisoformat(value)


# Foreign keys are for readers and for databases that can check them for free. SQLite leaves them unchecked unless
# asked: three look-ups for each of millions of rows, all of whose keys one function has just made.
catalogue = sa.Table(
    "catalogue",
    metadata,
    sa.Column("fingerprint", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    #: The files as written, path -> text, as compressed JSON: with them the pages of then can be made again.
    sa.Column("files", sa.LargeBinary),
)

#: Runs, decisions of people (`state` is `decision`), and what the clock did by itself: whatever changes anything has a
#: row here, in the order in which it came into force. A `tick` advanced alerts by all rows before it, a `delivery`
#: handed notices to outlets; a clock that found nothing to do wrote no row. `uuid` is the same in every copy of the
#: ledger.
run = sa.Table(
    "run",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("started", Moment, nullable=False),
    sa.Column("finished", Moment, nullable=False),
    sa.Column("now", Moment, nullable=False),
    sa.Column("fingerprint", sa.Text, sa.ForeignKey("catalogue.fingerprint"), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("engine", sa.Text, nullable=False, server_default=""),
    sa.Column("uuid", sa.Text, nullable=False, server_default=""),
)

#: Reasons and statuses, numbered in the order in which they were first met. 0 is no word.
word = sa.Table(
    "word",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("text", sa.Text, nullable=False, unique=True),
)

definition = sa.Table(
    "definition",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kpi", sa.Text, nullable=False, index=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("sql", sa.Text, nullable=False),
    #: The columns that it reads, source -> columns, as JSON; null where an earlier release did not say.
    sa.Column("lineage", sa.JSON),
)

#: One row per KPI of a run: how it was calculated and what changed, or why it failed.
attempt = sa.Table(
    "attempt",
    metadata,
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("definition", sa.Integer, sa.ForeignKey("definition.id")),
    sa.Column("failed", sa.Text),
    sa.Column("new", sa.Integer, nullable=False, default=0),
    sa.Column("changed", sa.Integer, nullable=False, default=0),
    sa.Column("unchanged", sa.Integer, nullable=False, default=0),
    sa.Column("gone", sa.Integer, nullable=False, default=0),
    sa.Index("attempt_by_kpi", "kpi", "run"),
)

load = sa.Table(
    "load",
    metadata,
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("removed", sa.JSON, nullable=False),
    sa.Column("first", sa.Text),
    sa.Column("newest", sa.Text),
    sa.Column("failed", sa.Text),
    sa.Column("notes", sa.JSON, nullable=False),
    #: Rows taken out on the record: a list of {where, first, last, why, link, rows}.
    sa.Column("exclusions", sa.JSON),
)

#: What came of one check in one run, of a source or a KPI (`of`). `sample` are some rows that fail, people masked, and
#: `holds` what is withheld for it: KPI -> how many numbers.
checked = sa.Table(
    "checked",
    metadata,
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    sa.Column("of", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("check", sa.Text, primary_key=True),
    sa.Column("family", sa.Text, nullable=False),
    sa.Column("then", sa.Text, nullable=False),
    sa.Column("passed", sa.Boolean, nullable=False),
    sa.Column("failed", sa.BigInteger, nullable=False),
    sa.Column("seen", sa.BigInteger, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("sample", sa.JSON),
    sa.Column("holds", sa.JSON),
    sa.Index("checked_by_subject", "of", "subject", "check", "run"),
)

#: What the rows of a source, or of a file that people keep, came to before a day (`model.footprint`): by it the next
#: run sees which came late, changed or went. `lines` is compressed Arrow.
footprint = sa.Table(
    "footprint",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    sa.Column("engine", sa.Text, nullable=False),
    sa.Column("columns", sa.JSON, nullable=False),
    sa.Column("keyed", sa.Boolean, nullable=False),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("lines", sa.LargeBinary, nullable=False),
)

series = sa.Table(
    "series",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kpi", sa.Text, nullable=False),
    sa.Column("part", sa.Text, nullable=False),
    sa.Column("grain", sa.Text, nullable=False),
    sa.Column("cell", sa.Text, nullable=False),
    sa.UniqueConstraint("kpi", "part", "grain", "cell", name="series_name"),
)

#: `value` is null where `reason` is not 0. A running period has one row, replaced until it closes.
observation = sa.Table(
    "observation",
    metadata,
    sa.Column("series", sa.Integer, sa.ForeignKey("series.id"), primary_key=True),
    sa.Column("period", sa.BigInteger, primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
    sa.Column("definition", sa.Integer, sa.ForeignKey("definition.id"), nullable=False),
    sa.Column("value", sa.Double),
    sa.Column("reason", sa.SmallInteger, nullable=False),
    sa.Column("n", sa.Double),
    sa.Column("numerator", sa.Double),
    sa.Column("denominator", sa.Double),
    sa.Column("flags", sa.SmallInteger, nullable=False),
    sa.Column("so_far", sa.Double),
    sa.Column("so_far_before", sa.Double),
    #: The restatement that made this revision of a closed period.
    sa.Column("restatement", sa.Integer),
    sqlite_with_rowid=False,
)

#: `status` is 0 where a verdict was withdrawn: the target that gave it is no more. `expected` is for running periods.
verdict = sa.Table(
    "verdict",
    metadata,
    sa.Column("series", sa.Integer, sa.ForeignKey("series.id"), primary_key=True),
    sa.Column("period", sa.BigInteger, primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
    sa.Column("status", sa.SmallInteger, nullable=False),
    sa.Column("low", sa.Double),
    sa.Column("high", sa.Double),
    sa.Column("expected", sa.Double),
    sqlite_with_rowid=False,
)

#: A change of closed numbers: one cause, over all its periods and cells, as it stood after run or decision `latest`;
#: `run` saw it first. `state` is `published` (within the project's tolerance, or it withholds), `waiting`, `accepted`,
#: `rejected`, or `withdrawn` when a later run no longer had it. `rows` counts {late, changed, deleted}; `kpis` says of
#: each what changes: {kpi, numbers, cells, first, last, largest: {part, grain, cell, period, old, new, reason}}.
restatement = sa.Table(
    "restatement",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("latest", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("rows", sa.JSON, nullable=False),
    sa.Column("first", sa.Text),
    sa.Column("last", sa.Text),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("numbers", sa.BigInteger, nullable=False),
    sa.Column("kpis", sa.JSON, nullable=False),
)

#: Numbers that wait for a decision, or were rejected: what a run computed where something else stays published. The
#: newest row of a (series, period) counts; `restatement` is 0 in one that says that nothing is proposed any more.
proposed = sa.Table(
    "proposed",
    metadata,
    sa.Column("series", sa.Integer, sa.ForeignKey("series.id"), primary_key=True),
    sa.Column("period", sa.BigInteger, primary_key=True),
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    sa.Column("restatement", sa.Integer, nullable=False),
    sa.Column("definition", sa.Integer, sa.ForeignKey("definition.id")),
    sa.Column("value", sa.Double),
    sa.Column("reason", sa.SmallInteger, nullable=False),
    sa.Column("n", sa.Double),
    sa.Column("numerator", sa.Double),
    sa.Column("denominator", sa.Double),
    sa.Column("flags", sa.SmallInteger, nullable=False),
    sa.Column("status", sa.SmallInteger, nullable=False),
    sa.Column("low", sa.Double),
    sa.Column("high", sa.Double),
    sqlite_with_rowid=False,
)

#: What people decided, append-only. `run` is the row of `run` with which it came into force.
decision = sa.Table(
    "decision",
    metadata,
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    sa.Column("restatement", sa.Integer, primary_key=True),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
)

#: Rows of running periods as they stood before a run replaced them in place, as compressed Arrow: what was published
#: then can be read, and the log keeps one row for each period that runs. `since`: the first run that wrote one of them.
replaced = sa.Table(
    "replaced",
    metadata,
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("log", sa.Text, primary_key=True),
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    sa.Column("since", sa.Integer, nullable=False),
    sa.Column("rows", sa.LargeBinary, nullable=False),
)

#: Names that changed: of a KPI (`column` is ''), or of a value of its breakdown. Series carry the newest name.
renamed = sa.Table(
    "renamed",
    metadata,
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("column", sa.Text, primary_key=True),
    sa.Column("old", sa.Text, primary_key=True),
    sa.Column("new", sa.Text, nullable=False),
)

#: What people entered, in words. `gone` is true where an entry is no longer in its file.
entry = sa.Table(
    "entry",
    metadata,
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("cell", sa.Text, primary_key=True),
    sa.Column("grain", sa.Text, primary_key=True),
    sa.Column("period", sa.BigInteger, primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
    sa.Column("gone", sa.Boolean, nullable=False),
    sa.Column("text", sa.Text),
    sa.Column("evidence", sa.Text),
    sa.Column("entered_by", sa.Text),
    sa.Column("entered_on", sa.Text),
    sa.Column("note", sa.Text),
)

#: What the newest rows of a stretch of periods add up to. `log` is the name of the table; 0 means that all are gone.
digest = sa.Table(
    "digest",
    metadata,
    sa.Column("log", sa.Text, primary_key=True),
    sa.Column("series", sa.Integer, sa.ForeignKey("series.id"), primary_key=True),
    sa.Column("block", sa.BigInteger, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# -- alerts ------------------------------------------------------------------------------------------------------------
# Moments are ISO text (`moment_text`), so that rows travel between ledgers as they are.

#: The five columns that name a rule-cell (`model.RuleCell`).
RULE_CELL = ("alert", "subject", "part", "grain", "cell")


def _of() -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, primary_key=True) for name in RULE_CELL]


#: How each rule-cell stands (`model.AlertState`) after the `run` or tick that last advanced it: replaced in place.
#: What was, `notice` tells.
alerting = sa.Table(
    "alerting",
    metadata,
    *_of(),
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("phase", sa.Text, nullable=False),
    sa.Column("sight", sa.Text, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("through", sa.BigInteger),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("since", sa.Text),
    sa.Column("began", sa.Text),
    sa.Column("period", sa.BigInteger),
    sa.Column("value", sa.Double),
    sa.Column("bound", sa.Double),
    sa.Column("told", sa.Double),
    sa.Column("worse", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)

#: What is to be told (`model.Notice`), append-only. `id` follows from what it tells: it cannot be made twice.
notice = sa.Table(
    "notice",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
    *(sa.Column(name, sa.Text, nullable=False) for name in RULE_CELL),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("tells", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("made", sa.Text, nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("route", sa.Text, nullable=False),
    sa.Column("began", sa.Text),
    sa.Column("period", sa.BigInteger),
    sa.Column("value", sa.Double),
    sa.Column("bound", sa.Double),
    sa.Column("text", sa.Text, nullable=False),
    sa.Index("notice_by_alert", *RULE_CELL, "episode"),
)

#: What came of handing a notice to a route (`model.Delivery`), append-only: every attempt, and why one was dropped.
delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    sa.Column("notice", sa.Text, sa.ForeignKey("notice.id"), primary_key=True),
    sa.Column("route", sa.Text, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("sent", sa.Boolean, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("dropped", sa.Text, nullable=False),
    sa.Index("delivery_by_notice", "notice"),
)

#: Who looks after an episode; the newest row counts. `taken` is false where it was handed back.
acknowledgement = sa.Table(
    "acknowledgement",
    metadata,
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    *_of(),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("taken", sa.Boolean, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)

#: Who is not to be told of what, and until when (`model.Silence`); the newest row of an `id` counts, so an earlier end
#: is one more row.
silence = sa.Table(
    "silence",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    sa.Column("matchers", sa.JSON, nullable=False),
    sa.Column("starts", sa.Text, nullable=False),
    sa.Column("until", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
)

#: What happened outside (`model.Event`); the newest row of an `id` counts, so its end is one more row.
event = sa.Table(
    "event",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("opened", sa.Text, nullable=False),
    sa.Column("closed", sa.Text),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
)

# -- reports -----------------------------------------------------------------------------------------------------------

#: What became of a report about one period (`model.Edition`), append-only: the newest row counts.
edition = sa.Table(
    "edition",
    metadata,
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    sa.Column("report", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("own", sa.Text, primary_key=True),
    sa.Column("grain", sa.Text, nullable=False),
    sa.Column("due", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("lacks", sa.Text, nullable=False),
    sa.Column("numbers", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("folder", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
)

#: What came of handing an edition to a route (`model.Posting`), append-only: that it began, and how it ended.
posting = sa.Table(
    "posting",
    metadata,
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    sa.Column("report", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("own", sa.Text, primary_key=True),
    sa.Column("route", sa.Text, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
)

#: What a review of targets decided for one KPI: `target` as it was written into the YAML (JSON), or null where nothing
#: changes; `context` is what people wrote beside it.
review = sa.Table(
    "review",
    metadata,
    sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("target", sa.JSON),
    sa.Column("context", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
)
