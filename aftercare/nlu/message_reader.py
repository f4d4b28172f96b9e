"""Puts what ``aftercare.triage`` reads in a message (signs, products, activities, times) into Rasa's entities."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from aftercare.knowledge import load_knowledge
from aftercare.nlu.data_file import knowledge_folder
from aftercare.triage import Reader


@lru_cache(maxsize=2)
def _reader(folder: Path) -> Reader:
    return Reader(load_knowledge(folder))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class MessageReader(GraphComponent, EntityExtractorMixin):
    """Entities from the knowledge base, read in the patient's own text (not in the repaired copy).

    Each has, besides Rasa's keys, an ``assertion`` (present, negated, ...); ``aftercare.triage.Reading.from_entities``
    turns them back into a reading.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

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
        return cls(_reader(knowledge_folder(config["knowledge"])))

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            found = self._reader.read(message.get(TEXT) or "").entities()
            entities = self.add_extractor_name(found)
            message.set(ENTITIES, message.get(ENTITIES, []) + entities, add_to_output=True)
        return messages
