"""Which staff are there: their pages give a sign (a heartbeat) every few seconds while they are open."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import exists, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from aftercare.conversation.database import insert_missing
from aftercare.conversation.schema import staff_presence

BEAT_EVERY = timedelta(seconds=20)
"""How often a page gives a sign."""

ABSENT_AFTER = timedelta(seconds=90)
"""Four signs missed: a colleague may take the conversation over."""


def beat(connection: Connection, staff_id: str, now: datetime) -> None:
    """Note that this member of staff is there."""
    insert_missing(connection, staff_presence, staff_id=staff_id, seen_at=now)
    connection.execute(update(staff_presence).where(staff_presence.c.staff_id == staff_id).values(seen_at=now))


def beat_together(connection: Connection, staff_ids: Collection[str], now: datetime) -> None:
    """The same for many at once."""
    known = connection.execute(select(staff_presence.c.staff_id).where(staff_presence.c.staff_id.in_(staff_ids)))
    for staff_id in set(staff_ids) - {row.staff_id for row in known}:
        insert_missing(connection, staff_presence, staff_id=staff_id, seen_at=now)
    connection.execute(update(staff_presence).where(staff_presence.c.staff_id.in_(staff_ids)).values(seen_at=now))


def present(connection: Connection, now: datetime) -> frozenset[str]:
    """The ids of the staff who are there."""
    return present_since(connection, now - ABSENT_AFTER)


def present_since(connection: Connection, moment: datetime) -> frozenset[str]:
    """The ids of the staff who gave a sign after ``moment``."""
    rows = connection.execute(select(staff_presence.c.staff_id).where(staff_presence.c.seen_at > moment))
    return frozenset(row.staff_id for row in rows)


def seen_since(staff_id: ColumnElement[str], moment: datetime) -> ColumnElement[bool]:
    """The condition that this member of staff gave a sign after ``moment``, for use inside a statement."""
    return exists().where(staff_presence.c.staff_id == staff_id, staff_presence.c.seen_at > moment)
