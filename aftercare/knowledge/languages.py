"""What is known of other languages than English (``languages.yml``): how to tell them, and what to say in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from aftercare.knowledge.yaml_file import read_yaml


@dataclass(frozen=True)
class Language:
    """``line`` is said in it (empty: none is known).

    ``script`` is the first word of its letters' names in Unicode, empty for Latin; ``letters`` are those that other languages
    of the script do not have.
    """

    code: str
    name: str
    line: str
    words: tuple[str, ...]
    script: str
    letters: str
    review: str


@dataclass(frozen=True)
class ForeignSign:
    """A finding that is meant where a word of each list of ``together`` stands in one sentence (``-``: any ending)."""

    item: str
    together: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Languages:
    """``english`` are words that dictionaries of English lack. ``denied_before`` deny what follows, ``denied_after`` what precedes."""

    spoken: Mapping[str, Language]
    english: tuple[str, ...]
    signs: tuple[ForeignSign, ...]
    denied_before: tuple[str, ...]
    denied_after: tuple[str, ...]

    def line(self, code: str | None) -> str:
        """What is said in a language, with its placeholder; empty where nothing is."""
        known = self.spoken.get(code or "")
        return known.line if known else ""


def load_languages(path: Path, items: Collection[str]) -> Languages:
    """Read ``languages.yml``. Raises KnowledgeError, also for a sign that is none of ``items``."""
    file = read_yaml(path, "languages")
    data = file.data
    for number, raw in enumerate(data["signs"]):
        if raw["finding"] not in items:
            problem = f"there is no item '{raw['finding']}'"
            raise file.error(("signs", number, "finding"), problem, "Mend the name or add the item.")
    spoken = {
        raw["code"]: Language(
            raw["code"],
            raw["name"],
            raw.get("line", ""),
            tuple(raw.get("words", "").split()),
            raw.get("script", ""),
            raw.get("letters", ""),
            data["review"],
        )
        for raw in data["languages"]
    }
    signs = tuple(ForeignSign(raw["finding"], tuple(map(tuple, raw["together"]))) for raw in data["signs"])
    english = tuple(data["english"].split())
    return Languages(spoken, english, signs, tuple(data["denied_before"]), tuple(data["denied_after"]))
