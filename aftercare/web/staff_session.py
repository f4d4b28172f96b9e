"""The staff session's cookie, the form token that is bound to it, and the cookie of a browser that staff have used."""

from __future__ import annotations

import hashlib
import hmac

from starlette.requests import Request
from starlette.responses import Response

from aftercare.conversation.login_waits import DEVICE_KEPT
from aftercare.conversation.sessions import new_token
from aftercare.conversation.staff_sessions import ABSOLUTE
from aftercare.web.security import is_https

COOKIE = "aftercare_staff"
DEVICE_COOKIE = "aftercare_device"


def token_in(request: Request) -> str | None:
    """The session token that the browser sent, whosever it is."""
    return request.cookies.get(_name(request, COOKIE)) or None


def device_in(request: Request) -> str | None:
    """The token of the browser itself, where staff have logged in with it."""
    return request.cookies.get(_name(request, DEVICE_COOKIE)) or None


def new_anonymous_token() -> str:
    """A session of nobody: it only ties the login form to the browser that asked for it."""
    return new_token()


def csrf_of(token: str) -> str:
    """The token for forms in this session. Who has it cannot tell the session's own token from it."""
    return hmac.new(token.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hexdigest()


def is_csrf_of(token: str, given: str) -> bool:
    return hmac.compare_digest(csrf_of(token).encode(), given.encode("utf-8", "surrogatepass"))


def set_cookie(request: Request, response: Response, token: str) -> None:
    _set(request, response, COOKIE, token, int(ABSOLUTE.total_seconds()))


def set_device_cookie(request: Request, response: Response, token: str) -> None:
    _set(request, response, DEVICE_COOKIE, token, int(DEVICE_KEPT.total_seconds()))


def forget_cookie(request: Request, response: Response) -> None:
    name = _name(request, COOKIE)
    response.delete_cookie(name, path="/", secure=is_https(request), httponly=True, samesite="lax")


def _set(request: Request, response: Response, cookie: str, token: str, seconds: int) -> None:
    response.set_cookie(
        _name(request, cookie),
        token,
        max_age=seconds,
        path="/",
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )


def _name(request: Request, cookie: str) -> str:
    # Browsers take a __Host- cookie only from the host itself over TLS: no neighbour can plant one.
    return f"__Host-{cookie}" if is_https(request) else cookie
