"""Private notes of a case, and the replies that staff have begun. Patients see neither."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from aftercare.conversation.database import insert_missing
from aftercare.conversation.message_text import clean_text
from aftercare.conversation.schema import case_draft, case_note, staff_user


@dataclass(frozen=True)
class Note:
    """``staff``: the display name of who wrote it."""

    id: int
    staff: str
    text: str
    created_at: datetime


def add(connection: Connection, case_id: str, staff_id: str, text: str, now: datetime) -> None:
    """Add a note. Raises BadText for one that is empty or too long."""
    connection.execute(
        insert(case_note).values(case_id=case_id, staff_id=staff_id, text=clean_text(text), created_at=now)
    )


def read(connection: Connection, case_id: str) -> list[Note]:
    """The notes of a case, oldest first."""
    rows = connection.execute(
        select(case_note, staff_user.c.display_name)
        .join(staff_user, staff_user.c.id == case_note.c.staff_id)
        .where(case_note.c.case_id == case_id)
        .order_by(case_note.c.id)
    )
    return [Note(row.id, row.display_name, row.text, row.created_at) for row in rows]


def save_draft(connection: Connection, case_id: str, staff_id: str, text: str, now: datetime) -> None:
    """Keep what this member of staff has begun to write; an empty text forgets it. Raises BadText where it is too long."""
    mine = (case_draft.c.case_id == case_id, case_draft.c.staff_id == staff_id)
    if not text.strip():
        connection.execute(delete(case_draft).where(*mine))
        return
    text = clean_text(text)
    insert_missing(connection, case_draft, case_id=case_id, staff_id=staff_id, text=text, updated_at=now)
    connection.execute(update(case_draft).where(*mine).values(text=text, updated_at=now))


def draft(connection: Connection, case_id: str, staff_id: str) -> str:
    """What this member of staff had begun to write; empty where nothing."""
    text: str | None = connection.execute(
        select(case_draft.c.text).where(case_draft.c.case_id == case_id, case_draft.c.staff_id == staff_id)
    ).scalar()
    return text or ""
