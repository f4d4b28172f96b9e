"""Staff sessions: opened at login, locked when idle, over after twelve hours. Only the token's hash is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from aftercare.conversation import roles
from aftercare.conversation.ids import new_id
from aftercare.conversation.schema import staff_session, staff_user
from aftercare.conversation.sessions import new_token, token_hash

IDLE = timedelta(minutes=30)
"""After so long without a page the session locks, and asks for the password again."""

ABSOLUTE = timedelta(hours=12)

CODE_WITHIN = timedelta(minutes=10)
"""Between the password and the code of the second factor."""


@dataclass(frozen=True)
class Staff:
    """A member of staff. ``name`` is what they log in with; ``second_factor``: they have an authenticator app."""

    id: str
    name: str
    display_name: str
    role: str
    second_factor: bool = False

    def may(self, permission: str) -> bool:
        return roles.may(self.role, permission)


class Standing(Enum):
    """How a session stands. Only an open one lets its owner work."""

    OPEN = "open"
    LOCKED = "locked"
    CODE_DUE = "code due"


@dataclass(frozen=True)
class StaffSession:
    id: str
    staff: Staff
    standing: Standing
    opened_at: datetime


def open_session(connection: Connection, staff: Staff, now: datetime, *, code_due: bool = False) -> str:
    """A new session's token. ``code_due``: the code of the second factor is still to come."""
    token = new_token()
    connection.execute(
        insert(staff_session).values(
            id=new_id(now),
            staff_id=staff.id,
            token_hash=token_hash(token),
            created_at=now,
            seen_at=now,
            expires_at=now + (CODE_WITHIN if code_due else ABSOLUTE),
            code_due_at=now if code_due else None,
        )
    )
    return token


def session_of(connection: Connection, token: str, now: datetime) -> StaffSession | None:
    """The session of a token; None where it is unknown, ended, older than 12 hours, or of a disabled account."""
    row = connection.execute(
        select(
            staff_user,
            staff_session.c.id.label("session_id"),
            staff_session.c.created_at.label("opened_at"),
            staff_session.c.seen_at,
            staff_session.c.locked_at,
            staff_session.c.code_due_at,
        )
        .join(staff_session, staff_session.c.staff_id == staff_user.c.id)
        .where(
            staff_session.c.token_hash == token_hash(token),
            staff_session.c.revoked_at.is_(None),
            staff_session.c.expires_at > now,
            staff_user.c.disabled_at.is_(None),
        )
    ).first()
    if row is None:
        return None
    standing = Standing.OPEN
    if row.code_due_at is not None:
        standing = Standing.CODE_DUE
    elif row.locked_at is not None or row.seen_at <= now - IDLE:
        standing = Standing.LOCKED
    return StaffSession(row.session_id, staff_in(row), standing, row.opened_at)


def seen(connection: Connection, session_id: str, now: datetime) -> None:
    """Note that the member of staff did something. A page that refreshes itself does not count."""
    connection.execute(update(staff_session).where(staff_session.c.id == session_id).values(seen_at=now))


def lock(connection: Connection, session_id: str, now: datetime) -> None:
    connection.execute(update(staff_session).where(staff_session.c.id == session_id).values(locked_at=now))


def unlock(connection: Connection, session_id: str, now: datetime) -> str:
    """Go on with a locked session, under a new token, which is returned. Its end stays where it was."""
    token = new_token()
    connection.execute(
        update(staff_session)
        .where(staff_session.c.id == session_id)
        .values(token_hash=token_hash(token), locked_at=None, seen_at=now)
    )
    return token


def end(connection: Connection, session_id: str, now: datetime) -> None:
    connection.execute(update(staff_session).where(staff_session.c.id == session_id).values(revoked_at=now))


def end_all(connection: Connection, staff_id: str, now: datetime) -> None:
    """End every session of an account."""
    connection.execute(
        update(staff_session)
        .where(staff_session.c.staff_id == staff_id, staff_session.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def staff_in(row: Any) -> Staff:
    """The member of staff in a row of ``staff_user``."""
    return Staff(row.id, row.name, row.display_name, row.role, row.totp_secret is not None)
