"""Sentence vectors kept between two trainings, so that a trainer's new examples are all that has to be encoded."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from aftercare.nlu.encoder import Encoder, Vectors


def encode_cached(encoder: Encoder, texts: Sequence[str], file: Path, stamp: str) -> Vectors:
    """The meaning of each text, (texts, ``encoder.width``); what ``file`` holds already is taken from there.

    ``stamp`` names the weights: vectors of other ones are not used. The file then holds these texts and no others; it is
    a convenience, so nothing happens where it cannot be read or written.
    """
    keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    known = _read(file, stamp)
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if new:
        # Half precision, as the file has it: the first training and the next one have to see the same numbers.
        vectors = encoder.encode(list(new.values()))[:, : encoder.width].astype(np.float16)
        known |= dict(zip(new, vectors, strict=True))
    if new or len(known) > len(set(keys)):
        _write(file, stamp, {key: known[key] for key in keys})
    return np.stack([known[key] for key in keys]).astype(np.float32)


def _read(file: Path, stamp: str) -> dict[str, Vectors]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            if str(stored["stamp"]) == stamp:
                return dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        pass
    return {}


def _write(file: Path, stamp: str, vectors: dict[str, Vectors]) -> None:
    """Written aside and moved into place: two trainings at once leave one whole file."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".npz", delete=False) as aside:
            np.savez(aside, stamp=stamp, keys=np.array(list(vectors)), vectors=np.stack(list(vectors.values())))
        Path(aside.name).replace(file)
    except OSError:
        return
