"""The trainers' inbox: which cases come to it, what a trainer sees of them, and who may not."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace

import pytest

from aftercare.conversation import audit, cases, staff, training_inbox
from aftercare.conversation.staff import Staff
from tests.conversation.fakes import flagged, hands_off

from .patients import ORIGIN, PASSWORD, Patient, Running, csrf_in

PAGE = "/staff/training"


@pytest.fixture
def web(run_web: Callable[..., Running]) -> Running:
    return run_web(replace(hands_off("question"), questions=("can_i",)))


@pytest.fixture
def kim(web: Running) -> Staff:
    return staff.add_staff(web.site.gateway.database, "kim", PASSWORD, "Kim Lee")


def closed(web: Running, kim: Staff, text: str, judged: bool | None, patient: Patient | None = None) -> str:
    """A case that kim closed. Returns its id."""
    web.clock.passes(minutes=1)
    patient = patient or web.patient()
    patient.asks(text)
    with web.site.gateway.database.reading() as connection:
        case_id = next(case.id for case in cases.open_cases(connection) if case.status == "waiting")
    web.site.gateway.desk.claim(case_id, kim)
    web.clock.passes(minutes=1)
    web.site.gateway.desk.close(case_id, kim, "advice_given", judged)
    return case_id


def logs_in(web: Running, role: str) -> None:
    staff.add_staff(web.site.gateway.database, role, PASSWORD, role.capitalize(), role=role)
    assert web.log_in(role, PASSWORD).status_code == 303


def finishes(web: Running, case_id: str) -> int:
    form = {"csrf": csrf_in(web.client.get(PAGE))}
    return int(web.client.post(f"{PAGE}/{case_id}/done", data=form, headers={"Origin": ORIGIN}).status_code)


def test_only_cases_that_the_assistant_should_have_answered_come_to_it_newest_first(web: Running, kim: Staff) -> None:
    closed(web, kim, "may I swim", True)
    closed(web, kim, "may I drive", False)
    closed(web, kim, "may I fly", None)
    closed(web, kim, "may I run", True)
    logs_in(web, "trainer")
    page = web.client.get(PAGE).text
    assert page.index("may I run") < page.index("may I swim")
    assert "may I drive" not in page and "may I fly" not in page
    assert "Asked: can i." in page and "Soon, 1 to 2 days" in page and "by Kim Lee" in page


def test_the_navigation_counts_what_waits_for_who_may_open_it(web: Running, kim: Staff) -> None:
    case_id = closed(web, kim, "may I swim", True)
    closed(web, kim, "may I run", True)
    logs_in(web, "trainer")
    for path in (PAGE, "/staff/account"):
        assert 'To train <span class="count">2<' in web.client.get(path).text
    assert finishes(web, case_id) == 303
    assert 'To train <span class="count">1<' in web.client.get("/staff/account").text


def test_a_trainer_reads_redacted_words_and_no_conversation(web: Running, kim: Staff) -> None:
    case_id = closed(web, kim, "<b>may I swim</b>, call 07700 900123", True)
    logs_in(web, "trainer")
    page = web.client.get(PAGE).text
    assert "&lt;b&gt;may I swim&lt;/b&gt;, call [number]" in page and "900123" not in page
    assert f"/staff/cases/{case_id}" not in page
    assert web.client.get(f"/staff/cases/{case_id}").status_code == 403


def test_who_may_read_conversations_gets_the_way_to_it(web: Running, kim: Staff) -> None:
    case_id = closed(web, kim, "may I swim", True)
    logs_in(web, "admin")
    assert f'href="/staff/cases/{case_id}"' in web.client.get(PAGE).text
    assert "To train" in web.client.get("/staff").text


@pytest.mark.parametrize("role", ["responder", "lead"])
def test_others_neither_see_nor_open_nor_settle_it(web: Running, kim: Staff, role: str) -> None:
    case_id = closed(web, kim, "may I swim", True)
    logs_in(web, role)
    assert web.client.get(PAGE).status_code == 403
    csrf = csrf_in(web.client.get("/staff/account"))
    answer = web.client.post(f"{PAGE}/{case_id}/done", data={"csrf": csrf}, headers={"Origin": ORIGIN})
    assert answer.status_code == 403 and "Your account may not" in answer.text
    assert "To train" not in web.client.get("/staff").text


def test_nobody_comes_to_the_login(web: Running, kim: Staff) -> None:
    case_id = closed(web, kim, "may I swim", True)
    assert web.client.get(PAGE).headers["location"].startswith("/staff/login")
    answer = web.client.post(f"{PAGE}/{case_id}/done", headers={"Origin": ORIGIN})
    assert answer.headers["location"].startswith("/staff/login")
    with web.site.gateway.database.reading() as connection:
        assert training_inbox.waiting(connection) == 1


def test_done_says_who_did_it_once_and_it_is_in_the_log(web: Running, kim: Staff) -> None:
    case_id = closed(web, kim, "may I swim", True)
    logs_in(web, "trainer")
    assert finishes(web, case_id) == 303
    page = html.unescape(web.client.get(PAGE).text)
    assert "Nothing waits here." in page and "Done by Trainer" in page and "may I swim" in page
    logs_in(web, "admin")
    assert finishes(web, case_id) == 303
    assert "Done by Trainer" in web.client.get(PAGE).text, "who was first stays"
    with web.site.gateway.database.reading() as connection:
        actions = [entry.action for entry in audit.newest(connection, 30)]
    assert "training_done" in actions and "training_viewed" in actions


def test_a_case_that_is_not_in_the_inbox_cannot_be_settled(web: Running, kim: Staff) -> None:
    case_id = closed(web, kim, "may I swim", False)
    logs_in(web, "trainer")
    assert finishes(web, case_id) == 404


def test_the_words_are_those_since_the_case_before(web: Running, kim: Staff) -> None:
    patient = web.patient()
    closed(web, kim, "may I swim", False, patient)
    closed(web, kim, "may I run", True, patient)
    logs_in(web, "trainer")
    page = web.client.get(PAGE).text
    assert "may I run" in page and "may I swim" not in page


def test_a_long_case_and_a_long_inbox_are_cut_and_say_so(
    run_web: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aftercare.web.training.MOST_WAITING", 2)
    monkeypatch.setattr("aftercare.conversation.training_inbox.MOST_WORDS", 2)
    web = run_web(flagged("soon"))
    kim = staff.add_staff(web.site.gateway.database, "kim", PASSWORD, "Kim Lee")
    for number in range(3):
        patient = web.patient()
        for word in ("one", "two"):
            patient.asks(f"{word} {number}")
        closed(web, kim, f"three {number}", True, patient)
    logs_in(web, "trainer")
    page = web.client.get(PAGE).text
    assert page.count("and 1 more") == 2 and "And 1 older ones" in page and "one 0" not in page


def test_a_trainer_lands_on_the_inbox(web: Running) -> None:
    staff.add_staff(web.site.gateway.database, "tia", PASSWORD, "Tia", role="trainer")
    assert web.log_in("tia", PASSWORD).headers["location"] == PAGE
