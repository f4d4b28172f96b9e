"""The staff session's cookie, and the form token that is bound to it."""

from __future__ import annotations

import hashlib
import hmac

from starlette.requests import Request
from starlette.responses import Response

from aftercare.conversation.sessions import new_token
from aftercare.conversation.staff import ABSOLUTE
from aftercare.web.security import is_https

COOKIE = "aftercare_staff"


def token_in(request: Request) -> str | None:
    """The session token that the browser sent, whosever it is."""
    return request.cookies.get(_name(request)) or None


def new_anonymous_token() -> str:
    """A session of nobody: it only ties the login form to the browser that asked for it."""
    return new_token()


def csrf_of(token: str) -> str:
    """The token for forms in this session. Who has it cannot tell the session's own token from it."""
    return hmac.new(token.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hexdigest()


def is_csrf_of(token: str, given: str) -> bool:
    return hmac.compare_digest(csrf_of(token).encode(), given.encode("utf-8", "surrogatepass"))


def set_cookie(request: Request, response: Response, token: str) -> None:
    response.set_cookie(
        _name(request),
        token,
        max_age=int(ABSOLUTE.total_seconds()),
        path="/",
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )


def forget_cookie(request: Request, response: Response) -> None:
    response.delete_cookie(_name(request), path="/", secure=is_https(request), httponly=True, samesite="lax")


def _name(request: Request) -> str:
    # Browsers take a __Host- cookie only from the host itself over TLS: no neighbour can plant one.
    return f"__Host-{COOKIE}" if is_https(request) else COOKIE
