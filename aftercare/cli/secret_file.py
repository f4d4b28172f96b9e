"""``var/secrets.json``: what the processes of this installation share and nobody else may know. Made at the first start."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

NAMES = ("turn_secret",)
"""``turn_secret`` signs what the web process asks of Rasa."""


class BadSecretFile(Exception):
    """The file cannot be used; the message says what to do."""


def load_secrets(var: Path) -> dict[str, str]:
    """The secrets by name; those that are missing are made. Raises BadSecretFile."""
    path = var / "secrets.json"
    known = _read(path) if path.exists() else {}
    missing = {name: secrets.token_hex(32) for name in NAMES if not known.get(name)}
    if missing:
        known |= missing
        _write(path, known)
    path.chmod(0o600)
    return known


def _read(path: Path) -> dict[str, str]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        known = None
    if not isinstance(known, dict) or not all(isinstance(value, str) for value in known.values()):
        raise BadSecretFile(f"{path} is damaged. Delete it: new secrets are made at the next start.")
    return known


def _write(path: Path, content: dict[str, str]) -> None:
    """In one step, and never readable by others, not even for a moment."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
    partial.replace(path)
