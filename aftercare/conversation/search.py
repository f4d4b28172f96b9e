"""Full-text search over the messages of conversations that have a case: SQLite FTS5, PostgreSQL's text search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import column, func, literal_column, select, table
from sqlalchemy.engine import Connection
from sqlalchemy.sql import Select

from aftercare.conversation.cases import Case, found, with_holder
from aftercare.conversation.schema import message, patient_case

MOST_WORDS = 8
MOST_FOUND = 50


@dataclass(frozen=True)
class Match:
    """A message that was found, and the newest case of its conversation."""

    case: Case
    seq: int
    role: str
    text: str
    created_at: datetime


def words_of(text: str) -> list[str]:
    """The words that are searched for: at most MOST_WORDS."""
    return re.findall(r"\w+", text.casefold())[:MOST_WORDS]


def search(connection: Connection, text: str) -> list[Match]:
    """The newest MOST_FOUND messages with every word of ``text``, in any form and any order, or begun with it."""
    words = words_of(text)
    if not words:
        return []
    rows = connection.execute(_messages(connection, words)).all()
    newest = _newest_cases(connection, {row.conversation_id for row in rows})
    return [Match(newest[row.conversation_id], row.seq, row.role, row.text, row.created_at) for row in rows]


def _messages(connection: Connection, words: Sequence[str]) -> Select:
    has_case = message.c.conversation_id.in_(select(patient_case.c.conversation_id))
    chosen = (
        select(message).where(has_case).order_by(message.c.created_at.desc(), message.c.seq.desc()).limit(MOST_FOUND)
    )
    if connection.dialect.name == "postgresql":
        english = literal_column("'english'")
        query = func.to_tsquery(english, " & ".join(f"'{word}':*" for word in words))
        return chosen.where(func.to_tsvector(english, message.c.text).op("@@")(query))
    index = table("message_search", column("conversation_id"), column("seq"))
    asked = "{text} : (" + " AND ".join(f'"{word}" *' for word in words) + ")"
    return chosen.join(
        index, (index.c.conversation_id == message.c.conversation_id) & (index.c.seq == message.c.seq)
    ).where(literal_column("message_search").op("MATCH")(asked))


def _newest_cases(connection: Connection, conversations: set[str]) -> dict[str, Case]:
    rows = connection.execute(
        with_holder().where(patient_case.c.conversation_id.in_(conversations)).order_by(patient_case.c.opened_at)
    )
    return {row.conversation_id: found(row) for row in rows}
