"""What every request handler works with, made once by ``create_app``."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.templating import Jinja2Templates

from aftercare.conversation.gateway import Gateway
from aftercare.conversation.photos import Photos
from aftercare.knowledge.clinic import Clinic
from aftercare.web.console_content import ConsoleContent
from aftercare.web.console_feed import Feed
from aftercare.web.rate_limit import TokenBuckets
from aftercare.web.settings import Settings


@dataclass(frozen=True)
class Limits:
    """Who may do how much. ``logins``: tries by network address; ``marks``: what patients' pages send by themselves."""

    messages: TokenBuckets
    sessions: TokenBuckets
    logins: TokenBuckets
    marks: TokenBuckets


@dataclass(frozen=True)
class Site:
    """The gateway, the clinic, and how this process runs.

    ``feed``: the queue for the open consoles. ``console``: what they show of the clinic's own. ``address_problems``: why some
    of the staff cannot be told of cases. ``streams``: open streams of each conversation. ``photo_work``: how many photos are opened at once.
    """

    settings: Settings
    clinic: Clinic
    gateway: Gateway
    templates: Jinja2Templates
    limits: Limits
    photos: Photos
    feed: Feed
    console: ConsoleContent
    address_problems: Sequence[str] = ()
    streams: Counter[str] = field(default_factory=Counter)
    photo_work: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

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
