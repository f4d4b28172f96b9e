"""The outbox of notifications: staff are told outside the console that a case waits. Says nothing of the patient.

A notification is written in the transaction that changes the case, so neither is there without the other; the sender
(``notification_sender``) delivers it. ``level`` counts along the clinic's recipients: 0 for the first, 1 for the second,
and from the first again after the last. Each level of each tier of a case is notified at most once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from aftercare.conversation.ids import new_id
from aftercare.conversation.schema import notification, patient_case

OVERDUE = timedelta(minutes=2)
"""A notification that nobody has tried to send for so long: no sender runs."""


@dataclass(frozen=True)
class Delivery:
    """What became of one notification. ``recipient``: None before the first try. ``error``: a word of ``ERRORS`` if the last
    try failed.
    """

    kind: str
    tier: str | None
    level: int
    recipient: str | None
    status: str
    attempts: int
    error: str | None
    created_at: datetime


ERRORS = {
    "not_delivered": "its service did not take it",
    "late": "its service did not answer in time",
    "no_address": "it has no address",
    "error": "sending failed",
}
"""What an error word means, after "the last message to somebody did not arrive:"."""


def enqueue(connection: Connection, kind: str, case_id: str, tier: str, now: datetime) -> bool:
    """Tell the first recipient of a case that was opened or raised, within the caller's transaction.

    ``kind``: ``opened`` or ``raised``. False where this tier of the case was notified before.
    """
    return _insert(connection, kind, case_id, tier, 0, now)


def widen(connection: Connection, case_id: str, now: datetime) -> bool:
    """Nobody has taken the case: tell the next recipient, within the caller's transaction.

    Every call goes one recipient further. False where there is no such case, or where another process was quicker.
    """
    row = connection.execute(
        select(patient_case.c.tier, func.coalesce(func.max(notification.c.level), -1).label("level"))
        .outerjoin(
            notification,
            and_(notification.c.case_id == patient_case.c.id, notification.c.tier == patient_case.c.tier),
        )
        .where(patient_case.c.id == case_id)
        .group_by(patient_case.c.tier)
    ).first()
    return row is not None and _insert(connection, "widened", case_id, row.tier, row.level + 1, now)


def fail_over(connection: Connection, case_id: str, tier: str, level: int, now: datetime) -> bool:
    """The recipient before this level cannot be reached: tell this one. False where it was told."""
    return _insert(connection, "failing", case_id, tier, level, now)


def enqueue_test(connection: Connection, level: int, now: datetime) -> str:
    """Send a test to one recipient. Returns the notification's id."""
    notification_id = new_id(now)
    connection.execute(
        notification.insert().values(
            id=notification_id,
            kind="test",
            level=level,
            key=f"test:{notification_id}",
            status="pending",
            attempts=0,
            next_try_at=now,
            created_at=now,
        )
    )
    return notification_id


def latest(connection: Connection, limit: int = 50) -> Sequence[Delivery]:
    """The newest notifications, newest first."""
    rows = connection.execute(select(notification).order_by(notification.c.id.desc()).limit(limit))
    return [
        Delivery(
            row.kind,
            row.tier,
            row.level,
            row.recipient,
            row.status,
            row.attempts,
            row.error,
            row.created_at,
        )
        for row in rows
    ]


def problems(connection: Connection, now: datetime) -> list[str]:
    """What keeps notifications from arriving, a sentence each; empty where nothing is known to.

    A recipient's problem is over with the next message that reaches it.
    """
    found = [
        f"The last message to {recipient} did not arrive: {ERRORS.get(error, ERRORS['error'])}."
        for recipient, error in _last_errors(connection)
    ]
    unsent = connection.execute(
        select(func.count()).where(notification.c.status == "pending", notification.c.next_try_at < now - OVERDUE)
    ).scalar_one()
    if unsent:
        found.append(f"{unsent} message(s) to staff wait to be sent, and no process sends them. Is the web process up?")
    return found


def _last_errors(connection: Connection) -> list[tuple[str, str]]:
    """(recipient, error word) of each recipient whose last tried notification failed."""
    last_try = func.max(notification.c.tried_at).label("last_try")
    newest = (
        select(notification.c.recipient, last_try)
        .where(notification.c.tried_at.is_not(None))
        .group_by(notification.c.recipient)
        .subquery()
    )
    rows = connection.execute(
        select(notification.c.recipient, notification.c.error)
        .join(
            newest,
            and_(newest.c.recipient == notification.c.recipient, newest.c.last_try == notification.c.tried_at),
        )
        .where(notification.c.error.is_not(None))
        .order_by(notification.c.recipient)
    )
    return list(dict.fromkeys((row.recipient, row.error) for row in rows))


def _insert(connection: Connection, kind: str, case_id: str, tier: str, level: int, now: datetime) -> bool:
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    written = connection.execute(
        dialect.insert(notification)
        .values(
            id=new_id(now),
            case_id=case_id,
            kind=kind,
            tier=tier,
            level=level,
            key=f"{case_id}:{tier}:{level}",
            status="pending",
            attempts=0,
            next_try_at=now,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )
    return bool(written.rowcount == 1)
