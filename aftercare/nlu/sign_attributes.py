"""Writes beside each sign where it is, on which side, how many there are, how large, and what the thermometer says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from aftercare.nlu.message_reader import knowledge_folder, reader_at
from aftercare.triage.reader import Reader
from aftercare.triage.reading import SIGNS


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
            if any(_is_sign(entity) for entity in entities):
                described = self._described(message.get(TEXT) or "", entities)
                message.set(ENTITIES, described, add_to_output=True)
        return messages

    def _described(self, text: str, entities: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """What is learned stands on a whole clause, and would take from the words in it what is told of them: it is looked at
        by itself. What stands on no words of a longer message is told of no place in it."""
        whole = (0, len(text)) if len(self._reader.clauses(text)) > 1 else None
        signs = [i for i, entity in enumerate(entities) if _is_sign(entity) and _span(entity) != whole]
        told: dict[int, dict[str, Any]] = {}
        for learned in (False, True):
            own = [i for i in signs if bool(entities[i].get("learned")) is learned]
            found = self._reader.attributes(text, [_span(entities[i]) for i in own])
            told |= {i: attributes.as_told() for i, attributes in zip(own, found, strict=True)}
        return [{**entity, **told.get(i, {})} for i, entity in enumerate(entities)]


def _is_sign(entity: dict[str, Any]) -> bool:
    return entity["entity"] in SIGNS and "assertion" in entity


def _span(entity: dict[str, Any]) -> tuple[int, int]:
    return entity["start"], entity["end"]
