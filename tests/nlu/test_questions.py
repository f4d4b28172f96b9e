"""Which intent a message is answered for first, and which others are answered too."""

from __future__ import annotations

import pytest

from aftercare.nlu.intent_model import Ranked
from aftercare.nlu.our_subject import speaks_of_ours
from aftercare.nlu.questions import (
    as_told,
    as_words_tell,
    of_something_else,
    questions_of,
    told,
    with_what_is_asked,
)

SURE = 0.4


@pytest.mark.parametrize(
    ("whole", "parts", "expected"),
    [
        ("is_normal .9", "", "is_normal"),
        ("is_normal .9", "report .8, is_normal .9", "is_normal report"),
        ("report .9", "report .8, is_normal .7, can_i .6", "is_normal report can_i"),
        ("greet .9", "greet .9, can_i .5", "can_i greet"),
        ("thanks .8", "report .9, thanks .9", "report thanks"),
        ("deny .9", "deny .9, when_to_worry .8", "when_to_worry deny"),
        ("report .9", "report .9, inform_day .9", "report inform_day"),
        ("report .9", "is_normal .3", "report"),
        ("why .3", "report .9, how_long .8", "how_long report"),
        ("why .3", "thanks .9, report .8", "report thanks"),
        ("why .3", "is_normal .2", ""),
        ("why .3", "", ""),
        ("can_i .9", "how_long .8, can_i .7, how_long .9", "can_i how_long"),
        ("out_of_scope_price .9", "out_of_scope_price .9, is_normal .8", "out_of_scope_price is_normal"),
    ],
)
def test_rule(whole: str, parts: str, expected: str) -> None:
    found = questions_of(ranked(whole), [ranked(part) for part in parts.split(", ") if part], SURE)

    assert [one.name for one in found] == expected.split()


@pytest.mark.parametrize(
    ("intent", "text", "named", "expected"),
    [
        ("is_normal .8", "my left cheek is puffed up, two days", ["sign"], "report"),
        ("is_normal .8", "my left cheek is puffed up, two days. normal?", ["sign"], "is_normal"),
        ("is_normal .8", "is a puffed up cheek to be expected", ["sign"], "is_normal"),
        ("diagnosis .8", "something grew on my chin overnight", [], "report"),
        ("how_long .8", "wen does the peeling stop", ["sign"], "how_long"),
        ("can_i .8", "retinol on day 4", ["product"], "can_i"),
        ("can_i .8", "used retinol on day 4, face like sandpaper", ["product", "sign"], "report"),
        ("is_normal .95", "my left cheek is puffed up, par for the course i take it", ["sign"], "is_normal"),
        ("talk_to_human .8", "get me a human", [], "talk_to_human"),
    ],
)
def test_what_asks_nothing_is_a_report(intent: str, text: str, named: list[str], expected: str) -> None:
    assert as_told(ranked(intent), text, named).name == expected


@pytest.mark.parametrize(
    ("ranking", "text", "expected"),
    [
        ("report .9, is_normal .1", "nine days and still pink. ok?? 😬", "is_normal"),
        ("report .9, greet .2, is_normal .1", "still pink, ok?", "is_normal"),
        ("report .9, is_normal .1", "is it ok? i only tell you", "report"),
        ("report .9, greet .1", "hm?", "report"),
        ("greet .9, is_normal .1", "how are you?", "greet"),
    ],
)
def test_what_ends_in_a_question_mark_is_no_report(ranking: str, text: str, expected: str) -> None:
    assert told(rankings(ranking), text, ["sign"])[0].name == expected


@pytest.mark.parametrize(
    ("whole", "parts", "expected"),
    [
        ("can_i .6, what_to_apply .4", ["report .9", "what_to_apply .8, can_i .1"], "what_to_apply"),
        ("can_i .9, what_to_apply .1", ["report .9", "what_to_apply .5, can_i .4"], "can_i"),
        ("can_i .6, what_to_apply .4", ["what_to_apply .3, can_i .1"], "can_i"),
        ("can_i .6, what_to_apply .4", ["greet .9, report .1"], "can_i"),
        ("can_i .6, what_to_apply .4", [], "can_i"),
        ("medicine .6, why .5", ["why .8, medicine .1", "medicine .9, why .1"], "why"),
        ("report .9, what_to_apply .4", ["what_to_apply .8, report .1"], "report"),
    ],
)
def test_the_question_after_a_story_is_weighed_with_the_whole(whole: str, parts: list[str], expected: str) -> None:
    found = with_what_is_asked(rankings(whole), [rankings(part) for part in parts], SURE)

    assert found[0].name == expected
    assert {one.name for one in found} == {one.name for one in rankings(whole)}


KETTLE = "is it normal that the kettle hums all night"


@pytest.mark.parametrize(
    ("ranking", "text", "expected"),
    [
        ("can_i .6, out_of_scope_booking .1, out_of_scope_price .1, is_normal .1", "can I?", "out_of_scope_booking .6"),
        ("can_i .6, out_of_scope_booking .1, out_of_scope_price .1, is_normal .1", "I did", "can_i .6"),
        ("is_normal .8, out_of_scope_off_topic .3", KETTLE, "out_of_scope_off_topic .8"),
        ("is_normal .8, out_of_scope_off_topic .3", "is that normal at night?", "is_normal .8"),
        ("is_normal .8, why .1, out_of_scope_off_topic .1", KETTLE, "is_normal .8"),
        ("report .6, out_of_scope_complaint .3", "what?", "report .6"),
        ("thanks .6, out_of_scope_complaint .3", "what?", "thanks .6"),
        ("out_of_scope_price .5, can_i .4", "what?", "out_of_scope_price .5"),
    ],
)
def test_a_question_that_names_nothing_of_ours_may_be_of_something_else(ranking: str, text: str, expected: str) -> None:
    found = of_something_else(rankings(ranking), text)

    assert found[0] == ranked(expected)
    assert {one.name for one in found} == {one.name for one in rankings(ranking)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("is it normal that the kettle hums", False),
        ("do I have to redo the form", False),
        ("can I wear a scarf over my cheeks", True),
        ("my Skin is like a drum", True),
        ("dermarolling and trumpet lessons", True),
    ],
)
def test_what_speaks_of_skin_treatment_or_care(text: str, expected: bool) -> None:
    assert speaks_of_ours(text) is expected


def rankings(text: str) -> list[Ranked]:
    return [ranked(one) for one in text.split(", ")]


def ranked(text: str) -> Ranked:
    name, confidence = text.split()
    return Ranked(name, float(confidence))


@pytest.mark.parametrize(
    ("names", "about", "expected"),
    [
        ("can_i is_normal", "other_treatment", "out_of_scope_other_treatment is_normal"),
        ("report can_i", "off_topic", "out_of_scope_off_topic can_i"),
        ("talk_to_human can_i", "other_treatment", "talk_to_human can_i"),
        ("out_of_scope_price can_i", "other_treatment", "out_of_scope_price can_i"),
        ("out_of_scope_other_treatment greet can_i", "ours", "can_i greet"),
        ("out_of_scope_price can_i", "ours", "out_of_scope_price can_i"),
        ("out_of_scope_other_treatment greet", "ours", "out_of_scope_other_treatment greet"),
        ("can_i greet", None, "can_i greet"),
    ],
)
def test_words_that_tell_what_a_message_is_about_decide_its_kind(names: str, about: str | None, expected: str) -> None:
    ranking = [Ranked(name, 0.5 - n / 10) for n, name in enumerate(names.split())]
    found = as_words_tell(ranking, about)
    assert [one.name for one in found] == expected.split()
    assert found[0].confidence == (
        0.9 if about in ("other_treatment", "off_topic") and found[0] not in ranking else 0.5
    )
