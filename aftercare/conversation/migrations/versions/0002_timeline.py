"""The timeline of healing in a message, where it shows one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("message", sa.Column("timeline", sa.JSON(none_as_null=True)))


def downgrade() -> None:
    op.drop_column("message", "timeline")
