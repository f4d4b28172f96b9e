"""What is kept of sentence vectors between two components of a training, and between two trainings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from aftercare.nlu.encoder_weights import Vectors
from aftercare.nlu.vector_cache import cached


class Encoder:
    """Notes what it is asked for; a third has no exact half."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[len(text) / 3, 1.0] for text in texts], np.float32)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "vectors.npz"


def test_each_text_is_encoded_once_and_always_to_the_same_numbers(file: Path) -> None:
    encoder = Encoder()
    first = cached(encoder, ["a", "bb", "a"], file, "weights")
    again = cached(encoder, ["bb", "a"], file, "weights")
    assert encoder.asked == ["a", "bb"]
    assert first.tolist() == [*again[::-1].tolist(), first[0].tolist()]


def test_texts_beside_those_of_another_component_leave_its_own_in_place(file: Path) -> None:
    encoder = Encoder()
    cached(encoder, ["a", "bb"], file, "weights")
    cached(encoder, ["ccc"], file, "weights", beside=True)
    cached(encoder, ["a", "bb", "ccc"], file, "weights")
    assert encoder.asked == ["a", "bb", "ccc"]


def test_texts_that_nobody_has_any_more_are_let_go(file: Path) -> None:
    encoder = Encoder()
    cached(encoder, ["a", "bb"], file, "weights")
    cached(encoder, ["a"], file, "weights")
    cached(encoder, ["bb"], file, "weights", beside=True)
    assert encoder.asked == ["a", "bb", "bb"]


def test_rows_of_other_weights_and_a_broken_file_are_not_used(file: Path) -> None:
    encoder = Encoder()
    cached(encoder, ["a"], file, "weights")
    cached(encoder, ["a"], file, "other weights")
    file.write_bytes(b"no zip")
    cached(encoder, ["a"], file, "other weights")
    assert encoder.asked == ["a", "a", "a"]
