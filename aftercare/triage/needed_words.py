"""Regular expressions that are tried only on texts that can match them.

A message is read with some two hundred expressions, and nearly all of them need a word that it does not hold. Looking for
that word first ("ago", "back" or "prior") costs a fraction of trying the expression at every character.
"""

from __future__ import annotations

import re
import sre_constants as parts
import sre_parse
from collections.abc import Iterator
from typing import Any

REPEATS = (parts.MAX_REPEAT, parts.MIN_REPEAT)
LOOKS = (parts.ASSERT,)


class Sought:
    """An expression that ignores case, with the words of which every match holds one; none where that cannot be told."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern, re.IGNORECASE)
        self.needs = tuple(sorted(_needed(sre_parse.parse(pattern, re.IGNORECASE)) or ()))

    def finditer(self, text: str, lowered: str) -> Iterator[re.Match[str]]:
        """The matches in ``text``; ``lowered`` is the same text in lower case. Beyond ASCII letters without their case are more
        than their lower case ("ſ" is an "s" too), so there the expression is tried."""
        if not text.isascii():
            return self._pattern.finditer(text)
        for word in self.needs or ("",):
            if word in lowered:
                return self._pattern.finditer(text)
        return iter(())


def _needed(sequence: Any) -> frozenset[str] | None:
    """Of the parts of a parsed sequence, all of which a match holds, the one whose shortest word is longest."""
    best: frozenset[str] | None = None
    literal = ""
    for kind, of in (*sequence, (None, None)):
        if kind is parts.LITERAL:
            literal += chr(of).lower()
            continue
        for words in (frozenset([literal]) if literal else None, _needed_by(kind, of)):
            if words and (best is None or _shortest(words) > _shortest(best)):
                best = words
        literal = ""
    return best


def _needed_by(kind: Any, of: Any) -> frozenset[str] | None:
    if kind is parts.SUBPATTERN:
        return _needed(of[-1])
    if kind in REPEATS and of[0] > 0:
        return _needed(of[2])
    if kind in LOOKS:
        return _needed(of[1])
    if kind is parts.BRANCH:
        each = [_needed(branch) for branch in of[1]]
        return None if None in each else frozenset().union(*(words for words in each if words))
    return None


def _shortest(words: frozenset[str]) -> int:
    return min(map(len, words))
