"""What the staff pages show of the clinic's own: saved replies, and how signs are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aftercare.knowledge.saved_replies import SavedReply


@dataclass(frozen=True)
class ConsoleContent:
    """``titles``: a sign's name on the page, by its id in the knowledge base."""

    saved_replies: tuple[SavedReply, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)

    def title_of(self, item: str) -> str:
        return self.titles.get(item) or item.replace("_", " ").capitalize()
