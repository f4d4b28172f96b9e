"""The console in a real browser: on a phone and a desk, in the dark, without a mouse, by a screen reader, and live."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from aftercare.conversation import cases, marks, notes, staff
from aftercare.conversation.gateway import Opened
from aftercare.conversation.photos import Photos
from aftercare.conversation.staff_sessions import Staff
from aftercare.knowledge.saved_replies import SavedReply
from aftercare.photos.folder import PhotoFolder
from aftercare.photos.process import copies_of
from aftercare.web.console_content import ConsoleContent
from tests.conversation.fakes import flagged, hands_off
from tests.conversation.test_photos import RETENTION
from tests.photos.pictures import halves, photo

from .patients import PASSWORD, Server, until

pytestmark = pytest.mark.browser
playwright_api = pytest.importorskip("playwright.sync_api")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright")

expect = playwright_api.expect
expect.set_options(timeout=15_000)
Page = playwright_api.Page
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
TOLD_WITHIN = 30_000
"""Milliseconds: the stream looks every ten seconds whether a session is open, and a busy machine takes its time."""


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    content = ConsoleContent((SavedReply("Hello", "Hello, {staff} here."),))
    server = serve(flagged("urgent", "yellow pus"), hands_off("person"), console_content=content)
    staff.add_staff(server.gateway.database, "kim", PASSWORD, "Kim Lee")
    writes(server, "there is yellow pus " + "and it goes on " * 20)
    writes(server, "a person please")
    writes(server, "I cannot breathe")
    return server


@pytest.fixture
def open_page(server: Server, browser: playwright_api.Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page at which kim is logged in. What its script or the content policy complains of fails the test."""
    contexts, problems = [], []

    def opening(path: str = "/staff", viewport: dict[str, int] = DESK, **options: object) -> Page:
        context = browser.new_context(viewport=viewport, locale="en-GB", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if "Content Security" in line.text else None)
        page.goto(f"{server.url}/staff/login")
        page.get_by_label("User name").fill("kim")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Queue").wait_for()
        page.goto(server.url + path)
        return page

    yield opening
    for context in contexts:
        context.close()
    assert problems == []


def writes(server: Server, text: str) -> Opened:
    opened = server.gateway.open_session()
    seq = server.gateway.post(opened.token, str(uuid4()), text).seq
    until(lambda: server.gateway.outcome(opened.conversation_id, seq).status == "done")  # type: ignore[union-attr]
    return opened


def case_of(server: Server, opened: Opened) -> str:
    with server.gateway.database.reading() as connection:
        case = cases.open_case(connection, opened.conversation_id)
    assert case is not None
    return case.id


def colleague(server: Server, name: str = "dana") -> Staff:
    return staff.add_staff(server.gateway.database, name, PASSWORD, f"{name.capitalize()} Okafor")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_staff_pages_fit_and_are_accessible(
    server: Server, open_page: Callable[..., Page], viewport: dict[str, int], scheme: str
) -> None:
    page = open_page(viewport=viewport, color_scheme=scheme)
    page.get_by_role("link", name="Trouble breathing").wait_for()
    assert_fits(page, "queue")
    page.get_by_role("link", name="Trouble breathing").click()
    page.locator("mark", has_text="breathe").wait_for()
    page.get_by_role("button", name="Take this conversation").click()
    page.locator("summary", has_text="Close…").click()
    page.get_by_label("New private note").fill("Call her at noon")
    page.get_by_role("button", name="Add private note").click()
    page.get_by_text("Call her at noon").wait_for()
    assert_fits(page, "conversation")
    page.goto(f"{server.url}/staff/search?q=breathe")
    page.locator("mark", has_text="breathe").wait_for()
    assert_fits(page, "search")
    page.goto(f"{server.url}/staff/nothing")
    assert_fits(page, "error")


def test_a_case_that_rises_while_it_is_open_says_so_and_changes_its_colour(
    server: Server, open_page: Callable[..., Page]
) -> None:
    opened = writes(server, "a person please")
    page = open_page(f"/staff/cases/{case_of(server, opened)}")
    page.get_by_role("button", name="Take this conversation").click()
    page.get_by_role("button", name="Back to the assistant").wait_for()
    page.locator(".reason.soon").wait_for()
    server.gateway.post(opened.token, str(uuid4()), "it is burning now")
    expect(page.locator("#news")).to_have_text("This conversation is now urgent.")
    page.locator(".reason.urgent").wait_for()
    page.locator("mark", has_text="burning").wait_for()
    assert page.locator("#transcript .message").last.inner_text().endswith("it is burning now")


def test_a_new_emergency_appears_by_itself_is_announced_and_leaves_the_focus(
    server: Server, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    link = page.get_by_role("link", name="Possible infection")
    link.focus()
    page.wait_for_timeout(500)
    writes(server, "now my brother cannot breathe")
    expect(page.get_by_role("link", name="Trouble breathing")).to_have_count(2, timeout=3_000)
    expect(page.get_by_role("status").filter(has_text="A new emergency is waiting.")).to_be_visible()
    expect(page.locator("#summary")).to_contain_text("4 waiting: 2 emergencies, 1 urgent")
    assert page.title().startswith("(4) ")
    expect(link).to_be_focused()


def test_a_case_moves_in_the_queue_when_a_colleague_takes_it(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page()
    opened = writes(server, "my aunt cannot breathe")
    dana = colleague(server)
    link = page.locator("#waiting").get_by_role("link", name="Trouble breathing").first
    link.wait_for()
    server.gateway.desk.claim(case_of(server, opened), dana)
    expect(page.locator("#others")).to_contain_text("Dana Okafor, open for")


def test_who_is_logged_out_is_told(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_role("link", name="Trouble breathing").wait_for()
    with server.gateway.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE staff_session SET revoked_at = created_at")
    page.get_by_role("alert").get_by_role("link", name="Log in again").wait_for(timeout=TOLD_WITHIN)


def test_who_is_logged_out_before_the_stream_connects_is_told(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page()

    def log_out(route: playwright_api.Route) -> None:
        with server.gateway.database.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE staff_session SET revoked_at = created_at")
        route.continue_()

    page.route("**/staff/stream?*shows=queue*", log_out)
    page.reload()
    page.get_by_role("alert").get_by_role("link", name="Log in again").wait_for(timeout=TOLD_WITHIN)


def test_alarms_are_switched_by_the_user_and_kept(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(permissions=["notifications"])
    sound, notify = page.get_by_role("button", name="Sound"), page.get_by_role("button", name="Notifications")
    expect(sound).to_have_attribute("aria-pressed", "false")
    sound.click()
    notify.click()
    expect(notify).to_have_text("Notifications on")
    page.evaluate(
        """() => {
            window.shown = [];
            window.Notification = class { constructor(title, options) { shown.push(options.body); } };
            window.Notification.permission = "granted";
        }"""
    )
    writes(server, "now my brother cannot breathe")
    until(lambda: page.evaluate("() => shown") == ["A new emergency is waiting."])
    page.reload()
    expect(page.get_by_role("button", name="Sound on")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(500)
    expect(page.get_by_role("status").filter(has_text="A new emergency")).to_have_count(0)


def test_a_case_with_many_reasons_leaves_room_for_what_is_beside_it(
    server: Server, open_page: Callable[..., Page]
) -> None:
    page = open_page(f"/staff/cases/{case_of(server, writes(server, 'my aunt cannot breathe'))}")
    reasons = "<p>Signs of infection on treated skin: pus, red, hotter</p>" * 40
    page.evaluate("more => document.querySelector('#head').insertAdjacentHTML('beforeend', more)", reasons)
    expect(page.get_by_role("button", name="Take this conversation")).to_be_in_viewport()
    beside = page.get_by_role("complementary", name="About this case").bounding_box()
    assert beside is not None
    assert beside["height"] > DESK["height"] / 4
    expect(page.get_by_text("Opened because")).to_be_in_viewport()


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_a_conversation_by_keyboard_only(
    server: Server, open_page: Callable[..., Page], viewport: dict[str, int]
) -> None:
    opened = writes(server, "my aunt cannot breathe")
    case_id = case_of(server, opened)
    page = open_page(f"/staff/cases/{case_id}", viewport)
    tab_to(page, "do-claim")
    with page.expect_navigation():  # the stream may tell of the claim before the page comes that answers it
        page.keyboard.press("Enter")
    page.get_by_text("You have this conversation").wait_for()
    tab_to(page, "saved")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    box = page.get_by_label("Your reply")
    expect(box).to_be_focused()
    expect(box).to_have_value("Hello, Kim here.")
    page.keyboard.press("Control+End")
    page.keyboard.type(" Is somebody with you?")
    expect(page.locator("#draft-state")).to_have_text("Draft kept")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#transcript .staff .text")).to_have_text("Hello, Kim here. Is somebody with you?")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    texts = [message.text for message in server.gateway.transcript(opened.conversation_id)]
    assert texts.count("Hello, Kim here. Is somebody with you?") == 1


def test_both_sides_see_each_other_write_and_read(server: Server, open_page: Callable[..., Page]) -> None:
    opened = writes(server, "my aunt cannot breathe")
    page = open_page(f"/staff/cases/{case_of(server, opened)}")
    page.get_by_label("Your reply").fill("Hello.")
    page.get_by_role("button", name="Send to patient").click()
    delivery = page.locator("#transcript .staff .delivery")
    expect(delivery).to_have_text("Sent")
    with server.gateway.database.writing() as connection:
        marks.patient_saw(connection, opened.conversation_id, 99)
        marks.patient_typing(connection, opened.conversation_id, server.gateway.clock())
    expect(delivery).to_have_text("Seen by the patient")
    expect(page.locator("#typing")).to_have_text("The patient is writing…")
    page.get_by_label("Your reply").press_sequentially("Are you", delay=20)
    until(lambda: server.gateway.view(opened.token).standing.staff_typing)
    server.gateway.post(opened.token, str(uuid4()), "she is better")
    expect(page.locator("#transcript .patient").last).to_contain_text("she is better")
    expect(page.get_by_label("Your reply")).to_be_focused()
    expect(page.get_by_label("Your reply")).to_have_value("Are you")


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_a_group_that_is_cut_counts_on_and_opens(
    server: Server, open_page: Callable[..., Page], viewport: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aftercare.web.console_view.MOST_ROWS", 2)
    page = open_page(viewport=viewport)
    cut = page.locator("#waiting .more")
    expect(cut).to_contain_text("And 1 more.")
    writes(server, "a person please")
    expect(cut).to_contain_text("And 2 more.")
    assert_fits(page, "queue-cut")
    cut.get_by_role("link", name="Show all").click()
    expect(page.locator("[data-group=waiting] > li")).to_have_count(4)
    writes(server, "a person please")
    expect(page.locator("[data-group=waiting] > li")).to_have_count(5)
    expect(cut).to_be_hidden()


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_notes_and_photos_come_without_a_reload_and_leave_what_is_typed(
    server: Server, open_page: Callable[..., Page], viewport: dict[str, int], tmp_path: Path
) -> None:
    opened = writes(server, "a person please")
    case_id, dana = case_of(server, opened), colleague(server)
    page = open_page(f"/staff/cases/{case_id}", viewport)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "/thumbnail" in request.url else None)
    box = page.get_by_label("New private note")
    box.fill("Half a note")
    with server.gateway.database.writing() as connection:
        notes.add(connection, case_id, dana.id, "Dana was here", server.gateway.clock())
    page.locator("#note-list").get_by_text("Dana was here").wait_for()
    expect(box).to_have_value("Half a note")
    album = Photos(server.gateway, PhotoFolder(tmp_path / "photos"), RETENTION)
    for number in (1, 2):
        copies = [copies_of(io.BytesIO(photo("JPEG", halves(400, 300))))]
        album.post(opened.token, str(uuid4()), "", copies)
        expect(page.locator("#photos img")).to_have_count(number)
        page.locator("#photos").scroll_into_view_if_needed()
        until(lambda expected=number: len(set(fetched)) == expected, 15)
    strip = [url for url in fetched if fetched.count(url) > 2]
    assert strip == [], "once in the transcript, once in the strip at most"
    assert_fits(page, "conversation-photos")
    page.get_by_role("button", name="Add private note").click()
    page.locator("#note-list").get_by_text("Half a note").wait_for()
    expect(box).to_have_value("")
    with server.gateway.database.writing() as connection:
        notes.add(connection, case_id, dana.id, "Dana again", server.gateway.clock())
    page.locator("#note-list").get_by_text("Dana again").wait_for()
    expect(page.locator("#note-list li")).to_have_count(3)


def test_a_conflict_keeps_what_was_typed(server: Server, open_page: Callable[..., Page]) -> None:
    opened = writes(server, "my aunt cannot breathe")
    case_id = case_of(server, opened)
    page = open_page(f"/staff/cases/{case_id}")
    page.get_by_label("Your reply").fill("Half a thought")
    server.gateway.desk.claim(case_id, colleague(server))
    expect(page.locator("#head")).to_contain_text("Dana Okafor has this conversation")
    expect(page.get_by_label("Your reply")).to_have_value("Half a thought")
    page.get_by_role("button", name="Send to patient").click()
    page.get_by_role("alert").filter(has_text="Not sent. Dana Okafor has this conversation.").wait_for()
    expect(page.get_by_label("Your reply")).to_have_value("Half a thought")


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_all_of_it_works_without_script(
    server: Server, open_page: Callable[..., Page], viewport: dict[str, int]
) -> None:
    opened = writes(server, "my aunt cannot breathe")
    page = open_page(f"/staff/cases/{case_of(server, opened)}", viewport, java_script_enabled=False)
    page.get_by_role("button", name="Take this conversation").click()
    page.get_by_role("button", name="Insert").click()
    assert page.get_by_label("Your reply").input_value() == "Hello, Kim here."
    page.get_by_role("button", name="Send to patient").click()
    assert page.locator("#transcript .staff .text").inner_text() == "Hello, Kim here."
    page.get_by_label("New private note").fill("Aunt, not patient")
    page.get_by_role("button", name="Add private note").click()
    assert "Aunt, not patient" in page.locator("#notes").inner_text()
    page.locator("summary", has_text="Close…").click()
    page.get_by_label("What did it come to?").select_option("emergency_called")
    page.get_by_role("button", name="Close the conversation").click()
    assert "Emergency services called, Kim Lee" in page.locator("#closed").inner_text()


def tab_to(page: Page, element_id: str) -> None:
    for _ in range(60):
        if page.evaluate("document.activeElement.id") == element_id:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {element_id}")


def assert_fits(page: Page, name: str) -> None:
    found = axe_api.Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{name} is {too_wide} px too wide"
