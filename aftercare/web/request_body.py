"""Reads what a request carries: a JSON object of bounded size with fields of known kinds."""

from __future__ import annotations

import json
import uuid
from datetime import date
from typing import Any

from starlette.requests import ClientDisconnect, Request

from aftercare.web.problems import Problem

LARGEST = 16 * 1024
"""Bytes of one request: 2,000 characters of any script, with room to spare."""


async def json_object(request: Request) -> dict[str, Any]:
    """The request's JSON object. Raises Problem: media_type, too_long, bad_request."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem("media_type")
    try:
        data = json.loads((await body(request)).decode("utf-8"))
    except (ValueError, RecursionError):
        raise Problem("bad_request") from None
    if not isinstance(data, dict):
        raise Problem("bad_request")
    return data


async def body(request: Request) -> bytes:
    """The request's bytes, never more than LARGEST. Raises Problem."""
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > LARGEST:
        raise Problem("too_long")
    read = bytearray()
    try:
        async for chunk in request.stream():
            read += chunk
            if len(read) > LARGEST:
                raise Problem("too_long")
    except ClientDisconnect:
        raise Problem("bad_request") from None
    return bytes(read)


def client_id(data: dict[str, Any]) -> str:
    """The sender's own id of a message, a UUID in its usual form."""
    text = data.get("client_id")
    if not isinstance(text, str) or len(text) > 45:
        raise Problem("bad_request")
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise Problem("bad_request") from None


def seq(data: dict[str, Any]) -> int:
    """The number of a message."""
    number = data.get("seq")
    # bool is a kind of int in Python, and numbers beyond 32 bits do not fit the database.
    if type(number) is not int or not 0 < number < 2**31:
        raise Problem("bad_request")
    return number


def rating(data: dict[str, Any]) -> tuple[int, str | None]:
    """1 to 5, and a comment where there is one."""
    stars, comment = data.get("stars"), data.get("comment")
    if type(stars) is not int or not 1 <= stars <= 5 or not isinstance(comment, str | None):
        raise Problem("bad_request")
    return stars, comment


def button(data: dict[str, Any]) -> tuple[int, int]:
    """Which button was pressed: the message's number and the button's place in it, from 0."""
    pressed = data["button"]
    if not isinstance(pressed, dict):
        raise Problem("bad_request")
    index = pressed.get("index")
    if type(index) is not int:
        raise Problem("bad_request")
    return seq(pressed), index


def treated_on(data: dict[str, Any], latest: date) -> date | None:
    """The treatment day, if given: a date, not after ``latest``."""
    text = data.get("treated_on")
    if text is None:
        return None
    if not isinstance(text, str) or len(text) != len("YYYY-MM-DD"):
        raise Problem("treated_on")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Problem("treated_on") from None
    if day > latest or day.year < 2000:
        raise Problem("treated_on")
    return day
