"""What ``scripts/adapt_encoder.py`` learned beside the encoder's difference: where in a message each finding is spoken of.

A mean over all words hides one sign in a long story. So each finding has a look of its own at the words (label attention):
it weighs them by how much they speak of it, and is scored by what those words say and by the message as a whole. The word it
looks at most is where the finding stands, which is what the assertion rules need to know. A further score tells whether what
is spoken of stands now, or is denied, past, supposed or another's; it is shared by all findings.

The kinds of question have such looks too: at the end of a long story a few words tell what is asked.
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
from aftercare.nlu.encoder import Encoder, encoder_folder, load_adapted_encoder
from aftercare.nlu.encoder_weights import DIMENSIONS, SHA256, EncoderUnavailable, Vectors, read_difference

MEAN_SCALE = np.float32(20.0)
WORD_SCALE = np.float32(10.0)
"""Lengths that the vectors are brought to before the heads see them; the same as in ``scripts/adapt_encoder.py``."""


ROW = "meaning, scores, stands, asked; encoded in 8 bits"
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
        """``tokens``: (length, 384) of one text, the first and the last no words.

        Returns for each finding the score (log-odds) that the text is about it, the probability that it stands, and the
        token that tells of it most.
        """
        words, whole = _unit(tokens) * WORD_SCALE, _unit(tokens.mean(0)) * MEAN_SCALE
        attention: Vectors = softmax(words @ self.look.T, axis=0)
        scores = whole @ self.whole.T + (attention * (words @ self.tell.T)).sum(0) + self.bias
        said = (words @ self.stands_word) @ attention
        stands: Vectors = expit(said + whole @ self.stands_whole + self.stands_bias)
        telling = 1 + attention[1:-1].argmax(0) if len(tokens) > 2 else np.zeros(len(scores), np.int64)
        return scores, stands, telling


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


class FindingsEncoder:
    """The adapted encoder with the heads that were learned with it. Get one from ``load_findings_encoder``."""

    def __init__(self, encoder: Encoder, heads: FindingHeads, questions: QuestionHeads) -> None:
        self._encoder = encoder
        self._heads = heads
        self._questions = questions
        self.names = heads.names
        self.questions = questions.names

    @property
    def width(self) -> int:
        """Of the part of a row of ``describe`` that is about findings."""
        return DIMENSIONS + 2 * len(self.names)

    def describe(self, texts: Sequence[str]) -> Vectors:
        """(texts, ``width`` + questions): the meaning, a vector of length 1, then for each of ``names`` the score, for each
        the probability that it stands, and for each of ``questions`` the score."""
        return self._encoder.read_all(texts, self._described, self.width + len(self.questions))

    def asked_in(self, described: Vectors) -> Vectors:
        """Of rows of ``describe`` what a question is told by: (texts, 384 + questions), the meaning and the scores."""
        return np.concatenate([described[..., :DIMENSIONS], described[..., self.width :]], axis=-1)

    def ask(self, text: str, parts: Sequence[tuple[int, int]] = ()) -> Vectors:
        """The same of a text, of its first window where it is long, and of its parts: (1 + parts, 384 + questions)."""
        pieces = [self._encoder.windows(text)[0].tokens, *self._encoder.tokens_of_parts(text, parts)]
        return np.stack([self._asked(tokens) for tokens in pieces])

    def hear(self, text: str) -> list[Heard]:
        """What is heard in each window of a text."""
        heard = []
        for tokens, offsets, _ in self._encoder.windows(text):
            if len(tokens) > 2:
                row, telling = self._listened(tokens)
                heard.append(Heard(row, [offsets[place] for place in telling]))
        return heard

    def _described(self, tokens: Vectors) -> Vectors:
        return np.concatenate([self._listened(tokens)[0], self._questions.listen(tokens)])

    def _asked(self, tokens: Vectors) -> Vectors:
        return np.concatenate([_unit(tokens.mean(0)), self._questions.listen(tokens)])

    def _listened(self, tokens: Vectors) -> tuple[Vectors, npt.NDArray[np.int64]]:
        scores, stands, telling = self._heads.listen(tokens)
        return np.concatenate([_unit(tokens.mean(0)), scores, stands]), telling


def stamp_of(difference: Path) -> str:
    """Names the weights and the form of the rows of ``describe``, for ``aftercare.nlu.vector_cache``."""
    return " ".join((SHA256["model.safetensors"], digest(difference), ROW))


def load_findings_encoder(difference: Path, folder: Path | None = None) -> FindingsEncoder:
    """Read once in a process; ``folder`` as for ``load_encoder``. Raises ``EncoderUnavailable``."""
    return _load(difference, folder or encoder_folder())


@lru_cache(maxsize=2)
def _load(difference: Path, folder: Path) -> FindingsEncoder:
    encoder, arrays = load_adapted_encoder(difference, folder), read_difference(difference)
    try:
        return FindingsEncoder(encoder, FindingHeads.stored_in(arrays), QuestionHeads.stored_in(arrays))
    except (KeyError, ValueError) as error:
        raise EncoderUnavailable(f"{difference} holds no heads ({error}): run scripts/adapt_encoder.py.") from error
