"""What is asserted of a finding: present, negated, historical, hypothetical, of another person (ConText rules as data).

The vocabulary is the field's: FORWARD, BACKWARD and BIDIRECTIONAL cues, PSEUDO cues that only look like one,
TERMINATE cues at which a scope ends (Harkema et al. 2009; medspacy). The cues are in data/knowledge/assertion.yml.
How far a negation reaches is in ``denial``, what is told of now or as over in ``tense``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aftercare.knowledge.base import Cue
from aftercare.triage import denial, tense
from aftercare.triage.language import Utterance
from aftercare.triage.needed_words import Sought

PRECEDENCE = ("idiom", "negated", "historical", "information", "hypothetical", "resolving", "uncertain")
"""Where several cues reach one finding, the first of these is its assertion."""


@dataclass(frozen=True)
class _Found:
    cue: Cue
    start: int
    end: int


FILLERS = frozenset(
    [
        "and", "or", "so", "but", "hi", "hey", "hello", "also", "just", "wondering", "ok", "okay", "quick", "question", "q",
        "well", "um", "please", "then", "like",
    ]
)  # fmt: skip
"""Words that may stand before the cue of a direction ``opening``."""
SAID_OF_IT = FILLERS | frozenset(
    ["all", "it", "they", "that", "both", "now", "was", "is", "are", "were", "has", "have", "had", "s", "'s", "i", "am", "'m",
     "completely", "totally", "nearly", "mostly", "soon", "everything"]
)  # fmt: skip
"""Words that may stand before the cue of a direction ``closing``."""
BEFORE = 3
"""Words before a finding that tell its tense."""
SHORT = 8
"""Words of a sentence that only says how the one before it ended ("Stopped after a minute.")."""
PRONOUNS = frozenset(["she", "he", "her", "his", "him", "she's", "he's"])
FIRST_PERSON = frozenset(["i", "my", "me", "mine"])
POINTING = frozenset(["the", "my", "mine", "these", "those", "this", "that", "its"])
"""'does the redness fade' speaks of one that is there; 'does redness fade' asks in general."""
DEALS_WITH = frozenset(
    ["help", "helps", "reduce", "stop", "treat", "fix", "heal", "calm", "ease", "settle", "lift", "cover", "remove", "lessen",
     "soothe", "shift", "clear", "making", "be", "still"]
)  # fmt: skip
"""'does ice help swelling': what is dealt with is there."""
ABOUT_MINE = frozenset(["my", "mine", "keep", "keeps", "keeping"])
MODALS = frozenset(["will", "would", "can", "could", "should", "does", "do", "did", "might", "is", "are"])
BODY = frozenset(
    ["face", "skin", "lip", "lips", "cheek", "cheeks", "eye", "eyes", "eyelid", "eyelids", "lid", "lids", "chin", "nose",
     "forehead", "mouth", "tongue", "throat", "neck", "heart", "hand", "hands", "chest", "ear", "ears", "jaw"]
)  # fmt: skip
"""'will my lips swell' points at the lips alone."""
LISTED = frozenset(
    [
        "told",
        "says",
        "say",
        "said",
        "list",
        "lists",
        "listed",
        "sheet",
        "leaflet",
        "website",
        "signs",
        "symptoms",
        "warned",
        "?",
    ]
)
"""Words of a sentence that lists signs nobody has said to have."""
OPENS_A_LIST = frozenset({"any", "anything", "got"})
"""First words of a question that somebody asks themselves, to answer it ("any pus or fever? no")."""

ANSWER_WITHIN = 3
"""Tokens, marks of punctuation most of all, between a sign and the "no" that answers it ("Fever? No.")."""


@dataclass(frozen=True)
class Asserted:
    """``label`` as in docs/architecture.md; ``other`` where it is another person's.

    Another's sign is ``other_person`` where it is over or told in general, and of its own label (``present`` most of all)
    where that person may need help now.
    """

    label: str
    other: bool


class Assertion:
    """Compiled cues."""

    def __init__(self, cues: Iterable[Cue], words: Callable[[str], tuple[str, ...]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], Cue]]] = {}
        self._patterns: list[tuple[Sought, Cue]] = []
        for cue in cues:
            if cue.direction == "terminate":
                continue
            self._patterns += [(Sought(p), cue) for p in cue.patterns]
            for phrase in cue.cues:
                sequence = words(phrase)
                self._by_first.setdefault(sequence[0], []).append((sequence, cue))

    def cues(self, utterance: Utterance, signs: frozenset[int]) -> list[_Found]:
        """The cues in a message; where two overlap the longer one stands, so that "not only" hides "not".

        ``signs`` are the tokens that signs are made of: a negation of another verb ("didn't sleep") is no cue.
        """
        found = [
            _Found(cue, i, i + len(sequence))
            for i, word in enumerate(utterance.words)
            for sequence, cue in self._by_first.get(word, ())
            if utterance.words[i : i + len(sequence)] == sequence
        ]
        text = utterance.doc.text  # spaCy joins it anew each time that it is asked
        lowered = text.lower()
        found += [
            f
            for pattern, cue in self._patterns
            for match in pattern.finditer(text, lowered)
            if (f := _covered(match, cue, utterance)) is not None
        ]
        found.sort(key=lambda f: (-(f.end - f.start), f.cue.direction != "pseudo", f.start))
        kept: list[_Found] = []
        for f in found:
            if not any(f.start < k.end and k.start < f.end and not _may_share(f, k) for k in kept):
                kept.append(f)
        return [f for f in kept if not _denies_nothing(f, signs, utterance)]

    def of(self, tokens: frozenset[int], utterance: Utterance, cues: list[_Found]) -> Asserted:
        """The assertion of the finding that stands on ``tokens``."""
        reaching = [f for f in cues if f.cue.direction not in ("pseudo", "cancel") and _reaches(f, tokens, utterance)]
        people = [
            f
            for f in reaching
            if f.cue.assertion == "other_person"
            and not _cancelled(f, tokens, utterance, cues)
            and not _on_oneself(tokens, utterance)
        ]
        reached = {f.cue.assertion for f in reaching}
        label = next((name for name in PRECEDENCE if name in reached), "present")
        if not people:
            return Asserted("negated" if "not_mine" in reached and label == "present" else label, False)
        if label in ("present", "uncertain", "resolving", "historical") and _of_their_past(
            tokens, people, reached, utterance, cues
        ):
            label = "other_person"
        return Asserted(label, True)


def _of_their_past(
    tokens: frozenset[int], people: list[_Found], reached: set[str], utterance: Utterance, cues: list[_Found]
) -> bool:
    """Whether another's sign is their history and not a call for help.

    It is where a time long ago is named, or where it is told in the past of somebody who can call for help themselves
    and nothing in the message says that it happens now. Who is only "she" or "he" is the one the message is written for.
    """
    if reached & {"historical", "over_for_another", "not_mine"}:
        return True
    if "dependent" in reached or not tense.past(tense.region(max(tokens), utterance), utterance):
        return False
    named = any(
        f.cue.assertion == "other_person" and f.cue.direction != "cancel" and utterance.words[f.start] not in PRONOUNS
        for f in cues
        if f.start <= max(p.start for p in people)
    )
    return named and not any(f.cue.assertion == "happens_now" and not _of_oneself(f, utterance) for f in cues)


def _on_oneself(tokens: frozenset[int], utterance: Utterance) -> bool:
    """Whether a sign is told to be on the patient ("somebody left tea stains on my cheekbones")."""
    last = max(tokens)
    return utterance.words[last + 1 : last + 3] in (("on", "my"), ("on", "me"), ("over", "my"), ("in", "my"))


def _of_oneself(found: _Found, utterance: Utterance) -> bool:
    """Whether a cue is said of the patient ("mine was today")."""
    clause = utterance.clause[found.start]
    return any(utterance.words[i] in FIRST_PERSON for i in range(found.start) if utterance.clause[i] == clause)


def _covered(match: re.Match[str], cue: Cue, utterance: Utterance) -> _Found | None:
    """The cue on the tokens that a match covers; None where it covers none."""
    inside = [t.i for t in utterance.doc if t.idx < match.end() and match.start() < t.idx + len(t)]
    return _Found(cue, inside[0], inside[-1] + 1) if inside else None


def _denies_nothing(found: _Found, signs: frozenset[int], utterance: Utterance) -> bool:
    if found.cue.assertion != "negated" or found.cue.direction != "forward":
        return False
    if found.end < len(utterance.words) and utterance.words[found.end] in tense.ENDS_OF_A_PART:
        return True  # it answers something
    if found.cue.denies_verb and denial.denies_another_verb(found.start, found.end, signs, utterance):
        return True
    return denial.undone(found.start, utterance)


def _may_share(one: _Found, two: _Found) -> bool:
    """Cues that may overlap: a pseudo cue hides only its own kind ("is this" is no "what if", and still uncertain), and
    person words and times go with anything ("my friend had")."""
    if "pseudo" in (one.cue.direction, two.cue.direction):
        return one.cue.assertion != two.cue.assertion
    if one.cue.assertion == two.cue.assertion:
        return one.cue.direction != two.cue.direction
    apart = {"other_person", "dependent", "happens_now", "over_for_another"}
    return one.cue.assertion in apart or two.cue.assertion in apart


def _reaches(found: _Found, tokens: frozenset[int], utterance: Utterance) -> bool:
    own = set(range(found.start, found.end))
    if own & tokens:  # a fixed expression holds the word that looks like a sign ("the bleeding obvious")
        whole = found.cue.direction == "expression" or found.cue.assertion == "idiom"
        return whole and max(tokens) in own
    return _REACHES[found.cue.direction](found, tokens, utterance)


def _forward(found: _Found, tokens: frozenset[int], utterance: Utterance) -> bool:
    last = max(tokens)
    if utterance.clause[found.start] != utterance.clause[last] or found.start >= last:
        return False
    if last - found.end >= found.cue.scope:
        return False
    return found.cue.assertion != "negated" or not denial.ends_before(found.end, tokens, utterance)


def _backward(found: _Found, tokens: frozenset[int], utterance: Utterance) -> bool:
    """In the same clause, and without a comma between: "red, pain free" denies the pain alone."""
    first, last = min(tokens), max(tokens)
    same = utterance.clause[found.start] == utterance.clause[last] and found.end > first
    near = found.start - last <= found.cue.scope
    return same and near and (found.cue.assertion == "historical" or "," not in utterance.words[last : found.start])


def _after(found: _Found, tokens: frozenset[int], utterance: Utterance) -> bool:
    """Everything after the cue in the same half of a sentence, up to where something is told as it is."""
    last = max(tokens)
    if utterance.region[found.start] != utterance.region[last] or found.start >= last:
        return False
    asks = found.cue.assertion == "information" or utterance.words[found.start] in MODALS
    if asks and _points_at(found, tokens, utterance):
        return False
    return found.cue.assertion not in ("hypothetical", "information") or not _told_as_it_is(found, tokens, utterance)


def _whole_sentence(found: _Found, tokens: frozenset[int], utterance: Utterance) -> bool:
    return utterance.sentence[found.start] == utterance.sentence[max(tokens)] and found.start < max(tokens)


def _opening(found: _Found, tokens: frozenset[int], utterance: Utterance) -> bool:
    asks = found.end < len(utterance.words) and utterance.words[found.end] not in ("not", "nt", "n't")
    return (
        asks
        and _opens(found.start, utterance)
        and _after(found, tokens, utterance)
        and not _points_at(found, tokens, utterance)
    )


def _points_at(found: _Found, tokens: frozenset[int], utterance: Utterance) -> bool:
    """Whether a question is about a sign that is there: "the redness", "help swelling", "spots keep coming on my chin"."""
    words, first, last = utterance.words, min(tokens), max(tokens)
    between = words[found.end : first]
    asked = set(words[found.start : first])
    if {"microneedling", "needling", "expect"} & asked:
        return False  # of the treatment, or of what may come
    if DEALS_WITH & set(between):
        return True
    after = [words[i] for i in range(last + 1, len(words)) if utterance.region[i] == utterance.region[last]]
    if ABOUT_MINE & set(after) or " i got" in " ".join(after) or " i have" in " ".join(after):
        return True
    pointed = between[-1:] or words[found.end - 1 : found.end]
    adjective = between[-2:-1] or (words[found.end - 1 : found.end] if between else ())
    return not BODY & {words[i] for i in tokens} and bool(POINTING & {*pointed, *adjective})


def _told_as_it_is(found: _Found, tokens: frozenset[int], utterance: Utterance) -> bool:
    """After the comma of a question or a fear somebody tells what they have: "would ice help, my lids are fat"."""
    own = tense.part(max(tokens), utterance)
    if found.start in own or own.start == 0 or utterance.words[own.start - 1] not in (",", "-", "–", "—", ":"):
        return False
    begins = utterance.words[own.start]
    return begins in denial.OPENS_A_STATEMENT and tense.of_now(own, utterance)


def _closing(found: _Found, tokens: frozenset[int], utterance: Utterance) -> bool:
    """How it ended: in the same sentence or the next short one, of what was not told as of now.

    "It bled in the chair, all done by noon"; "Few dots of blood. Stopped within a minute."
    """
    last = max(tokens)
    apart = utterance.sentence[found.start] - utterance.sentence[last]
    if found.start <= last or apart not in (0, 1) or not _opens_its_part(found.start, utterance):
        return False
    if apart and utterance.sentence.count(utterance.sentence[found.start]) > SHORT:
        return False
    own = tense.part(last, utterance)
    told = [i for i in own if i < found.start] if found.start in own else own
    return not tense.of_now(told, utterance)


def _answer(found: _Found, tokens: frozenset[int], utterance: Utterance) -> bool:
    """The "no" that answers a sign named just before: "Fever? No.", "spots: none"; or all that the question before it
    names: "any pus or fever? no"."""
    between = utterance.words[max(tokens) + 1 : found.start]
    own = utterance.sentence[max(tokens)]
    first = utterance.words[utterance.sentence.index(own)]
    if first in OPENS_A_LIST and between and between[-1] == "?" and utterance.sentence[found.start] == own + 1:
        return True
    return (
        found.start > max(tokens)
        and len(between) <= ANSWER_WITHIN
        and not any(word.isalpha() for word in between)
        and "." not in between
    )


def _list(found: _Found, tokens: frozenset[int], utterance: Utterance) -> bool:
    """All that was listed before: "your sheet says pus, fever, streaks. I have none of it"."""
    last = max(tokens)
    near = utterance.sentence[found.start] - utterance.sentence[last] in (0, 1)
    if found.start < last or not near:
        return False
    own = [i for i, number in enumerate(utterance.sentence) if number == utterance.sentence[last]]
    listed = bool(LISTED & {utterance.words[i] for i in own})
    return listed or not tense.of_now(tense.part(last, utterance), utterance)


def _bidirectional(found: _Found, tokens: frozenset[int], utterance: Utterance) -> bool:
    if utterance.region[found.start] != utterance.region[max(tokens)]:
        return False
    return found.cue.assertion != "historical" or not _of_now_beside(found, tokens, utterance)


def _of_now_beside(found: _Found, tokens: frozenset[int], utterance: Utterance) -> bool:
    """Whether a sign beside a time long ago is of now all the same: "still red from my session last month"."""
    first, last = min(tokens), max(tokens)
    own = tense.part(last, utterance)
    between = range(max(min(found.start, first) - BEFORE, own.start), max(found.end, last + 1))
    region = tense.region(last, utterance)
    if found.start not in own and not (tense.past(own, utterance) or tense.past(region, utterance)):
        return True
    near = between if found.start in own else region
    return tense.of_now([i for i in near if not found.start <= i < found.end], utterance)


def _opens(start: int, utterance: Utterance) -> bool:
    """Whether a cue begins its clause, fillers aside."""
    clause = utterance.clause[start]
    before = [utterance.words[i] for i in range(start) if utterance.clause[i] == clause]
    return all(word in FILLERS or not word.isalpha() for word in before)


def _opens_its_part(start: int, utterance: Utterance) -> bool:
    first = tense.part(start, utterance).start
    joined = [i + 1 for i in range(first, start) if utterance.words[i] in ("but", "and")]
    return all(utterance.words[i] in SAID_OF_IT for i in range(joined[-1] if joined else first, start))


_REACHES: dict[str, Callable[[_Found, frozenset[int], Utterance], bool]] = {
    "forward": _forward,
    "backward": _backward,
    "bidirectional": _bidirectional,
    "sentence": _after,
    "whole_sentence": _whole_sentence,
    "opening": _opening,
    "closing": _closing,
    "answer": _answer,
    "list": _list,
    "expression": lambda found, tokens, utterance: False,
    "message": lambda found, tokens, utterance: False,
}


def _cancelled(person: _Found, tokens: frozenset[int], utterance: Utterance, cues: list[_Found]) -> bool:
    """Another person only speaks of the patient ("my husband says my face is swollen")."""
    return any(
        f.cue.direction == "cancel"
        and person.end <= f.start
        and f.start < max(tokens)
        and not set(range(f.start, f.end)) & tokens
        for f in cues
    )
