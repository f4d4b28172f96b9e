"""One turn: screen, assistant, one commit; and what the patient is told when something breaks."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import OperationalError

from aftercare.conversation import alerts, cases, turns
from aftercare.conversation.assistant import AssistantUnavailable, Hit, Outcome, Reply, Turn
from aftercare.conversation.cases import Case
from aftercare.conversation.database import StorageError
from aftercare.conversation.outcomes import answered
from aftercare.conversation.staff import Staff
from aftercare.conversation.worker import Patience, Worker

from .fakes import (
    ALREADY,
    COULD_NOT,
    EMERGENCY_TEXT,
    FAILED_TOLD,
    FAILED_UNTOLD,
    PERSON_TOLD,
    PERSON_UNTOLD,
    TOLD,
    Clinic,
    FakeAssistant,
    FakeWording,
    calm,
    flagged,
    hands_off,
    make_clinic,
    never_answers,
)

Opens = Callable[..., Clinic]


def open_cases(clinic: Clinic) -> list[Case]:
    with clinic.gateway.database.reading() as connection:
        return cases.open_cases(connection)


def claims(clinic: Clinic) -> Staff:
    """Staff take the one open case. Returns who."""
    person = clinic.nurse()
    clinic.gateway.desk.claim(clinic.case().id, person)
    return person


def outcome_of(clinic: Clinic, seq: int) -> Mapping[str, Any]:
    """What is kept of the turn of a message; empty until it ended."""
    found = clinic.gateway.outcome(clinic.conversation_id, seq)
    return (found.outcome if found else None) or {}


def refuse_cases(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refusing(*_: object) -> None:
        raise error

    monkeypatch.setattr(cases, "_open", refusing)


def test_an_emergency_is_shown_at_once_and_does_not_wait_for_the_assistant(open_clinic: Opens) -> None:
    clinic = open_clinic(never_answers)
    replies = clinic.asks("I cannot breathe")
    assert [reply.kind for reply in replies] == ["emergency"]
    assert replies[0].text.startswith(EMERGENCY_TEXT) and TOLD in replies[0].text
    assert [case.tier for case in open_cases(clinic)] == ["emergency"]
    assert outcome_of(clinic, 2)["by"] == "screen"


def test_an_emergency_is_with_the_patient_before_the_assistant_is_asked(open_clinic: Opens) -> None:
    shown: list[str] = []

    async def looks(turn: Turn) -> Outcome:
        shown.extend(text for role, text in clinic.transcript() if role == "assistant")
        return calm()

    clinic = open_clinic(looks)
    clinic.asks("I cannot breathe")
    assert [text.startswith(EMERGENCY_TEXT) for text in shown] == [True]


def test_what_the_assistant_finds_besides_the_emergency_reaches_staff_and_not_the_patient(open_clinic: Opens) -> None:
    hits = (Hit("E1", "R7", "Trouble breathing", ("breathe",)), Hit("U5", "U5", "Hives", ("welts",)))
    read = Outcome(
        (Reply("Please call us today.", "urgent"),),
        "urgent",
        hits,
        "flag",
        {"open_tier": "urgent"},
        days_since=2,
        questions=("can_i",),
        intent={"name": "can_i", "confidence": 0.9},
        entities=({"type": "finding", "value": "hives"},),
        model_id="m",
    )
    clinic = open_clinic(read, calm())
    replies = clinic.asks("I cannot breathe, welts, can I take a shower")
    assert [reply.kind for reply in replies] == ["emergency"]
    kept = outcome_of(clinic, 2)
    assert (kept["by"], kept["tier"], kept["questions"], kept["days_since"]) == ("screen", "emergency", ["can_i"], 2)
    assert [hit["flag"] for hit in kept["hits"]] == ["E1", "U5"]
    [case] = open_cases(clinic)
    assert (case.tier, [hit["flag"] for hit in case.hits]) == ("emergency", ["E1", "U5"])
    clinic.asks("thanks")
    assert clinic.assistant.turns[-1].report == {"open_tier": "emergency"}, "the emergency stays what is established"


async def breaks(turn: Turn) -> Outcome:
    raise RuntimeError("my secret words")


@pytest.mark.parametrize(
    "answer",
    [AssistantUnavailable("connection"), AssistantUnavailable("late"), never_answers, breaks, calm()],
    ids=["down", "late", "hangs", "breaks", "finds nothing"],
)
def test_an_emergency_stands_whatever_the_assistant_does_afterwards(open_clinic: Opens, answer: object) -> None:
    clinic = open_clinic(answer)
    assert [reply.kind for reply in clinic.asks("I cannot breathe")] == ["emergency"]
    kept = outcome_of(clinic, 2)
    assert (kept["by"], kept["tier"], [hit["flag"] for hit in kept["hits"]]) == ("screen", "emergency", ["E1"])
    assert [(case.tier, case.reason) for case in open_cases(clinic)] == [("emergency", "Trouble breathing")]


def test_the_next_message_does_not_wait_until_the_emergency_was_read_again(open_clinic: Opens) -> None:
    async def slow_at_first(turn: Turn) -> Outcome:
        return await never_answers(turn) if "breathe" in turn.text else calm()

    clinic = open_clinic(slow_at_first, patience=Patience(time_limit=3.0, poll=0.05))
    clinic.says("I cannot breathe")
    second = clinic.says("still there")

    async def until_the_second_is_answered() -> float:
        begun = time.monotonic()
        running = asyncio.create_task(clinic.gateway.worker().run())
        for _ in range(100):
            if not outcome_of(clinic, second):
                await asyncio.sleep(0.02)
        running.cancel()
        return time.monotonic() - begun

    assert asyncio.run(until_the_second_is_answered()) < 2.0


def test_an_emergency_becomes_part_of_what_the_conversation_established(open_clinic: Opens) -> None:
    clinic = open_clinic()
    clinic.asks("I cannot breathe")
    clinic.asks("it is fine now")
    assert clinic.assistant.turns[-1].report == {"open_tier": "emergency"}


def test_a_screen_that_breaks_leaves_the_question_to_the_assistant(open_clinic: Opens) -> None:
    clinic = open_clinic()

    def broken(*_: object) -> None:
        raise RuntimeError("my secret words")

    object.__setattr__(clinic.gateway.ports, "screen", broken)
    assert [reply.text for reply in clinic.asks("hello")] == ["That is expected on day 3."]


@pytest.mark.parametrize("tier", ["soon", "urgent", "emergency"])
def test_the_team_is_told_of_every_tier_from_soon_on(open_clinic: Opens, tier: str) -> None:
    clinic = open_clinic(flagged(tier))
    assert [reply.text for reply in clinic.asks("yellow pus")] == [f"Please call us ({tier}).\n\n{TOLD} ({tier})."]
    assert [(case.tier, case.reason, case.status) for case in open_cases(clinic)] == [
        (tier, "Possible infection", "waiting")
    ]
    assert clinic.mode() == "waiting"


@pytest.mark.parametrize("kind", ["person", "question", "other_language", "young"])
def test_the_team_is_told_when_the_assistant_hands_off(open_clinic: Opens, kind: str) -> None:
    clinic = open_clinic(hands_off(kind))
    assert clinic.asks("...")[0].text.endswith(f"{TOLD} (soon).")
    assert [(case.tier, case.handoff) for case in open_cases(clinic)] == [("soon", kind)]


def test_self_care_opens_no_case(open_clinic: Opens) -> None:
    clinic = open_clinic(calm())
    clinic.asks("is this normal?")
    assert open_cases(clinic) == [] and clinic.mode() == "assistant"


def test_the_sentence_about_the_team_stands_with_the_urgent_reply() -> None:
    outcome = Outcome((Reply("Call today.", "urgent"), Reply("Is there fever?", "check_question")), "urgent")
    replies = answered(outcome, FakeWording()).told(cases.Change.OPENED)
    assert [TOLD in reply.text for reply in replies] == [True, False]


def test_what_the_team_knows_is_not_told_as_news(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("urgent"), flagged("urgent"), flagged("urgent", "spreading"), flagged("emergency"))
    told = [clinic.asks(text)[0].text for text in ("pus", "still pus", "spreading", "black skin")]
    assert [TOLD in text for text in told] == [True, False, False, True]
    assert [ALREADY in text for text in told] == [False, False, True, False]


def test_who_asks_for_a_person_again_hears_that_the_team_knows(open_clinic: Opens) -> None:
    clinic = open_clinic(hands_off("person"))
    assert TOLD in clinic.asks("a person please")[0].text
    assert ALREADY in clinic.asks("a person!")[0].text


def test_while_a_case_waits_the_assistant_goes_on_answering(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("urgent"), calm())
    clinic.asks("yellow pus")
    assert [reply.text for reply in clinic.asks("may I wash?")] == ["That is expected on day 3."]
    assert clinic.mode() == "waiting"


async def _breaks(turn: Turn) -> Outcome:
    raise RuntimeError("my secret words")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (AssistantUnavailable("connection"), "connection"),
        (AssistantUnavailable("http_500"), "http_500"),
        (AssistantUnavailable("garbage"), "garbage"),
        (Outcome(()), "empty"),
        (Outcome((Reply("  ", "answer"),)), "empty"),
        (never_answers, "late"),
        (_breaks, "error"),
    ],
)
def test_whatever_the_assistant_does_the_patient_gets_a_safe_reply_and_the_team_a_case(
    open_clinic: Opens, answer: object, error: str
) -> None:
    clinic = open_clinic(answer)
    replies = clinic.asks("is this normal?")
    assert [(reply.text, reply.kind) for reply in replies] == [(FAILED_TOLD, "failure")]
    assert [(case.tier, case.reason) for case in open_cases(clinic)] == [("soon", "Assistant unavailable")]
    record = clinic.gateway.outcome(clinic.conversation_id, 2)
    assert record is not None and (record.status, record.error) == ("failed", error)


def test_a_lost_connection_is_tried_three_times(open_clinic: Opens) -> None:
    clinic = open_clinic(AssistantUnavailable("connection"), AssistantUnavailable("connection"), calm())
    assert [reply.kind for reply in clinic.asks("hello")] == ["answer"]
    assert len({turn.message_id for turn in clinic.assistant.turns}) == 1


def test_other_failures_are_not_repeated(open_clinic: Opens) -> None:
    clinic = open_clinic(AssistantUnavailable("http_500"))
    clinic.asks("hello")
    assert len(clinic.assistant.turns) == 1


def test_a_failure_does_not_change_what_was_established(open_clinic: Opens) -> None:
    clinic = open_clinic(calm(), AssistantUnavailable("http_500"), calm())
    for text in ("one", "two", "three"):
        clinic.asks(text)
    assert clinic.assistant.turns[-1].report == {"day": 3}


def test_without_a_case_nobody_says_that_the_team_was_told(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = make_clinic(database_url, FakeAssistant(flagged("urgent"), hands_off("question"), calm()))
    refuse_cases(monkeypatch, RuntimeError("no case"))
    for text in ("yellow pus", "something else", "I cannot breathe"):
        assert clinic.asks(text)[0].text.endswith(COULD_NOT)
    assert open_cases(clinic) == []
    assert not any(TOLD in text for _, text in clinic.transcript())
    clinic.gateway.close()


def test_without_a_case_a_failure_says_whom_to_call(open_clinic: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = open_clinic(AssistantUnavailable("http_500"))
    refuse_cases(monkeypatch, RuntimeError("no case"))
    assert [reply.text for reply in clinic.asks("hello")] == [FAILED_UNTOLD]


def test_a_case_is_not_kept_when_its_sentence_cannot_be_written(
    open_clinic: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = open_clinic(flagged("urgent"))
    monkeypatch.setattr(FakeWording, "told_team", lambda self, tier: 1 / 0)
    assert clinic.asks("yellow pus")[0].text.endswith(COULD_NOT)
    assert open_cases(clinic) == []


def test_a_database_that_fails_for_a_moment_costs_nothing(open_clinic: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = open_clinic(flagged("urgent"))
    opening, failures = cases._open, [OperationalError("", {}, Exception("database is locked"))]

    def failing_once(*arguments: object) -> None:
        if failures:
            raise failures.pop()
        opening(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(cases, "_open", failing_once)
    assert TOLD in clinic.asks("yellow pus")[0].text
    assert len(open_cases(clinic)) == 1 and len(clinic.transcript()) == 2


def test_a_database_that_takes_nothing_leaves_the_turn_for_later(
    open_clinic: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = open_clinic()
    monkeypatch.setattr("aftercare.conversation.worker.COMMIT_PAUSES", (0.01, 0.01))

    def refusing(*_: object) -> None:
        raise StorageError("database is locked")

    with monkeypatch.context() as broken:
        broken.setattr(Worker, "_commit_told", refusing)
        broken.setattr(Worker, "_commit_untold", refusing)
        assert clinic.asks("is this normal?") == []
    clinic.clock.passes(seconds=21)
    clinic.gateway.work_until_idle()
    assert clinic.transcript() == [("patient", "is this normal?"), ("assistant", "That is expected on day 3.")]


def test_while_staff_have_the_conversation_the_assistant_is_mute(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("urgent"), calm())
    clinic.asks("yellow pus")
    claims(clinic)
    assert clinic.asks("hello nurse") == []
    assert clinic.gateway.outcome(clinic.conversation_id, clinic.said[-1]).status == "skipped"  # type: ignore[union-attr]


def test_while_staff_have_the_conversation_an_emergency_is_still_shown_and_raises_the_case(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("soon"))
    clinic.asks("yellow pus")
    claims(clinic)
    assert clinic.asks("I cannot breathe")[0].kind == "emergency"
    assert [(case.tier, case.status) for case in open_cases(clinic)] == [("emergency", "claimed")]
    assert clinic.mode() == "staff"


def urgent_by_words(clinic: Clinic) -> None:
    clinic.asks("burning, and worse")


def urgent_as_learned(clinic: Clinic) -> None:
    clinic.assistant.answers = [flagged("urgent", "weeping", rule="R8")]
    clinic.asks("it is weeping")


@pytest.mark.parametrize("says", [urgent_by_words, urgent_as_learned])
@pytest.mark.parametrize(("before", "after"), [("soon", "urgent"), ("urgent", "urgent"), ("emergency", "emergency")])
def test_while_staff_have_the_conversation_an_urgent_flag_raises_the_case_and_nothing_is_said(
    database_url: str, says: Callable[[Clinic], None], before: str, after: str
) -> None:
    clinic = make_clinic(database_url, FakeAssistant(flagged(before), calm()))
    clinic.asks("yellow pus")
    kim, case = claims(clinic), clinic.case()
    said = len(clinic.transcript())
    says(clinic)
    risen = clinic.case()
    assert (risen.tier, risen.status, risen.assignee_id) == (after, "claimed", kim.id)
    assert risen.hits[-1]["seq"] == clinic.said[-1], "the words are to be marked in this message"
    assert [action for action, _ in clinic.history(case.id)] == [
        "opened",
        "claimed",
        "raised" if before == "soon" else "noted",
    ]
    assert len(clinic.transcript()) == said + 1, "only the patient's own message"
    assert (clinic.mode(), outcome_of(clinic, clinic.said[-1])["tier"]) == ("staff", "urgent")
    with clinic.gateway.database.reading() as connection:
        told = [(delivery.kind, delivery.tier) for delivery in alerts.latest(connection)]
    assert (("raised", "urgent") in told) == (before == "soon")
    clinic.gateway.close()


def test_a_message_to_staff_is_no_answer_to_what_the_assistant_asked(open_clinic: Opens) -> None:
    clinic = open_clinic(replace(flagged("soon"), report={"asked": "check"}), calm())
    clinic.asks("yellow pus")
    claims(clinic)
    clinic.asks("yes")
    assert clinic.assistant.turns[-1].report == {"asked": None}
    assert clinic.gateway.state(clinic.conversation_id).report == {"asked": "check"}, "what was established stays"


def test_what_the_assistant_would_hand_off_is_no_matter_where_staff_are(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("soon"), hands_off("question"))
    clinic.asks("yellow pus")
    claims(clinic)
    clinic.asks("do you take cards?")
    assert [action for action, _ in clinic.history(clinic.case().id)] == ["opened", "claimed"]


@pytest.mark.parametrize(
    "answer", [AssistantUnavailable("connection"), never_answers, breaks], ids=["down", "hangs", "breaks"]
)
def test_without_the_assistant_the_words_alone_raise_the_case_that_staff_have(
    open_clinic: Opens, answer: object
) -> None:
    clinic = open_clinic(flagged("soon"), answer)
    clinic.asks("yellow pus")
    claims(clinic)
    assert clinic.asks("burning") == []
    assert clinic.case().tier == "urgent"


def test_an_urgent_message_to_staff_who_just_closed_opens_a_case_and_the_patient_hears_so(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("soon"), calm())
    clinic.asks("yellow pus")
    kim = claims(clinic)
    clinic.says("burning")
    clinic.gateway.desk.close(clinic.case().id, kim, "advice_given")
    clinic.gateway.work_until_idle()
    assert (clinic.case().tier, clinic.mode()) == ("urgent", "waiting")
    assert TOLD in clinic.transcript()[-1][1]


def test_what_is_learned_of_a_message_whose_case_was_closed_meanwhile_opens_another(open_clinic: Opens) -> None:
    async def reads_while_staff_close(turn: Turn) -> Outcome:
        clinic.gateway.desk.close(clinic.case().id, kim, "advice_given")
        return flagged("urgent", "weeping", rule="R8")

    clinic = open_clinic(flagged("soon"), reads_while_staff_close)
    clinic.asks("yellow pus")
    kim = claims(clinic)
    clinic.asks("it is weeping")
    assert (clinic.case().tier, clinic.mode()) == ("urgent", "waiting")
    assert clinic.transcript()[-1] == ("assistant", f"Please call us (urgent).\n\n{TOLD} (urgent).")


def test_urgent_words_are_the_assistants_to_answer_where_no_person_is(open_clinic: Opens) -> None:
    clinic = open_clinic(calm())
    assert [reply.kind for reply in clinic.asks("burning")] == ["answer"]


def test_while_staff_have_the_conversation_no_failure_is_shown(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("soon"))
    clinic.asks("yellow pus")
    claims(clinic)
    clinic.says("the message that kills")
    for _ in range(turns.MOST_LEASES):
        turns.lease(clinic.gateway.database, clinic.clock(), timedelta(seconds=20))
        clinic.clock.passes(seconds=21)
    clinic.gateway.work_until_idle()
    assert clinic.transcript()[-1] == ("patient", "the message that kills")


def test_an_answer_that_comes_after_staff_took_over_is_not_shown(database_url: str) -> None:
    async def slow(turn: Turn) -> Outcome:
        claims(clinic)
        return flagged("emergency", "grey skin")

    clinic = make_clinic(database_url, FakeAssistant(flagged("soon"), slow))
    clinic.asks("yellow pus")
    assert [(line.role, line.kind) for line in clinic.asks("and now?")] == [("system", "joined")]
    assert [(case.tier, len(case.hits)) for case in open_cases(clinic)] == [("emergency", 2)]
    record = clinic.gateway.outcome(clinic.conversation_id, clinic.said[-1])
    assert record is not None and (record.status, record.error) == ("skipped", "changed_hands")
    clinic.gateway.close()


def test_after_hand_back_the_assistant_answers_the_next_message_not_the_backlog(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("soon"), calm())
    clinic.asks("yellow pus")
    nurse = claims(clinic)
    clinic.asks("hello nurse")
    clinic.gateway.desk.hand_back(clinic.case().id, nurse)
    assert clinic.mode() == "assistant"
    assert [reply.text for reply in clinic.asks("may I swim?")] == ["That is expected on day 3."]
    assert clinic.assistant.turns[-1].report == {"open_tier": "soon", "settled": True}


def test_the_button_for_a_person_opens_a_case_without_the_assistant(open_clinic: Opens) -> None:
    clinic = open_clinic(never_answers)
    client_id = str(uuid4())
    first = clinic.gateway.ask_person(clinic.token, client_id)
    again = clinic.gateway.ask_person(clinic.token, client_id)
    assert (first.seq, again.seq, again.duplicate) == (2, 2, True)
    assert clinic.transcript() == [("patient", "I would like to talk to a person."), ("assistant", PERSON_TOLD)]
    assert [(case.tier, case.reason) for case in open_cases(clinic)] == [("soon", "Asked for a person")]
    clinic.gateway.ask_person(clinic.token, str(uuid4()))
    assert clinic.transcript()[-1] == ("assistant", ALREADY)


def test_the_button_for_a_person_says_so_where_the_team_cannot_be_told(
    open_clinic: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = open_clinic()
    refuse_cases(monkeypatch, RuntimeError("no case"))
    clinic.gateway.ask_person(clinic.token, str(uuid4()))
    assert clinic.transcript()[-1] == ("assistant", PERSON_UNTOLD)
    assert open_cases(clinic) == []


def test_no_log_line_quotes_a_patient(
    open_clinic: Opens, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def quoting(turn: Turn) -> Outcome:
        raise ValueError(turn.text)

    caplog.set_level("DEBUG")
    clinic = open_clinic(quoting)
    refuse_cases(monkeypatch, RuntimeError("my secret words"))
    clinic.asks("my secret words")
    assert "could not" in caplog.text
    assert "secret" not in caplog.text and clinic.token not in caplog.text


def test_patients_are_answered_at_the_same_time(open_clinic: Opens) -> None:
    together = asyncio.Event()
    waiting: list[str] = []

    async def meeting(turn: Turn) -> Outcome:
        waiting.append(turn.conversation_id)
        if len(waiting) == 3:
            together.set()
        await together.wait()
        return calm()

    clinic = open_clinic(meeting, patience=Patience(time_limit=20))
    for _ in range(3):
        clinic.gateway.post(clinic.gateway.open_session().token, str(uuid4()), "hello")
    clinic.gateway.work_until_idle()
    assert together.is_set()


def test_a_running_worker_wakes_for_a_message_and_stops_when_told(open_clinic: Opens) -> None:
    clinic = open_clinic()

    async def running() -> None:
        worker = clinic.gateway.worker()
        task = asyncio.create_task(worker.run())
        await asyncio.sleep(0.02)
        threading.Thread(target=clinic.says, args=("hello",)).start()
        for _ in range(100):
            if len(clinic.transcript()) == 2:
                break
            await asyncio.sleep(0.02)
        await worker.stop()
        await asyncio.wait_for(task, 1)

    asyncio.run(running())
    assert [role for role, _ in clinic.transcript()] == ["patient", "assistant"]


def test_a_worker_that_is_told_to_stop_ends_the_turn_it_has(open_clinic: Opens) -> None:
    begun = asyncio.Event()

    async def slowly(turn: Turn) -> Outcome:
        begun.set()
        await asyncio.sleep(0.1)
        return calm()

    clinic = open_clinic(slowly, patience=Patience(time_limit=20))
    clinic.says("hello")

    async def running() -> None:
        worker = clinic.gateway.worker()
        task = asyncio.create_task(worker.run())
        await begun.wait()
        await worker.stop()
        await task

    asyncio.run(running())
    assert len(clinic.transcript()) == 2
