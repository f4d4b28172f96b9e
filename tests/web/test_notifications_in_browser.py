"""The page on messages to staff in a real browser: on a phone, in the dark, by keyboard, by a screen reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from aftercare.conversation import staff
from aftercare.knowledge.clinic import Notifications

from .patients import CLINIC, PASSWORD, Server

pytestmark = pytest.mark.browser
playwright_api = pytest.importorskip("playwright.sync_api")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_fits_and_is_accessible_and_a_test_needs_no_mouse(
    serve: Callable[..., Server], browser: playwright_api.Browser, width: int, scheme: str
) -> None:
    clinic = replace(CLINIC, notifications=Notifications(("front_desk", "lead")))
    server = serve(clinic=clinic, deliver=lambda recipient, letter: "late")
    staff.add_staff(server.gateway.database, "kim", PASSWORD, role="lead")
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    problems: list[str] = []
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.goto(f"{server.url}/staff/notifications")
    page.get_by_label("User name").fill("kim")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Send a test to lead")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("cell", name="Test", exact=True).wait_for()
    assert_fits(page)
    while page.get_by_role("link", name="Look whether it arrived").count():
        page.get_by_role("link", name="Look whether it arrived").click()
    page.get_by_text("The last message to lead did not arrive: its service did not answer in time.").wait_for()
    assert_fits(page)
    assert problems == []
    page.close()


def assert_fits(page: playwright_api.Page) -> None:
    found = axe_api.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{too_wide} px too wide"
