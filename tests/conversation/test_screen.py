"""What the screen makes of words alone, at every tier."""

from __future__ import annotations

from datetime import datetime

import pytest

from aftercare.conversation.screen import RedFlagScreen, TriageReports
from aftercare.knowledge import Clinic, KnowledgeBase
from aftercare.triage import Reader

Screen = RedFlagScreen


@pytest.fixture
def screen(reader: Reader, knowledge: KnowledgeBase, clinic: Clinic) -> Screen:
    return RedFlagScreen(reader, knowledge, clinic)


@pytest.mark.parametrize(
    ("text", "tier"), [("I cannot breathe", "emergency"), ("there is yellow pus coming out of my cheek", "urgent")]
)
def test_a_flag_has_its_tier_its_words_and_its_reply(screen: Screen, now: datetime, text: str, tier: str) -> None:
    outcome = screen(text, None, now)
    assert outcome is not None
    assert (outcome.tier, [reply.kind for reply in outcome.replies]) == (tier, [tier])
    assert all(word in text for word in outcome.hits[0].words) and outcome.hits[0].words
    assert outcome.report is not None and outcome.report["open_tier"] == tier


@pytest.mark.parametrize("text", ["thank you, see you on Monday", "there is no pus", "what if I get a fever?"])
def test_what_raises_nothing_is_nothing(screen: Screen, now: datetime, text: str) -> None:
    assert screen(text, None, now) is None


def test_a_flag_that_was_raised_before_is_not_raised_by_another_message(screen: Screen, now: datetime) -> None:
    first = screen("there is yellow pus coming out of my cheek", None, now)
    assert first is not None
    assert screen("thank you", first.report, now) is None


def test_a_report_for_staff_has_no_question_of_the_assistants_open() -> None:
    asked = {**(TriageReports().start(None) or {}), "asked": "check", "offered": "day"}
    report = TriageReports().unasked(asked)
    assert report is not None and (report["asked"], report["offered"]) == (None, None)


def test_staff_read_where_the_signs_of_a_flag_are(screen: Screen, now: datetime) -> None:
    outcome = screen("both eyelids are swollen to twice the size, temperature 39.4", None, now)
    assert outcome is not None
    told = {entity["value"]: entity for entity in outcome.entities}
    assert (told["eyelid_swelling"]["sites"], told["eyelid_swelling"]["side"]) == (["eyelid"], "both")
    assert told["fever"]["celsius"] == 39.4
