"""The patient sends photos from the chat, and sees what became of them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Chat
from tests.browser.contract_server import PHOTO
from tests.photos.pictures import halves, photo

NARROW = {"width": 320, "height": 568}


def file(content: bytes = b"", name: str = "IMG_0001.jpg", kind: str = "image/jpeg") -> dict[str, object]:
    return {"name": name, "mimeType": kind, "buffer": content or photo("JPEG", halves(800, 600))}


def choose(chat, *files, how="Add photos"):
    with chat.page.expect_file_chooser() as chosen:
        chat.button(how).click()
    assert chosen.value.is_multiple()
    chosen.value.set_files(list(files))


def tray(chat):
    return chat.frame.get_by_role("list", name="Photos to send")


def pictures(chat):
    return chat.log.locator(".sent-photos img")


def is_shown(image):
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("image => image.naturalWidth") > 0


def test_a_photo_is_chosen_looked_at_and_sent(chat, server):
    choose(chat, file(), file(name="IMG_0002.jpg"))
    expect(tray(chat).get_by_role("img")).to_have_count(2)
    is_shown(tray(chat).get_by_role("img", name="Photo 1 of 2, not sent yet"))
    expect(chat.frame.get_by_text("Photos are for the clinic team. The assistant cannot look at them.")).to_be_visible()
    chat.field.fill("Is this normal?")
    chat.button("Send").click()
    chat.shows("Is this normal?")
    chat.shows(PHOTO)
    expect(tray(chat)).to_have_count(0)
    expect(chat.field).to_have_value("")
    is_shown(chat.log.get_by_role("img", name="Photo you sent, 2 of 2"))
    [post] = server.posts
    assert (post["text"], len(post["photos"])) == ("Is this normal?", 2)


def test_a_photo_without_words_is_sent_and_there_after_a_reload(chat, server):
    choose(chat, file())
    chat.button("Send").click()
    chat.shows("Sent a photo.")
    chat.shows(PHOTO)
    chat.page.reload()
    chat.shows("Sent a photo.")
    is_shown(chat.log.get_by_role("img", name="Photo you sent"))
    assert len(server.posts) == 1


def test_the_photo_opens_large_and_esc_closes_it(chat):
    choose(chat, file())
    chat.button("Send").click()
    chat.shows(PHOTO)
    opener = chat.log.get_by_role("button", name="Photo you sent")
    opener.press("Enter")
    dialog = chat.frame.get_by_role("dialog", name="Photo you sent")
    expect(dialog).to_be_visible()
    is_shown(dialog.get_by_role("img"))
    expect(chat.button("Close photo")).to_be_focused()
    chat.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()


def test_esc_in_a_photo_leaves_the_frame_open(visit):
    page = visit("/demo")
    page.get_by_role("button", name="Ask about aftercare").click()
    chat = Chat(page, page.frame_locator("iframe"))
    choose(chat, file())
    chat.button("Send").click()
    chat.shows(PHOTO)
    chat.log.get_by_role("button", name="Photo you sent").click()
    chat.button("Close photo").press("Escape")
    expect(chat.frame.get_by_role("dialog")).to_have_count(0)
    expect(chat.field).to_be_visible()


def test_a_photo_can_be_taken_away_by_keyboard_and_focus_stays_near(chat, server):
    choose(chat, file(), file(name="IMG_0002.jpg"))
    chat.button("Remove photo 2").press("Enter")
    expect(chat.button("Remove photo 1")).to_be_focused()
    expect(tray(chat).get_by_role("img")).to_have_count(1)
    chat.status_says("Photo removed.")
    chat.button("Remove photo 1").press("Enter")
    expect(chat.button("Add photos")).to_be_focused()
    chat.button("Send").click()
    assert server.posts == []


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([file(b"hello", "notes.txt", "text/plain")], "“notes.txt” is not a photo."),
        ([file(name=f"{n}.jpg") for n in range(5)], "You can send 4 photos at a time."),
    ],
    ids=["not a photo", "too many"],
)
def test_what_cannot_be_sent_is_said_at_once(chat, server, files, words):
    chat.field.fill("my words")
    choose(chat, *files)
    chat.warns(words)
    expect(chat.frame.locator(".tray img")).to_have_count(4 if len(files) == 5 else 0)
    expect(chat.field).to_have_value("my words")
    assert server.posts == []


def test_a_photo_that_is_too_big_is_not_sent(chat, tmp_path):
    big = tmp_path / "big.jpg"
    with big.open("wb") as sparse:
        sparse.truncate(15 * 1024 * 1024 + 1)
    choose(chat, big)
    chat.warns("“big.jpg” is too big. The limit is 15 MB")
    expect(tray(chat)).to_have_count(0)


def test_a_refusal_by_the_server_names_the_photo_and_gives_everything_back(chat, server):
    server.fail("photos", 422)
    choose(chat, file(), file())
    chat.field.fill("Is this normal?")
    chat.button("Send").click()
    chat.warns("Photo 2: We could not open this photo.")
    chat.button("Change it").click()
    expect(tray(chat).get_by_role("img")).to_have_count(2)
    expect(chat.field).to_have_value("Is this normal?")
    chat.button("Remove photo 2").click()
    chat.button("Send").click()
    chat.shows(PHOTO)
    assert [len(post["photos"]) for post in server.posts] == [2, 1]


def test_a_lost_receipt_sends_the_photo_once(chat, server):
    server.lose_receipts = 1
    choose(chat, file())
    chat.button("Send").click()
    chat.shows(PHOTO)
    expect(chat.log.get_by_text("Sending photo")).to_have_count(0, timeout=15_000)
    chat.shows("Sent a photo.")
    expect(pictures(chat)).to_have_count(1)


def test_words_do_not_wait_behind_a_photo_that_is_still_being_sent(chat, server):
    server.uploading.clear()
    choose(chat, file())
    chat.button("Send").click()
    expect(chat.log.locator(".delivery")).to_contain_text("Sen")
    chat.ask("I cannot breathe", "Call 999 now.")
    server.uploading.set()
    chat.shows(PHOTO)


def test_leaving_with_an_unsent_photo_is_asked_about(chat, server):
    server.uploading.clear()
    choose(chat, file())
    chat.button("Send").click()
    expect(chat.log.locator(".delivery")).to_contain_text("Sen")
    asked = []
    chat.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    chat.page.close(run_before_unload=True)
    chat.page.wait_for_timeout(500)
    server.uploading.set()
    assert asked == ["beforeunload"]
    chat.shows(PHOTO)


def test_a_photo_the_browser_cannot_show_is_named(chat, server):
    choose(chat, file(photo("HEIF"), "IMG_0003.HEIC", ""))
    expect(tray(chat)).to_contain_text("IMG_0003.HEIC")
    chat.button("Send").click()
    chat.shows(PHOTO)
    assert len(server.posts[0]["photos"]) == 1


@pytest.mark.parametrize("viewport", [NARROW, {"width": 390, "height": 844}, {"width": 1440, "height": 900}])
def test_everything_fits_the_window(open_chat, viewport):
    chat = open_chat(viewport=viewport)
    choose(chat, *[file(name=f"{n}.jpg") for n in range(4)])
    expect(tray(chat).get_by_role("img")).to_have_count(4)
    for name in ("Add photos", "Send", "Remove photo 4"):
        expect(chat.button(name)).to_be_in_viewport(ratio=1)
    assert chat.field.bounding_box()["width"] >= 120
    chat.button("Send").click()
    chat.shows(PHOTO)
    expect(pictures(chat)).to_have_count(4)
    expect(chat.log.get_by_text("I cannot look at photos")).to_be_in_viewport()
    assert chat.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_axe_finds_nothing(open_chat):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    chat = open_chat()
    choose(chat, file())
    found = axe.Axe().run(chat.page).response["violations"]
    chat.button("Send").click()
    chat.shows(PHOTO)
    found += axe.Axe().run(chat.page).response["violations"]
    assert [violation["id"] for violation in found] == []
