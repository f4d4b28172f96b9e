"""The turn call as docs/architecture.md describes it, over HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest
from rasa.core.channels.channel import UserMessage
from rasa.shared.exceptions import RasaException

from aftercare.channel.turn import LONGEST_TEXT, TurnChannel, never_a_command
from tests.channel.fakes import NOW, READY, SECRET, TURN, FakeAgent, an_outcome, listening, signed


def ask(agent: Any, text: str = "is this normal?", **fields: Any) -> httpx.Response:
    async def asking() -> httpx.Response:
        async with listening(agent) as web:
            return await web.turn(text, **fields)

    return asyncio.run(asking())


def send(body: bytes, headers: dict[str, str], agent: Any = None) -> httpx.Response:
    async def sending() -> httpx.Response:
        async with listening(agent or FakeAgent()) as web:
            return await web.client.post(TURN, content=body, headers=headers)

    return asyncio.run(sending())


# --- what a turn brings back


def test_outcome_of_the_action_comes_back_with_what_was_understood() -> None:
    redness = {"entity": "symptom", "value": "redness", "start": 3, "end": 6, "assertion": "present", "extractor": "x"}
    answer = ask(FakeAgent(entities=[redness]), message_id="m1").json()

    assert answer["message_id"] == "m1"
    assert answer["duplicate"] is False
    assert answer["model_id"] == "model-1"
    assert answer["ms"] >= 0
    assert answer["outcome"] == {
        **an_outcome(),
        "hits": [],
        "questions": ["is_normal"],
        "intent": {"name": "is_normal", "confidence": 0.9},
        "entities": [{"type": "symptom", "value": "redness", "start": 3, "end": 6, "assertion": "present"}],
    }


def test_the_milliseconds_are_those_of_understanding_and_of_the_action() -> None:
    def act(message: Any) -> dict[str, Any]:
        return {"message_id": message.message_id, "outcome": an_outcome(), "ms": 250.0}

    answer = ask(FakeAgent(act=act), message_id="m1").json()
    assert answer["ms"] >= 250.0
    assert answer["outcome"]["tier"] == an_outcome()["tier"]


def test_action_learns_the_clock_the_report_and_the_message_id() -> None:
    agent = FakeAgent()
    ask(agent, message_id="m1", report={"turn": 4})

    message = agent.handled[0]
    assert (message.sender_id, message.message_id, message.text) == ("c1", "m1", "is this normal?")
    assert message.metadata == {"message_id": "m1", "now": NOW, "report": {"turn": 4}}


@pytest.mark.parametrize(("intent", "kind"), [("greet", "small_talk"), ("nlu_fallback", "fallback")])
def test_plain_utterances_are_an_outcome_too(intent: str, kind: str) -> None:
    async def say(message: UserMessage) -> None:
        button = {"title": "Is this normal?", "payload": "/is_normal"}
        await message.output_channel.send_response("c1", {"text": "Hello.\n\nHow are you?", "buttons": [button]})

    outcome = ask(FakeAgent(intent=intent, act=say), report={"turn": 1}).json()["outcome"]

    buttons = [{"title": "Is this normal?", "intent": "is_normal", "text": "Is this normal?"}]
    assert outcome["replies"] == [{"text": "Hello.\n\nHow are you?", "kind": kind, "buttons": buttons, "sources": []}]
    assert (outcome["tier"], outcome["handoff"], outcome["report"]) == ("none", None, {"turn": 1})


def test_outcome_of_an_earlier_message_is_not_taken_for_this_one() -> None:
    answer = ask(FakeAgent(act=lambda _: {"message_id": "earlier", "outcome": an_outcome()}))

    assert (answer.status_code, answer.json()) == (500, {"error": "no_outcome"})


def test_no_action_answered() -> None:
    answer = ask(FakeAgent(act=lambda _: None))

    assert (answer.status_code, answer.json()) == (500, {"error": "no_outcome"})


# --- intent commands


@pytest.mark.parametrize(
    "text", ["/restart", "  /session_start", '/bleeding{"a": "b"}', "/is_normal@1.0", "\u00a0/restart", "//restart"]
)
def test_text_is_never_a_command(text: str) -> None:
    agent = FakeAgent()
    ask(agent, text)

    assert not agent.parsed[0].startswith("/")
    assert agent.parsed[0][1:] == text.strip()[1:]
    assert not agent.handled[0].text.startswith("/")


@pytest.mark.parametrize("text", ["red and/or sore", "is it 1/10?", "ok", "", "  "])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert never_a_command(text) == text


def test_intent_of_a_button_takes_the_place_of_the_classifier() -> None:
    agent = FakeAgent(intent="greet")
    outcome = ask(agent, "Is this normal?", intent="is_normal").json()["outcome"]

    assert agent.handled[0].parse_data["intent"] == {"name": "is_normal", "confidence": 1.0}
    assert agent.handled[0].text == "Is this normal?"
    assert (outcome["intent"]["name"], outcome["questions"]) == ("is_normal", ["is_normal"])


def test_button_without_text() -> None:
    agent = FakeAgent()

    assert ask(agent, "", intent="greet").status_code == 200
    assert agent.handled[0].text == "/greet"


@pytest.mark.parametrize("intent", ["restart", "session_start", "back", "nlu_fallback", "made_up"])
def test_intent_that_no_button_has(intent: str) -> None:
    answer = ask(FakeAgent(), intent=intent)

    assert (answer.status_code, answer.json()) == (400, {"error": "unknown_intent"})


# --- the same message again


def test_same_message_is_answered_again_and_worked_once() -> None:
    agent = FakeAgent()

    async def twice() -> list[httpx.Response]:
        async with listening(agent) as web:
            return [await web.turn(message_id="m1"), await web.turn(message_id="m1")]

    first, second = (response.json() for response in asyncio.run(twice()))
    assert (first["duplicate"], second["duplicate"]) == (False, True)
    assert first["outcome"] == second["outcome"]
    assert len(agent.handled) == 1


def test_same_message_twice_at_once_is_worked_once() -> None:
    agent = FakeAgent(seconds=0.1)

    async def at_once() -> list[httpx.Response]:
        async with listening(agent) as web:
            return list(await asyncio.gather(*(web.turn(message_id="m1") for _ in range(5))))

    answers = [response.json() for response in asyncio.run(at_once())]
    assert len(agent.handled) == 1
    assert sorted(answer["duplicate"] for answer in answers) == [False, True, True, True, True]
    assert all(answer["outcome"] == answers[0]["outcome"] for answer in answers)


def test_same_message_id_in_two_conversations_is_two_messages() -> None:
    agent = FakeAgent()

    async def both() -> None:
        async with listening(agent) as web:
            await web.turn(message_id="m1", conversation_id="c1")
            await web.turn(message_id="m1", conversation_id="c2")

    asyncio.run(both())
    assert [message.sender_id for message in agent.handled] == ["c1", "c2"]


def test_failed_message_can_be_posted_again() -> None:
    outcomes: list[Any] = [None, {"message_id": "m1", "outcome": an_outcome()}]
    agent = FakeAgent(act=lambda _: outcomes.pop(0))

    async def again() -> list[httpx.Response]:
        async with listening(agent) as web:
            return [await web.turn(message_id="m1"), await web.turn(message_id="m1")]

    first, second = asyncio.run(again())
    assert (first.status_code, second.status_code) == (500, 200)
    assert second.json()["duplicate"] is False


def test_caller_that_gives_up_finds_the_answer_later() -> None:
    agent = FakeAgent(seconds=0.3)

    async def impatient() -> httpx.Response:
        async with listening(agent) as web:
            web.client.timeout = httpx.Timeout(0.05)
            with pytest.raises(httpx.ReadTimeout):
                await web.turn(message_id="m1")
            web.client.timeout = httpx.Timeout(5)
            return await web.turn(message_id="m1")

    answer = asyncio.run(impatient())
    assert answer.json()["duplicate"] is True
    assert len(agent.handled) == 1


# --- who may ask

BODY = json.dumps(
    {"conversation_id": "c1", "message_id": "m1", "text": "hi", "intent": None, "now": NOW, "report": None}
).encode()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(TURN, BODY, secret="t" * 32),
        signed(TURN, b"another body"),
        signed(READY, BODY),
        signed(TURN, BODY, age=61),
        signed(TURN, BODY, age=-600),
        {**signed(TURN, BODY), "X-Aftercare-Timestamp": "soon"},
        {**signed(TURN, BODY), "X-Aftercare-Signature": "é".encode().decode("latin-1")},
    ],
    ids=["none", "secret", "body", "path", "old", "future", "no time", "not ascii"],
)
def test_wrong_signature(headers: dict[str, str]) -> None:
    agent = FakeAgent()
    answer = send(BODY, {name: value.encode("latin-1") for name, value in headers.items()}, agent)  # type: ignore[misc]

    assert (answer.status_code, answer.json()) == (401, {"error": "signature"})
    assert not agent.handled


def test_clocks_may_differ_by_a_minute() -> None:
    assert send(BODY, signed(TURN, BODY, age=55)).status_code == 200


# --- what may be asked


@pytest.mark.parametrize(
    "fields",
    [
        {"text": None},
        {"text": 5},
        {"text": ""},
        {"text": "   "},
        {"conversation_id": ""},
        {"conversation_id": "c" * 200},
        {"conversation_id": 1},
        {"message_id": None},
        {"intent": {}},
        {"now": "yesterday"},
        {"now": "2026-03-12T15:00:00"},
        {"now": None},
        {"report": []},
    ],
)
def test_malformed_turn(fields: dict[str, Any]) -> None:
    answer = ask(FakeAgent(), **fields)

    assert (answer.status_code, answer.json()) == (400, {"error": "malformed"})


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff"])
def test_body_that_is_no_turn(body: bytes) -> None:
    answer = send(body, signed(TURN, body))

    assert (answer.status_code, answer.json()) == (400, {"error": "malformed"})


def test_text_that_is_too_long() -> None:
    agent = FakeAgent()
    answer = ask(agent, "a" * (LONGEST_TEXT + 1))

    assert (answer.status_code, answer.json()) == (413, {"error": "too_long"})
    assert not agent.parsed


# --- what can go wrong


@pytest.mark.parametrize("agent", [None, FakeAgent(ready=False)])
def test_no_model(agent: Any) -> None:
    answer = ask(agent)

    assert (answer.status_code, answer.json()) == (503, {"error": "no_model"})


def test_failure_is_a_code_and_no_log_quotes_the_patient(caplog: pytest.LogCaptureFixture) -> None:
    def fail(message: UserMessage) -> None:
        raise ValueError(f"cannot understand {message.text}")

    with caplog.at_level(logging.DEBUG, logger="aftercare"):
        answer = ask(FakeAgent(act=fail), "ZEBRAFINCH on my cheek")

    assert (answer.status_code, answer.json()) == (500, {"error": "turn_failed"})
    assert "ValueError" in caplog.text
    assert "test_turn.py" in caplog.text, "the place is told"
    assert "ZEBRAFINCH" not in caplog.text


# --- readiness


def readiness(agent: Any) -> httpx.Response:
    async def asking() -> httpx.Response:
        async with listening(agent) as web:
            return await web.ready()

    return asyncio.run(asking())


def test_ready() -> None:
    answer = readiness(FakeAgent())

    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "model_id": "model-1", "intent": "is_normal"}


@pytest.mark.parametrize(
    ("agent", "code"),
    [
        (None, "no_model"),
        (FakeAgent(intent="nlu_fallback"), "not_understanding"),
        (FakeAgent(intent=None), "not_understanding"),
    ],  # type: ignore[arg-type]
)
def test_not_ready(agent: Any, code: str) -> None:
    answer = readiness(agent)

    assert (answer.status_code, answer.json()) == (503, {"error": code})


@pytest.mark.parametrize("secret", ["", "short"])
def test_channel_does_not_start_without_a_secret(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERCARE_TURN_SECRET", secret)
    with pytest.raises(RasaException, match="AFTERCARE_TURN_SECRET"):
        TurnChannel.from_credentials({})


def test_channel_takes_its_secret_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERCARE_TURN_SECRET", SECRET)

    assert TurnChannel.from_credentials(None).name() == "aftercare"
