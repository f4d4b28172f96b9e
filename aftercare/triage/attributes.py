"""Where a sign is, on which side, how many there are and how large, as a message tells it. Staff read it; no rule goes by it.

Names as in HL7 FHIR (body site, laterality). A place belongs to the sign next to it in its clause, and "it is mostly on my chin"
to the sign that was told of before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from aftercare.knowledge.attributes import AttributeWords
from aftercare.triage.language import Utterance
from aftercare.triage.temperature import body_temperatures

BOTH, ONE = "both", "one"
SIDES = {"left": "left", "right": "right", "both": BOTH, "each": BOTH, "either": BOTH, "two": BOTH, "one": ONE}
HALVES = frozenset({"side", "sides", "half", "hand", "corners"})
BESIDE_A_SIDE = frozenset({"of", "my", "the", "her", "his", "upper", "lower", "inner", "outer"})
"""Words between a side and its place ("both of my cheeks")."""
ENDS_A_PLACE = frozenset(
    {"and", "or", "but", "of", "too", "only", "now", "is", "has", "are", "since", "near", "by", "with", "when", "where", "while", "after",
     "today", "than", "one", "there"}
)  # fmt: skip
"""What may follow a side that no place is named with ("on the left and ...")."""
SIDE_WITHIN = 3
"""Words between a place and the side behind it, at most."""
IN_ONE_BREATH = frozenset(
    {",", "and", "&", "n", "or", "/", "+", "plus", "with", "w", "my", "the", "a", "an", "some", "his", "her", "also", "bit", "of", "both",
     "very", "really", "so", "quite", "little", "lot", "down", "on", "around", "in", "at", "under", "toward", "towards", "to", "bad"}
)  # fmt: skip
"""Words between two places, or two signs, that are told together."""
PREPOSITIONS = frozenset(
    {"on", "in", "at", "around", "near", "under", "along", "across", "over", "between", "below", "above", "behind", "by", "round",
     "inside", "down", "up", "beside", "to", "onto", "into", "from", "all"}
)  # fmt: skip
VERBS = frozenset(
    {"is", "are", "'s", "was", "were", "has", "have", "had", "feels", "feel", "looks", "look", "got", "gets", "become", "became", "keeps",
     "keep", "started", "went", "seems", "still", "turned", "stays", "gone", ":", "hurts", "stings", "itches", "burns", "peels"}
)  # fmt: skip
AGAINST = 6
"""Words that a sign is farther away on the side that grammar speaks against: "on my chin" belongs to what stands before it, "my
chin is" to what follows."""
POINTS_BACK = PREPOSITIONS | IN_ONE_BREATH | frozenset(
    {"mostly", "looks", "look", "about", "roughly", "approx", "each", "size", "mainly", "especially", "particularly", "only", "just", "it",
     "its", "'s", "they", "these", "those", "this", "that", "is", "are", "'re", "more", "worse", "worst", "but", "not", "everywhere",
     "there", "them", "right", "left", "one", "side", "sides", "which", "be", "was", "now", "starts", "started", "mine", "maybe", "think", "whole", "far"}
)  # fmt: skip
"""Words before a place that is told of an earlier sign."""
APART = {
    ",": 4, ";": 8, "but": 9, "though": 9, "although": 9, "however": 9, "while": 9, "whereas": 9, "and": 2, "which": 2,
}  # fmt: skip
"""What some words between two others count for; any other counts for one."""
NEXT_TO = 3
"""Words between a sign and the place behind it, at most, where the message goes on about both ("the spots on my chin are oozing")."""
TOO_FAR = 20
"""The distance from which a place belongs to no sign of its sentence."""
DENYING = frozenset({"no", "not", "nothing"})
WELL = DENYING | frozenset(
    {"fine", "ok", "okay", "good", "clear", "great", "perfect", "normal", "healed", "grand", "alright"}
)  # fmt: skip
"""Words by which a place is said to have no sign."""
WELL_WITHIN = 4
"""Words behind a place in which that is said, at most."""
SAID_LIGHTLY = frozenset(
    {"all", "totally", "completely", "mostly", "now", "looks", "absolutely", "pretty", "just", "both", "itself", "came", "out", "too",
     "weirdly", ","}
)  # fmt: skip
"""Words between a place and that it is well."""
NUMBERS = {word: n for n, word in enumerate(
    ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
)} | {"couple": 2, "pair": 2, "single": 1, "fifteen": 15, "twenty": 20, "thirty": 30, "dozen": 12}  # fmt: skip
ONE_OF_IT = frozenset({"a", "an", "the", "my", "this", "that", "another"})
"""Before a sign that can be counted and stands in the singular: there is one."""
PRONOUNS, PRONOUN_WITHIN = frozenset({"it", "they", "them", "these", "those"}), 3
"""Words that stand for a sign told before, and how far they stand before another one."""
COUNTING = frozenset({"maybe", "about", "around", "like", "count", "counted", "probably", "roughly", "or"})
"""Before a number that counts what was told before."""
ADJECTIVES_FIRST = 2
"""Words before a sign that opens a sentence, at most: "small lump on my jaw" is one."""
STOPS = frozenset({".", "has", "have"})
"""No number before one of these counts what follows it."""
COUNTED_WITHIN = 4
"""Words between a number and what it counts, at most ("three of these really sore spots")."""
SIZE_WITHIN = 2
"""Words between "small" and the sign that it is said of, at most, and that sign."""
COUNTS_ELSE = re.compile(
    r"days?|d|hours?|hrs?|h|weeks?|wks?|months?|years?|yrs?|min\w*|mm|cm|inch\w*|times?|sessions?|percent|%|am|pm|degrees?|out|x|[ap]\.?m\.?"
    r"|stone|kg|ml|st|nd|rd|th|treatments?|passes|['\"°/.:,;]|side|cheek|eye|eyelid|lip|point|and|in|on|since"
)
"""After a number: it counts no sign."""
MEASURE = re.compile(
    r"(?<![\w.,])(?:\d+(?:[.,]\d+)?\s*(?:-|–|to|or)\s*)?(?P<n>\d+(?:[.,]\d+)?|half(?:\s+an?)?|an?|one|two|three|four|five|six|ten)"
    r"[\s-]{0,3}(?P<unit>mm|millimet(?:er|re)s?|cms?|centimet(?:er|re)s?|inch(?:es)?)\b",
    re.IGNORECASE | re.ASCII,
)
IN_MILLIMETRES = {"m": 1.0, "c": 10.0, "i": 25.4}
LENGTHS = {"half": 0.5, "a": 1, "an": 1} | {word: n for word, n in NUMBERS.items() if n < 11}
OF_NEEDLES = re.compile(r"\b(needles?|needling|depth|deep|roller|\w*pen|settings?|tips?|hair|garden)\b", re.IGNORECASE)
AROUND = 25
"""Characters beside a length in which needles are looked for."""
DOUBLE = re.compile(
    r"\b(?:twice|double|two times|2 times|2x|doubled in)\s+(?:(?:(?:its|it's|their|the|his|her|my|normal|usual|in)\s+)*sizes?|bigger|larger"
    r"|as (?:big|large|fat)|what (?:it|they))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Attributes:
    """``sites`` are names of attributes.yml; ``side`` is left, right, both or one; ``count`` a whole number, few or many; ``size``
    millimetres ("12 mm"), a thing that it is compared with, double, or tiny, small or big; ``celsius`` a body temperature."""

    sites: tuple[str, ...] = ()
    side: str | None = None
    count: str | None = None
    size: str | None = None
    celsius: float | None = None

    def as_told(self) -> dict[str, Any]:
        """Those that are told, as JSON values."""
        return {name: list(value) if name == "sites" else value for name, value in asdict(self).items() if value}


class _Told(NamedTuple):
    """A place, a count or a size and the tokens it stands on (``end`` is the first behind it)."""

    start: int
    end: int
    value: Attributes


Span = tuple[int, int]


class AttributeReader:
    """Finds what is told of the signs of a message."""

    def __init__(self, words: AttributeWords) -> None:
        self._countable = words.one | words.more
        self._one = words.one
        phrases = {tuple(word.split()): site for site, named in words.sites.items() for word in named}
        self._sites = phrases
        self._longest = max(map(len, phrases))
        self._amounts = {word: "few" for word in words.few} | {word: "many" for word in words.many}
        self._sizes = {word: size for size, named in words.sizes.items() for word in named}
        things = "|".join(re.escape(one) for one in sorted(words.likened, key=len, reverse=True))
        self._likened = re.compile(
            rf"\b(?:size of|sized? (?:like|as)|(?:big(?:ger)?|large(?:r)?|small(?:er)?|wide|fat) (?:as|than|like)|like|size\s+(?:is\s+)?(?:same\s+)?(?:like|as)|same (?:like|as))"
            rf"\s+(?:(?:an?|my|the|your|half an?|little|small|about)\s+)*(?:\w+\s+){{0,2}}(?P<a>{things})s?\b|\b(?P<b>{things})[\s-]+(?:sized?|size)\b",
            re.IGNORECASE,
        )

    def of(self, utterance: Utterance, signs: Sequence[Span]) -> list[Attributes]:
        """What is told of each sign. ``signs`` are the characters at which they begin and end."""
        if not utterance.words:
            return [Attributes()] * len(signs)
        spans = [_tokens(utterance, *sign) for sign in signs]
        # A lump that nobody knows for a sign keeps its place and size to itself.
        unknown = [i for i, word in enumerate(utterance.words) if word in self._countable]
        spans += [(i, i + 1) for i in unknown if not any(start <= i < end for start, end in spans)]
        found = [Attributes()] * len(spans)
        for place in _together(self._places(utterance), utterance):
            for i in _owners(place, spans, utterance):
                found[i] = _with_place(found[i], place.value)
        placed = [i for i in range(len(spans)) if found[i].sites]
        for i, span in enumerate(spans):
            mate = next(
                (n for n in placed if _in_one_breath(span, spans[n], utterance)),
                _of_the_same(span, spans, placed, utterance),
            )
            if mate is not None and not found[i].sites:
                found[i] = _with_place(found[i], found[mate])
        for told in self._counts(utterance):
            noun = _at(_Told(told.end - 1, told.end, told.value), spans) or _at(told, spans)
            alone = told.end - told.start == 1  # "spots, dozens"
            several = [
                i
                for i, span in enumerate(spans)
                if any(word in self._countable for word in utterance.words[slice(*span)])
            ]
            for i in [i for i in _owners(told, spans, utterance) if i in several] if alone else noun:
                found[i] = replace(found[i], count=told.value.count)
        for told in self._measured(utterance):
            for i in _owners(told, spans, utterance):
                found[i] = replace(found[i], size=found[i].size or told.value.size)
        for told in self._adjectives(utterance):
            for i in _at(told, spans):
                found[i] = replace(found[i], size=found[i].size or told.value.size)
        for measured in body_temperatures(utterance.text):
            for i, (start, end) in enumerate(signs):
                if start < measured.end and measured.start < end:
                    found[i] = replace(found[i], celsius=round(measured.celsius, 1))
        return found[: len(signs)]

    def _places(self, utterance: Utterance) -> Iterator[_Told]:
        words = utterance.words
        at = 0
        while at < len(words):
            lengths = range(min(self._longest, len(words) - at), 0, -1)
            end = next((at + n for n in lengths if words[at : at + n] in self._sites), None)
            if end is not None:
                first, side = _side_before(at, words)
                yield _Told(first, end, Attributes((self._sites[words[at:end]],), side or _side_within(words[at:end])))
                at = end
            elif words[at] in SIDES and self._is_side(at, words):
                yield _Told(at, at + 1, Attributes((), SIDES[words[at]]))
                at += 1
            else:
                at += 1

    def _is_side(self, at: int, words: Sequence[str]) -> bool:
        """Whether a word tells a side though it stands before no place: "on the left side", "worse on the right", "both"."""
        after = words[at + 1] if at + 1 < len(words) else "."
        if after in HALVES:
            return True
        if words[at] == "both":
            return not after.isalpha() or words[at + 1 : at + 3] == ("of", "them")
        if words[at] not in ("left", "right"):
            return False
        near = any((word,) in self._sites for word in words[max(at - SIDE_WITHIN, 0) : at])
        if near and words[max(at - 2, 0) : at] == ("on", "the"):
            return True  # "my brow on the right droops"
        if after.isalpha() and after not in ENDS_A_PLACE:
            return False
        led_in = at > 0 and words[at - 1] in ("on", "my", "the")
        return near or led_in  # "my eyelid, right, is up", "worse on the left"

    def _counts(self, utterance: Utterance) -> Iterator[_Told]:
        words = utterance.words
        for noun, word in enumerate(words):
            if word not in self._countable:
                continue
            first = max(noun - COUNTED_WITHIN - 1, 0)
            near = [i for i in range(first, noun) if utterance.clause[i] == utterance.clause[noun]]
            stop = max((i for i in near if words[i] in self._countable or words[i] in STOPS), default=-1)
            told = [(i, count) for i in near if i > stop for count in (self._count(i, noun, words),) if count]
            opens = (
                utterance.sentence[noun] != utterance.sentence[max(noun - ADJECTIVES_FIRST - 1, 0)]
                or noun <= ADJECTIVES_FIRST
            )
            if told:
                yield _Told(told[-1][0], noun + 1, Attributes(count=told[-1][1]))
            elif word in self._one and opens and not any(words[i] in IN_ONE_BREATH for i in near):
                yield _Told(noun, noun + 1, Attributes(count="1"))  # "small lump on my jaw"
        for at, word in enumerate(words):
            count = self._amounts.get(word) or self._number(word)
            if count and self._stands_alone(at, utterance):
                yield _Told(at, at + 1, Attributes(count=count))

    def _stands_alone(self, at: int, utterance: Utterance) -> bool:
        """Whether a number or amount counts what was told before: "spots, dozens", "maybe five of them", "I count four"."""
        words = utterance.words
        if words[at + 1 : at + 3] == ("of", "them"):
            return True
        ends = at + 1 == len(words) or not (utterance.doc[at + 1].is_alpha or utterance.doc[at + 1].like_num)
        lead = words[at - 1] if at else ""
        amount = words[at] in self._amounts and (not lead.isalpha() or lead == "a")
        return bool(
            at and ends and (amount or lead in COUNTING or (lead == "a" and at > 1 and words[at - 2] in COUNTING))
        )

    @staticmethod
    def _number(word: str) -> str | None:
        number = int(word) if word.isdecimal() and len(word) < 3 else NUMBERS.get(word)
        return str(number) if number else None

    def _count(self, at: int, noun: int, words: Sequence[str]) -> str | None:
        word, after = words[at], words[at + 1] if at + 1 < len(words) else ""
        if word in ONE_OF_IT:
            return "1" if words[noun] in self._one and after not in self._amounts and after not in NUMBERS else None
        if word in self._amounts:
            return self._amounts[word]
        if COUNTS_ELSE.fullmatch(after):
            return None
        return None if at and words[at - 1] in ("day", "week", "session", "number", "#") else self._number(word)

    def _measured(self, utterance: Utterance) -> Iterator[_Told]:
        text = utterance.text
        for m in MEASURE.finditer(text):
            if not OF_NEEDLES.search(text[max(0, m.start() - AROUND) : m.end() + AROUND]):
                number = m["n"].lower().split()[0].replace(",", ".")
                length = LENGTHS[number] if number in LENGTHS else float(number)
                millimetres = length * IN_MILLIMETRES[m["unit"][0].lower()]
                yield _Told(*_tokens(utterance, *m.span()), Attributes(size=f"{millimetres:.0f} mm"))
        for m in self._likened.finditer(text):
            yield _Told(*_tokens(utterance, *m.span()), Attributes(size=(m["a"] or m["b"]).lower()))
        for m in DOUBLE.finditer(text):
            yield _Told(*_tokens(utterance, *m.span()), Attributes(size="double"))

    def _adjectives(self, utterance: Utterance) -> Iterator[_Told]:
        words = utterance.words
        for at, word in enumerate(words):
            if word in self._sizes and (words[max(at - 1, 0)] not in ("a", "too") or self._names_next(at, words)):
                yield _Told(at, min(at + 1 + SIZE_WITHIN, len(words)), Attributes(size=self._sizes[word]))

    def _names_next(self, at: int, words: Sequence[str]) -> bool:
        """Whether what can be counted follows: "a little spot" is small, "a little red" is not."""
        return any(word in self._countable for word in words[at + 1 : at + 1 + SIZE_WITHIN])


def _tokens(utterance: Utterance, start: int, end: int) -> Span:
    """The tokens that stand on characters."""
    inside = [i for i, token in enumerate(utterance.doc) if start < token.idx + len(token) and token.idx < end]
    return (inside[0], inside[-1] + 1) if inside else (0, 0)


def _side_before(at: int, words: Sequence[str]) -> tuple[int, str | None]:
    """The side that a place has in the words before it, and where these begin: "left upper cheek", "both of my eyes"."""
    first = at
    while first and at - first < 3 and words[first - 1] in BESIDE_A_SIDE | HALVES:
        first -= 1
    if first and words[first - 1] in SIDES:
        no_side = words[first - 1] == "right" and words[at] in PREPOSITIONS  # "right under my eye"
        return (at, None) if no_side else (first - 1, SIDES[words[first - 1]])
    return at, None


def _side_within(words: Sequence[str]) -> str | None:
    return next((SIDES[word] for word in words if word in SIDES), None)


def _together(places: Iterator[_Told], utterance: Utterance) -> list[_Told]:
    """Places that are told in one breath as one ("cheeks, nose and chin")."""
    joined: list[_Told] = []
    for place in places:
        between = utterance.words[joined[-1].end : place.start] if joined else ()
        near = joined and utterance.region[joined[-1].start] == utterance.region[place.start]
        goes_on = (
            between == (",",) and utterance.words[place.end : place.end + 1] and utterance.words[place.end] in VERBS
        )
        apart = "," in between and not PREPOSITIONS.isdisjoint(between)  # "on the nose, and on the right cheek a patch"
        if near and not goes_on and not apart and all(word in IN_ONE_BREATH for word in between):
            joined[-1] = _Told(joined[-1].start, place.end, _with_place(joined[-1].value, place.value))
        else:
            joined.append(place)
    return joined


def _with_place(sign: Attributes, place: Attributes) -> Attributes:
    sides = {sign.side, place.side} - {None}
    side = (BOTH if len(sides) > 1 else next(iter(sides))) if sides else None
    return replace(sign, sites=tuple(dict.fromkeys((*sign.sites, *place.sites))), side=side)


def _at(told: _Told, spans: Sequence[Span]) -> list[int]:
    """The signs whose words overlap."""
    return [i for i, (start, end) in enumerate(spans) if start < told.end and told.start < end]


def _owners(told: _Told, spans: Sequence[Span], utterance: Utterance) -> list[int]:
    """The signs that something is told of: the nearest of its sentence, else the last one of the sentence before where the words
    point back to it ("mostly on my chin") or hold nothing else ("Arms, belly, legs.")."""
    if told.value.sites and _is_well(told, utterance):
        return []
    sentence = utterance.sentence[told.start]
    far = [_distance(told, span, utterance) if utterance.sentence[span[0]] == sentence else TOO_FAR for span in spans]
    nearest = min(far, default=TOO_FAR)
    if nearest < TOO_FAR:
        return [i for i in range(len(spans)) if far[i] == nearest]
    previous = max(
        (
            utterance.sentence[i]
            for i in range(told.start)
            if utterance.doc[i].is_alpha and utterance.sentence[i] != sentence
        ),
        default=None,
    )
    before = [span for span in spans if utterance.sentence[span[1] - 1] == previous]
    own = [
        i for i in range(len(utterance.words)) if utterance.sentence[i] == sentence and not told.start <= i < told.end
    ]
    leads = [utterance.words[i] for i in own if i < told.start]
    if not before or not all(
        utterance.words[i] in POINTS_BACK or not utterance.doc[i].is_alpha for i in own if not leads or i < told.start
    ):
        return []
    last = max(before, key=lambda span: span[1])
    return [i for i, span in enumerate(spans) if span in before and _in_one_breath(span, last, utterance)]


def _is_well(place: _Told, utterance: Utterance) -> bool:
    """Whether a place is said to have no sign ("the left cheek is fine")."""
    words = utterance.words[place.end : place.end + WELL_WITHIN]
    verbs = next((n for n, word in enumerate(words) if word not in VERBS and word not in SAID_LIGHTLY), len(words))
    if verbs == len(words) or words[verbs] not in WELL:
        return False
    if words[verbs] not in DENYING:
        return True
    following = words[verbs + 1] if verbs + 1 < len(words) else ""
    if words[verbs] == "not" and following.isalpha():
        return False  # "the crusts on my chin are not moving"
    compares = following in ("bigger", "larger", "more", "better")  # "on my lid, no bigger than a pea"
    return "," not in words[:verbs] and not compares  # "along the jaw, no pain" denies the pain alone


def _distance(told: _Told, span: Span, utterance: Utterance) -> int:
    """How far a sign is from what may be told of it: the words between, with more for a comma or "but", and where grammar
    speaks against it."""
    start, end = span
    words = utterance.words
    if start < told.end and told.start < end:
        return 0
    first, last = (end, told.start) if end <= told.start else (told.end, start)
    far = sum(APART.get(word, 1) for word in words[first:last])
    if not told.value.sites:
        return far
    lead = told.start
    while lead and words[lead - 1] in BESIDE_A_SIDE | {"a", "this", "whole", "entire", "all"}:
        lead -= 1
    led_in = lead > 0 and words[lead - 1] in PREPOSITIONS
    opens = led_in and (lead < 2 or not utterance.doc[lead - 2].is_alpha or words[lead - 2] in ("and", "but"))
    goes_on = words[told.end : told.end + 1] and words[told.end] in VERBS
    if goes_on and led_in and not opens and far <= NEXT_TO:
        return 0  # "the spots on my chin are oozing" tells of both
    against = opens or (goes_on and not led_in) if end <= told.start else led_in and not opens and not goes_on
    return far + (AGAINST if against else 0)


def _of_the_same(span: Span, spans: Sequence[Span], placed: Sequence[int], utterance: Utterance) -> int | None:
    """The sign that a pronoun before another one stands for ("spots on my chin and they itch")."""
    words = utterance.words
    start = span[0]
    lead = [
        words[i] for i in range(max(start - PRONOUN_WITHIN, 0), start) if utterance.clause[i] == utterance.clause[start]
    ]
    before = [
        i for i in placed if spans[i][1] <= start and utterance.sentence[start] - utterance.sentence[spans[i][0]] <= 1
    ]
    return max(before, key=lambda i: spans[i][1]) if before and not PRONOUNS.isdisjoint(lead) else None


def _in_one_breath(one: Span, other: Span, utterance: Utterance) -> bool:
    """Whether two signs overlap or stand together ("redness and swelling")."""
    first, second = sorted((one, other))
    between = range(first[1], second[0])
    return all(utterance.words[i] in IN_ONE_BREATH for i in between)
