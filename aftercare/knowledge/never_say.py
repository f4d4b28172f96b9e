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


MIRROR = re.compile(r"You wrote “[^”]*”( and “[^”]*”)*\.\s*")
"""The patient's own words, mirrored: no statement of ours."""
CALMS = re.compile(
    r"part of healing at|don'?t worry|nothing to worry|(?<!not )\b(is|are) normal|harmless|will clear|should resolve|probably fine|"
    r"is in our guide|are in our guide|are possible in|can last up to|can come up",
    re.IGNORECASE,
)
"""What calms: never beside a flag (red_flags.md section 7 rule 2), nor before the check question is answered in its own words."""
FLAGGED = frozenset({"urgent", "emergency"})


class NeverSay:
    """Whether a whole reply, as a patient read it, breaks a ban or calms beside a flag. What only some wordings may hold is theirs
    to check; the clinic's own ``phone`` may be told."""

    def __init__(self, bans: tuple[Ban, ...], phone: str) -> None:
        self._bans = tuple(ban for ban in bans if not ban.only_in)
        self._phone = phone

    def __call__(self, said: str, tier: str) -> bool:
        own = MIRROR.sub("", said).replace(self._phone, "the clinic")
        return bool(forbidden(own, self._bans)) or (tier in FLAGGED and CALMS.search(own) is not None)


def forbidden(text: str, bans: tuple[Ban, ...], key: str = "") -> list[str]:
    """Why a text must not be said, one line for each ban that it breaks; ``key`` is its name in wording.yml."""
    return [
        f"{ban.id}: '{match.group()}' ({ban.why})"
        for ban in bans
        if key not in ban.only_in and (match := ban.pattern.search(text))
    ]
