"""One message on its way to an answer, and what it asks where it leaves that to the messages before it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from aftercare.triage import Reading, Report
from aftercare.triage.reading import CHANGE, SIGNS
from aftercare.triage.report import ABOUT, POINTS_BACK

CLINICAL = (
    "is_normal",
    "how_long",
    "what_to_apply",
    "what_to_avoid",
    "can_i",
    "when_to_worry",
    "why",
    "what_to_expect",
    "report",
)
"""Question types that are answered from the knowledge base."""
CORRECTS = re.compile(
    r"^\W*(no+|nope|nah|not|sorry|oops|actually|wait|i mean|i meant|rather)\b|\b(i mean|i meant|i said|not the)\b", re.I
)
"""A message that puts right what the one before was taken for ("no, the redness, not the bumps")."""
PUTS_RIGHT = re.compile(r"^\W*(no+|nope|nah)\W+(not|just|only|the|i)\b|\b(i mean|i meant|not the)\b", re.IGNORECASE)
"""The surer of these: says what was not meant, or what was ("sorry, it is still bigger" puts nothing right)."""
POINTS_AT_NOTHING = re.compile(
    r"\b(is|was|would|will) it (be )?(ok|okay|al+ ?right|fine|safe|possible|allowed) (to|if|for)\b"
    r"|\b(this|that|these|those) (morning|afternoon|evening|week\w*|month|year|summer|winter|time)\b",
    re.IGNORECASE,
)
"""An "it" or a "this" that speaks of nothing told before."""
ASKS_WHAT_TO_DO = re.compile(
    r"([,.;:!?\n-][^\S\n]*((so|and|but|please|pls|now)\s+)*|\b(so|and)\s+)"
    r"what( now\b|'?s next\b| to do\b|( else)? (do|can|should|shall|must|would|am) (i|we|you)( (meant|supposed) to)? do\b)",
    re.IGNORECASE,
)
"""A clause that asks what to do."""
CONTINUES = re.compile(r"^\W*(ok(ay)?|so|right)?\W*(and|or|also|plus|what about|how about|same for|then)\b", re.I)
"""A message that goes on where the one before ended ("and the dryness?")."""
LONGEST_ELLIPSIS = 8
"""Words of a message that leaves its question to the one before."""


@dataclass(frozen=True)
class Turn:
    """One message: its intent and questions (names, the primary one first), what was read in it, and the report before it.

    ``confidence`` is the probability of the intent, 0 where nobody tells it.
    """

    text: str
    intent: str
    questions: tuple[str, ...]
    reading: Reading
    report: Report
    now: datetime
    confidence: float = 0.0

    @property
    def clinical(self) -> tuple[str, ...]:
        """The question types of the message that the knowledge base answers, other than a mere report."""
        return tuple(q for q in self.questions if q in CLINICAL and q != "report")

    @property
    def names(self) -> frozenset[str]:
        """The items that the message itself names as what it is about."""
        return frozenset(f.item for f in self.reading.findings if f.kind in ABOUT and f.item != CHANGE)

    @property
    def speaks_of_it(self) -> bool:
        """Whether a word of it points at what was told before, and not at nothing ("is it ok to", "this week")."""
        return bool(POINTS_BACK.search(POINTS_AT_NOTHING.sub(" ", self.text)))

    @property
    def tells_and_asks_what_to_do(self) -> bool:
        """Whether a sign is told in a clause of its own before it is asked what to do ("it throbs, what now")."""
        asks = ASKS_WHAT_TO_DO.search(self.text)
        return asks is not None and any(f.kind in SIGNS and f.end <= asks.start() for f in self.reading.findings)

    @property
    def points_back(self) -> bool:
        """Whether it speaks of what was named before ("it", "those"), or is too short to name anything."""
        return bool(POINTS_BACK.search(self.text)) or len(self.text.split()) <= 3


def with_question(turn: Turn) -> Turn:
    """The turn with the question of the message before, where this one names a thing and leaves the question out."""
    leaves_out = turn.names and not turn.clinical and len(turn.text.split()) <= LONGEST_ELLIPSIS
    if leaves_out and turn.report.questions and (CORRECTS.search(turn.text) or CONTINUES.search(turn.text)):
        return replace(turn, questions=turn.report.questions)
    return turn
