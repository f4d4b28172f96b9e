"""The tables, for SQLite and PostgreSQL. Times are UTC. Migrations must lead to exactly these (a test compares)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

MODES = ("assistant", "waiting", "staff", "closed")
TURN_STATUSES = ("pending", "running", "done", "failed", "skipped")
CASE_STATUSES = ("waiting", "claimed", "closed")


class UtcDateTime(TypeDecorator):
    """A moment. In: any offset, never naive. Out: UTC. SQLite has no time zones, so it keeps the UTC digits."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without an offset cannot be stored; use an aware datetime.")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=timezone.utc)
        return value.astimezone(timezone.utc)


def _one_of(column: str, values: tuple[str, ...], table: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"ck_{table}_{column}")


Id = String(36)
Json = JSON(none_as_null=True)

metadata = MetaData()

conversation = Table(
    "conversation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("mode", String(16), nullable=False),
    # Counts the times the conversation changed hands: an answer begun under an older number is not shown.
    Column("epoch", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("report", Json),
    Column("treated_on", Date),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    _one_of("mode", MODES, "conversation"),
)

patient_session = Table(
    "patient_session",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation_id", Id, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)

message = Table(
    "message",
    metadata,
    Column("conversation_id", Id, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("role", String(16), nullable=False),
    Column("name", String(80), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("buttons", Json, nullable=False),
    Column("sources", Json, nullable=False),
    # {today, stages}: the data of the picture in the message.
    Column("timeline", Json),
    Column("client_id", String(36)),
    Column("turn_id", Id),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("conversation_id", "seq"),
    UniqueConstraint("conversation_id", "role", "client_id", name="uq_message_client"),
    _one_of("role", ("patient", "assistant", "staff", "system"), "message"),
)

turn = Table(
    "turn",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation_id", Id, nullable=False),
    Column("seq", Integer, nullable=False),
    # A pressed button: its intent and the text sent on. Both null where the message itself is sent on.
    Column("intent", String(80)),
    Column("text", Text),
    Column("status", String(16), nullable=False),
    # Counts leases; also the fence between two workers: only the holder of the last lease may finish the turn.
    Column("attempts", Integer, nullable=False),
    Column("lease_until", UtcDateTime),
    Column("outcome", Json),
    # A word, never patient text.
    Column("error", String(40)),
    Column("created_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["conversation_id", "seq"], ["message.conversation_id", "message.seq"], ondelete="CASCADE"),
    UniqueConstraint("conversation_id", "seq", name="uq_turn_message"),
    _one_of("status", TURN_STATUSES, "turn"),
)
_OPEN_TURN = text("status IN ('pending', 'running')")
Index("ix_turn_open", turn.c.conversation_id, turn.c.seq, sqlite_where=_OPEN_TURN, postgresql_where=_OPEN_TURN)

staff_user = Table(
    "staff_user",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("display_name", String(80), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
)

staff_session = Table(
    "staff_session",
    metadata,
    Column("id", Id, primary_key=True),
    Column("staff_id", Id, ForeignKey("staff_user.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)

patient_case = Table(
    "patient_case",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation_id", Id, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    Column("tier", String(16), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("handoff", String(32), nullable=False),
    # [{flag, rule, title, words, seq}]; seq is the message that raised it.
    Column("hits", Json, nullable=False),
    Column("status", String(16), nullable=False),
    Column("assignee_id", Id, ForeignKey("staff_user.id")),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    _one_of("tier", ("soon", "urgent", "emergency"), "patient_case"),
    _one_of("status", CASE_STATUSES, "patient_case"),
)
_OPEN_CASE = text("status <> 'closed'")
Index(
    "uq_patient_case_open",
    patient_case.c.conversation_id,
    unique=True,
    sqlite_where=_OPEN_CASE,
    postgresql_where=_OPEN_CASE,
)

case_history = Table(
    "case_history",
    metadata,
    # Rows are only ever added, and go only with the conversation. The number keeps their order.
    Column("id", Integer, primary_key=True),
    Column("case_id", Id, ForeignKey("patient_case.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("action", String(16), nullable=False),
    Column("tier", String(16), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("handoff", String(32), nullable=False),
    Column("hits", Json, nullable=False),
    Column("staff_id", Id, ForeignKey("staff_user.id")),
    # The message that caused it; null for what staff did.
    Column("seq", Integer),
)

readiness = Table(
    "readiness",
    metadata,
    # One row that the readiness check rewrites: proof that the database takes writes.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("checked_at", UtcDateTime, nullable=False),
)
