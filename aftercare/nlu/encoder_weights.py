"""The weights of all-MiniLM-L6-v2: read and checked, and what was learned off line added to them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

Vectors = npt.NDArray[np.float32]

DIMENSIONS = 384
LAYERS = 6
HEADS = 12
HEAD_WIDTH = DIMENSIONS // HEADS

DIFFERENCES = "data/nlu_encoder"
"""The folder of what ``scripts/adapt_encoder.py`` learned, each file added to the published weights for itself; from the
project's folder."""

SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
"""The published hashes of the encoder's files; ``scripts/fetch_encoder.py`` keeps no others."""

SCALE = ".scale"
"""Ending of the name of the array that holds the scales of another one's rows."""


class EncoderUnavailable(Exception):
    """The weights are not there or are not the published ones."""


class Norm(NamedTuple):
    """Layer normalisation: brings each row to mean 0 and variance 1, then scales and shifts it."""

    scale: Vectors
    shift: Vectors


class Dense(NamedTuple):
    """A linear layer, its weights stored as PyTorch does: (outputs, inputs)."""

    weight: Vectors
    bias: Vectors


class Layer(NamedTuple):
    """One transformer layer: every token looks at the others of its text, then each goes through two dense layers."""

    queries_keys_values: Dense
    attended: Dense
    attended_norm: Norm
    widen: Dense
    narrow: Dense
    norm: Norm


class Weights(NamedTuple):
    """``words`` and ``positions`` have a row of 384 for each word piece and each place in a text."""

    words: Vectors
    positions: Vectors
    norm: Norm
    layers: list[Layer]


def read_weights(folder: Path) -> Weights:
    """The published weights. Raises ``EncoderUnavailable`` with what to do about it."""
    for name, digest in SHA256.items():
        _check(folder / name, digest)
    tensors = load_file(folder / "model.safetensors")
    return Weights(
        words=tensors["embeddings.word_embeddings.weight"],
        positions=tensors["embeddings.position_embeddings.weight"]
        + tensors["embeddings.token_type_embeddings.weight"][0],
        norm=_norm(tensors, "embeddings.LayerNorm"),
        layers=[_layer(tensors, f"encoder.layer.{number}") for number in range(LAYERS)],
    )


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


def adapted(weights: Weights, difference: Mapping[str, npt.NDArray[np.generic]]) -> Weights:
    """The weights with ``difference`` added: for ``<layer>.<dense layer>`` the product up @ down."""
    layers = [_with_difference(layer, number, difference) for number, layer in enumerate(weights.layers)]
    return weights._replace(layers=layers)


def _check(file: Path, digest: str) -> None:
    """Hashing the 91 MB takes about 0.1 s, once in a process: less than a stamp file would have to be trusted for."""
    if not file.is_file():
        raise EncoderUnavailable(f"{file} is missing: run python scripts/fetch_encoder.py, then train again.")
    if hashlib.sha256(file.read_bytes()).hexdigest() != digest:
        raise EncoderUnavailable(
            f"{file} is not the published file: delete it and run python scripts/fetch_encoder.py."
        )


def _norm(tensors: Mapping[str, Vectors], name: str) -> Norm:
    return Norm(tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _dense(tensors: Mapping[str, Vectors], name: str) -> Dense:
    return Dense(tensors[f"{name}.weight"], tensors[f"{name}.bias"])


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
