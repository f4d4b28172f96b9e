"""What is asserted of a finding: present, negated, historical, hypothetical, of another person (ConText rules as data).

The vocabulary is the field's: FORWARD, BACKWARD and BIDIRECTIONAL cues, PSEUDO cues that only look like one,
TERMINATE cues at which a scope ends (Harkema et al. 2009; medspacy). The cues are in data/knowledge/assertion.yml.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from aftercare.knowledge.base import Cue
from aftercare.triage.language import Utterance

PRECEDENCE = ("idiom", "negated", "historical", "information", "hypothetical", "resolving", "uncertain")
"""Where several cues reach one finding, the first of these is its assertion."""


@dataclass(frozen=True)
class _Found:
    cue: Cue
    start: int
    end: int


FILLERS = frozenset(
    [
        "and",
        "or",
        "so",
        "but",
        "hi",
        "hey",
        "hello",
        "also",
        "just",
        "wondering",
        "ok",
        "okay",
        "quick",
        "question",
        "q",
        "well",
        "um",
        "please",
        "then",
        "like",
    ]
)
"""Words that may stand before the cue of a direction ``opening``."""
PRESENT = frozenset(
    [
        "is",
        "are",
        "'s",
        "has",
        "have",
        "'ve",
        "'m",
        "am",
        "now",
        "today",
        "still",
        "keeps",
        "since",
        "woke",
        "currently",
        "feels",
        "looks",
        "getting",
        "going",
        "can",
        "ca",
        "wo",
    ]
)
SHORTENED = frozenset(
    ["it", "he", "she", "that", "there", "here", "what", "this", "who", "everything", "skin", "face", "cheek"]
)
"""Words after which 's is short for "is" or "has"."""
PAST = frozenset(
    [
        "had", "was", "were", "got", "did", "came", "went", "used", "last", "ago", "once", "lost", "blew", "bled", "felt",
        "fell", "broke", "threw", "died", "took", "kept", "woke", "ran", "put", "burnt", "swelled",
    ]
)  # fmt: skip
REGULAR_PAST = re.compile(r"[a-z]{2,}[^e\W]ed$")
"""Verbs like "blistered"; "red" and "need" are none."""
BEFORE = 3
"""Words before a finding that tell its tense."""
ENDS_OF_A_PART = frozenset({",", ".", ";", "!", "?", "-", "–", "—", "(", ")", ":"})
"""Another person's sign told in the past is their history; told in the present it may need help now. What happened to one
who cannot call for help (cues ``dependent``) is always told in the past, and is never history."""


@dataclass(frozen=True)
class Asserted:
    """``label`` as in docs/architecture.md; ``other`` where it is another person's."""

    label: str
    other: bool


class Assertion:
    """Compiled cues."""

    def __init__(self, cues: Iterable[Cue], words: Callable[[str], tuple[str, ...]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], Cue]]] = {}
        self._patterns: list[tuple[re.Pattern[str], Cue]] = []
        for cue in cues:
            if cue.direction == "terminate":
                continue
            self._patterns += [(re.compile(p, re.IGNORECASE), cue) for p in cue.patterns]
            for phrase in cue.cues:
                sequence = words(phrase)
                self._by_first.setdefault(sequence[0], []).append((sequence, cue))

    def cues(self, utterance: Utterance) -> list[_Found]:
        """The cues in a message; where two overlap the longer one stands, so that "not only" hides "not"."""
        found = [
            _Found(cue, i, i + len(sequence))
            for i, word in enumerate(utterance.words)
            for sequence, cue in self._by_first.get(word, ())
            if utterance.words[i : i + len(sequence)] == sequence
        ]
        found += [f for pattern, cue in self._patterns for f in _matched(pattern, cue, utterance)]
        found.sort(key=lambda f: (-(f.end - f.start), f.cue.direction != "pseudo", f.start))
        kept: list[_Found] = []
        for f in found:
            if not any(f.start < k.end and k.start < f.end and not _may_share(f, k) for k in kept):
                kept.append(f)
        return kept

    def of(self, tokens: frozenset[int], utterance: Utterance, cues: list[_Found]) -> Asserted:
        """The assertion of the finding that stands on ``tokens``."""
        reached = {
            f.cue.assertion
            for f in cues
            if f.cue.direction not in ("pseudo", "cancel") and _reaches(f, tokens, utterance)
        }
        other = any(
            f.cue.assertion == "other_person"
            and f.cue.direction != "cancel"
            and _reaches(f, tokens, utterance)
            and not _cancelled(f, tokens, utterance, cues)
            for f in cues
        )
        label = next((name for name in PRECEDENCE if name in reached), "present")
        if other and label == "present" and "dependent" not in reached and _told_in_the_past(tokens, utterance):
            label = "historical"
        return Asserted("other_person" if other and label == "present" else label, other)


def _matched(pattern: re.Pattern[str], cue: Cue, utterance: Utterance) -> list[_Found]:
    found = []
    for match in pattern.finditer(utterance.doc.text):
        inside = [t.i for t in utterance.doc if t.idx < match.end() and match.start() < t.idx + len(t)]
        if inside:
            found.append(_Found(cue, inside[0], inside[-1] + 1))
    return found


def _region(tokens: frozenset[int], utterance: Utterance) -> list[int]:
    number = utterance.region[max(tokens)]
    return [i for i, region in enumerate(utterance.region) if region == number]


def _told_in_the_past(tokens: frozenset[int], utterance: Utterance) -> bool:
    return _past(_region(tokens, utterance), utterance)


def _past(places: Sequence[int], utterance: Utterance) -> bool:
    past = any(utterance.words[i] in PAST or REGULAR_PAST.match(utterance.words[i]) for i in places)
    return past and not _told_of_now(places, utterance)


def _part(place: int, utterance: Utterance) -> range:
    """The tokens around a place up to the next punctuation on both sides."""
    start = end = place
    while start and utterance.words[start - 1] not in ENDS_OF_A_PART:
        start -= 1
    while end < len(utterance.words) and utterance.words[end] not in ENDS_OF_A_PART:
        end += 1
    return range(start, end)


def _told_of_now(places: Iterable[int], utterance: Utterance) -> bool:
    """Whether one of the words speaks of the present. The 's of "my sister's throat" does not, that of "it's" does."""
    return any(
        utterance.words[i] in PRESENT and (utterance.words[i] != "'s" or i == 0 or utterance.words[i - 1] in SHORTENED)
        for i in places
    )


def _may_share(one: _Found, two: _Found) -> bool:
    """Cues that may overlap: a pseudo cue hides only its own kind ("is this" is no "what if", and still uncertain), and
    person words go with anything ("my friend had")."""
    if "pseudo" in (one.cue.direction, two.cue.direction):
        return one.cue.assertion != two.cue.assertion
    return (one.cue.assertion == "other_person") != (two.cue.assertion == "other_person")


def _reaches(found: _Found, tokens: frozenset[int], utterance: Utterance) -> bool:
    first, last = min(tokens), max(tokens)
    own = set(range(found.start, found.end))
    if own & tokens:
        return False
    direction = found.cue.direction
    if direction == "opening":
        return (
            _opens(found, utterance) and utterance.region[found.start] == utterance.region[last] and found.start < last
        )
    if direction == "closing":
        same_sentence = utterance.sentence[found.start] == utterance.sentence[last]
        return same_sentence and found.start > last and _past(_part(last, utterance), utterance)
    if direction == "whole_sentence":
        return utterance.sentence[found.start] == utterance.sentence[last] and found.start < last
    if direction == "sentence":
        return utterance.region[found.start] == utterance.region[last] and found.start < last
    same = utterance.clause[found.start] == utterance.clause[last]
    if direction == "forward":
        return (
            same and found.start < last and last - found.end < found.cue.scope and not _stopped(found, last, utterance)
        )
    if direction == "backward":
        return same and found.end > first and found.start - last <= found.cue.scope
    if utterance.region[found.start] != utterance.region[last]:
        return False
    if found.cue.assertion == "historical":  # "still red from my session last month" is of now
        part = _part(last, utterance)
        between = range(max(min(found.start, first) - BEFORE, part.start), max(found.end, last + 1))
        near = between if found.start in part else _region(tokens, utterance)
        return not _told_of_now([i for i in near if not found.start <= i < found.end], utterance)
    return True


def _stopped(found: _Found, last: int, utterance: Utterance) -> bool:
    """Whether the scope ends at a comma before the finding: "didn't sleep, face is hot". A list goes on ("no A, B or C")."""
    between = utterance.words[found.end : last]
    if not found.cue.stops_at_comma or "," not in between:
        return False
    return not {"or", "nor"} & set(utterance.words[found.end : last + 4])


def _opens(found: _Found, utterance: Utterance) -> bool:
    """Whether the cue begins its clause, fillers aside."""
    clause = utterance.clause[found.start]
    before = [utterance.words[i] for i in range(found.start) if utterance.clause[i] == clause]
    return all(word in FILLERS or not word.isalpha() for word in before)


def _cancelled(person: _Found, tokens: frozenset[int], utterance: Utterance, cues: list[_Found]) -> bool:
    """Another person only speaks of the patient ("my husband says my face is swollen")."""
    return any(
        f.cue.direction == "cancel"
        and person.end <= f.start
        and f.start < max(tokens)
        and not set(range(f.start, f.end)) & tokens
        for f in cues
    )
