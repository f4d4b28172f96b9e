"""How alike two messages are: by meaning (sentence vectors), by the kinds of things they name, and by their words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from aftercare.nlu.encoder import DIMENSIONS, Vectors

Matrix = npt.NDArray[np.float64]

WORDS = {"ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b", "sublinear_tf": True}
CHARACTERS = {"analyzer": "char_wb", "ngram_range": (2, 5), "sublinear_tf": True}
"""Words and pairs of words; pieces of two to five characters, which survive typing errors."""

KINDS = ("sign", "product", "activity", "time")
"""Kinds of things a message may name (the columns of ``Described.named``)."""

NARROWNESS = 0.2
"""Of the bell curve over the distance of two vectors. Cross-validated on data/nlu: 0.1 to 0.4 differ by one point."""

SHARE_OF_WORDS = 0.05
"""Weight of shared words beside shared meaning. On data/nlu 0 to 0.1 are equal, more is worse; with typing errors a little
helps, and it is how a name that the encoder never saw counts at all."""


WEIGHT_OF_KINDS = 0.05
"""How much it separates two messages that one names a thing of a kind and the other none: a point of accuracy."""


class Described(NamedTuple):
    """Messages as they are compared: their texts, their sentence vectors (None: no encoder) and what kinds they name."""

    texts: Sequence[str]
    vectors: Vectors | None
    named: Matrix

    @property
    def names_something(self) -> npt.NDArray[np.bool_]:
        """True for a message that names a sign, product or activity; nearly all aftercare questions do."""
        result: npt.NDArray[np.bool_] = self.named[:, : KINDS.index("time")].any(1)
        return result


def named_columns(kinds: Sequence[Collection[str]]) -> Matrix:
    """The kinds that each message names as rows of 0 and 1, a column for each of ``KINDS``."""
    return np.array([[float(kind in named) for kind in KINDS] for named in kinds]).reshape(len(kinds), len(KINDS))


class WordLikeness:
    """Cosine of tf-idf vectors, the mean over words and over characters: 0 to 1."""

    def __init__(self, vocabularies: Sequence[Sequence[str]], weights: Sequence[npt.NDArray[np.float64]]) -> None:
        self._vocabularies = vocabularies
        self._weights = weights
        self._vectorizers = [
            _vectorizer(options, vocabulary, weight)
            for options, vocabulary, weight in zip((WORDS, CHARACTERS), vocabularies, weights, strict=True)
        ]

    @classmethod
    def fit(cls, texts: Sequence[str]) -> WordLikeness:
        fitted = [TfidfVectorizer(**options).fit(texts) for options in (WORDS, CHARACTERS)]
        return cls([list(one.get_feature_names_out()) for one in fitted], [one.idf_ for one in fitted])

    def rows(self, texts: Sequence[str]) -> csr_matrix:
        """One row for each text, such that the product of two rows is their likeness."""
        return hstack([one.transform(texts) for one in self._vectorizers]).tocsr() * np.sqrt(0.5)

    def vocabularies(self) -> list[list[str]]:
        return [list(vocabulary) for vocabulary in self._vocabularies]

    def arrays(self) -> dict[str, npt.NDArray[np.float32]]:
        return {f"idf_{number}": weight.astype(np.float32) for number, weight in enumerate(self._weights)}

    @classmethod
    def from_stored(cls, vocabularies: Sequence[Sequence[str]], arrays: Mapping[str, Any]) -> WordLikeness:
        return cls(vocabularies, [arrays[f"idf_{number}"] for number in range(len(vocabularies))])


def _vectorizer(
    options: Mapping[str, Any], vocabulary: Sequence[str], weight: npt.NDArray[np.float64]
) -> TfidfVectorizer:
    vectorizer = TfidfVectorizer(**options, vocabulary=vocabulary)
    vectorizer.idf_ = weight.astype(np.float64)
    return vectorizer


def kind_likeness(left: Matrix, right: Matrix) -> Matrix:
    """1 where two messages name things of the same kinds, less for each kind that only one of them names."""
    differing = left.sum(1)[:, None] + right.sum(1)[None, :] - 2 * left @ right.T
    result: Matrix = np.exp(-WEIGHT_OF_KINDS * differing)
    return result


def meaning_likeness(centre: Vectors, left: Vectors, right: Vectors) -> Matrix:
    """A bell curve over the distance of the vectors: 1 for the same meaning, towards 0 for others.

    ``right`` is ``centred`` already, ``left`` is not. A curve rather than the bare cosine lets one intent be said in
    several quite different ways.
    """
    parts = left.shape[1] // DIMENSIONS
    cosines = centred(left, centre) @ right.T
    return np.exp(-2 * NARROWNESS * (parts - cosines)).astype(np.float64)


def centred(vectors: Vectors, centre: Vectors) -> Vectors:
    """Without what all messages have in common, each part (one layer of the encoder) of length 1."""
    parts = (vectors - centre).reshape(len(vectors), -1, DIMENSIONS)
    lengths = np.linalg.norm(parts, axis=-1, keepdims=True)
    result: Vectors = (parts / np.maximum(lengths, 1e-9)).reshape(vectors.shape)
    return result
