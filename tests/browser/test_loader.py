"""The loader on a clinic's own page, and the built files."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, Chat
from tests.browser.contract_server import WEB

WIDGET = WEB.parents[1] / "widget"


@pytest.fixture
def clinic(visit, server):
    """A clinic's page of another origin with a strict policy of its own."""
    return visit(server.clinic_url + "/clinic-page", viewport=DESKTOP)


def opened(page, label: str = "Aftercare chat") -> Chat:
    page.get_by_role("button", name=label).click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("log")).to_be_visible()
    return Chat(page, frame)


def test_the_loader_stays_under_two_kilobytes():
    assert (WEB / "static" / "loader.js").stat().st_size < 2048


@pytest.mark.skipif(not (WIDGET / "node_modules").is_dir() or shutil.which("node") is None, reason="no node_modules")
def test_the_built_files_are_what_the_sources_give():
    done = subprocess.run(["node", "build.mjs", "--check"], cwd=WIDGET, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_nothing_is_loaded_from_the_chat_before_it_is_opened(visit, server):
    requests: list[str] = []
    page = visit("/demo")
    page.on("request", lambda request: requests.append(request.url))
    page.reload()
    page.wait_for_timeout(300)
    assert [url for url in requests if "/chat" in url or "/api/" in url] == []


def test_a_chat_in_a_clinics_page_works_under_the_clinics_own_policy(clinic):
    chat = opened(clinic)
    chat.ask("hello", "You wrote: hello")
    assert clinic.locator("iframe").get_attribute("title") == "Aftercare chat"


def test_focus_goes_in_on_open_and_back_on_close(clinic):
    launcher = clinic.get_by_role("button", name="Aftercare chat")
    chat = opened(clinic)
    expect(chat.field).to_be_focused()
    expect(launcher).to_be_hidden()
    clinic.keyboard.press("Escape")
    expect(clinic.get_by_role("dialog")).to_be_hidden()
    expect(launcher).to_be_focused()
    clinic.keyboard.press("Enter")
    expect(chat.field).to_be_focused()
    clinic.get_by_role("button", name="Close chat").click()
    expect(launcher).to_be_focused()


def test_the_conversation_is_there_when_the_chat_is_opened_again(clinic):
    chat = opened(clinic)
    chat.ask("hello", "You wrote: hello")
    clinic.keyboard.press("Escape")
    opened(clinic)
    assert chat.texts() == ["hello", "You wrote: hello"]


def test_the_conversation_is_there_on_the_next_page_of_the_site(visit):
    page = visit("/demo", viewport=DESKTOP)
    label = "Ask about aftercare"
    opened(page, label).ask("hello", "You wrote: hello")
    page.goto(page.url.replace("/demo", "/demo?next"))
    opened(page, label).shows("You wrote: hello")


def test_where_the_browser_blocks_storage_the_chat_works_until_the_page_is_left(clinic):
    # Playwright switches Chromium's storage partitioning off, so a frame of another site has no storage at all.
    chat = opened(clinic)
    chat.ask("hello", "You wrote: hello")
    clinic.reload()
    assert opened(clinic).texts() == []


def test_news_behind_a_closed_chat_shows_on_the_launcher(clinic, server):
    chat = opened(clinic)
    chat.ask("hello", "You wrote: hello")
    clinic.keyboard.press("Escape")
    server.talk.add("staff", "Asha from the clinic", "I am here.")
    clinic.get_by_role("button", name="Aftercare chat: new message").click()
    expect(chat.log.get_by_text("I am here.")).to_be_visible()


def test_on_a_phone_the_chat_fills_the_screen_and_holds_the_focus(visit, server):
    page = visit(server.clinic_url + "/clinic-page", viewport=PHONE)
    opened(page)
    assert page.get_by_role("dialog").bounding_box() == {"x": 0, "y": 0, **PHONE}
    assert page.evaluate("document.querySelector('div').shadowRoot.querySelector('dialog').matches(':modal')")
    assert page.get_by_role("button", name="Close chat").bounding_box()["height"] >= 44


def test_beside_a_desktop_page_the_page_stays_usable(clinic):
    opened(clinic)
    clinic.get_by_role("link", name="A link").click()
    assert clinic.url.endswith("#top")
    expect(clinic.get_by_role("dialog")).to_be_visible()


@pytest.mark.parametrize("word", ["close", "news", "ready"])
def test_words_from_a_stranger_are_ignored(clinic, word):
    opened(clinic)
    clinic.evaluate(f"window.postMessage('{word}', '*')")
    clinic.wait_for_timeout(200)
    expect(clinic.get_by_role("dialog")).to_be_visible()


def test_a_chat_that_does_not_load_leaves_the_phone_number(clinic):
    clinic.route("**/chat", lambda route: route.abort())
    clinic.get_by_role("button", name="Aftercare chat").click()
    expect(clinic.get_by_text("If it fails, call 020 7946 0000.")).to_be_visible()
    expect(clinic.locator("iframe")).to_have_css("opacity", "0")
    clinic.get_by_role("button", name="Close chat").click()
    expect(clinic.get_by_role("dialog")).to_be_hidden()
