"""Words, stems, sentences and clauses of one message (spaCy's tokenizer, Snowball stems, SymSpell for typing errors)."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import snowballstemmer
import spacy
from spacy.tokens import Doc
from spacy.util import compile_infix_regex
from symspellpy import SymSpell, Verbosity

SENTENCE_END = re.compile(r"^([.!?…]+|\n+|;)$")
ENDS_A_SENTENCE = re.compile(r"[.?!\n]+(?=\s|$)")
"""The same in a text that is not divided into tokens; a semicolon does not end one there."""
SUBJECTS = frozenset(
    [
        "i",
        "my",
        "me",
        "mine",
        "it",
        "its",
        "this",
        "that",
        "there",
        "the",
        "he",
        "she",
        "they",
        "we",
        "you",
        "his",
        "her",
        "their",
        "now",
        "then",
        "still",
        "also",
        "today",
        "even",
        "what",
        "why",
        "how",
        "when",
        "is",
        "are",
        "can",
        "should",
        "do",
        "does",
        "will",
        "could",
        "would",
    ]
)
"""A comma, dash or 'and' before one of these opens a new clause ("no fever, my face is hot")."""
JOINERS = frozenset(
    {",", "and", "so", "because", "cos", "cuz", "coz", "plus", "-", "–", "—", ":", "n", "&", "then", "while", "yet"}
)
COMMON_RANK = 80_000
"""A word among this many most frequent English words is never taken for a typing error of another."""
APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'"})


@dataclass(frozen=True)
class Utterance:
    """One message, word by word. All tuples run parallel to the tokens of ``doc``.

    ``sentence``, ``region`` (a sentence, divided at "but" and its like) and ``clause`` (a region, divided where a
    new subject begins) are running numbers.
    """

    text: str
    doc: Doc
    words: tuple[str, ...]
    stems: tuple[str, ...]
    sentence: tuple[int, ...]
    region: tuple[int, ...]
    clause: tuple[int, ...]

    def span_text(self, start: int, end: int) -> str:
        return self.text[self.doc[start].idx : self.doc[end - 1].idx + len(self.doc[end - 1])]


class Language:
    """Splits and normalises text. ``domain_words`` are the words that a typing error may stand for."""

    def __init__(self, domain_words: Iterable[str], boundaries: Iterable[Sequence[str]] = ()) -> None:
        self._nlp = spacy.blank("en")
        infixes = [
            *(self._nlp.Defaults.infixes or ()),
            r"(?<=[A-Za-z])[.?!,;:/…]+(?=[A-Za-z])",
            r"(?<=[A-Za-z0-9])\.\.+",
            r"\n+",
        ]
        tokenizer: Any = self._nlp.tokenizer
        tokenizer.infix_finditer = compile_infix_regex(infixes).finditer
        self._stemmer = snowballstemmer.stemmer("english")
        self._stemming = threading.Lock()
        self._spelling = _Spelling(domain_words)
        self._stem = lru_cache(maxsize=20_000)(self._stem_word)
        self._boundaries: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for boundary in boundaries:
            self._boundaries[boundary[0]].append(tuple(boundary))

    def _stem_word(self, word: str) -> str:
        # A stemmer keeps its word while it works: two threads at once would get, and keep, each other's half of one.
        with self._stemming:
            stem: str = self._stemmer.stemWord(word)
        return stem

    def stems(self, phrase: str) -> tuple[str, ...]:
        """The stems of a vocabulary phrase, made exactly as a message's are, without spelling repair."""
        doc = self._nlp.make_doc(phrase.translate(APOSTROPHES).lower())
        return tuple(self._stem(_norm(t.norm_)) for t in doc if not t.is_space)

    def read(self, text: str) -> Utterance:
        doc, words = self.words_of(text)
        return Utterance(text, doc, words, tuple(map(self._stem, words)), *self._divide(words, doc))

    def words_of(self, text: str) -> tuple[Doc, tuple[str, ...]]:
        """The tokens of a message, and each as a word: lower case, a typing error repaired."""
        doc = self._nlp.make_doc(text.translate(APOSTROPHES))
        return doc, tuple(self._spelling.repair(_norm(t.norm_)) if t.is_alpha else _norm(t.norm_) for t in doc)

    def words(self, phrase: str) -> tuple[str, ...]:
        """The words of a cue, made exactly as a message's are, without stems or spelling repair."""
        return tuple(
            _norm(t.norm_) for t in self._nlp.make_doc(phrase.translate(APOSTROPHES).lower()) if not t.is_space
        )

    def _divide(self, words: tuple[str, ...], doc: Doc) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        numbers: list[tuple[int, int, int]] = []
        sentence = region = clause = 0
        for i in range(len(words)):
            if i and self._turns(words, i):
                region, clause = region + 1, clause + 1
            elif i and words[i - 1] in JOINERS and words[i] in SUBJECTS:
                clause += 1
            numbers.append((sentence, region, clause))
            if SENTENCE_END.match(doc[i].text):
                sentence, region, clause = sentence + 1, region + 1, clause + 1
        return tuple(zip(*numbers, strict=True)) if numbers else ((), (), ())  # type: ignore[return-value]

    def _turns(self, words: tuple[str, ...], i: int) -> bool:
        return any(words[i : i + len(b)] == b for b in self._boundaries.get(words[i], ()))


THREE_ALIKE = re.compile(r"([a-z])\1{2,}")


def _norm(word: str) -> str:
    """Lower case, and no letter more than twice in a row ("sooo" -> "soo")."""
    return THREE_ALIKE.sub(r"\1\1", word.lower())


class _Spelling:
    """Repairs a word that is no common English word to the nearest domain word; leaves everything else alone."""

    def __init__(self, domain_words: Iterable[str]) -> None:
        common, frequency = _english()
        own = {word for word in domain_words if len(word) >= 4 and word.isalpha()}
        self._known = common | own
        self._index = SymSpell(max_dictionary_edit_distance=2, prefix_length=6)
        for word in sorted(own):
            self._index.create_dictionary_entry(word, frequency.get(word, 1) + 1)
        self.repair = lru_cache(maxsize=20_000)(self._repair)  # type: ignore[method-assign]

    def _repair(self, word: str) -> str:
        if len(word) < 4 or word in self._known:
            return word
        squeezed = re.sub(r"(.)\1", r"\1", word)
        if squeezed != word and squeezed in self._known and len(squeezed) > 3:
            return squeezed
        distance = 1 if len(word) < 7 else 2
        found = self._index.lookup(word, Verbosity.CLOSEST, distance)
        good = [s for s in found if s.term[0] == word[0] or s.distance == 1]
        if not good:
            return self._shuffled(word)
        return min(good, key=lambda s: (s.distance, -s.count, s.term)).term  # of equals the same in every process

    def _shuffled(self, word: str) -> str:
        """The domain word of the same letters in another order ("tounge"), else the word itself."""
        found = self._index.lookup(word, Verbosity.CLOSEST, 2)
        alike = [s.term for s in found if sorted(s.term) == sorted(word) and s.term[0] == word[0]]
        return min(alike, default=word)

    def repair(self, word: str) -> str:  # replaced by its cached self in __init__
        return self._repair(word)


@lru_cache
def _english() -> tuple[frozenset[str], dict[str, int]]:
    """The most frequent English words, and every word's count (the list that symspellpy ships)."""
    lines = (
        files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig").splitlines()
    )
    frequency = {word: int(count) for word, count in (line.split() for line in lines)}
    ranked = sorted(frequency, key=lambda w: -frequency[w])
    return frozenset(ranked[:COMMON_RANK]), frequency


def english_by_frequency() -> list[str]:
    """English words, the most frequent first."""
    _, frequency = _english()
    return sorted(frequency, key=lambda w: -frequency[w])
