"""Typing errors are repaired; words of the domain, of English and of chats are left alone."""

from __future__ import annotations

import pytest
from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.exceptions import InvalidConfigException, RasaException
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from aftercare.nlu.data_file import data_file, lines
from aftercare.nlu.spelling import Speller, SpellingCorrector, corrected_text, domain_words


@pytest.fixture(scope="module")
def speller() -> Speller:
    return Speller(domain_words(lines(data_file("data/nlu_lexicon.txt")), []), left_alone=["zylocream"])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("my face is swolen", "my face is swollen"),
        ("i have feaver", "i have fever"),
        ("yelow pus", "yellow pus"),
        ("is it celulitis", "is it cellulitis"),
        ("can i take accutaine", "can i take accutane"),
        ("moisteriser on my forhead", "moisturiser on my forehead"),
        ("blisteres", "blisters"),
        ("it is sooooo itchyyy", "it is so itchy"),
        ("Sweling, tomorow?", "swelling, tomorrow?"),
    ],
)
def test_typing_errors_are_repaired(typed: str, meant: str, speller: Speller) -> None:
    assert speller.correct(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "cellulitis, retinol and niacinamide",
        "dermaroller or microneedling",
        "idk abt it tmrw pls",
        "dont cant isnt wont",
        "I don't know, it's 38.5 and I'm hot",
        "aciclovir 400mg x2",
        "nurse@clinic.example or www.clinic.example/help",
        "zylocream",
        "hmm brb",
        "",
    ],
)
def test_known_words_stay_as_they_are(text: str, speller: Speller) -> None:
    assert speller.correct(text) == text


def test_words_that_training_data_use_often_are_known() -> None:
    assert domain_words([], ["wagwan mate", "wagwan", "oh wagwan", "mistaek"]) == ["wagwan"]


CONFIG = SpellingCorrector.get_default_config()
RESOURCE = Resource("spelling")


def test_corrector_stores_its_words_in_the_model(storage: LocalModelStorage, context: ExecutionContext) -> None:
    examples = [Message({TEXT: f"{word} blorptown"}) for word in ("one", "two", "three")]
    SpellingCorrector.create(CONFIG, storage, RESOURCE, context).train(TrainingData(examples))
    loaded = SpellingCorrector.load(CONFIG, storage, RESOURCE, context)

    message = loaded.process([Message({TEXT: "blorptwon is swolen"})])[0]

    assert corrected_text(message) == "blorptown is swollen"
    assert message.get(TEXT) == "blorptwon is swolen", "the patient's own text stays"
    assert "corrected_text" not in message.as_dict(only_output_properties=True)


def test_untrained_corrector_does_not_pretend(storage: LocalModelStorage, context: ExecutionContext) -> None:
    with pytest.raises(RasaException, match="not been trained"):
        SpellingCorrector.create(CONFIG, storage, RESOURCE, context).process([Message({TEXT: "hi"})])


def test_missing_lexicon_says_so(storage: LocalModelStorage, context: ExecutionContext) -> None:
    corrector = SpellingCorrector.create({**CONFIG, "lexicon": "data/none.txt"}, storage, RESOURCE, context)
    with pytest.raises(InvalidConfigException, match=r"data/none\.txt is missing"):
        corrector.train(TrainingData([Message({TEXT: "hi"})]))


def test_text_without_corrector() -> None:
    assert corrected_text(Message({TEXT: "swolen"})) == "swolen"
    assert corrected_text(Message({})) == ""
