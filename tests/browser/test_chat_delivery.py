"""Nothing is lost and nothing is shown twice, whatever the network does."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.contract_server import ANSWER


def test_history_is_there_after_a_reload_and_is_not_read_out(chat):
    chat.ask("Is this normal?", "Do you have any of these now")
    before = chat.texts()
    chat.page.reload()
    chat.shows("Do you have any of these now")
    assert chat.texts() == before
    expect(chat.log).to_have_attribute("aria-live", "off")
    expect(chat.log).not_to_have_attribute("aria-live", "off")
    chat.button("Yes").click()
    chat.shows("You wrote: Yes")


def test_another_tab_knows_nothing(chat, open_chat):
    chat.ask("secret", "You wrote: secret")
    assert open_chat().texts() == []


def test_a_post_that_fails_for_a_moment_goes_out_by_itself_once(chat, server):
    server.fail("messages", 503, times=1)
    chat.write("makeup")
    chat.status_says("Still trying to send.")
    chat.shows("You wrote: makeup")
    assert len({post["client_id"] for post in server.posts}) == 1
    chat.shows("makeup", times=2)  # The message and the reply that quotes it.


def test_a_failed_message_can_be_tried_again_under_the_same_id(chat, server):
    server.fail("messages", 503, times=3)
    chat.write("makeup")
    chat.warns("Your message was not sent. Try again, or call the clinic on 020 7946 0000.")
    chat.shows("makeup")
    chat.button("Try again").click()
    chat.shows("You wrote: makeup")
    assert len(server.posts) == 4
    assert len({post["client_id"] for post in server.posts}) == 1
    expect(chat.button("Try again")).to_have_count(0)
    expect(chat.frame.get_by_text("was not sent")).to_have_count(0)


def test_a_lost_receipt_shows_the_message_once(chat, server):
    server.lose_receipts = 2
    chat.write("hello")
    chat.shows("You wrote: hello")
    expect(chat.log.get_by_text("Sent", exact=True)).to_be_visible()
    chat.page.wait_for_timeout(4500)
    assert [post["text"] for post in server.posts] == ["hello"] * 3
    assert chat.texts() == ["hello", "You wrote: hello"]
    expect(chat.log.get_by_text("Sending…")).to_have_count(0)


def test_a_message_that_was_never_sent_survives_a_reload(chat, server):
    chat.ask("first", "You wrote: first")
    server.fail("messages", 503, times=3)
    chat.write("second")
    chat.warns("was not sent")
    chat.page.reload()
    chat.shows("You wrote: second")
    assert chat.texts() == ["first", "You wrote: first", "second", "You wrote: second"]


def test_a_refused_message_comes_back_to_be_changed(chat, server):
    server.fail("messages", 400)
    chat.write("strange")
    chat.warns("Please use ordinary letters.")
    chat.button("Change it").click()
    expect(chat.field).to_have_value("strange")
    assert chat.texts() == []


def test_too_many_messages_wait_as_long_as_the_server_asks(chat, server):
    server.fail("messages", 429, **{"Retry-After": "2"})
    chat.write("hello")
    chat.page.wait_for_timeout(1500)
    assert len(server.posts) == 1
    chat.shows("You wrote: hello")


def test_two_messages_in_a_row_keep_their_order(chat, server):
    server.fail("messages", 503)
    chat.write("one")
    chat.write("two")
    chat.shows("You wrote: two")
    assert [text for text in chat.texts() if not text.startswith("You")] == ["one", "two"]


def test_a_dropped_stream_goes_on_where_it_was(chat, server):
    chat.ask("hello", "You wrote: hello")
    opened = len(server.stream_requests)
    server.drop_streams()
    server.talk.add("staff", "Asha from the clinic", "I am here.")
    chat.shows("I am here.")
    chat.page.wait_for_timeout(1500)
    assert chat.texts() == ["hello", "You wrote: hello", "I am here."]
    resumed = server.stream_requests[opened]
    assert resumed["last-event-id"] == resumed["after"]
    assert resumed["after"] in {"4", "5"}, "after what was shown; the poll may have brought the last one"
    assert resumed["authorization"].startswith("Bearer ")


def test_where_streams_do_not_come_through_messages_are_fetched(chat, server):
    server.refuse_streams = True
    chat.write("hello")
    expect(chat.log.get_by_text("You wrote: hello")).to_be_visible(timeout=8000)
    assert chat.texts() == ["hello", "You wrote: hello"]


def test_a_server_out_of_reach_ends_in_the_phone_number_and_comes_back(chat, server):
    chat.ask("hello", "You wrote: hello")
    chat.page.context.set_offline(True)
    server.drop_streams()
    chat.status_says("Connection lost. Trying again…")
    chat.status_says("We cannot reach the chat right now. We keep trying. You can call the clinic on 020 7946 0000.")
    chat.write("are you there")
    chat.warns("was not sent")
    server.talk.add("staff", "Asha from the clinic", "I am here.")
    chat.page.context.set_offline(False)
    chat.shows("I am here.")
    chat.shows("You wrote: are you there")
    expect(chat.frame.get_by_text("We cannot reach")).to_have_count(0)
    expect(chat.frame.get_by_text("was not sent")).to_have_count(0)
    assert chat.texts() == ["hello", "You wrote: hello", "I am here.", "are you there", "You wrote: are you there"]


def test_a_server_that_was_never_reached_ends_in_the_phone_number(chat, server):
    server.fail("sessions", 503, times=3)
    chat.write("hello")
    chat.warns("Your message was not sent. Try again, or call the clinic on 020 7946 0000.")
    assert chat.frame.get_by_role("alert").get_by_role("link").get_attribute("href") == "tel:02079460000"
    chat.button("Try again").click()
    chat.shows("You wrote: hello")


@pytest.mark.parametrize("at", ["while open", "over a reload"])
def test_an_ended_session_goes_on_in_a_new_one(chat, server, at):
    chat.button("Yesterday").click()
    chat.ask("first", "You wrote: first")
    day = server.talk.treated_on
    server.end_sessions()
    if at == "over a reload":
        chat.page.reload()
    else:
        server.drop_streams()
    chat.shows("Your last chat has ended.")
    chat.ask("second", "You wrote: second")
    assert len(server.talks) == 2
    assert server.talk.treated_on == day
    assert [message["text"] for message in server.talk.messages[2:]] == ["second", "You wrote: second"]


def test_a_quick_reply_to_an_ended_session_is_sent_as_words(chat, server):
    server.refuse_streams = True
    chat.write("Is this normal?")
    expect(chat.button("No")).to_be_visible(timeout=8000)
    server.end_sessions()
    chat.button("No").click()
    chat.shows("You wrote: No")
    assert server.posts[-1]["text"] == "No"


def test_a_quick_reply_that_the_server_has_closed_is_sent_as_words(chat, server):
    chat.ask("Is this normal?", "Do you have any of these now")
    server.talk.messages[-1]["buttons"] = []
    chat.button("No").click()
    chat.shows("You wrote: No")
    assert server.posts[-1]["text"] == "No"


def test_a_phone_that_slept_catches_up_at_once(chat, server):
    chat.ask("hello", "You wrote: hello")
    opened = len(server.stream_requests)
    chat.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    server.talk.add("assistant", "Aftercare assistant", ANSWER, "answer")
    chat.shows("What helps:")
    chat.page.wait_for_timeout(1200)
    assert len(server.stream_requests) == opened + 1
    chat.shows("What helps:")
