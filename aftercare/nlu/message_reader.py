"""Puts what ``aftercare.triage`` reads in a message (signs, products, activities, times) into Rasa's entities."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from aftercare.nlu.data_file import knowledge_at, knowledge_folder
from aftercare.triage import Reader, Reading

NAMED = "named"
"""The message property with the kinds of things it names, some of ``aftercare.nlu.intent_features.KINDS``."""

KIND_OF_ENTITY = {"symptom": "sign", "finding": "sign", "product": "product", "activity": "activity", "time": "time"}


FEWEST_FOR_ALL_PROCESSORS = 2000
"""Texts. A process takes some seconds to start and to load the knowledge base."""

CHUNK = 200
"""Texts given to a process at once."""


@lru_cache(maxsize=2)
def reader_at(folder: Path) -> Reader:
    """The reader of a knowledge base, built once in a process whichever components ask."""
    return Reader(knowledge_at(folder))


_examples: dict[tuple[Path, str], Reading] = {}
"""What training examples say. No patient's message comes here."""


def examples_read(folder: Path, texts: Iterable[str]) -> list[Reading]:
    """What training examples say, read once in a process though several components ask: by all processors where there are
    many, for a reading takes milliseconds."""
    wanted = [(folder, text) for text in texts]
    new = list(dict.fromkeys(key for key in wanted if key not in _examples))
    if len(new) < FEWEST_FOR_ALL_PROCESSORS:
        _examples.update((key, reader_at(folder).read(key[1])) for key in new)
    else:
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
            _examples.update(zip(new, processes.map(_read, new, chunksize=CHUNK), strict=True))
    return [_examples[key] for key in wanted]


def _read(key: tuple[Path, str]) -> Reading:
    folder, text = key
    return reader_at(folder).read(text)


@DefaultV1Recipe.register(
    [DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR],
    is_trainable=False,
)
class MessageReader(GraphComponent, EntityExtractorMixin):
    """Entities from the knowledge base, read in the patient's own text (not in the repaired copy).

    Each has, besides Rasa's keys, an ``assertion`` (present, negated, ...); ``aftercare.triage.Reading.from_entities``
    turns them back into a reading. Training examples get no entities, which would be taken for annotations, but like
    messages they get the property ``named`` for the classifier.
    """

    def __init__(self, knowledge: Path) -> None:
        self._knowledge = knowledge
        self._reader = reader_at(knowledge)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"knowledge": "data/knowledge"}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MessageReader:
        return cls(knowledge_folder(config["knowledge"]))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        examples = list(training_data.training_examples)
        readings = examples_read(self._knowledge, [example.get(TEXT) or "" for example in examples])
        for example, reading in zip(examples, readings, strict=True):
            _noted(example, reading.entities())
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            entities = _noted(message, self._reader.read(message.get(TEXT) or "").entities())
            entities = self.add_extractor_name(entities)
            message.set(ENTITIES, message.get(ENTITIES, []) + entities, add_to_output=True)
        return messages


def _noted(message: Message, entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entities, the kinds of things among them noted on the message."""
    message.set(NAMED, sorted(kinds_of(entities)))
    return entities


def kinds_of(entities: list[dict[str, Any]]) -> frozenset[str]:
    """The kinds of things that some entities name; modifiers and topics count as none."""
    return frozenset(KIND_OF_ENTITY[entity["entity"]] for entity in entities if entity["entity"] in KIND_OF_ENTITY)


def kinds_named_in(texts: list[str], knowledge: str) -> list[frozenset[str]]:
    """The same for texts that are no messages of Rasa's."""
    return [kinds_of(reading.entities()) for reading in examples_read(knowledge_folder(knowledge), texts)]
