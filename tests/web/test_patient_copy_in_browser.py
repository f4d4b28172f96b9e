"""The copy of the conversation in a real browser: from the chat's button to the page that is printed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conversation.fakes import flagged

from .patients import Server

pytestmark = pytest.mark.browser
playwright_api = pytest.importorskip("playwright.sync_api")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright")

expect = playwright_api.expect
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
PICTURES = os.environ.get("AFTERCARE_PICTURES")
"""A folder to leave screenshots in."""


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("path", ["/chat", "/demo"])
def test_the_patient_opens_their_copy_from_the_chat(
    serve: Callable[..., Server], browser: playwright_api.Browser, viewport: dict[str, int], path: str
) -> None:
    server = serve(flagged("urgent", "yellow pus"))
    context = browser.new_context(viewport=viewport, locale="en-GB")
    context.set_default_timeout(30_000)
    page = context.new_page()
    problems: list[str] = []
    context.on("console", lambda line: problems.append(line.text) if "Content Security" in line.text else None)
    page.goto(server.url + path)
    chat = page
    if path == "/demo":
        page.get_by_role("button", name="Aftercare", exact=False).first.click()
        chat = page.frame_locator("iframe")
    field = chat.get_by_label("Your message")
    expect(chat.get_by_role("button", name="Print chat")).to_be_hidden()
    field.fill("there is yellow pus")
    field.press("Enter")
    expect(chat.get_by_role("log")).to_contain_text("Please call us")
    shoot(page, f"chat-print{path.replace('/', '-')}-{viewport['width']}")
    with context.expect_page() as opening:
        chat.get_by_role("button", name="Print chat").click()
    copy = opening.value
    expect(copy.get_by_role("heading", name="Your chat with Demo Skin Clinic")).to_be_visible()
    expect(copy.get_by_role("listitem").filter(has_text="there is yellow pus")).to_contain_text("You")
    expect(copy.get_by_role("button", name="Print or save as PDF")).to_be_visible()
    assert copy.url == f"{server.url}/chat/copy"
    assert copy.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert axe_api.Axe().run(copy).response["violations"] == []
    shoot(copy, f"copy-{viewport['width']}")
    copy.emulate_media(media="print", color_scheme="dark")
    expect(copy.get_by_role("button", name="Print or save as PDF")).to_be_hidden()
    assert copy.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)", (
        "black on white, whatever the screen"
    )
    shoot(copy, f"copy-printed-{viewport['width']}")
    assert problems == []
    context.close()


def shoot(page: playwright_api.Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
