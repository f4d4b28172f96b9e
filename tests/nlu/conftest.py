"""The encoder where this machine has it, and a small set of training messages of two dozen words."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from aftercare.nlu.encoder import Encoder, encoder_folder, load_encoder
from aftercare.nlu.encoder_weights import EncoderUnavailable

EXAMPLES = {
    "is_normal": [
        "is it normal to be red",
        "is this swelling normal",
        "is it ok that my skin is dry",
        "are bumps normal",
    ],
    "how_long": [
        "how long will I be red",
        "how long does the swelling last",
        "when does the peeling stop",
        "how many days",
    ],
    "can_i": [
        "can I wear makeup",
        "can I wear sunscreen while I am red",
        "can I go swimming",
        "may I use retinol",
        "am I allowed to exercise",
    ],
    "report": ["my skin is red", "my face is swollen", "I have bumps on my chin", "my cheeks are peeling"],
    "thanks": ["thank you", "thanks a lot", "many thanks", "cheers that helps"],
    "out_of_scope_off_topic": ["who won the election", "tell me a joke", "will it rain tomorrow", "book me a taxi"],
}


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    try:
        return load_encoder(encoder_folder())
    except EncoderUnavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture
def training_data() -> TrainingData:
    return TrainingData([Message({TEXT: text, INTENT: intent}) for intent, texts in EXAMPLES.items() for text in texts])


@pytest.fixture
def storage(tmp_path: Path) -> LocalModelStorage:
    return LocalModelStorage(tmp_path)


@pytest.fixture
def context() -> ExecutionContext:
    return ExecutionContext(GraphSchema({}), node_name="component")
