"""From a message to its intent and how far that is to be trusted. Knows nothing of Rasa.

Two scores speak for an intent. The heads that were learned with the encoder off line look at single words
(``aftercare.nlu.finding_heads``). And logistic regression over all intents at once, on the meaning of a message
(``aftercare.nlu.intent_features``; on its words where there is no encoder), is fitted by ``rasa train`` in seconds: through it
a new example, or a new intent, counts at once. How much each weighs is set on examples that neither has learned from.

Confidence: a small logistic regression, the trust model, says how likely the first intent is right, given how far ahead it
is, how near the nearest examples are, and whether the message names something of ours as messages of that intent do ("can
I park here" names nothing). Its lessons are answers to examples that the model was not fitted with, right and wrong, and
background sentences, on which every answer but "off topic" is wrong. The encoder was adapted to four examples in five
(``scripts/adapt_encoder.py``) and is surer of those than of a patient's message, so the lessons are the fifth ones.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import expit, log_softmax, logit, softmax
from sklearn.linear_model import LogisticRegression

from aftercare.nlu.encoder_weights import Vectors
from aftercare.nlu.findings_model import few_of, fold_of
from aftercare.nlu.intent_features import Described, Matrix, Meaning, Words

LOOSENESS = 3.0
"""Inverse of the penalty of large weights. Right of 2,777 examples kept back: 76.5 % at 0.3, 77.3 at 1, 76.8 at 3, 75.5 at 10."""

FEWEST_LESSONS = 200
"""Examples kept back from which they alone teach trust; with fewer, every example is kept back once."""

MOST_COMPARED = 150
"""Examples of an intent that a message is compared with. Among tens of thousands the nearest is hardly nearer, and the trust
model's lessons times all examples filled gigabytes."""

NEIGHBOURS = 3
"""Examples that make up "the nearest examples" of a message."""

OFF_TOPIC = "out_of_scope_off_topic"
"""The one right answer to a background sentence, where the training data have this intent."""

HARDLY_ANY = 1e-12
"""A probability so small is no smaller: one example labelled wrongly must not decide."""

Names = npt.NDArray[np.str_]
Labels = npt.NDArray[np.int64]
Rows = Any  # Vectors, or a csr_matrix of words, which has no types


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
    """Some of the training examples of each intent, for their nearness: ``labels`` are indices into the intents, ``compared``
    has a row for each, and ``rows`` tells which examples they are (empty in a stored model)."""

    labels: Labels
    compared: Rows
    rows: Labels = field(default_factory=lambda: np.zeros(0, np.int64))

    def likeness_to(self, compared: Rows) -> Matrix:
        """(messages, examples): 1 for the same, 0 for nothing in common."""
        product = compared @ self.compared.T
        result: Matrix = np.asarray(product.toarray() if isinstance(product, csr_matrix) else product, np.float64)
        return result


@dataclass(frozen=True)
class Mixture:
    """What makes probabilities of the scores of the regression and of the encoder's heads: the weight of each, in logarithms.

    ``place``: of each intent its column among the heads' scores, -1 for one that they do not know: there the regression
    has the word alone.
    """

    place: Labels
    learned: float
    told: float

    @classmethod
    def fit(cls, intents: Names, asked: Sequence[str], scores: Matrix, told: Vectors, labels: Labels) -> Mixture:
        """With the least surprise at ``labels``, a row of scores for each."""
        column = {name: number for number, name in enumerate(asked)}
        place = np.array([column.get(str(name), -1) for name in intents])
        each = np.arange(len(labels))

        def surprise(weights: Matrix) -> float:
            probabilities = cls(place, *weights)(scores, told)
            return float(-np.log(probabilities[each, labels] + HARDLY_ANY).mean())

        bounds = [(0.0, 20.0), (0.0, 20.0 if asked else 0.0)]
        fitted = minimize(surprise, [0.5, 0.5 if asked else 0.0], method="L-BFGS-B", bounds=bounds).x
        return cls(place, float(fitted[0]), float(fitted[1]))

    def __call__(self, scores: Matrix, told: Vectors) -> Matrix:
        learned = log_softmax(scores, axis=1)
        known = self.place >= 0
        heard = learned.copy()
        if known.any():
            heard[:, known] = log_softmax(np.asarray(told, np.float64), axis=1)[:, self.place[known]]
        result: Matrix = softmax(self.learned * learned + self.told * heard, axis=1)
        return result


@dataclass(frozen=True)
class Regression:
    """``weights``: (features, intents), with a bias for each intent."""

    weights: Vectors
    bias: Vectors

    def __call__(self, rows: Rows) -> Matrix:
        result: Matrix = np.asarray(rows @ self.weights + self.bias, np.float64)
        return result


class IntentModel:
    """Fit with ``IntentModel.fit``, or read with ``IntentModel.load`` what ``save`` wrote."""

    def __init__(
        self,
        intents: Names,
        features: Meaning | Words,
        regression: Regression,
        mixture: Mixture,
        naming: Matrix,
        examples: Examples,
        trust: Trust,
    ) -> None:
        """``naming``: the share of each intent's messages that name something."""
        self._intents = intents
        self._features = features
        self._regression = regression
        self._mixture = mixture
        self._naming = naming
        self._examples = examples
        self._trust = trust

    @property
    def needs_vectors(self) -> bool:
        """False for a model that was trained without the encoder, on words alone."""
        return isinstance(self._features, Meaning)

    @classmethod
    def fit(
        cls, messages: Described, intents: Sequence[str], background: Described, asked: Sequence[str] = ()
    ) -> IntentModel:
        """``background`` are messages about other things; its texts may be empty. ``asked``: the intents that the encoder's
        heads know, in the order of ``Described.asked``."""
        names, labels = np.unique(np.array(intents), return_inverse=True)
        features = Words.fit(messages) if messages.vectors is None else Meaning.fit(messages)
        rows = features.rows(messages)
        lessons, scores = _left_out(rows, labels, np.array([fold_of(text) for text in messages.texts]), len(names))
        model = cls(
            names,
            features,
            _fit(rows, labels, len(names)),
            Mixture.fit(names, asked, scores[lessons], messages.asked[lessons], labels[lessons]),
            _share_that_names(messages, labels, len(names)),
            _compared(messages.texts, labels, features.compared(rows)),
            _no_trust(0.5),
        )
        model._trust = model._learn_trust(messages, rows, labels, lessons, scores, background)
        return model

    def predict(self, messages: Described) -> list[list[Ranked]]:
        """For each message every intent, the likeliest first."""
        rows = self._features.rows(messages)
        probabilities = self._mixture(self._regression(rows), messages.asked)
        likeness = self._examples.likeness_to(self._features.compared(rows))
        trusted = self._trust.of(self._signs(probabilities, likeness, messages.names_something))
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
            "labels": self._examples.labels,
            "weights": self._regression.weights,
            "bias": self._regression.bias,
            "naming": self._naming,
            "place": self._mixture.place,
            "trust_mean": self._trust.mean,
            "trust_spread": self._trust.spread,
            "trust_weights": self._trust.weights,
        }
        facts: dict[str, Any] = {
            "intents": self._intents.tolist(),
            "mixture": [self._mixture.learned, self._mixture.told],
            "trust_bias": self._trust.bias,
        }
        compared = self._examples.compared
        if isinstance(self._features, Words):
            arrays |= {
                "word_data": compared.data.astype(np.float32),
                "word_indices": compared.indices,
                "word_indptr": compared.indptr,
                **self._features.arrays(),
            }
            facts["vocabularies"] = self._features.vocabularies()
        else:
            arrays |= {"centre": self._features.centre, "compared": compared.astype(np.float16)}
        np.savez_compressed(folder / "intents.npz", **arrays)
        (folder / "intents.json").write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        """Raises ``UnreadableModel``."""
        try:
            facts = json.loads((folder / "intents.json").read_text(encoding="utf-8"))
            with np.load(folder / "intents.npz", allow_pickle=False) as stored:
                arrays = dict(stored)
            features, compared = _stored(facts, arrays)
            return cls(
                np.array(facts["intents"]),
                features,
                Regression(arrays["weights"], arrays["bias"]),
                Mixture(arrays["place"], *facts["mixture"]),
                arrays["naming"],
                Examples(arrays["labels"], compared),
                Trust(arrays["trust_mean"], arrays["trust_spread"], arrays["trust_weights"], facts["trust_bias"]),
            )
        except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
            raise UnreadableModel(f"{folder} holds no intent model of this version ({error}). Train again.") from error

    def _learn_trust(
        self,
        messages: Described,
        rows: Rows,
        labels: Labels,
        lessons: Labels,
        scores: Matrix,
        background: Described,
    ) -> Trust:
        """``lessons``: the examples whose ``scores`` come from a model that was not fitted with them."""
        to_others = self._examples.likeness_to(self._features.compared(rows)[lessons])
        to_others[lessons[:, None] == self._examples.rows[None, :]] = -np.inf
        seen = self._mixture(scores[lessons], messages.asked[lessons])
        signs = [self._signs(seen, to_others, messages.names_something[lessons])]
        right = [seen.argmax(1) == labels[lessons]]
        if background.texts:
            others = self._features.rows(background)
            answers = self._mixture(self._regression(others), background.asked)
            to_background = self._examples.likeness_to(self._features.compared(others))
            signs.append(self._signs(answers, to_background, background.names_something))
            right.append(self._intents[answers.argmax(1)] == OFF_TOPIC)
        return _fit_trust(np.concatenate(signs), np.concatenate(right))

    def _signs(self, probabilities: Matrix, likeness: Matrix, names_something: npt.NDArray[np.bool_]) -> Matrix:
        """What speaks for the first intent.

        Its probability, its lead, how near its nearest examples are and the nearest of all, and whether naming something,
        or nothing, is usual for it.
        """
        ordered = np.sort(np.log(probabilities + 1e-9), axis=1)
        first = probabilities.argmax(1)
        own = np.where(self._examples.labels[None, :] == first[:, None], likeness, -np.inf)
        share = self._naming[first]
        usual = np.log(np.where(names_something, share, 1 - share))
        lead = ordered[:, -1] - ordered[:, -2]
        return np.column_stack([ordered[:, -1], lead, _nearest(own), _nearest(likeness), usual])


def _compared(texts: Sequence[str], labels: Labels, compared: Rows) -> Examples:
    chosen = [few_of(np.flatnonzero(labels == intent), texts, MOST_COMPARED) for intent in np.unique(labels)]
    rows = np.sort(np.concatenate(chosen))
    return Examples(labels[rows], compared[rows], rows)


def _stored(facts: dict[str, Any], arrays: dict[str, Any]) -> tuple[Meaning | Words, Rows]:
    if "centre" in arrays:
        return Meaning(arrays["centre"]), arrays["compared"].astype(np.float32)
    width = sum(len(vocabulary) for vocabulary in facts["vocabularies"])
    parts = (arrays["word_data"], arrays["word_indices"], arrays["word_indptr"])
    rows = csr_matrix(parts, shape=(len(arrays["labels"]), width))
    return Words.from_stored(facts["vocabularies"], arrays), rows


def _share_that_names(messages: Described, labels: Labels, intents: int) -> Matrix:
    """Of each intent's messages the share that name something, never quite 0 or 1."""
    naming = np.bincount(labels, weights=messages.names_something, minlength=intents)
    result: Matrix = (naming + 1) / (np.bincount(labels, minlength=intents) + 2)
    return result


def _nearest(likeness: Matrix) -> Matrix:
    """Mean likeness of the nearest examples; an intent may have fewer than ``NEIGHBOURS``."""
    count = min(NEIGHBOURS, likeness.shape[1])
    best = np.partition(likeness, -count, axis=1)[:, -count:]
    counted = np.isfinite(best)
    result: Matrix = np.where(counted, best, 0).sum(1) / np.maximum(counted.sum(1), 1)
    return result


def _left_out(rows: Rows, labels: Labels, folds: Labels, intents: int) -> tuple[Labels, Matrix]:
    """The examples that a model without them was asked for, and (examples, intents) what it answered."""
    scores = np.zeros((len(labels), intents))
    asked = [0] if (folds == 0).sum() >= FEWEST_LESSONS else sorted(set(folds.tolist()))
    for fold in asked:
        out = folds == fold
        scores[out] = _fit(rows[~out], labels[~out], intents)(rows[out])
    return np.flatnonzero(np.isin(folds, asked)), scores


def _fit(rows: Rows, labels: Labels, intents: int) -> Regression:
    """Logistic regression over all intents, by L-BFGS. The root of an intent's frequency is how much it counts in all."""
    count, width = rows.shape
    frequency = np.bincount(labels, minlength=intents)
    share = np.sqrt(count / (intents * np.maximum(frequency, 1)))[labels].astype(np.float32)
    each = np.arange(count)

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        parameters = flat.reshape(width + 1, intents).astype(np.float32)
        logs = log_softmax(np.asarray(rows @ parameters[:-1] + parameters[-1]), axis=1)
        surprise = -float((share * logs[each, labels]).sum(dtype=np.float64))
        wrong = np.exp(logs)
        wrong[each, labels] -= 1
        wrong = (wrong * share[:, None]).astype(np.float32)
        slope = np.vstack([rows.T @ wrong + parameters[:-1] / LOOSENESS, wrong.sum(0)])
        penalty = 0.5 / LOOSENESS * float(np.square(parameters[:-1], dtype=np.float64).sum())
        return surprise + penalty, slope.ravel().astype(np.float64)

    fitted = minimize(loss, np.zeros((width + 1) * intents), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    parameters = fitted.x.reshape(width + 1, intents).astype(np.float32)
    return Regression(parameters[:-1], parameters[-1])


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
