"""What the handoff keeps: waiting, outcome, first reply and rating of a case; notes, drafts, presence, marks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.String(36)
MOMENT = sa.DateTime(timezone=True)

COLUMNS = {
    "conversation": {"staff_seq": sa.Integer, "contact": sa.String(200)},
    "patient_case": {
        "waiting_since": MOMENT,
        "widened_at": MOMENT,
        "first_reply_at": MOMENT,
        "left_at": MOMENT,
        "closed_at": MOMENT,
        "outcome": sa.String(24),
        "should_have_answered": sa.Boolean,
        "rating": sa.Integer,
        "rating_comment": sa.Text,
    },
    "case_history": {"outcome": sa.String(24)},
}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind))
    op.execute("UPDATE patient_case SET waiting_since = opened_at")
    op.execute("UPDATE patient_case SET closed_at = updated_at WHERE status = 'closed'")
    op.create_index("ix_patient_case_conversation", "patient_case", ["conversation_id", "opened_at"])
    op.create_table(
        "case_note",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", ID, sa.ForeignKey("patient_case.id", ondelete="CASCADE"), nullable=False),
        sa.Column("staff_id", ID, sa.ForeignKey("staff_user.id"), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_index("ix_case_note_case_id", "case_note", ["case_id"])
    op.create_table(
        "case_draft",
        sa.Column("case_id", ID, sa.ForeignKey("patient_case.id", ondelete="CASCADE"), nullable=False),
        sa.Column("staff_id", ID, sa.ForeignKey("staff_user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "staff_id"),
    )
    op.create_table(
        "staff_presence",
        sa.Column("staff_id", ID, sa.ForeignKey("staff_user.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("seen_at", MOMENT, nullable=False),
    )
    op.create_table(
        "staff_mark",
        sa.Column("conversation_id", ID, sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
        sa.Column("staff_id", ID, sa.ForeignKey("staff_user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("read_seq", sa.Integer, nullable=False),
        sa.Column("typing_until", MOMENT),
        sa.PrimaryKeyConstraint("conversation_id", "staff_id"),
    )
    op.create_table(
        "patient_mark",
        sa.Column("conversation_id", ID, sa.ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("delivered_seq", sa.Integer, nullable=False),
        sa.Column("seen_seq", sa.Integer, nullable=False),
        sa.Column("typing_until", MOMENT),
    )


def downgrade() -> None:
    for table in ("patient_mark", "staff_mark", "staff_presence", "case_draft", "case_note"):
        op.drop_table(table)
    op.drop_index("ix_patient_case_conversation", "patient_case")
    for table, columns in COLUMNS.items():
        for name in columns:
            op.drop_column(table, name)
