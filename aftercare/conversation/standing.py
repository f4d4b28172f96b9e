"""How a patient's conversation stands with the team: who has it, how the wait stands, what the patient may do about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.engine import Connection

from aftercare.conversation import cases
from aftercare.conversation.cases import CASE_TIERS, URGENCY, Case
from aftercare.conversation.conversations import State
from aftercare.conversation.handoff_rules import HandoffRules
from aftercare.conversation.schema import patient_case, staff_mark
from aftercare.conversation.staff import first_name


@dataclass(frozen=True)
class Standing:
    """For the patient's page.

    staff_name      who has the conversation; None where no person has
    staff_typing    they are writing now
    position        1 for who is next; None where nobody waits, or nobody is at the clinic
    opens_at        when somebody will be there; None where somebody is
    since           when the wait began; None where nobody waits
    can_leave       whether the patient waits, and may stop waiting
    can_rate        whether a person has answered, is done, and was not rated yet
    contact_left    whether staff know how to reach the patient
    """

    staff_name: str | None = None
    staff_typing: bool = False
    position: int | None = None
    opens_at: datetime | None = None
    since: datetime | None = None
    can_leave: bool = False
    can_rate: bool = False
    contact_left: bool = False


def read(connection: Connection, state: State, rules: HandoffRules, now: datetime) -> Standing:
    """How the conversation stands now."""
    contact_left = state.contact is not None
    latest = next(iter(cases.of_conversation(connection, state.id)), None)
    if latest is None:
        return Standing(contact_left=contact_left)
    if latest.status == "claimed":
        name = first_name(latest.assignee or "")
        return Standing(name, _is_typing(connection, latest, now), contact_left=contact_left)
    if latest.status == "closed":
        return Standing(can_rate=may_be_rated(latest), contact_left=contact_left)
    if latest.left_at is not None:
        return Standing(contact_left=contact_left)
    waiting = Standing(since=latest.waiting_since, can_leave=True, contact_left=contact_left)
    if not rules.hours.is_open(now):
        return replace(waiting, opens_at=rules.hours.next_opening(now))
    return replace(waiting, position=_position(connection, latest))


def may_be_rated(case: Case) -> bool:
    """Whether a person has answered in this case, is done with it, and the patient has not rated it."""
    return case.status == "closed" and case.first_reply_at is not None and case.rating is None


def _position(connection: Connection, case: Case) -> int:
    rank = CASE_TIERS.index(case.tier)
    before = or_(rank < URGENCY, and_(rank == URGENCY, patient_case.c.waiting_since < case.waiting_since))
    ahead: int = connection.execute(
        select(func.count()).where(patient_case.c.status == "waiting", patient_case.c.left_at.is_(None), before)
    ).scalar_one()
    return ahead + 1


def _is_typing(connection: Connection, case: Case, now: datetime) -> bool:
    typing = select(staff_mark.c.staff_id).where(
        staff_mark.c.conversation_id == case.conversation_id,
        staff_mark.c.staff_id == case.assignee_id,
        staff_mark.c.typing_until > now,
    )
    return connection.execute(typing).first() is not None
