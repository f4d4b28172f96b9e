"""When something is told to be: of now or over, from the words around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from aftercare.triage.language import Utterance

PRESENT = frozenset(
    [
        "is", "are", "'s", "has", "have", "'ve", "'m", "am", "now", "today", "still", "keeps", "since", "woke", "currently",
        "feels", "looks", "getting", "going", "can", "ca", "wo",
    ]
)  # fmt: skip
SHORTENED = frozenset(
    ["it", "he", "she", "that", "there", "here", "what", "this", "who", "everything", "skin", "face", "cheek"]
)
"""Words after which 's is short for "is" or "has"."""
PAST = frozenset(
    [
        "had", "was", "were", "got", "did", "came", "went", "used", "last", "ago", "once", "lost", "blew", "bled", "felt",
        "fell", "broke", "threw", "died", "took", "kept", "woke", "ran", "put", "burnt", "swelled", "stung", "saw", "gave",
        "ended", "caught", "became", "began",
    ]
)  # fmt: skip
REGULAR_PAST = re.compile(r"[a-z]{2,}[^e\W]ed$")
"""Verbs like "blistered"; "red" and "need" are none."""
ENDS_OF_A_PART = frozenset({",", ".", ";", "!", "?", "-", "–", "—", "(", ")", ":"})


def past(places: Sequence[int], utterance: Utterance) -> bool:
    """Whether the words tell of the past, and none of them of now."""
    told = any(utterance.words[i] in PAST or REGULAR_PAST.match(utterance.words[i]) for i in places)
    return told and not of_now(places, utterance)


def of_now(places: Iterable[int], utterance: Utterance) -> bool:
    """Whether one of the words speaks of the present. The 's of "my sister's throat" does not, that of "it's" does."""
    return any(
        utterance.words[i] in PRESENT and (utterance.words[i] != "'s" or i == 0 or utterance.words[i - 1] in SHORTENED)
        for i in places
    )


def part(place: int, utterance: Utterance) -> range:
    """The tokens around a place up to the next punctuation on both sides."""
    start = end = place
    while start and utterance.words[start - 1] not in ENDS_OF_A_PART:
        start -= 1
    while end < len(utterance.words) and utterance.words[end] not in ENDS_OF_A_PART:
        end += 1
    return range(start, end)


def region(place: int, utterance: Utterance) -> list[int]:
    """The tokens of the half of a sentence that a place stands in."""
    number = utterance.region[place]
    return [i for i, one in enumerate(utterance.region) if one == number]
