"""Bleeding that has stopped with pressure is a matter for today, one that goes on is an emergency (red_flags.md E7, ruling 8)."""

from __future__ import annotations

from datetime import datetime

import pytest

from aftercare.knowledge import KnowledgeBase
from aftercare.triage import Reader, Report, assess, update
from aftercare.triage.figures import bleeding_has_stopped

STOPPED = [
    "it bled for 15 minutes, pressed on it, and it has stopped",
    "The bleeding stopped after I pressed for ten minutes",
    "a bit of blood on the towel, it's stopped now",
    "Bleeding has finally stopped. Can I shower?",
    "blood went everywhere for 20 min, eventually it stopped by itself",
]
GOES_ON = [
    "it won't stop bleeding",
    "the bleeding hasn't stopped",
    "it stopped bleeding for a bit then started again",
    "i thought it had stopped but there's blood on the pillow",
    "It stopped. Then it didn't. blood everywhere",
    "the blood only stops while i press",
    "I am bleeding. my watch stopped",
    "not sure if the bleeding has stopped",
    "she never stopped bleeding",
    "its stopped, no wait its bleeding again",
    "Has the bleeding stopped? no",
    "the itch has stopped",
    "the bleeding stops if i press",
    "the bleeding stops when I hold a tissue on it, then I let go",
    "nothing has made the bleeding stop",
    "bleeding 15 mins, stopped pressing because my arm hurts",
    "blood everywhere, he fell and stopped breathing",
    "her bleeding stopped in a minute. mine has gone on for an hour",
    "maybe the bleeding has stopped, cant tell",
    "the bleeding has stopped?",
    "bleeding stopped. its back",
    "the bleeding stopped, it opened up when I smiled",
    "bleeding stopped. moved my jaw and whoosh",
]


@pytest.mark.parametrize("text", STOPPED)
def test_it_has_stopped(text: str, reader: Reader) -> None:
    assert bleeding_has_stopped(text)
    assert {f.assertion for f in reader.read(text).findings if f.item == "bleeding"} == {"resolving"}


@pytest.mark.parametrize(
    "text",
    [
        "Day 5. My cheek was bleeding, I pressed and it stopped.",
        "Day 1. The bleeding came back, I pressed ten minutes and it stopped.",
        "day 3, fresh blood on my chin, I pressed and it stopped by itself",
    ],
)
def test_it_is_still_a_matter_for_today(text: str, reader: Reader, knowledge: KnowledgeBase) -> None:
    now = datetime(2026, 3, 11, 12)

    assert assess(update(Report(), reader.read(text), now), knowledge, now).tier == "urgent"


@pytest.mark.parametrize("text", GOES_ON)
def test_it_has_not(text: str) -> None:
    assert not bleeding_has_stopped(text)
