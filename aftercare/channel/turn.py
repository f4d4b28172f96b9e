"""The channel that Rasa listens on: ``POST /webhooks/aftercare/turn`` and ``GET /webhooks/aftercare/ready``.

docs/architecture.md, "Turn call", is the contract. Only the web process calls, over loopback, and signs each request.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.core.constants import DEFAULT_INTENTS
from rasa.shared.core.domain import Domain
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from aftercare.channel.actions import LocalActions, place_of
from aftercare.channel.answered import AnsweredMessages
from aftercare.channel.outcome import FALLBACK_INTENT, NoOutcome, Utterances, ms_of_action, outcome_of
from aftercare.channel.processor import run_actions_here
from aftercare.channel.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, is_signed

logger = logging.getLogger(__name__)

LONGEST_ID = 128
LONGEST_TEXT = 4000
"""Characters. The web process refuses longer messages before they get here; this is the second lock."""

SECRET_VARIABLE = "AFTERCARE_TURN_SECRET"  # noqa: S105
SHORTEST_SECRET = 32

READY_QUESTION = "my skin is red, is this normal?"

HARMLESS_SLASH = "\N{FRACTION SLASH}"


class BadTurn(Exception):
    """A request that cannot be worked; ``status`` and ``code`` are what the caller is told."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class TurnRequest:
    """The body of a turn call, checked."""

    conversation_id: str
    message_id: str
    text: str
    intent: str | None
    now: str
    report: Mapping[str, Any] | None

    @classmethod
    def from_body(cls, body: bytes) -> TurnRequest:
        """Raises ``BadTurn``: 400 for a body that is not a turn, 413 for a text that is too long."""
        try:
            fields = json.loads(body)
        except ValueError:
            raise BadTurn(400, "malformed") from None
        if not isinstance(fields, dict):
            raise BadTurn(400, "malformed")
        values: dict[str, Any] = {name: fields.get(name) for name in cls.__dataclass_fields__}
        turn = cls(**values)
        if isinstance(turn.text, str) and len(turn.text) > LONGEST_TEXT:
            raise BadTurn(413, "too_long")
        if not turn._is_well_formed():
            raise BadTurn(400, "malformed")
        return turn

    def _is_well_formed(self) -> bool:
        return (
            _is_id(self.conversation_id)
            and _is_id(self.message_id)
            and isinstance(self.text, str)
            and (self.intent is None or _is_id(self.intent))
            and bool(self.text.strip() or self.intent)
            and _is_moment(self.now)
            and (self.report is None or isinstance(self.report, dict))
        )

    @property
    def key(self) -> tuple[str, str]:
        return self.conversation_id, self.message_id


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is not None
    except ValueError:
        return False


def never_a_command(text: str) -> str:
    """The text with its first visible character changed where Rasa would read an intent command.

    Rasa takes every text that begins with "/", blanks aside, for a command such as ``/restart``: it skips the classifier
    and obeys. A look-alike of the same length goes to the classifier, and what entities say of positions stays true.
    """
    start = len(text) - len(text.lstrip())
    if not text.startswith(INTENT_MESSAGE_PREFIX, start):
        return text
    return text[:start] + HARMLESS_SLASH + text[start + 1 :]


class TurnChannel(InputChannel):
    """Listed in ``credentials.yml``; the shared secret comes from the environment, so the file holds none.

    ``actions`` there names the Python package whose custom actions run in this process. Without it Rasa calls the
    ``action_endpoint`` of ``endpoints.yml``, as usual.
    """

    def __init__(self, secret: str, actions: LocalActions | None = None) -> None:
        self._secret = secret.encode()
        self._actions = actions
        self._answered: AnsweredMessages[tuple[dict[str, Any], float]] = AnsweredMessages()

    @classmethod
    def name(cls) -> str:
        return "aftercare"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> TurnChannel:
        secret = os.environ.get(SECRET_VARIABLE, "")
        if len(secret) < SHORTEST_SECRET:
            _refuse_to_start()
        package = (credentials or {}).get("actions")
        return cls(secret, LocalActions(package) if package else None)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        blueprint = Blueprint("aftercare_channel")

        @blueprint.post("/turn")
        async def turn(request: Request) -> HTTPResponse:
            return await self._answer(request, self._turn)

        @blueprint.get("/ready")
        async def ready(request: Request) -> HTTPResponse:
            return await self._answer(request, self._ready)

        return blueprint

    async def _answer(
        self, request: Request, handle: Callable[[Agent, bytes], Awaitable[dict[str, Any]]]
    ) -> HTTPResponse:
        """Check the signature, find the agent, handle; every failure becomes a code without patient text."""
        try:
            self._check_signature(request)
            return response.json(await handle(self._agent(request), request.body))
        except BadTurn as bad:
            return response.json({"error": bad.code}, bad.status)
        except NoOutcome:
            return response.json({"error": "no_outcome"}, 500)
        except Exception as error:
            logger.error("Turn failed: %s\n%s", type(error).__name__, place_of(error))
            return response.json({"error": "turn_failed"}, 500)

    def _check_signature(self, request: Request) -> None:
        timestamp, given = request.headers.get(TIMESTAMP_HEADER), request.headers.get(SIGNATURE_HEADER)
        if not is_signed(self._secret, timestamp, given, request.path, request.body):
            raise BadTurn(401, "signature")

    def _agent(self, request: Request) -> Agent:
        agent: Agent | None = getattr(request.app.ctx, "agent", None)
        if agent is None or not agent.is_ready():
            raise BadTurn(503, "no_model")
        if self._actions is not None:
            run_actions_here(agent, self._actions)
        return agent

    async def _ready(self, agent: Agent, _body: bytes) -> dict[str, Any]:
        """Ready is: a model that understands, and an action for everything its rules lead to."""
        missing = self._actions.missing(_domain(agent)) if self._actions else []
        if missing:
            logger.error("The domain has actions that no class has: %s", ", ".join(missing))
            raise BadTurn(503, "actions_missing")
        parsed = await agent.parse_message(READY_QUESTION)
        intent = parsed["intent"]["name"]
        if intent in (None, FALLBACK_INTENT):
            raise BadTurn(503, "not_understanding")
        return {"ready": True, "model_id": agent.model_id, "intent": intent}

    async def _turn(self, agent: Agent, body: bytes) -> dict[str, Any]:
        turn = TurnRequest.from_body(body)
        if turn.intent is not None and turn.intent not in _intents(agent):
            raise BadTurn(400, "unknown_intent")
        (outcome, milliseconds), duplicate = await self._answered.once(turn.key, lambda: _work(agent, turn))
        return {
            "message_id": turn.message_id,
            "duplicate": duplicate,
            "model_id": agent.model_id,
            "ms": round(milliseconds, 1),
            "outcome": outcome,
        }


def _refuse_to_start() -> NoReturn:
    raise RasaException(
        f"Set {SECRET_VARIABLE} to a secret of at least {SHORTEST_SECRET} characters, the same for the web process. "
        "'aftercare up' does that; 'rasa shell' and 'rasa run --connector rest' do without this channel."
    )


def _intents(agent: Agent) -> set[str]:
    """The intents of domain.yml, without those that Rasa adds to every domain: restart, session_start and others."""
    return set(_domain(agent).intents) - set(DEFAULT_INTENTS)


def _domain(agent: Agent) -> Domain:
    return agent.domain or Domain.empty()


async def _work(agent: Agent, turn: TurnRequest) -> tuple[dict[str, Any], float]:
    """One turn: Rasa's parse, rules and action, then the outcome, and the milliseconds of parse and action."""
    began = time.perf_counter()
    parsed = await _understand(agent, turn)
    understanding_ms = (time.perf_counter() - began) * 1000
    utterances = Utterances()
    await agent.handle_message(
        UserMessage(
            text=parsed["text"],
            output_channel=utterances,
            sender_id=turn.conversation_id,
            parse_data=parsed,
            input_channel=TurnChannel.name(),
            message_id=turn.message_id,
            metadata={"message_id": turn.message_id, "now": turn.now, "report": turn.report},
        )
    )
    tracker = await agent.tracker_store.retrieve(turn.conversation_id)
    slots = tracker.current_slot_values() if tracker else {}
    outcome = outcome_of(turn.message_id, parsed, slots, utterances.messages, turn.report)
    return outcome, understanding_ms + ms_of_action(turn.message_id, slots)


async def _understand(agent: Agent, turn: TurnRequest) -> dict[str, Any]:
    """The parse of the text. A button's intent, which only the server can set, takes the place of the classifier's."""
    text = never_a_command(turn.text)
    parsed: dict[str, Any] = {"text": f"/{turn.intent}", "entities": []}
    if text.strip():
        parsed = await agent.processor.parse_message(UserMessage(text))
    if turn.intent is not None:
        chosen = {"name": turn.intent, "confidence": 1.0}
        parsed |= {"intent": chosen, "intent_ranking": [chosen], "questions": [chosen]}
    return parsed
