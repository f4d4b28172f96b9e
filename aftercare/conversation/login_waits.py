"""Guessing gets slower with every wrong try, over all processes: the tries are counted in the database.

A stranger's tries at a name must not keep its owner out. So tries from a browser that the owner has logged in with before
are counted for that browser, not for the name; and the longest wait is a quarter of an hour.
"""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from aftercare.conversation.schema import login_wait, staff_device, staff_user
from aftercare.conversation.sessions import new_token, token_hash

FREE = 5
"""Wrong tries without a wait."""

FIRST_WAIT = timedelta(seconds=5)
"""Then so long, and twice as long after each further one."""

LONGEST_WAIT = timedelta(minutes=15)

FORGOTTEN = timedelta(hours=24)
"""After the last wrong try."""

DEVICE_KEPT = timedelta(days=180)
"""Since the last login with it."""


def of_name(name: str) -> str:
    return _key("name", name)


def of_device(token: str) -> str:
    return _key("device", token_hash(token))


def of_code(staff_id: str) -> str:
    return _key("code", staff_id)


def of_session(session_id: str) -> str:
    return _key("session", session_id)


def take(connection: Connection, key: str, now: datetime) -> int:
    """Begin a try: it counts as wrong until ``right``. Returns 0, or the seconds to wait, and then nothing may be tried.

    Counting before looking means that tries at the same moment do not slip through together.
    """
    connection.execute(delete(login_wait).where(login_wait.c.failed_at <= now - FORGOTTEN))
    new = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}[connection.dialect.name]
    connection.execute(new(login_wait).values(key=key, failures=0, failed_at=now).on_conflict_do_nothing())
    row = connection.execute(select(login_wait).where(login_wait.c.key == key).with_for_update()).one()
    left = row.failed_at + wait_after(row.failures) - now
    if left > timedelta(0):
        return max(1, math.ceil(left.total_seconds()))
    connection.execute(
        update(login_wait).where(login_wait.c.key == key).values(failures=row.failures + 1, failed_at=now)
    )
    return 0


def right(connection: Connection, key: str) -> None:
    """The try was right: the count begins anew."""
    connection.execute(delete(login_wait).where(login_wait.c.key == key))


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many wrong tries in a row."""
    if failures < FREE:
        return timedelta(0)
    # Beyond ten doublings the longest wait is reached; larger powers would overflow.
    return min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures - FREE, 10))


def is_known_device(connection: Connection, token: str, name: str, now: datetime) -> bool:
    """Whether the member of staff of this user name has logged in with the browser that has the token."""
    found = (
        select(staff_device.c.token_hash)
        .join(staff_user, staff_user.c.id == staff_device.c.staff_id)
        .where(
            staff_device.c.token_hash == token_hash(token),
            staff_device.c.seen_at > now - DEVICE_KEPT,
            staff_user.c.name == name,
        )
    )
    return connection.execute(found).first() is not None


def remember_device(connection: Connection, staff_id: str, now: datetime) -> str:
    """A new token for the browser that this member of staff has just logged in with."""
    token = new_token()
    connection.execute(insert(staff_device).values(token_hash=token_hash(token), staff_id=staff_id, seen_at=now))
    connection.execute(delete(staff_device).where(staff_device.c.seen_at <= now - DEVICE_KEPT))
    return token


def device_seen(connection: Connection, token: str, now: datetime) -> None:
    connection.execute(update(staff_device).where(staff_device.c.token_hash == token_hash(token)).values(seen_at=now))


def forget(connection: Connection, staff_id: str, name: str) -> None:
    """Forget an account's browsers, and the wrong tries at its name and its codes."""
    connection.execute(delete(staff_device).where(staff_device.c.staff_id == staff_id))
    right(connection, of_name(name))
    right(connection, of_code(staff_id))


def _key(kind: str, what: str) -> str:
    return hashlib.sha256(f"{kind} {what}".encode("utf-8", "surrogatepass")).hexdigest()
