"""What a patient sees and does in the chat."""

from __future__ import annotations

import re
from datetime import date, timedelta

from playwright.sync_api import expect

from tests.browser.contract_server import ANSWER, EMERGENCY, WELCOME


def test_an_answer_arrives_with_speaker_time_list_and_sources(chat):
    chat.ask("Small white bumps. Is this normal?", "Do you have any of these now")
    answer = chat.log.get_by_role("listitem").filter(has_text="You told me about").first
    expect(answer).to_contain_text("Aftercare assistant")
    expect(answer.locator("time")).to_have_text(re.compile(r"^\d\d?:\d\d$"))
    expect(answer.locator(".text ul > li")).to_have_count(3)
    source = answer.get_by_text("Clinic aftercare guide")
    expect(source).to_be_hidden()
    answer.get_by_text("Sources (2)").click()
    expect(source).to_be_visible()
    assert ANSWER.replace("- ", "").split("\n")[0] in chat.texts()[1]


def test_everything_the_patient_says_is_plain_text(chat):
    chat.ask("<img src=x onerror=alert(1)><b>hi</b>", "You wrote: <img src=x onerror=alert(1)><b>hi</b>")
    expect(chat.log.locator("img, b")).to_have_count(0)


def test_the_patient_stands_beside_you_and_staff_beside_their_name(chat, server):
    chat.ask("hello", "You wrote: hello")
    server.talk.add("staff", "Asha from the clinic", "I am here.")
    server.talk.mode = "staff"
    chat.shows("I am here.")
    names = chat.log.locator(".name").all_inner_texts()
    assert names[2:] == ["You", "Aftercare assistant", "Asha from the clinic"]
    chat.status_says("You are talking to Asha from the clinic.")
    expect(chat.button("A person is here")).to_be_disabled()


def test_talk_to_a_person_asks_once_and_says_that_the_team_was_told(chat, server):
    server.reply_after = 0.5
    chat.button("Talk to a person").dblclick()
    chat.shows("I would like to talk to a person.")
    chat.status_says("The clinic team has been told.")
    assert len(server.posts) == 1


def test_quick_replies_send_the_button_and_close(chat, server):
    chat.ask("Is this normal?", "Do you have any of these now")
    chat.button("No").click()
    chat.shows("You wrote: No")
    assert server.posts[-1]["button"] == {"seq": 5, "index": 1}
    expect(chat.frame.get_by_role("group", name="Quick replies")).to_have_count(0)


def test_typing_closes_quick_replies_too(chat):
    chat.ask("Is this normal?", "Do you have any of these now")
    expect(chat.button("Yes")).to_be_visible()
    chat.ask("no fever", "You wrote: no fever")
    expect(chat.button("Yes")).to_have_count(0)


def test_an_emergency_is_announced_and_stays_in_reach(chat, server):
    chat.ask("I cannot breathe", EMERGENCY)
    chat.warns("Do not wait for a reply here.")
    chat.ask("it is gone now", "You wrote: it is gone now")
    expect(chat.frame.get_by_role("link", name="Call 999 now")).to_be_in_viewport()
    expect(chat.log.get_by_text("Emergency", exact=True)).to_be_visible()
    server.talk.mode = "closed"
    expect(chat.frame.get_by_role("link", name="Emergency? Call 999")).to_be_visible()


def test_numbers_in_advice_can_be_called_and_numbers_of_the_patient_are_left_alone(chat):
    chat.ask("yellow pus, call 07700 900123", "Please call the clinic today")
    links = chat.log.locator(".urgent, .patient").get_by_role("link")
    assert [link.get_attribute("href") for link in links.all()] == ["tel:02079460000", "tel:111", "tel:999"]


def test_the_first_screen_says_what_this_is(chat):
    expect(chat.log).to_contain_text("This is an assistant, not a person. Please do not send names.")
    expect(chat.log).to_contain_text("If this is an emergency, call 999.")


def test_the_clinics_welcome_takes_the_place_of_the_first_screen(chat):
    chat.ask("hello", "You wrote: hello")
    chat.shows("I am the aftercare assistant, not a person.")
    expect(chat.log.get_by_text("This is an assistant, not a person.")).to_be_hidden()
    assert chat.log.locator(".text").all_inner_texts() == [*WELCOME, "hello", "You wrote: hello"]


def test_the_treatment_day_goes_with_the_session(chat, server):
    chat.button("2 days ago").click()
    expect(chat.log).to_contain_text("(2 days ago)")
    chat.ask("hello", "You wrote: hello")
    assert server.talk.treated_on == (date.today() - timedelta(days=2)).isoformat()


def test_the_treatment_day_can_be_changed_before_the_first_message(chat, server):
    chat.button("Today").click()
    chat.button("Change").click()
    chat.button("Another day").click()
    chat.button("Save").click()
    expect(chat.log).to_contain_text("Please pick a day")
    day = date.today() - timedelta(days=10)
    chat.frame.get_by_label("Treatment date").fill(day.isoformat())
    chat.button("Save").click()
    expect(chat.log).to_contain_text("(10 days ago)")
    chat.ask("hello", "You wrote: hello")
    assert server.talk.treated_on == day.isoformat()


def test_the_question_for_the_day_blocks_nothing(chat, server):
    assert server.talks == {}, "nothing is stored before the patient does something"
    chat.ask("hello", "You wrote: hello")
    assert server.talk.treated_on is None
    expect(chat.button("Today")).to_have_count(0)


def test_a_long_text_is_counted_and_never_cut(chat, server):
    chat.field.fill("a" * 1850)
    expect(chat.frame.get_by_text("150 characters left")).to_be_visible()
    chat.field.fill("a" * 2001)
    chat.field.press("Enter")
    expect(chat.frame.get_by_text("1 characters too long. Please make it shorter.").first).to_be_visible()
    assert server.posts == []
    chat.field.fill("🙂" * 2000)
    chat.field.press("Enter")
    chat.shows("You wrote: 🙂")
    assert len(server.posts[0]["text"]) == 2000


def test_enter_sends_and_shift_enter_makes_a_line(chat, server):
    chat.field.press_sequentially("one")
    chat.field.press("Shift+Enter")
    chat.field.press_sequentially("two")
    chat.field.press("Enter")
    chat.shows("You wrote")
    assert server.posts[0]["text"] == "one\ntwo"


def test_control_characters_of_a_paste_are_left_out(chat, server):
    chat.field.evaluate("field => { field.value = 'a\\u0000b\\u0007c'; field.dispatchEvent(new Event('input')) }")
    chat.field.press("Enter")
    chat.shows("You wrote")
    assert server.posts[0]["text"] == "abc"


def test_the_assistant_is_seen_writing(chat, server):
    server.reply_after = 1
    chat.write("hello")
    chat.status_says("Aftercare assistant is writing…")
    chat.shows("You wrote: hello")
    expect(chat.frame.get_by_text("is writing…")).to_have_count(0)


def test_a_reply_that_does_not_come_ends_in_the_phone_number(open_chat, server):
    chat = open_chat()
    chat.page.clock.install()
    server.reply_after = 0
    chat.write("silence please")
    expect(chat.log.get_by_text("Sent", exact=True)).to_be_visible()
    chat.page.clock.run_for(25_000)
    chat.status_says("This takes longer than it should. You can call the clinic on 020 7946 0000.")


def test_reading_upwards_is_not_disturbed_by_new_messages(chat, server):
    chat.ask("normal? " * 60, "Do you have any of these now")
    chat.log.evaluate("log => { log.scrollTop = 0 }")
    chat.page.wait_for_timeout(100)
    server.talk.add("staff", "Asha from the clinic", "Hello from Asha.")
    expect(chat.button("New messages")).to_be_visible()
    assert chat.log.evaluate("log => log.scrollTop") == 0
    chat.button("New messages").click()
    expect(chat.log.get_by_text("Hello from Asha.")).to_be_in_viewport()
    expect(chat.button("New messages")).to_be_hidden()


def test_a_reader_at_the_end_stays_at_the_end(chat, server):
    for word in ("normal one", "pus", "breathe"):
        chat.write(word)
        chat.page.wait_for_timeout(300)
    expect(chat.log.get_by_text("Lie down with legs up")).to_be_in_viewport()
    assert chat.log.evaluate("log => log.scrollHeight - log.scrollTop - log.clientHeight") < 4
    server.talk.add("staff", "Asha from the clinic", "Hello from Asha.")
    expect(chat.log.get_by_text("Hello from Asha.")).to_be_in_viewport()


def test_a_new_message_does_not_take_the_focus(chat, server):
    chat.ask("Is this normal?", "Do you have any of these now")
    chat.button("Yes").focus()
    server.talk.add("system", "System", "The clinic opens at nine.")
    chat.shows("The clinic opens at nine.")
    expect(chat.button("Yes")).to_be_focused()
