"""The assistant behind the turn call (docs/architecture.md, "Turn call"): Rasa on loopback, requests signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx
from sqlalchemy import Column

from aftercare.conversation import schema
from aftercare.conversation.assistant import TIERS, AssistantUnavailable, Button, Hit, Outcome, Reply, Source, Turn

TURN = "/webhooks/aftercare/turn"
READY = "/webhooks/aftercare/ready"

ANSWER_SECONDS = 9.0
"""For one answer of Rasa. Below the turn's 10, so that an overrun is told apart from a worker's own limit."""

HANDOFFS = (None, "flag", "person", "question", "other_language", "young")


class HttpAssistant:
    """Takes turns over HTTP. ``base_url`` is Rasa's, without a path; ``secret`` is shared with its channel."""

    def __init__(
        self,
        base_url: str,
        secret: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        seconds: Callable[[], float] = time.time,
        timeout: float = ANSWER_SECONDS,
    ) -> None:
        self._secret = secret.encode()
        self._seconds = seconds
        # trust_env: patients' words must not go through a proxy that the environment happens to name.
        self._client = httpx.AsyncClient(
            base_url=base_url,
            timeout=httpx.Timeout(timeout, connect=1.0, pool=5.0),
            transport=transport,
            trust_env=False,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
        )

    async def take_turn(self, turn: Turn) -> Outcome:
        """One turn. Raises AssistantUnavailable for every answer that is not a complete outcome."""
        body = json.dumps(
            {
                "conversation_id": turn.conversation_id,
                "message_id": turn.message_id,
                "text": turn.text,
                "intent": turn.intent,
                "now": turn.now.isoformat(),
                "report": turn.report,
            }
        ).encode()
        return outcome_of(await self._call("POST", TURN, body))

    async def ready(self) -> str:
        """The model that answers. Raises AssistantUnavailable."""
        answer = await self._call("GET", READY, b"")
        if answer.get("ready") is not True:
            raise AssistantUnavailable("not_ready")
        return str(answer.get("model_id"))

    async def close(self) -> None:
        await self._client.aclose()

    async def _call(self, method: str, path: str, body: bytes) -> Mapping[str, Any]:
        headers = {"Content-Type": "application/json", **sign(self._secret, path, body, int(self._seconds()))}
        try:
            response = await self._client.request(method, path, content=body, headers=headers)
        except httpx.TimeoutException as error:
            raise AssistantUnavailable(_timeout_reason(error)) from None
        except httpx.HTTPError:
            raise AssistantUnavailable("connection") from None
        if response.status_code != 200:
            raise AssistantUnavailable(f"http_{response.status_code}")
        try:
            answer = response.json()
        except ValueError:
            raise AssistantUnavailable("garbage") from None
        if not isinstance(answer, dict):
            raise AssistantUnavailable("garbage")
        return answer


def sign(secret: bytes, path: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The headers that prove a request is ours and of now."""
    signed = b".".join((str(timestamp).encode(), path.encode(), body))
    return {
        "X-Aftercare-Timestamp": str(timestamp),
        "X-Aftercare-Signature": hmac.new(secret, signed, hashlib.sha256).hexdigest(),
    }


def outcome_of(answer: Mapping[str, Any]) -> Outcome:
    """The outcome in an answer. Raises AssistantUnavailable: "garbage" for a wrong shape, "empty" for no reply."""
    try:
        outcome = replace(
            _outcome(answer["outcome"], answer.get("model_id")), worked_ms=float(answer.get("ms") or 0.0)
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise AssistantUnavailable("garbage") from None
    if not outcome.replies:
        raise AssistantUnavailable("empty")
    return outcome


def _outcome(data: Mapping[str, Any], model_id: str | None) -> Outcome:
    tier, handoff, days_since = data["tier"], data["handoff"], data["days_since"]
    if tier not in TIERS or handoff not in HANDOFFS:
        raise ValueError("unknown tier or handoff")
    if not isinstance(days_since, int | None):
        raise TypeError("days_since is not a number of days")
    return Outcome(
        replies=tuple(_reply(reply) for reply in data["replies"]),
        tier=tier,
        hits=tuple(_hit(hit) for hit in data["hits"]),
        handoff=handoff,
        report=_object(data["report"]),
        days_since=days_since,
        questions=tuple(_text(question) for question in data["questions"]),
        intent=_object(data["intent"]) or {},
        entities=tuple(_object(entity) or {} for entity in data["entities"]),
        model_id=model_id,
    )


def _reply(data: Mapping[str, Any]) -> Reply:
    text = _text(data["text"])
    if not text.strip():
        raise ValueError("a reply without text")
    return Reply(
        text=text,
        kind=_word(data["kind"], schema.message.c.kind),
        buttons=tuple(
            Button(_text(b["title"]), _word(b["intent"], schema.turn.c.intent), _text(b["text"]))
            for b in data.get("buttons") or ()
        ),
        sources=tuple(Source(_text(s["id"]), _text(s["title"])) for s in data.get("sources") or ()),
        timeline=_timeline(data.get("timeline")),
    )


def _timeline(data: Any) -> Mapping[str, Any] | None:
    """The stages in their order, each beginning after the one before it; only the last may be open."""
    if data is None:
        return None
    stages = [_stage(stage) for stage in data["stages"]]
    ends = [-1, *(stage["last"] for stage in stages)]
    if not stages or any(end is None or stage["first"] <= end for end, stage in zip(ends, stages, strict=False)):
        raise ValueError("stages missing or out of order")
    today = data["today"]
    return {"today": None if today is None else _day(today), "stages": stages}


def _stage(data: Mapping[str, Any]) -> dict[str, Any]:
    first, last = _day(data["first"]), data["last"]
    if last is not None and _day(last) < first:
        raise ValueError("a stage that ends before it begins")
    words = {name: _text(data[name]) for name in ("title", "text")}
    if not all(map(str.strip, words.values())):
        raise ValueError("a stage without words")
    return {"first": first, "last": last, **words}


def _day(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("not a number of days")
    return value


def _hit(data: Mapping[str, Any]) -> Hit:
    return Hit(
        _text(data["flag"]), _text(data["rule"]), _text(data["title"]), tuple(_text(word) for word in data["words"])
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise TypeError("not a text that can be stored")
    value.encode()  # half of a surrogate pair raises a ValueError
    return value


def _word(value: Any, column: Column) -> str:
    text = _text(value)
    if len(text) > column.type.length:
        raise ValueError("too long to be stored")
    return text


def _object(value: Any) -> Mapping[str, Any] | None:
    if value is not None and not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _timeout_reason(error: httpx.TimeoutException) -> str:
    return "connection" if isinstance(error, httpx.ConnectTimeout) else "late"
