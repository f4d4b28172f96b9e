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
