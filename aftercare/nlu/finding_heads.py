"""What ``scripts/adapt_encoder.py`` learned beside the encoder's difference: where in a message each finding is spoken of.

A mean over all words hides one sign in a long story. So each finding has a look of its own at the words (label attention):
it weighs them by how much they speak of it, and is scored by what those words say and by the message as a whole. The word it
looks at most is where the finding stands, which is what the assertion rules need to know. Two further heads, shared by all
findings, tell whether what is spoken of stands now: one score learned for that alone, and nine for what is asserted of it (that it
is there, perhaps there, going, denied, past, supposed, told in general, another's or an idiom). Each errs elsewhere, so the
probability that it stands is their mean.

The kinds of question have such looks too: at the end of a long story a few words tell what is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_softmax, softmax

from aftercare.nlu.data_file import digest
from aftercare.nlu.encoder import Encoder, Window, encoder_folder
from aftercare.nlu.encoder_weights import (
    DIMENSIONS,
    SHA256,
    EncoderUnavailable,
    Vectors,
    Weights,
    adapted,
    read_difference,
    read_weights,
)
from aftercare.triage.reading import IS_THERE

MEAN_SCALE = np.float32(20.0)
WORD_SCALE = np.float32(10.0)
"""Lengths that the vectors are brought to before the heads see them; the same as in ``scripts/adapt_encoder.py``."""


ROW = "meaning, scores, stands by two heads, asked; encoded in 8 bits; learned ones by the first"
"""What the rows of ``FindingsEncoder.describe`` are made of; rows that were kept under another name are of no use."""


@dataclass(frozen=True)
class Heard:
    """Of one message, or a piece of a long one.

    ``row`` is what ``FindingsEncoder.describe`` gives for a text, ``words`` are the characters (start, end) that speak
    for each finding, ``asserted`` the logarithm of the probability of each of ``FindingsEncoder.assertions``, by finding:
    (findings, assertions).
    """

    row: Vectors
    words: list[tuple[int, int]]
    asserted: Vectors


class Told(NamedTuple):
    """What ``FindingHeads.listen`` hears, for each finding: the score (log-odds) that the text is about it, the probability
    that it stands (is there, perhaps there or going), how much it looks at each token (length, findings), and the log-odds of
    each assertion (findings, assertions), a rare one being worth more."""

    scores: Vectors
    stands: Vectors
    attention: Vectors
    asserted: Vectors


@dataclass(frozen=True)
class FindingHeads:
    """``names``: the findings. All matrices have a row of 384 for each of them; the two for ``stands`` are one vector for all, the
    two for ``assertion`` have a row for each of ``assertions``. ``assertion_rarity`` is the logarithm of how much more each counted
    where it was learned."""

    names: tuple[str, ...]
    assertions: tuple[str, ...]
    whole: Vectors
    bias: Vectors
    look: Vectors
    tell: Vectors
    stands_word: Vectors
    stands_whole: Vectors
    stands_bias: Vectors
    assertion_word: Vectors
    assertion_whole: Vectors
    assertion_bias: Vectors
    assertion_rarity: Vectors

    @classmethod
    def stored_in(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> FindingHeads:
        """Raises KeyError or ValueError where the arrays hold no heads."""
        names, assertions = (tuple(str(name) for name in arrays[f"heads.{kind}"]) for kind in ("names", "assertions"))
        of_standing = ("stands_word", "stands_whole", "stands_bias")
        of_assertions = ("assertion_word", "assertion_whole", "assertion_bias", "assertion_rarity")
        parts = ("whole", "bias", "look", "tell", *of_standing, *of_assertions)
        own = {part: arrays[f"heads.{part}"].astype(np.float32) for part in parts}
        if own["whole"].shape != (len(names), DIMENSIONS):
            raise ValueError(f"{len(names)} findings, but heads of shape {own['whole'].shape}")
        return cls(names, assertions, **own)

    def listen(self, tokens: Vectors) -> Told:
        """``tokens``: (length, 384) of one text."""
        words, whole = _unit(tokens) * WORD_SCALE, _unit(tokens.mean(0)) * MEAN_SCALE
        attention: Vectors = softmax(words @ self.look.T, axis=0)
        scores = whole @ self.whole.T + (attention * (words @ self.tell.T)).sum(0) + self.bias
        of_all = whole @ self.assertion_whole.T + self.assertion_bias
        asserted: Vectors = attention.T @ (words @ self.assertion_word.T) + of_all
        there = [name in IS_THERE for name in self.assertions]
        by_label = softmax(asserted - self.assertion_rarity, axis=1)[:, there].sum(1)
        said = (words @ self.stands_word) @ attention
        by_itself = expit(said + whole @ self.stands_whole + self.stands_bias)
        return Told(scores, (by_label + by_itself) / 2, attention, asserted)


@dataclass(frozen=True)
class QuestionHeads:
    """``names``: the intents. All matrices have a row of 384 for each of them."""

    names: tuple[str, ...]
    whole: Vectors
    bias: Vectors
    look: Vectors
    tell: Vectors

    @classmethod
    def stored_in(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> QuestionHeads:
        """Raises KeyError where the arrays hold no heads."""
        names = tuple(str(name) for name in arrays["heads.intents"])
        fields = ("whole", "bias", "look", "tell")
        return cls(names, *(arrays[f"heads.intent_{field}"].astype(np.float32) for field in fields))

    def listen(self, tokens: Vectors) -> Vectors:
        """``tokens``: (length, 384) of one text. Returns the score of each intent."""
        words, whole = _unit(tokens) * WORD_SCALE, _unit(tokens.mean(0)) * MEAN_SCALE
        attention: Vectors = softmax(words @ self.look.T, axis=0)
        scores: Vectors = whole @ self.whole.T + (attention * (words @ self.tell.T)).sum(0) + self.bias
        return scores


def _unit(rows: Vectors) -> Vectors:
    result: Vectors = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return result


@dataclass(frozen=True)
class Listener:
    """One adapted encoder with the heads that were learned with it."""

    encoder: Encoder
    findings: FindingHeads
    questions: QuestionHeads


class FindingsEncoder:
    """Several listeners, learned apart from the same examples: what they score is their mean, since each has its own
    mistakes. Get one from ``load_findings_encoder``. The meaning of a message is the first one's.
    """

    def __init__(self, listeners: Sequence[Listener]) -> None:
        """Raises ValueError where they do not know the same findings and questions."""
        first = listeners[0]
        self.names, self.assertions = first.findings.names, first.findings.assertions
        self.questions = first.questions.names
        known = (self.names, self.assertions, self.questions)
        if any((one.findings.names, one.findings.assertions, one.questions.names) != known for one in listeners):
            raise ValueError("they were not learned from the same examples")
        self._listeners = listeners

    @property
    def width(self) -> int:
        """Of the part of a row of ``describe`` that is about findings."""
        return DIMENSIONS + 2 * len(self.names)

    def describe(self, texts: Sequence[str], by_all: Callable[[str], bool] | None = None) -> Vectors:
        """(texts, ``width`` + questions): the meaning, a vector of length 1, then for each of ``names`` the score, for each
        the probability that it stands, and for each of ``questions`` the score.

        Only the first listener describes texts of which ``by_all`` is False: those that the heads were learned from, where
        what they score is known by heart and nothing is made of it.
        """

        def described(one: Listener, some: Sequence[str]) -> Vectors:
            def read(tokens: Vectors) -> Vectors:
                told = one.findings.listen(tokens)
                return np.concatenate([_unit(tokens.mean(0)), told.scores, told.stands, one.questions.listen(tokens)])

            return one.encoder.read_all(some, read, self.width + len(self.questions))

        rows = described(self._listeners[0], texts)
        chosen = [place for place, text in enumerate(texts) if by_all is None or by_all(text)]
        if chosen:
            others = [described(one, [texts[place] for place in chosen]) for one in self._listeners[1:]]
            rows[chosen, DIMENSIONS:] = np.mean([rows[chosen], *others], axis=0)[:, DIMENSIONS:]
        return rows

    def asked_in(self, described: Vectors) -> Vectors:
        """Of rows of ``describe`` what a question is told by: (texts, 384 + questions), the meaning and the scores."""
        return np.concatenate([described[..., :DIMENSIONS], described[..., self.width :]], axis=-1)

    def ask(self, text: str, parts: Sequence[tuple[int, int]] = ()) -> Vectors:
        """The same of a text, of its first window where it is long, and of its parts: (1 + parts, 384 + questions)."""
        heard = [
            [one.encoder.windows(text)[0].tokens, *one.encoder.tokens_of_parts(text, parts)] for one in self._listeners
        ]
        meaning = np.stack([_unit(tokens.mean(0)) for tokens in heard[0]])
        scores = [
            [one.questions.listen(tokens) for tokens in pieces]
            for one, pieces in zip(self._listeners, heard, strict=True)
        ]
        return np.concatenate([meaning, np.mean(scores, axis=0)], axis=1)

    def hear(self, text: str) -> list[Heard]:
        """What is heard in each window of a text."""
        windows = zip(*(one.encoder.windows(text) for one in self._listeners), strict=True)
        return [self._heard(views) for views in windows if len(views[0].tokens) > 2]

    def _heard(self, views: Sequence[Window]) -> Heard:
        """``views``: the same window as each of the listeners encodes it. Its first and last token are no words."""
        told = [one.findings.listen(view.tokens) for one, view in zip(self._listeners, views, strict=True)]
        scores, stands, attention, asserted = (np.mean(part, axis=0) for part in zip(*told, strict=True))
        telling = 1 + attention[1:-1].argmax(0)
        row = np.concatenate([_unit(views[0].tokens.mean(0)), scores, stands])
        return Heard(row, [views[0].offsets[place] for place in telling], log_softmax(asserted, axis=1))


def stamp_of(differences: Path) -> str:
    """Names the weights and the form of the rows of ``describe``, for ``aftercare.nlu.vector_cache``."""
    return " ".join((SHA256["model.safetensors"], *map(digest, sorted(differences.glob("*.npz"))), ROW))


def load_findings_encoder(differences: Path, folder: Path | None = None) -> FindingsEncoder:
    """A listener for each file of ``differences`` (*.npz), read once in a process; ``folder`` as for ``load_encoder``.

    Raises ``EncoderUnavailable``.
    """
    return _load(differences, folder or encoder_folder())


@lru_cache(maxsize=2)
def _load(differences: Path, folder: Path) -> FindingsEncoder:
    files = sorted(differences.glob("*.npz"))
    if not files:
        raise EncoderUnavailable(f"{differences} holds no *.npz: run scripts/adapt_encoder.py.")
    weights = read_weights(folder)
    try:
        return FindingsEncoder([_listener(file, folder, weights) for file in files])
    except (KeyError, ValueError) as error:
        raise EncoderUnavailable(
            f"{differences} is not of one make ({error}): run scripts/adapt_encoder.py."
        ) from error


def _listener(file: Path, folder: Path, weights: Weights) -> Listener:
    arrays = read_difference(file)
    encoder = Encoder(folder, adapted(weights, arrays))
    return Listener(encoder, FindingHeads.stored_in(arrays), QuestionHeads.stored_in(arrays))
