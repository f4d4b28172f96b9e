"""Writes beside each sign where it is, on which side, how many there are, how large, and what the thermometer says."""

from __future__ import annotations

import logging
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

logger = logging.getLogger(__name__)

CELSIUS = "celsius"
MEASURED = frozenset({"fever", "low_temperature"})
"""Signs that a temperature is told of."""


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
                try:
                    described = self._described(message.get(TEXT) or "", entities)
                except Exception as error:  # a patient is answered though nobody can tell where a sign is
                    logger.error("the attributes of signs could not be read: %s", type(error).__name__)
                    continue
                message.set(ENTITIES, described, add_to_output=True)
        return messages

    def _described(self, text: str, entities: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The words of a sign tell best what belongs to it. What is learned stands on a whole clause: it has what its clause tells
        of the signs named there where these agree, or what the clause tells where it names none. What stands on no words of a
        longer message is told of no place in it."""
        whole = (0, len(text)) if len(self._reader.clauses(text)) > 1 else None
        signs = [i for i, entity in enumerate(entities) if _is_sign(entity) and _span(entity) != whole]
        named = [i for i in signs if not entities[i].get("learned")]
        learned = [i for i in signs if entities[i].get("learned")]
        told = dict(zip(named, self._told(text, [entities[i] for i in named]), strict=True))
        alone = dict(zip(learned, self._told(text, [entities[i] for i in learned]), strict=True))
        for i in learned:
            inside = [told[n] for n in named if _overlaps(entities[n], entities[i])]
            told[i] = alone[i] if not inside else inside[0] if all(one == inside[0] for one in inside) else {}
        return [
            {
                **entity,
                **{
                    name: value
                    for name, value in told.get(i, {}).items()
                    if name != CELSIUS or entity["value"] in MEASURED
                },
            }
            for i, entity in enumerate(entities)
        ]

    def _told(self, text: str, entities: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return [attributes.as_told() for attributes in self._reader.attributes(text, [_span(one) for one in entities])]


def _overlaps(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one["start"] < other["end"] and other["start"] < one["end"])


def _is_sign(entity: dict[str, Any]) -> bool:
    return entity["entity"] in SIGNS and "assertion" in entity


def _span(entity: dict[str, Any]) -> tuple[int, int]:
    return entity["start"], entity["end"]
