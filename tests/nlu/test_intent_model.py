"""The model learns intents from words, and from meaning where it can, and knows how far to trust itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from aftercare.nlu.data_file import data_file, lines
from aftercare.nlu.encoder import Encoder
from aftercare.nlu.intent_features import Described, named_columns
from aftercare.nlu.intent_model import IntentModel, Mixture, UnreadableModel
from tests.nlu.conftest import EXAMPLES

BACKGROUND = lines(data_file("data/nlu_background.txt"))[:100]


def described(texts: Sequence[str], encoder: Encoder | None = None) -> Described:
    signs = ("red", "swell", "swollen", "dry", "bump", "peel", "makeup", "swim", "retinol")
    kinds = [["sign"] if any(sign in text for sign in signs) else [] for text in texts]
    return Described(list(texts), encoder.encode(texts) if encoder else None, named_columns(kinds))


def fitted(encoder: Encoder | None = None) -> IntentModel:
    texts = [text for examples in EXAMPLES.values() for text in examples]
    intents = [intent for intent, examples in EXAMPLES.items() for _ in examples]
    return IntentModel.fit(described(texts, encoder), intents, described(BACKGROUND, encoder))


@pytest.fixture(scope="module")
def of_words() -> IntentModel:
    return fitted()


@pytest.fixture(scope="module")
def of_meaning(encoder: Encoder) -> IntentModel:
    return fitted(encoder)


@pytest.mark.parametrize(
    ("text", "intent"),
    [("how long will the swelling last", "how_long"), ("can I use makeup", "can_i"), ("thank you so much", "thanks")],
)
def test_words_alone(text: str, intent: str, of_words: IntentModel) -> None:
    assert not of_words.needs_vectors
    assert of_words.predict(described([text]))[0][0].name == intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("is foundation allowed", "can_i"),
        ("when is this redness over", "how_long"),
        ("much obliged", "thanks"),
        ("spots all over my jaw", "report"),
    ],
)
def test_meaning_without_a_shared_word(text: str, intent: str, of_meaning: IntentModel, encoder: Encoder) -> None:
    assert of_meaning.predict(described([text], encoder))[0][0].name == intent


def test_ranking_is_complete_and_falls(of_words: IntentModel) -> None:
    ranking = of_words.predict(described(["is it normal"]))[0]

    assert {ranked.name for ranked in ranking} == set(EXAMPLES)
    confidences = [ranked.confidence for ranked in ranking]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= confidence <= 1 for confidence in confidences)


def test_it_trusts_itself_less_on_other_topics(of_meaning: IntentModel, encoder: Encoder) -> None:
    ours = ["is it normal that I am red", "how long does the redness last", "can I wear a little makeup"]
    others = ["is it normal for a fridge to hum", "how long does the ferry take", "can I park on this side"]
    confident, doubtful = (
        [ranking[0].confidence for ranking in of_meaning.predict(described(texts, encoder))] for texts in (ours, others)
    )

    assert min(confident) > max(doubtful)


@pytest.mark.parametrize("with_encoder", [False, True], ids=["words", "meaning"])
def test_stored_model_answers_alike(with_encoder: bool, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    encoder = request.getfixturevalue("encoder") if with_encoder else None
    model = fitted(encoder)
    model.save(tmp_path)
    loaded = IntentModel.load(tmp_path)

    messages = described(["is it normal to peel", "thanks", "qwxz"], encoder)
    for before, after in zip(model.predict(messages), loaded.predict(messages), strict=True):
        assert [ranked.name for ranked in before] == [ranked.name for ranked in after]
        assert [r.confidence for r in before] == pytest.approx([r.confidence for r in after], abs=0.005)


def test_nothing_stored_is_pickled(tmp_path: Path, of_words: IntentModel) -> None:
    of_words.save(tmp_path)

    assert {file.name for file in tmp_path.iterdir()} == {"intents.npz", "intents.json"}
    with np.load(tmp_path / "intents.npz", allow_pickle=False) as stored:
        assert all(stored[name].dtype.kind in "fi" for name in stored)


@pytest.mark.parametrize("damage", ["intents.npz", "intents.json", "mixture"])
def test_damaged_model_is_refused(damage: str, tmp_path: Path, of_words: IntentModel) -> None:
    of_words.save(tmp_path)
    if damage == "mixture":
        facts = json.loads((tmp_path / "intents.json").read_text())
        del facts["mixture"]
        (tmp_path / "intents.json").write_text(json.dumps(facts))
    else:
        (tmp_path / damage).write_bytes(b"damaged")

    with pytest.raises(UnreadableModel, match="Train again"):
        IntentModel.load(tmp_path)


def test_model_of_meaning_does_not_do_without_vectors(of_meaning: IntentModel) -> None:
    with pytest.raises(ValueError, match="sentence vectors"):
        of_meaning.predict(described(["is it normal"]))


def test_training_twice_gives_the_same_model(of_words: IntentModel) -> None:
    messages = described(["is it normal to peel", "can I swim"])

    assert of_words.predict(messages) == fitted().predict(messages)


def test_the_heads_weigh_as_much_as_they_are_right_and_say_nothing_of_intents_they_do_not_know() -> None:
    intents, labels = np.array(["can_i", "new", "why"]), np.array([0, 1, 2] * 40)
    learned = np.zeros((120, 3))
    learned[:, 1] = np.where(labels == 1, 6.0, -6.0)  # knows the new intent alone
    told = np.stack([np.where(labels == 2, 4.0, -4.0), np.where(labels == 0, 4.0, -4.0)], axis=1).astype(np.float32)
    mixture = Mixture.fit(intents, ["why", "can_i"], learned, told, labels)

    assert (mixture(learned, told).argmax(1) == labels).all()
    assert mixture.told > 0
    alone = Mixture.fit(intents, [], learned, np.zeros((120, 0), np.float32), labels)
    assert alone(learned, np.zeros((120, 0), np.float32)).sum(1) == pytest.approx(1)
