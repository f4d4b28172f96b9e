"""The console's pages: the queue, the search, and the routes of the whole console."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aftercare.conversation import alerts, audit, cases, search
from aftercare.conversation.audit import Actor
from aftercare.conversation.search import Match
from aftercare.web import console_conversation, console_stream, staff_guard
from aftercare.web.case_view import SENDERS, TIER_NAMES, Part, excerpt
from aftercare.web.console_stream import filter_of
from aftercare.web.console_view import GROUPS, alarms
from aftercare.web.site import Site, site_of
from aftercare.web.staff_page import render

LONGEST_SEARCH = 200
"""Characters."""


@staff_guard.page("cases")
async def queue_page(request: Request) -> Response:
    """The cases by group. ``tier`` and ``reason`` filter, ``whole`` is the group that is not cut."""
    site, person = site_of(request), staff_guard.person_of(request)
    chosen = filter_of(request.query_params)
    sight = await site.feed.look(person.id)
    context = {
        "queue": site.feed.page(sight, person.id, chosen),
        "groups": GROUPS,
        "chosen": chosen,
        "tiers": TIER_NAMES,
        "reasons": cases.REASONS,
        "alarms": alarms(sight.board),
        "problems": await site.gateway.database.run(_notification_problems, site),
    }
    return render(request, "staff_queue.html", context)


@staff_guard.page("cases")
async def search_page(request: Request) -> Response:
    """Messages with all words of ``q``."""
    site = site_of(request)
    asked = request.query_params.get("q", "").replace("\0", "")[:LONGEST_SEARCH].strip()
    matches = await site.gateway.database.run(_search, site, asked, staff_guard.actor_of(request)) if asked else []
    words = search.words_of(asked)
    context = {
        "asked": asked,
        "most": search.MOST_FOUND,
        "found": [_result(match, words) for match in matches],
        "tiers": TIER_NAMES,
    }
    return render(request, "staff_search.html", context)


def _notification_problems(site: Site) -> list[str]:
    with site.gateway.database.reading() as connection:
        return [*site.address_problems, *alerts.problems(connection, site.gateway.clock())]


def _search(site: Site, asked: str, actor: Actor) -> list[Match]:
    with site.gateway.database.writing() as connection:
        matches = search.search(connection, asked)
        # How many, never what was asked: staff search for what patients wrote.
        details = {"messages": len(matches)}
        audit.record(connection, actor, "messages_searched", site.gateway.clock(), kind="message", details=details)
    return matches


def _result(match: Match, words: list[str]) -> dict[str, Any]:
    parts: list[Part] = excerpt(match.text, words)
    return {"match": match, "sender": SENDERS[match.role], "parts": parts}


ROUTES = [
    Route("/staff", queue_page, methods=["GET"]),
    Route("/staff/search", search_page, methods=["GET"]),
    Route("/staff/stream", console_stream.stream, methods=["GET"]),
    *console_conversation.ROUTES,
]
