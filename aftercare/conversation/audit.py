"""Who did what, kept so that a change is noticed: each row carries a hash over the row before and its own content.

The log names staff, actions and ids, never what a patient wrote, so it stays when a patient's data is erased. Cutting off
the newest rows leaves a chain that is whole: ``head`` is for keeping outside, and ``verify`` compares.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from aftercare.conversation.schema import audit_head, audit_log

START = "0" * 64
"""The hash before the first row."""

LONGEST_DETAIL = 80

_WORD = re.compile(r"[a-z][a-z_]{0,39}")

Detail = str | int | bool | None


@dataclass(frozen=True)
class Actor:
    """Who does something: a member of staff (None: nobody known, or a program) from a network address."""

    staff_id: str | None
    address: str = ""


COMMAND_LINE = Actor(None, "command line")


@dataclass(frozen=True)
class Head:
    """The newest row's position (0: there is none) and hash."""

    position: int
    hash: str

    def __str__(self) -> str:
        return f"{self.position}:{self.hash}"

    @classmethod
    def read(cls, text: str) -> Head:
        """From its printed form. Raises ValueError."""
        position, _, hash_ = text.strip().partition(":")
        if not position.isdecimal() or not re.fullmatch(r"[0-9a-f]{64}", hash_):
            raise ValueError("A head is written POSITION:HASH, as `aftercare audit head` prints it.")
        return cls(int(position), hash_)


@dataclass(frozen=True)
class Entry:
    """One row of the log."""

    position: int
    at: datetime
    actor: Actor
    action: str
    object_kind: str
    object_id: str
    details: Mapping[str, Detail]


class BrokenChain(Exception):
    """The log was changed. ``position``: the first row that does not fit."""

    def __init__(self, position: int, why: str) -> None:
        super().__init__(f"Row {position}: {why}")
        self.position = position


def record(
    connection: Connection,
    actor: Actor,
    action: str,
    now: datetime,
    *,
    kind: str = "",
    id: str = "",
    details: Mapping[str, Detail] | None = None,
) -> None:
    """Add a row, within the transaction of what it tells of: both are kept or neither.

    action   a word of ours, such as "case_viewed"; ``kind`` and ``id`` name what it was done to
    details  short words and numbers of ours, such as {"role": "lead"}. Never what a patient wrote.

    Call it last in a transaction: from here to the commit other writers of the log wait. Raises ValueError for an action
    that is no word, and for a detail longer than 80 characters.
    """
    details = dict(details or {})
    if not _WORD.fullmatch(action):
        raise ValueError(f"An action is a word in lower case, not {action!r}.")
    if any(isinstance(value, str) and len(value) > LONGEST_DETAIL for value in details.values()):
        raise ValueError(f"A detail is at most {LONGEST_DETAIL} characters: the log holds no texts.")
    before = connection.execute(select(audit_head).where(audit_head.c.id == 1).with_for_update()).one()
    place = Actor(actor.staff_id, truncated(actor.address))
    entry = Entry(before.position + 1, now, place, action, kind, id, details)
    hash_ = _hash(before.hash, entry)
    connection.execute(
        insert(audit_log).values(
            position=entry.position,
            at=now,
            staff_id=actor.staff_id,
            action=action,
            object_kind=kind,
            object_id=id,
            details=details,
            address=place.address,
            hash=hash_,
        )
    )
    connection.execute(update(audit_head).where(audit_head.c.id == 1).values(position=entry.position, hash=hash_))


def head(connection: Connection) -> Head:
    row = connection.execute(select(audit_head).where(audit_head.c.id == 1)).one()
    return Head(row.position, row.hash)


def verify(connection: Connection, kept: Head | None = None) -> Head:
    """Check every row. ``kept``: a head from earlier, which must still be in the log. Raises BrokenChain."""
    # Read before the rows: others may add to the log meanwhile, and their rows then only follow the head.
    newest = head(connection)
    position, hash_ = 0, START
    rows = connection.execution_options(stream_results=True).execute(select(audit_log).order_by(audit_log.c.position))
    for row in rows:
        position += 1
        if row.position != position:
            raise BrokenChain(position, f"it is missing; the next row is {row.position}.")
        hash_ = _hash(hash_, _entry(row))
        if row.hash != hash_:
            raise BrokenChain(position, "its content does not fit its hash.")
        for named, whose in ((newest, "the log's head"), (kept, "the kept head")):
            if named is not None and named.position == position and named.hash != hash_:
                raise BrokenChain(position, f"it is not the row that {whose} names.")
    if position < newest.position:
        raise BrokenChain(position + 1, f"it is missing; the log's head is at row {newest.position}.")
    if position > newest.position and head(connection).position < position:
        raise BrokenChain(newest.position + 1, "the log's head does not know of it.")
    if kept is not None and kept.position > position:
        raise BrokenChain(position + 1, f"it is missing; the kept head is at row {kept.position}.")
    return Head(position, hash_)


def newest(connection: Connection, most: int, before: int | None = None) -> list[Entry]:
    """The newest rows first, at most so many; ``before``: only rows of a lower position."""
    chosen = select(audit_log).order_by(audit_log.c.position.desc()).limit(most)
    if before is not None:
        chosen = chosen.where(audit_log.c.position < before)
    return [_entry(row) for row in connection.execute(chosen)]


def truncated(address: str) -> str:
    """A network address without the part that names one machine: IPv4 /24, IPv6 /48. Other words as they are."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    length = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network(f"{parsed}/{length}", strict=False))


def _entry(row: Any) -> Entry:
    place = Actor(row.staff_id, row.address)
    return Entry(row.position, row.at, place, row.action, row.object_kind, row.object_id, row.details)


def _hash(before: str, entry: Entry) -> str:
    content = {
        "position": entry.position,
        "at": entry.at.astimezone(timezone.utc).isoformat(timespec="microseconds"),
        "staff_id": entry.actor.staff_id,
        "action": entry.action,
        "object_kind": entry.object_kind,
        "object_id": entry.object_id,
        "details": dict(entry.details),
        "address": entry.actor.address,
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{before}\n{canonical}".encode("ascii")).hexdigest()
