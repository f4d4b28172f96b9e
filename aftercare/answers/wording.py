"""The sentences that the conversation itself says, from the knowledge base (``conversation.wording.Wording``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from aftercare.answers.answer import filled
from aftercare.knowledge import Clinic, KnowledgeBase


class ClinicWording:
    """The required wordings of red_flags.md section 8 with one clinic's numbers."""

    def __init__(self, knowledge: KnowledgeBase, clinic: Clinic) -> None:
        self._knowledge = knowledge
        self._clinic = clinic
        self._zone = ZoneInfo(clinic.time_zone)

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

    def photo(self, case_opened: bool) -> str:
        return (
            f"{self._say('photo')} {self._say('told_team' if case_opened else 'photo_added')} {self._say('photo_wait')}"
        )

    def photo_untold(self) -> str:
        return f"{self._say('photo')} {self._say('could_not_tell')} {self._say('safety_short')}"

    def joined(self, name: str) -> str:
        return self._say("joined", staff=name)

    def handed_back(self) -> str:
        return self._say("handed_back")

    def released(self, name: str) -> str:
        return self._say("released", staff=name)

    def ended(self, name: str) -> str:
        return self._say("ended", staff=name)

    def still_waiting(self, tier: str) -> str:
        return self._say(_by_tier("still_waiting", tier))

    def nobody_there(self, tier: str, opens: datetime | None) -> str:
        return " ".join(self._say(_by_tier("closed_now", tier), opens=self._opens(opens)).split())

    def left_queue(self, case_stands: bool) -> str:
        return self._say("left_queue_case_stands" if case_stands else "left_queue")

    def _opens(self, opens: datetime | None) -> str:
        if opens is None:
            return ""
        local = opens.astimezone(self._zone)
        text = str(self._knowledge.phrases["opens_again"])
        return filled(text, self._clinic, day=f"{local:%A} {local.day} {local:%B}", time=f"{local:%H:%M}")

    def _about_team(self, case_opened: bool) -> str:
        return self._say("told_team" if case_opened else "could_not_tell")

    def _say(self, name: str, **more: object) -> str:
        return filled(self._knowledge.sentences[name].text, self._clinic, **more)


def _by_tier(name: str, tier: str) -> str:
    return name if tier == "soon" else f"{name}_{tier}"
