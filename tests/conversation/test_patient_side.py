"""What a patient sees of the person, and what staff see of the patient."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from aftercare.conversation import cases, marks, notes
from aftercare.conversation.marks import TYPING_FOR, PatientMark
from aftercare.conversation.message_text import BadText
from aftercare.conversation.patient import NotNow
from aftercare.conversation.staff import Staff

from .fakes import Clinic, FakeAssistant, calm, flagged, make_clinic

Opens = Callable[..., Clinic]


def helped(clinic: Clinic) -> tuple[str, Staff]:
    """Kim has the patient's case and has written."""
    clinic.asks("yellow pus")
    case_id, kim = clinic.case().id, clinic.nurse()
    clinic.gateway.desk.send(case_id, kim, str(uuid4()), "Hello")
    return case_id, kim


def mark(clinic: Clinic) -> PatientMark:
    with clinic.gateway.database.reading() as connection:
        return marks.patient(connection, clinic.conversation_id, clinic.clock())


def test_the_patient_sees_who_has_the_conversation_and_when_they_type(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("urgent"))
    case_id, kim = helped(clinic)
    lee = clinic.nurse("Lee")

    def typed() -> tuple[str | None, bool]:
        standing = clinic.gateway.view(clinic.token).standing
        return standing.staff_name, standing.staff_typing

    assert typed() == ("Kim", False)
    clinic.gateway.desk.typing(case_id, lee)
    assert typed() == ("Kim", False), "who only looks on is not seen"
    clinic.gateway.desk.typing(case_id, kim)
    assert typed() == ("Kim", True)
    clinic.clock.now += TYPING_FOR
    assert typed() == ("Kim", False)
    clinic.gateway.desk.typing(case_id, kim)
    clinic.gateway.desk.send(case_id, kim, str(uuid4()), "Done")
    assert typed() == ("Kim", False)


def test_staff_see_what_reached_the_patient_and_what_was_seen(database_url: str) -> None:
    clinic = make_clinic(database_url, FakeAssistant(flagged("urgent")))
    helped(clinic)
    assert mark(clinic) == PatientMark(0, 0, False)
    clinic.gateway.delivered(clinic.conversation_id, 5)
    clinic.gateway.patient_saw(clinic.token, 4)
    clinic.gateway.patient_saw(clinic.token, 2)
    clinic.gateway.patient_typing(clinic.token)
    assert mark(clinic) == PatientMark(5, 4, True)
    clinic.gateway.patient_saw(clinic.token, 99)
    last = clinic.gateway.state(clinic.conversation_id).last_seq
    assert mark(clinic) == PatientMark(last, last, True)
    clinic.says("that is all")
    assert not mark(clinic).typing
    clinic.gateway.close()


@pytest.mark.parametrize("ends", ["hand_back", "close"])
def test_a_patient_rates_a_persons_help_once(open_clinic: Opens, ends: str) -> None:
    clinic = open_clinic(flagged("urgent"), calm())
    case_id, kim = helped(clinic)
    with pytest.raises(NotNow):
        clinic.gateway.rate(clinic.token, 5, None)
    desk = clinic.gateway.desk
    desk.hand_back(case_id, kim) if ends == "hand_back" else desk.close(case_id, kim, "advice_given")
    assert clinic.gateway.view(clinic.token).standing.can_rate
    clinic.gateway.rate(clinic.token, 4, " kind \n")
    with pytest.raises(NotNow):
        clinic.gateway.rate(clinic.token, 1, None)
    with clinic.gateway.database.reading() as connection:
        case = cases.find(connection, case_id)
    assert (case.rating, case.rating_comment) == (4, "kind")
    assert not clinic.gateway.view(clinic.token).standing.can_rate


@pytest.mark.parametrize("stars", [0, 6, -1])
def test_a_rating_is_one_to_five(open_clinic: Opens, stars: int) -> None:
    clinic = open_clinic(flagged("urgent"))
    case_id, kim = helped(clinic)
    clinic.gateway.desk.hand_back(case_id, kim)
    with pytest.raises(ValueError):
        clinic.gateway.rate(clinic.token, stars, None)


def test_contact_details_are_for_staff_alone(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("urgent"))
    clinic.asks("yellow pus")
    clinic.gateway.leave_contact(clinic.token, " 07700 900123 ")
    with clinic.gateway.database.reading() as connection:
        file = cases.case_file(connection, clinic.case().id)
    assert file is not None and file.contact == "07700 900123"
    assert clinic.gateway.view(clinic.token).standing.contact_left
    assert not any("07700" in text for _, text in clinic.transcript())
    for refused in ("", "x" * 201):
        with pytest.raises(BadText):
            clinic.gateway.leave_contact(clinic.token, refused)


def test_notes_are_kept_in_order_and_drafts_per_member_of_staff(database_url: str) -> None:
    clinic = make_clinic(database_url, FakeAssistant(flagged("urgent")))
    case_id, kim = helped(clinic)
    lee = clinic.nurse("Lee")
    with clinic.gateway.database.writing() as connection:
        notes.add(connection, case_id, kim.id, "called, no answer", clinic.clock())
        notes.add(connection, case_id, lee.id, "try again at 5", clinic.clock())
        notes.save_draft(connection, case_id, kim.id, "Hell", clinic.clock())
        notes.save_draft(connection, case_id, kim.id, "Hello", clinic.clock())
    with clinic.gateway.database.reading() as connection:
        assert [(n.staff, n.text) for n in notes.read(connection, case_id)] == [
            ("Kim", "called, no answer"),
            ("Lee", "try again at 5"),
        ]
        assert [notes.draft(connection, case_id, who.id) for who in (kim, lee)] == ["Hello", ""]
    with clinic.gateway.database.writing() as connection:
        notes.save_draft(connection, case_id, kim.id, " ", clinic.clock())
        assert notes.draft(connection, case_id, kim.id) == ""
    assert not any("called" in text for _, text in clinic.transcript())
    clinic.gateway.close()


def test_a_case_links_to_the_earlier_cases_of_its_conversation(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("urgent"), flagged("soon"))
    first, kim = helped(clinic)
    clinic.gateway.desk.close(first, kim, "called")
    clinic.clock.passes(hours=1)
    clinic.asks("again")
    with clinic.gateway.database.reading() as connection:
        file = cases.case_file(connection, clinic.case().id)
    assert file is not None
    assert [(case.id, case.outcome) for case in file.earlier] == [(first, "called")]
