"""What staff do with cases. Each step is one transaction: the case, its history, who has the conversation, and the line
that the patient reads of it, and the audit log. Of several who try the same step, one succeeds; the others get
CaseConflict.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import and_, not_, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from aftercare.conversation import audit, cases, conversations, marks, presence, transcript
from aftercare.conversation.assistant import Reply
from aftercare.conversation.audit import Actor
from aftercare.conversation.cases import Case, CaseConflict
from aftercare.conversation.clock import Clock
from aftercare.conversation.database import Database
from aftercare.conversation.message_text import clean_text
from aftercare.conversation.ports import Ports
from aftercare.conversation.schema import patient_case
from aftercare.conversation.staff import Staff, first_name
from aftercare.conversation.turns import Accepted
from aftercare.conversation.wakeups import CASES, Wakeups


class BadOutcome(ValueError):
    """A case is closed with one of ``cases.OUTCOMES``."""


class Desk:
    """The steps of staff, for the web and for tests. Every call may be made from any thread; all raise StorageError.

    A step counts as a sign that its member of staff is there.
    """

    def __init__(self, database: Database, ports: Ports, wakeups: Wakeups, clock: Clock) -> None:
        self._database = database
        self._ports = ports
        self._wakeups = wakeups
        self._clock = clock

    def claim(self, case_id: str, staff: Staff) -> None:
        """Take a case that waits; the assistant is mute from here. Again by who has it: nothing happens."""
        with self._step(case_id, staff, "case_claimed") as (connection, case, now):
            if not _has(case, staff):
                self._claim(connection, case, staff, now)

    def take_over(self, case_id: str, staff: Staff) -> None:
        """Take a case from a colleague who has given no sign for ``presence.ABSENT_AFTER``."""
        with self._step(case_id, staff, "case_taken_over") as (connection, case, now):
            there = presence.seen_since(patient_case.c.assignee_id, now - presence.ABSENT_AFTER)
            allowed = and_(patient_case.c.status == "claimed", patient_case.c.assignee_id != staff.id, not_(there))
            cases.move(connection, case_id, "taken_over", allowed, now, staff_id=staff.id, assignee_id=staff.id)
            self._join(connection, case.conversation_id, staff, now)

    def release(self, case_id: str, staff: Staff) -> None:
        """Put one's case back into the queue. The assistant answers what comes until somebody takes it."""
        with self._step(case_id, staff, "case_released") as (connection, case, now):
            put_back(connection, self._ports, case, "released", _held_by(staff), now)

    def hand_back(self, case_id: str, staff: Staff) -> None:
        """The case is dealt with; the assistant has the conversation, and answers from the next message on."""
        with self._step(case_id, staff, "case_handed_back") as (connection, case, now):
            cases.move(
                connection,
                case_id,
                "handed_back",
                _held_by(staff),
                now,
                staff_id=staff.id,
                status="closed",
                closed_at=now,
            )
            self._leave(connection, case, staff, "assistant")
            say(connection, case.conversation_id, "handed_back", self._ports.wording.handed_back(), now)

    def close(self, case_id: str, staff: Staff, outcome: str, should_have_answered: bool | None = None) -> None:
        """The case and the conversation are over; the patient's next message goes to the assistant.

        ``should_have_answered``: whether the assistant should have managed without a person. Raises BadOutcome.
        """
        if outcome not in cases.OUTCOMES:
            raise BadOutcome(f"A case is closed with one of: {', '.join(cases.OUTCOMES)}.")
        with self._step(case_id, staff, "case_closed") as (connection, case, now):
            cases.move(
                connection,
                case_id,
                "closed",
                _held_by(staff),
                now,
                staff_id=staff.id,
                status="closed",
                closed_at=now,
                outcome=outcome,
                should_have_answered=should_have_answered,
            )
            self._leave(connection, case, staff, "closed")
            say(
                connection,
                case.conversation_id,
                "closed",
                self._ports.wording.ended(first_name(staff.display_name)),
                now,
            )

    def send(self, case_id: str, staff: Staff, client_id: str, text: str) -> Accepted:
        """Write to the patient. The same ``client_id`` is taken once. Raises BadText.

        A conversation that the assistant has, or that waits, is taken by it: its case is claimed, or one is opened.
        """
        text = clean_text(text)
        with self._step(case_id, staff, "message_sent") as (connection, case, now):
            known = transcript.seq_of_client_id(connection, case.conversation_id, client_id, role="staff")
            if known is not None:
                return Accepted(known, duplicate=True)
            holding = self._take(connection, case.conversation_id, staff, now)
            seq = transcript.append(
                connection,
                case.conversation_id,
                Reply(text, "text"),
                now,
                role="staff",
                name=first_name(staff.display_name),
                client_id=client_id,
            )
            connection.execute(
                update(patient_case)
                .where(patient_case.c.id == holding, patient_case.c.first_reply_at.is_(None))
                .values(first_reply_at=now, updated_at=now)
            )
            marks.staff_stopped(connection, case.conversation_id, staff.id)
        return Accepted(seq, duplicate=False)

    def beat(self, staff: Staff) -> None:
        """A sign that this member of staff is there; their pages give one every ``presence.BEAT_EVERY``."""
        with self._database.writing() as connection:
            presence.beat(connection, staff.id, self._clock())

    def typing(self, case_id: str, staff: Staff) -> None:
        """Staff are writing; counts for ``marks.TYPING_FOR``. The patient sees it where this one has the case."""
        with self._database.writing() as connection:
            case = cases.find(connection, case_id)
            marks.staff_typing(connection, case.conversation_id, staff.id, self._clock())
        self._wakeups.notify(case.conversation_id)

    def read(self, case_id: str, staff: Staff, seq: int) -> None:
        """This member of staff has read messages up to ``seq``."""
        with self._database.writing() as connection:
            case = cases.find(connection, case_id)
            marks.staff_read(connection, case.conversation_id, staff.id, seq)
        self._wakeups.notify(CASES)

    @contextmanager
    def _step(self, case_id: str, staff: Staff, action: str) -> Iterator[tuple[Connection, Case, datetime]]:
        now = self._clock()
        with self._database.writing() as connection:
            conversation_id = cases.find(connection, case_id).conversation_id
            conversations.lock(connection, conversation_id, now)
            presence.beat(connection, staff.id, now)
            yield connection, cases.find(connection, case_id), now
            audit.record(connection, Actor(staff.id), action, now, kind="case", id=case_id)
        self._wakeups.notify(conversation_id)
        self._wakeups.notify(CASES)

    def _claim(self, connection: Connection, case: Case, staff: Staff, now: datetime) -> None:
        waits = patient_case.c.status == "waiting"
        cases.move(
            connection,
            case.id,
            "claimed",
            waits,
            now,
            staff_id=staff.id,
            status="claimed",
            assignee_id=staff.id,
        )
        self._join(connection, case.conversation_id, staff, now)

    def _take(self, connection: Connection, conversation_id: str, staff: Staff, now: datetime) -> str:
        """Have the conversation, from whoever has it now but a colleague. Returns the id of the open case."""
        case = cases.open_case(connection, conversation_id)
        if case is None:
            case_id = cases.open_for_staff(connection, conversation_id, staff.id, now)
            self._join(connection, conversation_id, staff, now)
            return case_id
        if case.status == "waiting":
            self._claim(connection, case, staff, now)
        elif not _has(case, staff):
            raise CaseConflict(f"{case.assignee} has this conversation.")
        return case.id

    def _join(self, connection: Connection, conversation_id: str, staff: Staff, now: datetime) -> None:
        conversations.change_hands(connection, conversation_id, "staff")
        say(connection, conversation_id, "joined", self._ports.wording.joined(first_name(staff.display_name)), now)

    def _leave(self, connection: Connection, case: Case, staff: Staff, mode: str) -> None:
        conversations.change_hands(connection, case.conversation_id, mode)
        conversations.leave_to_staff(connection, case.conversation_id)
        marks.staff_stopped(connection, case.conversation_id, staff.id)
        # Only staff may lower a tier: the report's open one ends with the case.
        report = conversations.state(connection, case.conversation_id).report
        conversations.set_report(connection, case.conversation_id, self._ports.reports.settle(report))


def put_back(
    connection: Connection,
    ports: Ports,
    case: Case,
    action: str,
    allowed: ColumnElement[bool],
    now: datetime,
) -> None:
    """Let a claimed case wait again. Who never had an answer keeps their place in the queue. Raises CaseConflict."""
    if case.assignee_id is None or case.assignee is None:
        raise CaseConflict("Nobody has this case.")
    since = case.waiting_since if case.first_reply_at is None else now
    widened_at = case.widened_at if case.first_reply_at is None else None
    cases.move(
        connection,
        case.id,
        action,
        allowed,
        now,
        staff_id=case.assignee_id,
        status="waiting",
        assignee_id=None,
        waiting_since=since,
        widened_at=widened_at,
    )
    conversations.change_hands(connection, case.conversation_id, "waiting")
    conversations.leave_to_staff(connection, case.conversation_id)
    marks.staff_stopped(connection, case.conversation_id, case.assignee_id)
    say(connection, case.conversation_id, action, ports.wording.released(first_name(case.assignee)), now)


def say(connection: Connection, conversation_id: str, kind: str, text: str, now: datetime) -> None:
    """A line that nobody speaks: what happened to the conversation."""
    transcript.append(connection, conversation_id, Reply(text, kind), now, role="system", name="")


def _has(case: Case, staff: Staff) -> bool:
    return case.status == "claimed" and case.assignee_id == staff.id


def _held_by(staff: Staff) -> ColumnElement[bool]:
    return and_(patient_case.c.status == "claimed", patient_case.c.assignee_id == staff.id)
