"""Which of the things in a message it is answered for first, and which others are answered too."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from aftercare.nlu.asking import asks
from aftercare.nlu.intent_model import Ranked
from aftercare.triage.elsewhere import OTHER_TREATMENT, OURS

SMALL_TALK = frozenset({"greet", "thanks", "goodbye"})
STATEMENTS = frozenset({"report", "affirm", "deny", "inform_day"})
OF_A_SIGN = frozenset({"is_normal", "how_long", "why", "when_to_worry", "diagnosis"})
"""Questions that are asked of signs."""
OF_CARE = frozenset({"can_i", "what_to_apply", "what_to_avoid", "what_to_expect", "medicine"})
"""Questions that may be asked in key words alone ("retinol day 4")."""
REPORT = "report"
WORRIES = frozenset({"is_normal", "when_to_worry"})
WORDS_OF_ITS_OWN = 8
"""Words from which a worry tells what it is about."""
SURELY = 0.9
"""The confidence from which a message asks though it has no form of a question ("I take it this is par for the course")."""
OUT_OF_SCOPE = "out_of_scope_"
ELSEWHERE = 0.2
"""The share of out of scope, beside the questions of a sign or of care, from which a question that names nothing of ours is
about something else ("can I return a toaster without the box"). Of 94 of the test messages that the heads alone took for ours
it finds 72 %; of 264 examples kept back that ask of ours and name nothing ("how much longer") it loses 8 %, counted before
statements and short worries were spared."""
ENDS_ASKING = re.compile(r"\?\W*$")


def as_told(ranked: Ranked, text: str, named: Collection[str]) -> Ranked:
    """The intent of a text; ``report`` where it would be a question, but the text asks nothing. ``named``: the kinds of
    things that the message names (``aftercare.nlu.message_reader.KIND_OF_ENTITY``)."""
    told = ranked.name in OF_A_SIGN or (ranked.name in OF_CARE and "sign" in named)
    return Ranked(REPORT, ranked.confidence) if told and not asks(text) and ranked.confidence < SURELY else ranked


def of_something_else(ranking: Sequence[Ranked], text: str) -> list[Ranked]:
    """The ranking of a text that names nothing of ours, its likeliest kind of out of scope in front where the text asks and
    all kinds together weigh enough beside the questions. Its confidence is that of the question before.

    The classifier has learned far fewer of the things that people ask of elsewhere than there are. A worry in few words may
    be about what was named before ("is that normal at night?"), and stays one.
    """
    if not asks(text) or (ranking[0].name in WORRIES and len(text.split()) < WORDS_OF_ITS_OWN):
        return list(ranking)
    asked = sum(one.confidence for one in ranking if one.name in OF_A_SIGN | OF_CARE)
    others = [one for one in ranking if one.name.startswith(OUT_OF_SCOPE)]
    weight = sum(one.confidence for one in others)
    if ranking[0].name not in OF_A_SIGN | OF_CARE or weight < ELSEWHERE * (weight + asked):
        return list(ranking)
    first = Ranked(others[0].name, ranking[0].confidence)
    return [first, *(one for one in ranking if one.name != first.name)]


def as_words_tell(ranking: Sequence[Ranked], about: str | None) -> list[Ranked]:
    """The ranking of a text where words tell what its message is ``about`` (``aftercare.triage.elsewhere``).

    What reports or asks of something else is that kind of out of scope, as sure as it is of anything; who asks for a person,
    a price or a source still does. What is of ours is its likeliest question where another treatment stood in front.
    """
    asked = [one for one in ranking if one.name in OF_A_SIGN | OF_CARE]
    first = ranking[0]
    if about == OURS and asked and first.name == OUT_OF_SCOPE + OTHER_TREATMENT:
        first = Ranked(asked[0].name, first.confidence)
    elif about not in (None, OURS) and (first in asked or first.name == REPORT):
        first = Ranked(f"{OUT_OF_SCOPE}{about}", max(first.confidence, SURELY))
    return [first, *(one for one in ranking if one.name not in (first.name, ranking[0].name))]


def told(ranking: Sequence[Ranked], text: str, named: Collection[str]) -> list[Ranked]:
    """A ranking with ``as_told`` of its first in front; where a report ends in a question mark, with its first question."""
    first = as_told(ranking[0], text, named)
    if ranking[0].name == REPORT and ENDS_ASKING.search(text):
        asked = [one.name for one in ranking if one.name in OF_A_SIGN | OF_CARE]
        first = Ranked(asked[0], first.confidence) if asked else first
    return [first, *(ranked for ranked in ranking if ranked.name not in (first.name, ranking[0].name))]


def with_what_is_asked(whole: Sequence[Ranked], parts: Sequence[Sequence[Ranked]], sure: float) -> list[Ranked]:
    """The ranking of a whole message, weighed with that of the first part that surely asks something of care or of a sign.

    After a long story the whole is vague about the question at its end; the part alone knows nothing of the story. The
    confidences are the geometric means of both.
    """
    asking = [part for part in parts if part[0].name in OF_A_SIGN | OF_CARE and part[0].confidence >= sure]
    if not asking or whole[0].name not in OF_A_SIGN | OF_CARE:
        return list(whole)
    asked = {ranked.name: ranked.confidence for ranked in asking[0]}
    both = [Ranked(one.name, (one.confidence * asked.get(one.name, 0.0)) ** 0.5) for one in whole]
    return sorted(both, key=lambda one: -one.confidence)


def is_asked_again(before: Ranked, part: Ranked) -> bool:
    """Whether a part of a message seems to ask the kind of question that the part before it asks. Few do ("is that normal?
    and when can I wear makeup"); what was asked before colours the words after it."""
    return part.name == before.name and part.name in OF_A_SIGN | OF_CARE


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
