"""Ten faults that handoffs elsewhere shipped with (shared anchors, 3b). Each test is named by the fault."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from aftercare.conversation import cases, turns
from aftercare.conversation.assistant import Outcome, Turn
from aftercare.conversation.cases import CaseConflict
from aftercare.conversation.database import StorageError
from aftercare.conversation.desk import Desk
from aftercare.conversation.staff import Staff
from aftercare.conversation.worker import Patience

from .fakes import AGAIN, COULD_NOT, TOLD, Clinic, FakeAssistant, FakeWording, calm, flagged, hands_off, make_clinic

Opens = Callable[..., Clinic]


def waits(clinic: Clinic) -> tuple[Desk, str, Staff]:
    clinic.asks("yellow pus")
    return clinic.gateway.desk, clinic.case().id, clinic.nurse()


@pytest.mark.parametrize("takes", ["claim", "send"])
def test_1_the_assistant_talks_over_staff(database_url: str, takes: str) -> None:
    """Neither an answer that was under way, nor one to what the patient writes then, nor one to the person button."""

    async def slow(turn: Turn) -> Outcome:
        if takes == "claim":
            desk.claim(case_id, kim)
        else:
            desk.send(case_id, kim, str(uuid4()), "Hello")
        return calm()

    clinic = make_clinic(database_url, FakeAssistant(flagged("urgent"), slow, calm()))
    desk, case_id, kim = waits(clinic)
    clinic.asks("may I wash?")
    clinic.asks("hello nurse")
    clinic.gateway.ask_person(clinic.token, str(uuid4()))
    clinic.gateway.work_until_idle()
    spoke = [role for role, _ in clinic.transcript()]
    assert spoke.count("assistant") == 1, "the reply that raised the case, and nothing after it"
    assert spoke[-1] == "patient"
    clinic.gateway.close()


def test_2_the_closing_text_comes_twice(database_url: str) -> None:
    clinic = make_clinic(database_url, FakeAssistant(flagged("urgent")))
    desk, case_id, kim = waits(clinic)
    desk.claim(case_id, kim)

    def closing(_: int) -> bool:
        try:
            desk.close(case_id, kim, "called")
        except CaseConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        closed = list(threads.map(closing, range(8)))
    assert closed.count(True) == 1
    assert [text for role, text in clinic.transcript() if role == "system"][1:] == ["Kim has ended this chat."]
    clinic.gateway.close()


def test_3_the_assistants_last_answer_is_lost_when_its_own_case_opens(open_clinic: Opens) -> None:
    """The patient presses the person button, which opens a case, while the assistant works on the message before."""

    async def slow(turn: Turn) -> Outcome:
        clinic.gateway.ask_person(clinic.token, str(uuid4()))
        return calm("Yes, with cool water.")

    clinic = open_clinic(slow)
    clinic.asks("may I wash?")
    assert ("assistant", "Yes, with cool water.") in clinic.transcript()
    assert clinic.mode() == "waiting"


def test_3_what_the_answer_found_is_not_lost_with_a_takeover(open_clinic: Opens) -> None:
    async def slow(turn: Turn) -> Outcome:
        desk.claim(case_id, kim)
        return flagged("emergency", "grey skin")

    clinic = open_clinic(flagged("urgent"), slow)
    desk, case_id, kim = waits(clinic)
    clinic.asks("and grey skin")
    case = clinic.case()
    assert (case.tier, case.hits[-1]["words"]) == ("emergency", ["grey skin"])


@pytest.mark.parametrize("answer", [flagged("soon"), flagged("urgent"), hands_off("question"), hands_off("person")])
def test_4_handed_over_with_no_word_to_the_patient(open_clinic: Opens, answer: Outcome) -> None:
    clinic = open_clinic(answer)
    assert TOLD in clinic.asks("...")[-1].text


def test_4_no_step_of_staff_goes_without_a_word_to_the_patient(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("urgent"), calm())
    desk, case_id, kim = waits(clinic)
    lee = clinic.nurse("Lee")
    steps: list[Callable[[], object]] = [
        lambda: desk.claim(case_id, kim),
        lambda: desk.release(case_id, kim),
        lambda: desk.claim(case_id, kim),
        lambda: desk.take_over(case_id, lee),
        lambda: desk.hand_back(case_id, lee),
        lambda: desk.send(case_id, lee, str(uuid4()), "one more thing"),
        lambda: desk.close(clinic.case().id, lee, "called"),
    ]
    for step in steps:
        before = len(clinic.transcript())
        step()
        assert "system" in [role for role, _ in clinic.transcript()[before:]]
        clinic.clock.passes(minutes=2)


def test_5_the_assistant_is_dead_after_hand_back(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("urgent"), calm())
    desk, case_id, kim = waits(clinic)
    for _ in range(3):
        desk.send(case_id, kim, str(uuid4()), "Hello")
        clinic.asks("hello nurse")
        desk.hand_back(clinic.case().id, kim)
        assert [(m.role, m.text) for m in clinic.asks("may I swim?")] == [("assistant", "That is expected on day 3.")]


@pytest.mark.parametrize("worked", ["at once", "after the hand back", "leased before it"])
def test_6_the_assistant_answers_the_backlog_after_hand_back(open_clinic: Opens, worked: str) -> None:
    clinic = open_clinic(flagged("urgent"), calm())
    desk, case_id, kim = waits(clinic)
    desk.claim(case_id, kim)
    for text in ("hello nurse", "are you there?"):
        clinic.says(text)
        if worked == "at once":
            clinic.gateway.work_until_idle()
    if worked == "leased before it":
        assert turns.lease(clinic.gateway.database, clinic.clock(), timedelta(seconds=20))
    desk.hand_back(case_id, kim)
    clinic.clock.passes(seconds=21)
    clinic.gateway.work_until_idle()
    assert clinic.transcript()[-1] == ("system", AGAIN)
    assert [reply.text for reply in clinic.asks("may I swim?")] == ["That is expected on day 3."]


def test_6_the_backlog_is_still_screened(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("urgent"))
    desk, case_id, kim = waits(clinic)
    desk.claim(case_id, kim)
    clinic.says("I cannot breathe")
    desk.hand_back(case_id, kim)
    clinic.gateway.work_until_idle()
    assert clinic.case().tier == "emergency" and TOLD in clinic.transcript()[-1][1]


def test_7_has_joined_before_the_name_is_known(open_clinic: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is of the same commit as the claim: without it there is no claim, and it always has the name."""
    clinic = open_clinic(flagged("urgent"))
    desk, case_id, kim = waits(clinic)
    with monkeypatch.context() as broken:
        broken.setattr(FakeWording, "joined", lambda self, name: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            desk.claim(case_id, kim)
    assert (clinic.case().status, clinic.mode()) == ("waiting", "waiting")
    desk.claim(case_id, kim)
    assert clinic.transcript()[-1] == ("system", "Kim from the clinic has joined.")


def test_8_a_reopened_case_sticks_to_a_colleague_who_is_gone(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("urgent"))
    desk, case_id, kim = waits(clinic)
    desk.claim(case_id, kim)
    desk.close(case_id, kim, "called")
    clinic.clock.passes(hours=3)
    clinic.asks("pus again")
    case = clinic.case()
    assert (case.status, case.assignee_id, clinic.mode()) == ("waiting", None, "waiting")
    lee = clinic.nurse("Lee")
    desk.claim(case.id, lee)
    assert clinic.case().assignee_id == lee.id


@pytest.mark.parametrize("error", [RuntimeError("no case"), StorageError("the disk is full")])
def test_9_a_failure_while_opening_a_case_goes_unnoticed(
    open_clinic: Opens, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def refusing(*_: object) -> None:
        raise error

    clinic = open_clinic(flagged("urgent"))
    monkeypatch.setattr(cases, "_open", refusing)
    monkeypatch.setattr("aftercare.conversation.worker.COMMIT_PAUSES", (0.01, 0.01))
    said = clinic.asks("yellow pus")[-1].text
    assert COULD_NOT in said and TOLD not in said
    assert "could not be" in caplog.text


def test_10_a_blocking_wait_for_a_person_holds_everything_up(open_clinic: Opens) -> None:
    """The assistant's side waits; staff take the case, write, and the patient's other words go through meanwhile."""

    async def waiting_for_somebody(turn: Turn) -> Outcome:
        await asyncio.sleep(60)
        raise AssertionError("it is cut off before")

    clinic = open_clinic(flagged("urgent"), waiting_for_somebody, patience=Patience(time_limit=1.0, poll=0.05))
    desk, case_id, kim = waits(clinic)
    seq = clinic.says("may I wash?")

    async def meanwhile() -> None:
        working = asyncio.create_task(clinic.gateway.worker().run())
        await asyncio.sleep(0.2)
        await clinic.gateway.database.run(desk.send, case_id, kim, str(uuid4()), "Hello")
        assert [m.role for m in clinic.gateway.transcript(clinic.conversation_id, seq)] == ["system", "staff"]
        await asyncio.sleep(1.3)
        working.cancel()

    asyncio.run(meanwhile())
    found = clinic.gateway.outcome(clinic.conversation_id, seq)
    assert found is not None and (found.status, found.error) == ("skipped", "changed_hands")
    assert clinic.transcript()[-1] == ("staff", "Hello")
