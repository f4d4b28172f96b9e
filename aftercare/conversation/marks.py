"""How far each side has read a conversation, and who is typing in it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.engine import Connection

from aftercare.conversation.database import insert_missing
from aftercare.conversation.schema import conversation, patient_mark, staff_mark

TYPING_FOR = timedelta(seconds=6)
"""How long one sign of typing counts. Pages repeat it every three seconds."""


@dataclass(frozen=True)
class PatientMark:
    """The highest message numbers that reached the patient's page and that the patient had before their eyes."""

    delivered_seq: int = 0
    seen_seq: int = 0
    typing: bool = False


_PATIENT = update(patient_mark).where(patient_mark.c.conversation_id == bindparam("of"))


def patient(connection: Connection, conversation_id: str, now: datetime) -> PatientMark:
    """How far the patient is."""
    row = connection.execute(select(patient_mark).where(patient_mark.c.conversation_id == conversation_id)).first()
    if row is None:
        return PatientMark()
    return PatientMark(row.delivered_seq, row.seen_seq, row.typing_until is not None and row.typing_until > now)


def patient_got(connection: Connection, conversation_id: str, seq: int) -> None:
    """The patient's page has messages up to ``seq``. Never goes back."""
    _forward(connection, patient_mark, {"conversation_id": conversation_id}, "delivered_seq", seq)


def patient_saw(connection: Connection, conversation_id: str, seq: int) -> None:
    """The patient has seen messages up to ``seq``, which is cut at the last one that exists. Never goes back."""
    last: int = connection.execute(
        select(conversation.c.last_seq).where(conversation.c.id == conversation_id)
    ).scalar_one()
    for column in ("delivered_seq", "seen_seq"):
        _forward(connection, patient_mark, {"conversation_id": conversation_id}, column, min(seq, last))


def patient_typing(connection: Connection, conversation_id: str, now: datetime) -> None:
    _set(connection, patient_mark, {"conversation_id": conversation_id}, typing_until=now + TYPING_FOR)


def patient_stopped(connection: Connection, conversation_id: str) -> None:
    """The message was sent."""
    connection.execute(_PATIENT, {"of": conversation_id, "typing_until": None})


def staff_read(connection: Connection, conversation_id: str, staff_id: str, seq: int) -> None:
    """This member of staff has read messages up to ``seq``. Never goes back."""
    _forward(connection, staff_mark, {"conversation_id": conversation_id, "staff_id": staff_id}, "read_seq", seq)


def staff_typing(connection: Connection, conversation_id: str, staff_id: str, now: datetime) -> None:
    key = {"conversation_id": conversation_id, "staff_id": staff_id}
    _set(connection, staff_mark, key, typing_until=now + TYPING_FOR)


def staff_stopped(connection: Connection, conversation_id: str, staff_id: str) -> None:
    """The message was sent, or the conversation left."""
    connection.execute(
        update(staff_mark)
        .where(staff_mark.c.conversation_id == conversation_id, staff_mark.c.staff_id == staff_id)
        .values(typing_until=None)
    )


_EMPTY: dict[str, dict[str, Any]] = {
    "patient_mark": {"delivered_seq": 0, "seen_seq": 0},
    "staff_mark": {"read_seq": 0},
}


def _forward(connection: Connection, table: Table, key: dict[str, str], column: str, seq: int) -> None:
    insert_missing(connection, table, **key, **_EMPTY[table.name])
    connection.execute(update(table).where(*_is(table, key), table.c[column] < seq).values({column: seq}))


def _set(connection: Connection, table: Table, key: dict[str, str], **values: Any) -> None:
    insert_missing(connection, table, **key, **_EMPTY[table.name])
    connection.execute(update(table).where(*_is(table, key)).values(**values))


def _is(table: Table, key: dict[str, str]) -> list[Any]:
    return [table.c[name] == value for name, value in key.items()]
