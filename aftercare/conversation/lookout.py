"""Looks for all open pages of this process at once: which of the conversations that they show have changed?

What this process changes, it tells its pages at once (``wakeups``). What another process changes, and what merely time changes
(somebody no longer types), is noticed here, once a second, by a few statements for all of them; each page on its own would
ask as many.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.engine import Connection

from aftercare.conversation.clock import Clock
from aftercare.conversation.database import Database
from aftercare.conversation.repeated import Repeated
from aftercare.conversation.schema import UtcDateTime, case_note, conversation, patient_case, patient_mark, staff_mark
from aftercare.conversation.wakeups import Wakeups

log = logging.getLogger("aftercare.lookout")

EVERY = 1.0
"""Seconds between two looks."""

AT_ONCE = 500
"""Conversations in one statement; SQLite takes some thousand parameters."""


_SHOWN = bindparam("shown", expanding=True)
_NOW = bindparam("now", type_=UtcDateTime)
_STATEMENTS = (
    select(conversation.c.id, conversation.c.last_seq, conversation.c.mode, conversation.c.updated_at).where(
        conversation.c.id.in_(_SHOWN)
    ),
    select(patient_case.c.conversation_id, patient_case.c.id, patient_case.c.updated_at, func.count(case_note.c.id))
    .outerjoin(case_note, case_note.c.case_id == patient_case.c.id)
    .where(patient_case.c.conversation_id.in_(_SHOWN))
    .group_by(patient_case.c.conversation_id, patient_case.c.id, patient_case.c.updated_at),
    select(
        patient_mark.c.conversation_id,
        patient_mark.c.delivered_seq,
        patient_mark.c.seen_seq,
        patient_mark.c.typing_until > _NOW,
    ).where(patient_mark.c.conversation_id.in_(_SHOWN)),
    select(staff_mark.c.conversation_id, staff_mark.c.staff_id, staff_mark.c.typing_until > _NOW).where(
        staff_mark.c.conversation_id.in_(_SHOWN)
    ),
)
"""Each row begins with the conversation that it tells of."""

_WAITING = select(
    patient_case.c.conversation_id, patient_case.c.tier, patient_case.c.waiting_since, patient_case.c.left_at
).where(patient_case.c.status == "waiting")
"""Where a patient stands in the queue depends on all who wait."""

Look = Mapping[str, Hashable]
"""What was seen of each conversation, in a form that can only be compared."""


class Lookout(Repeated):
    """One a process, beside the worker. ``Wakeups`` knows which conversations are shown: its topics."""

    every, failed, log = EVERY, "open pages could not be looked after", log

    def __init__(self, database: Database, wakeups: Wakeups, clock: Clock) -> None:
        super().__init__(database, wakeups)
        self._clock = clock
        self._last: Look = {}

    def step(self) -> list[str]:
        return self.look()

    def look(self) -> list[str]:
        """Wake the pages of the conversations that are not as at the last look. Returns which. Raises StorageError.

        One that was not shown then counts as changed: it may have, since its page was made.
        """
        topics = self._wakeups.topics()
        with self._database.reading() as connection:
            seen = _look(connection, topics, self._clock())
        changed = [shown for shown, now in seen.items() if self._last.get(shown) != now]
        self._last = seen
        for conversation_id in changed:
            self._wakeups.notify(conversation_id)
        return changed


def _look(connection: Connection, topics: Sequence[str], now: datetime) -> Look:
    found: defaultdict[str, set[Hashable]] = defaultdict(set)
    for shown in _parts(topics):
        for place, statement in enumerate(_STATEMENTS):
            for of, *rest in connection.execute(statement, {"shown": shown, "now": now}):
                found[of].add((place, *rest))
    waiting = frozenset(map(tuple, connection.execute(_WAITING))) if found else frozenset()
    for of in {row[0] for row in waiting} & found.keys():
        found[of].add(waiting)
    return {of: frozenset(rows) for of, rows in found.items()}


def _parts(topics: Sequence[str]) -> Iterator[Collection[str]]:
    for start in range(0, len(topics), AT_ONCE):
        yield topics[start : start + AT_ONCE]
