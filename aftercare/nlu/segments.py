"""The sentences and questions inside one message: "Its flaking. Is that normal and can i moisturise?" holds three."""

from __future__ import annotations

import re
from collections.abc import Iterator

FEWEST_WORDS = 2
"""A single word ("ok.") is too little to classify on its own, unless it asks ("normal?")."""

MOST_PARTS = 8
"""Of a longer message the first ones are looked at: each costs milliseconds, and nobody asks more at once."""

_QUESTION_WORD = (
    r"(?:what|when|how|why|where|which|who|whose|is|are|am|was|do|does|did|can|could|should|shall|will|would|may|might"
    r"|has|have|wat|wen|hw|y|cn|shud|shld|cud)"
)
_BREAK = re.compile(
    r"(?<=[.?!])[\s.?!]+(?=\S)"  # the end of a sentence, but not the point in 38.5
    r"|\s*\n\s*"
    rf"|(?:[,;]\s*|\s+)(?:and|also|but|n|&)\s+(?:also\s+)?(?=(?:for\s+)?{_QUESTION_WORD}\b)"
    rf"|[,;]\s*(?={_QUESTION_WORD}\b)",
    re.IGNORECASE,
)


def segments(text: str) -> list[tuple[int, int]]:
    """Where the parts of a message stand that are long enough to say something: first and last character, the last one
    not included. Empty where the message is a single part."""
    parts = list(_parts(text))
    telling = [(start, end) for start, end in parts if _tells(text[start:end])]
    return telling[:MOST_PARTS] if len(parts) > 1 else []


def _parts(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for start_of_break, end_of_break in [*(found.span() for found in _BREAK.finditer(text)), (len(text), len(text))]:
        part = text[start:start_of_break]
        yield start + len(part) - len(part.lstrip()), start + len(part.rstrip())
        start = end_of_break


def _tells(part: str) -> bool:
    return len(part.split()) >= FEWEST_WORDS or _asks(part)


def _asks(part: str) -> bool:
    return part.endswith("?") and any(letter.isalpha() for letter in part)
