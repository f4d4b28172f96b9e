"""The trainers' inbox: what the assistant should have answered, as staff said when they closed the case."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from aftercare.conversation import audit, training_inbox
from aftercare.conversation.audit import Actor
from aftercare.conversation.cases import REASONS, CaseConflict
from aftercare.conversation.training_inbox import Item
from aftercare.web import staff_guard
from aftercare.web.case_view import TIER_NAMES
from aftercare.web.problems import Problem
from aftercare.web.site import Site, site_of
from aftercare.web.staff_page import render

PAGE = "/staff/training"

MOST_WAITING, MOST_DONE = 50, 20
"""Cases on the page; further ones follow when these are done."""


@staff_guard.page("training")
async def inbox_page(request: Request) -> Response:
    """Patients' words are on it, redacted: that it was opened is in the audit log."""
    site = site_of(request)
    waiting, done = await site.gateway.database.run(_read, site, staff_guard.actor_of(request))
    context = {"waiting": waiting, "done": done, "tiers": TIER_NAMES, "reasons": REASONS}
    return render(request, "staff_training.html", context)


@staff_guard.page("training")
async def done(request: Request) -> Response:
    """This case is dealt with."""
    site = site_of(request)
    case_id = str(request.path_params["case_id"])
    try:
        await site.gateway.database.run(_settle, site, case_id, staff_guard.actor_of(request))
    except CaseConflict:
        raise Problem("not_found") from None
    return RedirectResponse(PAGE, status_code=303)


def _read(site: Site, actor: Actor) -> tuple[list[Item], list[Item]]:
    with site.gateway.database.writing() as connection:
        waiting = training_inbox.read(connection, done=False, most=MOST_WAITING)
        finished = training_inbox.read(connection, done=True, most=MOST_DONE)
        details = {"cases": len(waiting) + len(finished)}
        audit.record(connection, actor, "training_viewed", site.gateway.clock(), kind="case", details=details)
    return waiting, finished


def _settle(site: Site, case_id: str, actor: Actor) -> None:
    now = site.gateway.clock()
    with site.gateway.database.writing() as connection:
        training_inbox.settle(connection, case_id, actor.staff_id or "", now)
        audit.record(connection, actor, "training_done", now, kind="case", id=case_id)


ROUTES = [
    Route(PAGE, inbox_page, methods=["GET"]),
    Route(f"{PAGE}/{{case_id:uuid}}/done", done, methods=["POST"]),
]
