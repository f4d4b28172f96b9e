"""The patient's own copy of the conversation: for the session that has it, and nobody else."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from httpx2 import Response

from aftercare.conversation import cases, staff
from tests.conversation.fakes import flagged

from .patients import CLINIC, PASSWORD, Patient, Running


def copies(web: Running, token: str | None, **headers: str) -> Response:
    return web.client.post("/chat/copy", data={} if token is None else {"token": token}, headers=headers)


@pytest.fixture
def web(run_web: Callable[..., Running]) -> Running:
    return run_web(flagged("urgent", "yellow pus"))


@pytest.fixture
def patient(web: Running) -> Patient:
    """Who wrote, and has an answer of the assistant and one of Kim."""
    patient = web.patient()
    patient.asks("there is <b>yellow pus</b>")
    gateway = web.site.gateway
    with gateway.database.reading() as connection:
        case = cases.open_cases(connection)[0]
    kim = staff.add_staff(gateway.database, "kim", PASSWORD, "Kim Lee")
    gateway.desk.send(case.id, kim, str(uuid4()), "Come in at two.")
    return patient


def test_the_copy_has_every_message_with_who_said_it_and_when(web: Running, patient: Patient) -> None:
    answer = copies(web, patient.token)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    page = html.unescape(answer.text)
    for message in patient.conversation()["messages"]:
        assert message["text"] in page
    assert "<strong>You</strong>" in page and "<strong>Kim, from the clinic</strong>" in page
    assert "&lt;b&gt;yellow pus" in answer.text, "what patients write is text"
    assert "10 Mar 2025, 12:00" in page and CLINIC.phone in page and CLINIC.emergency_number in page


def test_the_copy_is_kept_nowhere_and_shown_in_no_frame(web: Running, patient: Patient) -> None:
    headers = copies(web, patient.token).headers
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert patient.token not in copies(web, patient.token).text


def test_another_patient_gets_their_own_words_alone(web: Running, patient: Patient) -> None:
    other = web.patient()
    other.asks("my own question")
    page = copies(web, other.token).text
    assert "my own question" in page
    assert "yellow" not in page.replace(flagged("urgent").replies[0].text, "") and "Come in at two." not in page


@pytest.mark.parametrize("token", [None, "", "x", "' OR 1=1 --", "\x00"])
def test_nobody_gets_a_copy(web: Running, patient: Patient, token: str | None) -> None:
    answer = copies(web, token)
    assert answer.status_code == 401
    assert "yellow" not in answer.text


def test_an_id_or_a_token_in_an_address_opens_nothing(web: Running, patient: Patient) -> None:
    conversation_id = web.site.gateway.view(patient.token).state.id
    for query in (f"token={patient.token}", f"id={conversation_id}"):
        assert web.client.get(f"/chat/copy?{query}").status_code == 405
        assert web.client.post(f"/chat/copy?{query}").status_code == 401
    assert web.client.post(f"/chat/copy/{conversation_id}", data={"token": patient.token}).status_code == 404
    assert copies(web, conversation_id).status_code == 401


def test_staff_do_not_get_it_by_their_session(web: Running, patient: Patient) -> None:
    web.log_in("kim", PASSWORD)
    assert copies(web, None).status_code == 401


def test_a_session_that_ended_gives_none(web: Running, patient: Patient) -> None:
    web.clock.passes(hours=25)
    assert copies(web, patient.token).status_code == 401


def test_a_form_of_the_chat_page_names_no_origin(web: Running, patient: Patient) -> None:
    assert copies(web, patient.token, Origin="null").status_code == 200


def test_a_clinic_may_not_want_it(run_web: Callable[..., Running]) -> None:
    web = run_web(clinic=replace(CLINIC, printed_copy=False))
    patient = web.patient()
    assert copies(web, patient.token).status_code == 404
    assert patient.conversation()["clinic"]["printed_copy"] is False
    assert "data-printed-copy" not in web.client.get("/chat").text


def test_the_chat_knows_that_it_may_be_printed(web: Running, patient: Patient) -> None:
    assert patient.conversation()["clinic"]["printed_copy"] is True
    assert "data-printed-copy" in web.client.get("/chat").text


def test_a_thousand_copies_in_a_minute_are_too_many(web: Running, patient: Patient) -> None:
    assert 429 in {copies(web, patient.token).status_code for _ in range(60)}
