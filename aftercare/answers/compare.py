"""What a change of the knowledge base means in answers: the same questions asked of the old one and the new one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from aftercare.answers.compose import compose
from aftercare.answers.turn import Turn
from aftercare.knowledge import Clinic, Item, KnowledgeBase
from aftercare.triage import Finding, Reading, Report

QUESTIONS = ("is_normal", "how_long", "what_to_apply", "what_to_avoid", "can_i", "why", "when_to_worry")
DAYS: tuple[int | None, ...] = (0, 1, 2, 3, 5, 7, 8, 10, 11, 14, 15, 30, None)
QUALITIES = (frozenset[str](), frozenset({"worse"}))
NOON = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
"""Any moment will do; answers hang on days since treatment only."""


@dataclass(frozen=True)
class Difference:
    """One answer that changed. ``old`` and ``new`` are (tier, text), None where the item is not there."""

    item: str
    question: str
    day: int | None
    worse: bool
    old: tuple[str, str] | None
    new: tuple[str, str] | None

    def __str__(self) -> str:
        day = "day not known" if self.day is None else f"day {self.day}"
        trend = ", getting worse" if self.worse else ""
        return f"{self.item}, {self.question}, {day}{trend}\n  was: {_shown(self.old)}\n  is:  {_shown(self.new)}"


def _shown(answer: tuple[str, str] | None) -> str:
    return "not known" if answer is None else f"[{answer[0]}] {answer[1]}"


def differences(old: KnowledgeBase, new: KnowledgeBase, clinic: Clinic) -> Iterator[Difference]:
    """Every answer that is not the same, item by item."""
    for name in sorted({*old.items, *new.items}):
        for question in QUESTIONS:
            for qualities in QUALITIES:
                for day in DAYS:
                    was = _answer(old, old.items.get(name), question, day, qualities, clinic)
                    now = _answer(new, new.items.get(name), question, day, qualities, clinic)
                    if was != now:
                        yield Difference(name, question, day, bool(qualities), was, now)


def _answer(
    knowledge: KnowledgeBase,
    item: Item | None,
    question: str,
    day: int | None,
    qualities: frozenset[str],
    clinic: Clinic,
) -> tuple[str, str] | None:
    if item is None:
        return None
    finding = Finding(item.id, item.kind, 0, len(item.name), item.name, qualities=qualities)
    report = Report(treated_on=NOON.date() - timedelta(days=day) if day is not None else None)
    answer = compose(
        Turn(item.name, question, (question,), Reading(item.name, (finding,)), report, NOON), knowledge, clinic
    )
    return answer.tier, " ".join(reply.text for reply in answer.replies)
