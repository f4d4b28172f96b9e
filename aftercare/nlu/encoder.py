"""all-MiniLM-L6-v2 in NumPy: a sentence becomes a vector, near the vectors of sentences that mean the same.

Six transformer layers of 12 heads; the mean over the tokens, brought to length 1, is the sentence's vector (the recipe of
sentence-transformers). The weights are data: ``scripts/fetch_encoder.py`` puts them into ``var/encoder``, and a file with
another hash is refused. PyTorch does not fit beside Rasa, and one sentence takes a few milliseconds without it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file
from threadpoolctl import threadpool_limits
from tokenizers import BertWordPieceTokenizer, Encoding

Vectors = npt.NDArray[np.float32]

DIMENSIONS = 384
LAYERS = 6
HEADS = 12
HEAD_WIDTH = DIMENSIONS // HEADS
DIFFERENCE = "data/nlu_encoder_difference.npz"
"""What ``scripts/adapt_encoder.py`` learned, added to the published weights; from the project's folder."""

MAX_TOKENS = 128
"""The model was trained on 128 word pieces. ``encode`` cuts longer messages; ``windows`` reads them piece by piece."""

OVERLAP = 32
"""Word pieces that two windows of a long message share, so that no sign is cut in two."""

BATCH_TOKENS = 512
"""Word pieces encoded at once: what a layer widens then stays in the cache of a processor (2,048 took a quarter longer)."""

REMEMBERED = 4
"""Texts whose word pieces are kept in memory."""

SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
"""The published hashes of the encoder's files; ``scripts/fetch_encoder.py`` keeps no others."""


SCALE = ".scale"
"""Ending of the name of the array that holds the scales of another one's rows."""


PICTURES = re.compile("[\u2600-\u27bf\u2b50\u2b55\ufe0f\u200d\U0001f000-\U0001faff]")
"""Emoji and other small pictures. The encoder has a word piece for hardly one of them, and none for a word that one is typed onto:
"swelling" with a crying face behind it would be unknown."""


def without_pictures(text: str) -> str:
    """The text with a space for each picture, so that every character keeps its place."""
    return PICTURES.sub(" ", text)


class EncoderUnavailable(Exception):
    """The weights are not there or are not the published ones."""


def encoder_folder() -> Path:
    """Where the weights are: ``AFTERCARE_ENCODER_DIR``, else ``var/encoder`` of this project."""
    return Path(os.environ.get("AFTERCARE_ENCODER_DIR") or Path(__file__).resolve().parents[2] / "var" / "encoder")


def load_encoder(folder: Path | None = None) -> Encoder:
    """The encoder in ``folder``, read and checked once in a process however many components ask for it.

    Raises ``EncoderUnavailable`` with what to do about it.
    """
    return _load(str(folder or encoder_folder()))


def load_adapted_encoder(difference: Path, folder: Path | None = None) -> Encoder:
    """The encoder with what ``scripts/adapt_encoder.py`` learned added to its weights.

    Raises ``EncoderUnavailable``.
    """
    return _load_adapted(str(difference), str(folder or encoder_folder()))


def read_difference(file: Path) -> dict[str, npt.NDArray[np.generic]]:
    """The arrays that ``scripts/adapt_encoder.py`` wrote: whole numbers of 8 bits, each row with a scale of its own.

    Raises ``EncoderUnavailable``.
    """
    try:
        with np.load(file, allow_pickle=False) as stored:
            arrays = dict(stored)
        scales = {name: arrays.pop(name) for name in list(arrays) if name.endswith(SCALE)}
        for name, scale in scales.items():
            rows = name.removesuffix(SCALE)
            arrays[rows] = arrays[rows].astype(np.float32) * scale.astype(np.float32)[:, None]
        return arrays
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise EncoderUnavailable(
            f"{file} is missing or not readable ({error}): run scripts/adapt_encoder.py."
        ) from error


@lru_cache(maxsize=2)
def _load_adapted(difference: str, folder: str) -> Encoder:
    return load_encoder(Path(folder)).adapted(read_difference(Path(difference)))


@lru_cache(maxsize=2)
def _load(folder: str) -> Encoder:
    for name, digest in SHA256.items():
        _check(Path(folder, name), digest)
    return Encoder(Path(folder))


def _check(file: Path, digest: str) -> None:
    """Hashing the 91 MB takes about 0.1 s, once in a process: less than a stamp file would have to be trusted for."""
    if not file.is_file():
        raise EncoderUnavailable(f"{file} is missing: run python scripts/fetch_encoder.py, then train again.")
    if hashlib.sha256(file.read_bytes()).hexdigest() != digest:
        raise EncoderUnavailable(
            f"{file} is not the published file: delete it and run python scripts/fetch_encoder.py."
        )


class Norm(NamedTuple):
    """Layer normalisation: brings each row to mean 0 and variance 1, then scales and shifts it."""

    scale: Vectors
    shift: Vectors

    def __call__(self, rows: Vectors) -> Vectors:
        centred = rows - rows.mean(-1, keepdims=True)
        variance = np.mean(np.square(centred), -1, keepdims=True)
        result: Vectors = centred / np.sqrt(variance + np.float32(1e-12)) * self.scale + self.shift
        return result


class Dense(NamedTuple):
    """A linear layer, its weights stored as PyTorch does: (outputs, inputs)."""

    weight: Vectors
    bias: Vectors

    def __call__(self, rows: Vectors) -> Vectors:
        result: Vectors = rows @ self.weight.T
        result += self.bias
        return result


class Run(NamedTuple):
    """``texts`` texts of the same number of word pieces, one after the other in a batch: nothing has to be masked."""

    texts: int
    length: int


class Layer(NamedTuple):
    """One transformer layer: every token looks at the others of its text, then each goes through two dense layers."""

    queries_keys_values: Dense
    attended: Dense
    attended_norm: Norm
    widen: Dense
    narrow: Dense
    norm: Norm

    def __call__(self, tokens: Vectors, runs: Sequence[Run]) -> Vectors:
        """``tokens``: (word pieces of all texts, 384). The dense layers take them all at once, whatever their texts."""
        tokens = self.attended_norm(tokens + self.attended(self._attention(tokens, runs)))
        return self.norm(tokens + self.narrow(gelu(self.widen(tokens))))

    def _attention(self, tokens: Vectors, runs: Sequence[Run]) -> Vectors:
        stacked = self.queries_keys_values(tokens)
        found = np.empty_like(tokens)
        for place, run in _places(runs):
            found[place] = _attended(stacked[place].reshape(*run, 3, HEADS, HEAD_WIDTH)).reshape(-1, DIMENSIONS)
        return found


def _places(runs: Sequence[Run]) -> Iterator[tuple[slice, Run]]:
    """Where in a batch each run stands."""
    start = 0
    for run in runs:
        yield slice(start, start + run.texts * run.length), run
        start += run.texts * run.length


def _attended(stacked: Vectors) -> Vectors:
    """(texts, length, 3, heads, width) of queries, keys and values to (texts, length, heads, width)."""
    queries, keys, values = stacked.transpose(2, 0, 3, 1, 4)
    weights = queries @ keys.transpose(0, 1, 3, 2)
    weights -= weights.max(-1, keepdims=True)
    np.exp(weights, out=weights)
    weights /= weights.sum(-1, keepdims=True)
    result: Vectors = (weights @ values).transpose(0, 2, 1, 3)
    return result


GELU = tuple(np.float32(one) for one in (0.7974924956, 0.0370278654, -0.0003589195408, 6.215370667e-07))
"""Of a polynomial in x squared that, times x, has a hyperbolic tangent near erf(x / sqrt 2): fitted for the least greatest
error of the whole function, 3e-5. SciPy's erf took a third of the encoder's time, NumPy's tanh takes next to none."""

FLAT = np.float32(36)
"""The square of x from which on erf(x / sqrt 2) is 1 for 32 bits."""


def gelu(rows: Vectors) -> Vectors:
    """x times the normal distribution's probability of being below x."""
    squares = np.minimum(np.square(rows), FLAT)
    inner = GELU[3] * squares
    for factor in GELU[2::-1]:
        inner += factor
        inner *= squares if factor is not GELU[0] else rows
    np.tanh(inner, out=inner)
    inner += np.float32(1)
    inner *= np.float32(0.5)
    inner *= rows
    return inner


class Window(NamedTuple):
    """A message, or a piece of a long one: a vector for each word piece, the characters it stands for, and the vector of
    the whole as ``Encoder.encode`` gives it."""

    tokens: Vectors
    offsets: list[tuple[int, int]]
    vector: Vectors


class Encoder:
    """Sentences to vectors. Get one from ``load_encoder``, which checks the files."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True)
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._whole_tokenizer = BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True)
        self._whole_tokenizer.enable_truncation(MAX_TOKENS, stride=OVERLAP)
        tensors = load_file(folder / "model.safetensors")
        self._words = tensors["embeddings.word_embeddings.weight"]
        self._positions = (
            tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = _norm(tensors, "embeddings.LayerNorm")
        self._layers = [_layer(tensors, f"encoder.layer.{number}") for number in range(LAYERS)]
        self._remembered: dict[str, list[Window]] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row for each text: (texts, 384), of length 1, so that the dot product of two is their cosine similarity."""
        if len(texts) == 1:
            return self.windows(texts[0])[0].vector[None]
        return self.read_all(texts, lambda tokens: _unit(tokens.mean(1)), DIMENSIONS)

    def adapted(self, difference: Mapping[str, npt.NDArray[np.generic]]) -> Encoder:
        """Another encoder, ``difference`` added to the weights: for ``<layer>.<dense layer>`` the product up @ down."""
        other = copy(self)
        other._remembered = {}
        other._layers = [_with_difference(layer, number, difference) for number, layer in enumerate(self._layers)]
        return other

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
        [(_, tokens)] = self._encoded([part.ids])
        return Window(tokens[0], part.offsets, _unit(tokens.mean(1))[0])

    def read_all(self, texts: Sequence[str], read: Callable[[Vectors], Vectors], width: int) -> Vectors:
        """A row for each text, (texts, ``width``): what ``read`` makes of the word pieces (texts, length, 384) of those that
        have the same number of them.

        Every core reads a batch of its own. With one batch at a time all but one would wait while a layer does what is no
        multiplication, which took a third of the time on two cores.
        """
        token_ids = [
            encoding.ids for encoding in self._tokenizer.encode_batch([without_pictures(text) for text in texts])
        ]
        rows = np.zeros((len(texts), width), np.float32)

        def read_batch(batch: list[int]) -> None:
            for places, tokens in self._encoded([token_ids[row] for row in batch]):
                rows[[batch[place] for place in places]] = read(tokens)

        with threadpool_limits(1, "blas"), ThreadPoolExecutor(os.cpu_count()) as cores:
            for _ in cores.map(read_batch, _batches([len(ids) for ids in token_ids])):
                pass  # a batch that failed raises here
        return rows

    def _encoded(self, token_ids: Sequence[Sequence[int]]) -> Iterator[tuple[range, Vectors]]:
        """The last layer's tokens of texts that stand in the order of their lengths, for each run of one length."""
        runs = [Run(len(list(same)), length) for length, same in groupby(map(len, token_ids))]
        ids, positions = np.concatenate(token_ids), np.concatenate([np.arange(len(ids)) for ids in token_ids])
        tokens = self._norm(self._words[ids] + self._positions[positions])
        for layer in self._layers:
            tokens = layer(tokens, runs)
        first = 0
        for place, run in _places(runs):
            yield range(first, first + run.texts), tokens[place].reshape(*run, DIMENSIONS)
            first += run.texts


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Rows in the order of their lengths, at most ``BATCH_TOKENS`` word pieces in a batch."""
    batch: list[int] = []
    pieces = 0
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and pieces + lengths[row] > BATCH_TOKENS:
            yield batch
            batch, pieces = [], 0
        batch.append(row)
        pieces += lengths[row]
    if batch:
        yield batch


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


def _norm(tensors: Mapping[str, Vectors], name: str) -> Norm:
    return Norm(tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _dense(tensors: Mapping[str, Vectors], name: str) -> Dense:
    return Dense(tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _with_difference(layer: Layer, number: int, difference: Mapping[str, npt.NDArray[np.generic]]) -> Layer:
    """A layer whose dense layers have their differences added; those that have none stay the same objects."""

    def product(name: str) -> Vectors | None:
        if f"{number}.{name}.up" not in difference:
            return None
        up, down = (difference[f"{number}.{name}.{part}"].astype(np.float32) for part in ("up", "down"))
        result: Vectors = up @ down
        return result

    def added(dense: Dense, name: str) -> Dense:
        change = product(name)
        return dense if change is None else dense._replace(weight=dense.weight + change)

    attention = layer.queries_keys_values.weight.copy()
    for place, (part, scale) in enumerate((("query", HEAD_WIDTH**-0.5), ("key", 1.0), ("value", 1.0))):
        change = product(f"attention.self.{part}")
        if change is not None:
            attention[place * DIMENSIONS : (place + 1) * DIMENSIONS] += np.float32(scale) * change
    return layer._replace(
        queries_keys_values=layer.queries_keys_values._replace(weight=attention),
        attended=added(layer.attended, "attention.output.dense"),
        widen=added(layer.widen, "intermediate.dense"),
        narrow=added(layer.narrow, "output.dense"),
    )


def _layer(tensors: Mapping[str, Vectors], name: str) -> Layer:
    query, key, value = (_dense(tensors, f"{name}.attention.self.{part}") for part in ("query", "key", "value"))
    softer = np.float32(HEAD_WIDTH**-0.5)
    return Layer(
        queries_keys_values=Dense(
            np.concatenate([query.weight * softer, key.weight, value.weight]),
            np.concatenate([query.bias * softer, key.bias, value.bias]),
        ),
        attended=_dense(tensors, f"{name}.attention.output.dense"),
        attended_norm=_norm(tensors, f"{name}.attention.output.LayerNorm"),
        widen=_dense(tensors, f"{name}.intermediate.dense"),
        narrow=_dense(tensors, f"{name}.output.dense"),
        norm=_norm(tensors, f"{name}.output.LayerNorm"),
    )
