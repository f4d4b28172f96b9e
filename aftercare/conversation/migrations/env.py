"""Run by Alembic: applies the migrations on the connection that ``migrate`` holds."""

from __future__ import annotations

from alembic import context

from aftercare.conversation.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can roll back table changes; Alembic assumes that it cannot.
    transactional_ddl=True,
)
context.run_migrations()
