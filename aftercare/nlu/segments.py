"""The sentences and questions inside one message: "Its flaking. Is that normal and can i moisturise?" holds three."""

from __future__ import annotations

import re

FEWEST_WORDS = 2
"""A single word ("ok.") is too little to classify on its own, unless it asks ("normal?")."""

MOST_PARTS = 8
"""Of a longer message the first ones are looked at: each costs milliseconds, and nobody asks more at once."""

_QUESTION_WORD = (
    r"(?:what|when|how|why|where|which|who|whose|is|are|am|was|do|does|did|can|could|should|shall|will|would|may|might"
    r"|has|have|wat|wen|hw|y|cn|shud|shld|cud)"
)
_BLANKS = re.compile(r"[^\S\n]+")
_BREAK = re.compile(
    r"(?<=[.?!])[\s.?!]+(?=\S)"  # the end of a sentence, but not the point in 38.5
    r"|\s*\n\s*"
    rf"|(?:[,;]\s*|\s+)(?:and|also|but|n|&)\s+(?:also\s+)?(?=(?:for\s+)?{_QUESTION_WORD}\b)"
    rf"|[,;]\s*(?={_QUESTION_WORD}\b)",
    re.IGNORECASE,
)


def segments(text: str) -> list[str]:
    """The parts of a message that are long enough to say something. Empty where the message is a single part."""
    parts = [part.strip() for part in _BREAK.split(_BLANKS.sub(" ", text))]
    telling = [part for part in parts if len(part.split()) >= FEWEST_WORDS or _asks(part)]
    return telling[:MOST_PARTS] if len(parts) > 1 else []


def _asks(part: str) -> bool:
    return part.endswith("?") and any(letter.isalpha() for letter in part)
