"""The staff pages: log in, the open cases by urgency, one case with its transcript. Rendered here, without scripts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from aftercare.conversation import cases, staff
from aftercare.conversation.cases import Case, CaseFile
from aftercare.conversation.staff import Staff
from aftercare.web import request_body, staff_session
from aftercare.web.case_view import list_rows, list_summary, transcript_rows
from aftercare.web.problems import Problem
from aftercare.web.security import is_own_page
from aftercare.web.site import Site, address_of, site_of


async def login_page(request: Request) -> Response:
    """The form, with a new anonymous session that its token is bound to."""
    token = staff_session.token_in(request) or staff_session.new_anonymous_token()
    response = _page(request, "staff_login.html", {"csrf": staff_session.csrf_of(token), "name": "", "refusal": ""})
    staff_session.set_cookie(request, response, token)
    return response


async def login(request: Request) -> Response:
    """Check the password. The session changes with the login, so one that was planted before is worth nothing."""
    site = site_of(request)
    form = await _form(request)
    if not _is_genuine(request, form):
        return _again(request, form, "The form was open for too long. Please log in again.", 403)
    name, password = form.get("name", ""), form.get("password", "")
    wait = max(site.limits.logins.take(f"address {address_of(request)}"), _take_name(site, name))
    if wait:
        return _again(request, form, f"Too many tries. Please wait {wait} seconds, then try again.", 429, wait)
    database = site.gateway.database
    person = await database.run(staff.verify, database, name, password)
    if person is None:
        return _again(request, form, "The user name or the password is wrong.", 401)
    token = await database.run(_open, site, person, site.gateway.clock())
    response = RedirectResponse("/staff", status_code=303)
    staff_session.set_cookie(request, response, token)
    return response


async def logout(request: Request) -> Response:
    site = site_of(request)
    if not _is_genuine(request, await _form(request)):
        raise Problem("origin")
    token = staff_session.token_in(request)
    if token:
        await site.gateway.database.run(_end, site, token, site.gateway.clock())
    response = RedirectResponse("/staff/login", status_code=303)
    staff_session.forget_cookie(request, response)
    return response


async def case_list(request: Request) -> Response:
    """The open cases."""
    site = site_of(request)
    person = await _person(site, request, active=True)
    if person is None:
        return RedirectResponse("/staff/login", status_code=303)
    return _page(request, "staff_cases.html", {**await _listed(site), **_signed_in(request, person)})


async def case_list_part(request: Request) -> Response:
    """The list alone, which the page asks for again and again. Does not keep the session alive."""
    site = site_of(request)
    if await _person(site, request, active=False) is None:
        return Response(status_code=401)
    return _page(request, "staff_case_list.html", await _listed(site))


async def case_page(request: Request) -> Response:
    """One case: why it is open, what has happened to it, the transcript with the words that raised it."""
    site = site_of(request)
    person = await _person(site, request, active=True)
    if person is None:
        return RedirectResponse("/staff/login", status_code=303)
    file = await site.gateway.database.run(_case_file, site, str(request.path_params["case_id"]))
    if file is None:
        raise Problem("not_found")
    now = site.gateway.clock()
    context = {
        "row": list_rows([file.case], now)[0],
        "file": file,
        "messages": transcript_rows(file),
        "reasons": cases.REASONS,
        **_signed_in(request, person),
    }
    return _page(request, "staff_case.html", context)


def _page(request: Request, template: str, context: dict[str, Any], status: int = 200) -> Response:
    site = site_of(request)
    context = {"clinic": site.clinic, "zone": site.gateway.ports.zone, **context}
    return site.templates.TemplateResponse(request, template, context, status_code=status)


def _again(request: Request, form: dict[str, str], refusal: str, status: int, wait: int = 0) -> Response:
    token = staff_session.token_in(request) or staff_session.new_anonymous_token()
    context = {"csrf": staff_session.csrf_of(token), "name": form.get("name", ""), "refusal": refusal}
    response = _page(request, "staff_login.html", context, status)
    staff_session.set_cookie(request, response, token)
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


async def _form(request: Request) -> dict[str, str]:
    content = (await request_body.body(request)).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(content, keep_blank_values=True, max_num_fields=20))
    except ValueError:
        raise Problem("bad_request") from None


def _is_genuine(request: Request, form: dict[str, str]) -> bool:
    """Whether our own form was sent, in the session that it was made for."""
    token = staff_session.token_in(request)
    return token is not None and is_own_page(request) and staff_session.is_csrf_of(token, form.get("csrf", ""))


def _take_name(site: Site, name: str) -> int:
    return site.limits.logins.take(f"name {name.strip().lower()[:80]}")


async def _person(site: Site, request: Request, *, active: bool) -> Staff | None:
    token = staff_session.token_in(request)
    if token is None:
        return None
    return await site.gateway.database.run(_whose, site, token, site.gateway.clock(), active)


def _whose(site: Site, token: str, now: datetime, active: bool) -> Staff | None:
    with site.gateway.database.reading() as connection:
        person = staff.staff_of(connection, token, now)
    if person is not None and active:
        with site.gateway.database.writing() as connection:
            staff.staff_seen(connection, token, now)
    return person


def _open(site: Site, person: Staff, now: datetime) -> str:
    with site.gateway.database.writing() as connection:
        return staff.open_staff_session(connection, person, now)


def _end(site: Site, token: str, now: datetime) -> None:
    with site.gateway.database.writing() as connection:
        staff.end_staff_session(connection, token, now)


async def _listed(site: Site) -> dict[str, Any]:
    rows = list_rows(await site.gateway.database.run(_open_cases, site), site.gateway.clock())
    return {"rows": rows, "summary": list_summary(rows)}


def _open_cases(site: Site) -> list[Case]:
    with site.gateway.database.reading() as connection:
        return cases.open_cases(connection)


def _case_file(site: Site, case_id: str) -> CaseFile | None:
    with site.gateway.database.reading() as connection:
        return cases.case_file(connection, case_id)


def _signed_in(request: Request, person: Staff) -> dict[str, Any]:
    token = staff_session.token_in(request) or ""
    return {"person": person, "csrf": staff_session.csrf_of(token)}


ROUTES = [
    Route("/staff/login", login_page, methods=["GET"]),
    Route("/staff/login", login, methods=["POST"]),
    Route("/staff/logout", logout, methods=["POST"]),
    Route("/staff", case_list, methods=["GET"]),
    Route("/staff/list", case_list_part, methods=["GET"]),
    Route("/staff/cases/{case_id:uuid}", case_page, methods=["GET"]),
]
