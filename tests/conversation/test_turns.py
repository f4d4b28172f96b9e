"""Every message is taken once, worked once, in order, and survives a crash."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from aftercare.conversation import turns
from aftercare.conversation.assistant import Button, Outcome, Reply
from aftercare.conversation.gateway import NoButton

from .fakes import Clinic, FakeAssistant, calm, make_clinic

Opens = Callable[..., Clinic]
LEASE = timedelta(seconds=20)


def test_a_message_sent_again_gets_the_same_number_and_one_answer(database_url: str) -> None:
    clinic = make_clinic(database_url, FakeAssistant())
    client_id = str(uuid4())
    first = clinic.gateway.post(clinic.token, client_id, "is this normal?")
    clinic.gateway.work_until_idle()
    again = clinic.gateway.post(clinic.token, client_id, "is this normal?")
    clinic.gateway.work_until_idle()
    assert (first.seq, first.duplicate, again.seq, again.duplicate) == (2, False, 2, True)
    assert clinic.transcript() == [("patient", "is this normal?"), ("assistant", "That is expected on day 3.")]
    clinic.gateway.close()


def test_the_same_message_sent_twice_at_once_is_taken_once(database_url: str) -> None:
    clinic = make_clinic(database_url, FakeAssistant())
    client_id = str(uuid4())
    with ThreadPoolExecutor(6) as threads:
        taken = list(threads.map(lambda _: clinic.gateway.post(clinic.token, client_id, "hello"), range(6)))
    assert {accepted.seq for accepted in taken} == {2}
    assert sum(not accepted.duplicate for accepted in taken) == 1
    clinic.gateway.close()


def test_messages_sent_at_once_keep_one_order_without_gaps(database_url: str) -> None:
    clinic = make_clinic(database_url, FakeAssistant())
    with ThreadPoolExecutor(6) as threads:
        seqs = list(threads.map(clinic.says, [f"question {n}" for n in range(12)]))
    assert sorted(seqs) == list(range(2, 14))
    written = [message.text for message in clinic.gateway.transcript(clinic.conversation_id, 1)]
    clinic.gateway.work_until_idle()
    assert clinic.assistant.texts == written
    clinic.gateway.close()


def test_a_second_message_waits_until_the_first_is_answered(open_clinic: Opens) -> None:
    reports = []

    async def remembering(turn: object) -> Outcome:
        reports.append(turn.report)  # type: ignore[attr-defined]
        return Outcome((Reply("Yes.", "answer"),), report={"heard": len(reports)})

    clinic = open_clinic(remembering)
    clinic.says("one")
    clinic.says("two")
    clinic.gateway.work_until_idle()
    assert reports == [None, {"heard": 1}]


def test_a_turn_of_a_worker_that_died_is_worked_by_the_next(database_url: str) -> None:
    clinic = make_clinic(database_url, FakeAssistant())
    clinic.says("is this normal?")
    assert turns.lease(clinic.gateway.database, clinic.clock(), LEASE)
    clinic.gateway.work_until_idle()
    assert clinic.assistant.texts == []
    clinic.clock.passes(seconds=21)
    clinic.gateway.work_until_idle()
    assert clinic.transcript() == [("patient", "is this normal?"), ("assistant", "That is expected on day 3.")]
    clinic.gateway.close()


def test_a_worker_that_was_only_slow_does_not_answer_a_second_time(open_clinic: Opens) -> None:
    clinic = open_clinic()
    clinic.says("is this normal?")
    [slow] = turns.lease(clinic.gateway.database, clinic.clock(), LEASE)
    clinic.clock.passes(seconds=21)
    clinic.gateway.work_until_idle()
    with clinic.gateway.database.writing() as connection:
        assert not turns.finish(connection, slow, "done")


def test_a_message_that_kills_its_worker_again_and_again_ends_in_the_safe_reply(open_clinic: Opens) -> None:
    clinic = open_clinic()
    clinic.says("the message that kills")
    for _ in range(turns.MOST_LEASES):
        turns.lease(clinic.gateway.database, clinic.clock(), LEASE)
        clinic.clock.passes(seconds=21)
    clinic.gateway.work_until_idle()
    assert clinic.assistant.texts == []
    assert clinic.transcript()[-1] == ("assistant", "I could not answer. The team knows.")


def test_waiting_turns_are_leased_together_and_no_more_than_asked_for(open_clinic: Opens) -> None:
    clinic = open_clinic()
    for _ in range(3):
        clinic.gateway.post(clinic.gateway.open_session().token, str(uuid4()), "is this normal?")
    first = turns.lease(clinic.gateway.database, clinic.clock(), LEASE, 2)
    second = turns.lease(clinic.gateway.database, clinic.clock(), LEASE, 2)
    assert (len(first), len(second)) == (2, 1)
    assert not {one.id for one in first} & {one.id for one in second}
    assert turns.lease(clinic.gateway.database, clinic.clock(), LEASE) == []


def test_a_stuck_conversation_does_not_hold_up_the_others(open_clinic: Opens) -> None:
    clinic = open_clinic()
    clinic.says("first")
    turns.lease(clinic.gateway.database, clinic.clock(), LEASE)
    other = clinic.gateway.open_session()
    seq = clinic.gateway.post(other.token, str(uuid4()), "other patient").seq
    clinic.gateway.work_until_idle()
    assert clinic.assistant.texts == ["other patient"]
    assert clinic.gateway.outcome(other.conversation_id, seq).status == "done"  # type: ignore[union-attr]


def test_a_button_sends_its_own_meaning_and_shows_its_title(open_clinic: Opens) -> None:
    asks = Outcome((Reply("Is there pus?", "check_question", (Button("No", "deny", "No, none of these"),)),))
    clinic = open_clinic(asks, calm())
    question = clinic.asks("white bumps")[-1]
    assert question.shown()["buttons"] == [{"title": "No"}]
    clinic.gateway.press(clinic.token, str(uuid4()), question.seq, 0)
    clinic.gateway.work_until_idle()
    assert clinic.transcript()[-2] == ("patient", "No")
    assert (clinic.assistant.turns[-1].intent, clinic.assistant.turns[-1].text) == ("deny", "No, none of these")


@pytest.mark.parametrize(("seq", "index"), [(1, 0), (3, 1), (3, -1), (99, 0)])
def test_a_button_that_does_not_exist_does_nothing(open_clinic: Opens, seq: int, index: int) -> None:
    clinic = open_clinic(Outcome((Reply("Is there pus?", "check_question", (Button("No", "deny", "No"),)),)))
    clinic.asks("white bumps")
    with pytest.raises(NoButton):
        clinic.gateway.press(clinic.token, str(uuid4()), seq, index)
    assert len(clinic.transcript()) == 2


def test_a_patient_cannot_choose_an_intent(open_clinic: Opens) -> None:
    clinic = open_clinic()
    clinic.asks("/restart")
    assert (clinic.assistant.turns[-1].intent, clinic.assistant.turns[-1].text) == (None, "/restart")


def test_what_became_of_a_turn_can_be_read(open_clinic: Opens) -> None:
    clinic = open_clinic()
    seq = clinic.says("is this normal?")
    assert clinic.gateway.outcome(clinic.conversation_id, seq).status == "pending"  # type: ignore[union-attr]
    assert clinic.gateway.state(clinic.conversation_id).typing
    clinic.gateway.work_until_idle()
    record = clinic.gateway.outcome(clinic.conversation_id, seq)
    assert record is not None and record.status == "done" and record.outcome is not None
    assert (record.outcome["by"], record.outcome["tier"], record.outcome["days_since"]) == ("assistant", "self_care", 3)
    assert not clinic.gateway.state(clinic.conversation_id).typing
