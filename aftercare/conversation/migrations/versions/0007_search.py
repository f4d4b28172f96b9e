"""Full-text search over messages: an FTS5 table that triggers keep, an index of PostgreSQL's text search."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

SQLITE = (
    "CREATE VIRTUAL TABLE message_search"
    " USING fts5(text, conversation_id, seq UNINDEXED, tokenize = 'porter unicode61 remove_diacritics 2')",
    "CREATE TRIGGER message_search_added AFTER INSERT ON message BEGIN"
    " INSERT INTO message_search (text, conversation_id, seq) VALUES (new.text, new.conversation_id, new.seq); END",
    "CREATE TRIGGER message_search_removed AFTER DELETE ON message BEGIN"
    " DELETE FROM message_search WHERE rowid IN (SELECT rowid FROM message_search WHERE message_search MATCH"
    " 'conversation_id : \"' || old.conversation_id || '\"' AND seq = old.seq); END",
    "CREATE TRIGGER message_search_changed AFTER UPDATE OF text ON message BEGIN"
    " UPDATE message_search SET text = new.text WHERE rowid IN (SELECT rowid FROM message_search WHERE message_search MATCH"
    " 'conversation_id : \"' || old.conversation_id || '\"' AND seq = old.seq); END",
)
POSTGRESQL = "CREATE INDEX ix_message_search ON message USING gin (to_tsvector('english', text))"
KNOWN = "INSERT INTO message_search (text, conversation_id, seq) SELECT text, conversation_id, seq FROM message"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL)
        return
    for statement in (*SQLITE, KNOWN):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_message_search", "message")
        return
    for trigger in ("added", "removed", "changed"):
        op.execute(f"DROP TRIGGER message_search_{trigger}")
    op.execute("DROP TABLE message_search")
