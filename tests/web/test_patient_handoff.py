"""The patient API around a person: how the wait stands, leaving the queue, rating, contact, typing and seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import uuid4

import pytest

from aftercare.conversation import cases, marks
from aftercare.conversation.cases import Case
from aftercare.conversation.gateway import Gateway
from aftercare.conversation.staff import Staff, add_staff
from tests.conversation.fakes import flagged, hands_off

from .patients import PASSWORD, Patient, Running, Server, until
from .test_stream import opens

Runs = Callable[..., Running]

CALLS: dict[str, dict[str, object]] = {
    "leave": {},
    "rating": {"stars": 5},
    "contact": {"contact": "07700 900123"},
    "typing": {},
    "seen": {"seq": 1},
}


def only_case(gateway: Gateway) -> Case:
    with gateway.database.reading() as connection:
        [case] = cases.open_cases(connection)
    return case


def kim_of(gateway: Gateway) -> Staff:
    return add_staff(gateway.database, f"kim-{uuid4()}", PASSWORD, "Kim Lee", gateway.clock())


def waits(web: Running) -> Patient:
    patient = web.patient()
    patient.asks("...")
    return patient


def test_the_conversation_says_how_the_wait_stands(run_web: Runs) -> None:
    web = run_web(flagged("urgent"))
    patient = waits(web)
    now = web.clock().isoformat()
    told = patient.conversation()
    assert {key: told[key] for key in ("mode", "position", "opens_at", "since", "can_leave", "staff_name")} == {
        "mode": "waiting",
        "position": 1,
        "opens_at": None,
        "since": now,
        "can_leave": True,
        "staff_name": None,
    }
    desk = web.site.gateway.desk
    desk.claim(only_case(web.site.gateway).id, kim_of(web.site.gateway))
    told = patient.conversation()
    assert (told["mode"], told["staff_name"], told["position"], told["can_leave"]) == ("staff", "Kim", None, False)


def test_who_leaves_the_queue_is_told_so(run_web: Runs) -> None:
    patient = waits(run_web(hands_off("question")))
    assert patient.post("leave", {}).status_code == 204
    assert patient.texts()[-1] == "You no longer wait."
    assert patient.conversation()["mode"] == "assistant"
    again = patient.post("leave", {})
    assert (again.status_code, again.json()["error"]) == (409, "not_now")


def test_a_persons_help_is_rated(run_web: Runs) -> None:
    web = run_web(flagged("urgent"))
    patient, gateway = waits(web), web.site.gateway
    case, kim = only_case(gateway), kim_of(gateway)
    assert patient.post("rating", {"stars": 5}).status_code == 409
    gateway.desk.send(case.id, kim, str(uuid4()), "Hello")
    gateway.desk.close(case.id, kim, "advice_given")
    assert patient.conversation()["can_rate"] is True
    assert patient.post("rating", {"stars": 5, "comment": "kind"}).status_code == 204
    assert patient.conversation()["can_rate"] is False
    with gateway.database.reading() as connection:
        rated = cases.find(connection, case.id)
    assert (rated.rating, rated.rating_comment) == (5, "kind")


@pytest.mark.parametrize(
    "body", [{}, {"stars": 0}, {"stars": 6}, {"stars": True}, {"stars": "5"}, {"stars": 5, "comment": 1}]
)
def test_a_rating_that_is_none_is_refused(web: Running, body: dict[str, object]) -> None:
    assert web.patient().post("rating", body).status_code == 400


def test_contact_details_are_kept_and_not_shown(run_web: Runs) -> None:
    web = run_web(flagged("urgent"))
    patient = waits(web)
    assert patient.post("contact", {"contact": "07700 900123"}).status_code == 204
    told = patient.conversation()
    assert told["contact_left"] is True and "07700" not in json.dumps(told)
    assert web.site.gateway.state(only_case(web.site.gateway).conversation_id).contact == "07700 900123"
    for refused, status in ((None, 400), ("", 400), ("x" * 201, 413)):
        assert patient.post("contact", {"contact": refused}).status_code == status


def test_staff_learn_that_the_patient_types_and_has_seen(run_web: Runs) -> None:
    web = run_web(flagged("urgent"))
    patient = waits(web)
    assert patient.post("typing", {}).status_code == 204
    assert patient.post("seen", {"seq": 2}).status_code == 204
    case = only_case(web.site.gateway)
    with web.site.gateway.database.reading() as connection:
        mark = marks.patient(connection, case.conversation_id, web.clock())
    assert (mark.seen_seq, mark.typing) == (2, True)
    for refused in ({}, {"seq": 0}, {"seq": -1}, {"seq": "2"}, {"seq": True}, {"seq": 2**31}):
        assert patient.post("seen", refused).status_code == 400


@pytest.mark.parametrize("call", CALLS)
def test_each_call_needs_a_token_and_an_origin_of_ours(web: Running, call: str) -> None:
    nobody = web.client.post(f"/api/v1/{call}", json=CALLS[call])
    stranger = Patient(web.client, "x" * 43).post(call, CALLS[call])
    elsewhere = web.patient().post(call, CALLS[call], Origin="https://evil.test")
    assert (nobody.status_code, stranger.status_code, elsewhere.status_code) == (401, 401, 403)


@pytest.mark.parametrize("call", CALLS)
def test_each_call_is_limited(run_web: Runs, call: str) -> None:
    web = run_web(messages_per_minute=4)
    patient = web.patient()
    statuses = {patient.post(call, CALLS[call]).status_code for _ in range(40)}
    assert 429 in statuses


def test_an_open_page_sees_the_person_come_type_and_go(serve: Callable[..., Server]) -> None:
    server = serve(flagged("urgent"))
    page = opens(server)
    gateway = server.gateway
    kim = kim_of(gateway)
    with page.follows():
        gateway.post(page.token, str(uuid4()), "yellow pus")
        until(lambda: page.modes[-1:] == [("waiting", False)])
        case = only_case(gateway)
        gateway.desk.claim(case.id, kim)
        until(lambda: page.states[-1]["staff_name"] == "Kim")
        gateway.desk.typing(case.id, kim)
        until(lambda: page.states[-1]["staff_typing"])
        sent = gateway.desk.send(case.id, kim, str(uuid4()), "Hello")
        until(lambda: sent.seq in page.seqs and not page.states[-1]["staff_typing"])
        until(lambda: delivered(gateway, case) == sent.seq)
        gateway.desk.hand_back(case.id, kim)
        until(lambda: page.states[-1]["can_rate"])
    assert [(m["role"], m["kind"], m["name"]) for m in page.messages[-3:]] == [
        ("system", "joined", ""),
        ("staff", "text", "Kim"),
        ("system", "handed_back", ""),
    ]
    assert page.seqs == list(range(1, len(page.seqs) + 1))


def delivered(gateway: Gateway, case: Case) -> int:
    with gateway.database.reading() as connection:
        return marks.patient(connection, case.conversation_id, gateway.clock()).delivered_seq
