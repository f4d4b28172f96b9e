"""Photos in a conversation: taken with the message and the case in one step, opened by whom they are for, erased in time.

The assistant never looks at them. A photo sent is a wish that somebody does, so it opens or joins a case.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement, Select

from aftercare.conversation import cases, conversations, outcomes, sessions, transcript, turns
from aftercare.conversation.assistant import Outcome, Reply
from aftercare.conversation.cases import Change
from aftercare.conversation.database import StorageError
from aftercare.conversation.gateway import Gateway
from aftercare.conversation.ids import new_id
from aftercare.conversation.message_text import clean_text
from aftercare.conversation.outcomes import Ending, Replies, Say
from aftercare.conversation.schema import conversation, message, photo, turn
from aftercare.conversation.turns import Accepted
from aftercare.conversation.wakeups import CASES, TURNS
from aftercare.photos.folder import PhotoFolder
from aftercare.photos.process import Copies

log = logging.getLogger("aftercare.photos")

MOST_IN_MESSAGE = 4
MOST_IN_A_DAY = 20
"""Photos of one conversation within 24 hours."""


class TooManyPhotos(Exception):
    """The conversation has had its photos for these 24 hours. Nothing was taken."""


class NoPhoto(Exception):
    """There is no such photo, or not for who asks."""


@dataclass(frozen=True)
class StoredPhoto:
    """A photo and where it belongs. ``file``: its name in the folder."""

    id: str
    conversation_id: str
    seq: int
    file: str
    width: int
    height: int
    created_at: datetime


@dataclass(frozen=True)
class PhotoDay:
    """The photos that came on one day. ``since``: days since treatment, where that is known."""

    on: date
    since: int | None
    photos: Sequence[StoredPhoto]


@dataclass(frozen=True)
class Swept:
    """What a sweep removed: photos whose time was over, and photos on disk that no message has."""

    expired: int
    strangers: int


class Photos:
    """Takes photos into conversations and gives them out. ``retention``: how long they outlive the last message."""

    def __init__(self, gateway: Gateway, folder: PhotoFolder, retention: timedelta) -> None:
        self._gateway = gateway
        self._folder = folder
        self._retention = retention

    def check(self, token: str, now: datetime | None = None) -> None:
        """Whether a photo could be taken now, before its bytes are. Raises NoSession, TooManyPhotos, StorageError."""
        now = now or self._gateway.clock()
        with self._gateway.database.reading() as connection:
            _check_day(connection, sessions.authenticate(connection, token, now).conversation_id, 1, now)

    def post(
        self, token: str, client_id: str, text: str, copies: Sequence[Copies], now: datetime | None = None
    ) -> Accepted:
        """Take a message of photos, with what the patient wrote beside them, if anything.

        The words go the way of all words; the photos open or join a case in the transaction that takes them. Raises
        NoSession, BadText, TooManyPhotos, StorageError, OSError; then nothing was taken.
        """
        now = now or self._gateway.clock()
        text = clean_text(text) if text.strip() else ""
        files = self._folder.add(copies)
        try:
            accepted, conversation_id = self._take_or_say(
                token, client_id, text, list(zip(files, copies, strict=True)), now
            )
        except StorageError:
            # It may have been committed for all that: the sweep knows better than we do.
            raise
        except Exception:
            self._folder.remove(files)
            raise
        if accepted.duplicate:
            self._folder.remove(files)
        for topic in (TURNS, CASES, conversation_id):
            self._gateway.wakeups.notify(topic)
        return accepted

    def of_patient(self, token: str, photo_id: str, suffix: str, now: datetime | None = None) -> bytes:
        """A photo of the patient's own conversation. Raises NoSession, NoPhoto, StorageError, OSError."""
        with self._gateway.database.reading() as connection:
            session = sessions.authenticate(connection, token, now or self._gateway.clock())
            found = find(connection, photo_id)
        if found is None or found.conversation_id != session.conversation_id:
            raise NoPhoto
        return self.content(found, suffix)

    def content(self, stored: StoredPhoto, suffix: str) -> bytes:
        """The JPEG; ``suffix``: FULL or THUMBNAIL. Raises NoPhoto where the file is gone, OSError."""
        content = self._folder.read(stored.file, suffix)
        if content is None:
            log.error("the file of photo %s is missing", stored.id)
            raise NoPhoto
        return content

    def remove_files(self, files: Sequence[str]) -> None:
        """Delete what ``erase`` named, once its transaction is committed. Raises OSError."""
        self._folder.remove(files)

    def sweep(self, now: datetime | None = None) -> Swept:
        """Remove photos of conversations silent for longer than ``retention``, and files that no message has.

        Raises StorageError, OSError.
        """
        now = now or self._gateway.clock()
        with self._gateway.database.writing() as connection:
            expired = _delete(connection, photo.c.conversation_id.in_(_silent_since(now - self._retention)))
        self._folder.remove(expired)
        with self._gateway.database.reading() as connection:
            known = set(connection.execute(select(photo.c.file)).scalars())
        strangers = self._folder.strangers(known, now)
        self._folder.remove(strangers)
        return Swept(len(expired), len(strangers))

    def _take_or_say(
        self, token: str, client_id: str, text: str, photos: Sequence[tuple[str, Copies]], now: datetime
    ) -> tuple[Accepted, str]:
        try:
            with self._gateway.database.writing() as connection:
                accepted, conversation_id = _take(connection, token, client_id, text, photos, now)
                if not accepted.duplicate:
                    self._open_case(connection, conversation_id, accepted.seq, now)
        except (sessions.NoSession, TooManyPhotos, StorageError):
            raise
        except Exception as error:
            log.error("the case of a photo could not be written: %s", type(error).__name__)
            with self._gateway.database.writing() as connection:
                accepted, conversation_id = _take(connection, token, client_id, text, photos, now)
                if not accepted.duplicate:
                    self._say(connection, conversation_id, self._gateway.ports.wording.photo_untold(), now)
        return accepted, conversation_id

    def _open_case(self, connection: Connection, conversation_id: str, seq: int, now: datetime) -> None:
        concern = cases.Concern("soon", "photo", cases.REASONS["photo"], seq)
        change = cases.open_or_raise(connection, conversation_id, concern, now)
        if conversations.state(connection, conversation_id).mode != "staff":
            self._say(connection, conversation_id, self._gateway.ports.wording.photo(change is Change.OPENED), now)
        if change is Change.OPENED:
            outcomes.tell_if_closed(connection, conversation_id, self._gateway.ports, now)

    def _say(self, connection: Connection, conversation_id: str, sentence: str, now: datetime) -> None:
        replies: Replies = (Reply(sentence, "handoff"),)
        outcomes.show(connection, conversation_id, replies, self._gateway.ports.assistant_name, now, None)


def find(connection: Connection, photo_id: str) -> StoredPhoto | None:
    row = connection.execute(select(photo).where(photo.c.id == photo_id)).first()
    return _stored(row) if row is not None else None


def by_day(connection: Connection, conversation_id: str, zone: tzinfo) -> list[PhotoDay]:
    """A conversation's photos, oldest first, by the clinic's days."""
    rows = connection.execute(
        select(photo).where(photo.c.conversation_id == conversation_id).order_by(photo.c.seq, photo.c.place)
    )
    days: dict[date, list[StoredPhoto]] = {}
    for row in rows:
        days.setdefault(row.created_at.astimezone(zone).date(), []).append(_stored(row))
    treated_on = _treated_on(connection, conversation_id, zone) if days else None
    return [PhotoDay(day, _days_between(treated_on, day), photos) for day, photos in days.items()]


def erase(connection: Connection, conversation_id: str) -> list[str]:
    """Delete the photos of a conversation within the caller's transaction.

    Returns the files' names for ``Photos.remove_files`` after the commit. If that is never reached, the sweep removes
    them within the hour.
    """
    return _delete(connection, photo.c.conversation_id == conversation_id)


def _take(
    connection: Connection,
    token: str,
    client_id: str,
    text: str,
    photos: Sequence[tuple[str, Copies]],
    now: datetime,
) -> tuple[Accepted, str]:
    session = sessions.authenticate(connection, token, now)
    sessions.seen(connection, session, now)
    conversation_id = session.conversation_id
    conversations.lock(connection, conversation_id, now)
    known = transcript.seq_of_client_id(connection, conversation_id, client_id)
    if known is not None:
        return Accepted(known, duplicate=True), conversation_id
    _check_day(connection, conversation_id, len(photos), now)
    if text:
        accepted = turns.accept(connection, conversation_id, client_id, text, now, kind="photo")
    else:
        sent = "Sent a photo." if len(photos) == 1 else f"Sent {len(photos)} photos."
        record = outcomes.outcome_record(Ending(Outcome((), handoff="photo"), Say(lambda change: (), ()), "photo"))
        accepted = turns.accept_answered(connection, conversation_id, client_id, sent, now, record, kind="photo")
    for place, (file, copies) in enumerate(photos):
        connection.execute(
            insert(photo).values(
                id=new_id(now),
                conversation_id=conversation_id,
                seq=accepted.seq,
                place=place,
                file=file,
                width=copies.width,
                height=copies.height,
                created_at=now,
            )
        )
    return accepted, conversation_id


def _check_day(connection: Connection, conversation_id: str, more: int, now: datetime) -> None:
    had = connection.execute(
        select(func.count())
        .select_from(photo)
        .where(photo.c.conversation_id == conversation_id, photo.c.created_at > now - timedelta(hours=24))
    ).scalar_one()
    if had + more > MOST_IN_A_DAY:
        raise TooManyPhotos


def _silent_since(moment: datetime) -> Select:
    return select(conversation.c.id).where(conversation.c.updated_at < moment)


def _delete(connection: Connection, which: ColumnElement) -> list[str]:
    files = list(connection.execute(select(photo.c.file).where(which)).scalars())
    connection.execute(delete(photo).where(which))
    return files


def _treated_on(connection: Connection, conversation_id: str, zone: tzinfo) -> date | None:
    """The treatment day that the patient gave when the chat opened, else as the newest turn that knows the day counts it."""
    given = conversations.state(connection, conversation_id).treated_on
    if given is not None:
        return given
    told = connection.execute(
        select(turn.c.outcome, message.c.created_at)
        .join(message, (message.c.conversation_id == turn.c.conversation_id) & (message.c.seq == turn.c.seq))
        .where(turn.c.conversation_id == conversation_id)
        .order_by(turn.c.seq.desc())
    )
    for row in told:
        if row.outcome and row.outcome.get("days_since") is not None:
            day: date = row.created_at.astimezone(zone).date() - timedelta(days=row.outcome["days_since"])
            return day
    return None


def _days_between(treated_on: date | None, day: date) -> int | None:
    return (day - treated_on).days if treated_on is not None and day >= treated_on else None


def _stored(row: Any) -> StoredPhoto:
    return StoredPhoto(row.id, row.conversation_id, row.seq, row.file, row.width, row.height, row.created_at)
