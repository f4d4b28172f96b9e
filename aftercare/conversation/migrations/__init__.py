"""The tables' history, applied by ``migrate``."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from aftercare.conversation.database import Database


def migrate(database: Database) -> None:
    """Bring the database to the newest schema, in one transaction. Safe to call from several processes at once."""
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            # Any constant will do: processes that start together take turns. SQLite's write lock does the same.
            connection.execute(text("SELECT pg_advisory_xact_lock(7310001)"))
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
