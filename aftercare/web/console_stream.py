"""The consoles' event stream, one for each open page: the queue, or the queue's alarms and one conversation.

Events: ``queue`` (JSON: which cases stand where, and the rows that changed), ``alarms`` (JSON), ``message`` (HTML, its id is
the message's number), ``head``, ``actions``, ``typing`` (HTML), ``marks`` (JSON), ``notes``, ``photos`` (HTML), ``beat`` (nothing new, but connected), ``gone``
(the session is over).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, suppress

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from aftercare.conversation.cases import CaseConflict
from aftercare.conversation.database import StorageError
from aftercare.conversation.staff_sessions import Staff
from aftercare.web import console_conversation as conversation_pages
from aftercare.web import staff_guard, staff_session
from aftercare.web.console_feed import QueuePage
from aftercare.web.console_view import GROUPS, Filter, alarms
from aftercare.web.problems import Problem
from aftercare.web.site import Site, site_of

POLL = 15.0
"""Seconds between looks at a conversation where nothing wakes the page. The lookout does where another process wrote."""

BEAT = 10.0
"""Seconds between signs that the connection stands; the session is checked as often. The page warns after three missed ones."""

QUEUE = "queue"
"""What a stream shows where it is not a case's id."""


@staff_guard.part("cases")
async def stream(request: Request) -> Response:
    """``shows``: "queue", or a case's id. For a queue ``tier``, ``reason`` and ``whole``; for a case ``after``, a message's number."""
    site, person = site_of(request), staff_guard.person_of(request)
    shows = request.query_params.get("shows", "")
    sources = [_beats(request)]
    if shows == QUEUE:
        sources.append(_queue(site, person, filter_of(request.query_params)))
    else:
        case_id = await site.gateway.database.run(conversation_pages.known_case, site, shows)
        if case_id is None:
            raise Problem("bad_request")
        csrf = staff_session.csrf_of(staff_session.token_in(request) or "")
        sources += [_alarms(site, person), _conversation(site, person, csrf, case_id, _after(request))]
    return EventSourceResponse(_merged(sources), ping=60)


def filter_of(parameters: Mapping[str, str]) -> Filter:
    whole = parameters.get("whole", "")
    return Filter(parameters.get("tier", "")[:16], parameters.get("reason", "")[:32], whole if whole in GROUPS else "")


async def _merged(sources: list[AsyncIterator[ServerSentEvent]]) -> AsyncIterator[ServerSentEvent]:
    """The events of all sources as they come, until one of them ends."""
    events: asyncio.Queue[ServerSentEvent | None] = asyncio.Queue(maxsize=1)
    pumps = [asyncio.create_task(_pump(source, events)) for source in sources]
    try:
        while (event := await events.get()) is not None:
            yield event
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


async def _pump(source: AsyncIterator[ServerSentEvent], events: asyncio.Queue[ServerSentEvent | None]) -> None:
    # A stream that cannot read ends; the page connects again, and is then told why in an answer of its own.
    with suppress(StorageError, CaseConflict):
        async with aclosing(source):  # type: ignore[type-var]
            async for event in source:
                await events.put(event)
    await events.put(None)


async def _beats(request: Request) -> AsyncIterator[ServerSentEvent]:
    while True:
        if not await staff_guard.is_still_allowed(request, "cases"):
            yield _event("gone", "")
            return
        yield _event("beat", "")
        await asyncio.sleep(BEAT)


async def _queue(site: Site, person: Staff, chosen: Filter) -> AsyncIterator[ServerSentEvent]:
    shown: QueuePage | None = None
    with site.feed.watching(person.id) as stirred:
        while True:
            await stirred.wait()
            stirred.clear()
            sight = site.feed.sight
            if sight is None:
                continue
            page = site.feed.page(sight, person.id, chosen)
            change = site.feed.change(sight, shown, page)
            shown = page
            if change is not None:
                yield _event("queue", change)


async def _alarms(site: Site, person: Staff) -> AsyncIterator[ServerSentEvent]:
    last: object = None
    with site.feed.watching(person.id) as stirred:
        while True:
            await stirred.wait()
            stirred.clear()
            sight = site.feed.sight
            if sight is None:
                continue
            told = {"alarms": alarms(sight.board), "waiting": len(sight.board.queue.waiting)}
            if told != last:
                last = told
                yield _event("alarms", json.dumps(told))


async def _conversation(
    site: Site, person: Staff, csrf: str, case_id: str, after: int
) -> AsyncIterator[ServerSentEvent]:
    told: dict[str, str] = {}
    look = await site.gateway.database.run(conversation_pages.look, site, case_id, after)
    hits = look.case.hits
    # What the page shows already is not sent again: each photo that is fetched is a line of the audit log.
    photos = look.photos_up_to(after)
    with site.gateway.wakeups.watching(look.case.conversation_id) as hint:
        while True:
            look = await site.gateway.database.run(conversation_pages.look, site, case_id, after)
            if hits != look.case.hits:
                # Words that raised the case may stand in a message that is on the page already.
                hits = look.case.hits
                look = await site.gateway.database.run(conversation_pages.look, site, case_id, 0)
            for message, html in conversation_pages.message_rows(site, look):
                after = max(after, message.seq)
                yield _event("message", html, seq=after)
            for name, content in conversation_pages.live_parts(site, person, csrf, look).items():
                if told.get(name) != content:
                    told[name] = content
                    yield _event(name, content)
            if photos != (photos := look.photos_up_to(look.state.last_seq)):
                yield _event("photos", conversation_pages.photo_strip(site, look))
            await hint.wait(POLL)


def _event(name: str, data: str, seq: int | None = None) -> ServerSentEvent:
    return ServerSentEvent(data, event=name, id=None if seq is None else str(seq), sep="\n")


def _after(request: Request) -> int:
    text = request.headers.get("last-event-id") or request.query_params.get("after") or "0"
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Problem("bad_request")
    return int(text)
