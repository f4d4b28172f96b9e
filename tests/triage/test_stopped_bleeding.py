"""Bleeding that has stopped with pressure is a matter for today, one that goes on is an emergency (red_flags.md E7, ruling 8)."""

from __future__ import annotations

import pytest

from aftercare.triage import Reader
from aftercare.triage.figures import bleeding_has_stopped

STOPPED = [
    "it bled for 15 minutes, pressed on it, and it has stopped",
    "The bleeding stopped after I pressed for ten minutes",
    "a bit of blood on the towel, it's stopped now",
    "each time i press ten minutes the bleeding does stop",
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
]


@pytest.mark.parametrize("text", STOPPED)
def test_it_has_stopped(text: str, reader: Reader) -> None:
    assert bleeding_has_stopped(text)
    assert {f.assertion for f in reader.read(text).findings if f.item == "bleeding"} == {"resolving"}


@pytest.mark.parametrize("text", GOES_ON)
def test_it_has_not(text: str) -> None:
    assert not bleeding_has_stopped(text)
