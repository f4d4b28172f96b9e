"""Pages of one process are woken by what another process writes, and by what time changes; by nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from aftercare.conversation import notes
from aftercare.conversation.lookout import Lookout
from aftercare.conversation.staff import Staff

from .fakes import Clinic, FakeAssistant, make_clinic


@pytest.fixture
def clinic(database_url: str) -> Iterator[Clinic]:
    """The process that writes."""
    opened = make_clinic(database_url, FakeAssistant())
    yield opened
    opened.gateway.close()


@pytest.fixture
def other(clinic: Clinic, database_url: str) -> Iterator[Clinic]:
    """The process with the open pages: of the patient of ``clinic``, and of a patient of its own."""
    opened = make_clinic(database_url, FakeAssistant())
    opened.clock = clinic.clock
    yield opened
    opened.gateway.close()


def woken(other: Clinic, shown: list[str], step: Callable[[], object]) -> list[list[str]]:
    """Who was woken by the first look, by a second one, and by one after the step."""

    async def looks() -> list[list[str]]:
        wakeups = other.gateway.wakeups
        lookout = Lookout(other.gateway.database, wakeups, other.clock)
        with wakeups.watching(shown[0]) as hint:
            seen = [lookout.look(), lookout.look()]
            await hint.wait(0.01)
            step()
            seen.append(lookout.look())
            if seen[-1]:
                await asyncio.wait_for(hint.wait(60), 5)
            return seen

    return asyncio.run(looks())


def kim_writes(clinic: Clinic, kim: Staff) -> str:
    """A person has the conversation. Returns the case's id."""
    clinic.gateway.ask_person(clinic.token, str(uuid4()))
    case_id = clinic.case().id
    clinic.gateway.desk.claim(case_id, kim)
    return case_id


@pytest.mark.parametrize("what", ["message", "person", "typing", "seen"])
def test_what_the_patient_does_in_another_process_wakes_the_page(clinic: Clinic, other: Clinic, what: str) -> None:
    gateway, token = clinic.gateway, clinic.token
    steps: dict[str, Callable[[], object]] = {
        "message": lambda: clinic.says("hello"),
        "person": lambda: gateway.ask_person(token, str(uuid4())),
        "typing": lambda: gateway.patient_typing(token),
        "seen": lambda: gateway.patient_saw(token, 1),
    }
    shown = [clinic.conversation_id]
    assert woken(other, shown, steps[what]) == [shown, [], shown]


@pytest.mark.parametrize("what", ["reply", "typing", "note", "hand_back"])
def test_what_staff_do_in_another_process_wakes_the_page(clinic: Clinic, other: Clinic, what: str) -> None:
    kim, desk = clinic.nurse(), clinic.gateway.desk
    case_id = kim_writes(clinic, kim)

    def note() -> None:
        with clinic.gateway.database.writing() as connection:
            notes.add(connection, case_id, kim.id, "call back at five", clinic.clock())

    steps: dict[str, Callable[[], object]] = {
        "reply": lambda: desk.send(case_id, kim, str(uuid4()), "Does it hurt?"),
        "typing": lambda: desk.typing(case_id, kim),
        "note": note,
        "hand_back": lambda: desk.hand_back(case_id, kim),
    }
    shown = [clinic.conversation_id]
    assert woken(other, shown, steps[what]) == [shown, [], shown]


def test_who_stops_typing_without_a_word_is_noticed(clinic: Clinic, other: Clinic) -> None:
    clinic.gateway.patient_typing(clinic.token)
    shown = [clinic.conversation_id]
    assert woken(other, shown, lambda: clinic.clock.passes(minutes=1)) == [shown, [], shown]


def test_who_waits_is_woken_where_somebody_before_them_is_helped(clinic: Clinic, other: Clinic) -> None:
    clinic.gateway.ask_person(clinic.token, str(uuid4()))
    clinic.clock.passes(minutes=1)
    other.gateway.ask_person(other.token, str(uuid4()))
    shown, kim = [other.conversation_id], clinic.nurse()
    assert woken(other, shown, lambda: clinic.gateway.desk.claim(clinic.case().id, kim)) == [shown, [], shown]


def test_nobody_is_woken_by_a_conversation_that_is_not_shown(clinic: Clinic, other: Clinic) -> None:
    shown = [other.conversation_id]
    assert woken(other, shown, lambda: clinic.says("hello")) == [shown, [], []]
