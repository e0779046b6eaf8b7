"""History and trust: restatements and decisions on them, what checks found, files of catalogues, names that changed."""

from uuid import NAMESPACE_OID, uuid5

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the tables and columns; every run so far gets the name that it will have in all copies of this ledger."""
    op.create_table(
        "checked",
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
    )
    op.create_index("checked_by_subject", "checked", ["of", "subject", "check", "run"])
    op.create_table(
        "footprint",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("engine", sa.Text, nullable=False),
        sa.Column("columns", sa.JSON, nullable=False),
        sa.Column("keyed", sa.Boolean, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("lines", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "restatement",
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
    op.create_table(
        "proposed",
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
    op.create_table(
        "decision",
        sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("restatement", sa.Integer, primary_key=True),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_table(
        "replaced",
        sa.Column("kpi", sa.Text, primary_key=True),
        sa.Column("log", sa.Text, primary_key=True),
        sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("since", sa.Integer, nullable=False),
        sa.Column("rows", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "renamed",
        sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("kpi", sa.Text, primary_key=True),
        sa.Column("column", sa.Text, primary_key=True),
        sa.Column("old", sa.Text, primary_key=True),
        sa.Column("new", sa.Text, nullable=False),
    )
    op.add_column("catalogue", sa.Column("files", sa.LargeBinary))
    op.add_column("run", sa.Column("engine", sa.Text, nullable=False, server_default=""))
    op.add_column("run", sa.Column("uuid", sa.Text, nullable=False, server_default=""))
    op.add_column("definition", sa.Column("lineage", sa.JSON))
    op.add_column("load", sa.Column("exclusions", sa.JSON))
    op.add_column("observation", sa.Column("restatement", sa.Integer))
    # Made from what the run says of itself, so that two copies that are upgraded apart still know their runs.
    run = sa.table("run", *(sa.column(name) for name in ("id", "started", "finished", "fingerprint", "uuid")))
    connection = op.get_bind()
    for row in connection.execute(sa.select(run)).all():
        name = str(uuid5(NAMESPACE_OID, f"{row.id} {row.started} {row.finished} {row.fingerprint}"))
        connection.execute(run.update().where(run.c.id == row.id).values(uuid=name))
