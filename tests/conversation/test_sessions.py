"""Who may read and write a conversation, and for how long."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from aftercare.conversation import sessions
from aftercare.conversation.schema import patient_session
from aftercare.conversation.sessions import NoSession

from .fakes import Clinic

Opens = Callable[..., Clinic]


def test_a_patient_finds_the_conversation_again_with_the_token(open_clinic: Opens) -> None:
    clinic = open_clinic()
    clinic.says("is this normal?")
    texts = [message.text for message in clinic.gateway.view(clinic.token).messages]
    assert texts == ["Hello, I am the assistant.", "is this normal?"]


def test_no_other_token_opens_it(open_clinic: Opens) -> None:
    clinic = open_clinic()
    for token in ("", "guess", clinic.conversation_id, clinic.token[:-1], clinic.token + "\ud800"):
        with pytest.raises(NoSession):
            clinic.gateway.view(token)


def test_two_patients_do_not_see_each_other(open_clinic: Opens) -> None:
    clinic = open_clinic()
    other = clinic.gateway.open_session()
    clinic.says("mine")
    assert [message.text for message in clinic.gateway.view(other.token).messages] == ["Hello, I am the assistant."]


def test_the_token_itself_is_not_stored(open_clinic: Opens) -> None:
    clinic = open_clinic()
    with clinic.gateway.database.reading() as connection:
        row = connection.execute(select(patient_session)).one()
    assert clinic.token not in [str(value) for value in row]
    assert len(clinic.token) >= 43


def test_a_day_of_silence_ends_the_session(open_clinic: Opens) -> None:
    clinic = open_clinic()
    clinic.clock.passes(hours=24)
    with pytest.raises(NoSession):
        clinic.says("hello?")


def test_a_patient_who_looks_in_every_day_comes_back_on_day_three(open_clinic: Opens) -> None:
    clinic = open_clinic()
    for _ in range(3):
        clinic.clock.passes(hours=23)
        clinic.gateway.view(clinic.token)
    assert clinic.says("day 3, little white bumps") == 2


def test_a_page_that_merely_stays_open_is_no_visit(open_clinic: Opens) -> None:
    clinic = open_clinic()
    clinic.clock.passes(hours=23)
    clinic.gateway.glance(clinic.token, 0)
    clinic.clock.passes(hours=2)
    with pytest.raises(NoSession):
        clinic.gateway.glance(clinic.token, 0)


def test_a_session_ends_after_seven_days_whatever_happens(open_clinic: Opens) -> None:
    clinic = open_clinic()
    for _ in range(7):
        clinic.clock.passes(hours=23, minutes=59)
        clinic.gateway.view(clinic.token)
    clinic.clock.passes(minutes=7)
    with pytest.raises(NoSession):
        clinic.gateway.view(clinic.token)


def test_a_revoked_session_is_over(open_clinic: Opens) -> None:
    clinic = open_clinic()
    with clinic.gateway.database.writing() as connection:
        session = sessions.authenticate(connection, clinic.token, clinic.clock())
        sessions.revoke(connection, session.id, clinic.clock())
    with pytest.raises(NoSession):
        clinic.says("hello?")
