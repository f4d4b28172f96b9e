"""The classifier in Rasa's pipeline, with the components before it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.exceptions import InvalidConfigException, RasaException
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from aftercare.nlu import vector_cache
from aftercare.nlu.encoder import Encoder
from aftercare.nlu.encoder_weights import EncoderUnavailable
from aftercare.nlu.intent_classifier import QuestionClassifier
from aftercare.nlu.intent_model import UnreadableModel
from aftercare.nlu.message_reader import MessageReader
from aftercare.nlu.sentence_featurizer import SentenceFeaturizer

RESOURCE = Resource("classifier")
SURE = 0.15
"""Of some thirty examples nobody can be as sure as of thousands."""
MESSAGES = """messages:
- {text: my vouchers, findings: {}, intent: can_i}
- {text: two vouchers, findings: {}, intent: can_i}
- {text: vouchers vouchers, findings: {}, intent: can_i}
- {text: any vouchers, findings: {}}
"""


class Pipeline:
    """Featurizer, reader and classifier: trained, stored and loaded as Rasa does it."""

    def __init__(self, storage: LocalModelStorage, context: ExecutionContext, messages: Path) -> None:
        self._storage, self._context = storage, context
        self._config = {**QuestionClassifier.get_default_config(), "sure": SURE, "messages": str(messages)}
        self._before: list[Any] = [
            component.create({**component.get_default_config()}, storage, Resource(component.__name__), context)
            for component in (SentenceFeaturizer, MessageReader)
        ]

    def train(self, data: TrainingData) -> QuestionClassifier:
        for component in self._before:
            data = component.process_training_data(data)
        QuestionClassifier.create(self._config, self._storage, RESOURCE, self._context).train(data)
        return self.load()

    def load(self) -> QuestionClassifier:
        return QuestionClassifier.load(self._config, self._storage, RESOURCE, self._context)

    def parse(self, classifier: QuestionClassifier, text: str) -> dict[str, Any]:
        messages = [Message({TEXT: text})]
        for component in (*self._before, classifier):
            messages = component.process(messages)
        return messages[0].as_dict(only_output_properties=True)


@pytest.fixture
def messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of whole messages."""
    folder = tmp_path / "messages"
    folder.mkdir()
    (folder / "some.yml").write_text(MESSAGES)
    monkeypatch.setattr(vector_cache, "finding_vectors", lambda: tmp_path / "vectors.npz")
    return folder


@pytest.fixture
def pipeline(storage: LocalModelStorage, context: ExecutionContext, messages: Path) -> Pipeline:
    return Pipeline(storage, context, messages)


@pytest.fixture
def no_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AFTERCARE_ENCODER_DIR", str(tmp_path / "nowhere"))


def test_two_questions_in_one_message(pipeline: Pipeline, training_data: TrainingData, encoder: Encoder) -> None:
    parsed = pipeline.parse(
        pipeline.train(training_data), "My cheeks are red. How long does it last? Can I wear makeup?"
    )

    names = [question["name"] for question in parsed["questions"]]
    assert names[0] == parsed["intent"]["name"] == parsed["intent_ranking"][0]["name"]
    assert set(names) == {"report", "how_long", "can_i"}
    assert names[0] != "report", "a question outweighs a report"
    assert [entity["value"] for entity in parsed["entities"]][:1] == ["redness"]


def test_learns_from_whole_messages_that_tell_what_they_ask(
    training_data: TrainingData, no_weights: None, storage: LocalModelStorage, context: ExecutionContext, messages: Path
) -> None:
    def intent_of_vouchers() -> str:
        pipeline = Pipeline(storage, context, messages)
        return pipeline.parse(pipeline.train(training_data), "vouchers vouchers")["intent"]["name"]

    with_messages = intent_of_vouchers()
    (messages / "some.yml").unlink()
    assert with_messages == "can_i" != intent_of_vouchers()


def test_an_intent_without_examples_in_rasas_files_is_refused(
    pipeline: Pipeline, training_data: TrainingData, messages: Path
) -> None:
    (messages / "more.yml").write_text("messages:\n- {text: a b, findings: {}, intent: what_now}\n")
    with pytest.raises(InvalidConfigException, match=r"more\.yml: line 2: 'what_now'"):
        pipeline.train(training_data)


@pytest.mark.parametrize("text", ["any vouchers", "can I wear makeup"])
def test_a_text_with_two_intents_is_refused(
    text: str, pipeline: Pipeline, training_data: TrainingData, messages: Path
) -> None:
    row = f"- {{text: {text}, findings: {{}}, intent: %s}}\n"
    (messages / "more.yml").write_text(f"messages:\n{row % 'thanks'}{row % 'report'}")
    with pytest.raises(InvalidConfigException, match=f"'{text}' has the intents"):
        pipeline.train(training_data)


def test_learns_from_rasas_files_alone_where_there_are_no_whole_messages(
    pipeline: Pipeline, training_data: TrainingData, encoder: Encoder, messages: Path
) -> None:
    (messages / "some.yml").unlink()
    assert pipeline.parse(pipeline.train(training_data), "can I wear makeup")["intent"]["name"] == "can_i"


def test_works_on_words_alone_and_says_so_once(
    no_weights: None, storage: LocalModelStorage, context: ExecutionContext, messages: Path,
    training_data: TrainingData, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    with caplog.at_level(logging.WARNING, logger="aftercare"):
        sparse = Pipeline(storage, context, messages)
        parsed = sparse.parse(sparse.train(training_data), "can I wear makeup")

    assert parsed["intent"]["name"] == "can_i"
    assert len([record for record in caplog.records if "words alone" in record.message]) == 1


def test_model_of_meaning_is_not_served_without_the_encoder(
    pipeline: Pipeline, training_data: TrainingData, encoder: Encoder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pipeline.train(training_data)
    monkeypatch.setenv("AFTERCARE_ENCODER_DIR", str(tmp_path / "nowhere"))

    with pytest.raises(EncoderUnavailable, match="fetch_encoder"):
        pipeline.load()


def test_damaged_classifier_is_not_served_untrained(
    pipeline: Pipeline, training_data: TrainingData, storage: LocalModelStorage
) -> None:
    pipeline.train(training_data)
    with storage.write_to(RESOURCE) as folder:
        (folder / "intents.json").unlink()

    with pytest.raises(UnreadableModel):
        pipeline.load()


def test_classifier_that_was_never_trained_is_not_served(pipeline: Pipeline) -> None:
    with pytest.raises(ValueError, match="classifier"):
        pipeline.load()


def test_one_intent_is_nothing_to_learn_from(pipeline: Pipeline) -> None:
    with pytest.raises(RasaException, match="two intents"):
        pipeline.train(TrainingData([Message({TEXT: "hi", INTENT: "greet"})]))


@pytest.mark.parametrize("text", ["???", "🙂", "a", "0000", "\u200b"])
def test_odd_messages_get_an_intent_too(
    text: str, training_data: TrainingData, no_weights: None, storage: LocalModelStorage,
    context: ExecutionContext, messages: Path,
) -> None:  # fmt: skip
    sparse = Pipeline(storage, context, messages)
    parsed = sparse.parse(sparse.train(training_data), text)

    assert parsed["intent"]["name"]
    assert 0 <= parsed["intent"]["confidence"] <= 1
