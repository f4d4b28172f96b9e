"""Links with which staff set their own password: for a new account, or after a reset. One use, 72 hours."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from aftercare.conversation import audit, staff, staff_sessions
from aftercare.conversation.audit import Actor
from aftercare.conversation.schema import staff_invitation, staff_user
from aftercare.conversation.sessions import new_token, token_hash
from aftercare.conversation.staff_sessions import Staff

LASTS = timedelta(hours=72)


class InvitationOver(Exception):
    """The link is unknown, used, too old, or of a disabled account."""


def invite(
    connection: Connection, name: str, display_name: str, role: str, actor: Actor, now: datetime
) -> tuple[Staff, str]:
    """Make an account without a password, and the secret of its link, which is nowhere else. Raises BadAccount."""
    person = staff.add(connection, name, display_name, role, actor, now)
    return person, _new(connection, person.id, now)


def reset(connection: Connection, staff_id: str, actor: Actor, now: datetime) -> tuple[Staff, str]:
    """Take password, second factor and sessions from an account. Returns the secret of a new link. Raises BadAccount."""
    person = staff.by_id(connection, staff_id)
    staff.withdraw_credentials(connection, person, staff.NO_PASSWORD, now)
    secret = _new(connection, staff_id, now)
    audit.record(connection, actor, "account_reset", now, kind="account", id=staff_id)
    return person, secret


def whose(connection: Connection, secret: str, now: datetime) -> Staff:
    """Who is invited. Raises InvitationOver."""
    row = connection.execute(
        select(staff_user)
        .join(staff_invitation, staff_invitation.c.staff_id == staff_user.c.id)
        .where(
            staff_invitation.c.token_hash == token_hash(secret),
            staff_invitation.c.used_at.is_(None),
            staff_invitation.c.expires_at > now,
            staff_user.c.disabled_at.is_(None),
        )
    ).first()
    if row is None:
        raise InvitationOver
    return staff_sessions.staff_in(row)


def accept(connection: Connection, secret: str, password_hash: str, address: str, now: datetime) -> Staff:
    """Use the link up and set the password. Raises InvitationOver."""
    person = whose(connection, secret, now)
    used = connection.execute(
        update(staff_invitation)
        .where(staff_invitation.c.token_hash == token_hash(secret), staff_invitation.c.used_at.is_(None))
        .values(used_at=now)
    )
    if used.rowcount != 1:
        raise InvitationOver
    connection.execute(update(staff_user).where(staff_user.c.id == person.id).values(password_hash=password_hash))
    audit.record(connection, Actor(person.id, address), "invitation_accepted", now, kind="account", id=person.id)
    return person


def _new(connection: Connection, staff_id: str, now: datetime) -> str:
    secret = new_token()
    connection.execute(delete(staff_invitation).where(staff_invitation.c.staff_id == staff_id))
    connection.execute(
        insert(staff_invitation).values(
            token_hash=token_hash(secret), staff_id=staff_id, created_at=now, expires_at=now + LASTS
        )
    )
    return secret
