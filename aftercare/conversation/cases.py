"""Cases: conversations that a person must look at, by urgency. At most one open case a conversation; it only rises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import bindparam, insert, literal_column, select, update
from sqlalchemy import case as when
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement, Select

from aftercare.conversation import alerts, conversations, transcript, turns
from aftercare.conversation.assistant import TIERS, Hit, Outcome
from aftercare.conversation.ids import new_id
from aftercare.conversation.schema import case_history, patient_case, staff_user
from aftercare.conversation.transcript import Message

CASE_TIERS = ("soon", "urgent", "emergency")
"""The tiers that staff see, lowest first (red_flags.md section 1)."""

OUTCOMES = (
    "advice_given",
    "called",
    "booked",
    "sent_to_urgent_care",
    "emergency_called",
    "no_answer",
    "not_needed",
)
"""What a closed case came to."""

REASONS = {
    "flag": "Red flag",
    "person": "Asked for a person",
    "question": "A question the assistant could not answer",
    "other_language": "Writes in another language",
    "young": "A minor, or somebody who wishes for secrecy",
    "failure": "Assistant unavailable",
    "photo": "Sent a photo",
    "staff": "A member of staff wrote first",
}
"""Why a case opened, for staff. A red flag's reason is its title."""

NOTED_EACH_TIME = ("photo",)
"""Handoffs that bring something new to look at each time, so each is a line of the case's history."""


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
    """A case as the list shows it. ``hits``: [{flag, rule, title, words, seq}].

    waiting_since   since when nobody has answered
    widened_at      when nobody had taken it in its tier's time
    left_at         when the patient chose not to wait
    outcome         one of OUTCOMES, where staff closed it
    rating          1 to 5, by the patient
    """

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
    waiting_since: datetime
    first_reply_at: datetime | None = None
    widened_at: datetime | None = None
    left_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: str | None = None
    should_have_answered: bool | None = None
    rating: int | None = None
    rating_comment: str | None = None


@dataclass(frozen=True)
class Event:
    """One line of a case's history. ``staff``: who did it, or whose case it was; None for the assistant."""

    at: datetime
    action: str
    tier: str
    reason: str
    staff: str | None
    seq: int | None
    outcome: str | None = None


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
    outcome: str | None = None


@dataclass(frozen=True)
class CaseFile:
    """Everything about a case: the list's line, its history, how the conversation stands, the transcript.

    ``contact``: how the patient may be reached, where they said. ``earlier``: this conversation's cases before, newest first.
    """

    case: Case
    history: Sequence[Event]
    state: conversations.State
    days_since: int | None
    messages: Sequence[Message]
    contact: str | None
    earlier: Sequence[Case]


URGENCY = when({tier: rank for rank, tier in enumerate(CASE_TIERS)}, value=patient_case.c.tier)
"""The rank of a case's tier, inside a statement."""

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
    waits_again = row.left_at is not None and (higher or concern.handoff in ("person", "photo"))
    seen = concern.handoff not in NOTED_EACH_TIME and _has_seen(connection, row.id, concern.handoff)
    if not higher and not fresh and not waits_again and seen:
        return Change.KNOWN
    change = Change.RAISED if higher else Change.NOTED
    raised: dict[str, Any] = {}
    if higher:
        # A new tier has a target of its own: whether that was missed is not known yet.
        raised = {"tier": concern.tier, "reason": concern.reason, "handoff": concern.handoff, "widened_at": None}
    if waits_again:
        raised["left_at"] = None
    connection.execute(
        update(patient_case)
        .where(patient_case.c.id == row.id)
        .values(hits=[*row.hits, *fresh], updated_at=now, **raised)
    )
    tier = concern.tier if higher else row.tier
    line = Line(change.value, tier, concern.reason, concern.handoff, fresh, seq=concern.seq)
    _write_history(connection, row.id, line, now)
    if higher:
        alerts.enqueue(connection, "raised", row.id, tier, now)
    return change


def has_open_case(connection: Connection, conversation_id: str) -> bool:
    return _open_case(connection, conversation_id) is not None


def open_cases(connection: Connection) -> list[Case]:
    """Open cases, highest tier first, then who has waited longest."""
    rows = connection.execute(with_holder().where(_IS_OPEN).order_by(URGENCY.desc(), patient_case.c.waiting_since))
    return [found(row) for row in rows]


def conversation_of(connection: Connection, case_id: str) -> str | None:
    """The conversation that a case is about; None where there is no such case."""
    conversation_id: str | None = connection.execute(
        select(patient_case.c.conversation_id).where(patient_case.c.id == case_id)
    ).scalar()
    return conversation_id


def case_file(connection: Connection, case_id: str) -> CaseFile | None:
    """All about one case; None where there is none of that id."""
    row = connection.execute(with_holder().where(patient_case.c.id == case_id)).first()
    if row is None:
        return None
    days = [
        turn.outcome["days_since"]
        for turn in turns.records(connection, row.conversation_id)
        if turn.outcome and turn.outcome.get("days_since") is not None
    ]
    state = conversations.state(connection, row.conversation_id)
    return CaseFile(
        case=found(row),
        history=_history(connection, case_id),
        state=state,
        contact=state.contact,
        earlier=[c for c in of_conversation(connection, row.conversation_id) if c.opened_at < row.opened_at],
        days_since=days[-1] if days else None,
        messages=transcript.read(connection, row.conversation_id),
    )


def open_for_staff(connection: Connection, conversation_id: str, staff_id: str, now: datetime) -> str:
    """A case for a conversation in which staff write of their own accord, already theirs. Returns its id."""
    line = Line("opened", "soon", REASONS["staff"], "staff", staff_id=staff_id)
    return _insert_case(connection, conversation_id, line, now, status="claimed", assignee_id=staff_id)


def move(
    connection: Connection,
    case_id: str,
    action: str,
    allowed: ColumnElement[bool],
    now: datetime,
    *,
    staff_id: str | None = None,
    **values: Any,
) -> None:
    """Change a case where it is in the state ``allowed``, in one statement, and write the step into its history.

    Raises CaseConflict where it is not: of several who try, one succeeds.
    """
    changed = connection.execute(
        update(patient_case).where(patient_case.c.id == case_id, allowed).values(updated_at=now, **values)
    )
    if changed.rowcount != 1:
        raise CaseConflict("Somebody else has changed this case. Reload to see how it stands.")
    row = connection.execute(select(patient_case).where(patient_case.c.id == case_id)).one()
    line = Line(action, row.tier, row.reason, row.handoff, staff_id=staff_id, outcome=values.get("outcome"))
    _write_history(connection, case_id, line, now)


def find(connection: Connection, case_id: str) -> Case:
    """The case of this id. Raises CaseConflict where there is none."""
    row = connection.execute(_BY_ID, {"of": case_id}).first()
    if row is None:
        raise CaseConflict("There is no such case.")
    return found(row)


def open_case(connection: Connection, conversation_id: str) -> Case | None:
    """The open case of a conversation, if it has one."""
    row = connection.execute(_OPEN_ONE, {"of": conversation_id}).first()
    return found(row) if row is not None else None


def of_conversation(connection: Connection, conversation_id: str) -> list[Case]:
    """All cases that a conversation ever had, newest first."""
    return [found(row) for row in connection.execute(_OF_CONVERSATION, {"of": conversation_id})]


def _open(connection: Connection, state: conversations.State, concern: Concern, now: datetime) -> None:
    hits = _fresh_hits([], concern)
    line = Line("opened", concern.tier, concern.reason, concern.handoff, hits, seq=concern.seq)
    case_id = _insert_case(connection, state.id, line, now, status="waiting")
    conversations.set_mode(connection, state.id, "waiting")
    alerts.enqueue(connection, "opened", case_id, concern.tier, now)


def _insert_case(connection: Connection, conversation_id: str, line: Line, now: datetime, **values: Any) -> str:
    case_id = new_id(now)
    connection.execute(
        insert(patient_case).values(
            id=case_id,
            conversation_id=conversation_id,
            tier=line.tier,
            reason=line.reason,
            handoff=line.handoff,
            hits=line.hits,
            opened_at=now,
            updated_at=now,
            waiting_since=now,
            **values,
        )
    )
    _write_history(connection, case_id, line, now)
    return case_id


def _open_case(connection: Connection, conversation_id: str) -> Any:
    return connection.execute(_OPEN_ROW, {"of": conversation_id}).first()


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


def _write_history(connection: Connection, case_id: str, line: Line, now: datetime) -> None:
    connection.execute(insert(case_history).values(case_id=case_id, at=now, **asdict(line)))


def _history(connection: Connection, case_id: str) -> list[Event]:
    rows = connection.execute(
        select(case_history, staff_user.c.display_name)
        .outerjoin(staff_user, staff_user.c.id == case_history.c.staff_id)
        .where(case_history.c.case_id == case_id)
        .order_by(case_history.c.id)
    )
    return [Event(row.at, row.action, row.tier, row.reason, row.display_name, row.seq, row.outcome) for row in rows]


def with_holder() -> Select:
    """Cases with the display name of who has them, or had them last; for ``found``."""
    return select(patient_case, staff_user.c.display_name).outerjoin(
        staff_user, staff_user.c.id == patient_case.c.assignee_id
    )


_BY_ID = with_holder().where(patient_case.c.id == bindparam("of"))
_OF_CONVERSATION = (
    with_holder()
    .where(patient_case.c.conversation_id == bindparam("of"))
    .order_by(patient_case.c.opened_at.desc(), patient_case.c.id.desc())
)
_OPEN_ONE = with_holder().where(patient_case.c.conversation_id == bindparam("of"), _IS_OPEN)
_OPEN_ROW = select(patient_case).where(patient_case.c.conversation_id == bindparam("of"), _IS_OPEN)


def found(row: Any) -> Case:
    """The case in a row of ``with_holder``."""
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
        waiting_since=row.waiting_since or row.opened_at,
        first_reply_at=row.first_reply_at,
        widened_at=row.widened_at,
        left_at=row.left_at,
        closed_at=row.closed_at,
        outcome=row.outcome,
        should_have_answered=row.should_have_answered,
        rating=row.rating,
        rating_comment=row.rating_comment,
    )
