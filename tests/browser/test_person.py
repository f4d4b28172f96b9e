"""What a patient sees and does while they wait for a person, talk to one, and afterwards."""

from __future__ import annotations

import time

from playwright.sync_api import expect

from tests.browser.test_chat_reading import violations


def waits(chat, server, **team):
    chat.button("Talk to a person").click()
    chat.shows("I have asked the clinic team")
    server.talk.team = {"can_leave": True, **team}


def until_noted(server, *expected):
    deadline = time.monotonic() + 5
    while expected not in [(what, *body.values()) for what, body in server.notes]:
        assert time.monotonic() < deadline, server.notes
        time.sleep(0.02)


def test_who_waits_sees_their_place_and_may_stop_waiting(chat, server):
    waits(chat, server, position=2)
    chat.status_says("You are number 2 in line.")
    server.talk.team["position"] = 1
    chat.status_says("You are next.")
    assert violations(chat.page) == []
    chat.button("Stop waiting").click()
    until_noted(server, "leave")
    server.talk.mode, server.talk.team = "assistant", {}
    expect(chat.button("Stop waiting")).to_have_count(0)


def test_who_has_no_name_is_a_person(chat, server):
    waits(chat, server)
    server.talk.mode, server.talk.team = "staff", {"staff_name": "A person"}
    chat.status_says("You are talking to a person.")
    server.talk.team = {"staff_name": "Asha"}
    chat.status_says("You are talking to Asha.")


def test_outside_hours_the_patient_sees_when_the_clinic_opens_and_leaves_a_number(chat, server):
    waits(chat, server, opens_at="2030-01-07T09:00:00+00:00", contact_left=False)
    chat.status_says("The clinic is closed until 7 Jan")
    chat.frame.get_by_text("Leave a phone number or email").click()
    assert violations(chat.page) == []
    chat.frame.get_by_label("Phone number or email").fill("07700 900123")
    chat.button("Save").click()
    until_noted(server, "contact", "07700 900123")
    server.talk.team = {**server.talk.team, "contact_left": True}
    expect(chat.frame.get_by_text("The team knows how to reach you.")).to_be_visible()


def test_what_is_being_typed_stays_while_the_place_changes(chat, server):
    waits(chat, server, position=2, contact_left=False)
    chat.frame.get_by_text("Leave a phone number or email").click()
    chat.frame.get_by_label("Phone number or email").fill("07700")
    server.talk.team = {**server.talk.team, "position": 1}
    chat.status_says("You are next.")
    expect(chat.frame.get_by_label("Phone number or email")).to_have_value("07700")


def test_the_person_is_named_from_the_moment_they_join(chat, server):
    waits(chat, server)
    server.talk.add("system", "", "Kim from the clinic has joined.", "joined")
    server.talk.mode, server.talk.team = "staff", {"staff_name": "Kim", "staff_typing": True}
    chat.shows("Kim from the clinic has joined.")
    chat.status_says("You are talking to Kim.")
    chat.status_says("Kim is writing…")
    chat.field.press_sequentially("hello")
    until_noted(server, "typing")
    seq = server.talk.add("staff", "Kim", "Does it hurt?")["seq"]
    chat.shows("Does it hurt?")
    until_noted(server, "seen", seq)
    server.talk.add("system", "", "You are talking to the assistant again.", "handed_back")
    server.talk.mode, server.talk.team = "assistant", {}
    chat.shows("You are talking to the assistant again.")


def test_the_help_is_rated_with_the_keyboard(chat, server):
    waits(chat, server)
    server.talk.mode, server.talk.team = "closed", {"can_rate": True}
    expect(chat.frame.get_by_text("How was the help you got?")).to_be_visible()
    assert violations(chat.page) == []
    chat.frame.get_by_role("radio", name="3 of 5").focus()
    chat.page.keyboard.press("Space")
    chat.page.keyboard.press("ArrowRight")
    chat.frame.get_by_label("Anything to add?").fill("kind")
    chat.button("Send rating").press("Enter")
    until_noted(server, "rating", 4, "kind")


def test_a_refusal_is_told(chat, server):
    waits(chat, server)
    server.fail("leave", 400)
    chat.button("Stop waiting").click()
    chat.warns("Please use ordinary letters.")
    expect(chat.button("Stop waiting")).to_be_enabled()
