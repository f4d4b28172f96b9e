"""Which of the things in a message it is answered for first, and which others are answered too."""

from __future__ import annotations

from collections.abc import Sequence

from aftercare.nlu.intent_model import Ranked

GIVES_WAY = frozenset({"report", "greet", "thanks", "goodbye", "affirm", "deny", "inform_day", "help"})
"""Intents that give way to a question in the same message: "hi, day 3, my face is red. is that ok?" asks something."""


def questions_of(whole: Ranked, parts: Sequence[Ranked], sure: float) -> list[Ranked]:
    """The intents of a message that are at least ``sure``, the primary one first. Empty where there is none.

    ``whole`` is the intent of the whole message, ``parts`` those of its sentences. The rule:

    1. The whole message is primary, since it has the most to go by.
    2. Unless it gives way (a report, a greeting, thanks, an answer) and a part is a question, or it is not sure and a
       part is: then the first such question, else the first such part, is primary.
    3. The other sure parts follow in the order of the text, each intent once.
    """
    sure_parts = [part for part in parts if part.confidence >= sure]
    asked = [part for part in sure_parts if part.name not in GIVES_WAY]
    is_sure = whole.confidence >= sure
    if asked and (not is_sure or whole.name in GIVES_WAY):
        primary = [asked[0]]
    elif is_sure:
        primary = [whole]
    else:
        primary = sure_parts[:1]
    return _each_once([*primary, *sure_parts])


def _each_once(ranked: Sequence[Ranked]) -> list[Ranked]:
    first: dict[str, Ranked] = {}
    for one in ranked:
        first.setdefault(one.name, one)
    return list(first.values())
