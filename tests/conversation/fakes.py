"""Stand-ins for the other rooms, and a clock that stands still until it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

from aftercare.conversation import cases
from aftercare.conversation.assistant import Hit, Outcome, Reply, Turn
from aftercare.conversation.cases import Case
from aftercare.conversation.database import Database
from aftercare.conversation.gateway import Gateway
from aftercare.conversation.ports import Ports
from aftercare.conversation.staff import Staff, add_staff
from aftercare.conversation.transcript import Message
from aftercare.conversation.worker import Patience

NOON = datetime(2025, 3, 10, 12, 0, tzinfo=timezone.utc)
QUICK = Patience(time_limit=0.4, retry_pauses=(0.01, 0.01), poll=0.05)

Answer = Outcome | Exception | Callable[[Turn], Awaitable[Outcome]]

EMERGENCY_TEXT = "Call 999 now."
TOLD = "I have told the team"
ALREADY = "The team already has this."
COULD_NOT = "I could not tell the team. Please call 0100."
FAILED_TOLD = "I could not answer. The team knows."
FAILED_UNTOLD = "I could not answer, and could not tell the team. Please call 0100."
PERSON_TOLD = "I have asked the team to write to you."
PHOTO_TOLD = "I cannot look at photos. I have told the team."
PHOTO_ADDED = "I cannot look at photos. It is with your case."
PHOTO_UNTOLD = "I cannot look at photos, and could not tell the team. Please call 0100."
PERSON_UNTOLD = "I could not reach the team. Please call 0100."

AGAIN = "You are talking to the assistant again."


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)


class FakeAssistant:
    """Gives the answers it was given, in order, and then the last one again. Keeps the turns it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers) or [calm()]
        self.turns: list[Turn] = []

    async def take_turn(self, turn: Turn) -> Outcome:
        self.turns.append(turn)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Outcome) else await answer(turn)

    async def ready(self) -> str:
        return "fake-model"

    @property
    def texts(self) -> list[str]:
        return [turn.text for turn in self.turns]


class FakeWording:
    def welcome(self) -> Sequence[str]:
        return ["Hello, I am the assistant."]

    def told_team(self, tier: str) -> str:
        return f"{TOLD} ({tier})."

    def already_told(self) -> str:
        return ALREADY

    def could_not_tell(self) -> str:
        return COULD_NOT

    def failure(self, case_opened: bool) -> str:
        return FAILED_TOLD if case_opened else FAILED_UNTOLD

    def person_requested(self, case_opened: bool) -> str:
        return PERSON_TOLD if case_opened else PERSON_UNTOLD

    def photo(self, case_opened: bool) -> str:
        return PHOTO_TOLD if case_opened else PHOTO_ADDED

    def photo_untold(self) -> str:
        return PHOTO_UNTOLD

    def joined(self, name: str) -> str:
        return f"{name} from the clinic has joined."

    def handed_back(self) -> str:
        return AGAIN

    def released(self, name: str) -> str:
        return f"{name} had to go."

    def ended(self, name: str) -> str:
        return f"{name} has ended this chat."

    def still_waiting(self, tier: str) -> str:
        return f"No one has joined yet ({tier})."

    def nobody_there(self, tier: str, opens: datetime | None) -> str:
        return f"The clinic is closed ({tier}), until {opens:%H:%M}." if opens else f"The clinic is closed ({tier})."

    def left_queue(self, case_stands: bool) -> str:
        return "You no longer wait. The team has your case." if case_stands else "You no longer wait."


class FakeReports:
    def start(self, treated_on: date | None) -> Mapping[str, Any] | None:
        return {"treated_on": treated_on.isoformat()} if treated_on else None

    def unasked(self, report: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        return {**report, "asked": None} if report is not None else None

    def settle(self, report: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        return {**report, "settled": True} if report is not None else None


def screen(text: str, report: Mapping[str, Any] | None, now: datetime) -> Outcome | None:
    """Everything about breathing is an emergency, all burning urgent."""
    if "burning" in text:
        return replace(flagged("urgent", "burning", rule="R6"), report={"open_tier": "urgent"})
    if "breathe" not in text:
        return None
    hit = Hit("E1", "R7", "Trouble breathing", ("breathe",))
    return Outcome((Reply(EMERGENCY_TEXT, "emergency"),), "emergency", (hit,), "flag", {"open_tier": "emergency"})


def calm(text: str = "That is expected on day 3.") -> Outcome:
    return Outcome((Reply(text, "answer"),), "self_care", report={"day": 3}, days_since=3, questions=("is_normal",))


def flagged(tier: str, *words: str, rule: str = "R5", handoff: str | None = "flag") -> Outcome:
    hit = Hit("U1", rule, "Possible infection", words or ("yellow pus",))
    return Outcome((Reply(f"Please call us ({tier}).", tier),), tier, (hit,), handoff, {"open_tier": tier})


def hands_off(kind: str) -> Outcome:
    return Outcome((Reply("A person is better for this.", "handoff"),), "none", handoff=kind)


async def never_answers(turn: Turn) -> Outcome:
    await asyncio.sleep(60)
    raise AssertionError("nobody waits so long")


@dataclass
class Clinic:
    """A gateway with fakes around it, and one patient in it."""

    gateway: Gateway
    assistant: FakeAssistant
    clock: Clock
    token: str = ""
    conversation_id: str = ""
    said: list[int] = field(default_factory=list)

    def says(self, text: str, client_id: str | None = None) -> int:
        """The patient writes; nothing is worked yet."""
        accepted = self.gateway.post(self.token, client_id or str(uuid4()), text)
        self.said.append(accepted.seq)
        return accepted.seq

    def asks(self, text: str) -> list[Message]:
        """The patient writes, and everything waiting is worked. Returns what came back."""
        seq = self.says(text)
        self.gateway.work_until_idle()
        return self.gateway.transcript(self.conversation_id, seq)

    def transcript(self) -> list[tuple[str, str]]:
        """(role, text) of everything after the welcome."""
        return [(message.role, message.text) for message in self.gateway.transcript(self.conversation_id, 1)]

    def nurse(self, name: str = "Kim") -> Staff:
        """A member of staff."""
        login = f"{name.lower()}-{uuid4()}"
        return add_staff(self.gateway.database, login, "a long password", name, self.clock())

    def case(self) -> Case:
        """The one open case of the patient's conversation."""
        with self.gateway.database.reading() as connection:
            found = cases.open_case(connection, self.conversation_id)
        assert found is not None, "there is no open case"
        return found

    def history(self, case_id: str) -> list[tuple[str, str | None]]:
        """(action, who) of everything that was done with a case."""
        with self.gateway.database.reading() as connection:
            file = cases.case_file(connection, case_id)
        assert file is not None
        return [(event.action, event.staff) for event in file.history]

    def mode(self) -> str:
        return self.gateway.state(self.conversation_id).mode


def make_clinic(url: str, assistant: FakeAssistant, patience: Patience = QUICK) -> Clinic:
    clock = Clock()
    ports = Ports(assistant, screen, FakeWording(), FakeReports(), "Aftercare assistant")
    gateway = Gateway(Database(url), ports, clock=clock, patience=patience)
    gateway.start()
    opened = gateway.open_session()
    return Clinic(gateway, assistant, clock, opened.token, opened.conversation_id)


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'aftercare.db'}"
