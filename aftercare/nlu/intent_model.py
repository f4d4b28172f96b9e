"""From a message to its intent and how far that is to be trusted. Knows nothing of Rasa.

The model is a kernel machine (regularised least squares): a message is compared with every training example, by meaning
and by words (``aftercare.nlu.likeness``), and each example speaks for its intent with the weight it was given in training.
On data/nlu it is as accurate as logistic regression on the same features, or a little better, and it has two properties
that the trainers need. It trains in a second. And it knows, without training again, what it would have said of each
example had it not seen it (leave-one-out has a closed form), which is what the confidence is learned from.

Confidence: a small logistic regression, the trust model, says how likely the first intent is right, given how far ahead it
is and how near the nearest examples are. Its lessons are the leave-one-out answers, right and wrong, and background
sentences, on which every answer but "off topic" is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

from aftercare.nlu.encoder import Vectors
from aftercare.nlu.likeness import SHARE_OF_WORDS, Matrix, WordLikeness, centred, meaning_likeness

PENALTY = 0.3
"""Of large weights. Cross-validated on data/nlu: 0.1 to 0.6 differ by half a point."""

NEIGHBOURS = 3
"""Examples that make up "the nearest examples" of a message."""

OFF_TOPIC = "out_of_scope_off_topic"
"""The one right answer to a background sentence, where the training data have this intent."""

Names = npt.NDArray[np.str_]


class UnreadableModel(Exception):
    """The stored model is incomplete or of another version."""


@dataclass(frozen=True)
class Ranked:
    """An intent and its confidence, 0 to 1: of the first of a ranking, the probability that it is right."""

    name: str
    confidence: float


@dataclass(frozen=True)
class Trust:
    """The trust model: logistic regression on ``_signs``, which are brought to mean 0 and variance 1 first."""

    mean: Matrix
    spread: Matrix
    weights: Matrix
    bias: float

    def of(self, signs: Matrix) -> Matrix:
        result: Matrix = expit((signs - self.mean) / self.spread @ self.weights + self.bias)
        return result


class IntentModel:
    """Fit with ``IntentModel.fit``, or read with ``IntentModel.load`` what ``save`` wrote."""

    def __init__(
        self,
        intents: Names,
        labels: npt.NDArray[np.int64],
        words: WordLikeness,
        word_rows: csr_matrix,
        centre: Vectors | None,
        vectors: Vectors | None,
        weights: Matrix,
        temperature: float,
        trust: Trust,
    ) -> None:
        """``labels`` are indices into ``intents``, one an example; ``centre`` and ``vectors`` None: words alone."""
        self._intents = intents
        self._labels = labels
        self._words = words
        self._word_rows = word_rows
        self._word_columns = word_rows.T.tocsr()  # turned once: turning costs more than one comparison
        self._centre = centre
        self._vectors = vectors
        self._weights = weights
        self._temperature = temperature
        self._trust = trust

    @property
    def needs_vectors(self) -> bool:
        """False for a model that was trained without the encoder, on words alone."""
        return self._vectors is not None

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        intents: Sequence[str],
        vectors: Vectors | None,
        background: Sequence[str],
        background_vectors: Vectors | None,
    ) -> IntentModel:
        """``vectors`` and ``background_vectors`` are both given or both None."""
        names, labels = np.unique(np.array(intents), return_inverse=True)
        words = WordLikeness.fit(texts)
        word_rows = words.rows(texts)
        centre = None if vectors is None else vectors.mean(0)
        kept = None if vectors is None or centre is None else centred(vectors, centre)
        likeness = _likeness(word_rows, word_rows.T.tocsr(), centre, vectors, kept)
        weights, left_out = _solve(likeness, labels, len(names))
        temperature = _temperature(left_out, labels)
        untrusting = Trust(np.zeros(4), np.ones(4), np.zeros(4), 0.0)
        model = cls(names, labels, words, word_rows, centre, kept, weights, temperature, untrusting)
        model._trust = model._learn_trust(likeness, left_out, background, background_vectors)
        return model

    def predict(self, texts: Sequence[str], vectors: Vectors | None) -> list[list[Ranked]]:
        """For each text every intent, the likeliest first."""
        likeness = self._likeness_to(texts, vectors)
        probabilities = self._probabilities(self._scores(likeness))
        trusted = self._trust.of(self._signs(probabilities, likeness))
        # The first gets the probability that it is right; the others keep their distance to it.
        shown = probabilities / probabilities.max(1, keepdims=True) * trusted[:, None]
        order = np.argsort(-probabilities, axis=1)
        return [
            [Ranked(str(self._intents[column]), float(row[column])) for column in columns]
            for row, columns in zip(shown, order, strict=True)
        ]

    def save(self, folder: Path) -> None:
        """Numbers as npz, words as JSON: nothing in it can run when it is read."""
        arrays: dict[str, Any] = {
            "labels": self._labels,
            "weights": self._weights.astype(np.float32),
            "word_data": self._word_rows.data.astype(np.float32),
            "word_indices": self._word_rows.indices,
            "word_indptr": self._word_rows.indptr,
            "trust_mean": self._trust.mean,
            "trust_spread": self._trust.spread,
            "trust_weights": self._trust.weights,
            **self._words.arrays(),
        }
        if self._vectors is not None and self._centre is not None:
            arrays |= {"centre": self._centre, "vectors": self._vectors.astype(np.float16)}
        facts = {
            "intents": self._intents.tolist(),
            "vocabularies": self._words.vocabularies(),
            "temperature": self._temperature,
            "trust_bias": self._trust.bias,
            "with_vectors": self.needs_vectors,
        }
        np.savez_compressed(folder / "intents.npz", **arrays)
        (folder / "intents.json").write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        """Raises ``UnreadableModel``."""
        try:
            facts = json.loads((folder / "intents.json").read_text(encoding="utf-8"))
            with np.load(folder / "intents.npz", allow_pickle=False) as stored:
                return cls._from_stored(facts, dict(stored))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UnreadableModel(f"{folder} holds no intent model of this version ({error}). Train again.") from error

    @classmethod
    def _from_stored(cls, facts: dict[str, Any], arrays: dict[str, Any]) -> IntentModel:
        words = WordLikeness.from_stored(facts["vocabularies"], arrays)
        width = sum(len(vocabulary) for vocabulary in facts["vocabularies"])
        parts = (arrays["word_data"], arrays["word_indices"], arrays["word_indptr"])
        dense = facts["with_vectors"]
        return cls(
            intents=np.array(facts["intents"]),
            labels=arrays["labels"],
            words=words,
            word_rows=csr_matrix(parts, shape=(len(arrays["labels"]), width)),
            centre=arrays["centre"] if dense else None,
            vectors=arrays["vectors"].astype(np.float32) if dense else None,
            weights=arrays["weights"].astype(np.float64),
            temperature=facts["temperature"],
            trust=Trust(arrays["trust_mean"], arrays["trust_spread"], arrays["trust_weights"], facts["trust_bias"]),
        )

    def _likeness_to(self, texts: Sequence[str], vectors: Vectors | None) -> Matrix:
        if self.needs_vectors and vectors is None:
            raise ValueError("this model compares meanings: it needs the sentence vectors of the texts")
        return _likeness(self._words.rows(texts), self._word_columns, self._centre, vectors, self._vectors)

    def _scores(self, likeness: Matrix) -> Matrix:
        result: Matrix = (likeness + 1) @ self._weights
        return result

    def _probabilities(self, scores: Matrix) -> Matrix:
        result: Matrix = softmax(scores / self._temperature, axis=1)
        return result

    def _learn_trust(
        self, likeness: Matrix, left_out: Matrix, background: Sequence[str], background_vectors: Vectors | None
    ) -> Trust:
        to_others = likeness.copy()
        np.fill_diagonal(to_others, -np.inf)
        seen = self._probabilities(left_out)
        signs = [self._signs(seen, to_others)]
        right = [seen.argmax(1) == self._labels]
        if background:
            likeness_of_background = self._likeness_to(background, background_vectors)
            answers = self._probabilities(self._scores(likeness_of_background))
            signs.append(self._signs(answers, likeness_of_background))
            right.append(self._intents[answers.argmax(1)] == OFF_TOPIC)
        return _fit_trust(np.concatenate(signs), np.concatenate(right))

    def _signs(self, probabilities: Matrix, likeness: Matrix) -> Matrix:
        """What speaks for the first intent: its probability, its lead, its nearest examples, the nearest of all."""
        ordered = np.sort(np.log(probabilities + 1e-9), axis=1)
        first = probabilities.argmax(1)
        own = np.where(self._labels[None, :] == first[:, None], likeness, -np.inf)
        return np.column_stack([ordered[:, -1], ordered[:, -1] - ordered[:, -2], _nearest(own), _nearest(likeness)])


def _nearest(likeness: Matrix) -> Matrix:
    """Mean likeness of the nearest examples; an intent may have fewer than ``NEIGHBOURS``."""
    best = np.sort(likeness, axis=1)[:, -NEIGHBOURS:]
    counted = np.isfinite(best)
    result: Matrix = np.where(counted, best, 0).sum(1) / np.maximum(counted.sum(1), 1)
    return result


def _likeness(
    words: csr_matrix, columns: csr_matrix, centre: Vectors | None, left: Vectors | None, right: Vectors | None
) -> Matrix:
    """Of each text to each example: by its ``words`` and, where there are vectors, mostly by its meaning."""
    by_words: Matrix = (words @ columns).toarray()
    if centre is None or left is None or right is None:
        return by_words
    return meaning_likeness(centre, left, right) + SHARE_OF_WORDS * by_words


def _solve(likeness: Matrix, labels: npt.NDArray[np.int64], intents: int) -> tuple[Matrix, Matrix]:
    """The weights of the examples (examples x intents), and the scores of each example had it been left out.

    Rare intents count as much as frequent ones. The 1 added to every likeness is the bias.
    """
    targets = np.eye(intents)[labels]
    scale = np.sqrt(len(labels) / (intents * np.bincount(labels, minlength=intents)))[labels][:, None]
    system = (likeness + 1) * scale * scale.T
    system[np.diag_indices_from(system)] += PENALTY
    inverse = np.linalg.inv(system)
    scaled_weights = inverse @ (targets * scale)
    left_out = targets - scaled_weights / np.diag(inverse)[:, None] / scale
    return scaled_weights * scale, left_out


def _temperature(left_out: Matrix, labels: npt.NDArray[np.int64]) -> float:
    """The sharpness with which scores become probabilities that fit the leave-one-out answers best."""

    def surprise(log_temperature: float) -> float:
        probabilities = softmax(left_out / np.exp(log_temperature), axis=1)
        return float(-np.log(probabilities[np.arange(len(labels)), labels] + 1e-12).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-5, 2), method="bounded").x))


def _fit_trust(signs: Matrix, right: npt.NDArray[np.bool_]) -> Trust:
    if right.all() or not right.any():  # too small a training set to learn from: trust it half
        return Trust(np.zeros(signs.shape[1]), np.ones(signs.shape[1]), np.zeros(signs.shape[1]), 0.0)
    mean, spread = signs.mean(0), signs.std(0) + 1e-6
    fitted = LogisticRegression(C=1.0).fit((signs - mean) / spread, right)
    return Trust(mean, spread, fitted.coef_[0], float(fitted.intercept_[0]))
