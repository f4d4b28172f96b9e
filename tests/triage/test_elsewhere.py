"""What is about another treatment or an animal is not answered with our guide; what is about ours is, whatever else it names."""

from __future__ import annotations

from datetime import datetime

import pytest

from aftercare.knowledge import KnowledgeBase
from aftercare.triage import Reader, Reading, Report, update
from aftercare.triage.elsewhere import OFF_TOPIC, OTHER_TREATMENT, OURS, Elsewhere

ANOTHER = [
    "got my eyebrows tattooed yesterday, when can i wash them",
    "I had a tooth extraction on Monday. May I drink coffee?",
    "how long does it stay red after waxing",
    "my new piercing is crusty, is that normal",
    "Lip filler two days ago and I look like a duck. When does it go down?",
    "bad sunburn yesterday, what cream takes the heat out",
    "recovering from a nose job, can I wear glasses",
    "hair transplant day 8, scabs everywhere, may I shampoo",
]
ABOUT_OURS = [
    "can I get my eyebrows tattooed",
    "when can I have lip filler again?",
    "is it like a chemical peel",
    "had a chemical peel last year, is this one worse",
    "day 3, my cheeks are red. I had botox two weeks ago",
    "had the needling on Monday and waxed my legs yesterday, is that a problem",
    "thinking of a tattoo, how long should I wait",
    "my face is red since Tuesday, I had laser too",
    "waxing?",
    "my husband had a tattoo yesterday and wants my cream",
    "my skin peels like after a sunburn",
    "I have botox booked for Friday, shall I cancel",
    "the swelling after the laser, will it go",
    "what you did on Monday itches, so does my tattoo",
]


@pytest.fixture(scope="module")
def elsewhere(knowledge: KnowledgeBase) -> Elsewhere:
    return Elsewhere(knowledge.elsewhere)


@pytest.mark.parametrize("text", ANOTHER)
def test_a_message_about_another_treatment_is_told(elsewhere: Elsewhere, text: str) -> None:
    assert elsewhere.of(text) == OTHER_TREATMENT


@pytest.mark.parametrize("text", ABOUT_OURS)
def test_a_message_about_ours_is_neither(elsewhere: Elsewhere, text: str) -> None:
    assert elsewhere.of(text) in (None, OURS)


@pytest.mark.parametrize(
    "text", ["Can I have botox on day 5?", "had a chemical peel last year, now the needling, is it alike"]
)
def test_words_for_our_treatment_beside_another_tell_that_it_is_ours(elsewhere: Elsewhere, text: str) -> None:
    assert elsewhere.of(text) == OURS


@pytest.mark.parametrize("text", ["do you do laser as well as needling", "botox after my treatment?"])
def test_what_is_asked_for_beside_ours_or_any_treatment_stays_open(elsewhere: Elsewhere, text: str) -> None:
    assert elsewhere.of(text) is None


@pytest.mark.parametrize(
    "text", ["our cat has a rash on her belly, which cream?", "Hi, my dog keeps scratching his ear"]
)
def test_a_message_about_an_animal_is_off_topic(elsewhere: Elsewhere, text: str) -> None:
    assert elsewhere.of(text) == OFF_TOPIC


@pytest.mark.parametrize(
    "text", ["my dog licked my cheek, do I wash it?", "I walk the dog at noon, is the sun a problem"]
)
def test_an_animal_beside_the_patient_is_nothing_else(elsewhere: Elsewhere, text: str) -> None:
    assert elsewhere.of(text) is None


def test_the_day_of_another_treatment_is_not_the_day_of_ours(reader: Reader, now: datetime) -> None:
    assert update(Report(), reader.read(ANOTHER[0]), now).day(now) is None


def test_it_stands_in_the_entities_and_comes_back_from_them(reader: Reader) -> None:
    reading = reader.read(ANOTHER[0])
    assert reading.about == OTHER_TREATMENT
    assert Reading.from_entities(ANOTHER[0], reading.entities()).about == OTHER_TREATMENT
