"""Alerts that act: how each rule-cell stands, what is told to whom, what people said to it; reviews of targets."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_RULE_CELL = ("alert", "subject", "part", "grain", "cell")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "alerting",
        *(sa.Column(name, sa.Text, primary_key=True) for name in _RULE_CELL),
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
    op.create_table(
        "notice",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in _RULE_CELL),
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
    )
    op.create_index("notice_by_alert", "notice", [*_RULE_CELL, "episode"])
    op.create_table(
        "delivery",
        sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("notice", sa.Text, sa.ForeignKey("notice.id"), primary_key=True),
        sa.Column("route", sa.Text, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("sent", sa.Boolean, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("dropped", sa.Text, nullable=False),
    )
    op.create_index("delivery_by_notice", "delivery", ["notice"])
    op.create_table(
        "acknowledgement",
        sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
        *(sa.Column(name, sa.Text, primary_key=True) for name in _RULE_CELL),
        sa.Column("episode", sa.Integer, nullable=False),
        sa.Column("taken", sa.Boolean, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
    )
    op.create_table(
        "silence",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("matchers", sa.JSON, nullable=False),
        sa.Column("starts", sa.Text, nullable=False),
        sa.Column("until", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("opened", sa.Text, nullable=False),
        sa.Column("closed", sa.Text),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_table(
        "review",
        sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("period", sa.Text, primary_key=True),
        sa.Column("kpi", sa.Text, primary_key=True),
        sa.Column("target", sa.JSON),
        sa.Column("context", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
    )
