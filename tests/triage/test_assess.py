"""From words to tiers: flags, windows, rules, modifiers (red_flags.md)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercare.knowledge import KnowledgeBase
from aftercare.knowledge.model import TIERS
from aftercare.triage import Assessment, Reader, Report, assess, update

CASES = [
    # text, days since treatment, tier, flag
    ("my lips are swelling", 0, "emergency", "E1"),
    ("I find it hard to breathe", 1, "emergency", "E1"),
    ("hives on my neck and I feel faint", 1, "emergency", "E1"),
    ("the bleeding will not stop", 0, "emergency", "E7"),
    ("there is yellow pus coming out of one", 1, "urgent", "U1"),
    ("my temperature is 38.4", 2, "urgent", "U2"),
    ("my temperature is 101F", 2, "urgent", "U2"),
    ("temp is 36.9 and my face is red", 1, "none", None),
    ("38 degrees outside today, may I sit in the garden?", 2, "none", None),
    ("I sit in the garden and my thermometer says 38 degrees, my face is red", 2, "urgent", "U2"),
    ("I feel shivery and ill", 2, "urgent", "U2"),
    ("the pain is eight out of ten", 2, "urgent", "U4"),
    ("the pain is two out of ten", 2, "none", None),
    ("do nine out of ten people have pain", 2, "none", None),
    ("my sight isn't as good as before", 2, "emergency", "E5"),
    ("my cheek has gone from red to black", 2, "emergency", "E6"),
    ("pink, breathing is grand and my sight is fine", 1, "none", None),
    ("my husband thinks my trouble breathing is fine", 1, "emergency", "E1"),
    ("what do I avoid so that I don't end up with scars", 40, "none", None),
    ("the redness is getting worse", 3, "urgent", "U3"),
    ("the redness is getting worse", 1, "none", None),
    ("my left cheek is much more swollen than the right, just one side", 3, "urgent", "U3"),
    ("I came out in hives", 0, "urgent", "U5"),
    ("bumps everywhere", 10, "soon", "S1"),
    ("bumps everywhere", 7, "none", None),
    ("my face is still red", 8, "soon", "S2"),
    ("my face is red", 2, "none", None),
    ("my face is swollen", 3, "none", None),
    ("my face is swollen", 5, "soon", "S2"),
    ("my skin is red, hot and sore and spreading", 3, "urgent", "U1"),
    ("my skin is red and warm like sunburn", 0, "none", None),
    ("6 small bumps by my ear, they are not sore", 4, "none", None),
    ("blood has been trickling down since noon, two hours, and won't let up", 0, "emergency", "E7"),
    ("I had been running late. A dot of blood when I got home an hour ago", 0, "none", None),
    ("since that cream my heart keeps missing beats", 0, "emergency", "E3"),
    ("it looks the same as ever", 9, "soon", "S2"),
    ("it looks the same as ever", 6, "none", None),
    ("it is weeping", 1, "urgent", "U1"),
    ("a bit of clear fluid is weeping", 1, "none", None),
    ("my face is going in the wrong direction", 4, "urgent", "U3"),
]


def graded(text: str, days: int | None, reader: Reader, knowledge: KnowledgeBase, now: datetime) -> Assessment:
    treated = now.date() - timedelta(days=days) if days is not None else None
    return assess(update(Report(treated_on=treated), reader.read(text), now), knowledge, now)


@pytest.mark.parametrize(("text", "days", "tier", "flag"), CASES, ids=[f"{c[0]} (day {c[1]})" for c in CASES])
def test_tier_and_flag(
    reader: Reader, knowledge: KnowledgeBase, now: datetime, text: str, days: int, tier: str, flag: str | None
) -> None:
    result = graded(text, days, reader, knowledge, now)
    assert result.tier == tier, result.hits
    assert flag is None or flag in {h.flag for h in result.hits}


A_RULE_DID_HARM = [
    # text, days since treatment, tier: what a reviewer's messages showed a rule to take away, or to raise
    ("nearly passed out when I got up, can't breathe properly", 1, "emergency"),
    ("almost passed out from the heat, lips are swelling", 1, "emergency"),
    ("nearly fainted at the clinic after the numbing cream, ears ringing", 0, "emergency"),
    ("when he saw me I was embarrassed as my eyes are swollen shut", 2, "emergency"),
    ("I was embarrassed to write, my cheek is oozing green pus", 2, "urgent"),
    ("put acid on by mistake and my cheek went red and is burning", 2, "urgent"),
    ("Pressed on it for 20 minutes... still bleeding", 0, "emergency"),
    ("I've held gauze on it for 15 min. I'm scared. My husband is out. It is still bleeding", 0, "emergency"),
    ("the needling was painless but I have painful spots", 3, "urgent"),
    ("no pain on the left, big painful spot on the right cheek", 3, "urgent"),
    ("I've never come out in hives before but my chest is covered", 2, "urgent"),
    ("never came out in a rash till today", 2, "urgent"),
    ("never came up in welts before, now covered in them", 2, "urgent"),
    (
        "I'm really scared. My wife is on blood thinners and her bruise after needling is growing and hard",
        2,
        "emergency",
    ),
    ("it was my first go at microneedling and I have a cold sore on my lip now", None, "urgent"),
    ("got a cold sore after being in with you", None, "urgent"),
    ("I have overdosed on paracetamol", None, "emergency"),
    ("can I book two more sessions? I want a few extra, it works so well", 9, "none"),
    ("the fever stopped two months ago", None, "none"),
    ("I don't know how I'd do it without your balm", None, "none"),
    ("I started cutting sugar since the session, will it help", None, "none"),
    ("my husband cut himself shaving, can he use my healing balm?", None, "none"),
    ("my lips look fatter in photos with this lipstick haha, is lip balm ok?", 3, "none"),
    ("skin has gone white and flaky, is that the peeling?", 3, "none"),
    ("remind me what day it is i can wear makeup again", None, "none"),
    ("sweat trickling down my face at the gym, ok?", None, "none"),
    ("my heart was racing when i ran up the stairs. I've used a new serum tonight, ok?", None, "none"),
    ("I went to A&E with chest pain in January, it was nothing", None, "none"),
    ("in hospital with sepsis in March, fine now", None, "none"),
    ("At my treatment in March I got hives. This time all good", 1, "none"),
    ("I rubbed the cream in the wrong way, does it matter? my face feels fine", 5, "none"),
    ("skin is a bit oozy and shiny, nothing yellow", 1, "none"),
    ("i have dark skin and it feels more tight than usual, is that normal", 5, "none"),
    ("I'm still using the balm, still ok?", 9, "none"),
    ("still loving it. same routine as before ok?", 9, "none"),
    ("coming back to those spots I asked about, they look fine to you?", 4, "none"),
    ("just coming back to my bumps, they look fine to you?", 4, "none"),
    ("those spots are coming back", 4, "urgent"),
    ("the redness had gone and came back to this side", 4, "urgent"),
    ("when can aftershave come back? my cheeks are dry", 5, "none"),
    ("when I can see it the swelling comes back", 5, "urgent"),
]


@pytest.mark.parametrize(("text", "days", "tier"), A_RULE_DID_HARM, ids=[c[0] for c in A_RULE_DID_HARM])
def test_what_a_rule_once_got_wrong(
    reader: Reader, knowledge: KnowledgeBase, now: datetime, text: str, days: int | None, tier: str
) -> None:
    assert graded(text, days, reader, knowledge, now).tier == tier


def test_pus_on_day_one_is_urgent_and_says_why(reader: Reader, knowledge: KnowledgeBase, now: datetime) -> None:
    hit = graded("there is yellow pus coming out of one", 1, reader, knowledge, now).hits[0]
    assert (hit.flag, hit.rule) == ("U1", "R5")
    assert "yellow pus" in hit.words[0]


def test_an_unknown_day_is_graded_as_day_three(reader: Reader, knowledge: KnowledgeBase, now: datetime) -> None:
    result = graded("the redness is getting worse", None, reader, knowledge, now)
    assert (result.tier, result.needs_day) == ("urgent", True)


def test_an_open_urgent_case_is_not_lowered_by_a_calm_message(
    reader: Reader, knowledge: KnowledgeBase, now: datetime
) -> None:
    from aftercare.triage.report import raised

    report = update(Report(), reader.read("there is pus"), now)
    report = raised(report, assess(report, knowledge, now).tier, ["U1"])
    report = update(report, reader.read("it is fine now, just joking"), now)
    result = assess(report, knowledge, now)
    assert (result.tier, result.hits) == ("urgent", ())


def test_a_soon_case_does_not_colour_an_unrelated_question(
    reader: Reader, knowledge: KnowledgeBase, now: datetime
) -> None:
    treated = now.date() - timedelta(days=10)
    report = update(Report(treated_on=treated), reader.read("still have bumps"), now)
    assert assess(report, knowledge, now).tier == "soon"
    report = update(report, reader.read("can I use sunscreen"), now)
    assert assess(report, knowledge, now).tier == "none"


def test_a_modifier_lifts_an_infection_sign_to_emergency(
    reader: Reader, knowledge: KnowledgeBase, now: datetime
) -> None:
    assert graded("there is pus and I am diabetic", 2, reader, knowledge, now).tier == "emergency"


def test_words_that_are_doubted_are_for_soon_but_an_emergency_stays(
    reader: Reader, knowledge: KnowledgeBase, now: datetime
) -> None:
    """``doubted`` is the detector's word on a message in which it hears no sign."""

    def doubted(report: Report, text: str) -> Report:
        reading = reader.read(text)
        return update(report, replace(reading, findings=tuple(replace(f, doubted=True) for f in reading.findings)), now)

    new = Report(treated_on=now.date() - timedelta(days=3))
    pus = assess(doubted(new, "there is pus"), knowledge, now)
    assert [(hit.tier, hit.flag, hit.wording, hit.rule) for hit in pus.hits] == [
        ("soon", "U1", "soon", "R5 (words alone)")
    ]
    assert pus.soon == {"pus"} and not pus.urgent
    assert assess(doubted(new, "my lips are swelling"), knowledge, now).tier == "emergency"
    assert assess(doubted(new, "there is pus and I am diabetic"), knowledge, now).tier == "emergency"

    told_again = update(doubted(new, "there is pus"), reader.read("yes, pus"), now)
    assert assess(told_again, knowledge, now).tier == "urgent"
    told_before = doubted(update(new, reader.read("there is pus"), now), "pus, like I said")
    assert assess(told_before, knowledge, now).tier == "urgent"


def test_the_next_day_is_counted_once(reader: Reader, now: datetime) -> None:
    """A patient who writes again on the next day, and says so, is told by the calendar; on the same day by the words."""
    first = update(Report(), reader.read("had it done today, my face is red"), now)
    later = now + timedelta(days=1)
    assert update(first, reader.read("it's the next morning now, still red"), later).day(later) == 1
    assert update(first, reader.read("it's the next morning now, still red"), now).day(now) == 1


def test_signs_of_two_messages_are_joined(reader: Reader, knowledge: KnowledgeBase, now: datetime) -> None:
    report = update(Report(treated_on=now.date()), reader.read("I have hives"), now)
    report = update(report, reader.read("now I am going to pass out"), now)
    assert assess(report, knowledge, now).tier == "emergency"


SIGNS = [
    "my face is red", "my cheeks are swollen", "there is pus", "I have a fever", "I have small bumps", "my skin is peeling",
    "it itches", "I have hives", "my lips are swelling", "the redness is getting worse", "I am diabetic", "it feels hot",
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    signs=st.lists(st.sampled_from(SIGNS), min_size=1, max_size=4, unique=True),
    more=st.sampled_from(SIGNS),
    day=st.integers(0, 20),
)
def test_one_more_sign_never_lowers_the_tier(
    signs: list[str], more: str, day: int, reader: Reader, knowledge: KnowledgeBase
) -> None:
    now = datetime(2026, 3, 12, 15, 0)
    before = graded(". ".join(signs), day, reader, knowledge, now).tier
    after = graded(". ".join([*signs, more]), day, reader, knowledge, now).tier
    assert TIERS.index(after) >= TIERS.index(before)


@settings(max_examples=40, deadline=None)
@given(
    signs=st.lists(st.sampled_from(SIGNS), min_size=2, max_size=4, unique=True), day=st.integers(0, 20), data=st.data()
)
def test_the_order_of_sentences_does_not_change_the_tier(
    signs: list[str], day: int, data: st.DataObject, reader: Reader, knowledge: KnowledgeBase
) -> None:
    now = datetime(2026, 3, 12, 15, 0)
    shuffled = data.draw(st.permutations(signs))
    assert (
        graded(". ".join(signs), day, reader, knowledge, now).tier
        == graded(". ".join(shuffled), day, reader, knowledge, now).tier
    )


def test_who_denies_a_finer_sign_does_not_deny_its_kind(
    reader: Reader, knowledge: KnowledgeBase, now: datetime
) -> None:
    first = update(Report(), reader.read("my face is sore and red, day 2"), now)
    then = update(first, reader.read("no pus, no red streaks but now it is hot"), now)
    assert assess(then, knowledge, now).tier == "urgent"
