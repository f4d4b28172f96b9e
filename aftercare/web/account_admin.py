"""The administrator's pages: everybody's accounts, and the log of what staff did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from aftercare.conversation import audit, invitations, roles, staff
from aftercare.conversation.audit import Actor, Entry
from aftercare.conversation.staff import Account, BadAccount
from aftercare.conversation.staff_sessions import Staff
from aftercare.web import staff_guard
from aftercare.web.problems import Problem
from aftercare.web.security import own_origin
from aftercare.web.site import Site, site_of
from aftercare.web.staff_page import form_of, render

ADMIN = "/staff/admin"
LOG_PAGE = 100
"""Rows of the log on a page."""

Change = Callable[[Connection, str, Actor, datetime], None]

CHANGES: Mapping[str, Change] = {
    "disable": staff.disable,
    "enable": staff.enable,
    "end_sessions": staff.end_sessions,
}
"""What a button on an account's line does."""


@staff_guard.page("accounts")
async def list_page(request: Request) -> Response:
    return await _list(request)


@staff_guard.page("accounts")
async def invite(request: Request) -> Response:
    """Make an account and show the link with which its owner sets a password. The link is shown once."""
    site, form = site_of(request), await form_of(request)
    try:
        person, secret = await site.gateway.database.run(
            _invite, site, form, staff_guard.actor_of(request), site.gateway.clock()
        )
    except BadAccount as error:
        return await _list(request, str(error), 400, form)
    return _link(request, person, secret)


@staff_guard.page("accounts")
async def reset(request: Request) -> Response:
    """Take an account's password and second factor away, and show the link for new ones, once."""
    site = site_of(request)
    try:
        person, secret = await site.gateway.database.run(
            _reset, site, _account_id(request), staff_guard.actor_of(request), site.gateway.clock()
        )
    except BadAccount as error:
        return await _list(request, str(error), 400)
    return _link(request, person, secret)


@staff_guard.page("accounts")
async def change_role(request: Request) -> Response:
    role = (await form_of(request)).get("role", "")

    def change(connection: Connection, staff_id: str, actor: Actor, now: datetime) -> None:
        staff.change_role(connection, staff_id, role, actor, now)

    return await _changed(request, change)


@staff_guard.page("accounts")
async def rename(request: Request) -> Response:
    """Another name for patients to see; an administrator may give one to their own account as well."""
    site, shown = site_of(request), (await form_of(request)).get("display_name", "")

    def change(connection: Connection, staff_id: str, actor: Actor, now: datetime) -> None:
        staff.rename(connection, staff_id, shown, actor, now)

    try:
        await site.gateway.database.run(
            _apply, site, change, _account_id(request), staff_guard.actor_of(request), site.gateway.clock()
        )
    except BadAccount as error:
        return await _list(request, str(error), 400)
    return RedirectResponse(ADMIN, status_code=303)


@staff_guard.page("accounts")
async def change_account(request: Request) -> Response:
    """One of CHANGES, by the button that was pressed."""
    change = CHANGES.get((await form_of(request)).get("change", ""))
    if change is None:
        raise Problem("bad_request")
    return await _changed(request, change)


@staff_guard.page("accounts")
async def log_page(request: Request) -> Response:
    """The log of what staff did, newest first."""
    site = site_of(request)
    text = request.query_params.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    entries, names = await site.gateway.database.run(_entries, site, before)
    context = {
        "entries": entries,
        "names": names,
        "older": entries[-1].position if entries and entries[-1].position > 1 else None,
    }
    return render(request, "staff_admin_log.html", context)


async def _changed(request: Request, change: Change) -> Response:
    site, staff_id = site_of(request), _account_id(request)
    if staff_id == staff_guard.person_of(request).id:
        return await _list(request, "You cannot change your own account here. Ask another administrator.", 400)
    try:
        await site.gateway.database.run(
            _apply, site, change, staff_id, staff_guard.actor_of(request), site.gateway.clock()
        )
    except BadAccount as error:
        return await _list(request, str(error), 400)
    return RedirectResponse(ADMIN, status_code=303)


async def _list(
    request: Request, refusal: str = "", status: int = 200, form: Mapping[str, str] | None = None
) -> Response:
    site = site_of(request)
    found = await site.gateway.database.run(_accounts, site, site.gateway.clock())
    context = {"accounts": found, "roles": list(roles.ROLES), "refusal": refusal, "form": form or {}}
    return render(request, "staff_admin.html", context, status)


def _link(request: Request, person: Staff, secret: str) -> Response:
    context = {
        "invited": person,
        "link": f"{own_origin(request)}/staff/invitation/{secret}",
        "hours": int(invitations.LASTS.total_seconds() // 3600),
    }
    return render(request, "staff_admin_link.html", context)


def _account_id(request: Request) -> str:
    return str(request.path_params["account_id"])


def _invite(site: Site, form: Mapping[str, str], actor: Actor, now: datetime) -> tuple[Staff, str]:
    with site.gateway.database.writing() as connection:
        name, shown, role = (form.get(field, "") for field in ("name", "display_name", "role"))
        return invitations.invite(connection, name, shown, role, actor, now)


def _reset(site: Site, staff_id: str, actor: Actor, now: datetime) -> tuple[Staff, str]:
    if staff_id == actor.staff_id:
        raise BadAccount("You cannot reset your own account here. Change your password on your own page.")
    with site.gateway.database.writing() as connection:
        return invitations.reset(connection, staff_id, actor, now)


def _apply(site: Site, change: Change, staff_id: str, actor: Actor, now: datetime) -> None:
    with site.gateway.database.writing() as connection:
        change(connection, staff_id, actor, now)


def _accounts(site: Site, now: datetime) -> Sequence[Account]:
    with site.gateway.database.reading() as connection:
        return staff.accounts(connection, now)


def _entries(site: Site, before: int | None) -> tuple[Sequence[Entry], Mapping[str, str]]:
    """Rows of the log, and the names of the accounts there are."""
    with site.gateway.database.reading() as connection:
        names = {account.staff.id: account.staff.name for account in staff.accounts(connection, site.gateway.clock())}
        return audit.newest(connection, LOG_PAGE, before), names


ROUTES = [
    Route(ADMIN, list_page, methods=["GET"]),
    Route(f"{ADMIN}/invite", invite, methods=["POST"]),
    Route(f"{ADMIN}/log", log_page, methods=["GET"]),
    Route(f"{ADMIN}/accounts/{{account_id:uuid}}", change_account, methods=["POST"]),
    Route(f"{ADMIN}/accounts/{{account_id:uuid}}/name", rename, methods=["POST"]),
    Route(f"{ADMIN}/accounts/{{account_id:uuid}}/role", change_role, methods=["POST"]),
    Route(f"{ADMIN}/accounts/{{account_id:uuid}}/reset", reset, methods=["POST"]),
]
