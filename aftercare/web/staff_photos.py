"""Patients' photos for staff: the pictures themselves, one large with zoom, all side by side by day.

The page of a case shows them by ``{% include "staff_photos.html" %}``, and the console's stream keeps it up to date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aftercare.conversation import audit, cases, photos
from aftercare.conversation.audit import Actor
from aftercare.conversation.photos import NoPhoto, PhotoDay, StoredPhoto
from aftercare.photos.folder import FULL, THUMBNAIL
from aftercare.web import staff_guard
from aftercare.web.photos import picture
from aftercare.web.problems import Problem
from aftercare.web.site import Site, site_of
from aftercare.web.staff_page import render

ZOOMS = (100, 150, 200, 300)
"""Percent of the window's width; 100 fits the window in both directions."""


@dataclass(frozen=True)
class PhotoRow:
    """A photo as pages show it. ``label`` says in words which one it is."""

    photo: StoredPhoto
    label: str
    at: datetime


@dataclass(frozen=True)
class DayRow:
    """The photos of one day, under its name."""

    title: str
    photos: Sequence[PhotoRow]


async def of_conversation(site: Site, conversation_id: str) -> list[DayRow]:
    """A conversation's photos by day, oldest first. Raises StorageError."""
    return await site.gateway.database.run(_by_day, site, conversation_id)


def read(connection: Connection, conversation_id: str, zone: tzinfo) -> list[DayRow]:
    """The same within a transaction."""
    days: list[PhotoDay] = photos.by_day(connection, conversation_id, zone)
    every = [stored for day in days for stored in day.photos]
    numbers = {stored.id: number for number, stored in enumerate(every, 1)}
    rows = []
    for day in days:
        date = day.on.strftime("%d %b %Y")
        title = date if day.since is None else f"Day {day.since}, {date}"
        shown = []
        for stored in day.photos:
            at = stored.created_at.astimezone(zone)
            label = f"Photo {numbers[stored.id]} of {len(every)}, {title}, {at.strftime('%H:%M')}"
            shown.append(PhotoRow(stored, label, at))
        rows.append(DayRow(title, shown))
    return rows


@staff_guard.part("cases")
async def full(request: Request) -> Response:
    return await _content(request, FULL)


@staff_guard.part("cases")
async def thumbnail(request: Request) -> Response:
    return await _content(request, THUMBNAIL)


@staff_guard.page("cases")
async def days_page(request: Request) -> Response:
    """All photos of a case's conversation, a column a day."""
    case_id, days = await _of_case(request)
    return render(request, "staff_photo_days.html", {"case_id": case_id, "photos": days})


@staff_guard.page("cases")
async def photo_page(request: Request) -> Response:
    """One photo as large as the window, or larger, with the way to the one before and after."""
    case_id, days = await _of_case(request)
    rows = [row for day in days for row in day.photos]
    photo_id = str(request.path_params["photo_id"])
    place = next((place for place, row in enumerate(rows) if row.photo.id == photo_id), None)
    if place is None:
        raise Problem("not_found")
    asked = request.query_params.get("zoom", "")
    context = {
        "case_id": case_id,
        "row": rows[place],
        "before": rows[place - 1] if place else None,
        "after": rows[place + 1] if place + 1 < len(rows) else None,
        "zoom": int(asked) if asked in map(str, ZOOMS) else ZOOMS[0],
        "zooms": ZOOMS,
    }
    return render(request, "staff_photo.html", context)


async def _of_case(request: Request) -> tuple[str, list[DayRow]]:
    site = site_of(request)
    case_id = str(request.path_params["case_id"])
    conversation_id = await site.gateway.database.run(_conversation_of, site, case_id)
    if conversation_id is None:
        raise Problem("not_found")
    return case_id, await of_conversation(site, conversation_id)


async def _content(request: Request, suffix: str) -> Response:
    site = site_of(request)
    photo_id = str(request.path_params["photo_id"])
    try:
        actor = staff_guard.actor_of(request)
        return picture(await site.gateway.database.run(_open, site, photo_id, suffix, actor))
    except NoPhoto:
        raise Problem("not_found") from None


def _open(site: Site, photo_id: str, suffix: str, actor: Actor) -> bytes:
    with site.gateway.database.reading() as connection:
        found = photos.find(connection, photo_id)
    if found is None:
        raise NoPhoto
    content = site.photos.content(found, suffix)
    # No photo leaves before the log says to whom.
    with site.gateway.database.writing() as connection:
        details = {"size": "full" if suffix == FULL else "thumbnail"}
        audit.record(
            connection, actor, "photo_viewed", site.gateway.clock(), kind="photo", id=photo_id, details=details
        )
    return content


def _by_day(site: Site, conversation_id: str) -> list[DayRow]:
    with site.gateway.database.reading() as connection:
        return read(connection, conversation_id, site.gateway.ports.zone)


def _conversation_of(site: Site, case_id: str) -> str | None:
    with site.gateway.database.reading() as connection:
        return cases.conversation_of(connection, case_id)


ROUTES = [
    Route("/staff/photos/{photo_id:uuid}", full, methods=["GET"]),
    Route("/staff/photos/{photo_id:uuid}/thumbnail", thumbnail, methods=["GET"]),
    Route("/staff/cases/{case_id:uuid}/photos", days_page, methods=["GET"]),
    Route("/staff/cases/{case_id:uuid}/photos/{photo_id:uuid}", photo_page, methods=["GET"]),
]
