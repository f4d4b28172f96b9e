"""The intent classifier in Rasa's pipeline: intent, ranking and the list of questions of each message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.exceptions import InvalidConfigException, RasaException
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from aftercare.nlu.data_file import PROJECT, data_file, data_folder, digest, knowledge_at, knowledge_folder, lines
from aftercare.nlu.encoder_weights import DIFFERENCES, Vectors
from aftercare.nlu.finding_examples import read_labelled_messages
from aftercare.nlu.finding_heads import FindingsEncoder, load_findings_encoder
from aftercare.nlu.intent_features import Described, named_columns
from aftercare.nlu.intent_model import IntentModel, Ranked
from aftercare.nlu.message_reader import NAMED, MessageReader, kinds_named_in
from aftercare.nlu.our_subject import speaks_of_ours
from aftercare.nlu.questions import (
    as_words_tell,
    is_asked_again,
    of_something_else,
    questions_of,
    told,
    with_what_is_asked,
)
from aftercare.nlu.segments import segments
from aftercare.nlu.sentence_featurizer import SentenceFeaturizer
from aftercare.nlu.spelling import corrected_text
from aftercare.nlu.vector_cache import described
from aftercare.triage.reading import ABOUT

QUESTIONS = "questions"
INTENT_RANKING = "intent_ranking"
RANKING_LENGTH = 10


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class QuestionClassifier(GraphComponent, IntentClassifier):
    """Sets ``intent``, ``intent_ranking`` and ``questions``, a list of ``{"name", "confidence"}``, the primary one first.

    It learns from Rasa's examples and from ``messages``, a folder of whole messages (``aftercare.nlu.finding_examples``).
    ``background`` is a text file of sentences that are about other things; ``sure`` is the confidence from which an
    intent counts, the same as the threshold of the FallbackClassifier after this component. A model that was trained
    with sentence vectors cannot be used without them: loading it then fails, and Rasa does not serve it.
    """

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, model: IntentModel | None = None
    ) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._model = model
        self._encoder = self._load_encoder() if model and model.needs_vectors else None

    @classmethod
    def required_components(cls) -> list[type]:
        return [SentenceFeaturizer, MessageReader]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "background": "data/nlu_background.txt",
            "knowledge": "data/knowledge",
            "messages": "data/nlu/messages",
            "differences": DIFFERENCES,
            "sure": 0.4,
        }

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Rasa's cache has to know that the background and the whole messages are inputs too."""
        config = {**cls.get_default_config(), **config}  # Rasa asks without one for what it has in its cache
        messages = sorted((PROJECT / config["messages"]).glob("*.yml"))
        return " ".join(digest(file) for file in (data_file(config["background"]), *messages))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> QuestionClassifier:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> QuestionClassifier:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, IntentModel.load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        if len({example.get(INTENT) for example in examples}) < 2:
            raise RasaException("The intent classifier needs examples of at least two intents in data/nlu.")
        listed = _described(examples, _vectors(examples))
        encoder = self._load_encoder() if listed.vectors is not None else None
        whole = self._whole_messages(training_data)
        intents = [*(example.get(INTENT) for example in examples), *whole.values()]
        learned_from = listed.and_of(self._described_whole(list(whole), encoder)) if whole else listed
        asked = encoder.questions if encoder else ()
        self._model = IntentModel.fit(learned_from, intents, self._background(encoder), asked)
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    def _whole_messages(self, training_data: TrainingData) -> dict[str, str]:
        """The intent of each whole message that tells what it asks and that does not stand in Rasa's files as well.

        Raises ``InvalidConfigException`` where one text has two intents.
        """
        listed = {example.get(TEXT): example.get(INTENT) for example in training_data.intent_examples}
        known = dict(listed)
        folder = data_folder(self._config["messages"])
        items = knowledge_at(knowledge_folder(self._config["knowledge"])).items
        for message in read_labelled_messages(folder, items, training_data.intents):
            if message.intent and known.setdefault(message.text, message.intent) != message.intent:
                both = f"{known[message.text]} and {message.intent}"
                raise InvalidConfigException(
                    f"{folder}: '{message.text}' has the intents {both}: leave it one of them."
                )
        return {text: intent for text, intent in known.items() if text not in listed}

    def _described_whole(self, texts: list[str], encoder: FindingsEncoder | None) -> Described:
        rows = described(encoder, texts, PROJECT / self._config["differences"], beside=True) if encoder else None
        return self._as_they_stand(texts, rows, encoder)

    def _background(self, encoder: FindingsEncoder | None) -> Described:
        texts = lines(data_file(self._config["background"]))
        return self._as_they_stand(texts, encoder.describe(texts) if encoder else None, encoder)

    def _as_they_stand(self, texts: list[str], rows: Vectors | None, encoder: FindingsEncoder | None) -> Described:
        """Texts that are no messages of Rasa's, not repaired; ``rows`` as ``FindingsEncoder.describe`` gives them."""
        vectors = encoder.asked_in(rows) if encoder and rows is not None else None
        return Described(texts, vectors, named_columns(kinds_named_in(texts, self._config["knowledge"])))

    def _load_encoder(self) -> FindingsEncoder:
        return load_findings_encoder(PROJECT / self._config["differences"])

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if message.get(TEXT):
                self._classify(message)
        return messages

    def _classify(self, message: Message) -> None:
        if self._model is None:
            raise RasaException("The intent classifier has not been trained.")
        sure = self._config["sure"]
        about = next((e["value"] for e in message.get(ENTITIES, []) if e["entity"] == ABOUT), None)
        whole, *parts = (as_words_tell(ranking, about) for ranking in self._rankings(message, self._model))
        ranking = with_what_is_asked(whole, parts, sure)
        questions = questions_of(ranking[0], [part[0] for part in parts], sure)
        if questions:
            ranking = [questions[0], *(ranked for ranked in ranking if ranked.name != questions[0].name)]
        shown = [_as_dict(ranked) for ranked in ranking[:RANKING_LENGTH]]
        message.set(INTENT, shown[0], add_to_output=True)
        message.set(INTENT_RANKING, shown, add_to_output=True)
        message.set(QUESTIONS, [_as_dict(ranked) for ranked in questions], add_to_output=True)

    def _rankings(self, message: Message, model: IntentModel) -> list[list[Ranked]]:
        """That of the whole message, then those of its sentences. What a sentence speaks of may stand in another one, so
        all count as naming it."""
        text, named = corrected_text(message), message.get(NAMED, [])
        parts = segments(text)
        texts = [text, *(text[start:end] for start, end in parts)]
        vectors = self._encoder.ask(text, parts) if self._encoder else None
        rankings = model.predict(Described(texts, vectors, named_columns([named] * len(texts))))
        ours = _names_ours(message, text)
        found = [_told(ranking, part, named, ours) for part, ranking in zip(texts, rankings, strict=True)]
        for place in range(2, len(found)):
            first = found[place][0]
            if first.confidence < self._config["sure"] or is_asked_again(found[place - 1][0], first):
                found[place] = self._alone(texts[place], named, ours, model)
        return found

    def _alone(self, part: str, named: list[str], ours: bool, model: IntentModel) -> list[Ranked]:
        """The ranking of a sentence that the ones around it colour or make unsure: read by itself."""
        vectors = self._encoder.ask(part) if self._encoder else None
        [ranking] = model.predict(Described([part], vectors, named_columns([named])))
        return _told(ranking, part, named, ours)


def _told(ranking: Sequence[Ranked], part: str, named: list[str], ours: bool) -> list[Ranked]:
    """``ours``: whether the message names anything of ours at all."""
    return told(ranking if ours else of_something_else(ranking, part), part, named)


def _names_ours(message: Message, text: str) -> bool:
    """Whether a message names anything of the knowledge base, or its ``text`` speaks of skin, treatment or care at all."""
    named = any(entity["entity"] != "time" for entity in message.get(ENTITIES, []))
    return named or speaks_of_ours(text)


def _described(messages: Sequence[Message], vectors: Vectors | None) -> Described:
    named = named_columns([message.get(NAMED, []) for message in messages])
    return Described([corrected_text(message) for message in messages], vectors, named)


def _vectors(messages: Sequence[Message]) -> Vectors | None:
    """The sentence vectors that the SentenceFeaturizer left; None where it had no weights."""
    found = [message.get_dense_features(TEXT)[1] for message in messages]
    if any(features is None for features in found):
        return None
    return np.concatenate([np.asarray(features.features, np.float32) for features in found])


def _as_dict(ranked: Ranked) -> dict[str, Any]:
    return {"name": ranked.name, "confidence": ranked.confidence}
