"""Who may read and write a conversation: whoever holds its token. Only the token's hash is stored."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.engine import Connection

from aftercare.conversation.ids import new_id
from aftercare.conversation.schema import patient_session

IDLE = timedelta(hours=24)
ABSOLUTE = timedelta(days=7)

SEEN_EVERY = timedelta(minutes=5)
"""``seen_at`` is only this exact, so that reading a conversation is rarely a write."""


@dataclass(frozen=True)
class Session:
    """An open session. ``expires_at`` is the absolute end; 24 hours of silence end it sooner."""

    id: str
    conversation_id: str
    expires_at: datetime
    seen_at: datetime


class NoSession(Exception):
    """The token is unknown, ended or revoked."""


_BY_TOKEN = select(
    patient_session.c.id,
    patient_session.c.conversation_id,
    patient_session.c.expires_at,
    patient_session.c.seen_at,
    patient_session.c.revoked_at,
).where(patient_session.c.token_hash == bindparam("hash"))
_SEEN = update(patient_session).where(patient_session.c.id == bindparam("of"))


def token_hash(token: str) -> str:
    """SHA-256 in hex. A token has 256 random bits, so it needs no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_token() -> str:
    return secrets.token_urlsafe(32)


def open_session(connection: Connection, conversation_id: str, now: datetime) -> tuple[str, Session]:
    """A new session and its token, which is nowhere else."""
    token = new_token()
    session = Session(new_id(now), conversation_id, now + ABSOLUTE, now)
    connection.execute(
        insert(patient_session).values(
            id=session.id,
            conversation_id=conversation_id,
            token_hash=token_hash(token),
            created_at=now,
            seen_at=now,
            expires_at=session.expires_at,
        )
    )
    return token, session


def authenticate(connection: Connection, token: str, now: datetime) -> Session:
    """The session of a token. Raises NoSession."""
    row = connection.execute(_BY_TOKEN, {"hash": token_hash(token)}).first()
    if row is None or row.revoked_at is not None or now >= row.expires_at or now >= row.seen_at + IDLE:
        raise NoSession
    return Session(row.id, row.conversation_id, row.expires_at, row.seen_at)


def seen(connection: Connection, session: Session, now: datetime) -> None:
    """Note that the patient was here."""
    connection.execute(_SEEN, {"of": session.id, "seen_at": now})


def revoke(connection: Connection, session_id: str, now: datetime) -> None:
    connection.execute(update(patient_session).where(patient_session.c.id == session_id).values(revoked_at=now))
