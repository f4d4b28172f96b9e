"""Gives every message what it means and asks (``FindingsEncoder.ask``) as a dense feature."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from aftercare.nlu.data_file import PROJECT
from aftercare.nlu.encoder_weights import DIFFERENCES, EncoderUnavailable, Vectors
from aftercare.nlu.finding_heads import FindingsEncoder, load_findings_encoder, stamp_of
from aftercare.nlu.spelling import corrected_text
from aftercare.nlu.vector_cache import described

logger = logging.getLogger(__name__)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceFeaturizer(DenseFeaturizer, GraphComponent):
    """A dense sentence feature for each message, of its repaired copy.

    Without the encoder's weights it adds no feature and says so once, as a warning: the classifier then learns from
    words alone.
    """

    def __init__(self, config: dict[str, Any], name: str, encoder: FindingsEncoder | None) -> None:
        super().__init__(name, config)
        self._encoder = encoder
        self._differences = PROJECT / config.get("differences", DIFFERENCES)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {**DenseFeaturizer.get_default_config(), "differences": DIFFERENCES}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceFeaturizer:
        try:
            encoder = load_findings_encoder(PROJECT / config["differences"])
        except EncoderUnavailable as reason:
            logger.warning("No sentence vectors, words alone: %s", reason)
            encoder = None
        return cls(config, execution_context.node_name or cls.__name__, encoder)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """There is nothing to configure."""

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Rasa's cache has to know whether there are weights: vectors and none are different features."""
        try:
            difference = PROJECT / {**cls.get_default_config(), **config}["differences"]
            load_findings_encoder(difference)
        except EncoderUnavailable:
            return "words alone"
        return stamp_of(difference)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        spoken = [message for message in training_data.training_examples if message.get(TEXT)]
        if self._encoder is not None and spoken:
            texts = [corrected_text(message) for message in spoken]
            rows = described(self._encoder, texts, self._differences, beside=True)
            self._add(spoken, self._encoder.asked_in(rows))
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        spoken = [message for message in messages if message.get(TEXT)]
        if self._encoder is None or not spoken:
            return messages
        self._add(spoken, np.concatenate([self._encoder.ask(corrected_text(message)) for message in spoken]))
        return messages

    def _add(self, messages: list[Message], vectors: Vectors) -> None:
        for message, vector in zip(messages, vectors, strict=True):
            message.add_features(Features(vector[None, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
