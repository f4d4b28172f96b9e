"""Custom actions: one a question, thin, never raising."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import yaml
from rasa_sdk import Tracker
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher

from actions import aftercare_action
from actions.is_normal import ActionIsNormal
from aftercare.triage import Reader
from tests.conftest import ROOT


def tracker(text: str, reader: Reader, intent: str = "is_normal", metadata: dict[str, Any] | None = None) -> Tracker:
    message = {
        "text": text,
        "intent": {"name": intent, "confidence": 0.9},
        "questions": [{"name": intent, "confidence": 0.9}],
        "entities": reader.read(text).entities(),
        "metadata": metadata or {},
    }
    return Tracker("1", {"report": None, "turn": None}, message, [], False, None, {}, "action_listen")


def run(action: Any, dispatcher: CollectingDispatcher, tracker: Tracker) -> dict[str, Any]:
    events = asyncio.run(action.run(dispatcher, tracker, {}))
    return {event["name"]: event["value"] for event in events}


def test_the_answer_is_said_and_left_for_the_channel(reader: Reader) -> None:
    dispatcher = CollectingDispatcher()
    metadata = {"message_id": "m1", "now": "2026-03-12T15:00:00+00:00", "report": None}
    slots = run(
        ActionIsNormal(), dispatcher, tracker("day 3 and tiny white bumps, is this normal?", reader, metadata=metadata)
    )
    assert dispatcher.messages[0]["text"] == slots["turn"]["outcome"]["replies"][0]["text"]
    assert slots["turn"]["message_id"] == "m1"
    assert slots["report"]["treated_on"] == "2026-03-09"


def test_rasa_shell_works_without_channel_and_clock(reader: Reader) -> None:
    slots = run(ActionIsNormal(), CollectingDispatcher(), tracker("my skin is red", reader))
    assert slots["turn"]["outcome"]["tier"] == "self_care"


def test_an_action_that_fails_says_so_and_calls_a_person(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(aftercare_action, "compose", broken)
    slots = run(ActionIsNormal(), CollectingDispatcher(), tracker("my skin is red", reader))
    outcome = slots["turn"]["outcome"]
    assert (outcome["replies"][0]["kind"], outcome["handoff"]) == ("failure", "failure")


def test_every_action_of_the_domain_has_a_file_of_its_name() -> None:
    domain = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
    executor = ActionExecutor()
    executor.register_package("actions")
    assert set(domain["actions"]) <= set(executor.actions)
    for name in domain["actions"]:
        assert (ROOT / "actions" / f"{name.removeprefix('action_')}.py").is_file()
