"""Which of the things in a message it is answered for first, and which others are answered too."""

from __future__ import annotations

from collections.abc import Sequence

from aftercare.nlu.intent_model import Ranked

SMALL_TALK = frozenset({"greet", "thanks", "goodbye"})
STATEMENTS = frozenset({"report", "affirm", "deny", "inform_day"})


def questions_of(whole: Ranked, parts: Sequence[Ranked], sure: float) -> list[Ranked]:
    """The intents of a message that are at least ``sure``, the primary one first. Empty where there is none.

    ``whole`` is the intent of the whole message, ``parts`` those of its sentences. The rule:

    1. The whole message is primary, since it has the most to go by.
    2. Unless a sure part weighs more: a question outweighs a statement ("hi, day 3, my face is red. is that ok?"), a
       statement outweighs small talk ("the redness is gone. thanks for your help"). Then the first of the weightiest is.
    3. Where the whole message is not sure, the first of the weightiest parts is primary.
    4. The other sure parts follow in the order of the text, each intent once.
    """
    sure_parts = [part for part in parts if part.confidence >= sure]
    candidates = [whole, *sure_parts] if whole.confidence >= sure else sure_parts
    primary = [max(candidates, key=_weight)] if candidates else []
    return _each_once([*primary, *sure_parts])


def _weight(ranked: Ranked) -> int:
    """``max`` takes the first of equal weight, so the whole message before its parts."""
    if ranked.name in SMALL_TALK:
        return 0
    return 1 if ranked.name in STATEMENTS else 2


def _each_once(ranked: Sequence[Ranked]) -> list[Ranked]:
    first: dict[str, Ranked] = {}
    for one in ranked:
        first.setdefault(one.name, one)
    return list(first.values())
