"""Security headers of every answer, and which pages may send requests."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aftercare.web.problems import Problem
from aftercare.web.site import Site, site_of

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'"
)


class SecurityHeaders:
    """Adds the headers. ``origins``: who may show the chat page in a frame, beside ourselves."""

    def __init__(self, app: ASGIApp, origins: Sequence[str], https: bool) -> None:
        self._app = app
        self._origins = " ".join(("'self'", *origins))
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(scope["path"], MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, sending)

    def _add(self, path: str, headers: MutableHeaders) -> None:
        headers["Content-Security-Policy"] = self._policy(path, headers.get("content-type", ""))
        headers["X-Content-Type-Options"] = "nosniff"
        # "no-referrer" would make browsers send "Origin: null" with forms, and staff forms are checked by origin.
        headers["Referrer-Policy"] = "same-origin" if path.startswith("/staff") else "no-referrer"
        if path.startswith(("/api/", "/staff", "/chat/")):
            headers["Cache-Control"] = "no-store"
        elif path.startswith("/static/"):
            headers["Cache-Control"] = "no-cache"
        if path.startswith("/staff"):
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if self._https:
            headers["Strict-Transport-Security"] = "max-age=31536000"

    def _policy(self, path: str, content_type: str) -> str:
        if content_type == "image/jpeg":
            # Photos: even if one were taken for a page, nothing in it would run.
            return "default-src 'none'; sandbox; frame-ancestors 'none'"
        # The chat shows photos that the script fetched with the session's token.
        policy = CONTENT_POLICY.replace("img-src 'self'", "img-src 'self' blob:") if path == "/chat" else CONTENT_POLICY
        return f"{policy}; {self._frames(path)}"

    def _frames(self, path: str) -> str:
        if path == "/chat":
            return f"frame-ancestors {self._origins}"
        if path == "/demo":
            # The demo page stands for the clinic's website: it shows the chat in a frame.
            return "frame-src 'self'; frame-ancestors 'none'"
        return "frame-ancestors 'none'"


def own_origin(request: Request) -> str:
    """The origin of our own pages as the browser sees it."""
    public = site_of(request).settings.public_url
    if public:
        return public.rstrip("/").lower()
    return f"{request.scope['scheme']}://{request.headers.get('host', '')}".lower()


def check_patient_origin(request: Request) -> None:
    """Raise Problem where a page of somebody else sends the request. Programs that are no browsers send no origin."""
    origin = request.headers.get("origin")
    if origin is not None and origin.lower() not in (own_origin(request), *_lower(site_of(request))):
        raise Problem("origin")


def is_own_page(request: Request) -> bool:
    """Whether one of our own pages sends the request: what staff do must say so."""
    return request.headers.get("origin", "").lower() == own_origin(request)


def is_https(request: Request) -> bool:
    return site_of(request).settings.https or request.scope["scheme"] == "https"


def _lower(site: Site) -> tuple[str, ...]:
    return tuple(origin.lower() for origin in site.origins)
