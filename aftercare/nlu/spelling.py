"""Repairs typing errors in a copy of the message, for the classifier only.

The patient's own text stays as it is for matching, for the transcript and for staff. Generic correction does harm here
(feaver becomes beaver, swolen stolen, cellulitis cellulite), so: a word that any dictionary or this domain knows is never
changed, and among the candidates for an unknown one the domain's words win.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from symspellpy import SymSpell, Verbosity

from aftercare.nlu.data_file import data_file, digest, knowledge_at, knowledge_folder, lines

CORRECTED_TEXT = "corrected_text"
"""The message property with the repaired copy."""

CANDIDATE_WORDS = 40_000
"""Of the 82,000 dictionary words, the most frequent ones may be proposed; all of them are left alone."""

SHORTEST_REPAIRED = 4
"""Letters. Shorter unknown words are abbreviations more often than errors."""

TWO_ERRORS_FROM = 7
"""Letters from which two errors in a word are repaired; below, one."""

DOMAIN_FREQUENCY = 10**12
"""Above every count of the dictionary, so that a word of the domain wins among equally near candidates."""

SEEN_OFTEN = 3
"""A word in so many training examples is a word people use ("tmrw"), not a slip."""

WORD = re.compile(r"(?<![\w'’@/.])[A-Za-z]+(?![\w'’@/])")
"""Whole words of letters only: not contractions, addresses or "4x"."""

STRETCHED = re.compile(r"([a-z])\1{2,}")


class Speller:
    """Repairs words that nobody knows: ``domain`` words win as a repair, ``left_alone`` ones are only never changed."""

    def __init__(self, domain: Iterable[str], left_alone: Iterable[str] = ()) -> None:
        """Reads the dictionary: half a second."""
        dictionary = list(_dictionary())
        domain = frozenset(domain)
        self._known = domain.union(left_alone, (word for word, _ in dictionary))
        self._candidates = SymSpell(max_dictionary_edit_distance=2, prefix_length=5)
        for word, count in dictionary[:CANDIDATE_WORDS]:
            self._candidates.create_dictionary_entry(word, count)
        for word in domain:
            if len(word) >= SHORTEST_REPAIRED:
                self._candidates.create_dictionary_entry(word, DOMAIN_FREQUENCY)

    def correct(self, text: str) -> str:
        return WORD.sub(lambda match: self._repair(match.group()), text)

    def _repair(self, word: str) -> str:
        lower = word.lower()
        if len(lower) < SHORTEST_REPAIRED or lower in self._known:
            return word
        for pressed in (r"\1\1", r"\1"):
            if (shorter := STRETCHED.sub(pressed, lower)) in self._known:
                return shorter
        errors = 2 if len(lower) >= TWO_ERRORS_FROM else 1
        found = self._candidates.lookup(lower, Verbosity.TOP, errors)
        return str(found[0].term) if found else word


def _dictionary() -> Iterator[tuple[str, int]]:
    """symspellpy's English words with their counts, most frequent first."""
    file = resources.files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    for line in file.read_text(encoding="utf-8-sig").splitlines():
        word, count = line.split()
        yield word, int(count)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def domain_words(listed_in: Iterable[str], training_texts: Iterable[str]) -> list[str]:
    """The words that are never changed and win: those of the lists, and what training examples use again and again."""
    seen = Counter(word for text in training_texts for word in set(words(text)))
    listed = (word for line in listed_in for word in words(line))
    return sorted({*listed, *(word for word, count in seen.items() if count >= SEEN_OFTEN)})


def _words_of_wordings(knowledge: str) -> list[str]:
    """The words of what the knowledge base calls things: a new treatment brings its own names."""
    items = knowledge_at(knowledge_folder(knowledge)).items.values()
    return sorted({word for item in items for phrase in item.wordings.phrases for word in words(phrase)})


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SpellingCorrector(GraphComponent):
    """Puts the repaired copy of each message into its property ``corrected_text``.

    ``lexicon`` in the configuration is a text file with the domain's words, any number on a line; the words that training
    data use often join them. What the knowledge base calls things is left alone, since some of it is misspelt on purpose.
    The model carries all these words: at run time no file is read.
    """

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, speller: Speller | None = None
    ) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._speller = speller

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"lexicon": "data/nlu_lexicon.txt", "knowledge": "data/knowledge"}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Rasa's cache has to know that the lexicon and the wordings are inputs too."""
        config = {**cls.get_default_config(), **config}  # Rasa asks without one for what it has in its cache
        return digest(data_file(config["lexicon"])) + " ".join(_words_of_wordings(config["knowledge"]))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SpellingCorrector:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SpellingCorrector:
        with model_storage.read_from(resource) as folder:
            stored = json.loads((folder / "words.json").read_text(encoding="utf-8"))
        return cls(config, model_storage, resource, Speller(stored["domain"], stored["left_alone"]))

    def train(self, training_data: TrainingData) -> Resource:
        texts = [example.get(TEXT) for example in training_data.training_examples if example.get(TEXT)]
        stored = {
            "domain": domain_words(lines(data_file(self._config["lexicon"])), texts),
            "left_alone": _words_of_wordings(self._config["knowledge"]),
        }
        with self._storage.write_to(self._resource) as folder:
            (folder / "words.json").write_text(json.dumps(stored), encoding="utf-8")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        if self._speller is None:
            raise RasaException("The spelling corrector has not been trained.")
        for message in messages:
            if message.get(TEXT):
                message.set(CORRECTED_TEXT, self._speller.correct(message.get(TEXT)))
        return messages


def corrected_text(message: Message) -> str:
    """The repaired copy of a message, or its text where no corrector ran."""
    return message.get(CORRECTED_TEXT) or message.get(TEXT) or ""
