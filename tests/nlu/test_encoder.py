"""The forward pass gives vectors with the properties that the published model is known for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aftercare.nlu.encoder import MAX_TOKENS, OVERLAP, Encoder, load_encoder
from aftercare.nlu.encoder_weights import DIMENSIONS, EncoderUnavailable

PAIRS = {
    # The example of the model's own page on the Hugging Face hub, and the similarities it prints there.
    ("That is a happy person", "That is a happy dog"): 0.695,
    ("That is a happy person", "That is a very happy person"): 0.943,
    ("That is a happy person", "Today is a sunny day"): 0.257,
}


def meaning(encoder: Encoder, *texts: str) -> np.ndarray:
    """What sentence-transformers gives for this model."""
    return encoder.encode(texts)


@pytest.mark.parametrize(("pair", "published"), PAIRS.items())
def test_published_similarities(pair: tuple[str, str], published: float, encoder: Encoder) -> None:
    first, second = meaning(encoder, *pair)

    assert float(first @ second) == pytest.approx(published, abs=0.02)  # in 8 bits


def test_same_thing_in_other_words_is_nearer_than_the_same_words_about_another_thing(encoder: Encoder) -> None:
    asked, same, other = meaning(
        encoder,
        "how do I get rid of puffiness?",
        "what helps against the swelling?",
        "how do I get rid of moles in my lawn?",
    )

    assert float(asked @ same) > float(asked @ other)


def test_vectors_have_length_one(encoder: Encoder) -> None:
    vectors = encoder.encode(["red", "my skin is very dry and it itches"])

    assert vectors.shape == (2, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)


def test_a_text_is_read_alike_whatever_stands_beside_it(encoder: Encoder) -> None:
    texts = ["red", "my face is red", "is it normal?", "my face is dry", "", "🙂"]

    assert np.array_equal(encoder.encode(texts), np.concatenate([encoder.encode([text]) for text in texts]))


def test_parts_are_made_of_the_tokens_of_the_whole(encoder: Encoder) -> None:
    text = "My face is red. Can I swim?"
    [window] = encoder.windows(text)
    first, second = encoder.tokens_of_parts(text, [(0, 15), (16, 27)])

    # The first and the last token of a window stand for no words.
    assert np.concatenate([first, second]) == pytest.approx(window.tokens[1:-1])


def test_a_part_far_down_a_long_text_is_found_in_its_window(encoder: Encoder) -> None:
    text = "red " * (MAX_TOKENS + OVERLAP) + "can I swim"
    [part] = encoder.tokens_of_parts(text, [(len(text) - 10, len(text))])

    assert part == pytest.approx(encoder.windows(text)[-1].tokens[-4:-1])


def test_capitals_and_accents_make_no_difference(encoder: Encoder) -> None:
    plain, shouted = encoder.encode(["naive swelling", "NAÏVE SWELLING"])

    assert plain == pytest.approx(shouted, abs=1e-6)


def test_long_messages_are_cut(encoder: Encoder) -> None:
    long, longer = encoder.encode(["red " * MAX_TOKENS, "red " * MAX_TOKENS * 10])

    assert long == pytest.approx(longer, abs=1e-6)


def test_nothing_to_encode(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, DIMENSIONS)


def test_missing_weights_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match=r"fetch_encoder\.py"):
        load_encoder(tmp_path)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(EncoderUnavailable, match="not the published file"):
        load_encoder(tmp_path)
