"""all-MiniLM-L6-v2 in NumPy: a sentence becomes a vector, near the vectors of sentences that mean the same.

Six transformer layers of 12 heads; the mean over the tokens, brought to length 1, is the sentence's vector (the recipe of
sentence-transformers). The last layer knows best what a sentence is about. What kind of question it is ("is", "how long",
"can I") stands more plainly in the layers before, so three layers are kept: on data/nlu that is worth seven points of
intent accuracy over the last alone, and costs nothing, since they are computed anyway. The weights are data: ``scripts/fetch_encoder.py`` puts them into ``var/encoder``, and a file with another hash is refused. PyTorch does
not fit beside Rasa, and one sentence takes a few milliseconds without it.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file
from scipy.special import erf
from tokenizers import BertWordPieceTokenizer

Vectors = npt.NDArray[np.float32]

DIMENSIONS = 384
LAYERS = 6
HEADS = 12
HEAD_WIDTH = DIMENSIONS // HEADS
KEPT_LAYERS = (6, 5, 3)
"""Counted from 1; the meaning first. Cross-validated against other choices on data/nlu."""

VECTOR_WIDTH = DIMENSIONS * len(KEPT_LAYERS)

MAX_TOKENS = 128
"""Longer messages are cut: the model was trained on 128 word pieces, and the questions are in the sentences anyway."""

BATCH_TOKENS = 2048
"""Word pieces encoded at once: bounds the memory of a batch to some tens of megabytes."""

SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
"""The published hashes of the encoder's files; ``scripts/fetch_encoder.py`` keeps no others."""


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


@lru_cache(maxsize=2)
def _load_adapted(difference: str, folder: str) -> Encoder:
    encoder = load_encoder(Path(folder))
    try:
        with np.load(difference, allow_pickle=False) as stored:
            return encoder.adapted(dict(stored))
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise EncoderUnavailable(
            f"{difference} is missing or not readable ({error}): run scripts/adapt_encoder.py."
        ) from error


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
        """One product of two matrices: NumPy would do a stack of sentences one by one, three times slower."""
        flat = rows.reshape(-1, rows.shape[-1]) @ self.weight.T
        flat += self.bias
        return flat.reshape(*rows.shape[:-1], -1)


class Layer(NamedTuple):
    """One transformer layer: every token looks at the others, then each goes through two dense layers."""

    queries_keys_values: Dense
    attended: Dense
    attended_norm: Norm
    widen: Dense
    narrow: Dense
    norm: Norm

    def __call__(self, tokens: Vectors) -> Vectors:
        """``tokens``: (sentences, length, 384), all sentences of one length so that nothing has to be masked."""
        tokens = self.attended_norm(tokens + self.attended(self._attention(tokens)))
        wide = self.widen(tokens)
        wide *= np.float32(0.5) * (np.float32(1) + erf(wide * np.float32(0.5**0.5)))
        return self.norm(tokens + self.narrow(wide))

    def _attention(self, tokens: Vectors) -> Vectors:
        sentences, length, _ = tokens.shape
        stacked = self.queries_keys_values(tokens).reshape(sentences, length, 3, HEADS, HEAD_WIDTH)
        queries, keys, values = stacked.transpose(2, 0, 3, 1, 4)
        weights = queries @ keys.transpose(0, 1, 3, 2)
        weights -= weights.max(-1, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(-1, keepdims=True)
        return (weights @ values).transpose(0, 2, 1, 3).reshape(sentences, length, DIMENSIONS)


class Encoder:
    """Sentences to vectors. Get one from ``load_encoder``, which checks the files."""

    width = DIMENSIONS
    """Columns of ``encode`` that are the meaning (the first kept layer), and of ``encode_spans``."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True)
        self._tokenizer.enable_truncation(MAX_TOKENS)
        tensors = load_file(folder / "model.safetensors")
        self._words = tensors["embeddings.word_embeddings.weight"]
        self._positions = (
            tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = _norm(tensors, "embeddings.LayerNorm")
        self._layers = [_layer(tensors, f"encoder.layer.{number}") for number in range(LAYERS)]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row for each text: (texts, 1152), a part of 384 for each layer of ``KEPT_LAYERS``.

        Each part has length 1: the dot product of two parts of a layer is their cosine similarity.
        """
        token_ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        by_length: dict[int, list[int]] = defaultdict(list)
        for row, ids in enumerate(token_ids):
            by_length[len(ids)].append(row)
        vectors = np.zeros((len(texts), VECTOR_WIDTH), np.float32)
        for length, rows in by_length.items():
            step = max(1, BATCH_TOKENS // length)
            for start in range(0, len(rows), step):
                batch = rows[start : start + step]
                vectors[batch] = self._encode_same_length(np.array([token_ids[row] for row in batch]))
        return vectors

    def adapted(self, difference: Mapping[str, Vectors]) -> Encoder:
        """Another encoder, ``difference`` added to the weights: for ``<layer>.<dense layer>`` the product up @ down."""
        other = copy(self)
        other._layers = [_with_difference(layer, number, difference) for number, layer in enumerate(self._layers)]
        return other

    def encode_spans(self, text: str, spans: Sequence[tuple[int, int]]) -> Vectors:
        """The meaning of a text and, as it stands in this text, of each span of characters: (1 + spans, 384).

        One pass for all: a span's vector is the mean over its own tokens, which have looked at the whole text. A span
        without tokens of its own (beyond ``MAX_TOKENS``) gets the text's.
        """
        encoding = self._tokenizer.encode(text)
        *_, tokens = self._layers_of(np.array([encoding.ids]))
        rows = [tokens[0].mean(0)]
        for start, end in spans:
            own = [i for i, (first, last) in enumerate(encoding.offsets) if start <= first < last <= end]
            rows.append(tokens[0][own].mean(0) if own else rows[0])
        return _unit(np.stack(rows))

    def _layers_of(self, token_ids: npt.NDArray[np.int64]) -> Iterator[Vectors]:
        tokens = self._norm(self._words[token_ids] + self._positions[: token_ids.shape[1]])
        for layer in self._layers:
            tokens = layer(tokens)
            yield tokens

    def _encode_same_length(self, token_ids: npt.NDArray[np.int64]) -> Vectors:
        means = {number: tokens.mean(1) for number, tokens in enumerate(self._layers_of(token_ids), start=1)}
        return np.concatenate([_unit(means[number]) for number in KEPT_LAYERS], axis=1)


def _unit(rows: Vectors) -> Vectors:
    result: Vectors = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return result


def _norm(tensors: Mapping[str, Vectors], name: str) -> Norm:
    return Norm(tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _dense(tensors: Mapping[str, Vectors], name: str) -> Dense:
    return Dense(tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _with_difference(layer: Layer, number: int, difference: Mapping[str, Vectors]) -> Layer:
    """A layer whose dense layers have their differences added; those that have none stay the same objects."""

    def product(name: str) -> Vectors | None:
        if f"{number}.{name}.up" not in difference:
            return None
        up, down = (difference[f"{number}.{name}.{part}"].astype(np.float32) for part in ("up", "down"))
        return up @ down

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
