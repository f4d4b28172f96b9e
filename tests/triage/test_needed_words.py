"""Words that a regular expression cannot do without."""

from __future__ import annotations

import re

import pytest

from aftercare.triage.needed_words import Sought


@pytest.mark.parametrize(
    ("pattern", "needs"),
    [
        (r"\d+ (?:days|weeks) (?:ago|back|prior)\b", {"days", "weeks"}),
        (r"\b(?:since|from)\s+then", {"since", "from"}),
        (r"(?:now )?tired", {"tired"}),
        (r"(?:ab){0,2}c", {"c"}),
        (r"(?:last|\w+) time", {" time"}),
        (r"\w+(?= later)", {" later"}),
        (r"\w+(?! later)", set()),
        (r"[a-z]+|\d", set()),
    ],
)
def test_words_of_which_every_match_holds_one(pattern: str, needs: set[str]) -> None:
    assert set(Sought(pattern).needs) == needs


@pytest.mark.parametrize("text", ["Two DAYS ago, it was 3 weeks back", "3 days later", "", "agoAGO 1 week prior"])
def test_it_finds_what_the_expression_finds(text: str) -> None:
    pattern = r"\w+ (?:days?|weeks?) (?:ago|back|prior)\b"

    found = [match.span() for match in Sought(pattern).finditer(text, text.lower())]

    assert found == [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)]
