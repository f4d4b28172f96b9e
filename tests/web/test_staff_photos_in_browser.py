"""Staff look at photos in a real browser: by keyboard, on a phone, by a screen reader."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from aftercare.conversation import cases, staff
from aftercare.conversation.photos import Photos
from aftercare.photos.folder import PhotoFolder
from aftercare.photos.process import copies_of
from tests.conversation.test_photos import RETENTION
from tests.photos.pictures import halves, photo

from .patients import PASSWORD, Server, until

pytestmark = pytest.mark.browser
playwright_api = pytest.importorskip("playwright.sync_api")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright")


@pytest.mark.parametrize("width", [390, 1440])
def test_photos_are_compared_and_zoomed_by_keyboard(
    serve: Callable[..., Server], browser: playwright_api.Browser, width: int, tmp_path: Path
) -> None:
    server = serve()
    staff.add_staff(server.gateway.database, "kim", PASSWORD, "Nurse Kim")
    opened = server.gateway.open_session()
    copies = [copies_of(io.BytesIO(photo("JPEG", halves(1600, 1200)))) for _ in range(3)]
    Photos(server.gateway, PhotoFolder(tmp_path / "photos"), RETENTION).post(opened.token, str(uuid4()), "", copies)
    with server.gateway.database.reading() as connection:
        [case] = cases.open_cases(connection)
    page = browser.new_page(viewport={"width": width, "height": 800})
    problems: list[str] = []
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{server.url}/staff/login")
    page.get_by_label("User name").fill("kim")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff")
    page.goto(f"{server.url}/staff/cases/{case.id}/photos")
    assert_fits(page, 3)
    page.get_by_role("link", name="Photo 2 of 3").press("Enter")
    page.get_by_role("heading", name="Photo 2 of 3").wait_for()
    assert_fits(page, 1)
    page.keyboard.press("n")
    page.get_by_role("heading", name="Photo 3 of 3").wait_for()
    page.wait_for_load_state()  # the script that hears the keys comes after the page
    page.keyboard.press("3")
    page.get_by_role("link", name="200 %", exact=True).and_(page.locator("[aria-current]")).wait_for()
    page.wait_for_load_state()
    window = page.get_by_role("group", name="Photo, can be moved")
    window.focus()
    page.keyboard.press("ArrowRight")
    # Not wait_for_function: the page's policy forbids what it does.
    until(lambda: window.evaluate("element => element.scrollLeft > 0"))
    assert_fits(page, 1)
    page.keyboard.press("Escape")
    page.wait_for_url(f"**/staff/cases/{case.id}")
    assert problems == []
    page.close()


def assert_fits(page: playwright_api.Page, pictures: int) -> None:
    shown = "[...document.images].filter(image => image.complete && image.naturalWidth).length"
    until(lambda: page.evaluate(shown) == pictures)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [violation["id"] for violation in axe_api.Axe().run(page).response["violations"]] == []
