"""How every staff page is made: the template's context, the form that was sent, where to go on."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import Response

from aftercare.conversation.staff_sessions import Staff, StaffSession
from aftercare.web import request_body, staff_session
from aftercare.web.problems import Problem
from aftercare.web.security import is_own_page
from aftercare.web.site import site_of

SECOND_FACTOR = "/staff/account/second-factor"

_OWN_PATH = re.compile(r"/staff(/[\w\-]+)*(\?[\w\-.~%=&+:]*)?", re.ASCII)


def render(request: Request, template: str, context: dict[str, Any] | None = None, status: int = 200) -> Response:
    """The template with the clinic, the time zone, the form token and who is signed in (``person``, or None).

    ``training_waiting``: cases in the trainers' inbox, for who may open it.
    """
    site = site_of(request)
    session: StaffSession | None = getattr(request.state, "staff_session", None)
    token = staff_session.token_in(request)
    common = {
        "clinic": site.clinic,
        "zone": site.gateway.ports.zone,
        "person": session.staff if session else None,
        "csrf": staff_session.csrf_of(token) if token else "",
        "training_waiting": getattr(request.state, "training_waiting", 0),
    }
    return site.templates.TemplateResponse(request, template, {**common, **(context or {})}, status_code=status)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of the form that was sent. Raises Problem."""
    if not hasattr(request.state, "form"):
        content = (await request_body.body(request)).decode("utf-8", "replace")
        try:
            request.state.form = dict(parse_qsl(content, keep_blank_values=True, max_num_fields=40))
        except ValueError:
            raise Problem("bad_request") from None
    form: dict[str, str] = request.state.form
    return form


async def is_genuine(request: Request) -> bool:
    """Whether our own page sent the request, in the session that it was made for.

    The form token comes in the field ``csrf``, or from scripts in the header ``X-CSRF-Token``.
    """
    token = staff_session.token_in(request)
    if token is None or not is_own_page(request):
        return False
    given = request.headers.get("X-CSRF-Token")
    if given is None:
        given = (await form_of(request)).get("csrf", "")
    return staff_session.is_csrf_of(token, given)


def with_next(path: str, back: str) -> str:
    """The address of a way in that leads on to ``back``."""
    return f"{path}?next={quote(back, safe='')}" if is_staff_path(back) else path


def is_staff_path(path: str) -> bool:
    """Whether it is an address among the staff pages, and nothing that a browser could read as another site's."""
    return _OWN_PATH.fullmatch(path) is not None


def after_login(person: Staff, back: str) -> str:
    """Where to go on: back to the page that was asked for, else to the page that the role works on."""
    if is_staff_path(back):
        return back
    if person.may("cases"):
        return "/staff"
    return "/staff/training" if person.may("training") else "/staff/account"


def by_script(request: Request) -> bool:
    """Whether htmx sent the request, and takes a part of the page as the answer."""
    return request.headers.get("HX-Request") == "true"
