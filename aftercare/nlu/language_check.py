"""Whether a message is in another language is decided by its words (``aftercare.triage.other_language``), not by examples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from aftercare.nlu.intent_classifier import INTENT_RANKING, QUESTIONS, QuestionClassifier
from aftercare.triage.other_language import FEWEST_WORDS
from aftercare.triage.reading import LANGUAGE

OTHER_LANGUAGE = "out_of_scope_other_language"
SMALL_TALK = frozenset({"greet", "thanks", "goodbye", "affirm", "deny"})
FEW_WORDS = 3
"""A greeting, thanks, a yes or a no of so many words is understood in whatever language ("hola buenos dias"), provided that it
has words: where there are no blanks between them the classifier has little to go by."""
LATIN = re.compile(r"[\x00-\u024f\u1e00-\u1eff\u2000-\u2bff\ufe0f\U0001f000-\U0001faff]*")

Ranked = dict[str, Any]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class LanguageCheck(GraphComponent, IntentClassifier):
    """Puts ``out_of_scope_other_language`` first where the MessageReader found another language, and takes it out where not.

    Left to examples, slang and typing errors are taken for other languages, and languages without examples for slang. A
    message of one or two words is too short for the reader to judge: there the classifier's word stands.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        return [QuestionClassifier]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageCheck:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            ranking = checked(
                message.get(TEXT) or "",
                any(entity.get("entity") == LANGUAGE for entity in message.get(ENTITIES, [])),
                message.get(INTENT_RANKING) or [],
            )
            if ranking and ranking[0] != message.get(INTENT):
                others = [one for one in message.get(QUESTIONS, []) if one["name"] != OTHER_LANGUAGE]
                message.set(INTENT, ranking[0], add_to_output=True)
                message.set(INTENT_RANKING, ranking, add_to_output=True)
                message.set(
                    QUESTIONS, ranking[:1] if ranking[0]["name"] == OTHER_LANGUAGE else others, add_to_output=True
                )
        return messages


def checked(text: str, is_other: bool, ranking: Sequence[Ranked]) -> list[Ranked]:
    """The ranking of intents as the language of the message asks for; as it was where that has no say."""
    first = ranking[0]["name"] if ranking else None
    words = len(text.split())
    others = [one for one in ranking if one["name"] != OTHER_LANGUAGE]
    if is_other and not (first in SMALL_TALK and words <= FEW_WORDS and LATIN.fullmatch(text)):
        return [{"name": OTHER_LANGUAGE, "confidence": 1.0}, *others]
    if not is_other and words >= FEWEST_WORDS:
        return others
    return list(ranking)
