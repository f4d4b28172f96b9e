"""Account, administrator's and lead's pages in a real browser: they fit a phone, and axe finds nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4

import pyotp
import pytest

from aftercare.conversation import cases, staff
from tests.conversation.fakes import flagged, hands_off

from .patients import PASSWORD, Server, until

pytestmark = pytest.mark.browser
playwright_api = pytest.importorskip("playwright.sync_api")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright")

PICTURES = os.environ.get("AFTERCARE_PICTURES", "")
"""A folder to leave screenshots in."""


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    server = serve(flagged("urgent", "yellow pus"), hands_off("question"), flagged("soon", "tender"))
    staff.add_staff(server.gateway.database, "ann", PASSWORD, "Ann Admin", role="admin")
    staff.add_staff(server.gateway.database, "kim", PASSWORD, "Nurse Kim")
    for text in ("yellow pus", "may I swim", "I cannot breathe", "it is tender"):
        opened = server.gateway.open_session()
        seq = server.gateway.post(opened.token, str(uuid4()), text).seq
        until(lambda conversation=opened.conversation_id, seq=seq: is_done(server, conversation, seq))
    return server


def is_done(server: Server, conversation_id: str, seq: int) -> bool:
    record = server.gateway.outcome(conversation_id, seq)
    return record is not None and record.status == "done"


def logs_in(page: playwright_api.Page, server: Server, name: str, path: str = "/staff/account") -> None:
    page.goto(f"{server.url}{path}")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")


def assert_fits(page: playwright_api.Page, name: str) -> None:
    page.wait_for_load_state()
    if PICTURES:
        viewport = page.viewport_size
        page.screenshot(
            path=Path(PICTURES) / f"staff-{name}-{viewport['width'] if viewport else 0}.png", full_page=True
        )
    found = axe_api.Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{name} is {too_wide} px too wide"


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1440, "light"), (1440, "dark")])
def test_account_and_lead_pages_fit_and_are_accessible(
    server: Server, browser: playwright_api.Browser, width: int, scheme: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    problems: list[str] = []
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{server.url}/staff/login")
    assert_fits(page, "login")
    logs_in(page, server, "ann")
    page.get_by_role("heading", name="My account").wait_for()
    assert_fits(page, "account")
    page.get_by_role("link", name="Set up an authenticator app").click()
    page.get_by_role("img", name="QR code").wait_for()
    until(lambda: page.evaluate("document.querySelector('.qr').naturalWidth") > 100)
    assert_fits(page, "second-factor")
    secret = page.locator(".key").inner_text().replace(" ", "")
    page.get_by_label("six digits").fill(pyotp.TOTP(secret).now())
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your app is set up").wait_for()
    assert_fits(page, "recovery-codes")
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("link", name="Accounts").click()
    page.get_by_role("heading", name="Invite somebody").wait_for()
    assert_fits(page, "admin")
    page.get_by_label("User name").fill("lee")
    page.get_by_label("Name that patients see").fill("Nurse Lee")
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_label("Link", exact=True).input_value()
    assert_fits(page, "link")
    page.get_by_role("link", name="Back to the accounts").click()
    page.get_by_role("link", name="What staff did").click()
    page.get_by_role("heading", name="What staff did").wait_for()
    assert_fits(page, "log")
    page.get_by_role("link", name="Figures").click()
    page.get_by_role("heading", name="Busiest hours").wait_for()
    page.get_by_text("The hours as a table").click()
    assert_fits(page, "lead")
    page.get_by_role("button", name="Log out").click()
    logs_in(page, server, "ann")
    page.get_by_role("heading", name="Code from your app").wait_for()
    assert_fits(page, "code")
    later = datetime.now(timezone.utc) + timedelta(seconds=30)
    page.get_by_label("Code").fill(pyotp.TOTP(secret).at(int(later.timestamp())))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="My account").wait_for()
    with server.gateway.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE staff_session SET locked_at = created_at")
    page.goto(f"{server.url}/staff/lead")
    page.get_by_role("heading", name="Locked").wait_for()
    assert_fits(page, "locked")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Figures").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.goto(link)
    page.get_by_role("heading", name="Welcome, Nurse Lee").wait_for()
    assert_fits(page, "invitation")
    page.get_by_label("New password").fill("a password of my own")
    page.get_by_label("The same again").fill("a password of my own")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Not now").click()
    page.get_by_role("heading", name="Queue", exact=True).wait_for()
    assert problems == []
    page.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_a_trainer_finishes_a_case_of_the_inbox(server: Server, browser: playwright_api.Browser, width: int) -> None:
    staff.add_staff(server.gateway.database, "tia", PASSWORD, "Tia Trainer", role="trainer")
    kim = staff.add_staff(server.gateway.database, "lou", PASSWORD, "Lou Nurse")
    with server.gateway.database.reading() as connection:
        waiting = [case.id for case in cases.open_cases(connection)]
    for case_id in waiting[:2]:
        server.gateway.desk.claim(case_id, kim)
        server.gateway.desk.close(case_id, kim, "advice_given", True)
    page = browser.new_page(viewport={"width": width, "height": 900})
    logs_in(page, server, "tia", "/staff/training")
    page.get_by_role("heading", name="To train").wait_for()
    assert page.get_by_role("link", name="To train 2 wait").count() == 1
    assert_fits(page, "training")
    page.get_by_role("listitem").filter(has_text="I cannot breathe").get_by_role("button").click()
    page.get_by_text("Done by Tia Trainer").wait_for()
    assert_fits(page, "training-done")
    page.close()
