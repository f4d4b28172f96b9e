"""Takes out of a patient's words what tells who they are, for people who need the words and not the person.

Addresses, numbers that call or find somebody, and a name that is given as one. A name in other words stays, so redacted
words are still a patient's: they are shown to trainers only, and each look is in the audit log.
"""

from __future__ import annotations

import re

_RULES = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE), "[link]"),
    (re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b", re.IGNORECASE), "[postcode]"),
    (re.compile(r"\b\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d{2}\b"), "[date]"),
    (re.compile(r"(?<!\w)\+?\(?\d(?:[\s().-]{0,2}\d){5,}"), "[number]"),
    (re.compile(r"\b((?:[Mm]y|[Hh]er|[Hh]is) name(?:'s| is)|[Ii](?:'m| am) called)\s+[\w'-]+"), r"\1 [name]"),
    (re.compile(r"\b((?:Mrs?|Ms|Miss|Dr)\.?)\s+[A-Z][\w'-]+"), r"\1 [name]"),
)


def redacted(text: str) -> str:
    """The text with what identifies replaced by a word in brackets."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text
