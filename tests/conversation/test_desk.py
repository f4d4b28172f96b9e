"""What staff do: who has the conversation, what the patient reads of it, and one winner of every step."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from aftercare.conversation import audit, queue
from aftercare.conversation.cases import OUTCOMES, CaseConflict
from aftercare.conversation.desk import BadOutcome, Desk
from aftercare.conversation.message_text import BadText
from aftercare.conversation.presence import ABSENT_AFTER
from aftercare.conversation.queue import Queue
from aftercare.conversation.staff import Staff, first_name

from .fakes import AGAIN, Clinic, FakeAssistant, calm, flagged, make_clinic

Opens = Callable[..., Clinic]

JOINED = ("system", "Kim from the clinic has joined.")


def raises_a_case(open_clinic: Opens, *answers: object) -> tuple[Clinic, Desk, str]:
    """A patient with pus, whose case waits."""
    clinic = open_clinic(*(answers or (flagged("urgent"), calm())))
    clinic.asks("yellow pus")
    return clinic, clinic.gateway.desk, clinic.case().id


def sees(clinic: Clinic, staff: Staff) -> Queue:
    with clinic.gateway.database.reading() as connection:
        midnight = clinic.clock().replace(hour=0, minute=0)
        return queue.read(connection, staff.id, clinic.gateway.ports.handoff, midnight, clinic.clock())


def test_who_claims_joins_by_name_and_has_the_conversation(open_clinic: Opens) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    desk.claim(case_id, clinic.nurse())
    assert clinic.transcript()[-1] == JOINED
    assert clinic.mode() == "staff"
    assert clinic.history(case_id) == [("opened", None), ("claimed", "Kim")]


def test_a_claim_that_is_sent_twice_is_one_claim(open_clinic: Opens) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    kim = clinic.nurse()
    desk.claim(case_id, kim)
    desk.claim(case_id, kim)
    assert clinic.transcript().count(JOINED) == 1
    assert clinic.history(case_id) == [("opened", None), ("claimed", "Kim")]


def test_of_twenty_staff_one_gets_the_case(database_url: str) -> None:
    clinic = make_clinic(database_url, FakeAssistant(flagged("urgent")))
    team = [clinic.nurse(f"Nurse{n}") for n in range(20)]
    for _ in range(5):
        session = clinic.gateway.open_session()
        clinic.conversation_id, clinic.token = session.conversation_id, session.token
        clinic.asks("yellow pus")
        case_id = clinic.case().id

        def claiming(staff: Staff, case_id: str = case_id) -> bool:
            try:
                clinic.gateway.desk.claim(case_id, staff)
            except CaseConflict:
                return False
            return True

        with ThreadPoolExecutor(20) as threads:
            won = list(threads.map(claiming, team))
        assert won.count(True) == 1
        winner = team[won.index(True)]
        assert clinic.case().assignee_id == winner.id
        assert [text for role, text in clinic.transcript() if role == "system"] == [
            f"{winner.display_name} from the clinic has joined."
        ]
        assert clinic.gateway.state(clinic.conversation_id).epoch == 1
    clinic.gateway.close()


def test_handing_back_ends_the_case_and_tells_the_patient(open_clinic: Opens) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    kim = clinic.nurse()
    desk.claim(case_id, kim)
    desk.hand_back(case_id, kim)
    assert clinic.transcript()[-1] == ("system", AGAIN)
    assert clinic.mode() == "assistant"
    assert clinic.history(case_id)[-1] == ("handed_back", "Kim")


def test_releasing_keeps_the_place_of_who_never_had_an_answer(open_clinic: Opens) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    kim, since = clinic.nurse(), clinic.case().waiting_since
    clinic.clock.passes(minutes=3)
    desk.claim(case_id, kim)
    desk.release(case_id, kim)
    case = clinic.case()
    assert (case.status, case.assignee_id, case.waiting_since) == ("waiting", None, since)
    assert clinic.transcript()[-1] == ("system", "Kim had to go.")
    assert clinic.mode() == "waiting"


def test_releasing_after_a_reply_begins_a_new_wait(open_clinic: Opens) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    kim = clinic.nurse()
    desk.send(case_id, kim, str(uuid4()), "Hello")
    clinic.clock.passes(minutes=30)
    desk.release(case_id, kim)
    assert clinic.case().waiting_since == clinic.clock()


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_case_is_closed_with_what_came_of_it(open_clinic: Opens, outcome: str) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    kim = clinic.nurse()
    desk.claim(case_id, kim)
    desk.close(case_id, kim, outcome, should_have_answered=True)
    [entry] = sees(clinic, kim).closed_today
    assert (entry.case.outcome, entry.case.should_have_answered) == (outcome, True)
    assert clinic.mode() == "closed"
    assert clinic.history(case_id)[-1] == ("closed", "Kim")


def test_a_case_is_not_closed_with_an_outcome_of_ones_own(open_clinic: Opens) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    kim = clinic.nurse()
    desk.claim(case_id, kim)
    with pytest.raises(BadOutcome):
        desk.close(case_id, kim, "whatever")
    assert clinic.case().status == "claimed"


def test_only_who_has_the_case_may_give_it_away(open_clinic: Opens) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    kim, lee = clinic.nurse(), clinic.nurse("Lee")

    def steps(staff: Staff) -> list[Callable[[], None]]:
        return [
            lambda: desk.release(case_id, staff),
            lambda: desk.hand_back(case_id, staff),
            lambda: desk.close(case_id, staff, "called"),
        ]

    for refused in steps(kim):
        with pytest.raises(CaseConflict):
            refused()
    desk.claim(case_id, kim)
    for refused in steps(lee):
        with pytest.raises(CaseConflict):
            refused()
    assert clinic.mode() == "staff"
    assert clinic.history(case_id) == [("opened", None), ("claimed", "Kim")]


def test_a_colleague_who_is_there_keeps_the_case(open_clinic: Opens) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    kim, lee = clinic.nurse(), clinic.nurse("Lee")
    desk.claim(case_id, kim)
    clinic.clock.passes(seconds=ABSENT_AFTER.total_seconds() - 1)
    with pytest.raises(CaseConflict):
        desk.take_over(case_id, lee)
    desk.beat(kim)
    clinic.clock.passes(seconds=2)
    with pytest.raises(CaseConflict):
        desk.take_over(case_id, lee)


def test_a_case_is_taken_over_from_a_colleague_who_is_gone(open_clinic: Opens) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    kim, lee = clinic.nurse(), clinic.nurse("Lee")
    desk.claim(case_id, kim)
    clinic.clock.now += ABSENT_AFTER
    desk.take_over(case_id, lee)
    assert clinic.case().assignee_id == lee.id
    assert clinic.transcript()[-1] == ("system", "Lee from the clinic has joined.")
    with pytest.raises(CaseConflict):
        desk.send(case_id, kim, str(uuid4()), "I am back")


def test_a_message_of_staff_carries_their_name_and_is_taken_once(open_clinic: Opens) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    kim, client_id = clinic.nurse(), str(uuid4())
    desk.claim(case_id, kim)
    first = desk.send(case_id, kim, client_id, " Does it hurt? ")
    again = desk.send(case_id, kim, client_id, " Does it hurt? ")
    assert (again.seq, first.duplicate, again.duplicate) == (first.seq, False, True)
    said = clinic.gateway.transcript(clinic.conversation_id, first.seq - 1)
    assert [(m.role, m.name, m.text) for m in said] == [("staff", "Kim", "Does it hurt?")]
    assert clinic.case().first_reply_at == clinic.clock()


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001, "a\0b"])
def test_a_message_that_no_patient_could_send_is_refused_of_staff_too(open_clinic: Opens, text: str) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    with pytest.raises(BadText):
        desk.send(case_id, clinic.nurse(), str(uuid4()), text)
    assert clinic.mode() == "waiting"


def test_a_message_into_a_conversation_that_waits_takes_it(open_clinic: Opens) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    desk.send(case_id, clinic.nurse(), str(uuid4()), "Hello")
    assert clinic.transcript()[-2:] == [JOINED, ("staff", "Hello")]
    assert clinic.mode() == "staff" and clinic.case().status == "claimed"


@pytest.mark.parametrize("ends", ["hand_back", "close"])
def test_a_message_into_a_conversation_that_the_assistant_has_takes_it(open_clinic: Opens, ends: str) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    kim = clinic.nurse()
    desk.claim(case_id, kim)
    desk.hand_back(case_id, kim) if ends == "hand_back" else desk.close(case_id, kim, "called")
    desk.send(case_id, kim, str(uuid4()), "One more thing")
    case = clinic.case()
    assert clinic.transcript()[-2:] == [JOINED, ("staff", "One more thing")]
    assert case.id != case_id and case.assignee_id == kim.id and clinic.mode() == "staff"
    assert clinic.history(case.id) == [("opened", "Kim")]


def test_a_message_into_a_colleagues_conversation_is_refused(open_clinic: Opens) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    desk.claim(case_id, clinic.nurse())
    with pytest.raises(CaseConflict, match="Kim has this conversation"):
        desk.send(case_id, clinic.nurse("Lee"), str(uuid4()), "Hello")
    assert clinic.transcript()[-1] == JOINED


def test_a_case_that_does_not_exist_is_no_case(open_clinic: Opens) -> None:
    clinic = open_clinic()
    with pytest.raises(CaseConflict):
        clinic.gateway.desk.claim("nothing", clinic.nurse())


def test_the_queue_is_by_tier_then_by_waiting_time(open_clinic: Opens) -> None:
    clinic = open_clinic()
    tiers = ["soon", "urgent", "emergency", "urgent", "soon"]
    clinic.assistant.answers = [flagged(tier) for tier in tiers]
    opened = []
    for _ in tiers:
        session = clinic.gateway.open_session()
        clinic.gateway.post(session.token, str(uuid4()), "...")
        clinic.gateway.work_until_idle()
        opened.append(session.conversation_id)
        clinic.clock.passes(minutes=1)
    kim, lee = clinic.nurse(), clinic.nurse("Lee")
    listed = sees(clinic, kim).waiting
    assert [opened.index(entry.case.conversation_id) for entry in listed] == [2, 1, 3, 0, 4]
    assert listed[0].target_at == listed[0].case.opened_at + timedelta(minutes=5)
    clinic.gateway.desk.claim(listed[0].case.id, kim)
    clinic.gateway.desk.claim(listed[1].case.id, lee)
    seen = sees(clinic, kim)
    assert [entry.case.tier for entry in seen.mine] == ["emergency"]
    assert [(entry.case.tier, entry.case.assignee, entry.holder_there) for entry in seen.others] == [
        ("urgent", "Lee", True)
    ]
    assert len(seen.waiting) == 3


def test_what_a_member_of_staff_has_not_read_is_counted_for_them_alone(open_clinic: Opens) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    kim, lee = clinic.nurse(), clinic.nurse("Lee")
    last = clinic.says("it hurts")
    desk.read(case_id, kim, last - 1)
    assert [sees(clinic, staff).waiting[0].unread for staff in (kim, lee)] == [1, 2]
    desk.read(case_id, kim, last)
    desk.read(case_id, kim, 1)
    assert sees(clinic, kim).waiting[0].unread == 0


@pytest.mark.parametrize(
    ("display_name", "shown"),
    [
        ("Kim Lee", "Kim"),
        ("Nurse Kim", "Nurse Kim"),
        ("Dr. Anna Maria Berg", "Dr. Anna"),
        ("A person", "A person"),
        ("kim", "kim"),
        ("Nurse", "Nurse"),
    ],
)
def test_patients_read_a_first_name(display_name: str, shown: str) -> None:
    assert first_name(display_name) == shown


def test_what_staff_do_with_a_case_is_in_the_audit_log_and_what_failed_is_not(open_clinic: Opens) -> None:
    clinic, desk, case_id = raises_a_case(open_clinic)
    kim, lee = clinic.nurse(), clinic.nurse("Lee")
    desk.claim(case_id, kim)
    with pytest.raises(CaseConflict):
        desk.claim(case_id, lee)
    desk.send(case_id, kim, str(uuid4()), "Please come in.")
    desk.release(case_id, kim)
    desk.claim(case_id, lee)
    desk.close(case_id, lee, "called")
    with clinic.gateway.database.reading() as connection:
        audit.verify(connection)
        entries = [entry for entry in audit.newest(connection, 20)[::-1] if entry.object_id == case_id]
    assert [(entry.action, entry.actor.staff_id) for entry in entries] == [
        ("case_claimed", kim.id),
        ("message_sent", kim.id),
        ("case_released", kim.id),
        ("case_claimed", lee.id),
        ("case_closed", lee.id),
    ]
    assert "come in" not in str(entries)
