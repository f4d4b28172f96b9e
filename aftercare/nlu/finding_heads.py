"""What ``scripts/adapt_encoder.py`` learned beside the encoder's difference: where in a message each finding is spoken of.

A mean over all words hides one sign in a long story. So each finding has a look of its own at the words (label attention):
it weighs them by how much they speak of it, and is scored by what those words say and by the message as a whole. The word it
looks at most is where the finding stands, which is what the assertion rules need to know. A further score tells whether what
is spoken of stands now, or is denied, past, supposed or another's; it is shared by all findings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax

from aftercare.nlu.data_file import digest
from aftercare.nlu.encoder import (
    DIMENSIONS,
    SHA256,
    Encoder,
    EncoderUnavailable,
    Vectors,
    load_adapted_encoder,
    read_difference,
)

MEAN_SCALE = np.float32(20.0)
WORD_SCALE = np.float32(10.0)
"""Lengths that the vectors are brought to before the heads see them; the same as in ``scripts/adapt_encoder.py``."""


ROW = "meaning, scores, stands"
"""What the rows of ``FindingsEncoder.describe`` are made of; rows that were kept under another name are of no use."""


@dataclass(frozen=True)
class Heard:
    """Of one message, or a piece of a long one.

    ``row`` is what ``FindingsEncoder.describe`` gives for a text, ``words`` are the characters (start, end) that speak
    for each finding.
    """

    row: Vectors
    words: list[tuple[int, int]]


@dataclass(frozen=True)
class FindingHeads:
    """``names``: the findings. All matrices have a row of 384 for each of them; the two for ``stands`` are one vector for all."""

    names: tuple[str, ...]
    whole: Vectors
    bias: Vectors
    look: Vectors
    tell: Vectors
    stands_word: Vectors
    stands_whole: Vectors
    stands_bias: Vectors

    @classmethod
    def stored_in(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> FindingHeads:
        """Raises KeyError or ValueError where the arrays hold no heads."""
        names = tuple(str(name) for name in arrays["heads.names"])
        own = {
            field: arrays[f"heads.{field}"].astype(np.float32)
            for field in ("whole", "bias", "look", "tell", "stands_word", "stands_whole", "stands_bias")
        }
        if own["whole"].shape != (len(names), DIMENSIONS):
            raise ValueError(f"{len(names)} findings, but heads of shape {own['whole'].shape}")
        return cls(names, **own)

    def listen(self, tokens: Vectors) -> tuple[Vectors, Vectors, npt.NDArray[np.int64]]:
        """``tokens``: (messages, length, 384), all of one length, the first and the last no words.

        Returns three times (messages, findings): the score (log-odds) that a message is about the finding, the
        probability that it stands, and the token that tells of it most.
        """
        words = _unit(tokens) * WORD_SCALE
        attention: Vectors = softmax(words @ self.look.T, axis=1)
        whole = _unit(tokens.mean(1)) * MEAN_SCALE
        scores = whole @ self.whole.T + (attention * (words @ self.tell.T)).sum(1) + self.bias
        said = (attention * (words @ self.stands_word)[..., None]).sum(1)
        stands: Vectors = expit(said + (whole @ self.stands_whole)[:, None] + self.stands_bias)
        telling = 1 + attention[:, 1:-1].argmax(1) if tokens.shape[1] > 2 else np.zeros(scores.shape, np.int64)
        return scores, stands, telling


def _unit(rows: Vectors) -> Vectors:
    result: Vectors = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return result


class FindingsEncoder:
    """The adapted encoder with the heads that were learned with it. Get one from ``load_findings_encoder``."""

    def __init__(self, encoder: Encoder, heads: FindingHeads) -> None:
        self._encoder = encoder
        self._heads = heads
        self.names = heads.names

    def describe(self, texts: Sequence[str]) -> Vectors:
        """(texts, 384 + twice the findings): the meaning, a vector of length 1, then for each of ``names`` the score, then
        for each the probability that it stands."""
        rows = np.zeros((len(texts), DIMENSIONS + 2 * len(self.names)), np.float32)
        for places, tokens in self._encoder.encode_tokens(texts):
            rows[places], _ = self._listened(tokens)
        return rows

    def hear(self, text: str) -> list[Heard]:
        """What is heard in each window of a text."""
        heard = []
        for tokens, offsets, _ in self._encoder.windows(text):
            if len(tokens) > 2:
                rows, telling = self._listened(tokens[None])
                heard.append(Heard(rows[0], [offsets[place] for place in telling[0]]))
        return heard

    def _listened(self, tokens: Vectors) -> tuple[Vectors, npt.NDArray[np.int64]]:
        scores, stands, telling = self._heads.listen(tokens)
        return np.concatenate([_unit(tokens.mean(1)), scores, stands], axis=1), telling


def stamp_of(difference: Path) -> str:
    """Names the weights and the form of the rows of ``describe``, for ``aftercare.nlu.vector_cache``."""
    return " ".join((SHA256["model.safetensors"], digest(difference), ROW))


@lru_cache(maxsize=2)
def load_findings_encoder(difference: Path) -> FindingsEncoder:
    """Raises ``EncoderUnavailable``."""
    encoder = load_adapted_encoder(difference)
    try:
        return FindingsEncoder(encoder, FindingHeads.stored_in(read_difference(difference)))
    except (KeyError, ValueError) as error:
        raise EncoderUnavailable(f"{difference} holds no heads ({error}): run scripts/adapt_encoder.py.") from error
