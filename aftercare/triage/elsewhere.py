"""Whether a message is about another treatment, or about an animal, and not about ours.

Patients ask a clinic's chat about all that was done to them, in the words of aftercare ("lash lift at 3 today, may I get them
wet?"). What our guide says of those words is about our treatment, so it is no answer to them. The rule asks for words that say
that the other treatment was done or is theirs; who asks for leave to have one ("can I get botox?") asks about ours, and so does
whoever names our treatment or counts its days. Its flags are raised whatever a message is about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from aftercare.knowledge.elsewhere import ElsewhereWords

OTHER_TREATMENT, OFF_TOPIC = "other_treatment", "off_topic"
"""What a message may be about instead: kinds of out of scope."""
OURS = "ours"
"""Of a message that names another treatment and is about ours ("can I have botox on day 5?")."""

_FILL = r"(?:[\w'’-]+\s+)"
_WORD_NUMBER = r"(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|few|couple(?:\s+of)?)"
_RECENTLY = (
    rf"(?:yesterday|today|tonight|this\s+(?:morning|afternoon|evening|week)|last\s+(?:night|week|\w+day)|earlier"
    rf"|{_WORD_NUMBER}\s+(?:mins?|minutes?|hrs?|hours?|days?|wks?|weeks?)\s+(?:ago|back))"
)
_BEFORE = re.compile(
    rf"\b(?:after|since|following|from|post|had|having|have\s+had|got|gotten|getting\s+over|recover\w*\s+from|heal\w*\s+from)[\s-]+{_FILL}{{0,4}}(?<!\bthe\s)$",
    re.IGNORECASE,
)
"""Says before the name that it was done, or supposes it."""
_OWNED = re.compile(rf"\b(?:my|his|her|our|their|new|fresh)\s+{_FILL}{{0,2}}$", re.IGNORECASE)
"""Says that it is somebody's."""
_DONE = re.compile(
    rf"^{_FILL}{{0,3}}(?:done\b|{_RECENTLY}|(?:is|are|was|were|has|have|keeps?)\s+(?:\w+ing|gone|come|swollen|sore|red|bruised|itchy)\b)"
    r"|^\W{0,3}(?:day|d|week|wk)\s?#?\s?(?:\d+|one|two|three|four|five|six)\b",
    re.IGNORECASE,
)
"""Says after the name that it was done."""
_TO_COME = re.compile(r"\b(?:next|tomorrow|tmrw|upcoming|book\w*|soon|in\s+\d+\s+(?:days?|weeks?))\b", re.IGNORECASE)
"""Says after the name that it is to come."""
_LEAVE = re.compile(
    r"\b(?:can|could|may|should|shall|when|ok|okay|safe|fine|allowed|able|going\s+to|want|wanna|thinking|plan\w*|book\w*|before|if|would|will|next"
    r"|tomorrow|upcoming)\b",
    re.IGNORECASE,
)
"""Asks before the name for leave to have it, or speaks of what is to come."""
_LONG_AGO = re.compile(
    r"\b(?:months?|years?|yrs?)\s+(?:ago|back)|\blast\s+(?:month|year|summer|winter|spring|autumn|fall)|\bin\s+(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)"
    r"|\bin\s+the\s+\w+ties\b"
    r"|\b(?:mum|mom|mother|wife|husband|sister|brother|friend|mate|aunt|aunty|auntie|cousin|colleague|she|he|once|at\s+the\s+time)\b"
    r"|\b(?:used\s+to|previously|always|ever|also|as\s+well|than|never|instead|compared|similar|history)\b|\btoo\W*$|\blike\s+(?:an?\s+)?$",
    re.IGNORECASE,
)
"""Tells it for history's sake, of somebody else, beside something else, or compares with it."""
_OUR_DAY = re.compile(
    r"\b(?:day|d)\s?#?\s?(?:\d+|zero|one|two|three|four|five|six|seven|eight|nine|ten)\b"
    r"|\b(?:first|second|third|fourth|fifth|sixth|seventh|1st|2nd|3rd|[4-9]th)\s+day\b|\b(?:days?|hours?|hrs?|weeks?)\s+(?:after|later|post|in|on|out)\b\s*(?:[,.;:!?]|$)",
    re.IGNORECASE,
)
"""Counts the days of our treatment, which need no name here."""
_YOUR_WORK = re.compile(
    r"\b(?:you|u|your\s+\w+|the\s+nurse|nurse)\s+(?:guys\s+)?(?:did|gave|said|told|put|used)\b", re.IGNORECASE
)
_TREATED_PART = re.compile(
    r"\b(?:my|her|his)\s+(?:\w+\s+)?(?:face|skin|cheeks?|forehead|neck|chin|jaw)\b", re.IGNORECASE
)
_WITH_YOU = re.compile(
    r"\b(?:left|with|at|in\s+with|by)\s+(?:you|your\s+(?:place|clinic))\b|\bi\s+came\s+in\b", re.IGNORECASE
)
"""What the clinic did or said, the part that was treated, and that one was there: words that leave open what is meant."""
_OFFERED = re.compile(
    r"\b(?:do|does|can|could|would)\s+(?:you|u|ye|yous|they|the\s+clinic)\b|\boffer|\bprice|\bcost|\bhow\s+much\b|\bbook(?:ing)?\s+(?:in|a|an)\b|£|\$",
    re.IGNORECASE,
)
"""Asks whether it is done here, or for how much."""
_CLAUSE_END = re.compile(r"[.!?;:\n]+(?:\s|$)|,\s")
_OF_ANIMALS = r"(?:has|have|had|keeps?|is|was|are|got|gets|needs?|ate|scratch\w*|lick\w*|itch\w*|won['’]?t)\b"
_OPENING = r"(?:(?:hi|hiya|hello|hey|ok|okay|so|well|please|pls|sorry|my|our|the|his|her|a|mum['’]?s|neighbou?r['’]?s)\W+){0,4}(?:\w+\W+)?"


class Elsewhere:
    """Tells what messages are about, by the words of a knowledge base (``data/knowledge/elsewhere.yml``). Build once; pure."""

    def __init__(self, words: ElsewhereWords) -> None:
        self._treatment = re.compile(
            rf"\b(?:{_any_of(words.other_treatments)})(?:e?s)?\b(?:\s+(?:treatment|procedure|session|appointment)s?\b)?",
            re.IGNORECASE,
        )
        self._with_its_day = re.compile(rf"{self._treatment.pattern}(?:\W{{0,3}}{_OUR_DAY.pattern})?", re.IGNORECASE)
        self._animal = re.compile(
            rf"(?:^|[.!?\n]\s*){_OPENING}(?:{_any_of(words.animals)})s?(?:['’]s)?\s+{_OF_ANIMALS}", re.IGNORECASE
        )
        self._ours = re.compile(rf"\b(?:{_any_of(words.ours)})s?\b", re.IGNORECASE)
        self._of_any = re.compile(rf"\b(?:{_any_of(words.of_any_treatment)})s?\b", re.IGNORECASE)

    def of(self, text: str) -> str | None:
        """What a message is about that names another treatment or an animal: ``OTHER_TREATMENT`` or ``OFF_TOPIC`` where it is that,
        ``OURS`` where words speak for our treatment, None where nothing tells."""
        named = list(self._treatment.finditer(text))
        rest = self._with_its_day.sub(lambda found: " " * len(found.group()), text)
        if self._ours.search(rest) or _OUR_DAY.search(rest):
            return OURS if named and not _OFFERED.search(text) else None
        if any(told.search(rest) for told in (self._of_any, _YOUR_WORK, _TREATED_PART, _WITH_YOU)):
            return None
        if any(_is_the_matter(text, found.start(), found.end()) for found in named):
            return OTHER_TREATMENT
        return OFF_TOPIC if self._animal.match(text) else None


def _is_the_matter(text: str, start: int, end: int) -> bool:
    """Whether what is named between two characters was done, or is somebody's that is asked about."""
    ends = [found.end() for found in _CLAUSE_END.finditer(text, 0, start)]
    before = text[ends[-1] if ends else 0 : start]
    closing = _CLAUSE_END.search(text, end)
    after = text[end : closing.start() if closing else len(text)].lstrip()
    if _LONG_AGO.search(before) or _LONG_AGO.search(after) or _OFFERED.search(before):
        return False
    if _BEFORE.search(before):
        return True
    if _LEAVE.search(before) or _TO_COME.search(after):
        return False
    return bool(_OWNED.search(before) or _DONE.search(after))


def _any_of(words: Sequence[str]) -> str:
    """A pattern for any of the words, the longest first; blanks may be hyphens or missing."""
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\*", r"\w*").replace(r"\ ", r"[\s-]?") for word in ordered)
