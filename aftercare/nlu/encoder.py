"""all-MiniLM-L6-v2: a sentence becomes a vector, near the vectors of sentences that mean the same.

Six transformer layers of 12 heads; the mean over the tokens, brought to length 1, is the sentence's vector (the recipe of
sentence-transformers). The weights are data: ``scripts/fetch_encoder.py`` puts them into ``var/encoder``, and a file with
another hash is refused. PyTorch does not fit beside Rasa; onnxruntime does, and reads a message in two milliseconds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits
from tokenizers import BertWordPieceTokenizer, Encoding

from aftercare.nlu.encoder_graph import OURS, session_of
from aftercare.nlu.encoder_weights import DIMENSIONS, Vectors, Weights, read_weights

MAX_TOKENS = 128
"""The model was trained on 128 word pieces. ``encode`` cuts longer messages; ``windows`` reads them piece by piece."""

OVERLAP = 32
"""Word pieces that two windows of a long message share, so that no sign is cut in two."""

REMEMBERED = 4
"""Texts whose word pieces are kept in memory."""

PICTURES = re.compile("[\u2600-\u27bf\u2b50\u2b55\ufe0f\u200d\U0001f000-\U0001faff]")
"""Emoji and other small pictures. The encoder has a word piece for hardly one of them, and none for a word that one is typed onto:
"swelling" with a crying face behind it would be unknown."""


def without_pictures(text: str) -> str:
    """The text with a space for each picture, so that every character keeps its place."""
    return PICTURES.sub(" ", text)


def encoder_folder() -> Path:
    """Where the weights are: ``AFTERCARE_ENCODER_DIR``, else ``var/encoder`` of this project."""
    return Path(os.environ.get("AFTERCARE_ENCODER_DIR") or Path(__file__).resolve().parents[2] / "var" / "encoder")


@lru_cache(maxsize=2)
def load_encoder(folder: Path) -> Encoder:
    """The encoder in ``folder`` as it was published, read and checked once in a process.

    Raises ``EncoderUnavailable`` with what to do about it.
    """
    return Encoder(folder, read_weights(folder))


class Window(NamedTuple):
    """A message, or a piece of a long one: a vector for each word piece, the characters it stands for, and the vector of
    the whole as ``Encoder.encode`` gives it."""

    tokens: Vectors
    offsets: list[tuple[int, int]]
    vector: Vectors


class Encoder:
    """Sentences to vectors, by ``weights`` that were read from ``folder`` and may have been adapted since."""

    def __init__(self, folder: Path, weights: Weights) -> None:
        self._tokenizer = BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True)
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._whole_tokenizer = BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True)
        self._whole_tokenizer.enable_truncation(MAX_TOKENS, stride=OVERLAP)
        self._words, self._positions = weights.words, weights.positions
        self._session = session_of(weights)
        self._remembered: dict[str, list[Window]] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row for each text: (texts, 384), of length 1, so that the dot product of two is their cosine similarity."""
        return self.read_all(texts, lambda tokens: _unit(tokens.mean(0)), DIMENSIONS)

    def windows(self, text: str) -> list[Window]:
        """The word pieces of a text as they stand in it, (pieces, 384) for each window; one window unless it is long.

        The last texts' are remembered: several components ask for the same message, or its repaired copy.
        """
        found = self._remembered.get(text)
        if found is None:
            encoding = self._whole_tokenizer.encode(without_pictures(text))
            found = [self._window(part) for part in (encoding, *encoding.overflowing)]
            if len(self._remembered) >= REMEMBERED:
                self._remembered.pop(next(iter(self._remembered)))
            self._remembered[text] = found
        return found

    def tokens_of_parts(self, text: str, parts: Sequence[tuple[int, int]]) -> list[Vectors]:
        """Of each part of a text, given by its characters, the word pieces as they stand in the whole: (pieces, 384)."""
        windows = self.windows(text)
        return [_tokens_of_part(windows, part) for part in parts]

    def _window(self, part: Encoding) -> Window:
        tokens = self._tokens(part.ids)
        return Window(tokens, part.offsets, _unit(tokens.mean(0)))

    def read_all(self, texts: Sequence[str], read: Callable[[Vectors], Vectors], width: int) -> Vectors:
        """A row for each text, (texts, ``width``): what ``read`` makes of its word pieces (length, 384).

        Every core reads texts of its own, one at a time: what a text is read as does not depend on those beside it.
        """
        encodings = self._tokenizer.encode_batch([without_pictures(text) for text in texts])
        rows = np.zeros((len(texts), width), np.float32)

        def read_one(row: int) -> None:
            rows[row] = read(self._tokens(encodings[row].ids))

        with threadpool_limits(1, "blas"), ThreadPoolExecutor(os.cpu_count()) as cores:
            for _ in cores.map(read_one, range(len(texts))):
                pass  # a text that failed raises here
        return rows

    def _tokens(self, ids: Sequence[int]) -> Vectors:
        """The last layer's vectors of the word pieces of one text: (length, 384)."""
        summed = self._words[ids] + self._positions[: len(ids)]
        [[tokens]] = self._session.run(None, {OURS: summed[None]})
        result: Vectors = tokens
        return result


def _tokens_of_part(windows: Sequence[Window], part: tuple[int, int]) -> Vectors:
    """From the window that holds most of the part; all of that window where none of its pieces is in the part."""
    inside = [
        [place for place, (start, end) in enumerate(window.offsets) if part[0] <= start < end <= part[1]]
        for window in windows
    ]
    most = max(range(len(windows)), key=lambda number: len(inside[number]))
    return windows[most].tokens[inside[most]] if inside[most] else windows[most].tokens


def _unit(rows: Vectors) -> Vectors:
    result: Vectors = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return result
