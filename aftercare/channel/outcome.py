"""What one turn came to, put together from what Rasa understood and what the action answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel

TURN_SLOT = "turn"
"""The action leaves its outcome in this slot: ``{"message_id": str, "outcome": {...}, "ms": float}``; ``ms`` is what it took."""

FALLBACK_INTENT = "nlu_fallback"


class NoOutcome(Exception):
    """No action answered this message: it failed, or no rule led to one."""


class Utterances(CollectingOutputChannel):
    """Collects what the assistant says, as it is said: Rasa's own collector cuts a text at every empty line."""

    @classmethod
    def name(cls) -> str:
        return "aftercare"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        self.messages.append(message)


def outcome_of(
    message_id: str,
    parsed: Mapping[str, Any],
    slots: Mapping[str, Any],
    utterances: Sequence[Mapping[str, Any]],
    report: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The outcome of docs/architecture.md.

    What the action left in the slot ``turn`` for this very message, else what it said in plain utterances. Raises
    ``NoOutcome`` where there is neither.
    """
    outcome = _left_by_action(message_id, slots).get("outcome") or _from_utterances(parsed, utterances)
    empty: dict[str, Any] = {"tier": "none", "hits": [], "handoff": None, "report": report, "days_since": None}
    intent = parsed["intent"]
    understood = {
        "questions": [question["name"] for question in parsed.get("questions", ())],
        "intent": {"name": intent["name"], "confidence": intent["confidence"]},
        "entities": [_entity(entity) for entity in parsed["entities"]],
    }
    return {**empty, **understood, **outcome}


def ms_of_action(message_id: str, slots: Mapping[str, Any]) -> float:
    """Milliseconds that the action worked on this very message; 0 where it told none."""
    return float(_left_by_action(message_id, slots).get("ms", 0.0))


def _left_by_action(message_id: str, slots: Mapping[str, Any]) -> Mapping[str, Any]:
    turn = slots.get(TURN_SLOT)
    return turn if isinstance(turn, Mapping) and turn.get("message_id") == message_id else {}


def _from_utterances(parsed: Mapping[str, Any], utterances: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    kind = "fallback" if parsed["intent"]["name"] == FALLBACK_INTENT else "small_talk"
    replies = [
        {
            "text": utterance["text"],
            "kind": kind,
            "buttons": [_button(button) for button in utterance.get("buttons") or ()],
            "sources": [],
        }
        for utterance in utterances
        if utterance.get("text")
    ]
    if not replies:
        raise NoOutcome
    return {"replies": replies}


def _button(button: Mapping[str, str]) -> dict[str, str]:
    intent = button.get("payload", "").removeprefix("/").partition("{")[0]
    return {"title": button["title"], "intent": intent, "text": button["title"]}


def _entity(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Rasa says ``entity`` where the contract says ``type``."""
    rest = {key: value for key, value in entity.items() if key not in ("entity", "extractor")}
    return {"type": entity["entity"], **rest}
