"""What the conversation asks of the assistant: one turn in, one outcome out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

TIERS = ("none", "self_care", "soon", "urgent", "emergency")
"""Acuity tiers, lowest first. ``none`` is for messages without aftercare content (red_flags.md section 1)."""


@dataclass(frozen=True)
class Turn:
    """One patient message on its way to the assistant. ``report`` is what the conversation has established."""

    conversation_id: str
    message_id: str
    text: str
    now: datetime
    intent: str | None = None
    report: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Button:
    """A quick reply: what the patient sees, and what the server sends on when it is pressed."""

    title: str
    intent: str
    text: str


@dataclass(frozen=True)
class Source:
    """Where a statement comes from: ``id`` is ``<file>:<line>`` or an outside reference key."""

    id: str
    title: str


@dataclass(frozen=True)
class Reply:
    """One message to show. ``kind`` and ``timeline`` (the data of a picture) are those of docs/architecture.md."""

    text: str
    kind: str
    buttons: tuple[Button, ...] = ()
    sources: tuple[Source, ...] = ()
    timeline: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Hit:
    """A red flag found: the flag, the rule that fired, its title for staff, the words it fired on."""

    flag: str
    rule: str
    title: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What one turn came to: replies, tier with its reasons, and the report for the next turn.

    ``worked_ms``: milliseconds that understanding, triage and the answer took, without any waiting; 0 of the screen's.
    """

    replies: tuple[Reply, ...]
    tier: str = "none"
    hits: tuple[Hit, ...] = ()
    handoff: str | None = None
    report: Mapping[str, Any] | None = None
    days_since: int | None = None
    questions: tuple[str, ...] = ()
    intent: Mapping[str, Any] = field(default_factory=dict)
    entities: tuple[Mapping[str, Any], ...] = ()
    model_id: str | None = None
    worked_ms: float = 0.0


class Assistant(Protocol):
    """Answers a turn. Raises ``AssistantUnavailable`` where it cannot."""

    async def take_turn(self, turn: Turn) -> Outcome: ...

    async def ready(self) -> str:
        """Which model answers. Raises ``AssistantUnavailable`` where none does."""


class Screen(Protocol):
    """Looks at a message before the assistant does: an outcome where its words raise a red flag, else None. Pure and quick.

    An emergency is answered with it at once; a lower tier is the assistant's to answer, unless staff have the conversation.
    """

    def __call__(self, text: str, report: Mapping[str, Any] | None, now: datetime) -> Outcome | None: ...


class Reports(Protocol):
    """What the conversation itself must do with a report, whose content it does not know."""

    def start(self, treated_on: date | None) -> Mapping[str, Any] | None:
        """The report of a new conversation."""

    def unasked(self, report: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """The report for a message to staff: what the assistant asked before is no longer what the patient answers."""

    def settle(self, report: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """The report after staff dealt with the case: its open tier no longer stands, what was established does."""


class AssistantUnavailable(Exception):
    """The assistant gave no usable answer; ``reason`` is a word for metrics, never patient text.

    ``connection`` means that it was not reached: worth another try at once. Every other reason is not.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
