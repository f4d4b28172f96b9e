"""What to expect: the day's stage in words, and the whole course as data for a picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import textstat

from aftercare.answers import Answer, Reply
from aftercare.answers.answer import Timeline
from aftercare.knowledge import Clinic, KnowledgeBase
from tests.answers.talk import Talk

Talks = Callable[..., Talk]
ASK = "what should I expect?"
LONGEST = 90
"""Words of an answer; the dash of a list item is none."""


def expect(dialogue: Talk, text: str = ASK) -> tuple[Answer, Reply]:
    answer = dialogue.say(text, "what_to_expect")
    return answer, answer.replies[0]


def shown(reply: Reply) -> Timeline:
    assert reply.timeline is not None
    return reply.timeline


def words(text: str) -> int:
    return len([word for word in text.split() if word != "-"])


@pytest.mark.parametrize(
    ("day", "says", "following"),
    [
        (0, "tiny blood dots", "Days 1-2"),
        (3, "flakes fall on their own", "Days 6-7"),
        (5, "flakes fall on their own", "Days 6-7"),
        (7, "Keep up the sun cover", "After a week"),
    ],
)
def test_a_known_day_gets_its_stage_and_the_name_of_the_next(talk: Talks, day: int, says: str, following: str) -> None:
    _, reply = expect(talk(day))
    assert reply.text.startswith(f"Day {day}. ")
    assert says in reply.text
    assert f"Next: {following}." in reply.text
    assert "What day" not in reply.text


@pytest.mark.parametrize("day", [8, 30])
def test_after_the_last_stage_nothing_comes_next(talk: Talks, day: int) -> None:
    _, reply = expect(talk(day))
    assert "Next:" not in reply.text
    assert shown(reply).today == day


@pytest.mark.parametrize("day", [None, 0, 3, 30])
def test_the_timeline_has_all_stages_in_order_and_signed_sentences_alone(
    talk: Talks, knowledge: KnowledgeBase, day: int | None
) -> None:
    timeline = shown(expect(talk(day))[1])
    assert timeline.today == day
    assert [s.title for s in timeline.stages] == [s.title for s in knowledge.timeline]
    assert timeline.stages[-1].last is None
    assert [s.first for s in timeline.stages[1:]] == [s.last + 1 for s in timeline.stages[:-1] if s.last is not None]
    for stage, signed in zip(timeline.stages, knowledge.timeline, strict=True):
        assert stage.text == " ".join(s.text for s in signed.sentences[: len(signed.sentences) - 1])
        assert signed.sentences[-1].text not in stage.text, "what to do stands in the answer, not in the picture"


def test_every_statement_of_the_picture_has_its_source(talk: Talks, knowledge: KnowledgeBase) -> None:
    _, reply = expect(talk(3))
    assert {key for stage in knowledge.timeline for key in stage.sentences[0].sources} <= set(reply.sources)


def test_without_a_day_all_stages_are_listed_and_the_day_is_asked(talk: Talks, knowledge: KnowledgeBase) -> None:
    answer, reply = expect(talk())
    lines = [line for line in reply.text.split("\n") if line.startswith("- ")]
    assert lines == [f"- {stage.title}: {stage.sentences[0].text}" for stage in knowledge.timeline]
    assert (reply.kind, answer.report.asked) == ("day_question", "day")
    assert "What day was your treatment?" in reply.text
    assert [b.intent for b in reply.buttons] == ["inform_day"] * 4


def test_the_list_is_a_beginning_of_what_the_picture_says(talk: Talks) -> None:
    """The chat shows the picture in its place, so no word may be lost."""
    _, reply = expect(talk())
    lines = [line.removeprefix("- ") for line in reply.text.split("\n") if line.startswith("- ")]
    pictured = [f"{stage.title}: {stage.text}" for stage in shown(reply).stages]
    assert all(words.startswith(line) for line, words in zip(lines, pictured, strict=True))


def test_the_day_given_brings_the_patients_own_timeline(talk: Talks) -> None:
    dialogue = talk()
    expect(dialogue)
    answer = dialogue.say("It was 3 days ago", "inform_day")
    assert answer.replies[0].text.startswith("Day 3. Skin may flake and itch.")
    assert shown(answer.replies[0]).today == 3


def test_the_day_is_asked_once(talk: Talks) -> None:
    dialogue = talk()
    expect(dialogue)
    assert "What day" not in expect(dialogue)[1].text


def test_a_day_given_for_nothing_else_is_only_noted(talk: Talks) -> None:
    answer = talk().say("It was 3 days ago", "inform_day")
    assert "that makes today day 3" in answer.replies[0].text
    assert answer.replies[0].timeline is None


@pytest.mark.parametrize("today", [None, 0, 3])
def test_a_day_asked_of_is_not_taken_for_today(talk: Talks, today: int | None) -> None:
    _, reply = expect(talk(today), "what will I look like on day 5?")
    assert reply.text.startswith("Day 5. ")
    assert shown(reply).today == today
    assert "What day" not in reply.text


def test_nothing_stands_beside_the_check_question(talk: Talks) -> None:
    answer = talk(3).say("are these bumps normal and what should I expect?", "is_normal", "what_to_expect")
    assert (answer.replies[0].kind, answer.replies[0].timeline) == ("check_question", None)


def test_with_an_urgent_or_emergency_case_open_there_is_no_picture(talk: Talks) -> None:
    for sign, tier in (("there is pus", "urgent"), ("my lips are swelling", "emergency")):
        dialogue = talk(3)
        dialogue.say(sign, "report")
        answer, reply = expect(dialogue)
        assert (answer.tier, reply.timeline) == (tier, None)


def test_other_questions_have_no_picture(talk: Talks) -> None:
    assert talk(3).say("how long do the bumps last", "how_long").replies[0].timeline is None


@pytest.mark.parametrize("text", [ASK, "what should I expect with the redness?"])
@pytest.mark.parametrize("day", [None, *range(10), 40])
def test_every_day_keeps_the_form(talk: Talks, clinic: Clinic, text: str, day: int | None) -> None:
    dialogue = talk(day)
    for _ in range(3):
        _, reply = expect(dialogue, text)
        assert words(reply.text) <= LONGEST + 2, reply.text
        assert textstat.flesch_kincaid_grade(reply.text) <= 6, reply.text
        for needed in ("I cannot see your skin.", clinic.phone, clinic.emergency_number, "pus", "fever", "throat"):
            assert needed in reply.text


def test_the_outcome_carries_it_as_json(talk: Talks, knowledge: KnowledgeBase) -> None:
    answer, _ = expect(talk(1))
    (reply,) = answer.to_dict(knowledge)["replies"]
    assert reply["timeline"]["today"] == 1
    assert reply["timeline"]["stages"][0] == {
        "first": 0,
        "last": 0,
        "title": "The day itself",
        "text": "Red, tight skin, tiny blood dots, a little swelling.",
    }
    assert reply["timeline"]["stages"][-1]["last"] is None
    greeting = talk(1).say("hello", "greet").to_dict(knowledge)["replies"][0]
    assert greeting["timeline"] is None
