"""The conversation itself: who has it (mode), how often it changed hands (epoch), what it established (report)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, exists, insert, select, update
from sqlalchemy.engine import Connection

from aftercare.conversation.ids import new_id
from aftercare.conversation.schema import conversation, turn


@dataclass(frozen=True)
class State:
    """``typing``: the assistant is about to answer. ``contact``: how staff may reach the patient; for staff alone."""

    id: str
    mode: str
    epoch: int
    last_seq: int
    typing: bool
    report: Mapping[str, Any] | None
    treated_on: date | None
    contact: str | None = None


def create(connection: Connection, report: Mapping[str, Any] | None, treated_on: date | None, now: datetime) -> str:
    """A new conversation that the assistant has. Returns its id."""
    conversation_id = new_id(now)
    connection.execute(
        insert(conversation).values(
            id=conversation_id,
            mode="assistant",
            epoch=0,
            last_seq=0,
            report=report,
            treated_on=treated_on,
            created_at=now,
            updated_at=now,
        )
    )
    return conversation_id


def state(connection: Connection, conversation_id: str) -> State:
    """How it stands. Raises NoResultFound for an unknown id."""
    row = connection.execute(_STATE, {"of": conversation_id}).one()
    return State(
        id=row.id,
        mode=row.mode,
        epoch=row.epoch,
        last_seq=row.last_seq,
        typing=bool(row.unanswered) and row.mode != "staff",
        report=row.report,
        treated_on=row.treated_on,
        contact=row.contact,
    )


def lock(connection: Connection, conversation_id: str, now: datetime) -> State:
    """How it stands, and nobody else changes it before this transaction ends. Taken before any other row."""
    _set(connection, conversation_id, updated_at=now)
    return state(connection, conversation_id)


def set_mode(connection: Connection, conversation_id: str, mode: str) -> None:
    """A change that leaves the conversation with whom it was: a case opened, or a closed one goes on."""
    _set(connection, conversation_id, mode=mode)


def change_hands(connection: Connection, conversation_id: str, mode: str) -> None:
    """Somebody else has it now: answers that were begun before are not shown any more."""
    connection.execute(_UPDATE.values(mode=mode, epoch=conversation.c.epoch + 1), {"of": conversation_id})


def leave_to_staff(connection: Connection, conversation_id: str) -> None:
    """Every message so far was written to staff: the assistant does not answer it any more."""
    connection.execute(_UPDATE.values(staff_seq=conversation.c.last_seq), {"of": conversation_id})


def set_contact(connection: Connection, conversation_id: str, contact: str | None) -> None:
    _set(connection, conversation_id, contact=contact)


def set_report(connection: Connection, conversation_id: str, report: Mapping[str, Any] | None) -> None:
    _set(connection, conversation_id, report=report)


# Made once, here and in the other rooms that every message passes: making a statement takes longer than running it.
_OPEN_TURNS = exists().where(turn.c.conversation_id == conversation.c.id, turn.c.status.in_(("pending", "running")))
_STATE = select(conversation, _OPEN_TURNS.label("unanswered")).where(conversation.c.id == bindparam("of"))
_UPDATE = update(conversation).where(conversation.c.id == bindparam("of"))


def _set(connection: Connection, conversation_id: str, **values: Any) -> None:
    connection.execute(_UPDATE, {"of": conversation_id, **values})
