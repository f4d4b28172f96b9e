"""Which findings a message tells of, learned from examples: pus, a closing throat, however it is said. Knows no Rasa.

Two scores speak for a finding, and are weighed into one probability. The heads that were learned with the encoder off line
(``aftercare.nlu.finding_heads``) look at single words. And one logistic regression a finding on the meaning of the whole
message, all fitted at once by ``rasa train``: through it a new example, or a new finding, counts at once. That probability
times the heads' one that the sign stands (is not denied, past, supposed or another's) is what is detected: most messages
with words of danger say that it is not there. On 480 messages of two authors the product found 65 % of the danger signs
where one harmless message in twenty was wrongly raised, the first alone 41 %.

What it takes for a detection is set on messages that neither the encoder nor the heads have learned from (one in five,
``is_kept_back``): the threshold is where the wanted share of plain questions and lookalikes raises a false alarm. The heads
are then fitted again with all examples. So a trainer's new example counts at the next ``rasa train``, in seconds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from aftercare.nlu.encoder_weights import Vectors
from aftercare.nlu.finding_heads import Heard

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

MOST_SHOWN = 200
"""Examples of a finding among which the nearest are looked for. Copying the vectors of all of them, and comparing with all
examples of the intents, took 2.5 of the 19 ms of a message."""

Flags = npt.NDArray[np.bool_]


class UnreadableFindings(Exception):
    """The stored model is incomplete or of another version."""


@dataclass(frozen=True)
class Labelled:
    """A message to learn from: the findings that stand in it, those that are ``denied`` (or past, or another's) or only
    look to be there, and those it may tell of though nobody labelled them."""

    text: str
    stands: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Detected:
    """A finding that a message tells of, with the probability. ``words`` are the characters that speak for it most,
    ``stands`` is the probability that it stands: is not denied, past, supposed or another's."""

    finding: str
    confidence: float
    stands: float
    words: tuple[int, int]
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


class Calibration(NamedTuple):
    """Turns the score that ``rasa train`` learned and the one of the encoder's heads into a probability.

    A finding that the heads do not know (``told`` is NaN) goes by the first alone, with the weight of both.
    """

    learned: float
    told: float
    shift: float

    def __call__(self, learned: Vectors, told: Vectors) -> Vectors:
        alone = (self.learned + self.told) * learned
        together = self.learned * learned + self.told * told
        result: Vectors = expit(np.where(np.isnan(told), alone, together) + self.shift)
        return result


def hash_of(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)


def fold_of(text: str) -> int:
    """One of ``KEPT_BACK`` parts that texts fall into by their words; the encoder has not seen those of part 0."""
    return hash_of(text) % KEPT_BACK


def few_of(rows: npt.NDArray[np.int64], texts: Sequence[str], most: int = MOST_SHOWN) -> npt.NDArray[np.int64]:
    """At most ``most`` of the rows, chosen by the hash of their texts."""
    chosen = sorted(rows.tolist(), key=lambda row: hash_of(texts[row]))[:most]
    return np.array(sorted(chosen), np.int64)


def is_kept_back(text: str) -> bool:
    """Whether nothing but thresholds may be learned from a text."""
    return fold_of(text) == 0


def centred(vectors: Vectors, centre: Vectors) -> Vectors:
    """Without what all messages have in common, of length 1."""
    rows = vectors - centre
    result: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)
    return result


class FindingsModel:
    """Fit with ``FindingsModel.fit``, or read with ``FindingsModel.load`` what ``save`` wrote.

    Rows are those of ``FindingsEncoder.describe``: the meaning of a message, then for each finding that the encoder's own
    heads know a score, then for each the probability that it stands.
    """

    def __init__(
        self,
        findings: Sequence[str],
        asked: Collection[str],
        heard: Sequence[str],
        heads: Heads,
        calibration: Calibration,
        thresholds: Vectors,
        texts: Sequence[str],
        labels: Flags,
        vectors: Vectors,
    ) -> None:
        """``asked``: findings that a message need only speak of. ``heard``: the encoder's findings, in the order of its
        scores. ``texts`` are the examples shown as nearest."""
        self._findings = list(findings)
        self._asked = sorted(asked)
        self._heard = list(heard)
        self._heads = heads
        self._calibration = calibration
        self._thresholds = thresholds
        self._texts = list(texts)
        self._labels = labels
        self._vectors = vectors
        place = {name: number for number, name in enumerate(heard)}
        self._place = np.array([place.get(name, -1) for name in self._findings])
        self._must_stand = np.array([name in place and name not in asked for name in self._findings])

    @classmethod
    def fit(
        cls,
        messages: Sequence[Labelled],
        rows: Vectors,
        heard: Sequence[str],
        groups: Mapping[str, str],
        false_alarms: Mapping[str, float],
        asked: Collection[str] = (),
    ) -> FindingsModel:
        """``rows`` has one for each message.

        ``groups`` tells the kind of each finding, and ``false_alarms`` which share of the kept back messages in which
        nothing stands may raise one of that kind. ``asked``: findings that a message need only speak of.
        """
        findings = sorted(frozenset().union(*(message.stands for message in messages)))
        targets, known = _targets(messages, findings)
        vectors = rows[:, : rows.shape[1] - 2 * len(heard)]
        back = np.array([is_kept_back(message.text) for message in messages], bool)
        harmless = ~targets[back].any(1)
        enough = harmless.sum() >= FEWEST_TO_SET_THRESHOLDS and targets[back].any()
        with ThreadPoolExecutor() as fits:
            of_all = fits.submit(_fit_heads, vectors, targets, known)
            of_seen = fits.submit(_fit_heads, vectors[~back], targets[~back], known[~back]) if enough else None
        model = cls(
            findings,
            asked,
            heard,
            of_all.result(),
            Calibration(1.0, 1.0, 0.0),
            np.full(len(findings), 0.5, np.float32),
            *_shown(messages, vectors, targets),
        )
        if of_seen is not None:
            learned, told = of_seen.result()(vectors[back]), model._told(rows[back])
            model._calibration = _calibrate(learned, told, targets[back], known[back])
            probabilities = model._calibration(learned, told) * model._standing(rows[back])
            probabilities = np.where(known[back], probabilities, 0.0)
            kinds = [groups[name] for name in findings]
            model._thresholds = _thresholds(probabilities[harmless], kinds, false_alarms)
        return model

    def detect(self, heard: Sequence[Heard]) -> list[Detected]:
        """The findings of one message, the surest first. ``heard``: each window of it."""
        if not heard:
            return []
        probabilities = self.probabilities(np.stack([window.row for window in heard]))
        best = probabilities.max(0)
        found = [column for column in np.argsort(-best) if best[column] >= self._thresholds[column]]
        return [self._detected(column, heard[int(probabilities[:, column].argmax())], best[column]) for column in found]

    def spoken_of(self, heard: Sequence[Heard]) -> dict[str, float]:
        """For each finding that the encoder knows, the highest probability of any window that it is spoken of at all."""
        if not heard:
            return {}
        scores = np.stack([self._parts(window.row)[1] for window in heard])
        return dict(zip(self._heard, expit(scores.max(0)).tolist(), strict=True))

    def probabilities(self, rows: Vectors) -> Vectors:
        """Of each row and each finding, in the order of ``findings``."""
        told_of = self._calibration(self._heads(self._parts(rows)[0]), self._told(rows))
        result: Vectors = told_of * self._standing(rows)
        return result

    def stands(self, heard: Sequence[Heard]) -> dict[str, float]:
        """For each finding that the encoder knows, the highest probability of any window that it stands."""
        if not heard:
            return {}
        stands = np.stack([self._parts(window.row)[2] for window in heard])
        return dict(zip(self._heard, stands.max(0).tolist(), strict=True))

    def asserted(self, heard: Sequence[Heard]) -> dict[str, Vectors]:
        """For each finding that the encoder knows, the logarithm of the probability of each assertion, in the window that
        speaks of it most."""
        if not heard:
            return {}
        most = np.stack([self._parts(window.row)[1] for window in heard]).argmax(0)
        return {name: heard[most[place]].asserted[place] for place, name in enumerate(self._heard)}

    @property
    def findings(self) -> list[str]:
        return list(self._findings)

    @property
    def thresholds(self) -> dict[str, float]:
        return {name: float(value) for name, value in zip(self._findings, self._thresholds, strict=True)}

    def _parts(self, rows: Vectors) -> tuple[Vectors, Vectors, Vectors]:
        """Meaning, scores, and whether each stands."""
        scores, stands = rows.shape[-1] - 2 * len(self._heard), rows.shape[-1] - len(self._heard)
        return rows[..., :scores], rows[..., scores:stands], rows[..., stands:]

    def _told(self, rows: Vectors) -> Vectors:
        """The encoder's own scores in the order of ``findings``; NaN for those that it does not know."""
        return self._in_order(self._parts(rows)[1], np.nan)

    def _standing(self, rows: Vectors) -> Vectors:
        """The probability that each of ``findings`` stands; 1 where that is not known or does not matter."""
        return np.where(self._must_stand, self._in_order(self._parts(rows)[2], 1.0), np.float32(1))

    def _in_order(self, values: Vectors, unknown: float) -> Vectors:
        others = np.full((len(values), 1), unknown, np.float32)
        result: Vectors = np.concatenate([values, others], axis=1)[:, self._place]
        return result

    def _detected(self, column: int, window: Heard, probability: float) -> Detected:
        place = self._place[column]
        own = np.flatnonzero(self._labels[:, column])
        meaning, _, stands_by_head = self._parts(window.row)
        likeness = self._vectors[own] @ centred(meaning[None], self._heads.centre)[0]
        nearest = tuple(self._texts[own[near]] for near in np.argsort(-likeness)[:NEAREST])
        stands, words = (1.0, (0, 0)) if place < 0 else (float(stands_by_head[place]), window.words[place])
        return Detected(self._findings[column], round(float(probability), 4), round(stands, 4), words, nearest)

    def save(self, folder: Path) -> None:
        """Numbers as npz, words as JSON: nothing in it can run when it is read."""
        np.savez_compressed(
            folder / "findings.npz",
            centre=self._heads.centre,
            weights=self._heads.weights,
            bias=self._heads.bias,
            thresholds=self._thresholds,
            labels=np.packbits(self._labels, axis=1),
            vectors=self._vectors.astype(np.float16),
        )
        facts = {
            "findings": self._findings,
            "asked": self._asked,
            "heard": self._heard,
            "calibration": self._calibration,
            "texts": self._texts,
        }
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
                facts["asked"],
                facts["heard"],
                Heads(arrays["centre"], arrays["weights"], arrays["bias"]),
                Calibration(*facts["calibration"]),
                arrays["thresholds"],
                facts["texts"],
                np.unpackbits(arrays["labels"], axis=1, count=len(facts["findings"])).astype(bool),
                arrays["vectors"].astype(np.float32),
            )
        except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
            raise UnreadableFindings(
                f"{folder} holds no findings model of this version ({error}). Train again."
            ) from error


def _targets(messages: Sequence[Labelled], findings: Sequence[str]) -> tuple[Flags, Flags]:
    """Which findings stand in each message, and of which that is known at all."""
    column = {name: number for number, name in enumerate(findings)}
    targets = np.zeros((len(messages), len(findings)), bool)
    known = np.ones_like(targets)
    for row, message in enumerate(messages):
        known[row, [column[name] for name in message.unsure if name in column]] = False
        known[row, [column[name] for name in message.stands | message.denied if name in column]] = True
        targets[row, [column[name] for name in message.stands]] = True
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
        # numpy's own exp and log of single precision take two thirds of the time of logaddexp and expit.
        small = np.exp(-np.abs(scores))
        surprise = counts * (np.maximum(scores, 0) + np.log(1 + small) - wanted * scores)
        wrong = counts * (np.where(scores >= 0, 1, small) / (1 + small) - wanted)
        slope = np.vstack([rows.T @ wrong + parameters[:-1] / LOOSENESS, wrong.sum(0)])
        penalty = 0.5 / LOOSENESS * float(np.square(parameters[:-1]).sum())
        return float(surprise.sum()) + penalty, slope.ravel().astype(np.float64)

    start = np.zeros((width + 1) * columns)
    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 100})
    parameters = fitted.x.reshape(width + 1, columns).astype(np.float32)
    return Heads(centre, parameters[:-1], parameters[-1])


def _calibrate(learned: Vectors, told: Vectors, targets: Flags, known: Flags) -> Calibration:
    """The weights with which both scores together fit the share of messages that are about a finding."""
    both = known & ~np.isnan(told)
    if not targets[both].any():
        fitted = LogisticRegression(C=1e4).fit(learned[known][:, None], targets[known])
        return Calibration(float(fitted.coef_[0, 0]), 0.0, float(fitted.intercept_[0]))
    fitted = LogisticRegression(C=1e4).fit(np.column_stack([learned[both], told[both]]), targets[both])
    return Calibration(float(fitted.coef_[0, 0]), float(fitted.coef_[0, 1]), float(fitted.intercept_[0]))


def _shown(messages: Sequence[Labelled], vectors: Vectors, targets: Flags) -> tuple[list[str], Flags, Vectors]:
    """What is kept of the messages that are about something, to be shown as the nearest: texts, labels, vectors."""
    texts = [message.text for message in messages]
    chosen = [few_of(np.flatnonzero(column), texts) for column in targets.T]
    about = np.unique(np.concatenate(chosen)) if chosen else np.zeros(0, np.int64)
    return [messages[row].text for row in about], targets[about], centred(vectors[about], vectors.mean(0))


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
