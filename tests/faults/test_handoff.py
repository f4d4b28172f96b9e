"""A handoff in real processes: the web process is killed at every step, answers come late, cases cannot be written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from aftercare.conversation import cases
from aftercare.conversation.cases import Case
from aftercare.conversation.staff import Staff, add_staff
from tests.conversation.fakes import TOLD
from tests.faults.web_alone import ANSWER, Web, running_web
from tests.product import Patient, Stream, until

pytestmark = pytest.mark.fault


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    with running_web(tmp_path / "var") as running:
        yield running


@pytest.fixture
def patient(web: Web) -> Patient:
    return Patient(web).open()  # type: ignore[arg-type]


def kim(web: Web) -> Staff:
    return add_staff(web.gateway.database, f"kim-{uuid4()}", "a long password", "Kim Lee")


def open_cases(web: Web) -> list[Case]:
    with web.gateway.database.reading() as connection:
        return cases.open_cases(connection)


def waits(web: Web, patient: Patient) -> str:
    """The patient asks for a person. Returns the case's id."""
    patient.ask_person()
    return open_cases(web)[0].id


def spoken(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(role, kind) of everything after the welcome, the request for a person and its answer."""
    return [(m["role"], m["kind"]) for m in messages[3:]]


def has(seen: list[dict[str, Any]], stream: Stream, last: int) -> bool:
    """Whether the page has every message up to ``last``."""
    return last <= max((m["seq"] for m in [*seen, *stream.messages]), default=0)


def test_web_killed_at_every_step_of_a_handoff(web: Web, patient: Patient) -> None:
    """Nothing is lost, nothing comes twice, and the page that comes back sees every message once."""
    case_id, staff, desk = waits(web, patient), kim(web), web.gateway.desk
    client_id, words = str(uuid4()), patient.new_id()
    steps: list[Callable[[], Any]] = [
        lambda: desk.claim(case_id, staff),
        lambda: desk.send(case_id, staff, client_id, "Does it hurt?"),
        lambda: patient.say("a bit", words),
        lambda: desk.send(case_id, staff, client_id, "Does it hurt?"),
        lambda: desk.hand_back(case_id, staff),
        lambda: until(lambda: patient.ask("may I wash?")["text"] == ANSWER, what="the assistant's answer"),
    ]
    seen: list[dict[str, Any]] = []
    for step in steps:
        with Stream(patient, after=max((m["seq"] for m in seen), default=0)) as stream:
            step()
            last = patient.transcript()[-1]["seq"]
            until(partial(has, seen, stream, last), what="the page to have it")
            web.kill()
        seen += stream.messages
        web.start()

    assert [m["seq"] for m in seen] == [m["seq"] for m in patient.transcript()]
    assert spoken(seen) == [
        ("system", "joined"),
        ("staff", "text"),
        ("patient", "text"),
        ("system", "handed_back"),
        ("patient", "text"),
        ("assistant", "answer"),
    ]
    assert web.rasa.asked[-1] == "may I wash?"


def test_web_killed_while_a_person_has_the_conversation_leaves_it_theirs(web: Web, patient: Patient) -> None:
    case_id, staff = waits(web, patient), kim(web)
    web.gateway.desk.claim(case_id, staff)
    web.restart()
    conversation = patient.conversation()
    assert (conversation["mode"], conversation["staff_name"]) == ("staff", "Kim")
    patient.say("hello Kim")
    until(lambda: web.rasa.asked == ["hello Kim"], 10, "the assistant to read it for staff, in silence")
    time.sleep(1)
    assert patient.settled()[-1]["text"] == "hello Kim"


def test_assistant_that_is_late_does_not_talk_over_staff(web: Web, patient: Patient) -> None:
    case_id, staff = waits(web, patient), kim(web)
    patient.say("a slow question")
    until(lambda: web.rasa.asked, what="the assistant to be asked")
    web.gateway.desk.claim(case_id, staff)
    web.rasa.go.set()
    patient.settled()
    time.sleep(1)
    assert spoken(patient.transcript()) == [("patient", "text"), ("system", "joined")]


def test_a_wait_inside_the_assistant_holds_nobody_up(web: Web, patient: Patient) -> None:
    """Staff reach the patient at once, and other patients are answered, while one answer hangs."""
    case_id, staff = waits(web, patient), kim(web)
    patient.say("a slow question")
    until(lambda: web.rasa.asked, what="the assistant to be asked")
    with Stream(patient) as stream:
        web.gateway.desk.send(case_id, staff, str(uuid4()), "I am here.")
        until(lambda: any(m["role"] == "staff" for m in stream.messages), 3, "the person's words on the page")
    other = Patient(web).open()  # type: ignore[arg-type]
    assert other.ask("may I wash?", 5)["text"] == ANSWER
    assert not web.rasa.go.is_set(), "the answer still hangs"


def test_emergency_while_staff_have_the_conversation(web: Web, patient: Patient) -> None:
    case_id, staff = waits(web, patient), kim(web)
    web.gateway.desk.claim(case_id, staff)
    assert patient.ask("I cannot breathe", 5)["kind"] == "emergency"
    [case] = open_cases(web)
    assert (case.id, case.tier, case.assignee_id) == (case_id, "emergency", staff.id)
    until(lambda: web.rasa.asked == ["I cannot breathe"], 10, "the assistant to read it for staff, in silence")


def test_case_that_cannot_be_written_is_told(web: Web, patient: Patient) -> None:
    web.refuse_cases()
    seq = patient.ask_person()
    for reply in (patient.answer(seq), patient.ask("I cannot breathe")):
        assert "Please call 0100." in reply["text"] and TOLD not in reply["text"]
    assert open_cases(web) == []
    assert "could not be written" in (web.var / "web.log").read_text()
