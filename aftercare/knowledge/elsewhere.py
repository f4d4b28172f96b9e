"""The words that tell which treatment a message is about (``elsewhere.yml``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aftercare.knowledge.yaml_file import read_yaml


@dataclass(frozen=True)
class ElsewhereWords:
    """Words in lower case with blanks between them, those that end in ``*`` with any ending. ``ours`` speak for our treatment,
    ``of_any_treatment`` leave open which is meant."""

    other_treatments: tuple[str, ...]
    animals: tuple[str, ...]
    ours: tuple[str, ...]
    of_any_treatment: tuple[str, ...]


def load_elsewhere(path: Path) -> ElsewhereWords:
    """Read ``elsewhere.yml``. Raises KnowledgeError, also for a treatment that is listed twice."""
    file = read_yaml(path, "elsewhere")
    names: set[str] = set()
    for group, words in enumerate(file.data["other_treatments"]):
        for number, word in enumerate(words):
            if word in names:
                raise file.error(
                    ("other_treatments", group, number), f"'{word}' stands twice", "Take one of the two out."
                )
            names.add(word)
    others = (tuple(file.data[key]) for key in ("animals", "ours", "of_any_treatment"))
    return ElsewhereWords(tuple(sorted(names)), *others)
