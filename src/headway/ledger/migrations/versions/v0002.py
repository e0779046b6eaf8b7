"""What a running period should have by its last complete day, beside its verdict: `expected`."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column. Verdicts so far have none: the next run writes it for the periods that still run."""
    op.add_column("verdict", sa.Column("expected", sa.Double))
