"""Health for supervisors and load balancers: alive, and able to do the whole job."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aftercare.conversation.assistant import AssistantUnavailable
from aftercare.conversation.database import StorageError
from aftercare.web.site import Site, site_of

PATIENCE = 5.0
"""Seconds for the assistant's answer to a readiness check."""


async def healthz(request: Request) -> Response:
    """The process answers. Says nothing about the database or the assistant."""
    return JSONResponse({"alive": True})


async def readyz(request: Request) -> Response:
    """200 where the database takes a write and the assistant answers a message it knows; else 503, naming which."""
    site = site_of(request)
    database, assistant = await asyncio.gather(_database(site), _assistant(site))
    ready = database == "ok" and assistant["status"] == "ok"
    answer = {"ready": ready, "database": database, "assistant": assistant}
    return JSONResponse(answer, status_code=200 if ready else 503, headers={"Cache-Control": "no-store"})


async def _database(site: Site) -> str:
    try:
        await site.gateway.database.run(site.gateway.probe)
    except StorageError as error:
        return str(error)
    return "ok"


async def _assistant(site: Site) -> dict[str, str]:
    try:
        model = await asyncio.wait_for(site.gateway.ports.assistant.ready(), PATIENCE)
    except asyncio.TimeoutError:
        return {"status": "late"}
    except AssistantUnavailable as error:
        return {"status": error.reason}
    return {"status": "ok", "model_id": model}


ROUTES = [Route("/healthz", healthz), Route("/readyz", readyz)]
