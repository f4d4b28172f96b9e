"""What the stock bot's action does in a turn: our triage and our answers, with what the conversation has established."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from aftercare.answers import Turn, compose
from aftercare.knowledge import Clinic, KnowledgeBase, load_clinic, load_knowledge
from aftercare.triage import Reader, Report
from tests.product import PROJECT


@lru_cache
def rooms() -> tuple[Clinic, KnowledgeBase, Reader]:
    knowledge = load_knowledge(PROJECT / "data" / "knowledge")
    return load_clinic(PROJECT / "clinic.yml"), knowledge, Reader(knowledge)


def answer(text: str, intent: str, report: Mapping[str, Any] | None) -> tuple[list[str], dict[str, Any]]:
    """The replies' texts, and the report for the next turn."""
    clinic, knowledge, reader = rooms()
    turn = Turn(
        text=text,
        intent=intent,
        questions=(intent,),
        reading=reader.read(text),
        report=Report.from_dict(report),
        now=datetime.now(ZoneInfo(clinic.time_zone)),
    )
    outcome = compose(turn, knowledge, clinic).to_dict(knowledge)
    return [reply["text"] for reply in outcome["replies"]], outcome["report"]


rooms()
