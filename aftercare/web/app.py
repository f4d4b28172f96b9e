"""Puts the web process together: ``create_app``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from aftercare.conversation.addresses import Addresses, read_addresses
from aftercare.conversation.assistant import Assistant, Reports, Screen
from aftercare.conversation.clock import Clock, utc_now
from aftercare.conversation.database import Database, StorageError
from aftercare.conversation.delivery import AppriseDelivery, Deliver
from aftercare.conversation.gateway import Gateway
from aftercare.conversation.handoff_rules import HandoffRules
from aftercare.conversation.notification_sender import Office, Sender
from aftercare.conversation.photos import Photos
from aftercare.conversation.ports import Ports
from aftercare.conversation.rasa_assistant import HttpAssistant
from aftercare.conversation.wording import Wording
from aftercare.conversation.worker import Patience
from aftercare.knowledge.clinic import Clinic
from aftercare.photos.folder import PhotoFolder
from aftercare.web import (
    account_admin,
    accounts,
    console,
    health,
    lead,
    notifications,
    own_account,
    pages,
    patient_api,
    patient_copy,
    photo_sweep,
    photos,
    staff_photos,
    training,
)
from aftercare.web.console_content import ConsoleContent
from aftercare.web.console_feed import Feed
from aftercare.web.problems import NoSurprises, Problem, on_http_exception, on_problem, on_storage_error
from aftercare.web.rate_limit import TokenBuckets
from aftercare.web.security import SecurityHeaders
from aftercare.web.settings import Settings, check_origin
from aftercare.web.site import Limits, Site

HERE = Path(__file__).parent

log = logging.getLogger("aftercare.web")


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
    deliver: Deliver | None = None,
    console_content: ConsoleContent | None = None,
) -> Starlette:
    """The web process: patient API, pages, staff pages, health, the worker that answers turns, and the sweeper of cases.

    settings    where things are and how much is allowed (``Settings.from_environment``)
    clinic      what the pages say about the clinic; its ``origins`` may show the chat, its ``time_zone`` is the
                zone in which the screen and the assistant get the time of a message
    screen      looks for emergencies before the assistant does; called in a thread
    wording     the sentences that the conversation itself says
    reports     starts a conversation's report, and settles it when staff have dealt with a case
    assistant   who answers turns; without it Rasa at ``settings.rasa_url``, signed with ``settings.turn_secret``
    clock       the time, with an offset; tests pass their own
    patience    time limits of a turn; tests shorten them
    deliver     sends notifications to staff; without it Apprise, with the addresses of the clinic's recipients
    console_content  the clinic's saved replies, and how signs are called on the staff pages

    Startup applies migrations and begins worker, sweeper, lookout and the sender of notifications, so the app is to be run with
    its lifespan, and once in a process. Raises BadSetting, and StorageError where the database cannot be opened.
    """
    for origin in clinic.origins:
        check_origin(origin, "clinic.yml, origins")
    answering = assistant or HttpAssistant(settings.rasa_url, settings.turn_secret)
    zone, rules = ZoneInfo(clinic.time_zone), HandoffRules.of(clinic)
    ports = Ports(answering, screen, wording, reports, clinic.assistant_name, zone, rules)
    gateway = Gateway(Database(settings.database_url), ports, clock=clock, patience=patience)
    templates = Jinja2Templates(directory=HERE / "templates")
    kept = Photos(gateway, PhotoFolder(Path(settings.photo_folder)), timedelta(days=clinic.retention_days))
    feed = Feed(gateway, templates)
    addresses = Addresses() if deliver else _addresses(settings, clinic)
    site = Site(
        settings,
        clinic,
        gateway,
        templates,
        _limits(settings),
        kept,
        feed,
        console_content or ConsoleContent(),
        addresses.problems,
    )
    office = Office(clinic.notifications, clinic.name, settings.url)
    sender = Sender(gateway.database, office, deliver or AppriseDelivery(addresses), clock)
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
    app.state.sender = sender
    return app


def _routes() -> list[BaseRoute]:
    static = Mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    administration = [*account_admin.ROUTES, *notifications.ROUTES]
    staff_pages = [
        *accounts.ROUTES,
        *own_account.ROUTES,
        *administration,
        *lead.ROUTES,
        *training.ROUTES,
        *console.ROUTES,
        *staff_photos.ROUTES,
    ]
    return [
        *patient_api.ROUTES,
        *photos.ROUTES,
        *patient_copy.ROUTES,
        *pages.ROUTES,
        *staff_pages,
        *health.ROUTES,
        static,
    ]


def _addresses(settings: Settings, clinic: Clinic) -> Addresses:
    """Where staff are told of cases. What cannot be used is logged and shown in the console; patients are served all the same."""
    plan = clinic.notifications
    file = Path(settings.address_file) if settings.address_file else plan.address_file
    addresses = read_addresses(plan.recipients, file if plan.recipients else None)
    for problem in addresses.problems:
        log.error("messages to staff: %s", problem)
    return addresses


def _limits(settings: Settings) -> Limits:
    return Limits(
        messages=TokenBuckets(max(1, settings.messages_per_minute * 8 // 30), settings.messages_per_minute),
        sessions=TokenBuckets(max(1, settings.sessions_per_minute // 3), settings.sessions_per_minute),
        logins=TokenBuckets(burst=20, per_minute=20),
        marks=TokenBuckets(burst=30, per_minute=120),
    )


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    gateway: Gateway = app.state.site.gateway
    await gateway.database.run(gateway.start)
    worker = gateway.worker()
    sender: Sender = app.state.sender
    sweeper, lookout = gateway.sweeper(), gateway.lookout()
    tasks = [asyncio.create_task(run()) for run in (worker.run, sweeper.run, lookout.run, sender.run)]
    sweeping = asyncio.create_task(photo_sweep.run(app.state.site))
    try:
        yield
    finally:
        sweeping.cancel()
        sweeper.stop()
        lookout.stop()
        await asyncio.gather(worker.stop(), sender.stop())
        await asyncio.gather(*tasks)
        if isinstance(gateway.ports.assistant, HttpAssistant):
            await gateway.ports.assistant.close()
        gateway.close()
