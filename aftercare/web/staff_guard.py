"""Who may come in: every staff route has exactly one of ``page``, ``part`` and ``anyone`` (a test walks the routes)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import wraps
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from aftercare.conversation import roles, staff_sessions, training_inbox
from aftercare.conversation.audit import Actor
from aftercare.conversation.staff_sessions import Staff, StaffSession, Standing
from aftercare.web import staff_session
from aftercare.web.problems import Problem
from aftercare.web.site import Site, address_of, site_of
from aftercare.web.staff_page import SECOND_FACTOR, by_script, is_genuine, with_next

Handler = Callable[[Request], Awaitable[Response]]

SAFE_METHODS = ("GET", "HEAD")


def page(permission: str) -> Callable[[Handler], Handler]:
    """A page, or a form sent from one, for staff with this permission. Keeps the session alive.

    Nobody is sent to the login, a locked session to the password, and both come back here; who must have a second factor
    and has none is sent to set it up. Staff without the permission get 403, as does a form that is not our own.
    """
    return _guard(permission, active=True, refuse=_to_the_way_in)


def part(permission: str) -> Callable[[Handler], Handler]:
    """What a page asks for by itself, for staff with this permission. Does not keep the session alive.

    Without an open session 401; staff without the permission get 403.
    """
    return _guard(permission, active=False, refuse=_not_signed_in)


def anyone(handler: Handler) -> Handler:
    """For the few staff routes that must answer whoever comes: they check for themselves."""
    handler.permission = None  # type: ignore[attr-defined]
    return handler


def person_of(request: Request) -> Staff:
    """Who is signed in, on a guarded route."""
    return session_on(request).staff


def session_on(request: Request) -> StaffSession:
    """The open session, on a guarded route."""
    session: StaffSession = request.state.staff_session
    return session


def actor_of(request: Request) -> Actor:
    """Who is signed in and from where, for the audit log."""
    return Actor(person_of(request).id, address_of(request))


async def session_of(request: Request) -> StaffSession | None:
    """The session that the browser has, however it stands; None where it has none."""
    token = staff_session.token_in(request)
    if token is None:
        return None
    site = site_of(request)
    return await site.gateway.database.run(_session, site, token, site.gateway.clock())


async def is_still_allowed(request: Request, permission: str) -> bool:
    """Whether the session that began a long answer (a stream) is still open and has the permission."""
    session = await session_of(request)
    if session is None or session.standing is not Standing.OPEN:
        return False
    return session.staff.may(permission) and not _lacks_second_factor(site_of(request), session.staff, permission)


def _guard(
    permission: str, *, active: bool, refuse: Callable[[Request, Standing | None], Response]
) -> Callable[[Handler], Handler]:
    if permission not in roles.PERMISSIONS:
        raise ValueError(f"There is no permission {permission!r}.")

    def guarding(handler: Handler) -> Handler:
        @wraps(handler)
        async def guarded(request: Request) -> Response:
            site = site_of(request)
            session = await session_of(request)
            if session is None or session.standing is not Standing.OPEN:
                return refuse(request, session.standing if session else None)
            request.state.staff_session = session
            if not session.staff.may(permission):
                raise Problem("forbidden")
            if _lacks_second_factor(site, session.staff, permission):
                if not active:
                    raise Problem("forbidden")
                return RedirectResponse(SECOND_FACTOR, status_code=303)
            if request.method not in SAFE_METHODS and not await is_genuine(request):
                raise Problem("form")
            if active:
                await site.gateway.database.run(_seen, site, session.id, site.gateway.clock())
                if session.staff.may("training") and request.method in SAFE_METHODS:
                    request.state.training_waiting = await site.gateway.database.run(_training_waiting, site)
            return await handler(request)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return guarding


def _lacks_second_factor(site: Site, person: Staff, permission: str) -> bool:
    """Whether a second factor must be set up first. One's own account is where that is done."""
    return permission != "account" and person.role in site.clinic.second_factor and not person.second_factor


def _session(site: Site, token: str, now: datetime) -> StaffSession | None:
    with site.gateway.database.reading() as connection:
        return staff_sessions.session_of(connection, token, now)


def _training_waiting(site: Site) -> int:
    with site.gateway.database.reading() as connection:
        return training_inbox.waiting(connection)


def _seen(site: Site, session_id: str, now: datetime) -> None:
    with site.gateway.database.writing() as connection:
        staff_sessions.seen(connection, session_id, now)


def _to_the_way_in(request: Request, standing: Standing | None) -> Response:
    way = {None: "/staff/login", Standing.LOCKED: "/staff/unlock", Standing.CODE_DUE: "/staff/code"}[standing]
    if by_script(request):
        # A script would put the login into the page that it sits on; that page is where to come back to.
        back = urlsplit(request.headers.get("HX-Current-URL", "")).path
        return Response(status_code=401, headers={"HX-Redirect": with_next(way, back)})
    back = request.url.path if request.method in SAFE_METHODS else ""
    if back and request.url.query:
        back = f"{back}?{request.url.query}"
    return RedirectResponse(with_next(way, back), status_code=303)


def _not_signed_in(request: Request, standing: Standing | None) -> Response:
    return Response(status_code=401)
