"""The ways in and out, one's own account, and the administrator's pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pyotp
import pytest
from httpx2 import Response

from aftercare.conversation import audit, cases, staff
from aftercare.conversation.audit import Entry
from tests.conversation.fakes import flagged

from .patients import CLINIC, PASSWORD, Running, csrf_in

Runs = Callable[..., Running]

PART = "/staff/photos/00000000-0000-4000-8000-000000000000/thumbnail"
"""A part of a page, which is refused with a status where a page leads to the log in."""


def add(web: Running, name: str, role: str = "responder") -> str:
    """An account. Returns its id."""
    return staff.add_staff(web.site.gateway.database, name, PASSWORD, name.title(), web.clock(), role).id


def enters(web: Running, name: str, role: str = "responder") -> str:
    """Somebody new logs in. Returns their id."""
    staff_id = add(web, name, role)
    assert web.log_in(name, PASSWORD).status_code == 303
    return staff_id


def sends(web: Running, path: str, page: str = "/staff/account", **form: str) -> Response:
    """Send a form with the token of the page it stands on."""
    form = {"csrf": csrf_in(web.client.get(page)), **form}
    return web.client.post(path, data=form, headers={"Origin": str(web.client.base_url)})


def sets_up_app(web: Running) -> tuple[str, list[str]]:
    """Who is logged in sets up an app: (secret, recovery codes)."""
    page = web.client.get("/staff/account/second-factor").text
    found = re.search(r'class="key">([A-Z2-7 ]+)<', page)
    assert found, page
    secret = found.group(1).replace(" ", "")
    answer = sends(web, "/staff/account/second-factor", code=code_now(web, secret))
    codes = re.findall(r"<li><code>([\w-]+)</code>", answer.text)
    assert len(codes) == 10, answer.text
    return secret, codes


def code_now(web: Running, secret: str) -> str:
    return pyotp.TOTP(secret).at(int(web.clock().timestamp()))


def leaves(web: Running) -> None:
    assert sends(web, "/staff/logout").status_code == 303


def log(web: Running) -> list[Entry]:
    """What is in the audit log, oldest first; the chain is whole."""
    with web.site.gateway.database.reading() as connection:
        audit.verify(connection)
        return audit.newest(connection, 100)[::-1]


def actions(web: Running) -> list[str]:
    return [entry.action for entry in log(web)]


def test_an_idle_session_asks_for_the_password_and_goes_on_where_it_was(run_web: Runs) -> None:
    web = run_web(flagged("urgent", "yellow pus"))
    web.patient().asks("yellow pus")
    enters(web, "kim")
    case = re.search(r"/staff/cases/[\w-]+", web.client.get("/staff").text)
    assert case is not None
    web.clock.passes(minutes=31)
    locked = web.client.get(case.group(0))
    assert locked.headers["location"].startswith("/staff/unlock?next=")
    page = web.client.get(locked.headers["location"])
    assert "yellow pus" not in page.text and 'value="kim"' in page.text
    assert web.client.get(PART).status_code == 401
    before = web.client.cookies["aftercare_staff"]
    assert sends(web, "/staff/unlock", locked.headers["location"], password="wrong").status_code == 401
    assert web.client.get("/staff").status_code == 303
    back = re.search(r'name="next" value="([^"]+)"', page.text)
    assert back is not None
    answer = sends(web, "/staff/unlock", locked.headers["location"], password=PASSWORD, next=back.group(1))
    assert (answer.status_code, answer.headers["location"]) == (303, case.group(0))
    assert web.client.cookies["aftercare_staff"] != before
    assert "yellow pus" in web.client.get(case.group(0)).text
    assert actions(web)[-3:] == ["unlock_failed", "unlocked", "case_viewed"]


def test_staff_lock_their_pages_when_they_leave_the_desk(web: Running) -> None:
    enters(web, "kim")
    assert sends(web, "/staff/lock", next="/staff").headers["location"] == "/staff/unlock?next=%2Fstaff"
    assert web.client.get("/staff").headers["location"] == "/staff/unlock?next=%2Fstaff"


def test_a_locked_session_ends_at_its_end(web: Running) -> None:
    enters(web, "kim")
    web.clock.passes(hours=12)
    assert web.client.get("/staff").headers["location"].startswith("/staff/login")
    assert web.client.get("/staff/unlock").headers["location"] == "/staff/login"


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.test",
        "//evil.test",
        "/staff//evil.test",
        "/staff/../x",
        "/staffevil",
        "/staff\\evil",
        "/staff\nx",
        "javascript:x",
    ],
)
def test_after_login_nobody_is_sent_elsewhere(web: Running, back: str) -> None:
    add(web, "kim")
    assert web.log_in("kim", PASSWORD, next=back).headers["location"] == "/staff"


def test_after_login_the_page_that_was_asked_for_comes(web: Running) -> None:
    add(web, "kim")
    answer = web.log_in("kim", PASSWORD, next="/staff/cases/0190b6a0-1111-7000-8000-000000000000?day=3")
    assert answer.headers["location"] == "/staff/cases/0190b6a0-1111-7000-8000-000000000000?day=3"


def test_a_trainer_begins_on_a_page_that_is_theirs(web: Running) -> None:
    add(web, "tom", "trainer")
    to = web.log_in("tom", PASSWORD).headers["location"]
    assert web.client.get(to).status_code == 200


def test_with_an_app_the_password_alone_opens_nothing(web: Running) -> None:
    enters(web, "kim")
    secret, codes = sets_up_app(web)
    leaves(web)
    answer = web.log_in("kim", PASSWORD, next="/staff")
    assert answer.headers["location"] == "/staff/code?next=%2Fstaff"
    for path in ("/staff", "/staff/account", "/staff/account/second-factor/code.svg"):
        assert web.client.get(path).headers["location"].startswith("/staff/code")
    assert web.client.get(PART).status_code == 401
    half = web.client.cookies["aftercare_staff"]
    assert sends(web, "/staff/code", "/staff/code", code=code_now(web, secret)).status_code == 401, "used to set it up"
    web.clock.passes(minutes=1)
    done = sends(web, "/staff/code", "/staff/code", code=code_now(web, secret), next="/staff")
    assert (done.status_code, done.headers["location"]) == (303, "/staff")
    assert web.client.get("/staff").status_code == 200
    assert web.client.cookies["aftercare_staff"] != half
    leaves(web)
    web.log_in("kim", PASSWORD)
    assert sends(web, "/staff/code", "/staff/code", code=code_now(web, secret)).status_code == 401, "replayed"
    assert sends(web, "/staff/code", "/staff/code", code=codes[0]).status_code == 303
    assert "Unused recovery codes: 9." in web.client.get("/staff/account").text
    assert [entry.details for entry in log(web) if entry.action == "logged_in"] == [
        {},
        {"second_factor": "app"},
        {"second_factor": "recovery"},
    ]


def test_guessing_codes_is_slowed_down_and_the_password_does_not_last(web: Running) -> None:
    enters(web, "kim")
    secret, _ = sets_up_app(web)
    leaves(web)
    web.clock.passes(minutes=1)
    wrong = f"{(int(code_now(web, secret)) + 1) % 1_000_000:06}"
    web.log_in("kim", PASSWORD)
    answers = [sends(web, "/staff/code", "/staff/code", code=wrong).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    again = web.log_in("kim", PASSWORD)
    assert again.status_code == 303
    assert sends(web, "/staff/code", "/staff/code", code=code_now(web, secret)).status_code == 429
    web.clock.passes(minutes=10)
    assert web.client.get("/staff/code").headers["location"] == "/staff/login"


def test_who_must_have_an_app_sets_it_up_before_anything_else(run_web: Runs) -> None:
    web = run_web(clinic=replace(CLINIC, second_factor=("lead", "admin")))
    enters(web, "ann", "admin")
    for path in ("/staff", "/staff/admin", "/staff/lead"):
        assert web.client.get(path).headers["location"] == "/staff/account/second-factor"
    assert web.client.get(PART).status_code == 403
    picture = web.client.get("/staff/account/second-factor/code.svg")
    assert picture.headers["content-type"].startswith("image/svg+xml") and picture.text.startswith("<svg")
    secret, _ = sets_up_app(web)
    assert web.client.get("/staff/admin").status_code == 200
    assert web.client.get("/staff/account/second-factor/code.svg").status_code == 404
    web.clock.passes(minutes=1)
    sends(web, "/staff/account/second-factor/remove", password=PASSWORD, code=code_now(web, secret))
    assert web.client.get("/staff").headers["location"] == "/staff/account/second-factor"
    leaves(web)
    enters(web, "kim")
    assert web.client.get("/staff").status_code == 200


def test_setting_up_an_app_ends_what_was_opened_without_it(web: Running) -> None:
    enters(web, "kim")
    before = web.client.cookies["aftercare_staff"]
    sets_up_app(web)
    assert web.client.get("/staff").status_code == 200
    web.client.cookies.clear()
    web.client.cookies.set("aftercare_staff", before)
    assert web.client.get("/staff").status_code == 303


def test_removing_the_app_takes_password_and_code(web: Running) -> None:
    enters(web, "kim")
    secret, _ = sets_up_app(web)
    web.clock.passes(minutes=1)
    code = code_now(web, secret)
    path = "/staff/account/second-factor/remove"
    assert "password is wrong" in sends(web, path, password="wrong", code=code).text
    assert "code is wrong" in sends(web, path, password=PASSWORD, code="12345").text
    assert sends(web, path, password=PASSWORD, code=code).status_code == 303
    leaves(web)
    assert web.log_in("kim", PASSWORD).headers["location"] == "/staff"


def test_a_password_is_changed_by_who_knows_it(web: Running) -> None:
    enters(web, "kim")
    kept = web.client.cookies["aftercare_staff"]
    path, new = "/staff/account/password", "another long password"
    assert "wrong" in sends(web, path, password="wrong", new=new, again=new).text
    assert "not the same" in sends(web, path, password=PASSWORD, new=new, again=PASSWORD).text
    assert "at least 12" in sends(web, path, password=PASSWORD, new="short", again="short").text
    assert sends(web, path, password=PASSWORD, new=new, again=new).status_code == 303
    assert web.client.get("/staff").status_code == 200 and web.client.cookies["aftercare_staff"] != kept
    leaves(web)
    assert web.log_in("kim", PASSWORD).status_code == 401
    assert web.log_in("kim", new).status_code == 303


def test_strangers_who_guess_do_not_keep_the_owner_out(web: Running) -> None:
    enters(web, "kim")
    leaves(web)
    owner = dict(web.client.cookies)
    web.client.cookies.clear()
    assert [web.log_in("kim", "wrong password").status_code for _ in range(6)] == [401] * 5 + [429]
    assert web.log_in("kim", PASSWORD).status_code == 429
    web.client.cookies.clear()
    for name, value in owner.items():
        web.client.cookies.set(name, value)
    assert web.log_in("kim", PASSWORD).status_code == 303


def test_a_known_browser_is_slowed_down_too(web: Running) -> None:
    enters(web, "kim")
    leaves(web)
    assert [web.log_in("kim", "wrong password").status_code for _ in range(6)] == [401] * 5 + [429]


def test_waits_hold_over_processes(run_web: Runs) -> None:
    one, two = run_web(), run_web()
    add(one, "kim")
    tries = [web.log_in("kim", "wrong password").status_code for web in (one, two) * 3]
    assert tries == [401] * 5 + [429]


def link_in(page: Response) -> str:
    found = re.search(r'value="http://chat.test(/staff/invitation/[\w-]+)"', page.text)
    assert found, page.text
    return found.group(1)


def test_an_administrator_invites_somebody_who_sets_their_own_password(web: Running) -> None:
    enters(web, "ann", "admin")
    link = link_in(
        sends(web, "/staff/admin/invite", "/staff/admin", name="Lee", display_name="Nurse Lee", role="responder")
    )
    assert "invited" in web.client.get("/staff/admin").text
    leaves(web)
    new = "a password of my own"
    assert "Welcome, Nurse Lee" in web.client.get(link).text
    assert "not the same" in sends(web, link, link, password=new, again="x").text
    assert "at least 12" in sends(web, link, link, password="short", again="short").text
    assert sends(web, link, link, password=new, again=new).headers["location"] == "/staff/account/second-factor"
    assert web.client.get("/staff").status_code == 200
    assert web.client.get(link).status_code == 410
    assert web.client.post(link, data={}).status_code == 410
    assert web.client.get("/staff/invitation/nothing").status_code == 410
    assert actions(web)[-2:] == ["invitation_accepted", "logged_in"]


def test_a_foreign_page_cannot_take_an_invitation_up(web: Running) -> None:
    enters(web, "ann", "admin")
    link = link_in(sends(web, "/staff/admin/invite", "/staff/admin", name="lee", display_name="Lee", role="lead"))
    form = {"csrf": csrf_in(web.client.get(link)), "password": PASSWORD, "again": PASSWORD}
    assert web.client.post(link, data=form, headers={"Origin": "https://evil.test"}).status_code == 403
    assert web.client.get(link).status_code == 200


def test_an_administrator_changes_disables_resets_and_logs_out(web: Running) -> None:
    kim = add(web, "kim")
    enters(web, "ann", "admin")
    account = f"/staff/admin/accounts/{kim}"
    assert sends(web, f"{account}/role", "/staff/admin", role="lead").status_code == 303
    assert "lead, active" in web.client.get("/staff/admin").text
    for change, shown in (("disable", "lead, disabled"), ("enable", "lead, active"), ("end_sessions", "lead, active")):
        assert sends(web, account, "/staff/admin", change=change).status_code == 303
        assert shown in web.client.get("/staff/admin").text
    assert sends(web, account, "/staff/admin", change="fly").status_code == 400
    link_in(sends(web, f"{account}/reset", "/staff/admin"))
    assert "lead, invited" in web.client.get("/staff/admin").text
    page = web.client.get("/staff/admin/log").text
    for line in ("role changed: from responder, to lead", "account disabled", "sessions ended", "account reset"):
        assert line in page


def test_an_administrator_cannot_change_themselves_by_mistake(web: Running) -> None:
    ann = enters(web, "ann", "admin")
    account = f"/staff/admin/accounts/{ann}"
    for path, form in (
        (account, {"change": "disable"}),
        (f"{account}/role", {"role": "lead"}),
        (f"{account}/reset", {}),
    ):
        answer = sends(web, path, "/staff/admin", **form)
        assert answer.status_code == 400 and "your own account" in answer.text
    assert (
        sends(web, "/staff/admin/invite", "/staff/admin", name="ann", display_name="x", role="lead").status_code == 400
    )
    assert (
        sends(web, "/staff/admin/invite", "/staff/admin", name="b", display_name="x", role="queen").status_code == 400
    )


def test_the_first_account_gets_a_name_that_patients_read_from_then_on(run_web: Runs) -> None:
    web = run_web(flagged("urgent", "yellow pus"))
    patient = web.patient()
    patient.asks("yellow pus")
    name, password = staff.ensure_first_account(web.site.gateway.database) or ("", "")
    assert web.log_in(name, password).status_code == 303
    with web.site.gateway.database.reading() as connection:
        case_id = cases.open_cases(connection)[0].id
        own = staff.named(connection, name)
    web.site.gateway.desk.claim(case_id, own)
    assert patient.texts()[-1] == "A person from the clinic has joined."
    answer = sends(web, f"/staff/admin/accounts/{own.id}/name", "/staff/admin", display_name=" Kim  Lee ")
    assert answer.headers["location"] == "/staff/admin"
    assert "Kim Lee" in web.client.get("/staff/admin").text
    assert patient.conversation()["staff_name"] == "Kim"
    assert sends(web, f"/staff/admin/accounts/{own.id}/name", "/staff/admin", display_name=" ").status_code == 400
    assert actions(web).count("account_renamed") == 1


def test_a_change_of_role_ends_the_session(web: Running) -> None:
    enters(web, "kim")
    kim = dict(web.client.cookies)
    web.client.cookies.clear()
    enters(web, "ann", "admin")
    listed = re.search(r"/staff/admin/accounts/([\w-]+)/role", web.client.get("/staff/admin").text)
    assert listed is not None
    sends(web, listed.group(0), "/staff/admin", role="trainer")
    web.client.cookies.clear()
    for name, value in kim.items():
        web.client.cookies.set(name, value)
    assert web.client.get("/staff").headers["location"].startswith("/staff/login")


def test_logins_failures_and_views_are_in_the_log_without_what_was_typed(run_web: Runs) -> None:
    web = run_web(flagged("urgent", "yellow pus"))
    web.patient().asks("yellow pus")
    web.log_in("my secret password", "x")
    kim = add(web, "kim")
    web.log_in("kim", "wrong password")
    web.log_in("kim", PASSWORD)
    case = re.search(r"/staff/cases/([\w-]+)", web.client.get("/staff").text)
    assert case is not None
    web.client.get(case.group(0))
    leaves(web)
    told = [(entry.action, entry.actor.staff_id, entry.object_id) for entry in log(web)]
    assert told == [
        ("login_failed", None, ""),
        ("account_added", None, kim),
        ("login_failed", None, kim),
        ("logged_in", kim, kim),
        ("case_viewed", kim, case.group(1)),
        ("logged_out", kim, kim),
    ]
    assert "pus" not in str(log(web)) and "secret" not in str(log(web))


def test_where_the_log_cannot_be_written_nothing_is_shown(run_web: Runs) -> None:
    web = run_web(flagged("urgent", "yellow pus"))
    web.patient().asks("yellow pus")
    enters(web, "kim")
    case = re.search(r"/staff/cases/[\w-]+", web.client.get("/staff").text)
    assert case is not None
    with web.site.gateway.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE audit_head")
    answer = web.client.get(case.group(0))
    assert answer.status_code >= 500 and "yellow pus" not in answer.text
