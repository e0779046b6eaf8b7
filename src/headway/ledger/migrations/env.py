"""How Alembic reaches the ledger: the caller hands over its open connection and its transaction."""

from alembic import context

from headway.ledger.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
with context.begin_transaction():
    context.run_migrations()
