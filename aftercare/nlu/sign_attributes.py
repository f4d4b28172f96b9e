"""Writes beside each sign where it is, on which side, how many there are, how large, and what the thermometer says."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from aftercare.nlu.message_reader import knowledge_folder, reader_at
from aftercare.triage.reader import Reader


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class SignAttributes(GraphComponent):
    """Adds ``sites``, ``side``, ``count``, ``size`` and ``celsius`` (aftercare.triage.attributes) to the entities of signs, those
    of them that are told. Staff read them; triage goes on without."""

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
    ) -> SignAttributes:
        return cls(reader_at(knowledge_folder(config["knowledge"])))

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            entities = message.get(ENTITIES, [])
            if entities:
                described = self._reader.with_attributes(message.get(TEXT) or "", entities)
                message.set(ENTITIES, described, add_to_output=True)
        return messages
