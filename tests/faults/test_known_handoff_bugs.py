"""Ten bugs that other products shipped in handing a conversation over, each with real processes (anchors.md, section on handoff).

The web process runs on its own; staff act from this process, as from another web process.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from aftercare.conversation import presence
from aftercare.conversation.cases import CaseConflict
from tests.conversation.fakes import AGAIN, PERSON_TOLD, TOLD
from tests.faults.web_alone import ANSWER, Web, kim, open_cases, spoken, waits
from tests.product import Patient, Stream, until

pytestmark = pytest.mark.fault


def test_1_assistant_that_is_late_does_not_talk_over_staff(web: Web, web_patient: Patient) -> None:
    case_id, staff = waits(web, web_patient), kim(web)
    web_patient.say("a slow question")
    until(lambda: web.rasa.asked, what="the assistant to be asked")
    web.gateway.desk.claim(case_id, staff)
    web.rasa.go.set()
    web_patient.settled()
    time.sleep(1)
    assert spoken(web_patient.transcript()) == [("patient", "text"), ("system", "joined")]


def _has_all(stream: Stream, transcript: list[dict[str, Any]]) -> bool:
    return len(transcript) <= len(stream.messages)


def test_2_closing_words_come_once(web: Web, web_patient: Patient) -> None:
    """Two clicks at the same moment, and a third after the web process was killed."""
    case_id, staff, desk = waits(web, web_patient), kim(web), web.gateway.desk
    desk.claim(case_id, staff)

    def closed(_: int) -> bool:
        try:
            desk.close(case_id, staff, "advice_given")
        except CaseConflict:
            return False
        return True

    with Stream(web_patient) as stream, ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(closed, range(4))) == 1
        until(lambda: any(m["kind"] == "closed" for m in stream.messages), what="the closing words on the page")
        web.kill()
    web.start()
    assert not closed(0)
    assert spoken(web_patient.transcript()) == [("system", "joined"), ("system", "closed")]
    assert [m["kind"] for m in stream.messages].count("closed") == 1


def test_3_answer_at_the_moment_of_a_takeover_is_whole_or_not_given(web: Web, web_patient: Patient) -> None:
    """Whichever is first: an answer that is in the transcript is on the page, before the person who joins."""
    staff, given = kim(web), 0
    for turn in range(10):
        web_patient.ask_person()
        [case] = open_cases(web)
        with Stream(web_patient) as stream:
            seq = web_patient.say("may I wash?")
            time.sleep(0.03 * turn)
            if turn == 9:
                web_patient.answer(seq)
            web.gateway.desk.claim(case.id, staff)
            transcript = web_patient.settled()
            until(partial(_has_all, stream, transcript), what="the page to have all of it")
        assert [m["seq"] for m in stream.messages] == [m["seq"] for m in transcript]
        after = [(m["role"], m["kind"]) for m in transcript if m["seq"] > seq]
        assert after in ([("system", "joined")], [("assistant", "answer"), ("system", "joined")])
        given += len(after) - 1
        web.gateway.desk.close(case.id, staff, "not_needed")
    assert given > 0, "no answer was ever as quick as the takeover"


def test_4_no_step_of_a_handoff_is_silent(web: Web, web_patient: Patient) -> None:
    assert PERSON_TOLD in web_patient.answer(web_patient.ask_person())["text"]
    assert TOLD in web_patient.ask("there is pus")["text"]
    [case], staff, desk = open_cases(web), kim(web), web.gateway.desk
    for step, kind in (
        (desk.claim, "joined"),
        (desk.release, "released"),
        (desk.claim, "joined"),
        (desk.hand_back, "handed_back"),
    ):
        step(case.id, staff)
        assert web_patient.transcript()[-1]["kind"] == kind


def test_5_assistant_answers_after_hand_back_and_after_the_end(web: Web, web_patient: Patient) -> None:
    staff, desk = kim(web), web.gateway.desk
    for leave in (desk.hand_back, lambda case_id, staff: desk.close(case_id, staff, "called")):
        case_id = waits(web, web_patient)
        desk.claim(case_id, staff)
        web_patient.say("hello Kim")
        leave(case_id, staff)
        web.restart()
        assert web_patient.ask("may I wash?")["text"] == ANSWER


def test_6_assistant_leaves_the_backlog_to_staff(web: Web, web_patient: Patient) -> None:
    case_id, staff = waits(web, web_patient), kim(web)
    web.gateway.desk.claim(case_id, staff)
    for text in ("may I wash?", "and swim?", "and run?"):
        web_patient.say(text)
    web.gateway.desk.hand_back(case_id, staff)
    assert web_patient.ask("may I fly?")["text"] == ANSWER
    web_patient.settled()
    time.sleep(1)
    assert spoken(web_patient.transcript())[1:] == [
        *[("patient", "text")] * 3,
        ("system", "handed_back"),
        ("patient", "text"),
        ("assistant", "answer"),
    ]
    assert AGAIN in [m["text"] for m in web_patient.transcript()]


def test_7_who_has_joined_is_named_from_the_first_sight(web: Web, web_patient: Patient) -> None:
    case_id, staff = waits(web, web_patient), kim(web)
    with Stream(web_patient) as stream:
        web.gateway.desk.send(case_id, staff, str(uuid4()), "Does it hurt?")
        until(lambda: any(m["role"] == "staff" for m in stream.messages), what="the person's words on the page")
    joined, words = stream.messages[-2:]
    assert (joined["kind"], joined["text"]) == ("joined", "Kim from the clinic has joined.")
    assert words["name"] == "Kim"
    assert web_patient.conversation()["staff_name"] == "Kim"


def test_8_new_case_does_not_stick_to_whoever_had_the_last_one(web: Web, web_patient: Patient) -> None:
    """Nor does a case stay with a member of staff who has gone: the web process puts it back by itself."""
    case_id, staff, desk = waits(web, web_patient), kim(web), web.gateway.desk
    desk.claim(case_id, staff)
    desk.close(case_id, staff, "advice_given")
    assert TOLD in web_patient.ask("there is pus")["text"]
    [case] = open_cases(web)
    assert (case.status, case.assignee_id, case.id == case_id) == ("waiting", None, False)
    desk.claim(case.id, staff)
    with web.gateway.database.writing() as connection:
        presence.beat(connection, staff.id, datetime.now(timezone.utc) - timedelta(hours=1))
    until(lambda: open_cases(web)[0].assignee_id is None, 60, "the case to be put back")
    assert web_patient.transcript()[-1]["text"] == "Kim had to go."


def test_9_case_that_cannot_be_written_is_told(web: Web, web_patient: Patient) -> None:
    web.refuse_cases()
    seq = web_patient.ask_person()
    for reply in (web_patient.answer(seq), web_patient.ask("I cannot breathe")):
        assert "Please call 0100." in reply["text"] and TOLD not in reply["text"]
    assert open_cases(web) == []
    assert "could not be written" in (web.var / "web.log").read_text()


def test_10_a_wait_inside_the_assistant_holds_nobody_up(web: Web, web_patient: Patient) -> None:
    """Staff reach the patient at once, and other patients are answered, while one answer hangs."""
    case_id, staff = waits(web, web_patient), kim(web)
    web_patient.say("a slow question")
    until(lambda: web.rasa.asked, what="the assistant to be asked")
    with Stream(web_patient) as stream:
        web.gateway.desk.send(case_id, staff, str(uuid4()), "I am here.")
        until(lambda: any(m["role"] == "staff" for m in stream.messages), 3, "the person's words on the page")
    other = Patient(web).open()  # type: ignore[arg-type]
    assert other.ask("may I wash?", 5)["text"] == ANSWER
    assert not web.rasa.go.is_set(), "the answer still hangs"
