"""The sentences that the conversation itself says. What they say is clinical content and lives elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Wording(Protocol):
    """Sentences for the patient. ``tier`` is one of ``assistant.TIERS``, never below ``soon`` here."""

    def welcome(self) -> Sequence[str]:
        """The messages that open a conversation."""

    def told_team(self, tier: str) -> str:
        """The team was told just now. Only said in the transaction that wrote the case."""

    def already_told(self) -> str:
        """The team has known before this message."""

    def could_not_tell(self) -> str:
        """The team could not be told; says how to reach them."""

    def failure(self, case_opened: bool) -> str:
        """The assistant could not answer; whether the team knows."""

    def person_requested(self, case_opened: bool) -> str:
        """The patient asked for a person; whether the team knows."""
