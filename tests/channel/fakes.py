"""The channel behind a real server on loopback, with an agent that needs no model."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Sanic

from aftercare.channel.signature import signature
from aftercare.channel.turn import TurnChannel

SECRET = "s" * 32
NOW = "2026-03-12T15:00:00+00:00"
TURN = "/webhooks/aftercare/turn"
READY = "/webhooks/aftercare/ready"
PATIENCE = 60.0
"""Seconds for an answer: httpx's own 5 were too few for a first message on a busy machine. How long an answer may take in the
product is the web process's affair, and tested there."""

DOMAIN = Domain.from_dict(
    {"intents": ["greet", "is_normal"], "slots": {"turn": {"type": "any", "mappings": [{"type": "custom"}]}}}
)


def an_outcome(text: str = "That is normal.", **more: Any) -> dict[str, Any]:
    reply = {"text": text, "kind": "answer", "buttons": [], "sources": []}
    return {"replies": [reply], "tier": "self_care", "handoff": None, "report": {"turn": 1}, "days_since": 3, **more}


@dataclass
class FakeAgent:
    """Stands for Rasa's Agent: parses everything as ``intent`` and lets ``act`` answer.

    ``act`` gets the user message and says something (``message.output_channel``) or returns the value of the slot
    ``turn``; the default leaves an outcome as the project's actions do.
    """

    intent: str = "is_normal"
    confidence: float = 0.9
    entities: list[dict[str, Any]] = field(default_factory=list)
    act: Callable[[UserMessage], Any] = lambda message: {"message_id": message.message_id, "outcome": an_outcome()}
    seconds: float = 0.0
    ready: bool = True
    domain: Domain = DOMAIN
    model_id: str = "model-1"
    handled: list[UserMessage] = field(default_factory=list)
    parsed: list[str] = field(default_factory=list)
    slots: dict[str, Any] = field(default_factory=dict)

    @property
    def processor(self) -> FakeAgent:
        return self

    @property
    def tracker_store(self) -> FakeAgent:
        return self

    def is_ready(self) -> bool:
        return self.ready

    async def parse_message(self, message: UserMessage | str) -> dict[str, Any]:
        text = message if isinstance(message, str) else str(message.text)
        self.parsed.append(text)
        found = {"name": self.intent, "confidence": self.confidence}
        return {
            "text": text,
            "intent": found,
            "intent_ranking": [found],
            "questions": [found],
            "entities": self.entities,
        }

    async def handle_message(self, message: UserMessage) -> None:
        self.handled.append(message)
        await asyncio.sleep(self.seconds)
        answer = self.act(message)
        self.slots["turn"] = await answer if asyncio.iscoroutine(answer) else answer

    async def retrieve(self, conversation_id: str) -> DialogueStateTracker:
        return DialogueStateTracker.from_events(conversation_id, [SlotSet("turn", self.slots.get("turn"))])


@dataclass
class Web:
    """The web process's side of the turn call."""

    client: httpx.AsyncClient

    async def turn(self, text: str = "is this normal?", **fields: Any) -> httpx.Response:
        body = {
            "conversation_id": "c1",
            "message_id": uuid.uuid4().hex,
            "text": text,
            "intent": None,
            "now": NOW,
            "report": None,
        }
        return await self.send(json.dumps({**body, **fields}).encode())

    async def send(self, body: bytes, path: str = TURN, **headers: str) -> httpx.Response:
        return await self.client.post(path, content=body, headers={**signed(path, body), **headers})

    async def ready(self) -> httpx.Response:
        return await self.client.get(READY, headers=signed(READY, b""))


def signed(path: str, body: bytes, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    timestamp = str(int(time.time()) - age)
    return {
        "X-Aftercare-Timestamp": timestamp,
        "X-Aftercare-Signature": signature(secret.encode(), timestamp, path, body),
    }


@asynccontextmanager
async def listening(agent: Any, channel: TurnChannel | None = None) -> AsyncIterator[Web]:
    """A server with the channel and ``agent`` (None: no model yet), on a free port."""
    Sanic.test_mode = True  # Sanic rewrites its own code at the first start and, but for this, fails at the second
    app = Sanic(f"test_{uuid.uuid4().hex}", configure_logging=False)
    app.blueprint((channel or TurnChannel(SECRET)).blueprint(_unused), url_prefix="/webhooks/aftercare")
    app.ctx.agent = agent
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = await app.create_server(sock=listener, return_asyncio_server=True)
        await server.startup()
        await server.start_serving()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=PATIENCE) as client:
            yield Web(client)
        server.close()
        await server.wait_closed()


async def _unused(_message: UserMessage) -> None:
    raise AssertionError("the channel hands messages to the agent itself")
