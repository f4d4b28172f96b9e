"""Messages as rows of numbers for the intent classifier: by meaning where there is an encoder, by words where there is none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from aftercare.nlu.encoder_weights import DIMENSIONS, Vectors
from aftercare.nlu.findings_model import centred

Matrix = npt.NDArray[np.float64]

WORDS = {"ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b", "sublinear_tf": True}
CHARACTERS = {"analyzer": "char_wb", "ngram_range": (2, 5), "sublinear_tf": True}
"""Words and pairs of words; pieces of two to five characters, which survive typing errors."""

KINDS = ("sign", "product", "activity", "time")
"""Kinds of things a message may name (the columns of ``Described.named``)."""

WEIGHT_OF_KINDS = np.float32(0.3)
"""Of naming a thing of a kind, beside a meaning of length 1."""


class Described(NamedTuple):
    """Messages as they are compared: their texts, what the encoder makes of them (``FindingsEncoder.ask``: the meaning,
    then the scores of its heads for questions, if any; None: no encoder) and what kinds they name."""

    texts: Sequence[str]
    vectors: Vectors | None
    named: Matrix

    def and_of(self, others: Described) -> Described:
        """These and then the others, which are described as these are."""
        both = self.vectors is not None and others.vectors is not None
        vectors = np.concatenate([self.vectors, others.vectors]) if both else None
        return Described([*self.texts, *others.texts], vectors, np.concatenate([self.named, others.named]))

    @property
    def asked(self) -> Vectors:
        """(messages, questions): the scores of the encoder's heads; no columns where there are none."""
        return np.zeros((len(self.texts), 0), np.float32) if self.vectors is None else self.vectors[:, DIMENSIONS:]

    @property
    def names_something(self) -> npt.NDArray[np.bool_]:
        """True for a message that names a sign, product or activity; nearly all aftercare questions do."""
        result: npt.NDArray[np.bool_] = self.named[:, : KINDS.index("time")].any(1)
        return result


def named_columns(kinds: Sequence[Collection[str]]) -> Matrix:
    """The kinds that each message names as rows of 0 and 1, a column for each of ``KINDS``."""
    return np.array([[float(kind in named) for kind in KINDS] for named in kinds]).reshape(len(kinds), len(KINDS))


@dataclass(frozen=True)
class Meaning:
    """Rows made of sentence vectors: ``centre`` is what all messages have in common."""

    centre: Vectors

    @classmethod
    def fit(cls, messages: Described) -> Meaning:
        return cls(_vectors_of(messages).mean(0))

    def rows(self, messages: Described) -> Vectors:
        """(messages, 384 + 4): the meaning, of length 1, then the kinds."""
        kinds = WEIGHT_OF_KINDS * messages.named.astype(np.float32)
        return np.concatenate([centred(_vectors_of(messages), self.centre), kinds], axis=1)

    def compared(self, rows: Vectors) -> Vectors:
        """The part of the rows by which messages are near each other: the meaning."""
        return rows[:, :DIMENSIONS]


class Words:
    """Rows of tf-idf, the mean over words and over characters: the product of two is their likeness, 0 to 1."""

    def __init__(self, vocabularies: Sequence[Sequence[str]], weights: Sequence[npt.NDArray[np.float64]]) -> None:
        self._vocabularies = vocabularies
        self._weights = weights
        self._vectorizers = [
            _vectorizer(options, vocabulary, weight)
            for options, vocabulary, weight in zip((WORDS, CHARACTERS), vocabularies, weights, strict=True)
        ]

    @classmethod
    def fit(cls, messages: Described) -> Words:
        fitted = [TfidfVectorizer(**options).fit(messages.texts) for options in (WORDS, CHARACTERS)]
        return cls([list(one.get_feature_names_out()) for one in fitted], [one.idf_ for one in fitted])

    def rows(self, messages: Described) -> csr_matrix:
        """(messages, vocabulary)."""
        return hstack([one.transform(messages.texts) for one in self._vectorizers]).tocsr() * np.sqrt(0.5)

    def compared(self, rows: csr_matrix) -> csr_matrix:
        """The part of the rows by which messages are near each other: all of it."""
        return rows

    def vocabularies(self) -> list[list[str]]:
        return [list(vocabulary) for vocabulary in self._vocabularies]

    def arrays(self) -> dict[str, npt.NDArray[np.float32]]:
        return {f"idf_{number}": weight.astype(np.float32) for number, weight in enumerate(self._weights)}

    @classmethod
    def from_stored(cls, vocabularies: Sequence[Sequence[str]], arrays: Mapping[str, Any]) -> Words:
        return cls(vocabularies, [arrays[f"idf_{number}"] for number in range(len(vocabularies))])


def _vectorizer(
    options: Mapping[str, Any], vocabulary: Sequence[str], weight: npt.NDArray[np.float64]
) -> TfidfVectorizer:
    vectorizer = TfidfVectorizer(**options, vocabulary=vocabulary)
    vectorizer.idf_ = weight.astype(np.float64)
    return vectorizer


def _vectors_of(messages: Described) -> Vectors:
    """Their meanings. Raises ValueError where the messages were described without the encoder."""
    if messages.vectors is None:
        raise ValueError("this model compares meanings: it needs the sentence vectors of the messages")
    return messages.vectors[:, :DIMENSIONS]
