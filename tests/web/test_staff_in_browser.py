"""The staff pages in a real browser: usable without a mouse, on a phone, in the dark, by a screen reader."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from aftercare.conversation import staff
from tests.conversation.fakes import flagged, hands_off

from .patients import PASSWORD, Server, until

pytestmark = pytest.mark.browser
playwright_api = pytest.importorskip("playwright.sync_api")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright")


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    server = serve(flagged("urgent", "yellow pus"), hands_off("person"))
    staff.add_staff(server.gateway.database, "kim", PASSWORD, "Nurse Kim")
    writes(server, "there is yellow pus " + "and it goes on " * 20)
    writes(server, "a person please")
    writes(server, "I cannot breathe")
    return server


def writes(server: Server, text: str) -> None:
    opened = server.gateway.open_session()
    seq = server.gateway.post(opened.token, str(uuid4()), text).seq
    until(lambda: server.gateway.outcome(opened.conversation_id, seq).status == "done")  # type: ignore[union-attr]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_staff_pages_fit_and_are_accessible(
    server: Server, browser: playwright_api.Browser, width: int, scheme: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    problems: list[str] = []
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{server.url}/staff")
    assert_fits(page, "log in")
    page.get_by_label("User name").fill("kim")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Open cases").wait_for()
    assert_fits(page, "list")
    page.get_by_role("link", name="Trouble breathing").click()
    page.locator("mark", has_text="breathe").wait_for()
    assert_fits(page, "case")
    page.goto(f"{server.url}/staff/nothing")
    assert_fits(page, "error")
    assert [problem for problem in problems if "404" not in problem] == []
    page.close()


def test_a_new_emergency_appears_by_itself_and_is_announced(server: Server, browser: playwright_api.Browser) -> None:
    page = browser.new_page()
    page.add_init_script("const real = setTimeout; window.setTimeout = (f, ms) => real(f, ms / 50);")
    page.goto(f"{server.url}/staff/login")
    page.get_by_label("User name").fill("kim")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    link = page.get_by_role("link", name="Possible infection")
    link.focus()
    writes(server, "now my brother cannot breathe")
    page.get_by_role("status").get_by_text("4 open cases, 2 of them emergencies.").wait_for()
    assert page.locator(":focus").inner_text() == link.inner_text()
    page.get_by_role("button", name="Pause updates").click()
    page.get_by_text("Updates are paused.").wait_for()
    with server.gateway.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE staff_session SET revoked_at = created_at")
    page.get_by_role("button", name="Pause updates").click()
    page.get_by_role("alert").get_by_role("link", name="Log in again").wait_for()
    page.close()


def assert_fits(page: playwright_api.Page, name: str) -> None:
    found = axe_api.Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{name} is {too_wide} px too wide"
