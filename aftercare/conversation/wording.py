"""The sentences that the conversation itself says. What they say is clinical content and lives elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
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

    def photo(self, case_opened: bool) -> str:
        """The patient sent photos, which the assistant does not look at. The team was told now, or had a case before."""

    def photo_untold(self) -> str:
        """The same where the team could not be told; says how to reach them."""

    def joined(self, name: str) -> str:
        """``name``, a member of staff, has the conversation now."""

    def handed_back(self) -> str:
        """The assistant has the conversation again."""

    def released(self, name: str) -> str:
        """``name`` has left; somebody else will take the case, which waits again."""

    def ended(self, name: str) -> str:
        """``name`` has closed the case; writing again is possible."""

    def still_waiting(self, tier: str) -> str:
        """Nobody has taken the case in the time that the clinic aims at: what to do now."""

    def nobody_there(self, tier: str, opens: datetime | None) -> str:
        """A case opened while the clinic is closed: when somebody will be there, and what to do until then."""

    def left_queue(self, case_stands: bool) -> str:
        """The patient no longer waits for a person; ``case_stands``: the team will look at the case all the same."""
