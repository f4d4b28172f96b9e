"""The tables are those that the migrations make, on both databases."""

from __future__ import annotations

import re
import stat
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import StatementError

from aftercare.conversation import conversations
from aftercare.conversation.database import Database
from aftercare.conversation.migrations import migrate
from aftercare.conversation.schema import metadata

from .fakes import NOON, sqlite_url


def test_migrations_lead_to_the_tables_of_the_schema(database_url: str) -> None:
    database = Database(database_url)
    migrate(database)
    migrate(database)
    with database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": _is_a_table_of_ours}
        )
        assert compare_metadata(context, metadata) == []
    database.close()


def test_migrations_and_schema_agree_on_checks_and_partial_indexes(tmp_path: Path) -> None:
    """Alembic's own comparison does not look at these."""
    migrated = Database(sqlite_url(tmp_path))
    migrate(migrated)
    made = create_engine(f"sqlite:///{tmp_path / 'made.db'}", future=True)
    metadata.create_all(made)
    statement = text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'")
    with migrated.reading() as one, made.connect() as other:
        assert _parts(one.execute(statement)) == _parts(other.execute(statement))
    migrated.close()


def _is_a_table_of_ours(_item: object, name: str, *_more: object) -> bool:
    # SQLite keeps a full-text index in tables, which are no tables of the schema.
    return not name.startswith(("message_search", "ix_message_search"))


def _parts(rows: object) -> dict[str, list[str]]:
    # The order in which columns and constraints are written does not matter; SQLite writes a column that was added later on
    # the line of the one before it.
    return {
        name: sorted(part.strip(" ,\t") for part in re.split(r"\n|(?<=[A-Z)]), (?=[a-z_]+ [A-Z])", sql))
        for name, sql in rows  # type: ignore[attr-defined]
    }


def test_patients_words_are_in_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    migrate(database)
    for path in tmp_path.glob("aftercare.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    database.close()


def test_a_time_without_an_offset_is_refused(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    migrate(database)
    with pytest.raises(StatementError, match="offset"), database.writing() as connection:
        conversations.create(connection, None, None, datetime(2025, 3, 10))
    database.close()


def test_a_time_comes_back_in_utc(database_url: str) -> None:
    database = Database(database_url)
    migrate(database)
    with database.writing() as connection:
        conversation_id = conversations.create(connection, None, None, NOON)
    with database.reading() as connection:
        row = connection.execute(text("SELECT 1")).first()
        assert row is not None
        created = connection.execute(
            metadata.tables["conversation"].select().where(metadata.tables["conversation"].c.id == conversation_id)
        ).one()
    assert created.created_at == NOON
    assert created.created_at.utcoffset() == NOON.utcoffset()
    database.close()
