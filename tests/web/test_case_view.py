"""How cases read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftercare.web.case_view import Part, marked, waited


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(seconds=-5), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(hours=1, minutes=5), "1 hour 5 minutes"),
        (timedelta(days=1, hours=3, minutes=9), "1 day 3 hours"),
    ],
)
def test_a_waiting_time_in_words(time: timedelta, words: str) -> None:
    assert waited(time) == words


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("some pus here", ["pus"], ["some ", "*pus", " here"]),
        ("PUS", ["pus"], ["*PUS"]),
        ("I pushed it", ["pus"], ["I pushed it"]),
        ("yellow\n pus", ["yellow pus"], ["*yellow\n pus"]),
        ("hot, hot", ["hot"], ["*hot", ", ", "*hot"]),
        ("yellow pus", ["pus", "yellow pus"], ["*yellow pus"]),
        ("38.5 (fever)", ["38.5", "(fever)"], ["*38.5", " ", "*(fever)"]),
        ("3805", ["38.5"], ["3805"]),
        ("nothing", ["", " "], ["nothing"]),
        ("nothing", [], ["nothing"]),
    ],
)
def test_words_are_marked_as_whole_words(text: str, words: list[str], expected: list[str]) -> None:
    assert marked(text, words) == [Part(piece.lstrip("*"), piece.startswith("*")) for piece in expected]
