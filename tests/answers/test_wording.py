"""What patients read around a person from the clinic: plain words, the clinic's clock, no promise for what cannot wait."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
import textstat

from aftercare.answers.wording import ClinicWording
from aftercare.conversation.cases import CASE_TIERS
from aftercare.knowledge import Clinic, KnowledgeBase

OPENS = datetime(2026, 6, 1, 8, 0, tzinfo=timezone.utc)


@pytest.fixture
def wording(knowledge: KnowledgeBase, clinic: Clinic) -> ClinicWording:
    return ClinicWording(knowledge, clinic)


def everything(wording: ClinicWording) -> list[str]:
    return [
        wording.joined("Kim"),
        wording.handed_back(),
        wording.released("Kim"),
        wording.ended("Kim"),
        *(wording.left_queue(stands) for stands in (True, False)),
        *(wording.still_waiting(tier) for tier in CASE_TIERS),
        *(wording.nobody_there(tier, opens) for tier in CASE_TIERS for opens in (OPENS, None)),
    ]


def test_every_line_is_in_plain_words(wording: ClinicWording) -> None:
    for text in everything(wording):
        assert textstat.flesch_kincaid_grade(text) <= 6, text
        assert "{" not in text and "  " not in text


def test_who_joined_is_named(wording: ClinicWording) -> None:
    assert wording.joined("Kim") == "Kim from the clinic has joined."
    assert wording.handed_back() == "You are talking to the assistant again."


def test_the_opening_is_told_by_the_clinics_clock(wording: ClinicWording) -> None:
    assert "Monday 1 June at 09:00" in wording.nobody_there("soon", OPENS), "London is an hour ahead in June"
    assert "Someone" not in wording.nobody_there("soon", None), "nothing is said where nothing is known"


@pytest.mark.parametrize("tier", CASE_TIERS)
def test_every_wait_names_the_emergency_number(wording: ClinicWording, clinic: Clinic, tier: str) -> None:
    for text in (wording.still_waiting(tier), wording.nobody_there(tier, OPENS)):
        assert clinic.emergency_number in text


def test_an_emergency_is_not_told_to_wait_for_the_opening(wording: ClinicWording) -> None:
    assert "June" not in wording.nobody_there("emergency", OPENS)
