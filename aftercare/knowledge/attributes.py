"""The words that tell where a sign is, how many there are and how large (``attributes.yml``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aftercare.knowledge.yaml_file import read_yaml


@dataclass(frozen=True)
class AttributeWords:
    """Words in lower case, with blanks between them. ``sites`` by the name of the body site; ``one`` and ``more`` are signs that
    can be counted; ``likened`` are things that a size is compared with."""

    sites: Mapping[str, tuple[str, ...]]
    one: frozenset[str]
    more: frozenset[str]
    few: tuple[str, ...]
    many: tuple[str, ...]
    likened: tuple[str, ...]
    sizes: Mapping[str, tuple[str, ...]]


def load_attributes(path: Path) -> AttributeWords:
    """Read ``attributes.yml``. Raises KnowledgeError, also for words that name two body sites."""
    file = read_yaml(path, "attributes")
    data = file.data
    sites: dict[str, str] = {}
    for site, words in data["sites"].items():
        for number, word in enumerate(words):
            if sites.setdefault(word, site) != site:
                problem = f"'{word}' is a word for {sites[word]} already"
                raise file.error(("sites", site, number), problem, "Take one of the two out.")
    return AttributeWords(
        {site: tuple(words) for site, words in data["sites"].items()},
        frozenset(data["countable"]["one"]),
        frozenset(data["countable"]["more"]),
        tuple(data["few"]),
        tuple(data["many"]),
        tuple(data["likened"]),
        {size: tuple(data[size]) for size in ("tiny", "small", "big")},
    )
