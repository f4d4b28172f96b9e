"""Everybody can read and use the chat: screen readers, keyboard, zoom, dark mode."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE


def violations(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']} ({each['impact']}): {[node['html'][:120] for node in each['nodes']]}" for each in found]


def full_chat(open_chat, server, **options):
    """A chat with every kind of message on the screen."""
    chat = open_chat(**options)
    chat.ask("I cannot breathe", "Lie down with legs up")
    chat.ask("yellow pus", "Please call the clinic today")
    server.talk.add("staff", "Asha from the clinic", "Hello.")
    server.talk.add("system", "System", "You are talking to the assistant again.")
    chat.shows("to the assistant again")
    server.fail("messages", 400)
    chat.write("strange")
    chat.warns("Please use ordinary letters.")
    chat.ask("Is this normal?", "Do you have any of these now")
    return chat


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
class TestAxe:
    def test_the_first_screen_has_no_violation(self, open_chat, viewport, scheme):
        assert violations(open_chat(viewport=viewport, color_scheme=scheme).page) == []

    def test_every_kind_of_message_has_no_violation(self, open_chat, server, viewport, scheme):
        chat = full_chat(open_chat, server, viewport=viewport, color_scheme=scheme)
        assert violations(chat.page) == []
        chat.log.evaluate("log => { log.scrollTop = 0 }")
        assert violations(chat.page) == []

    def test_the_demo_page_with_the_open_chat_has_no_violation(self, visit, viewport, scheme):
        page = visit("/demo", viewport=viewport, color_scheme=scheme)
        assert violations(page) == []
        page.get_by_role("button", name="Ask about aftercare").click()
        expect(page.frame_locator("iframe").get_by_role("log")).to_be_visible()
        assert violations(page) == []


def test_live_regions_are_apart(chat):
    regions = chat.page.evaluate(
        "[...document.querySelectorAll('[role=log],[role=status],[role=alert]')]"
        ".map(region => [region.role, Boolean(region.parentElement.closest('[role=log],[role=status],[role=alert]'))])"
    )
    assert sorted(regions) == [["alert", False], ["alert", False], ["log", False], ["status", False]]
    expect(chat.log).to_have_attribute("aria-label", "Chat messages")
    expect(chat.log.locator("> ol")).to_have_attribute("role", "list")


def test_a_sent_message_is_confirmed_in_the_status_region(chat):
    chat.write("hello")
    chat.status_says("Message sent.")


def test_the_keyboard_alone_is_enough(open_chat, server):
    page = open_chat(viewport=DESKTOP).page
    seen = []
    for _ in range(13):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent || document.activeElement.id"))
        if seen[-1] == "text":
            break
    assert seen[:2] == ["Emergency? Call 999", "Talk to a person"]
    assert seen[-4:] == ["Another day", "Skip", "Add photos", "text"]
    page.keyboard.type("Is this normal?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="I am not sure")).to_be_visible()
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Yes")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("You wrote: Yes")).to_be_visible()
    expect(page.get_by_label("Your message")).to_be_focused()


def test_every_focus_can_be_seen(open_chat, server):
    page = open_chat(viewport=DESKTOP).page
    for _ in range(10):
        page.keyboard.press("Tab")
        width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
        assert width >= 2, page.evaluate("document.activeElement.outerHTML")


@pytest.mark.parametrize(
    "viewport",
    [
        {"width": 320, "height": 568},
        {"width": 320, "height": 256},
        {"width": 720, "height": 450},
        {"width": 844, "height": 390},
    ],
    ids=["320 px", "1280 px at 400 %", "1440 px at 200 %", "phone on its side"],
)
def test_no_sideways_scrolling_and_help_in_reach(open_chat, server, viewport):
    chat = full_chat(open_chat, server, viewport=viewport)
    chat.frame.get_by_text("Sources (1)").first.click()
    wider = chat.page.evaluate(
        "[...document.querySelectorAll('html, body, aftercare-chat, .log, .foot, .help')]"
        ".filter(part => part.scrollWidth > part.clientWidth).map(part => part.className || part.tagName)"
    )
    assert wider == []
    for position in ("0", "log.scrollHeight"):
        chat.log.evaluate(f"log => {{ log.scrollTop = {position} }}")
        expect(chat.frame.get_by_role("link", name="Call 999 now")).to_be_in_viewport(ratio=1)
        expect(chat.button("Talk to a person")).to_be_in_viewport(ratio=1)
    chat.field.focus()
    expect(chat.frame.get_by_role("link", name="Call 999 now")).to_be_in_viewport(ratio=1)


def test_text_of_double_size_still_fits(open_chat, server):
    chat = open_chat()
    chat.page.evaluate("document.documentElement.style.fontSize = '200%'")
    chat.ask("Is this normal?", "Do you have any of these now")
    assert chat.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert chat.log.evaluate("log => log.scrollWidth <= log.clientWidth")
    expect(chat.frame.get_by_role("link", name="Emergency? Call 999")).to_be_in_viewport(ratio=1)


def test_what_is_tapped_is_large_enough(open_chat, server):
    chat = full_chat(open_chat, server, has_touch=True, is_mobile=True)
    small = chat.page.evaluate(
        "[...document.querySelectorAll('button, .help a, summary, textarea')].filter(each => each.offsetParent)"
        ".map(each => [each.textContent, each.getBoundingClientRect().height]).filter(each => each[1] < 44)"
    )
    assert small == []


def test_nothing_moves_where_motion_is_unwelcome(open_chat, server):
    server.reply_after = 5
    chat = open_chat(reduced_motion="reduce")
    chat.write("hello")
    chat.status_says("is writing…")
    assert chat.page.evaluate("document.getAnimations().length") == 0


def test_forced_colours_keep_the_edges(open_chat, server):
    chat = open_chat(forced_colors="active")
    chat.ask("I cannot breathe", "Lie down with legs up")
    widths = chat.log.locator(".bubble").evaluate_all("all => all.map(each => getComputedStyle(each).borderTopWidth)")
    assert "0px" not in widths


def test_lines_stay_short_on_a_wide_screen(open_chat):
    chat = open_chat(viewport=DESKTOP)
    chat.ask("word " * 200, "You wrote")
    assert max(chat.log.locator(".text").evaluate_all("all => all.map(each => each.clientWidth)")) < 600


def test_a_printed_chat_is_whole_and_names_every_speaker(open_chat):
    chat = open_chat()
    chat.ask("Is this normal? " * 40, "Do you have any of these now")
    chat.page.emulate_media(media="print")
    assert chat.log.evaluate("log => log.scrollHeight <= log.clientHeight")
    expect(chat.frame.get_by_label("Your message")).to_be_hidden()
    names = chat.log.locator(".name").evaluate_all("all => all.map(each => each.getBoundingClientRect().width)")
    assert min(names) > 20


def test_without_scripts_the_phone_number_is_there(visit):
    page = visit("/chat", java_script_enabled=False)
    expect(page.get_by_role("link", name="020 7946 0000")).to_have_attribute("href", "tel:02079460000")
    expect(page.get_by_role("link", name="Call 999")).to_be_visible()
