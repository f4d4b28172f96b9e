"""What no sentence to a patient may contain: ``data/knowledge/never_say.yml`` (red_flags.md section 7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from aftercare.knowledge.yaml_file import read_yaml


@dataclass(frozen=True)
class Ban:
    """One forbidden pattern; ``only_in`` are the keys of wordings that alone may hold it."""

    id: str
    pattern: re.Pattern[str]
    why: str
    only_in: tuple[str, ...]


def load_bans(folder: Path) -> tuple[Ban, ...]:
    """Read ``never_say.yml``. Raises KnowledgeError, also for a pattern that is no regular expression."""
    file = read_yaml(folder / "never_say.yml", "never_say")
    bans = []
    for n, raw in enumerate(file.data["never"]):
        try:
            pattern = re.compile(raw["pattern"], re.IGNORECASE)
        except re.error as error:
            raise file.error(("never", n, "pattern"), f"no regular expression: {error}", "Mend the pattern.") from None
        bans.append(Ban(raw["id"], pattern, raw["why"], tuple(raw.get("only_in", ()))))
    return tuple(bans)


def forbidden(text: str, bans: tuple[Ban, ...], key: str = "") -> list[str]:
    """Why a text must not be said, one line for each ban that it breaks; ``key`` is its name in wording.yml."""
    return [
        f"{ban.id}: '{match.group()}' ({ban.why})"
        for ban in bans
        if key not in ban.only_in and (match := ban.pattern.search(text))
    ]
