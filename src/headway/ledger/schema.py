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
HEAD = "0003"
#: Where a ledger keeps its own version.
VERSION_TABLE = "ledger_version"

metadata = sa.MetaData()


class Moment(sa.types.TypeDecorator[datetime]):
    """A moment as ISO text in UTC of a fixed width, so that text order is time order in every database."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:
        """Write an aware datetime."""
        if value is None:
            return None
        assert value.tzinfo is not None, "a moment names its zone"
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

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
)

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
