"""The first ledger: runs, catalogues, definitions, series, the logs of observations and verdicts, and the view."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables. They are written out here, because a migration must not change when `schema` does."""
    op.create_table(
        "catalogue",
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("started", sa.Text, nullable=False),
        sa.Column("finished", sa.Text, nullable=False),
        sa.Column("now", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, sa.ForeignKey("catalogue.fingerprint"), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
    )
    op.create_table(
        "word",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False, unique=True),
    )
    op.create_table(
        "definition",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kpi", sa.Text, nullable=False, index=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("sql", sa.Text, nullable=False),
    )
    op.create_table(
        "attempt",
        sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("kpi", sa.Text, primary_key=True),
        sa.Column("definition", sa.Integer, sa.ForeignKey("definition.id")),
        sa.Column("failed", sa.Text),
        sa.Column("new", sa.Integer, nullable=False),
        sa.Column("changed", sa.Integer, nullable=False),
        sa.Column("unchanged", sa.Integer, nullable=False),
        sa.Column("gone", sa.Integer, nullable=False),
        sa.Index("attempt_by_kpi", "kpi", "run"),
    )
    op.create_table(
        "load",
        sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("removed", sa.JSON, nullable=False),
        sa.Column("first", sa.Text),
        sa.Column("newest", sa.Text),
        sa.Column("failed", sa.Text),
        sa.Column("notes", sa.JSON, nullable=False),
    )
    op.create_table(
        "series",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kpi", sa.Text, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("grain", sa.Text, nullable=False),
        sa.Column("cell", sa.Text, nullable=False),
        sa.UniqueConstraint("kpi", "part", "grain", "cell", name="series_name"),
    )
    op.create_table(
        "observation",
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
    op.create_table(
        "verdict",
        sa.Column("series", sa.Integer, sa.ForeignKey("series.id"), primary_key=True),
        sa.Column("period", sa.BigInteger, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("low", sa.Double),
        sa.Column("high", sa.Double),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "digest",
        sa.Column("log", sa.Text, primary_key=True),
        sa.Column("series", sa.Integer, sa.ForeignKey("series.id"), primary_key=True),
        sa.Column("block", sa.BigInteger, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    # Dates are written by SQLite's functions; another database needs its own words for the same view.
    op.execute(
        """
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
    )
