"""What every request handler works with, made once by ``create_app``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.templating import Jinja2Templates

from aftercare.conversation.gateway import Gateway
from aftercare.knowledge.clinic import Clinic
from aftercare.web.rate_limit import TokenBuckets
from aftercare.web.settings import Settings


@dataclass(frozen=True)
class Limits:
    """Who may do how much. ``logins`` counts by user name and by address."""

    messages: TokenBuckets
    sessions: TokenBuckets
    logins: TokenBuckets


@dataclass(frozen=True)
class Site:
    """The gateway, the clinic, and how this process runs. ``streams``: open streams of each conversation."""

    settings: Settings
    clinic: Clinic
    gateway: Gateway
    templates: Jinja2Templates
    limits: Limits
    streams: Counter[str] = field(default_factory=Counter)

    @property
    def origins(self) -> tuple[str, ...]:
        """Origins of pages that may show the chat, beside our own."""
        return tuple(dict.fromkeys((*self.clinic.origins, *self.settings.allowed_origins)))


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def address_of(request: Request) -> str:
    """The client's network address; behind a proxy, the one that the server was told to trust."""
    return request.client.host if request.client else "unknown"
