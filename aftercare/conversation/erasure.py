"""Takes a patient's conversation out of the database for good: what the patient may ask for, and the clinic must be able to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.engine import Connection

from aftercare.conversation import audit, photos
from aftercare.conversation.database import Database
from aftercare.conversation.schema import conversation, message, patient_case

TRIES = 5
"""Each waits for the lock as long as any statement does."""


class NoConversation(Exception):
    """No conversation and no case has this id."""


@dataclass(frozen=True)
class Erased:
    """What is gone. ``files``: the photos' files, for ``PhotoFolder.remove`` once the transaction is committed."""

    conversation_id: str
    messages: int
    cases: int
    files: list[str]


def erase(connection: Connection, id: str, now: datetime) -> Erased:
    """Delete the conversation with this id, or the one of the case with this id, within the caller's transaction.

    With it go its sessions, messages, turns, photos, cases, their history, notes and drafts. The audit log stays, which
    holds no words of patients, and has a row more. What the trainers have made of a message (redacted, in ``data/nlu``) stays
    too, and Rasa's process remembers its last few turns until it ends. On SQLite the freed space is overwritten and the words
    leave the search index; they leave the journal of the last writes by ``empty_journal``. Raises NoConversation.
    """
    found = connection.execute(
        select(conversation.c.id)
        .outerjoin(patient_case, patient_case.c.conversation_id == conversation.c.id)
        .where(or_(conversation.c.id == id, patient_case.c.id == id))
        .limit(1)
    ).scalar()
    if found is None:
        raise NoConversation(f"There is no conversation and no case with the id {id!r}.")
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:
        connection.execute(text("PRAGMA secure_delete = ON"))
    erased = Erased(
        found,
        connection.execute(select(func.count()).where(message.c.conversation_id == found)).scalar_one(),
        connection.execute(select(func.count()).where(patient_case.c.conversation_id == found)).scalar_one(),
        photos.erase(connection, found),
    )
    connection.execute(delete(conversation).where(conversation.c.id == found))
    if on_sqlite:
        connection.execute(text("INSERT INTO message_search(message_search) VALUES ('optimize')"))
    details = {"messages": erased.messages, "cases": erased.cases, "photos": len(erased.files)}
    audit.record(
        connection, audit.COMMAND_LINE, "conversation_erased", now, kind="conversation", id=found, details=details
    )
    return erased


def empty_journal(database: Database) -> bool:
    """Write SQLite's journal into its file and cut it off: deleted words stand in it until then.

    False where others read and write without a pause; then it goes with what the assistant writes next. Raises StorageError.
    """
    with database.reading() as connection:
        if connection.dialect.name != "sqlite":
            return True
        connection.rollback()  # it cannot be done within a transaction
        driver = connection.connection.driver_connection
        return any(driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0 for _ in range(TRIES))
