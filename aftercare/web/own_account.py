"""A member of staff's own account: their password, their second factor, their sessions."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import segno
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from aftercare.conversation import login_waits, staff, staff_sessions, totp
from aftercare.conversation.audit import Actor
from aftercare.conversation.staff import BadAccount
from aftercare.conversation.staff_sessions import Staff
from aftercare.web import staff_guard, staff_session
from aftercare.web.site import Site, site_of
from aftercare.web.staff_page import SECOND_FACTOR, after_login, form_of, render

ACCOUNT = "/staff/account"


class Refused(Exception):
    """What was asked cannot be done; the message says why, for the page."""


@staff_guard.page("account")
async def account_page(request: Request) -> Response:
    return await _account(request)


@staff_guard.page("account")
async def change_password(request: Request) -> Response:
    """Set another password, for who knows the present one. Every other session ends."""
    form = await form_of(request)
    try:
        if form.get("new") != form.get("again"):
            raise Refused("The two new passwords are not the same.")
        hashed = staff.password_hash(form.get("new", ""))
        await _check_password(request, form.get("password", ""))
    except (Refused, BadAccount) as error:
        return await _account(request, str(error), 400)
    site = site_of(request)

    def change(connection: Connection, person: Staff, actor: Actor, now: datetime) -> None:
        staff.set_password(connection, person, hashed, actor, now)

    token, _ = await site.gateway.database.run(_with_new_session, site, request, change)
    response = RedirectResponse(f"{ACCOUNT}?done=password", status_code=303)
    staff_session.set_cookie(request, response, token)
    return response


@staff_guard.page("account")
async def second_factor_page(request: Request) -> Response:
    """How to set up the authenticator app, or how to remove the one there is."""
    return await _second_factor(request)


@staff_guard.page("account")
async def second_factor_picture(request: Request) -> Response:
    """The QR code of the secret that is offered."""
    site, person = site_of(request), staff_guard.person_of(request)
    if person.second_factor:
        return Response(status_code=404)
    secret = await site.gateway.database.run(_offer, site, person)
    picture = io.BytesIO()
    code = segno.make(totp.address(secret, person.name, site.clinic.name), error="m")
    code.save(picture, kind="svg", scale=5, border=4, light="#fff", dark="#000", xmldecl=False)
    return Response(picture.getvalue(), media_type="image/svg+xml")


@staff_guard.page("account")
async def set_second_factor(request: Request) -> Response:
    """Take the app into use, with a code that shows it works; then show the recovery codes, once."""
    site, person, form = site_of(request), staff_guard.person_of(request), await form_of(request)
    if person.second_factor:
        return RedirectResponse(SECOND_FACTOR, status_code=303)

    def confirm(connection: Connection, person: Staff, actor: Actor, now: datetime) -> Sequence[str]:
        codes = totp.confirm(connection, person, form.get("code", ""), actor, now)
        if codes is None:
            raise Refused(
                "This code is not right. Check that the app shows the code for this account, and the phone's clock."
            )
        return codes

    try:
        await _wait(request, login_waits.of_code(person.id))
        token, codes = await site.gateway.database.run(_with_new_session, site, request, confirm)
    except Refused as error:
        return await _second_factor(request, str(error), 400)
    await _right(request, login_waits.of_code(person.id))
    context = {"codes": codes, "csrf": staff_session.csrf_of(token), "on": after_login(person, "")}
    response = render(request, "staff_account_codes.html", context)
    staff_session.set_cookie(request, response, token)
    return response


@staff_guard.page("account")
async def remove_second_factor(request: Request) -> Response:
    """Take the app away, for who has the password and a code. Who must have one sets up the next at once."""
    site, person, form = site_of(request), staff_guard.person_of(request), await form_of(request)

    def remove(connection: Connection, person: Staff, actor: Actor, now: datetime) -> None:
        if totp.take(connection, person.id, form.get("code", ""), now) is None:
            raise Refused("This code is wrong, or it was used before. Wait for the next one, then try again.")
        totp.remove(connection, person, actor, now)
        staff_sessions.end_all(connection, person.id, now)

    try:
        await _check_password(request, form.get("password", ""))
        await _wait(request, login_waits.of_code(person.id))
        token, _ = await site.gateway.database.run(_with_new_session, site, request, remove)
    except Refused as error:
        return await _second_factor(request, str(error), 400)
    await _right(request, login_waits.of_code(person.id))
    response = RedirectResponse(SECOND_FACTOR, status_code=303)
    staff_session.set_cookie(request, response, token)
    return response


@staff_guard.page("account")
async def end_other_sessions(request: Request) -> Response:
    """Log out everywhere but here."""
    site = site_of(request)

    def end(connection: Connection, person: Staff, actor: Actor, now: datetime) -> None:
        staff.end_sessions(connection, person.id, actor, now)

    token, _ = await site.gateway.database.run(_with_new_session, site, request, end)
    response = RedirectResponse(f"{ACCOUNT}?done=sessions", status_code=303)
    staff_session.set_cookie(request, response, token)
    return response


DONE = {
    "password": "Your password was changed. You are logged out everywhere else.",
    "sessions": "You are logged out everywhere else.",
}


async def _account(request: Request, refusal: str = "", status: int = 200) -> Response:
    site, person = site_of(request), staff_guard.person_of(request)
    codes_left = await site.gateway.database.run(_codes_left, site, person)
    context = {
        "refusal": refusal,
        "done": DONE.get(request.query_params.get("done", ""), ""),
        "codes_left": codes_left,
        "shortest": staff.SHORTEST_PASSWORD,
        "required": person.role in site.clinic.second_factor,
    }
    return render(request, "staff_account.html", context, status)


async def _second_factor(request: Request, refusal: str = "", status: int = 200) -> Response:
    site, person = site_of(request), staff_guard.person_of(request)
    secret = "" if person.second_factor else await site.gateway.database.run(_offer, site, person)
    context = {
        "refusal": refusal,
        # In groups of four, as people read them over to a phone.
        "secret": " ".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
        "required": person.role in site.clinic.second_factor,
        "on": after_login(person, ""),
    }
    return render(request, "staff_account_second_factor.html", context, status)


async def _check_password(request: Request, password: str) -> None:
    """Raises Refused where the password is not that of who is signed in, or too many were wrong."""
    site, session = site_of(request), staff_guard.session_on(request)
    await _wait(request, login_waits.of_session(session.id))
    if await site.gateway.database.run(staff.verify, site.gateway.database, session.staff.name, password) is None:
        raise Refused("Your present password is wrong.")
    await _right(request, login_waits.of_session(session.id))


async def _wait(request: Request, key: str) -> None:
    site = site_of(request)
    seconds = await site.gateway.database.run(_take, site, key, site.gateway.clock())
    if seconds:
        raise Refused(f"Too many tries. Please wait {seconds} seconds, then try again.")


async def _right(request: Request, key: str) -> None:
    site = site_of(request)
    await site.gateway.database.run(_clear, site, key)


def _with_new_session(
    site: Site, request: Request, change: Callable[[Connection, Staff, Actor, datetime], Any]
) -> tuple[str, Any]:
    """Make the change and go on in a new session: what the account may do has changed, so its sessions do not outlive it."""
    person, actor, now = staff_guard.person_of(request), staff_guard.actor_of(request), site.gateway.clock()
    with site.gateway.database.writing() as connection:
        done = change(connection, person, actor, now)
        staff_sessions.end_all(connection, person.id, now)
        return staff_sessions.open_session(connection, person, now), done


def _take(site: Site, key: str, now: datetime) -> int:
    with site.gateway.database.writing() as connection:
        return login_waits.take(connection, key, now)


def _clear(site: Site, key: str) -> None:
    with site.gateway.database.writing() as connection:
        login_waits.right(connection, key)


def _offer(site: Site, person: Staff) -> str:
    with site.gateway.database.writing() as connection:
        return totp.offer(connection, person.id)


def _codes_left(site: Site, person: Staff) -> int:
    with site.gateway.database.reading() as connection:
        return totp.recovery_codes_left(connection, person.id)


ROUTES = [
    Route(ACCOUNT, account_page, methods=["GET"]),
    Route(f"{ACCOUNT}/password", change_password, methods=["POST"]),
    Route(SECOND_FACTOR, second_factor_page, methods=["GET"]),
    Route(SECOND_FACTOR, set_second_factor, methods=["POST"]),
    Route(f"{SECOND_FACTOR}/code.svg", second_factor_picture, methods=["GET"]),
    Route(f"{SECOND_FACTOR}/remove", remove_second_factor, methods=["POST"]),
    Route(f"{ACCOUNT}/sessions", end_other_sessions, methods=["POST"]),
]
