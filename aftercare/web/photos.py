"""Photos that patients send: the upload, and the patient's own look at them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

from python_multipart.exceptions import FormParserError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aftercare.conversation.message_text import LONGEST
from aftercare.conversation.photos import MOST_IN_MESSAGE, NoPhoto, TooManyPhotos
from aftercare.photos.folder import FULL, THUMBNAIL
from aftercare.photos.process import Copies, Refused, copies_of
from aftercare.web import request_body
from aftercare.web.patient_api import limit_messages, patient_call, token_of
from aftercare.web.problems import Problem
from aftercare.web.site import Site, site_of

LARGEST = 15 * 1024 * 1024
"""Bytes of one photo. Phones make 2 to 12 million."""

_AROUND = 64 * 1024
"""Bytes of a request beside its photos: the words, and what multipart adds."""


@patient_call
async def send(request: Request) -> Response:
    """Take ``client_id``, ``text`` (may be absent) and one to MOST_IN_MESSAGE files ``photo``.

    What can be refused before the bytes arrive is refused then. Nothing is kept of a refused request; the page has it all.
    """
    site = site_of(request)
    token = token_of(request)
    limit_messages(request, token)
    photos = site.photos
    try:
        await site.gateway.database.run(photos.check, token)
        async with AsyncExitStack() as closing:
            form = await _form(request)
            closing.push_async_callback(form.close)
            client_id, text, files = _fields(form)
            copies = [await _copies(site, place, file) for place, file in enumerate(files)]
        accepted = await site.gateway.database.run(photos.post, token, client_id, text, copies)
    except TooManyPhotos:
        raise Problem("photos_today") from None
    return JSONResponse({"seq": accepted.seq, "duplicate": accepted.duplicate}, status_code=202)


@patient_call
async def full(request: Request) -> Response:
    return await _own(request, FULL)


@patient_call
async def thumbnail(request: Request) -> Response:
    return await _own(request, THUMBNAIL)


def picture(content: bytes) -> Response:
    """A photo as an answer: a JPEG that we made ourselves, and nothing else whatever asks for it (see ``security``)."""
    headers = {"Content-Disposition": 'inline; filename="photo.jpg"', "Cross-Origin-Resource-Policy": "same-origin"}
    return Response(content, media_type="image/jpeg", headers=headers)


async def _own(request: Request, suffix: str) -> Response:
    site = site_of(request)
    photo_id = str(request.path_params["photo_id"])
    try:
        return picture(await site.gateway.database.run(site.photos.of_patient, token_of(request), photo_id, suffix))
    except NoPhoto:
        raise Problem("not_found") from None


async def _form(request: Request) -> FormData:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise Problem("not_a_form")
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > MOST_IN_MESSAGE * LARGEST + _AROUND:
        raise Problem("photo_too_big")
    try:
        # One file more than may be sent, so that it can be told apart from a form that is broken.
        parser = _PhotoParser(
            request.headers, _bytes(request), max_files=MOST_IN_MESSAGE + 1, max_fields=4, max_part_size=4 * LONGEST
        )
        return await parser.parse()
    except (MultiPartException, FormParserError, ClientDisconnect):
        raise Problem("bad_request") from None


class _PhotoParser(MultiPartParser):
    """Ends the request at the first photo that is too big, while it is still being sent."""

    _size = 0

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self._size = 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._size > LARGEST:
            raise Problem("photo_too_big", place=sum(isinstance(item, UploadFile) for _, item in self.items))
        super().on_part_data(data, start, end)


async def _bytes(request: Request) -> AsyncGenerator[bytes, None]:
    async for chunk in request.stream():
        yield chunk


def _fields(form: FormData) -> tuple[str, str, list[UploadFile]]:
    text = form.get("text", "")
    files = [file for file in form.getlist("photo") if isinstance(file, UploadFile)]
    if not isinstance(text, str) or not files:
        raise Problem("bad_request")
    if len(files) > MOST_IN_MESSAGE:
        raise Problem("too_many_photos")
    return request_body.client_id({"client_id": form.get("client_id")}), text, files


async def _copies(site: Site, place: int, file: UploadFile) -> Copies:
    # Two at once: each may take a core for a second, and the chat must not wait for photos.
    async with site.photo_work:
        try:
            return await run_in_threadpool(copies_of, file.file)
        except Refused as refused:
            raise Problem(_CODES[refused.code], place=place) from None


_CODES = {
    "empty": "photo_damaged",
    "not_a_photo": "not_a_photo",
    "too_many_pixels": "photo_too_big",
    "damaged": "photo_damaged",
}

ROUTES = [
    Route("/api/v1/photos", send, methods=["POST"]),
    Route("/api/v1/photos/{photo_id:uuid}", full, methods=["GET"]),
    Route("/api/v1/photos/{photo_id:uuid}/thumbnail", thumbnail, methods=["GET"]),
]
