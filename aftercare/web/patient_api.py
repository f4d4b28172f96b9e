"""The patient API (docs/architecture.md, "Patient API"): open a session, read, write, ask for a person, wait or leave."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aftercare.conversation.gateway import NoButton
from aftercare.conversation.message_text import BadText
from aftercare.conversation.patient import NotNow
from aftercare.conversation.sessions import NoSession
from aftercare.conversation.turns import Accepted
from aftercare.knowledge.clinic import Clinic
from aftercare.web import request_body, stream
from aftercare.web.problems import Problem
from aftercare.web.rate_limit import TokenBuckets
from aftercare.web.security import check_patient_origin
from aftercare.web.site import address_of, site_of

Handler = Callable[[Request], Awaitable[Response]]


def patient_call(handler: Handler) -> Handler:
    """Check where the request comes from, and answer the conversation's refusals with their errors."""

    @wraps(handler)
    async def checked(request: Request) -> Response:
        check_patient_origin(request)
        try:
            return await handler(request)
        except NoSession:
            raise Problem("session") from None
        except BadText as error:
            raise Problem(error.code) from None
        except NoButton:
            raise Problem("button") from None
        except NotNow:
            raise Problem("not_now") from None

    return checked


@patient_call
async def open_session(request: Request) -> Response:
    site = site_of(request)
    data = await request_body.json_object(request)
    # A patient east of the clinic may already have tomorrow's date.
    latest = site.gateway.clock().astimezone(site.gateway.ports.zone).date() + timedelta(days=1)
    treated_on = request_body.treated_on(data, latest)
    _limit(site.limits.sessions, address_of(request))
    opened = await site.gateway.database.run(site.gateway.open_session, treated_on)
    answer = {
        "token": opened.token,
        "expires_at": opened.expires_at.isoformat(),
        "clinic": clinic_card(site.clinic),
    }
    return JSONResponse(answer, status_code=201)


@patient_call
async def conversation(request: Request) -> Response:
    site = site_of(request)
    view = await site.gateway.database.run(site.gateway.view, token_of(request))
    return JSONResponse(
        {
            **stream.state_of(view),
            "last_seq": view.state.last_seq,
            "messages": [message.shown() for message in view.messages],
            "clinic": clinic_card(site.clinic),
        }
    )


@patient_call
async def messages(request: Request) -> Response:
    gateway = site_of(request).gateway
    token = token_of(request)
    data = await request_body.json_object(request)
    client_id = request_body.client_id(data)
    if ("text" in data) == ("button" in data):
        raise Problem("bad_request")
    if "button" in data:
        seq, index = request_body.button(data)
        limit_messages(request, token)
        return _accepted(await gateway.database.run(gateway.press, token, client_id, seq, index))
    if not isinstance(data["text"], str):
        raise Problem("bad_request")
    limit_messages(request, token)
    return _accepted(await gateway.database.run(gateway.post, token, client_id, data["text"]))


@patient_call
async def person(request: Request) -> Response:
    gateway = site_of(request).gateway
    token = token_of(request)
    client_id = request_body.client_id(await request_body.json_object(request))
    limit_messages(request, token)
    return _accepted(await gateway.database.run(gateway.ask_person, token, client_id))


@patient_call
async def leave(request: Request) -> Response:
    """The patient no longer waits for a person."""
    gateway = site_of(request).gateway
    token = token_of(request)
    await request_body.json_object(request)
    limit_messages(request, token)
    await gateway.database.run(gateway.leave_queue, token)
    return Response(status_code=204)


@patient_call
async def rating(request: Request) -> Response:
    """How the patient found the person's help."""
    gateway = site_of(request).gateway
    token = token_of(request)
    stars, comment = request_body.rating(await request_body.json_object(request))
    limit_messages(request, token)
    await gateway.database.run(gateway.rate, token, stars, comment)
    return Response(status_code=204)


@patient_call
async def contact(request: Request) -> Response:
    """How staff may reach the patient."""
    gateway = site_of(request).gateway
    token = token_of(request)
    text = (await request_body.json_object(request)).get("contact")
    if not isinstance(text, str):
        raise Problem("bad_request")
    limit_messages(request, token)
    await gateway.database.run(gateway.leave_contact, token, text)
    return Response(status_code=204)


@patient_call
async def typing(request: Request) -> Response:
    """The patient is writing now."""
    gateway = site_of(request).gateway
    token = token_of(request)
    await request_body.json_object(request)
    _limit(site_of(request).limits.marks, _key(token))
    await gateway.database.run(gateway.patient_typing, token)
    return Response(status_code=204)


@patient_call
async def seen(request: Request) -> Response:
    """How far the patient has seen the conversation."""
    gateway = site_of(request).gateway
    token = token_of(request)
    seq = request_body.seq(await request_body.json_object(request))
    _limit(site_of(request).limits.marks, _key(token))
    await gateway.database.run(gateway.patient_saw, token, seq)
    return Response(status_code=204)


@patient_call
async def follow(request: Request) -> Response:
    return await stream.follow(request, token_of(request))


def token_of(request: Request) -> str:
    """The session token. Raises Problem where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem("session")
    return token.strip()


def clinic_card(clinic: Clinic) -> dict[str, Any]:
    """What the chat page shows about the clinic."""
    return {
        "name": clinic.name,
        "phone": clinic.phone,
        "emergency_number": clinic.emergency_number,
        "urgent_line": clinic.urgent_line,
        "assistant_name": clinic.assistant_name,
        "printed_copy": clinic.printed_copy,
    }


def _accepted(accepted: Accepted) -> Response:
    return JSONResponse({"seq": accepted.seq, "duplicate": accepted.duplicate}, status_code=202)


def limit_messages(request: Request, token: str) -> None:
    """Count a message of this session. Raises Problem."""
    # Before the database is asked, so that guessing is slow too.
    _limit(site_of(request).limits.messages, _key(token))


def _key(token: str) -> str:
    # By hash, so that no token lies about in memory.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _limit(buckets: TokenBuckets, key: str) -> None:
    wait = buckets.take(key)
    if wait:
        raise Problem("too_many", wait=wait)


ROUTES = [
    Route("/api/v1/sessions", open_session, methods=["POST"]),
    Route("/api/v1/conversation", conversation, methods=["GET"]),
    Route("/api/v1/messages", messages, methods=["POST"]),
    Route("/api/v1/person", person, methods=["POST"]),
    Route("/api/v1/leave", leave, methods=["POST"]),
    Route("/api/v1/rating", rating, methods=["POST"]),
    Route("/api/v1/contact", contact, methods=["POST"]),
    Route("/api/v1/typing", typing, methods=["POST"]),
    Route("/api/v1/seen", seen, methods=["POST"]),
    Route("/api/v1/stream", follow, methods=["GET"]),
]
