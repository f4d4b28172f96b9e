"""The queue for many consoles at once: read once, told apart by who looks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.engine import Connection

from aftercare.conversation import queue
from aftercare.conversation.handoff_rules import HandoffRules
from aftercare.conversation.queue import Entry, Queue
from aftercare.conversation.schema import message, staff_mark


@dataclass(frozen=True)
class Board:
    """``queue`` as somebody sees it who has no case and has read nothing; ``unread`` by staff and conversation."""

    queue: Queue
    unread: Mapping[tuple[str, str], int]

    def unread_of(self, entry: Entry, staff_id: str) -> int:
        """The patient's messages in this conversation that this member of staff has not read."""
        return self.unread.get((staff_id, entry.case.conversation_id), entry.unread)


def read(
    connection: Connection, staff_ids: Collection[str], rules: HandoffRules, midnight: datetime, now: datetime
) -> Board:
    """The cases, and what these members of staff have not read. ``midnight``: the clinic's, of today."""
    entries = queue.read(connection, "", rules, midnight, now)
    shown = [*entries.waiting, *entries.others, *entries.closed_today]
    new = and_(
        message.c.conversation_id == staff_mark.c.conversation_id,
        message.c.role == "patient",
        message.c.seq > staff_mark.c.read_seq,
    )
    rows = connection.execute(
        select(staff_mark.c.staff_id, staff_mark.c.conversation_id, func.count(message.c.seq))
        .outerjoin(message, new)
        .where(
            staff_mark.c.staff_id.in_(staff_ids),
            staff_mark.c.conversation_id.in_({entry.case.conversation_id for entry in shown}),
        )
        .group_by(staff_mark.c.staff_id, staff_mark.c.conversation_id)
    )
    return Board(entries, {(row[0], row[1]): row[2] for row in rows})
