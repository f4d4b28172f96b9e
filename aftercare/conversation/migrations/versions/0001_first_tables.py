"""Sessions, conversations, messages, turns, cases, staff."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.String(36)
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", ID, primary_key=True),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("last_seq", sa.Integer, nullable=False),
        sa.Column("report", JSON),
        sa.Column("treated_on", sa.Date),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("mode IN ('assistant', 'waiting', 'staff', 'closed')", name="ck_conversation_mode"),
    )
    op.create_table(
        "staff_user",
        sa.Column("id", ID, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False, unique=True),
        sa.Column("display_name", sa.String(80), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT),
    )
    _sessions("patient_session", "conversation_id", "conversation.id")
    _sessions("staff_session", "staff_id", "staff_user.id")
    op.create_table(
        "message",
        sa.Column("conversation_id", ID, sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("buttons", JSON, nullable=False),
        sa.Column("sources", JSON, nullable=False),
        sa.Column("client_id", sa.String(36)),
        sa.Column("turn_id", ID),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "seq"),
        sa.UniqueConstraint("conversation_id", "role", "client_id", name="uq_message_client"),
        sa.CheckConstraint("role IN ('patient', 'assistant', 'staff', 'system')", name="ck_message_role"),
    )
    op.create_table(
        "turn",
        sa.Column("id", ID, primary_key=True),
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("intent", sa.String(80)),
        sa.Column("text", sa.Text),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_until", MOMENT),
        sa.Column("outcome", JSON),
        sa.Column("error", sa.String(40)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id", "seq"], ["message.conversation_id", "message.seq"], ondelete="CASCADE"
        ),
        sa.UniqueConstraint("conversation_id", "seq", name="uq_turn_message"),
        sa.CheckConstraint("status IN ('pending', 'running', 'done', 'failed', 'skipped')", name="ck_turn_status"),
    )
    op.create_index("ix_turn_open", "turn", ["conversation_id", "seq"], **_only("status IN ('pending', 'running')"))
    op.create_table(
        "patient_case",
        sa.Column("id", ID, primary_key=True),
        sa.Column("conversation_id", ID, sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
        sa.Column("tier", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("handoff", sa.String(32), nullable=False),
        sa.Column("hits", JSON, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("assignee_id", ID, sa.ForeignKey("staff_user.id")),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("tier IN ('soon', 'urgent', 'emergency')", name="ck_patient_case_tier"),
        sa.CheckConstraint("status IN ('waiting', 'claimed', 'closed')", name="ck_patient_case_status"),
    )
    op.create_index(
        "uq_patient_case_open", "patient_case", ["conversation_id"], unique=True, **_only("status <> 'closed'")
    )
    op.create_table(
        "case_history",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", ID, sa.ForeignKey("patient_case.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("tier", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("handoff", sa.String(32), nullable=False),
        sa.Column("hits", JSON, nullable=False),
        sa.Column("staff_id", ID, sa.ForeignKey("staff_user.id")),
        sa.Column("seq", sa.Integer),
    )
    op.create_index("ix_case_history_case_id", "case_history", ["case_id"])
    op.create_table(
        "readiness",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("checked_at", MOMENT, nullable=False),
    )


def downgrade() -> None:
    for table in (
        "readiness",
        "case_history",
        "patient_case",
        "turn",
        "message",
        "staff_session",
        "patient_session",
        "staff_user",
        "conversation",
    ):
        op.drop_table(table)


def _sessions(table: str, owner: str, owned: str) -> None:
    op.create_table(
        table,
        sa.Column("id", ID, primary_key=True),
        sa.Column(owner, ID, sa.ForeignKey(owned, ondelete="CASCADE"), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
    )
    op.create_index(f"ix_{table}_{owner}", table, [owner])


def _only(where: str) -> dict[str, sa.sql.elements.TextClause]:
    return {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
