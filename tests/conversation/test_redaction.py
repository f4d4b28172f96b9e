"""What trainers do not get to read."""

from __future__ import annotations

import pytest

from aftercare.conversation.redaction import redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to jo.bloggs+skin@mail.example please", "write to [e-mail] please"),
        ("my number is 07700 900123, or +44 (0)20 7946 0000", "my number is [number], or [number]"),
        ("look at https://photos.example/a?b=1 now", "look at [link] now"),
        ("I live at SW1A 1AA", "I live at [postcode]"),
        ("born 03/04/1985", "born [date]"),
        ("My name is Joanna and I'm called jo", "My name is [name] and I'm called [name]"),
        ("I saw Dr. Patel and Mrs Jones", "I saw Dr. [name] and Mrs [name]"),
    ],
)
def test_what_finds_a_person_is_taken_out(text: str, expected: str) -> None:
    assert redacted(text) == expected


@pytest.mark.parametrize(
    "text",
    ["day 3, 1.5 mm needles, 38.5 degrees", "since 10/11 it is red", "2-3 bumps, 4 days, 12 hours", "SPF 50 or 30?"],
)
def test_what_is_said_of_the_skin_stays(text: str) -> None:
    assert redacted(text) == text
