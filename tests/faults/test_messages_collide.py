"""Sent twice, sent at once, cut off and read again: each message is taken once, answered, and shown once, in order."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.product import Patient, Stream, until

pytestmark = pytest.mark.fault


def test_same_message_posted_twice_at_the_same_moment(patient: Patient, new_patient: Callable[[], Patient]) -> None:
    client_id = patient.new_id()
    with ThreadPoolExecutor(8) as pool:
        answers = [a.json() for a in pool.map(lambda _: patient.post("hello", client_id), range(8))]

    assert {answer["seq"] for answer in answers} == {answers[0]["seq"]}
    assert sum(not answer["duplicate"] for answer in answers) == 1
    once = new_patient()
    once.say("hello")
    assert [m["text"] for m in patient.settled()] == [m["text"] for m in once.settled()]


def test_two_messages_at_once_are_both_answered(patient: Patient) -> None:
    texts = ["how long will the peeling last?", "can I go to the gym?"]
    with ThreadPoolExecutor(2) as pool:
        sequence = sorted(pool.map(patient.say, texts))

    transcript = patient.settled()

    said = [m for m in transcript if m["role"] == "patient"]
    assert sorted(m["text"] for m in said) == sorted(texts)
    assert [m["seq"] for m in transcript] == list(range(1, len(transcript) + 1))
    after_last = [m for m in transcript if m["seq"] > sequence[-1]]
    assert len(after_last) >= 2, "both messages came before the replies, so both replies come after"


def test_many_patients_at_once_each_get_their_own_answer(new_patient: Callable[[], Patient]) -> None:
    patients = [new_patient() for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda p: p.ask("thank you so much"), patients))

    assert all(reply["kind"] != "failure" for reply in replies)
    assert all(patient.texts_of_patient() == ["thank you so much"] for patient in patients)


def test_stream_cut_off_shows_everything_once(patient: Patient) -> None:
    seen: list[int] = []
    for text in ("hello", "how long will the redness last?", "thanks"):
        with Stream(patient, after=max(seen, default=0)) as stream:
            seq = patient.say(text)
            stream.reply_to(seq)
            seen += stream.sequence()

    transcript = [message["seq"] for message in patient.settled()]
    assert seen + [seq for seq in transcript if seq > max(seen)] == transcript


def test_two_pages_of_one_conversation_see_the_same(patient: Patient) -> None:
    with Stream(patient) as one, Stream(patient) as other:
        seq = patient.say("hello")
        one.reply_to(seq)
        other.reply_to(seq)
        transcript = [message["seq"] for message in patient.settled()]
        until(lambda: len(one.messages) >= len(transcript) <= len(other.messages), what="both pages to show it all")

        assert one.sequence() == other.sequence() == transcript
