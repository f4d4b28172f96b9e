"""What is asserted of a finding: present, negated, historical, hypothetical, of another person (ConText rules as data).

The vocabulary is the field's: FORWARD, BACKWARD and BIDIRECTIONAL cues, PSEUDO cues that only look like one,
TERMINATE cues at which a scope ends (Harkema et al. 2009; medspacy). The cues are in data/knowledge/assertion.yml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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


@dataclass(frozen=True)
class Asserted:
    """``label`` as in docs/architecture.md; ``other`` where it is another person's."""

    label: str
    other: bool


class Assertion:
    """Compiled cues."""

    def __init__(self, cues: Iterable[Cue], words: Callable[[str], tuple[str, ...]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], Cue]]] = {}
        for cue in cues:
            if cue.direction == "terminate":
                continue
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
        return Asserted("other_person" if other and label == "present" else label, other)


def _may_share(one: _Found, two: _Found) -> bool:
    """Person words may overlap with other cues ("my friend had")."""
    return (one.cue.assertion == "other_person") != (two.cue.assertion == "other_person")


def _reaches(found: _Found, tokens: frozenset[int], utterance: Utterance) -> bool:
    first, last = min(tokens), max(tokens)
    own = set(range(found.start, found.end))
    if own & tokens:
        return False
    direction = found.cue.direction
    if direction == "sentence":
        return utterance.region[found.start] == utterance.region[last] and found.start < last
    same = utterance.clause[found.start] == utterance.clause[last]
    if direction == "forward":
        return same and found.start < last and last - found.end < found.cue.scope
    if direction == "backward":
        return same and found.end > first and found.start - last <= found.cue.scope
    return utterance.region[found.start] == utterance.region[last]


def _cancelled(person: _Found, tokens: frozenset[int], utterance: Utterance, cues: list[_Found]) -> bool:
    """Another person only speaks of the patient ("my husband says my face is swollen")."""
    return any(
        f.cue.direction == "cancel"
        and person.end <= f.start
        and f.start < max(tokens)
        and not set(range(f.start, f.end)) & tokens
        for f in cues
    )
