"""Roles, second factor, invitations, known browsers, waits after wrong tries; the audit log.

Where there are accounts already, the oldest becomes an administrator: somebody must be able to change the others.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.String(36)
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    op.add_column("staff_user", sa.Column("role", sa.String(16), nullable=False, server_default="responder"))
    op.add_column("staff_user", sa.Column("totp_secret", sa.String(64)))
    op.add_column("staff_user", sa.Column("totp_offered", sa.String(64)))
    op.add_column("staff_user", sa.Column("totp_step", sa.Integer))
    op.execute("UPDATE staff_user SET role = 'admin' WHERE id = (SELECT min(id) FROM staff_user)")
    op.add_column("staff_session", sa.Column("locked_at", MOMENT))
    op.add_column("staff_session", sa.Column("code_due_at", MOMENT))
    _of_staff("staff_recovery_code", "code_hash", sa.Column("used_at", MOMENT))
    _of_staff(
        "staff_invitation",
        "token_hash",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
    )
    _of_staff("staff_device", "token_hash", sa.Column("seen_at", MOMENT, nullable=False))
    op.create_table(
        "login_wait",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failed_at", MOMENT, nullable=False),
    )
    op.create_index("ix_login_wait_failed_at", "login_wait", ["failed_at"])
    op.create_table(
        "audit_log",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("staff_id", ID),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("object_kind", sa.String(32), nullable=False),
        sa.Column("object_id", sa.String(64), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "position": 0, "hash": "0" * 64}])


def downgrade() -> None:
    for table in ("audit_head", "audit_log", "login_wait", "staff_device", "staff_invitation", "staff_recovery_code"):
        op.drop_table(table)
    for table, columns in (
        ("staff_session", ("code_due_at", "locked_at")),
        ("staff_user", ("totp_step", "totp_offered", "totp_secret", "role")),
    ):
        for column in columns:
            op.drop_column(table, column)


def _of_staff(table: str, key: str, *columns: sa.Column) -> None:
    op.create_table(
        table,
        sa.Column(key, sa.String(64), primary_key=True),
        sa.Column("staff_id", ID, sa.ForeignKey("staff_user.id", ondelete="CASCADE"), nullable=False),
        *columns,
    )
    op.create_index(f"ix_{table}_staff_id", table, ["staff_id"])
