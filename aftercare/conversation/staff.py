"""Staff accounts: who there is, what they may do, and their passwords, kept as argon2id hashes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from aftercare.conversation import audit, login_waits, roles, staff_sessions
from aftercare.conversation.audit import COMMAND_LINE, Actor
from aftercare.conversation.clock import utc_now
from aftercare.conversation.database import Database
from aftercare.conversation.ids import new_id
from aftercare.conversation.schema import staff_invitation, staff_recovery_code, staff_session, staff_user
from aftercare.conversation.staff_sessions import Staff

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1000
"""Characters. Longer ones are refused before they are hashed."""

FIRST_ACCOUNT = "clinic"

NOBODYS_NAME = "A person"
"""What patients read of the first account until an administrator gives it a name: "A person from the clinic has joined"."""

NO_PASSWORD = ""
"""In place of a hash: no password fits."""

_hasher = PasswordHasher()


@dataclass(frozen=True)
class Account:
    """An account as the list shows it. ``invited``: it has no password yet; ``seen_at``: its newest session was used."""

    staff: Staff
    created_at: datetime
    disabled_at: datetime | None
    invited: bool
    sessions: int
    seen_at: datetime | None

    @property
    def standing(self) -> str:
        if self.disabled_at is not None:
            return "disabled"
        return "invited" if self.invited else "active"


_TITLES = frozenset({"dr", "doctor", "nurse", "sister", "matron", "mr", "mrs", "ms", "miss", "mx", "prof", "professor"})


def first_name(display_name: str) -> str:
    """What patients read: "Kim" of "Kim Lee", "Nurse Kim" of "Nurse Kim Lee"; "A person" is nobody's name and stays."""
    words = display_name.split()
    if not words or words[-1].islower():
        return display_name
    return " ".join(words[: 2 if words[0].lower().rstrip(".") in _TITLES else 1])


class BadAccount(ValueError):
    """The account cannot be made or changed so; the message says why."""


def add_staff(
    database: Database,
    name: str,
    password: str,
    display_name: str = "",
    now: datetime | None = None,
    role: str = "responder",
) -> Staff:
    """Make an account with a password. Raises BadAccount as ``add`` and ``password_hash`` do."""
    hashed = password_hash(password)
    with database.writing() as connection:
        return add(connection, name, display_name, role, COMMAND_LINE, now or utc_now(), hashed)


def add(
    connection: Connection,
    name: str,
    display_name: str,
    role: str,
    actor: Actor,
    now: datetime,
    hashed: str = NO_PASSWORD,
) -> Staff:
    """Make an account. Raises BadAccount for a name that is taken or empty, and for an unknown role."""
    name = login_name(name)
    if not 1 <= len(name) <= 80:
        raise BadAccount("The user name needs 1 to 80 characters.")
    _check_role(role)
    if connection.execute(select(staff_user.c.id).where(staff_user.c.name == name)).first():
        raise BadAccount(f"There is already an account named {name!r}.")
    shown = _shown(display_name) or name
    person = Staff(new_id(now), name, shown, role)
    connection.execute(
        insert(staff_user).values(
            id=person.id, name=name, display_name=shown, password_hash=hashed, created_at=now, role=role
        )
    )
    audit.record(connection, actor, "account_added", now, kind="account", id=person.id, details={"role": role})
    return person


def reset_password(database: Database, name: str, password: str, now: datetime | None = None) -> None:
    """Give an account another password, take its second factor away and end its sessions.

    Raises BadAccount where there is no such account, and as ``password_hash`` does.
    """
    now = now or utc_now()
    hashed = password_hash(password)
    with database.writing() as connection:
        person = named(connection, name)
        withdraw_credentials(connection, person, hashed, now)
        audit.record(connection, COMMAND_LINE, "account_reset", now, kind="account", id=person.id)


def withdraw_credentials(connection: Connection, person: Staff, hashed: str, now: datetime) -> None:
    """Put ``hashed`` in place of the password; nothing that let the account in before lets it in after."""
    connection.execute(
        update(staff_user)
        .where(staff_user.c.id == person.id)
        .values(password_hash=hashed, totp_secret=None, totp_offered=None, totp_step=None)
    )
    connection.execute(delete(staff_recovery_code).where(staff_recovery_code.c.staff_id == person.id))
    connection.execute(delete(staff_invitation).where(staff_invitation.c.staff_id == person.id))
    login_waits.forget(connection, person.id, person.name)
    staff_sessions.end_all(connection, person.id, now)


def set_password(connection: Connection, person: Staff, hashed: str, actor: Actor, now: datetime) -> None:
    """Another password, chosen by its owner. Their sessions end: who sets it opens a new one."""
    connection.execute(update(staff_user).where(staff_user.c.id == person.id).values(password_hash=hashed))
    staff_sessions.end_all(connection, person.id, now)
    audit.record(connection, actor, "password_changed", now, kind="account", id=person.id)


def rename(connection: Connection, staff_id: str, display_name: str, actor: Actor, now: datetime) -> None:
    """Another name for patients to see, from the next message on. Raises BadAccount for an empty one."""
    by_id(connection, staff_id)
    shown = _shown(display_name)
    if not shown:
        raise BadAccount("Patients need a name to see, such as a first name.")
    connection.execute(update(staff_user).where(staff_user.c.id == staff_id).values(display_name=shown))
    audit.record(connection, actor, "account_renamed", now, kind="account", id=staff_id)


def change_role(connection: Connection, staff_id: str, role: str, actor: Actor, now: datetime) -> None:
    """Their sessions end: the new permissions begin with a new login. Raises BadAccount."""
    _check_role(role)
    before = _changing(connection, staff_id, keeps_access=roles.may(role, "accounts"))
    connection.execute(update(staff_user).where(staff_user.c.id == staff_id).values(role=role))
    staff_sessions.end_all(connection, staff_id, now)
    details = {"from": before.role, "to": role}
    audit.record(connection, actor, "role_changed", now, kind="account", id=staff_id, details=details)


def disable(connection: Connection, staff_id: str, actor: Actor, now: datetime) -> None:
    """Shut an account: its sessions end, its links are void, what it did stays. Raises BadAccount."""
    _changing(connection, staff_id, keeps_access=False)
    connection.execute(update(staff_user).where(staff_user.c.id == staff_id).values(disabled_at=now))
    connection.execute(delete(staff_invitation).where(staff_invitation.c.staff_id == staff_id))
    staff_sessions.end_all(connection, staff_id, now)
    audit.record(connection, actor, "account_disabled", now, kind="account", id=staff_id)


def enable(connection: Connection, staff_id: str, actor: Actor, now: datetime) -> None:
    """Open a disabled account again, with the password that it had. Raises BadAccount."""
    by_id(connection, staff_id)
    connection.execute(update(staff_user).where(staff_user.c.id == staff_id).values(disabled_at=None))
    audit.record(connection, actor, "account_enabled", now, kind="account", id=staff_id)


def end_sessions(connection: Connection, staff_id: str, actor: Actor, now: datetime) -> None:
    """Log the account out everywhere. Raises BadAccount."""
    by_id(connection, staff_id)
    staff_sessions.end_all(connection, staff_id, now)
    audit.record(connection, actor, "sessions_ended", now, kind="account", id=staff_id)


def accounts(connection: Connection, now: datetime) -> Sequence[Account]:
    """Every account, by name."""
    sessions: dict[str, list[datetime]] = {}
    rows = connection.execute(
        select(staff_session.c.staff_id, staff_session.c.seen_at).where(
            staff_session.c.revoked_at.is_(None), staff_session.c.expires_at > now
        )
    )
    for row in rows:
        sessions.setdefault(row.staff_id, []).append(row.seen_at)
    return [
        Account(
            staff_sessions.staff_in(row),
            row.created_at,
            row.disabled_at,
            row.password_hash == NO_PASSWORD,
            len(sessions.get(row.id, ())),
            max(sessions.get(row.id, ()), default=None),
        )
        for row in connection.execute(select(staff_user).order_by(staff_user.c.name))
    ]


def named(connection: Connection, name: str) -> Staff:
    """The account of a user name, disabled ones as well. Raises BadAccount."""
    return _found(connection, staff_user.c.name == login_name(name), f"There is no account named {login_name(name)!r}.")


def by_id(connection: Connection, staff_id: str) -> Staff:
    """The account of an id, disabled ones as well. Raises BadAccount."""
    return _found(connection, staff_user.c.id == staff_id, "There is no such account.")


def ensure_first_account(database: Database) -> tuple[str, str] | None:
    """Make the first account where there is none. Returns (user, password), to be shown once; else None."""
    with database.reading() as connection:
        if connection.execute(select(staff_user.c.id).limit(1)).first():
            return None
    password = new_password()
    add_staff(database, FIRST_ACCOUNT, password, NOBODYS_NAME, role="admin")
    return FIRST_ACCOUNT, password


def new_password() -> str:
    """A password that nobody has to think of: 96 random bits."""
    return secrets.token_urlsafe(12)


def verify(database: Database, name: str, password: str) -> Staff | None:
    """The member of staff, if the password is theirs. Takes as long for a name that does not exist."""
    with database.reading() as connection:
        row = connection.execute(
            select(staff_user).where(staff_user.c.name == login_name(name), staff_user.c.disabled_at.is_(None))
        ).first()
    fits = _fits(row.password_hash if row is not None and row.password_hash else _nobodys_hash(), password)
    return staff_sessions.staff_in(row) if row is not None and row.password_hash and fits else None


def login_name(name: str) -> str:
    """The user name as it is kept: in lower case, without spaces around it."""
    # PostgreSQL has no text with NUL in it.
    return name.replace("\0", "").strip().lower()


def password_hash(password: str) -> str:
    """The argon2id hash. Raises BadAccount for a password that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadAccount(f"The password needs at least {SHORTEST_PASSWORD} characters.")
    return _hasher.hash(password)


def _shown(display_name: str) -> str:
    return " ".join(display_name.replace("\0", "").split())[:80]


def _check_role(role: str) -> None:
    if role not in roles.ROLES:
        raise BadAccount(f"There is no role {role!r}. Roles: {', '.join(roles.ROLES)}.")


def _changing(connection: Connection, staff_id: str, *, keeps_access: bool) -> Staff:
    """The account before a change. Raises BadAccount where nobody would be left who may look after accounts."""
    person = by_id(connection, staff_id)
    # Locked, so that two who shut each other out at once cannot both succeed.
    rows = connection.execute(
        select(staff_user.c.id, staff_user.c.role)
        .where(staff_user.c.disabled_at.is_(None), staff_user.c.password_hash != NO_PASSWORD)
        .order_by(staff_user.c.id)
        .with_for_update()
    )
    keepers = {row.id for row in rows if roles.may(row.role, "accounts")}
    if keepers == {staff_id} and not keeps_access:
        raise BadAccount("Nobody else could look after the accounts. Make another administrator first.")
    return person


def _found(connection: Connection, which: Any, otherwise: str) -> Staff:
    row = connection.execute(select(staff_user).where(which)).first()
    if row is None:
        raise BadAccount(otherwise)
    return staff_sessions.staff_in(row)


def _fits(hashed: str, password: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))
