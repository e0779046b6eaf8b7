"""Editions of reports that go out by themselves, and what came of handing them to routes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def _key(*names: str) -> list[sa.Column[object]]:
    found: list[sa.Column[object]] = [sa.Column("run", sa.Integer, sa.ForeignKey("run.id"), primary_key=True)]
    return found + [sa.Column(name, sa.Text, primary_key=True) for name in names]


def _said(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def upgrade() -> None:
    """Add the tables."""
    told = _said("grain", "due", "at", "state", "lacks", "numbers", "digest", "folder", "subject")
    op.create_table("edition", *_key("report", "period", "own"), *told)
    op.create_table("posting", *_key("report", "period", "own", "route"), *_said("at", "state", "error"))
