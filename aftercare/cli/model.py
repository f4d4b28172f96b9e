"""Which model belongs to the data as they are now: one archive in ``models/`` named by a hash of all it is made of."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

INPUTS = (
    "config.yml",
    "domain.yml",
    "data",
    "aftercare/knowledge",
    "aftercare/triage",
    "aftercare/nlu",
    "requirements.lock",
)
"""Files and folders that a trained model depends on. Rasa's own cache looks at neither our code nor the lock."""

PREFIX = "aftercare-"

KEPT = 3
"""Archives kept: the present one and two to go back to."""


def fingerprint(project: Path) -> str:
    """16 hex digits that change whenever a file of ``INPUTS`` does, or the encoder comes or goes."""
    digest = hashlib.sha256()
    for file in _files(project):
        digest.update(f"{file.relative_to(project).as_posix()}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    digest.update(b"encoder" if encoder_file(project).exists() else b"words alone")
    return digest.hexdigest()[:16]


def encoder_file(project: Path) -> Path:
    folder = os.environ.get("AFTERCARE_ENCODER_DIR")
    return Path(folder) / "model.safetensors" if folder else project / "var" / "encoder" / "model.safetensors"


def present_model(project: Path) -> Path:
    """Where the model for the present data is, or will be once it is trained."""
    return project / "models" / f"{PREFIX}{fingerprint(project)}.tar.gz"


def older_models(project: Path) -> list[Path]:
    """Models of this project, newest first, without the ``KEPT`` newest."""
    archives = (project / "models").glob(f"{PREFIX}*.tar.gz")
    return sorted(archives, key=lambda archive: archive.stat().st_mtime, reverse=True)[KEPT:]


def _files(project: Path) -> Iterator[Path]:
    for name in INPUTS:
        path = project / name
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from sorted(
                file for file in path.rglob("*") if file.suffix in {".yml", ".yaml", ".json", ".py", ".txt", ".npz"}
            )
