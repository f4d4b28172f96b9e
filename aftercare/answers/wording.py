"""The sentences that the conversation itself says, from the knowledge base (``conversation.wording.Wording``)."""

from __future__ import annotations

from collections.abc import Sequence

from aftercare.answers.answer import filled
from aftercare.knowledge import Clinic, KnowledgeBase


class ClinicWording:
    """The required wordings of red_flags.md section 8 with one clinic's numbers."""

    def __init__(self, knowledge: KnowledgeBase, clinic: Clinic) -> None:
        self._knowledge = knowledge
        self._clinic = clinic

    def welcome(self) -> Sequence[str]:
        return [filled(text, self._clinic) for text in self._knowledge.phrases["welcome"]]

    def told_team(self, tier: str) -> str:
        return self._say("told_team_emergency" if tier == "emergency" else "told_team")

    def already_told(self) -> str:
        return self._say("told_team_before")

    def could_not_tell(self) -> str:
        return self._say("could_not_tell")

    def failure(self, case_opened: bool) -> str:
        return f"{self._say('failure')} {self._about_team(case_opened)}"

    def person_requested(self, case_opened: bool) -> str:
        return f"{self._say('person')} {self._about_team(case_opened)}"

    def _about_team(self, case_opened: bool) -> str:
        return self._say("told_team" if case_opened else "could_not_tell")

    def _say(self, name: str) -> str:
        return filled(self._knowledge.sentences[name].text, self._clinic)
