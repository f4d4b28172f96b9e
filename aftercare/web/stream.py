"""The patient's event stream: every message once and in order, from the number that the page has seen."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from aftercare.conversation.database import StorageError
from aftercare.conversation.gateway import View
from aftercare.conversation.sessions import NoSession
from aftercare.web.problems import Problem
from aftercare.web.site import Site, site_of

HEARTBEAT = 15
"""Seconds between comments on a silent stream: proxies cut what is silent for longer."""

POLL = 15.0
"""Seconds between looks at the database where nothing wakes the page. The lookout does where another process wrote."""

MOST_STREAMS = 8
"""Streams of one conversation: a few tabs and their reconnects."""

# At debug level this library logs what patients read.
logging.getLogger("sse_starlette").setLevel(logging.INFO)


async def follow(request: Request, token: str) -> Response:
    """Answer with the stream. Raises NoSession, StorageError, Problem before anything is sent."""
    site = site_of(request)
    after = _after(request)
    # Only the check: what comes after the number is read again by the stream, from the number on.
    view = await site.gateway.database.run(site.gateway.view, token, after)
    if site.streams[view.state.id] >= MOST_STREAMS:
        raise Problem("too_many", wait=10)
    events = _events(site, token, view.state.id, min(after, view.state.last_seq))
    return EventSourceResponse(events, ping=HEARTBEAT, ping_message_factory=_heartbeat)


def state_of(view: View) -> dict[str, Any]:
    """Who has the conversation, whether an answer is being made, and how the wait for a person stands."""
    standing = view.standing
    return {
        "mode": view.state.mode,
        "typing": view.state.typing,
        "staff_name": standing.staff_name,
        "staff_typing": standing.staff_typing,
        "position": standing.position,
        "opens_at": _iso(standing.opens_at),
        "since": _iso(standing.since),
        "can_leave": standing.can_leave,
        "can_rate": standing.can_rate,
        "contact_left": standing.contact_left,
    }


async def _events(site: Site, token: str, conversation_id: str, after: int) -> AsyncIterator[ServerSentEvent]:
    site.streams[conversation_id] += 1
    try:
        async for event in _changes(site, token, conversation_id, after):
            yield event
    except (NoSession, StorageError):
        # The page connects again, and is then told why in an answer of its own.
        return
    finally:
        site.streams[conversation_id] -= 1
        if not site.streams[conversation_id]:
            del site.streams[conversation_id]


async def _changes(site: Site, token: str, conversation_id: str, after: int) -> AsyncIterator[ServerSentEvent]:
    told: dict[str, Any] | None = None
    with site.gateway.wakeups.watching(conversation_id) as hint:
        while True:
            view = await site.gateway.database.run(site.gateway.glance, token, after)
            for message in view.messages:
                after = message.seq
                yield ServerSentEvent(json.dumps(message.shown()), event="message", id=str(after), sep="\n")
            if any(message.role == "staff" for message in view.messages):
                await site.gateway.database.run(site.gateway.delivered, conversation_id, after)
            if told != state_of(view):
                told = state_of(view)
                yield ServerSentEvent(json.dumps(told), event="state", sep="\n")
            await hint.wait(POLL)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _heartbeat() -> ServerSentEvent:
    return ServerSentEvent(comment="still here", sep="\n")


def _after(request: Request) -> int:
    """The last number that the page has. The header is the newer one on a reconnect by the browser itself."""
    text = request.headers.get("last-event-id") or request.query_params.get("after") or "0"
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Problem("bad_request")
    return int(text)
