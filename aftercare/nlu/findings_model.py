"""Which findings a message is about, learned from examples: pus, a closing throat, however it is said. Knows no Rasa.

The vectors are those of the encoder adapted to this domain (``aftercare.nlu.encoder.load_adapted_encoder``). On them one
logistic regression a finding, all fitted at once, says how likely a message is about it. The message is scored as a whole (the
best of its clauses was not better); which clause speaks for a finding most is asked afterwards.

What it takes for a detection is set on messages that neither the encoder nor the heads have learned from (one in five,
``is_kept_back``): the threshold is where the wanted share of plain questions and lookalikes raises a false alarm. The heads
are then fitted again with all examples. So a trainer's new example counts at the next ``rasa train``, in seconds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from aftercare.nlu.encoder import Vectors

KEPT_BACK = 5
"""One text in so many. ``scripts/adapt_encoder.py`` uses the same rule."""

WEIGHT_OF_POSITIVES = 2.0
"""Messages about a finding are outnumbered; more weight than this only moves the threshold."""

LOOSENESS = 10.0
"""Inverse of the penalty of large weights. On the kept back messages 3 to 30 differ by less than a point."""

SHARE_OF_ONE = 0.25
"""No single finding may raise more than this part of the false alarms that all of its kind may raise together."""

FEWEST_TO_SET_THRESHOLDS = 50
"""Kept back messages that are about nothing; with fewer, half is the threshold."""

NEAREST = 2
"""Examples shown with a detection."""

Flags = npt.NDArray[np.bool_]


class UnreadableFindings(Exception):
    """The stored model is incomplete or of another version."""


@dataclass(frozen=True)
class Labelled:
    """A message to learn from. ``unsure`` are findings it may be about as well, though nobody labelled them."""

    text: str
    about: str | None = None
    lookalike_of: str | None = None
    unsure: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Detected:
    """A finding that a message is about. ``row`` is the row of the vectors that spoke for it most."""

    finding: str
    confidence: float
    row: int
    nearest: tuple[str, ...]


@dataclass(frozen=True)
class Heads:
    """One logistic regression a finding: columns of ``weights`` over vectors that ``centre`` was taken from."""

    centre: Vectors
    weights: Vectors
    bias: Vectors

    def __call__(self, vectors: Vectors) -> Vectors:
        result: Vectors = centred(vectors, self.centre) @ self.weights + self.bias
        return result


def is_kept_back(text: str) -> bool:
    """Whether nothing but thresholds may be learned from a text."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % KEPT_BACK == 0


def centred(vectors: Vectors, centre: Vectors) -> Vectors:
    """Without what all messages have in common, of length 1."""
    rows = vectors - centre
    result: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)
    return result


class FindingsModel:
    """Fit with ``FindingsModel.fit``, or read with ``FindingsModel.load`` what ``save`` wrote."""

    def __init__(
        self,
        findings: Sequence[str],
        heads: Heads,
        slope: float,
        shift: float,
        thresholds: Vectors,
        texts: Sequence[str],
        labels: npt.NDArray[np.int64],
        vectors: Vectors,
    ) -> None:
        """``slope`` and ``shift`` turn a score into a probability; ``texts`` are the examples shown as the nearest ones."""
        self._findings = list(findings)
        self._heads = heads
        self._slope = slope
        self._shift = shift
        self._thresholds = thresholds
        self._texts = list(texts)
        self._labels = labels
        self._vectors = vectors

    @classmethod
    def fit(
        cls,
        messages: Sequence[Labelled],
        vectors: Vectors,
        groups: Mapping[str, str],
        false_alarms: Mapping[str, float],
    ) -> FindingsModel:
        """``vectors`` has a row for each message.

        ``groups`` tells the kind of each finding, and ``false_alarms`` which share of the kept back messages that are
        about nothing may raise one of that kind.
        """
        findings = sorted({message.about for message in messages if message.about})
        targets, known = _targets(messages, findings)
        back = np.array([is_kept_back(message.text) for message in messages], bool)
        slope, shift, thresholds = 1.0, 0.0, np.full(len(findings), 0.5, np.float32)
        harmless = ~targets[back].any(1)
        if harmless.sum() >= FEWEST_TO_SET_THRESHOLDS and targets[back].any():
            scores = _fit_heads(vectors[~back], targets[~back], known[~back])(vectors[back])
            slope, shift = _calibrate(scores, targets[back], known[back])
            probabilities = np.where(known[back], expit(slope * scores + shift), 0.0)
            thresholds = _thresholds(probabilities[harmless], [groups[name] for name in findings], false_alarms)
        heads = _fit_heads(vectors, targets, known)
        about = [index for index, message in enumerate(messages) if message.about]
        return cls(
            findings,
            heads,
            slope,
            shift,
            thresholds,
            [messages[index].text for index in about],
            targets[about].argmax(1),
            centred(vectors[about], heads.centre),
        )

    def detect(self, rows: Vectors) -> list[Detected]:
        """The findings of one message, the surest first. ``rows``: its own vector, then one for each clause."""
        probabilities = self.probabilities(rows)
        whole = probabilities[0]
        found = [column for column in np.argsort(-whole) if whole[column] >= self._thresholds[column]]
        return [self._detected(column, rows, probabilities[:, column]) for column in found]

    def likeliest(self, rows: Vectors) -> dict[str, float]:
        """For each finding the highest probability of any row: a single clause may speak of it."""
        return dict(zip(self._findings, self.probabilities(rows).max(0).tolist(), strict=True))

    def probabilities(self, rows: Vectors) -> Vectors:
        """Of each row and each finding, in the order of ``findings``."""
        result: Vectors = expit(self._slope * self._heads(rows) + self._shift)
        return result

    @property
    def findings(self) -> list[str]:
        return list(self._findings)

    @property
    def thresholds(self) -> dict[str, float]:
        return {name: float(value) for name, value in zip(self._findings, self._thresholds, strict=True)}

    def _detected(self, column: int, rows: Vectors, probabilities: Vectors) -> Detected:
        clause = 1 + int(probabilities[1:].argmax()) if len(rows) > 1 else 0
        own = np.flatnonzero(self._labels == column)
        likeness = self._vectors[own] @ centred(rows[:1], self._heads.centre)[0]
        nearest = tuple(self._texts[own[place]] for place in np.argsort(-likeness)[:NEAREST])
        return Detected(self._findings[column], round(float(probabilities[0]), 4), clause, nearest)

    def save(self, folder: Path) -> None:
        """Numbers as npz, words as JSON: nothing in it can run when it is read."""
        np.savez_compressed(
            folder / "findings.npz",
            centre=self._heads.centre,
            weights=self._heads.weights,
            bias=self._heads.bias,
            thresholds=self._thresholds,
            labels=self._labels.astype(np.int16),
            vectors=self._vectors.astype(np.float16),
        )
        facts = {"findings": self._findings, "slope": self._slope, "shift": self._shift, "texts": self._texts}
        (folder / "findings.json").write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> FindingsModel:
        """Raises ``UnreadableFindings``."""
        try:
            facts: dict[str, Any] = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
            with np.load(folder / "findings.npz", allow_pickle=False) as stored:
                arrays = dict(stored)
            return cls(
                facts["findings"],
                Heads(arrays["centre"], arrays["weights"], arrays["bias"]),
                facts["slope"],
                facts["shift"],
                arrays["thresholds"],
                facts["texts"],
                arrays["labels"].astype(np.int64),
                arrays["vectors"].astype(np.float32),
            )
        except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
            raise UnreadableFindings(
                f"{folder} holds no findings model of this version ({error}). Train again."
            ) from error


def _targets(messages: Sequence[Labelled], findings: Sequence[str]) -> tuple[Flags, Flags]:
    """What each message is about, and of which findings that is known at all."""
    column = {name: number for number, name in enumerate(findings)}
    targets = np.zeros((len(messages), len(findings)), bool)
    known = np.ones_like(targets)
    for row, message in enumerate(messages):
        known[row, [column[name] for name in message.unsure if name in column]] = False
        for name in (message.about, message.lookalike_of):
            if name in column:
                known[row, column[name]] = True
        if message.about:
            targets[row, column[message.about]] = True
    return targets, known


def _fit_heads(vectors: Vectors, targets: Flags, known: Flags) -> Heads:
    """All logistic regressions at once, by L-BFGS: a second where one by one takes half a minute."""
    centre = vectors.mean(0)
    rows = centred(vectors, centre)
    wanted = targets.astype(np.float32)
    counts = known * np.where(targets, np.float32(WEIGHT_OF_POSITIVES), np.float32(1))
    width, columns = rows.shape[1], wanted.shape[1]

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        parameters = flat.reshape(width + 1, columns).astype(np.float32)
        scores = rows @ parameters[:-1] + parameters[-1]
        surprise = counts * (np.logaddexp(0, scores) - wanted * scores)
        wrong = (counts * (expit(scores) - wanted)).astype(np.float32)
        slope = np.vstack([rows.T @ wrong + parameters[:-1] / LOOSENESS, wrong.sum(0)])
        penalty = 0.5 / LOOSENESS * float(np.square(parameters[:-1]).sum())
        return float(surprise.sum()) + penalty, slope.ravel().astype(np.float64)

    start = np.zeros((width + 1) * columns)
    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 100})
    parameters = fitted.x.reshape(width + 1, columns).astype(np.float32)
    return Heads(centre, parameters[:-1], parameters[-1])


def _calibrate(scores: Vectors, targets: Flags, known: Flags) -> tuple[float, float]:
    """Slope and shift with which the sigmoid of a score is the share of messages that are about the finding."""
    fitted = LogisticRegression(C=1e4).fit(scores[known][:, None], targets[known])
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def _thresholds(harmless: Vectors, groups: Sequence[str], false_alarms: Mapping[str, float]) -> Vectors:
    """The lowest thresholds at which no more than the wanted share of ``harmless`` messages raises one of a group."""
    thresholds = np.full(len(groups), 0.5, np.float32)
    for group, share in false_alarms.items():
        columns = np.flatnonzero(np.array(groups) == group)
        if columns.size:
            together = _just_above(harmless[:, columns].max(1), share)
            alone = [_just_above(harmless[:, column], share * SHARE_OF_ONE) for column in columns]
            thresholds[columns] = np.maximum(alone, together)
    return thresholds


def _just_above(values: Vectors, share: float) -> float:
    """The least threshold that at most ``share`` of the values reach."""
    allowed = int(share * len(values))
    highest = np.sort(values)[::-1]
    return float(np.nextafter(np.float32(highest[min(allowed, len(values) - 1)]), np.float32(2)))
