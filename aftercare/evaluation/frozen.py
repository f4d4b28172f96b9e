"""Whether the held-out files are still the ones that their README.md froze."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

STATED = re.compile(r"^sha256 (?P<file>\S+): (?P<sum>[0-9a-f]{64})$", re.MULTILINE)
"""A line of README.md: ``sha256 messages.jsonl: <64 hex digits>``."""


class NotFrozen(Exception):
    """The files are not the frozen ones; the text tells which and what to do."""


def sums(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 of every ``*.jsonl`` in the folder."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob("*.jsonl"))}


def check(folder: Path, found: dict[str, str]) -> None:
    """Compare with the sums that README.md states. Raises NotFrozen."""
    readme = folder / "README.md"
    stated = (
        {m["file"]: m["sum"] for m in STATED.finditer(readme.read_text(encoding="utf-8"))} if readme.exists() else {}
    )
    if not stated:
        raise NotFrozen(f"{readme} states no sums. It needs a line for each file: sha256 messages.jsonl: <sum>")
    for name in sorted(stated.keys() | found.keys()):
        if name not in found:
            raise NotFrozen(f"{folder / name} is missing. Bring it back: git checkout -- {folder / name}")
        if name not in stated:
            raise NotFrozen(f"{folder / name} is not in {readme}. Take it away, or freeze it there with its sum.")
        if stated[name] != found[name]:
            raise NotFrozen(
                f"{folder / name} is not the frozen file: it is {found[name]}, {readme} says {stated[name]}. Numbers of "
                f"another file cannot be compared. Bring it back: git checkout -- {folder / name}. If a wrong label was "
                f"corrected, write the correction and the new sum into {readme}."
            )
