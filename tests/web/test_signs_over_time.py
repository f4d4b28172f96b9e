"""The strip of signs beside a case: what each message says of each sign."""

from __future__ import annotations

from typing import Any

from aftercare.conversation.turns import TurnRecord
from aftercare.web.console_view import Sign, strip


def record(seq: int, *entities: dict[str, Any]) -> TurnRecord:
    return TurnRecord(str(seq), seq, "answered", {"entities": list(entities)}, None)


def test_staff_read_what_a_sign_seems_beside_what_counts() -> None:
    pus = {"type": "finding", "value": "pus", "assertion": "present", "seems": "historical"}
    fever = {"type": "finding", "value": "fever", "assertion": "negated", "qualities": []}
    unnamed = {"type": "finding", "value": "faint", "seems": "other_person"}  # counts nowhere, so it is not shown
    found = strip([record(1, pus, unnamed), record(2, fever)], str.title)

    assert found.seqs == (1, 2)
    assert found.rows == (
        ("Pus", (Sign("there, seems in the past", "there"), None)),
        ("Fever", (None, Sign("not there", "gone"))),
    )


def test_staff_read_where_a_sign_is_how_many_and_how_large() -> None:
    chin = {
        "type": "symptom",
        "value": "bumps",
        "assertion": "present",
        "sites": ["chin"],
        "side": "left",
        "count": "3",
        "size": "pea",
    }
    neck = {
        "type": "symptom",
        "value": "bumps",
        "assertion": "present",
        "sites": ["neck"],
        "count": "many",
        "size": "2 mm",
    }
    gone = {"type": "symptom", "value": "bumps", "assertion": "negated", "sites": ["nose"]}
    eyes = {
        "type": "symptom",
        "value": "swelling",
        "assertion": "present",
        "sites": ["under_eye"],
        "side": "both",
        "size": "double",
    }
    fever = {"type": "finding", "value": "fever", "assertion": "present", "celsius": 38.3}
    found = strip([record(1, gone, chin, neck, eyes, fever)], str.title)

    assert [signs[0].text for _, signs in found.rows if signs[0]] == [
        "there, left chin, 3 of them, size of a pea, neck, many, 2 mm",
        "there, under eye, both sides, twice its size",
        "there, 38.3 °C",
    ]
