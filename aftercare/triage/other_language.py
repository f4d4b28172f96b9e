"""Whether a message is written in another language than English, in which, and the danger signs that it names in it.

Two witnesses: a language identifier (py3langid), which is good on sentences and poor on five words, and what the words are.
Neither is enough alone: the identifier takes "fase swoln an hott" for Luxembourgish and "toi kho tho" for English; a word
list does not know every language. English is the safe guess, since a wrong call costs an answer about aftercare.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier
from symspellpy import SymSpell, Verbosity

from aftercare.knowledge.languages import ForeignSign, Languages
from aftercare.triage.language import english_by_frequency

UNNAMED = "und"
"""ISO 639 for a language that is not known which."""

FEWEST_WORDS = 3
"""Different words of Latin letters. Fewer are a greeting, a name or a slip as often as another language."""

ENGLISH_WORDS = 40_000
"""So many of the most frequent words of a list of English are English; below them stand words of other languages and names."""

MISSPELT_WORDS = 20_000
"""An unknown word one letter away from so many of them may be a slip: it speaks for no language."""

EVERYDAY_WORDS = 100
"""So many of the most frequent ones ("my", "no", "in") are English first where nothing but unknown words speaks against it."""

DOUBTFUL, DENIED = 1e-2, 1e-4
"""Probabilities of English, by the identifier, from which down unknown words, or words of two languages, are another one."""

DENSE = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")
LETTERS_IN_ONE = 3
"""Letters of English that one character of a dense script is worth: 我的脸很红 says as much as "my face is very red"."""

SURE_OF_NAME, AHEAD = 2.0, 0.5
"""Votes that a language needs to be answered in, and how far before the next one."""

SURE_OF_THIRD = 0.95
"""Probability of a language that is not among the known ones of a script (Bulgarian among Russian and Ukrainian)."""

TIED_TO = {
    "ms": "id",
    "jv": "id",
    "no": "sv",
    "nb": "sv",
    "nn": "sv",
    "da": "sv",
    "sk": "cs",
    "sr": "hr",
    "bs": "hr",
    "xh": "zu",
}
"""Languages of the identifier that share an entry in ``languages.yml``."""

SCOPE = 3
"""Words before a sign in which a denial counts."""

WORD = re.compile(r"[^\W\d_]+")
UNDECOMPOSED = str.maketrans(
    {"ı": "i", "ł": "l", "đ": "d", "ø": "o", "ß": "s", "ɗ": "d", "ɓ": "b", "ƙ": "k", "’": "'", "ʼ": "'"}
)
SENTENCE = re.compile(r"[^.!?。！？؟।\n]+")
NO_BLANKS = re.compile(r"[\u0e00-\u0eff\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff]")
"""Scripts that put no blanks between words, or glue endings to them."""


@dataclass(frozen=True)
class NamedSign:
    """A finding in another language, as character offsets; ``denied`` where the message says that it is not there."""

    item: str
    start: int
    end: int
    denied: bool


class OtherLanguages:
    """Build once with the words that a treatment's knowledge base uses; asking is pure and takes a fraction of a millisecond."""

    def __init__(self, languages: Languages, domain_words: Iterable[str]) -> None:
        self._languages = languages
        ranked = english_by_frequency()
        self._english = frozenset(ranked[:ENGLISH_WORDS]) | frozenset(domain_words)
        self._slang = frozenset(languages.english)
        self._everyday = frozenset(ranked[:EVERYDAY_WORDS]) & frozenset(map(_plain, _all_words(languages)))
        self._slips = SymSpell(max_dictionary_edit_distance=1, prefix_length=6)
        for word in {*ranked[:MISSPELT_WORDS], *domain_words}:
            if len(word) > 3:
                self._slips.create_dictionary_entry(word, 1)
        self._listed = _listed(languages)
        self._signs = [_Sign(sign) for sign in languages.signs]
        self._denied_before = frozenset(map(_plain, languages.denied_before))
        self._denied_after = frozenset(map(_plain, languages.denied_after))
        _identifier()

    def of(self, text: str) -> str | None:
        """The code of the language, ``UNNAMED`` where it is another one but not clear which, None for English."""
        script = _script(text)
        if script:
            return self._of_script(text, script)
        words = [
            word for word in WORD.findall(text.lower().translate(UNDECOMPOSED)) if len(word) > 1 or not word.isascii()
        ]
        if len(set(words)) < FEWEST_WORDS or not self._is_other(text.lower(), words):
            return None
        return self._name(text.lower(), words)

    def is_english(self, words: str) -> bool:
        """Whether one of some words of a message in another language is English too, as it stands, without a slip."""
        plain = map(_plain, WORD.findall(words))
        return any(word in self._english and (word not in self._listed or word in self._slang) for word in plain)

    def signs(self, text: str) -> list[NamedSign]:
        """The danger signs that a message in another language names."""
        plain, places = _plain_with_places(text)
        found = []
        for sentence in SENTENCE.finditer(plain):
            for sign in self._signs:
                span = sign.find(plain, sentence.start(), sentence.end())
                if span:
                    denied = self._denied(plain[sentence.start() : span[0]], plain[span[1] : sentence.end()])
                    found.append(NamedSign(sign.item, places[span[0]], places[span[1] - 1] + 1, denied))
        return found

    def _is_other(self, text: str, words: Sequence[str]) -> bool:
        kinds = Counter(map(self._kind, words))
        other, english, unknown = kinds["other"], kinds["english"], kinds["unknown"]
        if other >= 2 and other > english:
            return True
        if not any(_plain(word) in self._listed for word in words):
            return False  # names of people and products
        plain_english = english + sum(_plain(word) in self._everyday for word in words)
        if unknown + other >= 2 and unknown + other > plain_english and self._pronounceable(words):
            return _probabilities(text).get("en", 0.0) <= DOUBTFUL
        if len(words) > FEWEST_WORDS and (english + kinds["slip"]) * 3 <= len(words):
            return _probabilities(text).get("en", 0.0) <= DENIED
        return False

    def _kind(self, word: str) -> str:
        """What a word speaks for: english, other, both (neither for sure), slip or unknown."""
        plain = _plain(word)
        if plain in self._slang:
            return "both" if plain in self._listed else "english"
        if not word.isascii() and (plain in self._listed or plain not in self._english):
            return "other"
        if plain in self._listed:
            return "both" if plain in self._english else "other"
        if plain in self._english:
            return "english"
        return "slip" if len(plain) > 3 and self._slips.lookup(plain, Verbosity.CLOSEST, 1) else "unknown"

    def _pronounceable(self, words: Sequence[str]) -> bool:
        """False where a word is a row of keys ("sdkjfh")."""
        return all(set("aeiouy") & set(_plain(word)) for word in words if self._kind(word) == "unknown")

    def _name(self, text: str, words: Sequence[str]) -> str:
        votes: Counter[str] = Counter()
        for word in {_plain(word) for word in words}:
            for code in self._listed.get(word, ()):
                votes[code] += 1 / len(self._listed[word])  # type: ignore[assignment]
        for code, probability in _probabilities(text).items():
            votes[TIED_TO.get(code, code)] += SURE_OF_NAME * probability  # type: ignore[assignment]
        (first, most), (_, next_most) = [*votes.most_common(2), ("", 0), ("", 0)][:2]
        sure = most >= SURE_OF_NAME and most - next_most >= AHEAD
        return first if sure and first in self._languages.spoken else UNNAMED

    def _of_script(self, text: str, script: str) -> str:
        """By the letters that only one language has, else the one without such, unless the identifier is sure of a third."""
        known = [one for one in self._languages.spoken.values() if one.script == script]
        for one in known:
            if set(one.letters) & set(text.lower()):
                return one.code
        likeliest, probability = max(_probabilities(text).items(), key=lambda one: one[1])
        if len(known) > 1 and probability > SURE_OF_THIRD and likeliest not in {one.code for one in known}:
            return UNNAMED
        return next((one.code for one in known if not one.letters), UNNAMED)

    def _denied(self, before: str, after: str) -> bool:
        near_before = set(WORD.findall(before)[-SCOPE:])
        near_after = set(WORD.findall(after)[:1])
        return bool(near_before & self._denied_before or near_after & self._denied_after)


class _Sign:
    """One ``ForeignSign`` as patterns over plain text."""

    def __init__(self, sign: ForeignSign) -> None:
        self.item = sign.item
        self._patterns = [re.compile("|".join(map(_pattern, group))) for group in sign.together]

    def find(self, plain: str, start: int, end: int) -> tuple[int, int] | None:
        """Where all its words stand between two offsets, from the first to the last."""
        found = [pattern.search(plain, start, end) for pattern in self._patterns]
        if not all(found):
            return None
        return min(one.start() for one in found if one), max(one.end() for one in found if one)


def _pattern(word: str) -> str:
    plain = _plain(word.rstrip("-"))
    if NO_BLANKS.search(plain):
        return re.escape(plain)
    ending = r"[^\W\d_]*" if word.endswith("-") else ""
    return rf"(?<![^\W\d_]){re.escape(plain)}{ending}(?![^\W\d_])"


def _listed(languages: Languages) -> Mapping[str, frozenset[str]]:
    """Each listed word without accents, and the languages that have it."""
    listed: dict[str, set[str]] = {}
    for one in languages.spoken.values():
        for word in one.words:
            listed.setdefault(_plain(word), set()).add(one.code)
    return {word: frozenset(codes) for word, codes in listed.items()}


def _all_words(languages: Languages) -> list[str]:
    return [word for one in languages.spoken.values() for word in one.words]


def _plain(text: str) -> str:
    """Lower case without accents."""
    return _plain_with_places(text)[0]


def _plain_with_places(text: str) -> tuple[str, list[int]]:
    """The same, and for each of its characters the place in ``text``."""
    if text.isascii():
        return text.lower(), list(range(len(text)))
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for part in unicodedata.normalize("NFKD", character.lower().translate(UNDECOMPOSED)):
            if not "\u0300" <= part <= "\u036f":
                characters.append(part)
                places.append(place)
    return "".join(characters), places


def _script(text: str) -> str:
    """The script that most letters are of, as Unicode names it; empty for Latin, and for single signs such as ツ."""
    if text.isascii():
        return ""
    scripts = Counter(
        unicodedata.name(letter, "LATIN").split()[0]
        for letter in unicodedata.normalize("NFKC", text)
        if letter.isalpha()
    )
    if scripts["HIRAGANA"] + scripts["KATAKANA"]:  # Japanese, which writes half of its words in Chinese characters
        scripts["HIRAGANA"] += scripts.pop("KATAKANA", 0) + scripts.pop("CJK", 0)
    weights = {name: count * (LETTERS_IN_ONE if name in DENSE else 1) for name, count in scripts.items() if count}
    most = max(weights, key=lambda name: weights[name], default="LATIN")
    return "" if most == "LATIN" or scripts[most] < 2 or weights[most] * 2 < sum(weights.values()) else most


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    """Half a second and 30 MB. ``OtherLanguages`` has it made, before threads would each make one of their own."""
    return LanguageIdentifier.from_pickled_model(MODEL_FILE, norm_probs=True)


@lru_cache(maxsize=64)
def _probabilities(text: str) -> Mapping[str, float]:
    """Each language that the identifier knows (ISO 639-1), and how likely the text is written in it."""
    return {code: float(probability) for code, probability in _identifier().rank(text)}
