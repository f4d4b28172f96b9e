"""What is said when a red flag stands: the wording of its tier and flag, never a reassurance (red_flags.md section 7)."""

from __future__ import annotations

from collections.abc import Sequence

from aftercare.answers.answer import Draft, Reply
from aftercare.knowledge import Clinic, KnowledgeBase
from aftercare.knowledge.model import TIERS
from aftercare.triage import Hit

CRISIS = "E9"
AIRWAY = "E1"
LONGEST_QUOTE = 60
"""Characters of the patient's own words that are mirrored back."""


def flag_reply(hits: Sequence[Hit], knowledge: KnowledgeBase, clinic: Clinic) -> Reply:
    """The one message for the flags of a turn: the highest tier, and within it the flag that cannot wait."""
    hit = foremost(hits)
    draft = Draft(clinic)
    mirrored = _mirror(hit)
    if hit.tier != "emergency":
        draft.plain(mirrored)
    draft.say(knowledge.sentences[hit.wording])
    if hit.tier == "emergency" and hit.flag != CRISIS:
        draft.plain(mirrored)
    return draft.reply(hit.tier)


def foremost(hits: Sequence[Hit]) -> Hit:
    """The hit that leads: highest tier; a crisis before all, then airway, then the order of the guide."""
    order = {CRISIS: 0, AIRWAY: 1}
    return min(hits, key=lambda h: (-TIERS.index(h.tier), order.get(h.flag, 2), h.flag[0], int(h.flag[1:])))


def _mirror(hit: Hit) -> str:
    """The patient's words once, in quotes, so that they see that they were understood."""
    words = next((w for w in sorted(hit.words, key=len, reverse=True) if len(w) <= LONGEST_QUOTE), "")
    words = " ".join(words.split())
    return f"You wrote “{words}”." if words else ""
