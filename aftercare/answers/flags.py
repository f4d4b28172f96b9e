"""What is said when a red flag stands: the wording of its tier and flag, never a reassurance (red_flags.md section 7)."""

from __future__ import annotations

from collections.abc import Sequence

from aftercare.answers.answer import Draft, Reply
from aftercare.knowledge import Clinic, KnowledgeBase
from aftercare.knowledge.model import TIERS
from aftercare.triage import Hit

CRISIS = "E9"
AIRWAY = "E1"
NUMBING = "E3"
LONGEST_QUOTE = 60
"""Characters of the patient's own words that are mirrored back."""
MOST_QUOTES = 2
LONGEST_EMERGENCY, WORDS_OF_THE_TEAM = 60, 8
"""Words of an emergency text (red_flags.md section 8), and of the sentence that the team was told, which comes on top."""


def flag_reply(hits: Sequence[Hit], knowledge: KnowledgeBase, clinic: Clinic) -> Reply:
    """The one message for the flags of a turn: the highest tier, and within it the flag that cannot wait."""
    hit = foremost(hits)
    draft = Draft(clinic)
    mirrored = _mirror(hit)
    if hit.tier != "emergency":
        draft.plain(mirrored)
    draft.say(knowledge.sentences[hit.wording])
    short = len(f"{draft.text} {mirrored}".split()) + WORDS_OF_THE_TEAM <= LONGEST_EMERGENCY
    if hit.tier == "emergency" and hit.flag != CRISIS and short:
        draft.plain(mirrored)
    return draft.reply(hit.tier)


def foremost(hits: Sequence[Hit]) -> Hit:
    """The hit that leads: highest tier; a crisis before all, then airway, then numbing cream, which has to come off, then
    the order of the guide."""
    order = {CRISIS: 0, AIRWAY: 1, NUMBING: 2}
    return min(hits, key=lambda h: (-TIERS.index(h.tier), order.get(h.flag, 3), h.flag[0], int(h.flag[1:])))


def _mirror(hit: Hit) -> str:
    """The patient's words once, in quotes, so that they see that they were understood."""
    short = [" ".join(words.split()) for words in hit.words if 0 < len(words) <= LONGEST_QUOTE]
    apart = [w for w in short if not any(w != other and w.lower() in other.lower() for other in short)]
    quoted = " and ".join(f"“{words}”" for words in list(dict.fromkeys(apart))[:MOST_QUOTES])
    return f"You wrote {quoted}." if quoted else ""
