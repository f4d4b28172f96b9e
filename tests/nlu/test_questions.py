"""Which intent a message is answered for first, and which others are answered too."""

from __future__ import annotations

import pytest

from aftercare.nlu.intent_model import Ranked
from aftercare.nlu.questions import questions_of

SURE = 0.4


@pytest.mark.parametrize(
    ("whole", "parts", "expected"),
    [
        ("is_normal .9", "", "is_normal"),
        ("is_normal .9", "report .8, is_normal .9", "is_normal report"),
        ("report .9", "report .8, is_normal .7, can_i .6", "is_normal report can_i"),
        ("greet .9", "greet .9, can_i .5", "can_i greet"),
        ("thanks .8", "report .9, thanks .9", "report thanks"),
        ("deny .9", "deny .9, when_to_worry .8", "when_to_worry deny"),
        ("report .9", "report .9, inform_day .9", "report inform_day"),
        ("report .9", "is_normal .3", "report"),
        ("why .3", "report .9, how_long .8", "how_long report"),
        ("why .3", "thanks .9, report .8", "report thanks"),
        ("why .3", "is_normal .2", ""),
        ("why .3", "", ""),
        ("can_i .9", "how_long .8, can_i .7, how_long .9", "can_i how_long"),
        ("out_of_scope_price .9", "out_of_scope_price .9, is_normal .8", "out_of_scope_price is_normal"),
    ],
)
def test_rule(whole: str, parts: str, expected: str) -> None:
    found = questions_of(ranked(whole), [ranked(part) for part in parts.split(", ") if part], SURE)

    assert [one.name for one in found] == expected.split()


def ranked(text: str) -> Ranked:
    name, confidence = text.split()
    return Ranked(name, float(confidence))
