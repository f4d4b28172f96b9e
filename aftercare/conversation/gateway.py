"""The one way into conversations, for the web, for replay and for tests. Every call may be made from any thread.

Methods are synchronous and touch only the database; the assistant is asked by the worker alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, insert
from sqlalchemy.engine import Connection

from aftercare.conversation import cases, conversations, marks, outcomes, patient, sessions, transcript, turns
from aftercare.conversation import standing as standings
from aftercare.conversation.assistant import Outcome, Reply
from aftercare.conversation.cases import Change
from aftercare.conversation.clock import Clock, utc_now
from aftercare.conversation.conversations import State
from aftercare.conversation.database import Database, StorageError
from aftercare.conversation.desk import Desk
from aftercare.conversation.lookout import Lookout
from aftercare.conversation.message_text import clean_text
from aftercare.conversation.migrations import migrate
from aftercare.conversation.outcomes import Ending, Replies, Say
from aftercare.conversation.ports import Ports
from aftercare.conversation.schema import readiness
from aftercare.conversation.sessions import Session
from aftercare.conversation.standing import Standing
from aftercare.conversation.sweeper import Sweeper
from aftercare.conversation.transcript import Message
from aftercare.conversation.turns import Accepted, Pressed, TurnRecord
from aftercare.conversation.wakeups import CASES, TURNS, Wakeups
from aftercare.conversation.worker import Patience, Worker

log = logging.getLogger("aftercare.gateway")

PERSON_REQUEST = "I would like to talk to a person."
"""What the button for a person writes into the transcript, in the patient's name."""

LONGEST_CONTACT = 200
"""Characters of a patient's contact details."""


@dataclass(frozen=True)
class Opened:
    """A new session. The token is the only key to the conversation and is not stored."""

    token: str
    conversation_id: str
    expires_at: datetime


@dataclass(frozen=True)
class View:
    """A conversation at one moment: how it stands, also with the team, and the messages after the number asked for."""

    state: State
    standing: Standing
    messages: Sequence[Message]


class NoButton(Exception):
    """There is no such button in this conversation."""


class Gateway:
    """Sessions, messages and turns of one clinic. ``clock`` is used wherever ``now`` is not given."""

    def __init__(
        self,
        database: Database,
        ports: Ports,
        *,
        clock: Clock = utc_now,
        wakeups: Wakeups | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.database = database
        self.ports = ports
        self.clock = clock
        self.wakeups = wakeups or Wakeups()
        self.desk = Desk(database, ports, self.wakeups, clock)
        self._patience = patience
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Bring the database to the newest schema. Raises StorageError."""
        migrate(self.database)

    def close(self) -> None:
        if self._loop is not None:
            self._loop.close()
        self.database.close()

    def open_session(self, treated_on: date | None = None, now: datetime | None = None) -> Opened:
        """A new conversation with its welcome, and the session of the patient who opened it."""
        now = now or self.clock()
        with self.database.writing() as connection:
            report = self.ports.reports.start(treated_on)
            conversation_id = conversations.create(connection, report, treated_on, now)
            token, session = sessions.open_session(connection, conversation_id, now)
            welcome = tuple(Reply(text, "small_talk") for text in self.ports.wording.welcome())
            outcomes.show(connection, conversation_id, welcome, self.ports.assistant_name, now, None)
        return Opened(token, conversation_id, session.expires_at)

    def post(self, token: str, client_id: str, text: str, now: datetime | None = None) -> Accepted:
        """Take a patient's message. Raises NoSession, BadText, StorageError; then nothing was taken."""
        now = now or self.clock()
        text = clean_text(text)
        with self.database.writing() as connection:
            session = self._present(connection, token, now)
            accepted = turns.accept(connection, session.conversation_id, client_id, text, now)
        self._notify(session.conversation_id)
        return accepted

    def press(self, token: str, client_id: str, seq: int, index: int, now: datetime | None = None) -> Accepted:
        """Take the press of the button ``index`` (from 0) of message ``seq``. Raises NoSession, NoButton, StorageError."""
        now = now or self.clock()
        with self.database.writing() as connection:
            session = self._present(connection, token, now)
            title, pressed = _button(connection, session.conversation_id, seq, index)
            accepted = turns.accept(connection, session.conversation_id, client_id, title, now, pressed)
        self._notify(session.conversation_id)
        return accepted

    def ask_person(self, token: str, client_id: str, now: datetime | None = None) -> Accepted:
        """The patient wants a person: the case opens now, without the assistant. Raises NoSession, StorageError."""
        now = now or self.clock()
        say = outcomes.person_requested(self.ports.wording)
        try:
            accepted, conversation_id = self._request_person(token, client_id, now, say)
        except (sessions.NoSession, StorageError):
            raise
        except Exception as error:
            log.error("the case of a request for a person could not be written: %s", type(error).__name__)
            accepted, conversation_id = self._request_person_untold(token, client_id, now, say)
        self._notify(conversation_id)
        return accepted

    def view(self, token: str, after: int = 0, now: datetime | None = None) -> View:
        """The conversation as the patient sees it. Counts as a visit. Raises NoSession, StorageError."""
        now = now or self.clock()
        with self.database.reading() as connection:
            session = sessions.authenticate(connection, token, now)
        if now - session.seen_at > sessions.SEEN_EVERY:
            with self.database.writing() as connection:
                sessions.seen(connection, session, now)
        return self.glance(token, after, now)

    def glance(self, token: str, after: int, now: datetime | None = None) -> View:
        """The same for a page that merely stays open: no visit, no write."""
        now = now or self.clock()
        with self.database.reading() as connection:
            session = sessions.authenticate(connection, token, now)
            state = conversations.state(connection, session.conversation_id)
            fresh = transcript.read(connection, state.id, after) if state.last_seq > after else []
            standing = standings.read(connection, state, self.ports.handoff, now)
        return View(state, standing, fresh)

    def leave_queue(self, token: str, now: datetime | None = None) -> None:
        """The patient no longer waits for a person. A case with a red flag stands all the same.

        Raises NoSession, NotNow where the patient does not wait, StorageError.
        """
        now = now or self.clock()
        with self.database.writing() as connection:
            session = self._present(connection, token, now)
            patient.leave_queue(connection, session.conversation_id, self.ports.wording, now)
        self._notify(session.conversation_id)

    def rate(self, token: str, stars: int, comment: str | None, now: datetime | None = None) -> None:
        """How the patient found the person's help: 1 to 5. Raises NoSession, NotNow, BadText, StorageError."""
        now = now or self.clock()
        with self.database.writing() as connection:
            session = self._present(connection, token, now)
            patient.rate(connection, session.conversation_id, stars, comment, now)
        self._notify(session.conversation_id)

    def leave_contact(self, token: str, contact: str, now: datetime | None = None) -> None:
        """How staff may reach the patient; the last one counts. Raises NoSession, BadText, StorageError."""
        now = now or self.clock()
        contact = clean_text(contact, longest=LONGEST_CONTACT)
        with self.database.writing() as connection:
            session = self._present(connection, token, now)
            conversations.set_contact(connection, session.conversation_id, contact)
        self._notify(session.conversation_id)

    def patient_typing(self, token: str, now: datetime | None = None) -> None:
        """The patient is writing now. Raises NoSession, StorageError."""
        now = now or self.clock()
        with self.database.writing() as connection:
            session = sessions.authenticate(connection, token, now)
            marks.patient_typing(connection, session.conversation_id, now)
        self.wakeups.notify(CASES)

    def patient_saw(self, token: str, seq: int, now: datetime | None = None) -> None:
        """The patient has seen messages up to ``seq``. Raises NoSession, StorageError."""
        now = now or self.clock()
        with self.database.writing() as connection:
            session = sessions.authenticate(connection, token, now)
            marks.patient_saw(connection, session.conversation_id, seq)
        self.wakeups.notify(CASES)

    def delivered(self, conversation_id: str, seq: int) -> None:
        """The patient's page has messages up to ``seq``. Raises StorageError."""
        with self.database.writing() as connection:
            marks.patient_got(connection, conversation_id, seq)
        self.wakeups.notify(CASES)

    def transcript(self, conversation_id: str, after: int = 0) -> list[Message]:
        with self.database.reading() as connection:
            return transcript.read(connection, conversation_id, after)

    def state(self, conversation_id: str) -> State:
        with self.database.reading() as connection:
            return conversations.state(connection, conversation_id)

    def outcome(self, conversation_id: str, seq: int) -> TurnRecord | None:
        """What became of the turn of the patient's message ``seq``."""
        with self.database.reading() as connection:
            return turns.record(connection, conversation_id, seq)

    def probe(self) -> None:
        """Prove that the database takes writes. Raises StorageError."""
        with self.database.writing() as connection:
            connection.execute(delete(readiness))
            connection.execute(insert(readiness).values(id=1, checked_at=self.clock()))

    def sweeper(self) -> Sweeper:
        return Sweeper(self.database, self.ports, self.wakeups, self.clock)

    def lookout(self) -> Lookout:
        return Lookout(self.database, self.wakeups, self.clock)

    def worker(self, clock: Clock | None = None) -> Worker:
        return Worker(self.database, self.ports, self.wakeups, clock or self.clock, self._patience)

    def work_until_idle(self, now: datetime | None = None) -> None:
        """Work all waiting turns and return; for callers without an event loop. ``now`` stands still meanwhile."""
        if self._loop is None:
            # One loop for all calls: the assistant's connections belong to the loop that opened them.
            self._loop = asyncio.new_event_loop()
        worker = self.worker(None if now is None else lambda: now)
        self._loop.run_until_complete(worker.work_until_idle())

    def _present(self, connection: Connection, token: str, now: datetime) -> Session:
        session = sessions.authenticate(connection, token, now)
        sessions.seen(connection, session, now)
        return session

    def _request_person(self, token: str, client_id: str, now: datetime, say: Say) -> tuple[Accepted, str]:
        with self.database.writing() as connection:
            accepted, conversation_id = self._take_request(connection, token, client_id, now)
            concern = cases.concern_of(_PERSON, accepted.seq)
            if not accepted.duplicate and concern is not None:
                change = cases.open_or_raise(connection, conversation_id, concern, now)
                self._show(connection, conversation_id, say.told(change), now)
                if change is Change.OPENED:
                    outcomes.tell_if_closed(connection, conversation_id, self.ports, now)
        return accepted, conversation_id

    def _request_person_untold(self, token: str, client_id: str, now: datetime, say: Say) -> tuple[Accepted, str]:
        with self.database.writing() as connection:
            accepted, conversation_id = self._take_request(connection, token, client_id, now)
            if not accepted.duplicate:
                self._show(connection, conversation_id, say.untold, now)
        return accepted, conversation_id

    def _take_request(self, connection: Connection, token: str, client_id: str, now: datetime) -> tuple[Accepted, str]:
        session = self._present(connection, token, now)
        record = outcomes.outcome_record(Ending(_PERSON, Say(lambda change: (), ()), "button"))
        accepted = turns.accept_answered(connection, session.conversation_id, client_id, PERSON_REQUEST, now, record)
        return accepted, session.conversation_id

    def _show(self, connection: Connection, conversation_id: str, replies: Replies, now: datetime) -> None:
        if conversations.state(connection, conversation_id).mode == "staff":
            # A person reads it; the assistant does not talk over them.
            return
        outcomes.show(connection, conversation_id, replies, self.ports.assistant_name, now, None)

    def _notify(self, conversation_id: str) -> None:
        self.wakeups.notify(TURNS)
        self.wakeups.notify(CASES)
        self.wakeups.notify(conversation_id)


_PERSON = Outcome((), handoff="person")


def _button(connection: Connection, conversation_id: str, seq: int, index: int) -> tuple[str, Pressed]:
    message = transcript.find(connection, conversation_id, seq)
    if message is None or not 0 <= index < len(message.buttons):
        raise NoButton
    button = message.buttons[index]
    return button["title"], Pressed(button["intent"], button["text"])
