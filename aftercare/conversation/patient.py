"""What a patient may do about their case: stop waiting, and say how it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, update
from sqlalchemy.engine import Connection

from aftercare.conversation import cases, conversations, transcript
from aftercare.conversation.assistant import Reply
from aftercare.conversation.cases import Case, CaseConflict
from aftercare.conversation.message_text import clean_text
from aftercare.conversation.schema import patient_case
from aftercare.conversation.standing import may_be_rated
from aftercare.conversation.wording import Wording


class NotNow(Exception):
    """The conversation is not where this can be done: somebody has joined meanwhile, or it was done before."""


def leave_queue(connection: Connection, conversation_id: str, wording: Wording, now: datetime) -> None:
    """Stop waiting for a person. Raises NotNow.

    A case that a red flag or a minor brought stays with the team: only staff may settle it.
    """
    conversations.lock(connection, conversation_id, now)
    case = cases.open_case(connection, conversation_id)
    if case is None:
        raise NotNow
    waits = and_(patient_case.c.status == "waiting", patient_case.c.left_at.is_(None))
    stands = _stands(case)
    ended: dict[str, Any] = {} if stands else {"status": "closed", "closed_at": now, "outcome": "not_needed"}
    try:
        cases.move(connection, case.id, "left_queue", waits, now, left_at=now, **ended)
    except CaseConflict:
        raise NotNow from None
    if not stands:
        conversations.set_mode(connection, conversation_id, "assistant")
    reply = Reply(wording.left_queue(stands), "left_queue")
    transcript.append(connection, conversation_id, reply, now, role="system", name="")


def rate(connection: Connection, conversation_id: str, stars: int, comment: str | None, now: datetime) -> None:
    """Say how the last person's help was, once. Raises NotNow, BadText, and ValueError for stars beyond 1 to 5."""
    if not 1 <= stars <= 5:
        raise ValueError("A rating is 1 to 5.")
    latest = next(iter(cases.of_conversation(connection, conversation_id)), None)
    if latest is None or not may_be_rated(latest):
        raise NotNow
    rated = connection.execute(
        update(patient_case)
        .where(patient_case.c.id == latest.id, patient_case.c.rating.is_(None))
        .values(rating=stars, rating_comment=clean_text(comment) if comment and comment.strip() else None)
    )
    if rated.rowcount != 1:
        raise NotNow


def _stands(case: Case) -> bool:
    return case.tier != "soon" or bool(case.hits) or case.handoff == "young"
