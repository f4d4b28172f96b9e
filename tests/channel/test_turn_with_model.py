"""The trained model, the project's actions and the channel together: what `aftercare up` runs, without a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from rasa.core.agent import Agent

from aftercare.channel.actions import LocalActions
from aftercare.channel.tracker_store import RecentTrackerStore
from aftercare.channel.turn import TurnChannel
from aftercare.cli.model import present_model
from aftercare.cli.project import PROJECT
from tests.channel.fakes import SECRET, listening

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def agent() -> Agent:
    archive = present_model(PROJECT)
    if not archive.exists():
        pytest.fail("there is no model of the present data: make train")
    return Agent.load(archive, tracker_store=RecentTrackerStore(None))


@pytest.fixture(scope="module")
def channel() -> TurnChannel:
    return TurnChannel(SECRET, LocalActions("actions"))


@pytest.fixture
def talk(agent: Agent, channel: TurnChannel, request: pytest.FixtureRequest) -> Any:
    """Says some things in one conversation, the report going back and forth as the web process does it."""

    def talking(*said: str | tuple[str, str]) -> list[dict[str, Any]]:
        return asyncio.run(_conversation(agent, channel, request.node.name, said))

    return talking


async def _conversation(
    agent: Agent, channel: TurnChannel, name: str, said: Sequence[str | tuple[str, str]]
) -> list[dict[str, Any]]:
    outcomes: list[dict[str, Any]] = []
    async with listening(agent, channel) as web:
        for one in said:
            text, intent = (one, None) if isinstance(one, str) else one
            report = outcomes[-1]["report"] if outcomes else None
            answer = await web.turn(text, conversation_id=name, intent=intent, report=report)
            assert answer.status_code == 200, answer.text
            outcomes.append(answer.json()["outcome"])
    return outcomes


def test_ready(agent: Agent, channel: TurnChannel) -> None:
    async def ask() -> Any:
        async with listening(agent, channel) as web:
            return (await web.ready()).json()

    assert asyncio.run(ask()) == {"ready": True, "model_id": agent.model_id, "intent": "is_normal"}


def test_question_is_answered_by_its_action(talk: Any) -> None:
    outcome = talk("day 2, is it normal that my cheeks are red?")[0]

    assert outcome["intent"]["name"] == "is_normal"
    assert outcome["tier"] == "self_care"
    assert outcome["days_since"] == 2
    assert {"type": "symptom", "value": "redness"}.items() <= outcome["entities"][0].items()
    assert outcome["replies"][0]["text"]


def test_each_question_of_a_message_is_understood(talk: Any) -> None:
    outcome = talk("hi, my face is peeling. is that normal? and when can i wear makeup")[0]

    assert outcome["intent"]["name"] in ("is_normal", "can_i")
    assert {"is_normal", "can_i"} <= set(outcome["questions"])


def test_typing_errors(talk: Any) -> None:
    assert talk("is it normol that my face is so swolen and itchey")[0]["intent"]["name"] == "is_normal"


def test_flag_in_small_talk(talk: Any) -> None:
    outcome = talk("thanks bye, my lips are swelling")[0]

    assert outcome["tier"] == "emergency"
    assert outcome["handoff"] == "flag"


@pytest.mark.parametrize("text", ["/restart", "/session_start", "/is_normal"])
def test_command_in_a_message_is_a_text_like_any_other(text: str, talk: Any) -> None:
    before, command, after = talk("i had it done 3 days ago", text, "is my redness normal?")

    assert command["intent"]["confidence"] < 1
    assert before["days_since"] == 3
    assert after["days_since"] == 3, "the conversation goes on"


def test_button(talk: Any) -> None:
    assert talk(("Talk to a person", "talk_to_human"))[0]["intent"] == {"name": "talk_to_human", "confidence": 1.0}


def test_nonsense_is_not_taken_for_a_question(talk: Any) -> None:
    outcome = talk("qwx zzyv blorp")[0]

    assert outcome["tier"] == "none"
    assert outcome["intent"]["name"] in ("nlu_fallback", "out_of_scope_gibberish", "out_of_scope_other_language")


def test_long_conversation_stays_short_in_memory(agent: Agent, talk: Any, request: pytest.FixtureRequest) -> None:
    talk(*["is redness normal on day 2?"] * 12)
    tracker = asyncio.run(agent.tracker_store.retrieve(request.node.name))

    assert tracker is not None
    assert len(tracker.events) < 40
