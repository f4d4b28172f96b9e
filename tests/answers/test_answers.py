"""What the patient is told: form, safety-netting, follow-ups (red_flags.md sections 7 and 8)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import textstat

from aftercare.knowledge import Clinic, KnowledgeBase
from aftercare.triage import Hit
from tests.answers.talk import Talk

Talks = Callable[..., Talk]
REASSURANCE = re.compile(
    r"part of healing at|don't worry|nothing to worry|is normal|harmless|will clear|probably fine", re.IGNORECASE
)


def test_white_bumps_on_day_three_get_that_days_answer_with_sources(talk: Talks) -> None:
    answer = talk().say("day 3 and I have tiny white bumps, is this normal?", "is_normal")
    reply = answer.replies[0]
    assert reply.text.startswith("Day 3, small bumps.")
    assert any(source.startswith("002:") for source in reply.sources)
    assert (answer.tier, reply.kind, answer.days_since) == ("self_care", "check_question", 3)
    assert not REASSURANCE.search(reply.text), "nothing calming before the check question is answered"


def test_a_follow_up_keeps_the_subject(talk: Talks) -> None:
    dialogue = talk()
    dialogue.say("day 3 and I have tiny white bumps, is this normal?", "is_normal")
    answer = dialogue.say("and how long will that last?", "how_long")
    assert "few days" in answer.replies[0].text
    assert answer.replies[0].text.startswith("Day 3, small bumps.")


def test_a_no_to_the_check_question_gets_the_calm_answer_and_is_not_asked_again(talk: Talks) -> None:
    dialogue = talk()
    dialogue.say("day 3 and I have tiny white bumps, is this normal?", "is_normal")
    answer = dialogue.say("no none of those", "deny")
    assert "part of healing" in answer.replies[0].text
    again = dialogue.say("so the bumps are ok?", "is_normal")
    assert again.replies[0].kind == "answer"


def test_a_bare_yes_to_the_check_question_is_an_emergency(talk: Talks) -> None:
    dialogue = talk()
    dialogue.say("day 3 and I have tiny white bumps, is this normal?", "is_normal")
    answer = dialogue.say("yes", "affirm")
    assert (answer.tier, answer.handoff) == ("emergency", "flag")
    assert "999" in answer.replies[0].text.split(".")[0]


def test_a_yes_binds_to_our_last_question_only(talk: Talks) -> None:
    dialogue = talk(2)
    dialogue.say("can I go to the gym", "can_i")
    answer = dialogue.say("yes please", "affirm")
    assert (answer.tier, answer.handoff) == ("none", "question")


def test_the_day_is_asked_once(talk: Talks) -> None:
    dialogue = talk()
    assert "What day" in dialogue.say("my face is red is this ok", "is_normal").replies[0].text
    assert "What day" not in dialogue.say("and my cheeks are swollen, is that ok", "is_normal").replies[0].text


def test_the_day_given_answers_the_question_it_was_asked_for(talk: Talks) -> None:
    dialogue = talk()
    dialogue.say("my face is red is this ok", "is_normal")
    answer = dialogue.say("yesterday", "inform_day")
    assert answer.days_since == 1
    assert answer.replies[0].text.startswith("Day 1, redness.")


FLAGGED = [
    ("there is yellow pus coming out of one", "urgent", "Please call the clinic today"),
    ("my throat is closing", "emergency", "Call 999 now."),
    ("the bleeding won't stop", "emergency", "Call 999 now"),
    ("I want to kill myself", "emergency", "Please call or text Samaritans 116 123 now."),
    ("my daughter swallowed the serum", "emergency", "Call NHS 111 now."),
]


@pytest.mark.parametrize(("text", "tier", "words"), FLAGGED, ids=[f[0] for f in FLAGGED])
def test_a_flag_gets_its_wording_and_no_reassurance(talk: Talks, text: str, tier: str, words: str) -> None:
    answer = talk(1).say(f"{text}, is this normal?", "is_normal")
    assert (answer.tier, answer.handoff) == (tier, "flag")
    assert words in answer.replies[0].text
    assert tier != "emergency" or answer.replies[0].text.startswith(words)
    assert not REASSURANCE.search(answer.replies[0].text)
    assert "told the team" not in answer.replies[0].text, "only the web process may say so, with the case written"


def test_with_an_open_urgent_case_no_question_gets_a_calm_answer(talk: Talks) -> None:
    dialogue = talk(3)
    dialogue.say("there is pus", "report")
    for text, question in (
        ("is it normal?", "is_normal"),
        ("can I wear makeup", "can_i"),
        ("how long does it last", "how_long"),
    ):
        answer = dialogue.say(text, question)
        assert answer.tier == "urgent"
        assert "call the clinic" in answer.replies[0].text
        assert not REASSURANCE.search(answer.replies[0].text)


def test_an_open_emergency_repeats_the_emergency_line(talk: Talks) -> None:
    dialogue = talk(0)
    dialogue.say("my lips are swelling", "report")
    answer = dialogue.say("ok thanks, just joking", "thanks")
    assert (answer.tier, "999" in answer.replies[0].text) == ("emergency", True)


def test_what_if_is_answered_as_what_if(talk: Talks) -> None:
    answer = talk(2).say("what if I get pus?", "when_to_worry")
    assert answer.tier == "self_care"
    assert "You have not told me this is happening now" in answer.replies[0].text


def test_what_no_source_says_is_passed_on(talk: Talks) -> None:
    answer = talk(2).say("when can I go to the gym", "can_i")
    assert answer.replies[0].kind == "not_covered"
    assert "does not cover" in answer.replies[0].text


@pytest.mark.parametrize(("day", "word"), [(0, "at least 24 hours"), (2, "Yes")])
def test_makeup_waits_a_day(talk: Talks, day: int, word: str) -> None:
    assert word in talk(day).say("can I put makeup on", "can_i").replies[0].text


def test_retinol_is_a_no_on_day_four(talk: Talks) -> None:
    assert "Not yet" in talk(4).say("can i use my retinol again", "can_i").replies[0].text


def test_medicine_is_never_advised(talk: Talks) -> None:
    answer = talk(1).say("how much ibuprofen can I take", "medicine")
    assert answer.replies[0].kind == "medicine"
    assert "cannot advise on doses" in answer.replies[0].text


def test_how_do_you_know_names_the_source_of_the_last_answer(talk: Talks) -> None:
    dialogue = talk(3)
    dialogue.say("how long do the bumps last", "how_long")
    reply = dialogue.say("how do you know", "source").replies[0]
    assert "Article on tiny bumps" in reply.text
    assert "not a diagnosis" in reply.text


def test_small_talk_is_no_aftercare(talk: Talks) -> None:
    assert talk().say("hello there", "greet").tier == "none"


def test_a_flag_after_goodbye_is_still_seen(talk: Talks) -> None:
    assert talk(1).say("thanks bye, oh and my lips are swelling", "goodbye").tier == "emergency"


SYMPTOMS = ["redness", "swelling", "bumps", "breakout", "peeling", "dryness"]
QUESTIONS = ["is_normal", "how_long", "what_to_apply", "what_to_avoid", "why", "when_to_worry", "report"]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("item", SYMPTOMS)
@pytest.mark.parametrize("day", [0, 2, 5, 20, None])
def test_every_answer_keeps_the_form(
    talk: Talks, knowledge: KnowledgeBase, clinic: Clinic, item: str, question: str, day: int | None
) -> None:
    answer = talk(day).say(f"I have {knowledge.items[item].name}", question)
    text = answer.replies[0].text
    assert answer.replies[0].sources
    assert len(text.split()) <= 92, text
    assert textstat.flesch_kincaid_grade(text) <= 6, text
    assert clinic.emergency_number in text or answer.tier == "soon"
    assert clinic.phone in text or answer.replies[0].kind in ("check_question",)
    if answer.tier != "self_care":
        assert not REASSURANCE.search(text)


def test_every_required_wording_keeps_its_grade_and_length(knowledge: KnowledgeBase, clinic: Clinic) -> None:
    from aftercare.answers.flags import flag_reply

    for flag in knowledge.flags.values():
        text = flag_reply([Hit(flag.id, "", flag.title, flag.tier, (), flag.wording)], knowledge, clinic).text
        assert textstat.flesch_kincaid_grade(text) <= (5 if flag.tier == "emergency" else 6), (flag.id, text)
        if flag.tier == "emergency":
            assert len(text.split()) + 7 <= 60, (flag.id, text)
            assert re.search(r"999|111|116 123", text.split(".")[0]), (flag.id, text)


def test_more_is_a_button_away(talk: Talks) -> None:
    reply = talk(3).say("how long do the bumps last", "how_long").replies[0]
    assert [b.intent for b in reply.buttons] == ["why", "what_to_avoid", "what_to_expect"]


def test_the_third_answer_does_not_read_as_a_form(talk: Talks) -> None:
    dialogue = talk(3)
    asked = [
        ("how long do the bumps last", "how_long"),
        ("what can I put on it", "what_to_apply"),
        ("why is it there", "why"),
    ]
    ends = {dialogue.say(text, question).replies[0].text.split("cannot see your skin.")[1] for text, question in asked}
    assert len(ends) == 3


def test_thanks_after_an_open_check_question_is_not_let_go(talk: Talks) -> None:
    dialogue = talk(3)
    dialogue.say("are these bumps normal", "is_normal")
    answer = dialogue.say("ok thanks", "thanks")
    assert (answer.tier, answer.hits[0].rule) == ("urgent", "ruling 20")


def test_what_is_not_covered_is_named_beside_the_rest(talk: Talks) -> None:
    text = talk(1).say("is my red face normal and can I go swimming?", "is_normal", "can_i").replies[0].text
    assert "does not cover swimming" in text
    assert "Redness" in text


def test_a_word_for_a_sign_that_is_none_does_not_make_another_topic_aftercare(talk: Talks) -> None:
    off_topic = "out_of_scope_off_topic"
    assert talk(3).say("my late uncle had a stroke, who sells scooters?", off_topic).replies[0].kind == "out_of_scope"
    assert talk(3).say("I have pus on my chin, who sells scooters?", off_topic).tier == "urgent"
    assert talk(3).say("my chin is dry, who sells scooters?", off_topic).replies[0].kind != "out_of_scope"
    assert talk(3).say("a dry white, please", off_topic, doubted=True).replies[0].kind == "out_of_scope"


def test_a_question_about_another_treatment_is_not_ours_for_naming_it(talk: Talks) -> None:
    other_treatment = "out_of_scope_other_treatment"
    assert talk(3).say("does a full leg wax take long?", other_treatment).replies[0].kind == "out_of_scope"
    assert talk(3).say("can I wax my lip?", other_treatment, "can_i").replies[0].kind == "not_covered"
    assert talk(3).say("gym after the laser?", other_treatment).replies[0].kind != "out_of_scope"
    assert talk(3).say("gym after the laser?", other_treatment, confidence=0.9).replies[0].kind != "out_of_scope"


def test_what_is_surely_of_another_treatment_is_not_ours_for_naming_a_sign(talk: Talks) -> None:
    other_treatment, text = "out_of_scope_other_treatment", "botox price, and is the redness bad?"
    assert talk(3).say(text, other_treatment, confidence=0.9).replies[0].kind == "out_of_scope"
    assert talk(3).say(text, other_treatment, confidence=0.5).replies[0].kind != "out_of_scope"
    assert talk(3).say(text, other_treatment, "is_normal", confidence=0.9).replies[0].kind != "out_of_scope"
    assert talk(3).say("botox price? there is pus on my chin", other_treatment, confidence=0.9).tier == "urgent"


def test_what_belongs_to_another_treatment_gets_nothing_of_our_guide_but_its_flags(talk: Talks) -> None:
    other_treatment = "out_of_scope_other_treatment"
    text = "had my brows threaded this morning and they are red. can I put makeup on them"
    assert talk(3).say(text, other_treatment).replies[0].kind == "out_of_scope"
    assert talk(3).say(f"{text}? also there is yellow pus", other_treatment).tier == "urgent"
    assert talk(3).say("can I get my brows threaded, they are red", "can_i").replies[0].kind != "out_of_scope"


def test_another_treatment_in_the_answer_to_our_own_question_is_no_other_topic(talk: Talks) -> None:
    dialogue = talk(2)
    assert dialogue.say("is my red face normal?", "is_normal").replies[0].kind == "check_question"
    answer = dialogue.say("no. I got a tattoo yesterday, that is red", "out_of_scope_other_treatment")
    assert answer.replies[0].kind != "out_of_scope"


def test_a_refused_diagnosis_before_a_check_question_stays_short(talk: Talks) -> None:
    reply = talk(2).say("As a doctor, what is this redness?", "diagnosis").replies[0]
    assert reply.text.startswith("I cannot say what it is.")
    assert len(reply.text.split()) <= 90
