"""Dialogues: what a later message means beside the ones before it (red_flags.md R21, rulings 20, 22, 23, 24)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from aftercare.answers import Answer
from aftercare.triage import Report
from tests.answers.talk import Talk

Talks = Callable[..., Talk]
CALM = re.compile(r"part of healing at", re.IGNORECASE)
Said = tuple[str, str]
"""What the patient writes, and as which intent and questions (in a row, the primary one first) it is understood."""

ITCH: Said = ("my skin itches a little, ok?", "is_normal")


def play(talk: Talk, *said: Said) -> Answer:
    """The answer to the last of some messages."""
    return [talk.say(text, *questions.split()) for text, questions in said][-1]


NO = {
    "alone": ("no", "deny"),
    "to all of it": ("nope, none of those", "deny"),
    "with the next question": ("none of them. but is the itching really fine?", "is_normal deny"),
    "with another question": ("no none. and how long does it go on", "how_long deny"),
    "read as something else": ("I do not have any of these", "report"),
    "after a further question": ("no, none of that by the way", "deny"),
}


@pytest.mark.parametrize("said", NO.values(), ids=NO)
def test_a_no_to_the_check_question_is_heard_wherever_it_stands(talk: Talks, said: Said) -> None:
    dialogue = talk(3)
    play(dialogue, ITCH)
    if said is NO["after a further question"]:
        assert not CALM.search(play(dialogue, ("what can I put on it", "what_to_apply")).replies[0].text)
    play(dialogue, said)
    again = play(dialogue, ("and is the dryness ok?", "is_normal"))
    assert (again.tier, again.replies[0].kind) == ("self_care", "answer")
    assert CALM.search(again.replies[0].text)


NOT_A_NO = {
    "one sign denied": ("no fever", "deny"),
    "something else meant": ("no, the peeling, not the itching", "deny"),
    "a question back": ("why do you ask", "why"),
}


@pytest.mark.parametrize("said", NOT_A_NO.values(), ids=NOT_A_NO)
def test_nothing_calming_is_said_while_the_check_question_is_open(talk: Talks, said: Said) -> None:
    dialogue = talk(3)
    for message in (ITCH, said, ("so is it ok?", "is_normal")):
        answer = play(dialogue, message)
        assert not CALM.search(answer.replies[0].text)


UNANSWERED = {
    "thanks": ("ok thanks", "thanks"),
    "not sure": ("I'm not sure", "deny"),
    "an exception that nobody can read": ("no, but something about my elbow is odd", "deny"),
    "a yes that comes late": ("yes", "affirm"),
}


@pytest.mark.parametrize("said", UNANSWERED.values(), ids=UNANSWERED)
def test_a_check_question_that_stays_open_is_urgent(talk: Talks, said: Said) -> None:
    dialogue = talk(3)
    play(dialogue, ITCH)
    if said is UNANSWERED["a yes that comes late"]:
        play(dialogue, ("how long does it go on", "how_long"))
    answer = play(dialogue, said)
    assert (answer.tier, answer.hits[0].rule) == ("urgent", "ruling 20")


POINTS_AT_THE_LIST = (
    "kind of the first one on ur list",
    "a couple of those I think",
    "the last one",
    "all of it I suppose",
)


@pytest.mark.parametrize("text", POINTS_AT_THE_LIST)
def test_who_points_at_the_list_of_the_check_question_says_yes(talk: Talks, text: str) -> None:
    answer = play(talk(3), ITCH, (text, "report"))
    assert (answer.tier, answer.hits[0].rule) == ("emergency", "ruling 20")


@pytest.mark.parametrize("text", ["all of it is fine", "both of them look ok", "this is my second one"])
def test_who_points_at_something_else_has_not_said_yes(talk: Talks, text: str) -> None:
    assert play(talk(3), ITCH, (text, "report")).tier != "emergency"


@pytest.mark.parametrize("text", ["not one of them", "no to all of that", "haven't got any of those"])
def test_who_denies_the_list_by_pointing_at_it_says_no(talk: Talks, text: str) -> None:
    assert play(talk(3), ITCH, (text, "deny")).tier == "self_care"


def test_the_check_question_is_put_once_in_a_talk_and_again_to_who_comes_back_later(talk: Talks) -> None:
    dialogue = talk(3)
    kinds = [
        play(dialogue, said).replies[0].kind
        for said in (ITCH, ("and dry cheeks, is that ok", "is_normal"), ("is the itching ok?", "is_normal"))
    ]
    assert kinds == ["check_question", "answer", "answer"]
    dialogue._now += timedelta(hours=5)
    assert play(dialogue, ("are the dry cheeks still ok", "is_normal")).replies[0].kind == "check_question"


def test_the_day_given_without_a_no_brings_neither_a_second_check_question_nor_a_calm_word(talk: Talks) -> None:
    dialogue = talk()
    answer = play(dialogue, ITCH, ("it was 3 days ago", "inform_day"))
    assert (answer.replies[0].kind, answer.days_since) == ("answer", 3)
    assert not CALM.search(answer.replies[0].text)
    assert CALM.search(play(dialogue, ("no none", "deny")).replies[0].text)


def test_who_cannot_tell_has_left_the_check_question_open(talk: Talks) -> None:
    bumps = ("are these bumps normal", "is_normal")
    assert play(talk(3), bumps, ("not sure, the redness hides it", "report")).tier == "urgent"
    for text in (
        "not sure what you mean, no pus",
        "maybe 3 days ago, it's just dryness",
        "no idea when the redness goes",
    ):
        assert play(talk(3), bumps, (text, "report")).tier == "self_care"


def test_at_this_stage_is_not_said_while_the_stage_is_unknown(talk: Talks) -> None:
    assert not CALM.search(play(talk(), ITCH, ("none of these", "deny")).replies[0].text)


SAME_WORRY = {
    "in the same words": ["is the peeling ok", "is the peeling ok", "is the peeling ok"],
    "in other words": ["is the peeling ok", "none of those, but is it ok?", "are you really sure it's fine"],
    "as what should not be": ["is the peeling ok", "is peeling normal", "shouldn't the peeling be over by now?"],
}


@pytest.mark.parametrize("texts", SAME_WORRY.values(), ids=SAME_WORRY)
def test_the_same_worry_three_times_calls_a_person(talk: Talks, texts: list[str]) -> None:
    dialogue = talk(4)
    answers = [dialogue.say(text, "is_normal") for text in texts]
    assert [a.tier for a in answers] == ["self_care", "self_care", "soon"]
    assert answers[-1].hits[0].rule == "R21"
    assert not CALM.search(answers[-1].replies[0].text)


def test_three_different_worries_are_not_one(talk: Talks) -> None:
    texts = ("is the peeling ok", "is the dryness ok", "is the itching ok")
    assert {talk(4).say(text, "is_normal").tier for text in texts} == {"self_care"}


def test_the_same_worry_about_what_was_to_be_seen_soon_is_urgent(talk: Talks) -> None:
    worry = ("are these bumps still ok", "is_normal")
    assert play(talk(10), worry, worry, worry).tier == "urgent"


def test_the_same_worry_about_what_was_urgent_is_an_emergency(talk: Talks) -> None:
    worry = ("my cheek is throbbing", "report")
    assert play(talk(4), worry, worry).tier == "urgent"
    assert play(talk(4), worry, worry, worry).tier == "emergency"
    assert play(talk(4), worry, worry, ("it still throbs, my cheek. what do i do", "what_to_apply")).tier == "emergency"
    assert play(talk(4), worry, worry, ("my cheek throbs, what nowadays helps", "what_to_apply")).tier == "urgent"


ONCE_MORE = {
    "an answer to our question": (
        ("is the peeling ok", "is_normal"),
        ("all the peeling is thin and dry and I have had no fever with it", "report"),
    ),
    "put right": (("the peeling itches", "report"), ("no not that, I mean the peeling", "report")),
}


@pytest.mark.parametrize("said", ONCE_MORE.values(), ids=ONCE_MORE)
def test_what_answers_us_or_puts_us_right_is_no_further_worry(talk: Talks, said: tuple[Said, Said]) -> None:
    assert play(talk(4), *said, ("how is my peeling, is it ok", "is_normal")).tier == "self_care"


def test_a_further_sign_in_an_open_emergency_is_answered_with_the_call(talk: Talks) -> None:
    answer = play(talk(3), ("blood keeps pouring and soaks the towels", "report"), ("and I have hives", "report"))
    assert (answer.tier, answer.hits[0].flag, answer.replies[0].kind) == ("emergency", "U5", "emergency")
    assert "999" in answer.replies[0].text.split(".")[0]


def test_a_worry_repeated_beside_an_urgent_case_is_no_emergency(talk: Talks) -> None:
    harmless = ("is the peeling ok", "is_normal")
    assert play(talk(4), ("there is pus", "report"), harmless, harmless, harmless).tier == "urgent"


FOLLOW_UPS = {
    "it": ("and how long does it go on?", "how_long"),
    "those": ("what can I do about those", "what_to_apply"),
    "a photo": ("shall I send a photo", "diagnosis"),
    "by its name": ("what can I put on the bumps", "what_to_apply"),
}


@pytest.mark.parametrize("said", FOLLOW_UPS.values(), ids=FOLLOW_UPS)
def test_who_was_sent_to_the_clinic_hears_so_with_every_answer_about_that(talk: Talks, said: Said) -> None:
    answer = play(talk(10), ("I still have these bumps", "report"), said)
    text = answer.replies[0].text
    assert answer.tier == "soon"
    assert "Please still contact the clinic" in text
    assert answer.replies[0].kind != "check_question" and not CALM.search(text)


GOES_ON = {
    "naming nothing": ("how much longer", "how_long"),
    "pointing back past another thing": ("could the serum clear them", "what_to_apply"),
    "asking for a person": ("could somebody look at them", "talk_to_human"),
    "asking what to put on": ("which moisturiser is good now", "what_to_apply"),
}


@pytest.mark.parametrize("said", GOES_ON.values(), ids=GOES_ON)
def test_who_goes_on_about_a_matter_for_soon_is_told_so_again(talk: Talks, said: Said) -> None:
    answer = play(talk(10), ("I still have these bumps", "report"), ("my eyes are fine", "report"), said)
    assert (answer.tier, "still contact" in answer.replies[0].text) == ("soon", True)


def test_a_risk_told_before_a_session_stays_a_matter_for_soon(talk: Talks) -> None:
    risk = ("I have a session next week and I am pregnant", "report")
    answer = play(talk(), risk, ("would that be a reason to wait", "is_normal"))
    assert (answer.tier, "still contact" in answer.replies[0].text) == ("soon", True)


ANOTHER_MATTER = {
    "a thing": ("can I wash my hair", "can_i"),
    "a thing we do not know": ("am I allowed on a trampoline", "can_i"),
    "an it of nothing": ("is it okay to wear sunscreen this weekend", "can_i"),
}


@pytest.mark.parametrize("said", ANOTHER_MATTER.values(), ids=ANOTHER_MATTER)
def test_a_case_for_soon_does_not_colour_another_question(talk: Talks, said: Said) -> None:
    answer = play(talk(10), ("I still have these bumps", "report"), said)
    assert (answer.tier, "still contact" in answer.replies[0].text) == ("self_care", False)


def test_what_was_asked_of_is_answered_although_the_sign_is_named_again(talk: Talks) -> None:
    text = play(talk(10), ("I still have these bumps", "report"), FOLLOW_UPS["by its name"]).replies[0].text
    assert "plain cream" in text and "You wrote" not in text


DAY_CORRECTED = [
    ("oh no, the treatment was 12 days ago", "inform_day", "soon"),
    ("wait, by my calendar I had the treatment 12 days ago", "nlu_fallback", "soon"),
    ("oh no, the treatment was 2 days ago", "inform_day", "self_care"),
]


@pytest.mark.parametrize(("text", "intent", "tier"), DAY_CORRECTED)
def test_a_day_put_right_is_graded_anew(talk: Talks, text: str, intent: str, tier: str) -> None:
    assert play(talk(4), ("my face is red, is it ok", "is_normal"), ("none", "deny"), (text, intent)).tier == tier


def test_a_day_put_right_downwards_lowers_no_open_urgent(talk: Talks) -> None:
    dialogue = talk(6)
    assert play(dialogue, ("the swelling is worse today", "report")).tier == "urgent"
    for said in (("sorry, the treatment was yesterday", "inform_day"), ("can I use my cleanser", "can_i")):
        answer = play(dialogue, said)
        assert answer.tier == "urgent" and "call the clinic" in answer.replies[0].text


SUBJECTS = {
    "the other sign": (("no, the peeling, not the bumps", "deny"), "peeling"),
    "a new sign": (("and the dryness?", "report"), "dryness"),
    "what I meant": (("I mean the itching", "report"), "itching"),
    "pointed at": (("how long will I have them", "how_long"), "small bumps and peeling"),
}


@pytest.mark.parametrize(("said", "about"), SUBJECTS.values(), ids=SUBJECTS)
def test_a_follow_up_speaks_of_what_was_meant_and_keeps_the_question(talk: Talks, said: Said, about: str) -> None:
    first = ("I have bumps and I am peeling, how long will the bumps last", "how_long")
    text = play(talk(3), first, said).replies[0].text
    assert text.startswith(f"Day 3, {about}.")
    named = play(talk(3), (f"how long does the {about} last", "how_long")).replies[0].text
    assert named.split(". ")[1] == text.split(". ")[1], "the same answer as to the whole question"


def test_a_sign_set_aside_is_not_taken_back(talk: Talks) -> None:
    dialogue = talk(3)
    play(
        dialogue, ("how long do the bumps and the peeling last", "how_long"), ("no, the peeling, not the bumps", "deny")
    )
    bumps = dialogue.report.sign("bumps")
    assert bumps is not None and bumps.counts


HAS_COME = ["it has come now", "what we spoke about has happened", "well now I have it", "that started this morning"]


@pytest.mark.parametrize("text", HAS_COME)
def test_what_was_only_supposed_is_taken_at_its_word_once_it_is_there(talk: Talks, text: str) -> None:
    assert play(talk(3), ("what if I get pus?", "when_to_worry"), (text, "report")).tier == "urgent"


@pytest.mark.parametrize("text", ["ok thank you", "it has not come", "I hope it never happens", "good to know"])
def test_what_was_only_supposed_stays_so_otherwise(talk: Talks, text: str) -> None:
    assert play(talk(3), ("what if I get pus?", "when_to_worry"), (text, "thanks")).tier in ("none", "self_care")


def test_a_thing_that_we_do_not_know_is_not_answered_with_the_last_sign(talk: Talks) -> None:
    reply = play(talk(2), ("is the swelling ok", "is_normal"), ("can I wear a motorbike helmet", "can_i")).replies[0]
    assert reply.kind == "not_covered"


def test_may_i_pick_at_it_is_answered_with_what_to_leave_alone(talk: Talks) -> None:
    assert "Do not pick" in play(talk(4), ("can I pull the flakes off", "can_i")).replies[0].text


@pytest.mark.parametrize("text", ["yes please", "yes, pass it on to them", "please ask the team"])
def test_who_wants_the_team_asked_gets_a_person(talk: Talks, text: str) -> None:
    answer = play(talk(2), ("is redness ok and can I swim", "can_i"), (text, "affirm"))
    assert answer.handoff == "question"


YOUNG = ["I'm 15, what cream can I use", "what cream can I use, my mum can't know", "can you keep this between us?"]


@pytest.mark.parametrize("text", YOUNG)
def test_a_minor_or_a_wish_for_secrecy_goes_to_the_team_without_a_promise(talk: Talks, text: str) -> None:
    answer = play(talk(2), (text, "what_to_apply"))
    assert (answer.tier in ("none", "self_care"), answer.handoff) == (True, "young")
    assert ("cannot keep this a secret" in answer.replies[0].text) == ("15" not in text)


@pytest.mark.parametrize("text", ["I told no one to touch it", "my mum says it is fine", "my little one is asleep"])
def test_a_relative_or_a_child_at_home_is_no_such_wish(talk: Talks, text: str) -> None:
    assert play(talk(2), (text, "report")).handoff is None


def test_red_flags_that_were_denied_or_supposed_are_not_named_back(talk: Talks) -> None:
    assert play(talk(3), ("no pus, no fever, just dry", "report")).replies[0].text.startswith("Day 3, dryness.")


def test_a_report_survives_the_journey_between_two_turns(talk: Talks) -> None:
    dialogue = talk(10)
    play(dialogue, ITCH, ("none", "deny"), ("and these bumps?", "is_normal"))
    assert Report.from_dict(dialogue.report.to_dict()) == replace(dialogue.report)
