"""The outbox of notifications to staff."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.String(36)
MOMENT = sa.DateTime(timezone=True)
PENDING = sa.text("status = 'pending'")


def upgrade() -> None:
    op.create_table(
        "notification",
        sa.Column("id", ID, primary_key=True),
        sa.Column("case_id", ID, sa.ForeignKey("patient_case.id", ondelete="CASCADE")),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("tier", sa.String(16)),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("recipient", sa.String(40)),
        sa.Column("key", sa.String(80), nullable=False, unique=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("error", sa.String(40)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("tried_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.CheckConstraint("kind IN ('opened', 'raised', 'widened', 'failing', 'test')", name="ck_notification_kind"),
        sa.CheckConstraint("status IN ('pending', 'sent', 'failed', 'needless')", name="ck_notification_status"),
    )
    op.create_index("ix_notification_case_id", "notification", ["case_id"])
    op.create_index(
        "ix_notification_pending", "notification", ["next_try_at"], sqlite_where=PENDING, postgresql_where=PENDING
    )


def downgrade() -> None:
    op.drop_table("notification")
