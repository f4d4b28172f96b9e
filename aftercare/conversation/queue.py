"""The cases as one member of staff sees them: waiting, mine, others', closed today."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.engine import Connection

from aftercare.conversation import presence
from aftercare.conversation.cases import CASE_TIERS, Case, found, with_holder
from aftercare.conversation.handoff_rules import HandoffRules
from aftercare.conversation.schema import message, patient_case, patient_mark, staff_mark


@dataclass(frozen=True)
class Entry:
    """A case in the queue.

    unread          messages of the patient that this member of staff has not read
    target_at       when somebody should have taken it; of a case that waits
    last_words_at   when the patient wrote last
    typing          the patient is writing now
    holder_there    whether who has it has given a sign of late; None where nobody has it
    """

    case: Case
    unread: int
    target_at: datetime
    last_words_at: datetime | None
    typing: bool
    holder_there: bool | None


@dataclass(frozen=True)
class Queue:
    """Each by tier, highest first, then by who waits longest; closed ones by when they were closed, latest first."""

    waiting: tuple[Entry, ...]
    mine: tuple[Entry, ...]
    others: tuple[Entry, ...]
    closed_today: tuple[Entry, ...]


def read(connection: Connection, staff_id: str, rules: HandoffRules, midnight: datetime, now: datetime) -> Queue:
    """All open cases, and those that were closed since ``midnight`` (the clinic's, of today)."""
    shown = [
        found(row)
        for row in connection.execute(
            with_holder().where(or_(patient_case.c.status != "closed", patient_case.c.closed_at >= midnight))
        )
    ]
    conversations = {case.conversation_id for case in shown}
    unread = dict(_unread(connection, staff_id, conversations))
    last_words = dict(_last_words(connection, conversations))
    typing = _typing(connection, conversations, now)
    there = presence.present(connection, now)

    def entry(case: Case) -> Entry:
        return Entry(
            case,
            unread.get(case.conversation_id, 0),
            rules.target_at(case.tier, case.waiting_since),
            last_words.get(case.conversation_id),
            case.conversation_id in typing,
            case.assignee_id in there if case.status == "claimed" else None,
        )

    entries = [entry(case) for case in sorted(shown, key=_urgency)]
    open_ones = [e for e in entries if e.case.status != "closed"]
    closed = [e for e in entries if e.case.status == "closed"]
    return Queue(
        waiting=tuple(e for e in open_ones if e.case.status == "waiting"),
        mine=tuple(e for e in open_ones if e.case.assignee_id == staff_id),
        others=tuple(e for e in open_ones if e.case.status == "claimed" and e.case.assignee_id != staff_id),
        closed_today=tuple(sorted(closed, key=lambda e: e.case.closed_at or midnight, reverse=True)),
    )


def _urgency(case: Case) -> tuple[int, datetime]:
    return (-CASE_TIERS.index(case.tier), case.waiting_since)


def _unread(connection: Connection, staff_id: str, conversations: Iterable[str]) -> Iterable[tuple[str, int]]:
    mine = and_(staff_mark.c.conversation_id == message.c.conversation_id, staff_mark.c.staff_id == staff_id)
    rows = connection.execute(
        select(message.c.conversation_id, func.count())
        .outerjoin(staff_mark, mine)
        .where(
            message.c.conversation_id.in_(conversations),
            message.c.role == "patient",
            message.c.seq > func.coalesce(staff_mark.c.read_seq, 0),
        )
        .group_by(message.c.conversation_id)
    )
    return [(row[0], row[1]) for row in rows]


def _last_words(connection: Connection, conversations: Iterable[str]) -> Iterable[tuple[str, datetime]]:
    rows = connection.execute(
        select(message.c.conversation_id, func.max(message.c.created_at))
        .where(message.c.conversation_id.in_(conversations), message.c.role == "patient")
        .group_by(message.c.conversation_id)
    )
    return [(row[0], row[1]) for row in rows]


def _typing(connection: Connection, conversations: Iterable[str], now: datetime) -> frozenset[str]:
    rows = connection.execute(
        select(patient_mark.c.conversation_id).where(
            patient_mark.c.conversation_id.in_(conversations), patient_mark.c.typing_until > now
        )
    )
    return frozenset(row.conversation_id for row in rows)
