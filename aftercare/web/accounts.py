"""The ways in: password, code, lock and unlock, invitation; and the way out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from aftercare.conversation import audit, invitations, login_waits, staff, staff_sessions, totp
from aftercare.conversation.audit import Actor
from aftercare.conversation.staff import BadAccount
from aftercare.conversation.staff_sessions import Staff, StaffSession, Standing
from aftercare.web import staff_guard, staff_session
from aftercare.web.problems import Problem
from aftercare.web.site import Site, address_of, site_of
from aftercare.web.staff_guard import anyone
from aftercare.web.staff_page import SECOND_FACTOR, after_login, form_of, is_genuine, render, with_next

STALE = "The form was open for too long. Please try again."
WRONG = "The user name or the password is wrong."
WRONG_CODE = "This code is wrong, or it was used before. Wait for the next one, then try again."


@dataclass(frozen=True)
class Try:
    """A try to log in: from where, with which browser. ``key``: where wrong tries are counted."""

    name: str
    address: str
    device: str | None
    key: str
    now: datetime


@anyone
async def login_page(request: Request) -> Response:
    return _login_form(request)


@anyone
async def login(request: Request) -> Response:
    """Check the password. The session changes with the login, so one that was planted before is worth nothing."""
    site = site_of(request)
    form = await form_of(request)
    if not await is_genuine(request):
        return _login_form(request, form, STALE, 403)
    database = site.gateway.database
    attempt, wait = await database.run(_begin, site, request, form.get("name", ""))
    if wait:
        return _login_form(request, form, _too_many(wait), 429, wait)
    person = await database.run(staff.verify, database, attempt.name, form.get("password", ""))
    if person is None:
        await database.run(_failed, site, attempt)
        return _login_form(request, form, WRONG, 401)
    token, device = await database.run(_password_was_right, site, person, attempt, staff_session.token_in(request))
    back = form.get("next", "")
    to = with_next("/staff/code", back) if person.second_factor else after_login(person, back)
    return _with_session(request, to, token, device)


@anyone
async def code_page(request: Request) -> Response:
    """Asks for the code of the authenticator app, after the password."""
    session = await _session_that(request, Standing.CODE_DUE)
    return _code_form(request) if session else RedirectResponse("/staff/login", status_code=303)


@anyone
async def code(request: Request) -> Response:
    site = site_of(request)
    session = await _session_that(request, Standing.CODE_DUE)
    if session is None:
        return RedirectResponse("/staff/login", status_code=303)
    if not await is_genuine(request):
        return _code_form(request, STALE, 403)
    form = await form_of(request)
    database, now = site.gateway.database, site.gateway.clock()
    wait = await database.run(_take, site, login_waits.of_code(session.staff.id), now)
    if wait:
        return _code_form(request, _too_many(wait), 429, wait)
    opened = await database.run(
        _code_given, site, session, form.get("code", ""), address_of(request), staff_session.device_in(request), now
    )
    if opened is None:
        return _code_form(request, WRONG_CODE, 401)
    return _with_session(request, after_login(session.staff, form.get("next", "")), *opened)


@staff_guard.page("account")
async def lock(request: Request) -> Response:
    """Lock the session, for who leaves the desk."""
    site = site_of(request)
    await site.gateway.database.run(_lock, site, staff_guard.session_on(request).id, site.gateway.clock())
    return RedirectResponse(with_next("/staff/unlock", (await form_of(request)).get("next", "")), status_code=303)


@anyone
async def unlock_page(request: Request) -> Response:
    """Asks for the password of a locked session's owner."""
    session = await _session_that(request, Standing.LOCKED)
    return _unlock_form(request, session) if session else _on_with(request, "/staff/login")


@anyone
async def unlock(request: Request) -> Response:
    site = site_of(request)
    session = await _session_that(request, Standing.LOCKED)
    if session is None:
        return RedirectResponse("/staff/login", status_code=303)
    if not await is_genuine(request):
        return _unlock_form(request, session, STALE, 403)
    form = await form_of(request)
    database, now = site.gateway.database, site.gateway.clock()
    wait = await database.run(_take, site, login_waits.of_session(session.id), now)
    if wait:
        return _unlock_form(request, session, _too_many(wait), 429, wait)
    person = await database.run(staff.verify, database, session.staff.name, form.get("password", ""))
    actor = Actor(session.staff.id, address_of(request))
    token = await database.run(_unlock, site, session, actor, now, person is not None)
    if token is None:
        return _unlock_form(request, session, "The password is wrong.", 401)
    return _with_session(request, after_login(session.staff, form.get("next", "")), token)


@anyone
async def logout(request: Request) -> Response:
    site = site_of(request)
    if not await is_genuine(request):
        raise Problem("form")
    session = await staff_guard.session_of(request)
    if session is not None:
        await site.gateway.database.run(_end, site, session, address_of(request), site.gateway.clock())
    response = RedirectResponse("/staff/login", status_code=303)
    staff_session.forget_cookie(request, response)
    return response


@anyone
async def invitation_page(request: Request) -> Response:
    """Where a new member of staff sets their password. Opening it does not use the link up."""
    person = await _invited(request)
    return _invitation_form(request, person)


@anyone
async def accept_invitation(request: Request) -> Response:
    site = site_of(request)
    person = await _invited(request)
    form = await form_of(request)
    if not await is_genuine(request):
        return _invitation_form(request, person, STALE, 403)
    if form.get("password") != form.get("again"):
        return _invitation_form(request, person, "The two passwords are not the same.", 400)
    try:
        token = await site.gateway.database.run(
            _accept, site, _secret(request), form.get("password", ""), address_of(request), site.gateway.clock()
        )
    except BadAccount as error:
        return _invitation_form(request, person, str(error), 400)
    except invitations.InvitationOver:
        raise Problem("invitation") from None
    return _with_session(request, SECOND_FACTOR, *token)


def _login_form(
    request: Request, form: dict[str, str] | None = None, refusal: str = "", status: int = 200, wait: int = 0
) -> Response:
    context = {"name": (form or {}).get("name", "")}
    return _way_in(request, "staff_login.html", context, refusal, status, wait)


def _code_form(request: Request, refusal: str = "", status: int = 200, wait: int = 0) -> Response:
    return _way_in(request, "staff_login_code.html", {}, refusal, status, wait)


def _unlock_form(
    request: Request, session: StaffSession, refusal: str = "", status: int = 200, wait: int = 0
) -> Response:
    return _way_in(request, "staff_login_unlock.html", {"owner": session.staff}, refusal, status, wait)


def _invitation_form(request: Request, person: Staff, refusal: str = "", status: int = 200) -> Response:
    context = {"invited": person, "shortest": staff.SHORTEST_PASSWORD}
    return _way_in(request, "staff_login_invitation.html", context, refusal, status)


def _way_in(
    request: Request, template: str, context: dict[str, Any], refusal: str, status: int, wait: int = 0
) -> Response:
    """A form for who is not signed in, bound to the browser's session or to a new one of nobody."""
    token = staff_session.token_in(request) or staff_session.new_anonymous_token()
    back = request.query_params.get("next", "") or getattr(request.state, "form", {}).get("next", "")
    common = {"csrf": staff_session.csrf_of(token), "refusal": refusal, "next": back}
    response = render(request, template, {**common, **context}, status)
    staff_session.set_cookie(request, response, token)
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def _with_session(request: Request, to: str, token: str, device: str | None = None) -> Response:
    response = RedirectResponse(to, status_code=303)
    staff_session.set_cookie(request, response, token)
    if device is not None:
        staff_session.set_device_cookie(request, response, device)
    return response


def _on_with(request: Request, path: str) -> Response:
    return RedirectResponse(with_next(path, request.query_params.get("next", "")), status_code=303)


def _too_many(seconds: int) -> str:
    minutes = -(-seconds // 60)
    time = f"{seconds} seconds" if seconds < 60 else "1 minute" if minutes == 1 else f"{minutes} minutes"
    return f"Too many tries. Please wait {time}, then try again."


def _secret(request: Request) -> str:
    return str(request.path_params["secret"])


async def _session_that(request: Request, standing: Standing) -> StaffSession | None:
    session = await staff_guard.session_of(request)
    return session if session is not None and session.standing is standing else None


async def _invited(request: Request) -> Staff:
    site = site_of(request)
    try:
        return await site.gateway.database.run(_whose, site, _secret(request), site.gateway.clock())
    except invitations.InvitationOver:
        raise Problem("invitation") from None


def _begin(site: Site, request: Request, typed: str) -> tuple[Try, int]:
    """The try, counted where it belongs, and the seconds to wait before it may be made."""
    name, device, now = staff.login_name(typed)[:80], staff_session.device_in(request), site.gateway.clock()
    address = address_of(request)
    with site.gateway.database.writing() as connection:
        known = device is not None and login_waits.is_known_device(connection, device, name, now)
        key = login_waits.of_device(device) if device is not None and known else login_waits.of_name(name)
        wait = 0 if known else site.limits.logins.take(address)
        return Try(name, address, device if known else None, key, now), wait or login_waits.take(connection, key, now)


def _failed(site: Site, attempt: Try) -> None:
    with site.gateway.database.writing() as connection:
        try:
            id = staff.named(connection, attempt.name).id
        except BadAccount:
            # What was typed is not kept: people type passwords into the wrong field.
            id = ""
        audit.record(connection, Actor(None, attempt.address), "login_failed", attempt.now, kind="account", id=id)


def _password_was_right(site: Site, person: Staff, attempt: Try, before: str | None) -> tuple[str, str | None]:
    """The new session's token, and that of the browser where it is new to this member of staff."""
    with site.gateway.database.writing() as connection:
        login_waits.right(connection, attempt.key)
        old = staff_sessions.session_of(connection, before, attempt.now) if before else None
        if old is not None:
            staff_sessions.end(connection, old.id, attempt.now)
        if person.second_factor:
            return staff_sessions.open_session(connection, person, attempt.now, code_due=True), None
        return _open(connection, person, attempt.address, attempt.device, attempt.now, "")


def _code_given(
    site: Site, session: StaffSession, given: str, address: str, device: str | None, now: datetime
) -> tuple[str, str | None] | None:
    with site.gateway.database.writing() as connection:
        kind = totp.take(connection, session.staff.id, given, now)
        if kind is None:
            audit.record(connection, Actor(None, address), "code_failed", now, kind="account", id=session.staff.id)
            return None
        login_waits.right(connection, login_waits.of_code(session.staff.id))
        staff_sessions.end(connection, session.id, now)
        known = device is not None and login_waits.is_known_device(connection, device, session.staff.name, now)
        return _open(connection, session.staff, address, device if known else None, now, kind)


def _open(
    connection: Any, person: Staff, address: str, device: str | None, now: datetime, code: str
) -> tuple[str, str | None]:
    token = staff_sessions.open_session(connection, person, now)
    new_device = None
    if device is None:
        new_device = login_waits.remember_device(connection, person.id, now)
    else:
        login_waits.device_seen(connection, device, now)
    details = {"second_factor": code} if code else None
    audit.record(connection, Actor(person.id, address), "logged_in", now, kind="account", id=person.id, details=details)
    return token, new_device


def _take(site: Site, key: str, now: datetime) -> int:
    with site.gateway.database.writing() as connection:
        return login_waits.take(connection, key, now)


def _lock(site: Site, session_id: str, now: datetime) -> None:
    with site.gateway.database.writing() as connection:
        staff_sessions.lock(connection, session_id, now)


def _unlock(site: Site, session: StaffSession, actor: Actor, now: datetime, right: bool) -> str | None:
    with site.gateway.database.writing() as connection:
        if not right:
            audit.record(connection, actor, "unlock_failed", now, kind="account", id=session.staff.id)
            return None
        login_waits.right(connection, login_waits.of_session(session.id))
        token = staff_sessions.unlock(connection, session.id, now)
        audit.record(connection, actor, "unlocked", now, kind="account", id=session.staff.id)
        return token


def _end(site: Site, session: StaffSession, address: str, now: datetime) -> None:
    with site.gateway.database.writing() as connection:
        staff_sessions.end(connection, session.id, now)
        actor = Actor(session.staff.id, address)
        audit.record(connection, actor, "logged_out", now, kind="account", id=session.staff.id)


def _whose(site: Site, secret: str, now: datetime) -> Staff:
    with site.gateway.database.reading() as connection:
        return invitations.whose(connection, secret, now)


def _accept(site: Site, secret: str, password: str, address: str, now: datetime) -> tuple[str, str | None]:
    hashed = staff.password_hash(password)
    with site.gateway.database.writing() as connection:
        person = invitations.accept(connection, secret, hashed, address, now)
        return _open(connection, person, address, None, now, "")


ROUTES = [
    Route("/staff/login", login_page, methods=["GET"]),
    Route("/staff/login", login, methods=["POST"]),
    Route("/staff/code", code_page, methods=["GET"]),
    Route("/staff/code", code, methods=["POST"]),
    Route("/staff/lock", lock, methods=["POST"]),
    Route("/staff/unlock", unlock_page, methods=["GET"]),
    Route("/staff/unlock", unlock, methods=["POST"]),
    Route("/staff/logout", logout, methods=["POST"]),
    Route("/staff/invitation/{secret}", invitation_page, methods=["GET"]),
    Route("/staff/invitation/{secret}", accept_invitation, methods=["POST"]),
]
