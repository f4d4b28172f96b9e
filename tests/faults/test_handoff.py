"""A handoff in real processes: the web process is killed at every step, answers come late, cases cannot be written."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from tests.faults.web_alone import ANSWER, Web, kim, open_cases, spoken, waits
from tests.product import Patient, Stream, until

pytestmark = pytest.mark.fault


def has(seen: list[dict[str, Any]], stream: Stream, last: int) -> bool:
    """Whether the page has every message up to ``last``."""
    return last <= max((m["seq"] for m in [*seen, *stream.messages]), default=0)


def test_web_killed_at_every_step_of_a_handoff(web: Web, web_patient: Patient) -> None:
    """Nothing is lost, nothing comes twice, and the page that comes back sees every message once."""
    case_id, staff, desk = waits(web, web_patient), kim(web), web.gateway.desk
    client_id, words = str(uuid4()), web_patient.new_id()
    steps: list[Callable[[], Any]] = [
        lambda: desk.claim(case_id, staff),
        lambda: desk.send(case_id, staff, client_id, "Does it hurt?"),
        lambda: web_patient.say("a bit", words),
        lambda: desk.send(case_id, staff, client_id, "Does it hurt?"),
        lambda: desk.hand_back(case_id, staff),
        lambda: until(lambda: web_patient.ask("may I wash?")["text"] == ANSWER, what="the assistant's answer"),
    ]
    seen: list[dict[str, Any]] = []
    for step in steps:
        with Stream(web_patient, after=max((m["seq"] for m in seen), default=0)) as stream:
            step()
            last = web_patient.transcript()[-1]["seq"]
            until(partial(has, seen, stream, last), what="the page to have it")
            web.kill()
        seen += stream.messages
        web.start()

    assert [m["seq"] for m in seen] == [m["seq"] for m in web_patient.transcript()]
    assert spoken(seen) == [
        ("system", "joined"),
        ("staff", "text"),
        ("patient", "text"),
        ("system", "handed_back"),
        ("patient", "text"),
        ("assistant", "answer"),
    ]
    # What staff were told is read in silence, perhaps only after the web process came back.
    answered = [text for text in web.rasa.asked if text != "a bit"]
    assert answered[-1] == "may I wash?"
    assert answered.count("may I wash?") == 1


def test_web_killed_while_a_person_has_the_conversation_leaves_it_theirs(web: Web, web_patient: Patient) -> None:
    case_id, staff = waits(web, web_patient), kim(web)
    web.gateway.desk.claim(case_id, staff)
    web.restart()
    conversation = web_patient.conversation()
    assert (conversation["mode"], conversation["staff_name"]) == ("staff", "Kim")
    web_patient.say("hello Kim")
    until(lambda: web.rasa.asked == ["hello Kim"], 10, "the assistant to read it for staff, in silence")
    time.sleep(1)
    assert web_patient.settled()[-1]["text"] == "hello Kim"


def test_emergency_while_staff_have_the_conversation(web: Web, web_patient: Patient) -> None:
    case_id, staff = waits(web, web_patient), kim(web)
    web.gateway.desk.claim(case_id, staff)
    assert web_patient.ask("I cannot breathe", 5)["kind"] == "emergency"
    [case] = open_cases(web)
    assert (case.id, case.tier, case.assignee_id) == (case_id, "emergency", staff.id)
    until(lambda: web.rasa.asked == ["I cannot breathe"], 10, "the assistant to read it for staff, in silence")
