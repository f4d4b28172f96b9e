"""From a message to its intent and how far that is to be trusted. Knows nothing of Rasa.

The model is a kernel machine (regularised least squares): a message is compared with every training example, by meaning
and by words (``aftercare.nlu.likeness``), and each example speaks for its intent with the weight it was given in training.
On data/nlu it is as accurate as logistic regression on the same features, or a little better, and it has two properties
that the trainers need. It trains in a second. And it knows, without training again, what it would have said of each
example had it not seen it (leave-one-out has a closed form), which is what the confidence is learned from.

Confidence: a small logistic regression, the trust model, says how likely the first intent is right, given how far ahead it
is, how near the nearest examples are, and whether the message names something of ours as messages of that intent do ("can
I park here" names nothing). Its lessons are the leave-one-out answers, right and wrong, and background sentences, on which
every answer but "off topic" is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from scipy.special import expit, logit, softmax
from sklearn.linear_model import LogisticRegression

from aftercare.nlu.encoder import Vectors
from aftercare.nlu.likeness import (
    SHARE_OF_WORDS,
    Described,
    Matrix,
    WordLikeness,
    centred,
    kind_likeness,
    meaning_likeness,
)

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
        result: Matrix = expit(((signs - self.mean) / self.spread * self.weights).sum(1) + self.bias)
        return result


@dataclass(frozen=True)
class Examples:
    """The training examples: what every message is compared with.

    ``labels`` are indices into the model's intents. ``centre`` and ``vectors`` (centred) are None without an encoder.
    """

    labels: npt.NDArray[np.int64]
    words: WordLikeness
    word_rows: csr_matrix
    named: Matrix
    centre: Vectors | None
    vectors: Vectors | None

    @classmethod
    def of(cls, messages: Described, labels: npt.NDArray[np.int64]) -> Examples:
        words = WordLikeness.fit(messages.texts)
        rows = words.rows(messages.texts)
        if messages.vectors is None:
            return cls(labels, words, rows, messages.named, None, None)
        centre = messages.vectors.mean(0)
        return cls(labels, words, rows, messages.named, centre, centred(messages.vectors, centre))

    @cached_property
    def _word_columns(self) -> csr_matrix:
        return self.word_rows.T.tocsr()  # turned once: turning costs more than a comparison

    def likeness_to(self, messages: Described) -> Matrix:
        """(messages, examples): mostly meaning; words alone where there are no vectors."""
        by_words: Matrix = (self.words.rows(messages.texts) @ self._word_columns).toarray()
        by_kind = kind_likeness(messages.named, self.named)
        if self.centre is None or self.vectors is None:
            return by_words * by_kind
        if messages.vectors is None:
            raise ValueError("this model compares meanings: it needs the sentence vectors of the messages")
        by_meaning = meaning_likeness(self.centre, messages.vectors, self.vectors)
        result: Matrix = by_meaning * by_kind + SHARE_OF_WORDS * by_words
        return result


class IntentModel:
    """Fit with ``IntentModel.fit``, or read with ``IntentModel.load`` what ``save`` wrote."""

    def __init__(
        self,
        intents: Names,
        examples: Examples,
        weights: Matrix,
        temperature: float,
        naming: Matrix,
        trust: Trust,
    ) -> None:
        """``weights``: examples x intents. ``naming``: the share of each intent's messages that name something."""
        self._intents = intents
        self._examples = examples
        self._weights = weights
        self._temperature = temperature
        self._naming = naming
        self._trust = trust

    @property
    def needs_vectors(self) -> bool:
        """False for a model that was trained without the encoder, on words alone."""
        return self._examples.vectors is not None

    @classmethod
    def fit(cls, messages: Described, intents: Sequence[str], background: Described) -> IntentModel:
        """``background`` are messages about other things; its texts may be empty."""
        names, labels = np.unique(np.array(intents), return_inverse=True)
        examples = Examples.of(messages, labels)
        likeness = examples.likeness_to(messages)
        weights, left_out = _solve(likeness, labels, len(names))
        naming = _share_that_names(messages, labels, len(names))
        model = cls(names, examples, weights, _temperature(left_out, labels), naming, _no_trust(0.5))
        model._trust = model._learn_trust(messages, likeness, left_out, background)
        return model

    def predict(self, messages: Described) -> list[list[Ranked]]:
        """For each message every intent, the likeliest first."""
        likeness = self._examples.likeness_to(messages)
        probabilities = self._probabilities((likeness + 1) @ self._weights)
        trusted = self._trust.of(self._signs(probabilities, likeness, messages))
        # The first gets the probability that it is right; the others keep their distance to it.
        shown = probabilities / probabilities.max(1, keepdims=True) * trusted[:, None]
        order = np.argsort(-probabilities, axis=1)
        return [
            [Ranked(str(self._intents[column]), float(row[column])) for column in columns]
            for row, columns in zip(shown, order, strict=True)
        ]

    def save(self, folder: Path) -> None:
        """Numbers as npz, words as JSON: nothing in it can run when it is read."""
        examples = self._examples
        arrays: dict[str, Any] = {
            "labels": examples.labels,
            "named": examples.named,
            "weights": self._weights.astype(np.float32),
            "word_data": examples.word_rows.data.astype(np.float32),
            "word_indices": examples.word_rows.indices,
            "word_indptr": examples.word_rows.indptr,
            "naming": self._naming,
            "trust_mean": self._trust.mean,
            "trust_spread": self._trust.spread,
            "trust_weights": self._trust.weights,
            **examples.words.arrays(),
        }
        if examples.vectors is not None and examples.centre is not None:
            arrays |= {"centre": examples.centre, "vectors": examples.vectors.astype(np.float16)}
        facts = {
            "intents": self._intents.tolist(),
            "vocabularies": examples.words.vocabularies(),
            "temperature": self._temperature,
            "trust_bias": self._trust.bias,
        }
        np.savez_compressed(folder / "intents.npz", **arrays)
        (folder / "intents.json").write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        """Raises ``UnreadableModel``."""
        try:
            facts = json.loads((folder / "intents.json").read_text(encoding="utf-8"))
            with np.load(folder / "intents.npz", allow_pickle=False) as stored:
                arrays = dict(stored)
            return cls(
                intents=np.array(facts["intents"]),
                examples=_stored_examples(facts, arrays),
                weights=arrays["weights"].astype(np.float64),
                temperature=facts["temperature"],
                naming=arrays["naming"],
                trust=Trust(arrays["trust_mean"], arrays["trust_spread"], arrays["trust_weights"], facts["trust_bias"]),
            )
        except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
            raise UnreadableModel(f"{folder} holds no intent model of this version ({error}). Train again.") from error

    def _probabilities(self, scores: Matrix) -> Matrix:
        result: Matrix = softmax(scores / self._temperature, axis=1)
        return result

    def _learn_trust(self, messages: Described, likeness: Matrix, left_out: Matrix, background: Described) -> Trust:
        to_others = likeness.copy()
        np.fill_diagonal(to_others, -np.inf)
        seen = self._probabilities(left_out)
        signs = [self._signs(seen, to_others, messages)]
        right = [seen.argmax(1) == self._examples.labels]
        if background.texts:
            to_background = self._examples.likeness_to(background)
            answers = self._probabilities((to_background + 1) @ self._weights)
            signs.append(self._signs(answers, to_background, background))
            right.append(self._intents[answers.argmax(1)] == OFF_TOPIC)
        return _fit_trust(np.concatenate(signs), np.concatenate(right))

    def _signs(self, probabilities: Matrix, likeness: Matrix, messages: Described) -> Matrix:
        """What speaks for the first intent.

        Its probability, its lead, how near its nearest examples are and the nearest of all, and whether naming something,
        or nothing, is usual for it.
        """
        ordered = np.sort(np.log(probabilities + 1e-9), axis=1)
        first = probabilities.argmax(1)
        own = np.where(self._examples.labels[None, :] == first[:, None], likeness, -np.inf)
        share = self._naming[first]
        usual = np.log(np.where(messages.names_something, share, 1 - share))
        lead = ordered[:, -1] - ordered[:, -2]
        return np.column_stack([ordered[:, -1], lead, _nearest(own), _nearest(likeness), usual])


def _stored_examples(facts: dict[str, Any], arrays: dict[str, Any]) -> Examples:
    width = sum(len(vocabulary) for vocabulary in facts["vocabularies"])
    parts = (arrays["word_data"], arrays["word_indices"], arrays["word_indptr"])
    return Examples(
        labels=arrays["labels"],
        words=WordLikeness.from_stored(facts["vocabularies"], arrays),
        word_rows=csr_matrix(parts, shape=(len(arrays["labels"]), width)),
        named=arrays["named"],
        centre=arrays.get("centre"),
        vectors=arrays["vectors"].astype(np.float32) if "vectors" in arrays else None,
    )


def _share_that_names(messages: Described, labels: npt.NDArray[np.int64], intents: int) -> Matrix:
    """Of each intent's messages the share that name something, never quite 0 or 1."""
    naming = np.bincount(labels, weights=messages.names_something, minlength=intents)
    result: Matrix = (naming + 1) / (np.bincount(labels, minlength=intents) + 2)
    return result


def _nearest(likeness: Matrix) -> Matrix:
    """Mean likeness of the nearest examples; an intent may have fewer than ``NEIGHBOURS``."""
    best = np.sort(likeness, axis=1)[:, -NEIGHBOURS:]
    counted = np.isfinite(best)
    result: Matrix = np.where(counted, best, 0).sum(1) / np.maximum(counted.sum(1), 1)
    return result


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
    if right.all() or not right.any():  # too small a training set to learn from
        return _no_trust(right.mean())
    mean, spread = signs.mean(0), signs.std(0) + 1e-6
    fitted = LogisticRegression(C=1.0).fit((signs - mean) / spread, right)
    return Trust(mean, spread, fitted.coef_[0], float(fitted.intercept_[0]))


def _no_trust(share: float) -> Trust:
    """The same confidence for every message, whatever its signs."""
    nothing = np.zeros(1)
    return Trust(nothing, np.ones(1), nothing, float(logit(np.clip(share, 0.01, 0.99))))
