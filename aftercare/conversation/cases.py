"""Cases: conversations that a person must look at, by urgency. At most one open case a conversation; it only rises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import case as when
from sqlalchemy import insert, literal_column, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import Select

from aftercare.conversation import conversations, transcript, turns
from aftercare.conversation.assistant import TIERS, Hit, Outcome, Reports
from aftercare.conversation.ids import new_id
from aftercare.conversation.schema import case_history, patient_case, staff_user
from aftercare.conversation.transcript import Message

CASE_TIERS = ("soon", "urgent", "emergency")
"""The tiers that staff see, lowest first (red_flags.md section 1)."""

REASONS = {
    "flag": "Red flag",
    "person": "Asked for a person",
    "question": "A question the assistant could not answer",
    "other_language": "Writes in another language",
    "failure": "Assistant unavailable",
}
"""Why a case opened, for staff. A red flag's reason is its title."""


@dataclass(frozen=True)
class Concern:
    """Why a person must look: what a case is opened, raised or added to with. ``seq``: the message that caused it."""

    tier: str
    handoff: str
    reason: str
    seq: int
    hits: tuple[Hit, ...] = ()


class Change(Enum):
    """What a concern did to the conversation's case."""

    OPENED = "opened"
    RAISED = "raised"
    NOTED = "noted"
    KNOWN = "known"


@dataclass(frozen=True)
class Case:
    """A case as the list shows it. ``hits``: [{flag, rule, title, words, seq}]."""

    id: str
    conversation_id: str
    tier: str
    reason: str
    handoff: str
    hits: Sequence[Mapping[str, Any]]
    status: str
    assignee: str | None
    assignee_id: str | None
    opened_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Event:
    """One line of a case's history. ``staff``: who did it; None for the assistant."""

    at: datetime
    action: str
    tier: str
    reason: str
    staff: str | None
    seq: int | None


@dataclass(frozen=True)
class Line:
    """One line for the history: columns of ``case_history``."""

    action: str
    tier: str
    reason: str
    handoff: str
    hits: Sequence[Mapping[str, Any]] = ()
    staff_id: str | None = None
    seq: int | None = None


@dataclass(frozen=True)
class CaseFile:
    """Everything about a case: the list's line, its history, how the conversation stands, the transcript."""

    case: Case
    history: Sequence[Event]
    state: conversations.State
    days_since: int | None
    messages: Sequence[Message]


_IS_OPEN = patient_case.c.status != literal_column("'closed'")
"""Written out in the statement: SQLite uses the index of open cases only where it sees the value."""


class CaseConflict(Exception):
    """The case is not in the state that the step needs: somebody else was quicker, or it does not exist."""


def concern_of(outcome: Outcome, seq: int) -> Concern | None:
    """Why a person must look at this outcome: its tier, or a handoff it asks for; None where neither."""
    flagged = outcome.tier in CASE_TIERS
    if not flagged and outcome.handoff is None:
        return None
    handoff = outcome.handoff or "flag"
    titles = "; ".join(dict.fromkeys(hit.title for hit in outcome.hits))
    reason = titles if flagged and titles else REASONS.get(handoff, handoff)
    return Concern(outcome.tier if flagged else "soon", handoff, reason[:200], seq, outcome.hits)


def open_or_raise(connection: Connection, conversation_id: str, concern: Concern, now: datetime) -> Change:
    """Bring a concern to the conversation's case, within the caller's transaction.

    Opens a case where none is open. Raises an open one of lower tier. Otherwise adds what is new to it: hits, or
    another kind of handoff. A case never loses tier or hits here.
    """
    state = conversations.lock(connection, conversation_id, now)
    row = _open_case(connection, conversation_id)
    if row is None:
        _open(connection, state, concern, now)
        return Change.OPENED
    fresh = _fresh_hits(row.hits, concern)
    higher = TIERS.index(concern.tier) > TIERS.index(row.tier)
    if not higher and not fresh and _has_seen(connection, row.id, concern.handoff):
        return Change.KNOWN
    change = Change.RAISED if higher else Change.NOTED
    raised = {"tier": concern.tier, "reason": concern.reason, "handoff": concern.handoff} if higher else {}
    connection.execute(
        update(patient_case)
        .where(patient_case.c.id == row.id)
        .values(hits=[*row.hits, *fresh], updated_at=now, **raised)
    )
    tier = concern.tier if higher else row.tier
    line = Line(change.value, tier, concern.reason, concern.handoff, fresh, seq=concern.seq)
    _write_history(connection, row.id, line, now)
    return change


def has_open_case(connection: Connection, conversation_id: str) -> bool:
    return _open_case(connection, conversation_id) is not None


def open_cases(connection: Connection) -> list[Case]:
    """Open cases, highest tier first, then who has waited longest."""
    urgency = when({tier: rank for rank, tier in enumerate(CASE_TIERS)}, value=patient_case.c.tier)
    rows = connection.execute(_cases().where(_IS_OPEN).order_by(urgency.desc(), patient_case.c.opened_at))
    return [_case(row) for row in rows]


def case_file(connection: Connection, case_id: str) -> CaseFile | None:
    """All about one case; None where there is none of that id."""
    row = connection.execute(_cases().where(patient_case.c.id == case_id)).first()
    if row is None:
        return None
    days = [
        turn.outcome["days_since"]
        for turn in turns.records(connection, row.conversation_id)
        if turn.outcome and turn.outcome.get("days_since") is not None
    ]
    return CaseFile(
        case=_case(row),
        history=_history(connection, case_id),
        state=conversations.state(connection, row.conversation_id),
        days_since=days[-1] if days else None,
        messages=transcript.read(connection, row.conversation_id),
    )


def claim(connection: Connection, case_id: str, staff_id: str, now: datetime) -> None:
    """Staff take the conversation: the assistant is mute from here. Raises CaseConflict unless the case waits."""
    conversation_id = _conversation_of(connection, case_id, now)
    _move(connection, case_id, {"status": "claimed", "assignee_id": staff_id}, patient_case.c.status == "waiting", now)
    conversations.change_hands(connection, conversation_id, "staff")
    _note_staff(connection, case_id, "claimed", staff_id, now)


def hand_back(connection: Connection, case_id: str, staff_id: str, reports: Reports, now: datetime) -> None:
    """The case is dealt with, and the assistant has the conversation again, from the next message on.

    Raises CaseConflict unless this member of staff has the case.
    """
    _leave(connection, case_id, staff_id, reports, now, action="handed_back", mode="assistant")


def close(connection: Connection, case_id: str, staff_id: str, reports: Reports, now: datetime) -> None:
    """The case and the conversation are over; the patient's next message opens the conversation again.

    Raises CaseConflict unless this member of staff has the case.
    """
    _leave(connection, case_id, staff_id, reports, now, action="closed", mode="closed")


def _leave(
    connection: Connection, case_id: str, staff_id: str, reports: Reports, now: datetime, *, action: str, mode: str
) -> None:
    conversation_id = _conversation_of(connection, case_id, now)
    held = (patient_case.c.status == "claimed") & (patient_case.c.assignee_id == staff_id)
    _move(connection, case_id, {"status": "closed"}, held, now)
    conversations.change_hands(connection, conversation_id, mode)
    # Only staff may lower a tier: the report's open one ends with the case.
    report = conversations.state(connection, conversation_id).report
    conversations.set_report(connection, conversation_id, reports.settle(report))
    _note_staff(connection, case_id, action, staff_id, now)


def _open(connection: Connection, state: conversations.State, concern: Concern, now: datetime) -> None:
    case_id = new_id(now)
    hits = _fresh_hits([], concern)
    connection.execute(
        insert(patient_case).values(
            id=case_id,
            conversation_id=state.id,
            tier=concern.tier,
            reason=concern.reason,
            handoff=concern.handoff,
            hits=hits,
            status="waiting",
            opened_at=now,
            updated_at=now,
        )
    )
    line = Line("opened", concern.tier, concern.reason, concern.handoff, hits, seq=concern.seq)
    _write_history(connection, case_id, line, now)
    conversations.set_mode(connection, state.id, "waiting")


def _open_case(connection: Connection, conversation_id: str) -> Any:
    return connection.execute(
        select(patient_case).where(patient_case.c.conversation_id == conversation_id, _IS_OPEN)
    ).first()


def _fresh_hits(known: Sequence[Mapping[str, Any]], concern: Concern) -> list[dict[str, Any]]:
    """The hits that the case does not have. A report repeats its hits every turn; the first message keeps them."""
    seen = {(hit["flag"], hit["rule"], tuple(hit["words"])) for hit in known}
    return [
        {"flag": hit.flag, "rule": hit.rule, "title": hit.title, "words": list(hit.words), "seq": concern.seq}
        for hit in concern.hits
        if (hit.flag, hit.rule, tuple(hit.words)) not in seen
    ]


def _has_seen(connection: Connection, case_id: str, handoff: str) -> bool:
    """Whether this kind of handoff was brought to the case before."""
    lines = select(case_history.c.id).where(case_history.c.case_id == case_id, case_history.c.handoff == handoff)
    return connection.execute(lines).first() is not None


def _conversation_of(connection: Connection, case_id: str, now: datetime) -> str:
    conversation_id: str | None = connection.execute(
        select(patient_case.c.conversation_id).where(patient_case.c.id == case_id)
    ).scalar()
    if conversation_id is None:
        raise CaseConflict("There is no such case.")
    conversations.lock(connection, conversation_id, now)
    return conversation_id


def _move(connection: Connection, case_id: str, values: Mapping[str, Any], allowed: Any, now: datetime) -> None:
    moved = connection.execute(
        update(patient_case).where(patient_case.c.id == case_id, allowed).values(updated_at=now, **values)
    )
    if moved.rowcount != 1:
        raise CaseConflict("Somebody else has changed this case. Reload to see how it stands.")


def _note_staff(connection: Connection, case_id: str, action: str, staff_id: str, now: datetime) -> None:
    row = connection.execute(select(patient_case).where(patient_case.c.id == case_id)).one()
    _write_history(connection, case_id, Line(action, row.tier, row.reason, row.handoff, staff_id=staff_id), now)


def _write_history(connection: Connection, case_id: str, line: Line, now: datetime) -> None:
    connection.execute(insert(case_history).values(case_id=case_id, at=now, **asdict(line)))


def _history(connection: Connection, case_id: str) -> list[Event]:
    rows = connection.execute(
        select(case_history, staff_user.c.display_name)
        .outerjoin(staff_user, staff_user.c.id == case_history.c.staff_id)
        .where(case_history.c.case_id == case_id)
        .order_by(case_history.c.id)
    )
    return [Event(row.at, row.action, row.tier, row.reason, row.display_name, row.seq) for row in rows]


def _cases() -> Select:
    return select(patient_case, staff_user.c.display_name).outerjoin(
        staff_user, staff_user.c.id == patient_case.c.assignee_id
    )


def _case(row: Any) -> Case:
    return Case(
        id=row.id,
        conversation_id=row.conversation_id,
        tier=row.tier,
        reason=row.reason,
        handoff=row.handoff,
        hits=row.hits,
        status=row.status,
        assignee=row.display_name,
        assignee_id=row.assignee_id,
        opened_at=row.opened_at,
        updated_at=row.updated_at,
    )
