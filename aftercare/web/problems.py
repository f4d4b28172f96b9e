"""Everything that is answered with an error: a code for programs, and a sentence that says what to do."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aftercare.conversation.database import StorageError
from aftercare.web.site import site_of

log = logging.getLogger("aftercare.web")

SENTENCES = {
    "bad_request": (400, "We could not read that. Please write it again."),
    "empty": (400, "There is no text in this message. Type your question, then send it."),
    "control_characters": (400, "This message has characters that cannot be shown. Please type it, do not paste it."),
    "button": (400, "This button can no longer be used. Please type your answer."),
    "treated_on": (400, "Please give the day of your treatment as a date that is not in the future."),
    "session": (401, "This conversation has ended. Open a new one to go on."),
    "origin": (403, "The chat cannot be used from this page. Please open it on the clinic's website."),
    "form": (
        403,
        "This form was open for too long, or did not come from our page. Reload the page, then send it again.",
    ),
    "forbidden": (403, "Your account may not open this page. Ask who looks after the accounts at your clinic."),
    "invitation": (
        410,
        "This link was used before, or it is more than three days old. Ask who sent it to you for a new one.",
    ),
    "not_found": (404, "There is nothing at this address."),
    "method": (405, "This address does not take that kind of request."),
    "not_now": (409, "That cannot be done now. Please look at the chat to see how things stand."),
    "too_long": (413, "This message is too long. Please keep it under 2,000 characters."),
    "media_type": (415, "This request is not in the form that we can read (JSON)."),
    "photo_too_big": (
        413,
        "This photo is too big. The limit is 15 MB and 50 megapixels. Please send a smaller one, or a screenshot of it.",
    ),
    "not_a_photo": (415, "This file is not a photo that we can open. Please send a JPEG, PNG, WebP or HEIC photo."),
    "not_a_form": (415, "This request is not in the form that we can read (multipart)."),
    "photo_damaged": (422, "We could not open this photo. The file may be damaged. Please send another one."),
    "too_many_photos": (422, "Please send at most 4 photos at a time."),
    "photos_today": (
        422,
        "You have sent many photos today, and this one was not taken. Please try again tomorrow, or call {phone}.",
    ),
    "too_many": (
        429,
        "That was a lot at once. Please wait {wait} seconds, then try again. If it is urgent, call {phone}.",
    ),
    "storage": (
        503,
        "Something on our side does not work, so nothing was saved. Please call {phone}. "
        "In an emergency call {emergency_number}.",
    ),
    "error": (
        500,
        "Something went wrong on our side. Please try again, or call {phone}. In an emergency call {emergency_number}.",
    ),
}

_CODE_OF_STATUS = {404: "not_found", 405: "method", 413: "too_long"}


class Problem(Exception):
    """Ends a request with the error ``code``, a key of SENTENCES.

    ``wait``: seconds, for "too_many". ``place``: which of several photos it is about, from 0.
    """

    def __init__(self, code: str, *, wait: int = 0, place: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.wait = wait
        self.place = place


async def on_problem(request: Request, problem: Exception) -> Response:
    """Answer a Problem."""
    if not isinstance(problem, Problem):
        raise TypeError("on_problem answers problems")
    headers = {"Retry-After": str(problem.wait)} if problem.wait else None
    more = {} if problem.place is None else {"photo": problem.place}
    return error_response(request, problem.code, wait=problem.wait, headers=headers, more=more)


async def on_storage_error(request: Request, error: Exception) -> Response:
    """Answer when the database does not work. Nothing was taken; the patient learns whom to call."""
    if not isinstance(error, StorageError):
        raise TypeError("on_storage_error answers storage errors")
    log.error("%s: the database does not work: %s", request.scope["path"], error)
    return error_response(request, "storage", headers={"Retry-After": "5"})


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what Starlette itself refuses: unknown address, wrong method."""
    if not isinstance(error, HTTPException):
        raise TypeError("on_http_exception answers HTTP exceptions")
    code = _CODE_OF_STATUS.get(error.status_code, "bad_request" if error.status_code < 500 else "error")
    return error_response(request, code, headers=error.headers)


def error_response(
    request: Request,
    code: str,
    *,
    wait: int = 0,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, int] | None = None,
) -> Response:
    """The error as JSON for the API (``more``: further fields of it), as a page for people."""
    site = site_of(request)
    status, sentence = SENTENCES[code]
    clinic = site.clinic
    text = sentence.format(wait=wait, phone=clinic.phone, emergency_number=clinic.emergency_number)
    if request.scope["path"].startswith("/api/"):
        return JSONResponse({"error": code, "message": text, **(more or {})}, status_code=status, headers=headers)
    context = {
        "status": status,
        "text": text,
        "clinic": clinic,
        "staff_area": request.scope["path"].startswith("/staff"),
    }
    return site.templates.TemplateResponse(
        request, "error.html", context, status_code=status, headers=dict(headers or {})
    )


class NoSurprises:
    """Answers what nobody caught. Logs where it happened, never what was said: messages may quote patients."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noting_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, noting_send)
        except Exception as error:
            log.error("%s failed: %s at %s", scope["path"], type(error).__name__, _place(error))
            if not started:
                response = error_response(Request(scope), "error")
                await response(scope, receive, send)


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "aftercare" in frame.filename] or frames
    return f"{ours[-1].filename}:{ours[-1].lineno}" if ours else "unknown place"
