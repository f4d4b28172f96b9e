"""Cases that trainers have dealt with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "case_trained",
        sa.Column("case_id", sa.String(36), sa.ForeignKey("patient_case.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("staff_id", sa.String(36), sa.ForeignKey("staff_user.id"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("case_trained")
