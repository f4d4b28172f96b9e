"""Finds knowledge-base wordings in an utterance: phrases with slots and gaps, and words that stand together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from aftercare.knowledge import Item
from aftercare.triage.language import Utterance

GAP = 4
"""Words that a ``*`` in a phrase may stand for, at most."""
REACH = 5
"""Words that may stand between two parts of a ``together`` wording, at most."""
NEGATIONS = frozenset(["no", "not", "nt", "never", "without", "nor", "neither", "none"])


@dataclass(frozen=True)
class Match:
    """One wording found: the item, the tokens it spans and those that it is made of.

    ``denied`` where a negation stands in one of its gaps ("bumps, not sore").
    """

    item: str
    start: int
    end: int
    tokens: frozenset[int]
    loose: bool
    denied: bool = False


@dataclass(frozen=True)
class _Part:
    """One element of a phrase: a stem, a concept, or a gap."""

    stem: str | None = None
    concept: str | None = None


_ANY = _Part()


class Matcher:
    """Compiled wordings of all items and concepts."""

    def __init__(
        self, items: Iterable[Item], vocabulary: Mapping[str, Sequence[str]], stems: Callable[[str], tuple[str, ...]]
    ) -> None:
        self._words = _Trie()
        self._exact = _Trie()
        for concept, words in vocabulary.items():
            for word in words:
                self._add(word, stems, ("concept", concept))
        self._phrases: list[tuple[str, tuple[_Part, ...]]] = []
        self._together: list[tuple[str, tuple[_Part, ...]]] = []
        for item in items:
            for phrase in item.wordings.phrases:
                if phrase.startswith("="):
                    self._add(phrase, stems, ("item", item.id))
                    continue
                parts = _parts(phrase, stems)
                if all(p.stem for p in parts):
                    self._words.add(tuple(p.stem or "" for p in parts), ("item", item.id))
                else:
                    self._phrases.append((item.id, parts))
            for words in item.wordings.together:
                self._together.append((item.id, tuple(p for w in words for p in _parts(w, stems))))
            for phrase in item.wordings.excluding:
                self._words.add(stems(phrase), ("excluded", item.id))
        self._phrases_by_key = _index(self._phrases)
        self._together_by_key = _index(self._together)

    def _add(self, phrase: str, stems: Callable[[str], tuple[str, ...]], label: tuple[str, str]) -> None:
        """``=confused`` means that very form ("confusing" is another matter); other words any form of the stem."""
        if phrase.startswith("="):
            self._exact.add(tuple(phrase[1:].split()), label)
        else:
            self._words.add(stems(phrase), label)

    def find(self, utterance: Utterance) -> tuple[list[Match], dict[str, list[tuple[int, int]]]]:
        """All matches, the overlapped weaker ones taken out, and where each concept stands as (start, end)."""
        concepts: dict[str, list[tuple[int, int]]] = defaultdict(list)
        excluded: dict[str, list[tuple[int, int]]] = defaultdict(list)
        matches: list[Match] = []
        for start, end, (kind, name) in (*self._words.find(utterance.stems), *self._exact.find(utterance.words)):
            if kind == "concept":
                concepts[name].append((start, end))
            elif kind == "excluded":
                excluded[name].append((start, end))
            else:
                matches.append(Match(name, start, end, frozenset(range(start, end)), loose=False))
        present = {("stem", s) for s in utterance.stems} | {("concept", c) for c in concepts}
        for key in present:
            for item, parts in self._phrases_by_key.get(key, ()):
                matches += _ordered(item, parts, utterance, concepts, present)
            for item, parts in self._together_by_key.get(key, ()):
                matches += _unordered(item, parts, utterance, concepts, present)
        kept = [
            replace(m, denied=_spans_a_negation(m, utterance))
            for m in matches
            if not any(s <= m.start and m.end <= e for s, e in excluded[m.item])
        ]
        return _without_covered(kept), concepts


class _Trie:
    """Many word sequences, found in one pass."""

    def __init__(self) -> None:
        self._root: dict[str, dict] = {}

    def add(self, stems: tuple[str, ...], label: tuple[str, str]) -> None:
        node = self._root
        for stem in stems:
            node = node.setdefault(stem, {})
        node.setdefault("", {})[label] = True

    def find(self, stems: Sequence[str]) -> Iterable[tuple[int, int, tuple[str, str]]]:
        for start in range(len(stems)):
            node = self._root
            for end in range(start, len(stems)):
                found = node.get(stems[end])
                if found is None:
                    break
                node = found
                for label in node.get("", ()):
                    yield start, end + 1, label


def _parts(phrase: str, stems: Callable[[str], tuple[str, ...]]) -> tuple[_Part, ...]:
    parts: list[_Part] = []
    for word in phrase.split():
        if word == "*":
            parts.append(_ANY)
        elif word.startswith("<"):
            parts.append(_Part(concept=word.strip("<>")))
        else:
            parts += [_Part(stem=s) for s in stems(word)]
    return tuple(parts)


def _index(patterns: list[tuple[str, tuple[_Part, ...]]]) -> dict[tuple[str, str], list[tuple[str, tuple[_Part, ...]]]]:
    """Each pattern under one part that it cannot do without: a concept where it has one, else its first stem."""
    index: dict[tuple[str, str], list[tuple[str, tuple[_Part, ...]]]] = defaultdict(list)
    for item, parts in patterns:
        keys = [("concept", p.concept) for p in parts if p.concept] or [("stem", p.stem) for p in parts if p.stem]
        index[keys[0]].append((item, parts))
    return index


def _places(part: _Part, utterance: Utterance, concepts: Mapping[str, list[tuple[int, int]]]) -> list[tuple[int, int]]:
    if part.concept:
        return concepts.get(part.concept, [])
    return [(i, i + 1) for i, stem in enumerate(utterance.stems) if stem == part.stem]


def _possible(parts: tuple[_Part, ...], present: set[tuple[str, str]]) -> bool:
    return all(
        p is _ANY or (("concept", p.concept) in present if p.concept else ("stem", p.stem) in present) for p in parts
    )


def _ordered(
    item: str,
    parts: tuple[_Part, ...],
    utterance: Utterance,
    concepts: Mapping[str, list[tuple[int, int]]],
    present: set[tuple[str, str]],
) -> list[Match]:
    if not _possible(parts, present):
        return []
    found = []

    def step(index: int, at: int, slack: int, tokens: tuple[int, ...]) -> None:
        if index == len(parts):
            found.append(Match(item, tokens[0], tokens[-1] + 1, frozenset(tokens), loose=False))
            return
        if parts[index] is _ANY:
            step(index + 1, at, GAP, tokens)
            return
        for start, end in _places(parts[index], utterance, concepts):
            near = not tokens or (at <= start <= at + slack and utterance.clause[start] == utterance.clause[tokens[0]])
            if near:
                step(index + 1, end, 0, (*tokens, *range(start, end)))

    step(0, 0, 0, ())
    return found


def _unordered(
    item: str,
    parts: tuple[_Part, ...],
    utterance: Utterance,
    concepts: Mapping[str, list[tuple[int, int]]],
    present: set[tuple[str, str]],
) -> list[Match]:
    if not _possible(parts, present):
        return []
    found: list[Match] = []

    def step(index: int, tokens: frozenset[int]) -> None:
        if index == len(parts):
            found.append(Match(item, min(tokens), max(tokens) + 1, tokens, loose=True))
            return
        for start, end in _places(parts[index], utterance, concepts):
            if not tokens:
                step(index + 1, frozenset(range(start, end)))
                continue
            overlap = tokens & set(range(start, end))
            near = start - max(tokens) <= REACH + 1 and min(tokens) - end <= REACH
            same = utterance.clause[start] == utterance.clause[min(tokens)]
            if near and same and not overlap:
                step(index + 1, tokens | frozenset(range(start, end)))

    step(0, frozenset())
    found.sort(key=lambda m: (m.end - m.start, m.start))
    return found[:1] if len(found) <= 1 else _tightest(found)


def _tightest(found: list[Match]) -> list[Match]:
    """Of matches of one wording that share tokens, the shortest."""
    kept: list[Match] = []
    for match in found:
        if not any(match.tokens & k.tokens for k in kept):
            kept.append(match)
    return kept


def _spans_a_negation(match: Match, utterance: Utterance) -> bool:
    return any(utterance.words[i] in NEGATIONS for i in range(match.start, match.end) if i not in match.tokens)


def _without_covered(matches: list[Match]) -> list[Match]:
    """Of two matches the strict one that holds the other whole wins; of one item the longest of those that overlap.

    "hot shower" is an activity and no warmth. A loose match (words that stand together) covers only its own item, and so does
    one with a negation in its gap: of "bumps, not sore" the bumps stay.
    """
    # A full order, so that every process keeps the same ones. Of those in one place first that with fewer words of its own,
    # which leaves the others to be read as a trend ("pain gets worse").
    matches = sorted(
        set(matches), key=lambda m: (-(m.end - m.start), m.loose, m.start, m.item, len(m.tokens), sorted(m.tokens))
    )
    kept: list[Match] = []
    for match in matches:
        covered = any(
            (k.item == match.item and k.start < match.end and match.start < k.end)
            or (
                not (k.loose or k.denied)
                and k.start <= match.start
                and match.end <= k.end
                and len(k.tokens) > len(match.tokens)
                and match.tokens <= k.tokens
            )
            for k in kept
        )
        if not covered:
            kept.append(match)
    return sorted(kept, key=lambda m: (m.start, m.end, m.item))
