"""Staff accounts and their sessions. Passwords are kept as argon2id hashes, session tokens as SHA-256."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from aftercare.conversation.clock import utc_now
from aftercare.conversation.database import Database
from aftercare.conversation.ids import new_id
from aftercare.conversation.schema import staff_session, staff_user
from aftercare.conversation.sessions import new_token, token_hash

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1000
"""Characters. Longer ones are refused before they are hashed."""

FIRST_ACCOUNT = "clinic"

_hasher = PasswordHasher()


@dataclass(frozen=True)
class Staff:
    """A member of staff. ``name`` is what they log in with."""

    id: str
    name: str
    display_name: str


class BadAccount(ValueError):
    """The account cannot be made; the message says why."""


def add_staff(
    database: Database, name: str, password: str, display_name: str = "", now: datetime | None = None
) -> Staff:
    """Make an account. Raises BadAccount for a name that is taken or a password that is too short."""
    now = now or utc_now()
    name = _login_name(name)
    if not 1 <= len(name) <= 80:
        raise BadAccount("The user name needs 1 to 80 characters.")
    staff = Staff(new_id(now), name, display_name.strip()[:80] or name)
    password_hash = _hash(password)
    with database.writing() as connection:
        if connection.execute(select(staff_user.c.id).where(staff_user.c.name == name)).first():
            raise BadAccount(f"There is already an account named {name!r}.")
        connection.execute(
            insert(staff_user).values(
                id=staff.id,
                name=staff.name,
                display_name=staff.display_name,
                password_hash=password_hash,
                created_at=now,
            )
        )
    return staff


def reset_password(database: Database, name: str, password: str, now: datetime | None = None) -> None:
    """Give an account another password and end its sessions. Raises BadAccount where there is no such account."""
    now = now or utc_now()
    password_hash = _hash(password)
    with database.writing() as connection:
        staff_id = connection.execute(select(staff_user.c.id).where(staff_user.c.name == _login_name(name))).scalar()
        if staff_id is None:
            raise BadAccount(f"There is no account named {_login_name(name)!r}.")
        connection.execute(update(staff_user).where(staff_user.c.id == staff_id).values(password_hash=password_hash))
        connection.execute(
            update(staff_session)
            .where(staff_session.c.staff_id == staff_id, staff_session.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )


def ensure_first_account(database: Database) -> tuple[str, str] | None:
    """Make the first account where there is none. Returns (user, password), to be shown once; else None."""
    with database.reading() as connection:
        if connection.execute(select(staff_user.c.id).limit(1)).first():
            return None
    password = secrets.token_urlsafe(12)
    add_staff(database, FIRST_ACCOUNT, password, "Clinic team")
    return FIRST_ACCOUNT, password


def verify(database: Database, name: str, password: str) -> Staff | None:
    """The member of staff, if the password is theirs. Takes as long for a name that does not exist."""
    with database.reading() as connection:
        row = connection.execute(
            select(staff_user).where(staff_user.c.name == _login_name(name), staff_user.c.disabled_at.is_(None))
        ).first()
    fits = _fits(row.password_hash if row is not None else _nobodys_hash(), password)
    if row is None or not fits:
        return None
    return Staff(row.id, row.name, row.display_name)


def open_staff_session(connection: Connection, staff: Staff, now: datetime) -> str:
    """A new session's token."""
    token = new_token()
    connection.execute(
        insert(staff_session).values(
            id=new_id(now),
            staff_id=staff.id,
            token_hash=token_hash(token),
            created_at=now,
            seen_at=now,
            expires_at=now + ABSOLUTE,
        )
    )
    return token


def staff_of(connection: Connection, token: str, now: datetime) -> Staff | None:
    """Whose session it is; None where it is unknown, ended, idle for 30 minutes, or of a disabled account."""
    row = connection.execute(
        select(staff_user.c.id, staff_user.c.name, staff_user.c.display_name)
        .join(staff_session, staff_session.c.staff_id == staff_user.c.id)
        .where(
            staff_session.c.token_hash == token_hash(token),
            staff_session.c.revoked_at.is_(None),
            staff_session.c.expires_at > now,
            staff_session.c.seen_at > now - IDLE,
            staff_user.c.disabled_at.is_(None),
        )
    ).first()
    return Staff(row.id, row.name, row.display_name) if row is not None else None


def staff_seen(connection: Connection, token: str, now: datetime) -> None:
    """Note that the member of staff did something. A page that refreshes itself does not count."""
    connection.execute(update(staff_session).where(staff_session.c.token_hash == token_hash(token)).values(seen_at=now))


def end_staff_session(connection: Connection, token: str, now: datetime) -> None:
    connection.execute(
        update(staff_session).where(staff_session.c.token_hash == token_hash(token)).values(revoked_at=now)
    )


def _login_name(name: str) -> str:
    # PostgreSQL has no text with NUL in it.
    return name.replace("\0", "").strip().lower()


def _hash(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadAccount(f"The password needs at least {SHORTEST_PASSWORD} characters.")
    return _hasher.hash(password)


def _fits(password_hash: str, password: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))
