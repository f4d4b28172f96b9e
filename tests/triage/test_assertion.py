"""Negation, time, person and idiom decide whether a finding counts (red_flags.md section 6)."""

from __future__ import annotations

import pytest

from aftercare.triage import Reader
from aftercare.triage.reader import is_denied

CASES = [
    ("no fever at all", "fever", "negated"),
    ("there is no pus, no fever and no blisters", "blister", "negated"),
    ("no fever but there is pus", "pus", "present"),
    ("it is not only red, it has pus", "pus", "present"),
    ("my swelling is no better", "swelling", "present"),
    ("my cheeks are not swollen", "swelling", "negated"),
    ("what if I get pus?", "pus", "hypothetical"),
    ("is this pus?", "pus", "present"),
    ("maybe it is pus", "pus", "uncertain"),
    ("my lips look like sausages, so swollen", "swelling", "present"),
    ("it stings maybe twenty times a day", "pain", "present"),
    ("I think there is pus", "pus", "uncertain"),
    ("I had hives last year", "hives", "historical"),
    ("my sister has hives", "hives", "present"),
    ("my sister had hives after hers", "hives", "other_person"),
    ("my husband says I have hives", "hives", "present"),
    ("how would I know if it is infected", "infection", "information"),
    ("the redness has gone", "redness", "resolving"),
    ("the redness was strong at first but it has gone down every day", "redness", "resolving"),
    ("she is pink on both sides, less than yesterday", "redness", "resolving"),
    ("still a bit swollen but improving daily", "swelling", "resolving"),
    ("my lips are swelling but my cheeks are calmer", "mouth_swelling", "present"),
    ("went red as a pillar box from sheer shame", "redness", "idiom"),
    ("hay fever is bad today", "fever", None),
    ("i dont have any pus", "pus", "negated"),
    ("my fever is gone", "fever", "resolving"),
    ("she said to watch for cellulitis", "infection", "information"),
    ("read somewhere that this can make you go blind", "vision_change", "information"),
    ("watched a video of a face going black", "dying_skin", "information"),
    ("saw your post, my lips are swelling up", "mouth_swelling", "present"),
    ("I watched a video and now my throat is closing", "throat_tight", "present"),
    ("it bled during the night and it is still bleeding", "fresh_bleeding", "present"),
    ("I can't deal with the pain", "pain", "present"),
    ("I had covid with a fever of 39 in march", "fever", "historical"),
    ("I have a fever of 39", "fever", "present"),
    ("they put me on warfarin last month", "blood_thinner", "present"),
    ("The sheet lists pus and fits. None of it has happened to me.", "pus", "negated"),
    ("I am not saying I have a fever, I only ask", "fever", "information"),
    ("it is not like there is no pus", "pus", "present"),
    ("it feels as if my throat is closing", "throat_tight", "present"),
    ("no pus, if anything a blister", "blister", "present"),
    ("any blisters or boils? no, all calm", "blister", "negated"),
    ("any blisters or boils? yes", "blister", "present"),
    ("my late uncle had a seizure, so I worry", "seizure", "other_person"),
    ("last yr i had a fever", "fever", "historical"),
    ("had a temperature, ibuprofen got it down to 37.0", "fever", "present"),
    ("took ibuprofen for my knee, temperature is 37.0", "fever", "negated"),
    ("I shall throw myself under a train if it stays red", "self_harm", "present"),
    (
        "they put twice as much lidocaine on as last time, far more numbing than last time",
        "numbing_large_amount",
        "present",
    ),
    ("I went on roaccutane in october", "isotretinoin", "present"),
    ("I came off accutane four months ago", "isotretinoin", "present"),
    ("I came off accutane nine months ago", "isotretinoin", "historical"),
    ("I should have said that I take prednisolone", "weak_immunity", "present"),
    ("can I come in if the swelling isn't down by then? it is day 6", "swelling", "present"),
    ("Say I wake up with hives next week, where do I go?", "hives", "hypothetical"),
    ("what temperature would be a fever", "fever", "information"),
    ("I never came out in hives", "hives", "negated"),
    ("the spots are painless", "pain", "negated"),
    ("they are cystic but not sore", "purulent_pain_bump", "negated"),
    ("they are cystic but not sore", "bumps", "present"),
    ("I nearly collapsed when I saw how good it looks", "faint", "idiom"),
    ("I can't breathe from laughing at your picture", "breathing_trouble", "idiom"),
    ("I went bright red when the dentist asked about it", "redness", "idiom"),
    ("the redness is paler each morning", "redness", "resolving"),
    ("somebody left red patches on my chin", "redness", "present"),
    ("my mate is on warfarin, may I have my session?", "blood_thinner", "other_person"),
    ("booking for my mum, she is on warfarin", "blood_thinner", "present"),
    ("my friend ate the numbing cream", "swallowed_product", "present"),
    ("my sister shook and couldn't breathe", "breathing_trouble", "present"),
    ("The redness was bad on Friday. All gone by Sunday", "redness", "resolving"),
    ("it itched on Monday, no more since", "itching", "resolving"),
    ("my cheeks were swollen for a day, down by Monday", "swelling", "resolving"),
    ("I bled, no more since I fainted", "bleeding", "present"),
    ("it was swollen, gone, and now it is back and swollen", "swelling", "present"),
    ("Fainted once in your car park an hour ago", "faint", "present"),
    ("I'm at uni and my face is bleeding", "bleeding", "present"),
    ("are lips supposed to be swollen like this?", "swelling", "present"),
    ("woman in my fifties, my lips swelled after", "mouth_swelling", "present"),
    ("ten years on blood thinners and it bled for 3 hours", "bleeding", "present"),
    ("first time in my life my lips swelled", "mouth_swelling", "present"),
    ("my lips swelled. It was like the reaction I had years ago", "mouth_swelling", "present"),
    ("it bled after she finished", "bleeding", "present"),
    ("is my pus always going to be yellow?", "pus", "present"),
]


@pytest.mark.parametrize(("text", "item", "assertion"), CASES, ids=[c[0] for c in CASES])
def test_assertion(reader: Reader, text: str, item: str, assertion: str | None) -> None:
    found = {f.item: f.assertion for f in reader.read(text).findings}
    assert found.get(item) == assertion


def test_offsets_point_at_the_patients_own_words(reader: Reader) -> None:
    text = "Hiya \N{SLIGHTLY SMILING FACE} day 2, i’ve got YELLOW goo on my chin"
    finding = next(f for f in reader.read(text).findings if f.item == "pus")
    assert text[finding.start : finding.end] == finding.text == "YELLOW goo"


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("there is puss", "pus"),
        ("sweling on my cheek", "swelling"),
        ("i have a feaver", "fever"),
        ("my face is itchey", "itching"),
    ],
)
def test_misspelt_signs_are_found(reader: Reader, text: str, item: str) -> None:
    assert item in {f.item for f in reader.read(text).findings}


@pytest.mark.parametrize(
    "text", ["plus I bought the cream", "push it gently", "that is just perfect", "I read the leaflet", ""]
)
def test_words_that_only_look_alike_are_left_alone(reader: Reader, text: str) -> None:
    assert not [f for f in reader.read(text).findings if f.kind == "finding"]


@pytest.mark.parametrize(
    ("text", "item", "quality"),
    [
        ("the redness is getting worse", "redness", "worse"),
        ("the redness is not getting worse", "redness", None),
        ("swelling on one side only", "swelling", "one_sided"),
        ("the redness is fading", "redness", "better"),
        ("the redness is spreading to my neck", "redness", "spreading"),
        ("will the swelling get worse?", "swelling", None),
    ],
)
def test_trend_and_side_belong_to_their_sign(reader: Reader, text: str, item: str, quality: str | None) -> None:
    qualities = next(f.qualities for f in reader.read(text).findings if f.item == item)
    assert (quality in qualities) if quality else not qualities & {"worse", "better"}


def test_entities_carry_the_whole_reading(reader: Reader) -> None:
    from aftercare.triage import Reading

    text = "day 4, no fever but the redness is spreading and my mate had pus last year"
    reading = reader.read(text)
    again = Reading.from_entities(text, reading.entities())
    assert again.findings == reading.findings
    assert again.times == reading.times


@pytest.mark.parametrize(
    ("quality", "text", "denied"),
    [
        ("worse", "cheeks still the same pink, is that alright", True),
        ("worse", "not redder than this morning", True),
        ("worse", "at the same time my face keeps swelling", False),
        ("worse", "she used the same needle and it grows", False),
        ("one_sided", "puffy, the same on both sides", True),
        ("one_sided", "puffy on the left", False),
    ],
)
def test_a_quality_that_the_words_deny(quality: str, text: str, denied: bool) -> None:
    assert is_denied(quality, text) is denied
