"""Puts the web process together: ``create_app``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from aftercare.conversation.assistant import Assistant, Reports, Screen
from aftercare.conversation.clock import Clock, utc_now
from aftercare.conversation.database import Database, StorageError
from aftercare.conversation.gateway import Gateway
from aftercare.conversation.rasa_assistant import HttpAssistant
from aftercare.conversation.wording import Wording
from aftercare.conversation.worker import Patience, Ports
from aftercare.knowledge.clinic import Clinic
from aftercare.web import health, pages, patient_api, staff
from aftercare.web.problems import NoSurprises, Problem, on_http_exception, on_problem, on_storage_error
from aftercare.web.rate_limit import TokenBuckets
from aftercare.web.security import SecurityHeaders
from aftercare.web.settings import Settings, check_origin
from aftercare.web.site import Limits, Site

HERE = Path(__file__).parent


def create_app(
    settings: Settings,
    *,
    clinic: Clinic,
    screen: Screen,
    wording: Wording,
    reports: Reports,
    assistant: Assistant | None = None,
    clock: Clock = utc_now,
    patience: Patience | None = None,
) -> Starlette:
    """The web process: patient API, pages, staff pages, health, and the worker that answers turns.

    settings    where things are and how much is allowed (``Settings.from_environment``)
    clinic      what the pages say about the clinic; its ``origins`` may show the chat, its ``time_zone`` is the
                zone in which the screen and the assistant get the time of a message
    screen      looks for emergencies before the assistant does; called in a thread
    wording     the sentences that the conversation itself says
    reports     starts a conversation's report, and settles it when staff have dealt with a case
    assistant   who answers turns; without it Rasa at ``settings.rasa_url``, signed with ``settings.turn_secret``
    clock       the time, with an offset; tests pass their own
    patience    time limits of a turn; tests shorten them

    Startup applies migrations and begins the worker, so the app is to be run with its lifespan, and once in a
    process. Raises BadSetting, and StorageError where the database cannot be opened.
    """
    for origin in clinic.origins:
        check_origin(origin, "clinic.yml, origins")
    answering = assistant or HttpAssistant(settings.rasa_url, settings.turn_secret)
    ports = Ports(answering, screen, wording, reports, clinic.assistant_name, ZoneInfo(clinic.time_zone))
    gateway = Gateway(Database(settings.database_url), ports, clock=clock, patience=patience)
    templates = Jinja2Templates(directory=HERE / "templates")
    site = Site(settings, clinic, gateway, templates, _limits(settings))
    app = Starlette(
        routes=_routes(),
        middleware=[
            Middleware(SecurityHeaders, origins=site.origins, https=settings.https),
            Middleware(NoSurprises),
        ],
        exception_handlers={
            Problem: on_problem,
            StorageError: on_storage_error,
            HTTPException: on_http_exception,
        },
        lifespan=_lifespan,
    )
    app.state.site = site
    return app


def _routes() -> list[BaseRoute]:
    static = Mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    return [*patient_api.ROUTES, *pages.ROUTES, *staff.ROUTES, *health.ROUTES, static]


def _limits(settings: Settings) -> Limits:
    return Limits(
        messages=TokenBuckets(max(1, settings.messages_per_minute * 8 // 30), settings.messages_per_minute),
        sessions=TokenBuckets(max(1, settings.sessions_per_minute // 3), settings.sessions_per_minute),
        logins=TokenBuckets(burst=5, per_minute=5),
    )


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    gateway: Gateway = app.state.site.gateway
    await gateway.database.run(gateway.start)
    worker = gateway.worker()
    working = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        await worker.stop()
        await working
        if isinstance(gateway.ports.assistant, HttpAssistant):
            await gateway.ports.assistant.close()
        gateway.close()
