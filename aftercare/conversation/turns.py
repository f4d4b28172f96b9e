"""The durable queue of turns: each patient message is worked once, oldest first, one at a time a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, exists, insert, literal_column, or_, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import Select

from aftercare.conversation import conversations, marks, transcript
from aftercare.conversation.assistant import Reply
from aftercare.conversation.database import Database
from aftercare.conversation.ids import new_id
from aftercare.conversation.schema import UtcDateTime, conversation, message, turn

MOST_TOGETHER = 10
"""Turns leased in one transaction: each transaction is written to the disk before the next begins."""

MOST_LEASES = 3
"""A turn that was begun this often and never finished is not begun again: it may be what stops the process."""


@dataclass(frozen=True)
class Accepted:
    """The number of the patient's message; ``duplicate``: it was taken before, nothing was done."""

    seq: int
    duplicate: bool


@dataclass(frozen=True)
class Pressed:
    """A button's meaning, which the patient never sends: the intent and the text that go to the assistant."""

    intent: str
    text: str


@dataclass(frozen=True)
class LeasedTurn:
    """A turn that this worker has, and the conversation as it stood then.

    ``for_staff``: a person has the conversation, or had it when the message came: the assistant does not answer.
    """

    id: str
    conversation_id: str
    seq: int
    text: str
    intent: str | None
    said_at: datetime
    attempts: int
    epoch: int
    report: Mapping[str, Any] | None
    for_staff: bool


@dataclass(frozen=True)
class TurnRecord:
    """What became of a turn. ``outcome``: see ``outcome_record`` in worker.py; ``error`` is a word."""

    id: str
    seq: int
    status: str
    outcome: Mapping[str, Any] | None
    error: str | None


def accept(
    connection: Connection,
    conversation_id: str,
    client_id: str,
    text: str,
    now: datetime,
    pressed: Pressed | None = None,
    kind: str = "text",
) -> Accepted:
    """Take a patient's message and queue its turn. The same ``client_id`` is taken once."""
    accepted, turn_id = _take_message(connection, conversation_id, client_id, text, kind, now)
    if not accepted.duplicate:
        _insert(
            connection,
            id=turn_id,
            conversation_id=conversation_id,
            seq=accepted.seq,
            created_at=now,
            status="pending",
            intent=pressed.intent if pressed else None,
            text=pressed.text if pressed else None,
        )
    return accepted


def accept_answered(
    connection: Connection,
    conversation_id: str,
    client_id: str,
    text: str,
    now: datetime,
    outcome: Mapping[str, Any],
    kind: str = "text",
) -> Accepted:
    """Take a patient's message that needs no assistant; its turn is done with this outcome."""
    accepted, turn_id = _take_message(connection, conversation_id, client_id, text, kind, now)
    if not accepted.duplicate:
        _insert(
            connection,
            id=turn_id,
            conversation_id=conversation_id,
            seq=accepted.seq,
            created_at=now,
            status="done",
            outcome=outcome,
        )
    return accepted


def lease(database: Database, now: datetime, length: timedelta, most: int = MOST_TOGETHER) -> list[LeasedTurn]:
    """The oldest turns that nobody works on, ours for ``length``; at most so many. Raises StorageError.

    A turn whose worker let the lease run out (it crashed, or was cut off) counts as nobody's.
    """
    with database.reading() as connection:
        if connection.execute(_FREE_TURNS, {"now": now}).first() is None:
            return []
    with database.writing() as connection:
        rows = connection.execute(_FREE_TURNS, {"now": now}).all()[:most]
        return [_leased(row) for row in rows if _take_lease(connection, row, now + length)]


def _leased(row: Any) -> LeasedTurn:
    return LeasedTurn(
        id=row.id,
        conversation_id=row.conversation_id,
        seq=row.seq,
        text=row.sent if row.sent is not None else row.said,
        intent=row.intent,
        said_at=row.created_at,
        attempts=row.attempts + 1,
        epoch=row.epoch,
        report=row.report,
        for_staff=row.mode == "staff" or row.seq <= (row.staff_seq or 0),
    )


def finish(
    connection: Connection,
    leased: LeasedTurn,
    status: str,
    outcome: Mapping[str, Any] | None = None,
    error: str | None = None,
) -> bool:
    """End the turn. False where it is no longer ours: then nothing of it may be written."""
    of = {"of": leased.id, "begun": leased.attempts}
    values = {"status": status, "outcome": outcome, "error": error, "lease_until": None}
    ended = connection.execute(_FINISH, of | values)
    return bool(ended.rowcount == 1)


def amend(connection: Connection, turn_id: str, outcome: Mapping[str, Any]) -> None:
    """Replace the outcome that is kept of an ended turn."""
    connection.execute(
        update(turn).where(turn.c.id == turn_id, turn.c.status.in_(("done", "skipped"))).values(outcome=outcome)
    )


def record(connection: Connection, conversation_id: str, seq: int) -> TurnRecord | None:
    """What became of the turn of the message with this number."""
    row = connection.execute(select(turn).where(turn.c.conversation_id == conversation_id, turn.c.seq == seq)).first()
    return TurnRecord(row.id, row.seq, row.status, row.outcome, row.error) if row is not None else None


def records(connection: Connection, conversation_id: str) -> list[TurnRecord]:
    rows = connection.execute(select(turn).where(turn.c.conversation_id == conversation_id).order_by(turn.c.seq))
    return [TurnRecord(row.id, row.seq, row.status, row.outcome, row.error) for row in rows]


def _take_message(
    connection: Connection, conversation_id: str, client_id: str, text: str, kind: str, now: datetime
) -> tuple[Accepted, str]:
    state = conversations.lock(connection, conversation_id, now)
    known = transcript.seq_of_client_id(connection, conversation_id, client_id)
    if known is not None:
        return Accepted(known, duplicate=True), ""
    if state.mode == "closed":
        conversations.set_mode(connection, conversation_id, "assistant")
    turn_id = new_id(now)
    seq = transcript.append(
        connection,
        conversation_id,
        Reply(text, kind),
        now,
        role="patient",
        name="",
        client_id=client_id,
        turn_id=turn_id,
    )
    marks.patient_stopped(connection, conversation_id)
    return Accepted(seq, duplicate=False), turn_id


def _insert(connection: Connection, **values: Any) -> None:
    connection.execute(_INSERT, {"attempts": 0, **values})


_OPEN = (literal_column("'pending'"), literal_column("'running'"))
"""Written out in the statement: SQLite uses the index of open turns only where it sees these values."""


def _free_turns() -> Select:
    """The next turns, oldest first, with what their conversations have established; parameter: ``now``."""
    earlier = turn.alias("earlier")
    waits_for_earlier = exists().where(
        earlier.c.conversation_id == turn.c.conversation_id,
        earlier.c.seq < turn.c.seq,
        earlier.c.status.in_(_OPEN),
    )
    return (
        select(
            turn.c.id,
            turn.c.conversation_id,
            turn.c.seq,
            turn.c.intent,
            turn.c.text.label("sent"),
            turn.c.attempts,
            turn.c.created_at,
            message.c.text.label("said"),
            conversation.c.mode,
            conversation.c.staff_seq,
            conversation.c.epoch,
            conversation.c.report,
        )
        .join(message, and_(message.c.conversation_id == turn.c.conversation_id, message.c.seq == turn.c.seq))
        .join(conversation, conversation.c.id == turn.c.conversation_id)
        .where(
            turn.c.status.in_(_OPEN),
            or_(turn.c.status == "pending", turn.c.lease_until < bindparam("now", type_=UtcDateTime)),
            ~waits_for_earlier,
        )
        .order_by(turn.c.created_at, turn.c.id)
        .limit(MOST_TOGETHER)
    )


_FREE_TURNS = _free_turns()
_INSERT = insert(turn)
_BEGUN = update(turn).where(turn.c.id == bindparam("of"), turn.c.attempts == bindparam("begun"))
_TAKE = _BEGUN.where(turn.c.status.in_(("pending", "running")))
_FINISH = _BEGUN.where(turn.c.status == "running")


def _take_lease(connection: Connection, row: Any, until: datetime) -> bool:
    of = {"of": row.id, "begun": row.attempts}
    taken = connection.execute(_TAKE, of | {"status": "running", "attempts": row.attempts + 1, "lease_until": until})
    return bool(taken.rowcount == 1)
