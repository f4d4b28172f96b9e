"""Rasa's entities are what triage reads, and can be turned back into a reading."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from aftercare.knowledge import KnowledgeError
from aftercare.nlu.message_reader import NAMED, MessageReader
from aftercare.triage import Reader, Reading

SAID = "No fever, but my cheeks are red on day 3. Can I use retinol?"


@pytest.fixture
def message_reader(storage: LocalModelStorage, context: ExecutionContext) -> MessageReader:
    return MessageReader.create(MessageReader.get_default_config(), storage, Resource("reader"), context)


def test_entities_of_a_message(message_reader: MessageReader) -> None:
    message = message_reader.process([Message({TEXT: SAID})])[0]
    found = message.as_dict(only_output_properties=True)["entities"]

    shown = {(entity["entity"], entity["value"]): SAID[entity["start"] : entity["end"]] for entity in found}
    assert shown["finding", "fever"] == "fever"
    assert shown["symptom", "redness"] == "red"
    assert ("product", "retinoid") in shown
    assert {entity["assertion"] for entity in found if entity["value"] == "fever"} == {"negated"}
    assert {entity["extractor"] for entity in found} == {"MessageReader"}
    assert set(message.get(NAMED)) == {"sign", "product", "time"}


def test_entities_are_a_reading_again(message_reader: MessageReader, reader: Reader) -> None:
    message = message_reader.process([Message({TEXT: SAID})])[0]

    assert Reading.from_entities(SAID, message.get("entities")) == reader.read(SAID)


def test_training_examples_get_no_entities(message_reader: MessageReader) -> None:
    example = message_reader.process_training_data(TrainingData([Message({TEXT: SAID})])).training_examples[0]

    assert example.get("entities") is None
    assert "sign" in example.get(NAMED)


@pytest.mark.parametrize("text", ["", "hello"])
def test_message_that_names_nothing(text: str, message_reader: MessageReader) -> None:
    message = message_reader.process([Message({TEXT: text})])[0]

    assert message.get("entities") == []
    assert message.get(NAMED) == []


def test_knowledge_comes_from_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, storage: LocalModelStorage, context: ExecutionContext
) -> None:
    monkeypatch.setenv("AFTERCARE_KNOWLEDGE_DIR", str(tmp_path))
    with pytest.raises(KnowledgeError, match=str(tmp_path)):
        MessageReader.create(MessageReader.get_default_config(), storage, Resource("reader"), context)
