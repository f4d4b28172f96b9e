"""What replay makes of an outcome: the names that it promises, and the day."""

from __future__ import annotations

from typing import Any

import pytest

from aftercare.cli.replay import canonical, day_of


def sign(assertion: str) -> dict[str, Any]:
    return {"type": "symptom", "value": "redness", "assertion": assertion}


def asked_of(text: str, days: int) -> dict[str, Any]:
    return {"type": "time", "kind": "asked", "days": days, "text": text}


def began(days: int | None) -> dict[str, Any]:
    return {"type": "time", "kind": "onset", "days": days}


@pytest.mark.parametrize(
    ("question", "entities", "expected"),
    [
        ("can_i", [], "can_i"),
        ("out_of_scope_price", [], "out_of_scope"),
        ("what_to_expect", [], "how_long"),
        ("what_to_expect", [sign("negated")], "how_long"),
        ("what_to_expect", [sign("information")], "when_to_worry"),
        ("what_to_expect", [sign("hypothetical"), sign("resolving")], "is_normal"),
    ],
)
def test_canonical_names(question: str, entities: list[dict[str, Any]], expected: str) -> None:
    assert canonical(question, entities) == expected


@pytest.mark.parametrize(
    ("day", "entities", "expected"),
    [
        (2, [began(9)], 2),
        (None, [began(35), began(3), sign("present")], 35),
        (None, [began(None), {"type": "time", "kind": "lasting", "days": 4}], None),
        (None, [asked_of("day 4", 4)], 4),
        (None, [asked_of("day4", 4)], 4),
        (2, [asked_of("day 4", 4)], 2),
        (None, [began(6), asked_of("day 4", 4)], 6),
        (None, [asked_of("D4", 4), asked_of("day 7", 7)], None),
        (None, [asked_of("after two days", 2)], None),
    ],
)
def test_the_day_is_that_told_or_the_least_it_can_be_or_the_one_asked_of(
    day: int | None, entities: list[dict[str, Any]], expected: int | None
) -> None:
    assert day_of(day, entities) == expected
