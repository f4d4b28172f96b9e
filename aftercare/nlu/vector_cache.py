"""Sentence vectors kept between two trainings, so that a trainer's new examples are all that has to be encoded."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from aftercare.nlu.encoder import encoder_folder
from aftercare.nlu.encoder_weights import Vectors
from aftercare.nlu.finding_heads import FindingsEncoder, stamp_of
from aftercare.nlu.findings_model import is_kept_back


def finding_vectors() -> Path:
    """The file of ``FindingsEncoder.describe``, beside the encoder's folder: it may be deleted at any time."""
    return encoder_folder().parent / "finding_vectors.npz"


def described(encoder: FindingsEncoder, texts: Sequence[str], differences: Path, *, beside: bool = False) -> Vectors:
    """``FindingsEncoder.describe`` of training examples; ``differences`` is the folder that the encoder was read from. The
    components describe many of the same texts, each of which is encoded once. ``beside`` as for ``cached``."""
    describe = partial(encoder.describe, by_all=is_kept_back)
    return cached(describe, texts, finding_vectors(), stamp_of(differences), beside=beside)


def key_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def cached(
    describe: Callable[[Sequence[str]], Vectors], texts: Sequence[str], file: Path, stamp: str, *, beside: bool = False
) -> Vectors:
    """What ``describe`` makes of the texts, a row for each; what ``file`` holds already is taken from there.

    ``stamp`` names the weights: rows of other ones are not used. The file then holds these texts, ``beside`` those that it
    held or else no others; it is a convenience, so nothing happens where it cannot be read or written.
    """
    keys = [key_of(text) for text in texts]
    known = kept(file, stamp)
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if new:
        # Half precision, as the file has it: the first training and the next one have to see the same numbers.
        vectors = describe(list(new.values())).astype(np.float16)
        known |= dict(zip(new, vectors, strict=True))
    if new or (not beside and len(known) > len(set(keys))):
        _write(file, stamp, known if beside else {key: known[key] for key in keys})
    return np.stack([known[key] for key in keys]).astype(np.float32)


def kept(file: Path, stamp: str) -> dict[str, Vectors]:
    """What the file holds, by ``key_of``; nothing where it is of other weights or cannot be read."""
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
