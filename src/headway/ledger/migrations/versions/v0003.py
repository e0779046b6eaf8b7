"""What people entered, in words: texts with their evidence, and who typed a number, when and why."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the log of entries; what earlier releases stored stays as it is."""
    op.create_table(
        "entry",
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
