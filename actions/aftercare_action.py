"""What every action shares: read the turn, ask triage and knowledge, say the answer. Never raises, never writes."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from aftercare.answers import Answer, Turn, compose
from aftercare.answers.talk import fixed
from aftercare.knowledge import Clinic, KnowledgeBase, load_clinic, load_knowledge
from aftercare.triage import Reading, Report

logger = logging.getLogger(__name__)

TIME_LIMIT = 4.0
"""Seconds. Rasa itself would wait five minutes."""
ROOT = Path(os.environ.get("AFTERCARE_ROOT", Path(__file__).resolve().parent.parent))


@lru_cache
def knowledge() -> KnowledgeBase:
    folder = Path(os.environ.get("AFTERCARE_KNOWLEDGE_DIR", ROOT / "data" / "knowledge"))
    return load_knowledge(folder, clinic().treatments[0])


@lru_cache
def clinic() -> Clinic:
    return load_clinic(Path(os.environ.get("AFTERCARE_CLINIC", ROOT / "clinic.yml")))


class AftercareAction(Action, ABC):
    """Base of the actions. ``question`` is what the action answers, where the message's own list of questions is empty."""

    question = ""

    @abstractmethod
    def name(self) -> str:
        """The action's name in domain.yml."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        message = tracker.latest_message
        knowledge(), clinic()  # where they are not loaded yet, that is no part of the time that an answer may take
        try:
            answered = asyncio.to_thread(self._answer, message, tracker.slots)
            answer, milliseconds = await asyncio.wait_for(answered, TIME_LIMIT)
            outcome = answer.to_dict(knowledge())
        except Exception as error:
            logger.error("%s failed: %s", self.name(), type(error).__name__)
            report = Report.from_dict(read_report(message, tracker.slots))
            answer = Answer((fixed("failure", "failure", knowledge(), clinic()),), "none", report, handoff="failure")
            outcome, milliseconds = answer.to_dict(knowledge()), 0.0
        for reply in answer.replies:
            dispatcher.utter_message(
                text=reply.text, buttons=[{"title": b.title, "payload": f"/{b.intent}"} for b in reply.buttons]
            )
        message_id = (message.get("metadata") or {}).get("message_id")
        turn = {"message_id": message_id, "outcome": outcome, "ms": milliseconds}
        return [SlotSet("turn", turn), SlotSet("report", outcome["report"])]

    def _answer(self, message: Mapping[str, Any], slots: Mapping[str, Any]) -> tuple[Answer, float]:
        """The answer, and the milliseconds that it took."""
        began = time.perf_counter()
        answer = compose(read_turn(message, slots, self.question), knowledge(), clinic())
        return answer, (time.perf_counter() - began) * 1000


def read_turn(message: Mapping[str, Any], slots: Mapping[str, Any], question: str) -> Turn:
    """The turn in Rasa's latest message. The channel passes clock and report; ``rasa shell`` has the slot and the real clock."""
    metadata = message.get("metadata") or {}
    zone = ZoneInfo(clinic().time_zone)
    now = datetime.fromisoformat(metadata["now"]).astimezone(zone) if "now" in metadata else datetime.now(zone)
    text = message.get("text") or ""
    named = tuple(q["name"] for q in message.get("questions") or ())
    classified = message.get("intent") or {}
    intent = classified.get("name") or question
    return Turn(
        text=text,
        intent=intent,
        questions=named or (intent,),
        reading=Reading.from_entities(text, message.get("entities") or ()),
        report=Report.from_dict(read_report(message, slots)),
        now=now,
        confidence=float(classified.get("confidence") or 0.0),
    )


def read_report(message: Mapping[str, Any], slots: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the conversation has established: from the channel, or from the slot where there is no channel."""
    metadata = message.get("metadata") or {}
    report: Mapping[str, Any] | None = metadata.get("report") if "now" in metadata else slots.get("report")
    return report


knowledge(), clinic()  # a knowledge base that does not load stops the action server at once, not in a patient's turn
