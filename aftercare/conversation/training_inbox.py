"""The trainers' inbox: closed cases of which staff said that the assistant should have answered.

Trainers see the patient's words redacted, and nothing else of the conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from aftercare.conversation import turns
from aftercare.conversation.cases import Case, CaseConflict, found, with_holder
from aftercare.conversation.database import insert_missing
from aftercare.conversation.redaction import redacted
from aftercare.conversation.schema import case_trained, message, patient_case, staff_user

MOST_WORDS = 12
"""Messages of the patient that are shown of a case."""


@dataclass(frozen=True)
class Item:
    """A case in the inbox.

    questions   kinds of question that its messages asked
    words       what the patient wrote since the case before, until this one was closed; redacted
    further     messages beyond those
    done_by     the display name of who has dealt with it
    """

    case: Case
    questions: Sequence[str]
    words: Sequence[str]
    further: int
    done_at: datetime | None
    done_by: str | None


def waiting(connection: Connection) -> int:
    """How many cases no trainer has dealt with."""
    number: int = connection.execute(
        select(func.count())
        .select_from(patient_case.outerjoin(case_trained))
        .where(patient_case.c.should_have_answered.is_(True), case_trained.c.case_id.is_(None))
    ).scalar_one()
    return number


def read(connection: Connection, *, done: bool, most: int) -> list[Item]:
    """The cases that wait for a trainer, or those that are dealt with; newest first."""
    trainer = staff_user.alias()
    rows = connection.execute(
        with_holder()
        .add_columns(case_trained.c.done_at, trainer.c.display_name.label("done_by"))
        .outerjoin(case_trained, case_trained.c.case_id == patient_case.c.id)
        .outerjoin(trainer, trainer.c.id == case_trained.c.staff_id)
        .where(patient_case.c.should_have_answered.is_(True), case_trained.c.case_id.is_not(None) == done)
        .order_by(func.coalesce(case_trained.c.done_at, patient_case.c.closed_at).desc(), patient_case.c.id.desc())
        .limit(most)
    )
    return [_item(connection, row) for row in rows]


def settle(connection: Connection, case_id: str, staff_id: str, now: datetime) -> None:
    """This trainer has dealt with the case; the first who says so counts. Raises CaseConflict where it is not here."""
    row = connection.execute(
        select(patient_case.c.id).where(patient_case.c.id == case_id, patient_case.c.should_have_answered.is_(True))
    ).first()
    if row is None:
        raise CaseConflict("There is no such case in the inbox.")
    insert_missing(connection, case_trained, case_id=case_id, staff_id=staff_id, done_at=now)


def _item(connection: Connection, row: Any) -> Item:
    case = found(row)
    said = connection.execute(_messages(case, _closed_before(connection, case))).all()
    asked = {record.seq: record.outcome or {} for record in turns.records(connection, case.conversation_id)}
    kinds = [kind for line in said for kind in asked.get(line.seq, {}).get("questions", ())]
    words = [redacted(line.text) for line in said[:MOST_WORDS]]
    return Item(case, tuple(dict.fromkeys(kinds)), words, len(said) - len(words), row.done_at, row.done_by)


def _messages(case: Case, since: datetime | None) -> Any:
    """What the patient wrote from the end of the case before until this one was closed."""
    written = (
        select(message.c.seq, message.c.text)
        .where(message.c.conversation_id == case.conversation_id, message.c.role == "patient")
        .where(message.c.created_at <= case.closed_at)
        .order_by(message.c.seq)
    )
    return written if since is None else written.where(message.c.created_at > since)


def _closed_before(connection: Connection, case: Case) -> datetime | None:
    ended: datetime | None = connection.execute(
        select(func.max(patient_case.c.closed_at)).where(
            patient_case.c.conversation_id == case.conversation_id, patient_case.c.opened_at < case.opened_at
        )
    ).scalar_one()
    return ended
