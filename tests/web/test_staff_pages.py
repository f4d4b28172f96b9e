"""The staff pages: who gets in, what they see, and what a foreign page cannot do."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest

from aftercare.conversation import staff
from tests.conversation.fakes import calm, flagged, hands_off

from .patients import PASSWORD, Running, csrf_in

Runs = Callable[..., Running]
NO_CASE = "0190b6a0-1111-7000-8000-000000000000"


def test_staff_log_in_and_out(web: Running) -> None:
    web.logs_in()
    page = web.client.get("/staff")
    assert page.status_code == 200 and "Nurse Kim" in page.text and "Nobody is waiting." in page.text
    answer = web.client.post("/staff/logout", data={"csrf": csrf_in(page)}, headers={"Origin": "http://chat.test"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/login")
    assert web.client.get("/staff").headers["location"] == "/staff/login?next=%2Fstaff"


def test_a_session_that_was_logged_out_is_over_even_for_who_kept_the_cookie(web: Running) -> None:
    web.logs_in()
    kept = web.client.cookies["aftercare_staff"]
    csrf = csrf_in(web.client.get("/staff"))
    web.client.post("/staff/logout", data={"csrf": csrf}, headers={"Origin": "http://chat.test"})
    web.client.cookies.clear()
    web.client.cookies.set("aftercare_staff", kept)
    assert web.client.get("/staff").status_code == 303


@pytest.mark.parametrize("path", ["/staff", f"/staff/cases/{NO_CASE}"])
def test_nobody_sees_cases_without_logging_in(web: Running, path: str) -> None:
    answer = web.client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/staff/login?next={quote(path, safe='')}")
    assert web.client.get("/staff/stream?shows=queue").status_code == 401


@pytest.mark.parametrize(("name", "password"), [("kim", "wrong password"), ("who", PASSWORD), ("", ""), ("kim", "")])
def test_a_wrong_password_and_a_wrong_name_read_the_same(web: Running, name: str, password: str) -> None:
    staff.add_staff(web.site.gateway.database, "kim", PASSWORD)
    answer = web.log_in(name, password)
    assert answer.status_code == 401 and "The user name or the password is wrong." in answer.text
    assert web.client.get("/staff").status_code == 303


def test_the_session_changes_at_login(web: Running) -> None:
    web.client.get("/staff/login")
    before = web.client.cookies["aftercare_staff"]
    web.logs_in()
    after = web.client.cookies["aftercare_staff"]
    assert before != after
    web.client.cookies.clear()
    web.client.cookies.set("aftercare_staff", before)
    assert web.client.get("/staff").status_code == 303


def test_the_cookie_is_kept_from_scripts_and_other_sites(web: Running) -> None:
    cookie = web.client.get("/staff/login").headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "secure" not in cookie


def test_over_https_the_cookie_is_secure(run_web: Runs) -> None:
    web = run_web(public_url="https://chat.clinic.test", base_url="https://chat.clinic.test")
    cookie = web.client.get("/staff/login").headers["set-cookie"]
    assert cookie.startswith("__Host-aftercare_staff=") and "Secure" in cookie and "Path=/" in cookie
    web.logs_in()
    assert web.client.get("/staff").status_code == 200


@pytest.mark.parametrize("origin", [None, "null", "https://evil.test", "https://www.clinic.test"])
def test_a_foreign_page_cannot_log_staff_in_or_out(web: Running, origin: str | None) -> None:
    web.logs_in()
    csrf = csrf_in(web.client.get("/staff"))
    headers = {} if origin is None else {"Origin": origin}
    assert web.client.post("/staff/logout", data={"csrf": csrf}, headers=headers).status_code == 403
    form = {"csrf": csrf, "name": "kim", "password": PASSWORD}
    assert web.client.post("/staff/login", data=form, headers=headers).status_code == 403
    assert web.client.get("/staff").status_code == 200


@pytest.mark.parametrize("csrf", ["", "0" * 64, "ü"])
def test_a_form_without_its_token_does_nothing(web: Running, csrf: str) -> None:
    web.logs_in()
    headers = {"Origin": "http://chat.test"}
    assert web.client.post("/staff/logout", data={"csrf": csrf}, headers=headers).status_code == 403
    assert web.client.get("/staff").status_code == 200
    web.client.cookies.clear()
    assert web.log_in("kim", PASSWORD, csrf=csrf).status_code == 403


def test_guessing_passwords_is_slowed_down(web: Running) -> None:
    staff.add_staff(web.site.gateway.database, "kim", PASSWORD)
    answers = [web.log_in("kim", "wrong password") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 12
    assert web.log_in("kim", PASSWORD).status_code == 429


def test_a_form_that_is_no_form_is_refused(web: Running) -> None:
    headers = {"Origin": "http://chat.test", "Content-Type": "application/x-www-form-urlencoded"}
    assert web.client.post("/staff/login", content=b"x=" + b"y" * 20_000, headers=headers).status_code == 413
    for body in (b"\xff\xfe=%ff%00&&&=", b"&".join(b"a=1" for _ in range(100))):
        assert web.client.post("/staff/login", content=body, headers=headers).status_code in (400, 403)


def test_a_page_that_follows_the_stream_does_not_keep_staff_logged_in(web: Running) -> None:
    web.logs_in()
    for _ in range(4):
        web.clock.passes(minutes=8)
        status = web.client.get("/staff/stream?shows=nothing").status_code
    assert status == 401
    web.client.cookies.clear()
    web.log_in("kim", PASSWORD)
    for _ in range(4):
        web.clock.passes(minutes=8)
        assert web.client.get("/staff").status_code == 200


def test_cases_are_listed_by_urgency_with_reason_rule_words_and_waiting_time(run_web: Runs) -> None:
    web = run_web(flagged("soon", "tender"), flagged("urgent", "yellow pus"), hands_off("person"))
    for text in ("it is tender", "yellow pus", "a person please"):
        web.patient().asks(text)
    web.patient().asks("I cannot breathe")
    web.clock.passes(minutes=12)
    web.logs_in()
    page = web.client.get("/staff").text
    tiers = re.findall(r'<span class="tier">(\w+)', page)
    assert tiers == ["Emergency", "Urgent", "Soon", "Soon"]
    for expected in ("rule R7", "<q>breathe</q>", "<q>yellow pus</q>", "Asked for a person", "Waiting for 12 minutes"):
        assert expected in page
    assert "4 waiting: 1 emergency, 1 urgent. None yours." in page


def test_a_case_shows_the_conversation_with_its_words_marked(run_web: Runs) -> None:
    web = run_web(calm(), flagged("urgent", "yellow pus"))
    patient = web.patient()
    patient.asks("hello, day 3")
    patient.asks("there is Yellow  pus <b>now</b>")
    web.logs_in()
    found = re.search(r"/staff/cases/([\w-]+)", web.client.get("/staff").text)
    assert found is not None
    page = web.client.get(found.group(0)).text
    assert "there is <mark>Yellow  pus</mark> &lt;b&gt;now&lt;/b&gt;" in page
    assert "hello, day 3" in page and "Possible infection" in page and "rule R5" in page
    assert "Microneedling, day 3 when last spoken of" in page


@pytest.mark.parametrize("case_id", [NO_CASE, "nothing", "%00", "1' OR 1=1"])
def test_a_case_that_does_not_exist_is_a_clear_page(web: Running, case_id: str) -> None:
    web.logs_in()
    answer = web.client.get(f"/staff/cases/{case_id}")
    assert answer.status_code == 404 and "There is nothing at this address." in answer.text
    assert 'href="/staff"' in answer.text
