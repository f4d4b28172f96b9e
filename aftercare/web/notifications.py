"""The page on messages to staff outside the console: whom they go to, what became of them, and a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from aftercare.conversation import alerts, audit
from aftercare.conversation.alerts import ERRORS, Delivery, problems
from aftercare.conversation.audit import Actor
from aftercare.web import staff_guard
from aftercare.web.problems import Problem
from aftercare.web.site import Site, site_of
from aftercare.web.staff_page import form_of, render

__all__ = ["ROUTES", "problems"]

PAGE = "/staff/notifications"

KINDS = {
    "opened": "New case",
    "raised": "Case raised",
    "widened": "Nobody has the case",
    "failing": "The one before could not be reached",
    "test": "Test",
}


@dataclass(frozen=True)
class Line:
    """A message as the page shows it."""

    delivery: Delivery
    recipient: str
    kind: str
    state: str


@staff_guard.page("notifications")
async def page(request: Request) -> Response:
    site = site_of(request)
    now = site.gateway.clock()
    deliveries, found = await site.gateway.database.run(_read, site, now)
    plan = site.clinic.notifications
    lines = [_line(delivery, plan.recipients) for delivery in deliveries]
    context = {"plan": plan, "lines": lines, "problems": found, "waits": any(_waits_for_test(line) for line in lines)}
    return render(request, "staff_notifications.html", context)


@staff_guard.page("notifications")
async def send_test(request: Request) -> Response:
    """Send a test to the recipient of the button that was pressed; the page then tells what became of it."""
    site = site_of(request)
    level = (await form_of(request)).get("level", "")
    if not level.isdecimal() or int(level) >= len(site.clinic.notifications.recipients):
        raise Problem("bad_request")
    await site.gateway.database.run(
        _enqueue_test, site, int(level), staff_guard.actor_of(request), site.gateway.clock()
    )
    return RedirectResponse(PAGE, status_code=303)


def _read(site: Site, now: datetime) -> tuple[Sequence[Delivery], list[str]]:
    with site.gateway.database.reading() as connection:
        return alerts.latest(connection), [*site.address_problems, *problems(connection, now)]


def _enqueue_test(site: Site, level: int, actor: Actor, now: datetime) -> None:
    with site.gateway.database.writing() as connection:
        id = alerts.enqueue_test(connection, level, now)
        details = {"recipient": site.clinic.notifications.recipients[level]}
        audit.record(connection, actor, "notification_tested", now, kind="notification", id=id, details=details)


def _line(delivery: Delivery, recipients: Sequence[str]) -> Line:
    to = delivery.recipient or (recipients[delivery.level % len(recipients)] if recipients else "nobody")
    return Line(delivery, to, KINDS[delivery.kind], _state(delivery))


def _state(delivery: Delivery) -> str:
    why = f": {ERRORS.get(delivery.error, ERRORS['error'])}" if delivery.error else ""
    tries = "1 try" if delivery.attempts == 1 else f"{delivery.attempts} tries"
    return {
        "sent": "Sent",
        "needless": "Not needed any more",
        "failed": f"Given up after {tries}{why}",
        "pending": f"Not sent yet, {tries}{why}" if delivery.attempts else "Waiting to be sent",
    }[delivery.status]


def _waits_for_test(line: Line) -> bool:
    return line.delivery.kind == "test" and line.delivery.status == "pending"


ROUTES = [
    Route(PAGE, page, methods=["GET"]),
    Route(f"{PAGE}/test", send_test, methods=["POST"]),
]
