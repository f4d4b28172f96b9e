"""The turn call: signed, bounded in time, and nothing but a whole outcome is an outcome."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import httpx
import pytest

from aftercare.conversation.assistant import AssistantUnavailable, Button, Hit, Outcome, Source, Turn
from aftercare.conversation.rasa_assistant import HttpAssistant

from .fakes import NOON

ANSWER: dict[str, Any] = {
    "message_id": "m1",
    "duplicate": False,
    "model_id": "model-7",
    "ms": 12.5,
    "outcome": {
        "replies": [
            {
                "text": "Please call us today.",
                "kind": "urgent",
                "buttons": [{"title": "Yes", "intent": "affirm", "text": "Yes"}],
                "sources": [{"id": "002.txt:36", "title": "When to call"}],
            }
        ],
        "tier": "urgent",
        "hits": [{"flag": "U1", "rule": "R5", "title": "Pus", "words": ["yellow pus"]}],
        "handoff": "flag",
        "report": {"version": 1},
        "days_since": 3,
        "questions": ["is_normal"],
        "intent": {"name": "is_normal", "confidence": 0.9},
        "entities": [{"type": "symptom", "value": "pus"}],
    },
}

TURN = Turn("c1", "m1", "yellow püs", NOON, report={"version": 1})


def asked(handler: Callable[[httpx.Request], httpx.Response], turn: Turn = TURN) -> Outcome:
    assistant = HttpAssistant(
        "http://rasa.test", "secret", transport=httpx.MockTransport(handler), seconds=lambda: 1000.9
    )
    return asyncio.run(assistant.take_turn(turn))


def test_an_outcome_comes_back_whole() -> None:
    outcome = asked(lambda request: httpx.Response(200, json=ANSWER))
    assert outcome.replies[0].buttons == (Button("Yes", "affirm", "Yes"),)
    assert outcome.replies[0].sources == (Source("002.txt:36", "When to call"),)
    assert outcome.hits == (Hit("U1", "R5", "Pus", ("yellow pus",)),)
    assert (outcome.tier, outcome.handoff, outcome.days_since, outcome.model_id) == ("urgent", "flag", 3, "model-7")
    assert outcome.worked_ms == 12.5
    assert (outcome.report, outcome.questions) == ({"version": 1}, ("is_normal",))


TIMELINE: dict[str, Any] = {
    "today": 3,
    "stages": [
        {"first": 0, "last": 2, "title": "First days", "text": "Red."},
        {"first": 3, "last": None, "title": "Later", "text": "Less red."},
    ],
}


def _with_timeline(timeline: object) -> Outcome:
    answer = deepcopy(ANSWER)
    answer["outcome"]["replies"][0]["timeline"] = timeline
    return asked(lambda request: httpx.Response(200, json=answer))


@pytest.mark.parametrize("timeline", [TIMELINE, {**TIMELINE, "today": None}, None])
def test_a_timeline_comes_back_as_it_is(timeline: object) -> None:
    assert _with_timeline(timeline).replies[0].timeline == timeline


def test_only_what_the_contract_names_is_kept_of_a_timeline() -> None:
    stages = [{**stage, "colour": "red"} for stage in TIMELINE["stages"]]
    assert _with_timeline({"today": 3, "stages": stages, "mood": "fine"}).replies[0].timeline == TIMELINE


def _stages(*days: tuple[object, object], **more: object) -> dict[str, Any]:
    stages = [{"first": first, "last": last, "title": "Days", "text": "Red.", **more} for first, last in days]
    return {"today": None, "stages": stages}


@pytest.mark.parametrize(
    "timeline",
    [
        "day 3",
        [],
        {"stages": TIMELINE["stages"]},
        {"today": 3},
        {"today": 3, "stages": []},
        {"today": 3, "stages": "all"},
        {"today": "3", "stages": TIMELINE["stages"]},
        {"today": True, "stages": TIMELINE["stages"]},
        {"today": -1, "stages": TIMELINE["stages"]},
        _stages((1.5, 2)),
        _stages((2, 1)),
        _stages((0, "2")),
        _stages((0, 2), (2, 3)),
        _stages((3, 4), (0, 2)),
        _stages((0, None), (1, None)),
        _stages((0, 2), title=" "),
        _stages((0, 2), text=7),
        _stages((0, 2), text="a\0b"),
    ],
)
def test_a_timeline_of_another_shape_is_garbage(timeline: object) -> None:
    with pytest.raises(AssistantUnavailable, match="garbage"):
        _with_timeline(timeline)


def test_the_call_is_signed_and_carries_the_turn() -> None:
    seen: list[httpx.Request] = []

    def answering(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=ANSWER)

    asked(answering)
    request = seen[0]
    signed = b"1000./webhooks/aftercare/turn." + request.content
    assert request.headers["X-Aftercare-Timestamp"] == "1000"
    assert request.headers["X-Aftercare-Signature"] == hmac.new(b"secret", signed, hashlib.sha256).hexdigest()
    assert json.loads(request.content) == {
        "conversation_id": "c1",
        "message_id": "m1",
        "text": "yellow püs",
        "intent": None,
        "now": "2025-03-10T12:00:00+00:00",
        "report": {"version": 1},
    }


def _raising(error: type[httpx.HTTPError]) -> Callable[[httpx.Request], httpx.Response]:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error("my secret words")

    return handler


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (_raising(httpx.ConnectError), "connection"),
        (_raising(httpx.ConnectTimeout), "connection"),
        (_raising(httpx.RemoteProtocolError), "connection"),
        (_raising(httpx.ReadTimeout), "late"),
        (_raising(httpx.PoolTimeout), "late"),
        (lambda request: httpx.Response(500, json={"error": "x"}), "http_500"),
        (lambda request: httpx.Response(503, text="no model"), "http_503"),
        (lambda request: httpx.Response(401), "http_401"),
        (lambda request: httpx.Response(200, text="<html>"), "garbage"),
        (lambda request: httpx.Response(200, content=b"\xff\xfe"), "garbage"),
        (lambda request: httpx.Response(200, json=[]), "garbage"),
        (lambda request: httpx.Response(200, json={}), "garbage"),
    ],
)
def test_every_other_answer_is_no_answer(handler: Callable[[httpx.Request], httpx.Response], reason: str) -> None:
    with pytest.raises(AssistantUnavailable) as caught:
        asked(handler)
    assert caught.value.reason == reason
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tier", "fine"),
        ("handoff", "nobody"),
        ("replies", None),
        ("replies", [{"kind": "answer"}]),
        ("replies", [{"text": "  ", "kind": "answer"}]),
        ("replies", [{"text": 3, "kind": "answer"}]),
        ("replies", [{"text": "a\0b", "kind": "answer"}]),
        ("replies", [{"text": "a\ud83d", "kind": "answer"}]),
        ("replies", [{"text": "a", "kind": "k" * 33}]),
        ("replies", [{"text": "a", "kind": "k", "buttons": [{"title": "t", "intent": "i" * 81, "text": "x"}]}]),
        ("hits", [{"flag": "U1"}]),
        ("report", "text"),
        ("days_since", "three"),
        ("entities", ["pus"]),
        ("intent", []),
    ],
)
def test_an_outcome_that_cannot_be_kept_is_garbage(field: str, value: object) -> None:
    answer = deepcopy(ANSWER)
    answer["outcome"][field] = value
    with pytest.raises(AssistantUnavailable, match="garbage"):
        asked(lambda request: httpx.Response(200, content=json.dumps(answer)))


def test_no_reply_is_no_answer() -> None:
    answer = deepcopy(ANSWER)
    answer["outcome"]["replies"] = []
    with pytest.raises(AssistantUnavailable, match="empty"):
        asked(lambda request: httpx.Response(200, json=answer))


@pytest.mark.parametrize(
    ("response", "ready"),
    [
        (httpx.Response(200, json={"ready": True, "model_id": "model-7", "intent": "greet"}), True),
        (httpx.Response(200, json={"ready": False}), False),
        (httpx.Response(503, json={"ready": False}), False),
        (httpx.Response(200, text="Hello from Rasa: 3.6.21"), False),
    ],
)
def test_ready_means_that_a_model_answered(response: httpx.Response, ready: bool) -> None:
    assistant = HttpAssistant("http://rasa.test", "secret", transport=httpx.MockTransport(lambda request: response))
    if ready:
        assert asyncio.run(assistant.ready()) == "model-7"
    else:
        with pytest.raises(AssistantUnavailable):
            asyncio.run(assistant.ready())
