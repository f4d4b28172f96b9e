"""The tables, for SQLite and PostgreSQL. Times are UTC. Migrations must lead to exactly these (a test compares)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    DDL,
    JSON,
    Boolean,
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
    event,
    text,
)
from sqlalchemy.types import TypeDecorator

MODES = ("assistant", "waiting", "staff", "closed")
TURN_STATUSES = ("pending", "running", "done", "failed", "skipped")
CASE_STATUSES = ("waiting", "claimed", "closed")
NOTIFICATION_KINDS = ("opened", "raised", "widened", "failing", "test")
NOTIFICATION_STATUSES = ("pending", "sent", "failed", "needless")


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
    # Messages up to this number were written to staff: the assistant does not answer them afterwards.
    Column("staff_seq", Integer),
    # How staff may reach the patient, in the patient's words. For staff alone.
    Column("contact", String(200)),
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

# What search.py looks in: on SQLite a table of its own, which the triggers keep; on PostgreSQL an index.
_SEARCH = {
    "sqlite": (
        "CREATE VIRTUAL TABLE message_search"
        " USING fts5(text, conversation_id, seq UNINDEXED, tokenize = 'porter unicode61 remove_diacritics 2')",
        "CREATE TRIGGER message_search_added AFTER INSERT ON message BEGIN"
        " INSERT INTO message_search (text, conversation_id, seq) VALUES (new.text, new.conversation_id, new.seq); END",
        "CREATE TRIGGER message_search_removed AFTER DELETE ON message BEGIN"
        " DELETE FROM message_search WHERE rowid IN (SELECT rowid FROM message_search WHERE message_search MATCH"
        " 'conversation_id : \"' || old.conversation_id || '\"' AND seq = old.seq); END",
        "CREATE TRIGGER message_search_changed AFTER UPDATE OF text ON message BEGIN"
        " UPDATE message_search SET text = new.text WHERE rowid IN (SELECT rowid FROM message_search WHERE message_search"
        " MATCH 'conversation_id : \"' || old.conversation_id || '\"' AND seq = old.seq); END",
    ),
    "postgresql": ("CREATE INDEX ix_message_search ON message USING gin (to_tsvector('english', text))",),
}
for _dialect, _statements in _SEARCH.items():
    for _statement in _statements:
        event.listen(message, "after_create", DDL(_statement).execute_if(dialect=_dialect))

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
photo = Table(
    "photo",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation_id", Id, nullable=False),
    Column("seq", Integer, nullable=False),
    # Its place among the photos of the message, from 0.
    Column("place", Integer, nullable=False),
    # The files' name in the photo folder, without what follows the first dot.
    Column("file", String(32), nullable=False, unique=True),
    # Pixels.
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["conversation_id", "seq"], ["message.conversation_id", "message.seq"], ondelete="CASCADE"),
    UniqueConstraint("conversation_id", "seq", "place", name="uq_photo_place"),
)

_OPEN_TURN = text("status IN ('pending', 'running')")
Index("ix_turn_open", turn.c.conversation_id, turn.c.seq, sqlite_where=_OPEN_TURN, postgresql_where=_OPEN_TURN)

staff_user = Table(
    "staff_user",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("display_name", String(80), nullable=False),
    # Empty while an invitation waits to be taken up: no password fits.
    Column("password_hash", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
    # A key of roles.ROLES.
    Column("role", String(16), nullable=False, server_default="responder"),
    # The shared secret of the authenticator app, base32; null where there is no second factor.
    Column("totp_secret", String(64)),
    # A secret that is shown but not yet confirmed with a code.
    Column("totp_offered", String(64)),
    # The time step of the last code taken: that one and older ones are refused.
    Column("totp_step", Integer),
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
    # Locked by its owner; an idle session is locked as well, without a mark.
    Column("locked_at", UtcDateTime),
    # The password was right, the code of the second factor is still to come.
    Column("code_due_at", UtcDateTime),
)

staff_recovery_code = Table(
    "staff_recovery_code",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("staff_id", Id, ForeignKey("staff_user.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("used_at", UtcDateTime),
)

staff_invitation = Table(
    "staff_invitation",
    metadata,
    # The link's secret is nowhere: only its hash.
    Column("token_hash", String(64), primary_key=True),
    Column("staff_id", Id, ForeignKey("staff_user.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)

staff_device = Table(
    "staff_device",
    metadata,
    # A browser that this member of staff has logged in with: strangers' guesses do not slow it down.
    Column("token_hash", String(64), primary_key=True),
    Column("staff_id", Id, ForeignKey("staff_user.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("seen_at", UtcDateTime, nullable=False),
)

login_wait = Table(
    "login_wait",
    metadata,
    # SHA-256 of whom the wrong tries were for: a user name, a known browser, an account's code.
    Column("key", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failed_at", UtcDateTime, nullable=False, index=True),
)

audit_log = Table(
    "audit_log",
    metadata,
    # Rows are only ever added. 1, 2, 3, ... without a gap.
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    # No foreign key: the log outlives what it tells of.
    Column("staff_id", Id),
    Column("action", String(40), nullable=False),
    Column("object_kind", String(32), nullable=False),
    Column("object_id", String(64), nullable=False),
    # Which role, which filter: short words of ours, never what a patient wrote.
    Column("details", Json, nullable=False),
    Column("address", String(64), nullable=False),
    # SHA-256 over the hash of the row before and this row's content (aftercare.conversation.audit).
    Column("hash", String(64), nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    # One row, locked by who adds to the log: the last row's position and hash.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
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
    # Since when nobody has answered: kept over a release that came before any reply.
    Column("waiting_since", UtcDateTime),
    # When nobody had claimed it in its tier's time, which was told the patient; null again where the tier rises.
    Column("widened_at", UtcDateTime),
    Column("first_reply_at", UtcDateTime),
    # The patient does not want to wait, but the case stands.
    Column("left_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("outcome", String(24)),
    Column("should_have_answered", Boolean),
    # 1 to 5, by the patient.
    Column("rating", Integer),
    Column("rating_comment", Text),
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

Index("ix_patient_case_conversation", patient_case.c.conversation_id, patient_case.c.opened_at)

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
    Column("outcome", String(24)),
)

case_note = Table(
    "case_note",
    metadata,
    # Private: staff write and read them, patients never.
    Column("id", Integer, primary_key=True),
    Column("case_id", Id, ForeignKey("patient_case.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("staff_id", Id, ForeignKey("staff_user.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

case_trained = Table(
    "case_trained",
    metadata,
    # A case in the trainers' inbox (should_have_answered) that one of them has dealt with.
    Column("case_id", Id, ForeignKey("patient_case.id", ondelete="CASCADE"), primary_key=True),
    Column("staff_id", Id, ForeignKey("staff_user.id"), nullable=False),
    Column("done_at", UtcDateTime, nullable=False),
)

case_draft = Table(
    "case_draft",
    metadata,
    Column("case_id", Id, ForeignKey("patient_case.id", ondelete="CASCADE"), nullable=False),
    Column("staff_id", Id, ForeignKey("staff_user.id", ondelete="CASCADE"), nullable=False),
    Column("text", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("case_id", "staff_id"),
)

staff_presence = Table(
    "staff_presence",
    metadata,
    Column("staff_id", Id, ForeignKey("staff_user.id", ondelete="CASCADE"), primary_key=True),
    Column("seen_at", UtcDateTime, nullable=False),
)

staff_mark = Table(
    "staff_mark",
    metadata,
    # How far a member of staff has read a conversation, and until when they count as typing in it.
    Column("conversation_id", Id, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    Column("staff_id", Id, ForeignKey("staff_user.id", ondelete="CASCADE"), nullable=False),
    Column("read_seq", Integer, nullable=False),
    Column("typing_until", UtcDateTime),
    PrimaryKeyConstraint("conversation_id", "staff_id"),
)

patient_mark = Table(
    "patient_mark",
    metadata,
    # How far the patient's page has got the conversation, how far the patient has seen it, until when they are typing.
    Column("conversation_id", Id, ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("delivered_seq", Integer, nullable=False),
    Column("seen_seq", Integer, nullable=False),
    Column("typing_until", UtcDateTime),
)

notification = Table(
    "notification",
    metadata,
    Column("id", Id, primary_key=True),
    # Null for a test.
    Column("case_id", Id, ForeignKey("patient_case.id", ondelete="CASCADE"), index=True),
    Column("kind", String(16), nullable=False),
    Column("tier", String(16)),
    # Which recipient, counted along the clinic's list; its name from the first try on.
    Column("level", Integer, nullable=False),
    Column("recipient", String(40)),
    # What may be notified once only.
    Column("key", String(80), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    # Counts leases; also the fence between two senders: only the holder of the last lease may write the result.
    Column("attempts", Integer, nullable=False),
    # While a sender has it, the end of its lease.
    Column("next_try_at", UtcDateTime, nullable=False),
    # A word on the last try; null if it arrived.
    Column("error", String(40)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("tried_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    _one_of("kind", NOTIFICATION_KINDS, "notification"),
    _one_of("status", NOTIFICATION_STATUSES, "notification"),
)
_PENDING = text("status = 'pending'")
Index("ix_notification_pending", notification.c.next_try_at, sqlite_where=_PENDING, postgresql_where=_PENDING)

readiness = Table(
    "readiness",
    metadata,
    # One row that the readiness check rewrites: proof that the database takes writes.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("checked_at", UtcDateTime, nullable=False),
)
