"""Whole replies beside what must never be said (red_flags.md section 7)."""

from __future__ import annotations

import pytest

from aftercare.knowledge.never_say import NeverSay, load_bans
from tests.conftest import ROOT

PHONE = "020 7946 0000"
SAID = [
    ("This looks like an infection.", "soon", True),
    ("Take 400 mg tonight.", "none", True),
    ("Call 07700 900123.", "none", True),
    ("Redness can last up to three days.", "self_care", False),
    ("Redness can last up to three days.", "urgent", True),
    (f"Call the clinic on {PHONE}.", "urgent", False),
    ("You wrote “you have an infection”. Please call the clinic today.", "urgent", False),
    ("I have told our team.", "urgent", False),
]


@pytest.mark.parametrize(("said", "tier", "wrong"), SAID, ids=[f"{tier}: {said}" for said, tier, _ in SAID])
def test_a_reply_that_must_not_be_said(said: str, tier: str, wrong: bool) -> None:
    assert NeverSay(load_bans(ROOT / "data" / "knowledge"), PHONE)(said, tier) is wrong
