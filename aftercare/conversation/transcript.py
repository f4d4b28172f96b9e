"""The transcript: every message of a conversation, numbered without gaps from 1. It is the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.engine import Connection

from aftercare.conversation.assistant import Reply
from aftercare.conversation.schema import conversation, message, photo


@dataclass(frozen=True)
class Photo:
    """A photo in a message; ``width`` and ``height`` in pixels. Who may open it is ``photos``' to say."""

    id: str
    width: int
    height: int


@dataclass(frozen=True)
class Message:
    """One message as everybody sees it. ``client_id`` is the sender's own id of it, where there is one."""

    seq: int
    role: str
    name: str
    kind: str
    text: str
    buttons: Sequence[Mapping[str, str]]
    sources: Sequence[Mapping[str, str]]
    timeline: Mapping[str, Any] | None
    client_id: str | None
    created_at: datetime
    photos: Sequence[Photo] = ()

    def shown(self) -> dict[str, Any]:
        """For the patient's page: a button shows its title, what it sends stays here."""
        return {
            "seq": self.seq,
            "role": self.role,
            "name": self.name,
            "kind": self.kind,
            "text": self.text,
            "buttons": [{"title": button["title"]} for button in self.buttons],
            "sources": list(self.sources),
            "timeline": self.timeline,
            "client_id": self.client_id,
            "created_at": self.created_at.isoformat(),
            "photos": [asdict(photo) for photo in self.photos],
        }


_INSERT = insert(message)
_AFTER = (
    select(message)
    .where(message.c.conversation_id == bindparam("of"), message.c.seq > bindparam("after"))
    .order_by(message.c.seq)
)
_SEQ_OF_CLIENT_ID = select(message.c.seq).where(
    message.c.conversation_id == bindparam("of"),
    message.c.role == bindparam("role"),
    message.c.client_id == bindparam("client_id"),
)
_COUNT_ON = (
    update(conversation)
    .where(conversation.c.id == bindparam("of"))
    .values(last_seq=conversation.c.last_seq + 1, updated_at=bindparam("now"))
)
_LAST_SEQ = select(conversation.c.last_seq).where(conversation.c.id == bindparam("of"))


def append(
    connection: Connection,
    conversation_id: str,
    reply: Reply,
    now: datetime,
    *,
    role: str,
    name: str,
    client_id: str | None = None,
    turn_id: str | None = None,
) -> int:
    """Write a message and return its number. Locks the conversation until the transaction ends."""
    seq = _next_seq(connection, conversation_id, now)
    row = {
        "conversation_id": conversation_id,
        "seq": seq,
        "role": role,
        "name": name,
        "kind": reply.kind,
        "text": reply.text,
        "buttons": [{"title": b.title, "intent": b.intent, "text": b.text} for b in reply.buttons],
        "sources": [{"id": source.id, "title": source.title} for source in reply.sources],
        "timeline": reply.timeline,
        "client_id": client_id,
        "turn_id": turn_id,
        "created_at": now,
    }
    connection.execute(_INSERT, row)
    return seq


def read(connection: Connection, conversation_id: str, after: int = 0) -> list[Message]:
    """The messages numbered higher than ``after``, in order."""
    rows = connection.execute(_AFTER, {"of": conversation_id, "after": after}).all()
    photos = _photos(connection, conversation_id, [row.seq for row in rows if row.kind == "photo"])
    return [_message(row, photos.get(row.seq, ())) for row in rows]


def find(connection: Connection, conversation_id: str, seq: int) -> Message | None:
    row = connection.execute(
        select(message).where(message.c.conversation_id == conversation_id, message.c.seq == seq)
    ).first()
    return _message(row, _photos(connection, conversation_id, [seq]).get(seq, ())) if row is not None else None


def seq_of_client_id(connection: Connection, conversation_id: str, client_id: str, role: str = "patient") -> int | None:
    """The number of the sender's message with this id, if it was taken before."""
    given = {"of": conversation_id, "role": role, "client_id": client_id}
    seq: int | None = connection.execute(_SEQ_OF_CLIENT_ID, given).scalar()
    return seq


def _next_seq(connection: Connection, conversation_id: str, now: datetime) -> int:
    connection.execute(_COUNT_ON, {"of": conversation_id, "now": now})
    seq: int = connection.execute(_LAST_SEQ, {"of": conversation_id}).scalar_one()
    return seq


def _photos(connection: Connection, conversation_id: str, seqs: Sequence[int]) -> dict[int, list[Photo]]:
    """The photos of these messages, in their places."""
    if not seqs:
        return {}
    found: dict[int, list[Photo]] = {}
    for row in connection.execute(
        select(photo)
        .where(photo.c.conversation_id == conversation_id, photo.c.seq.in_(seqs))
        .order_by(photo.c.seq, photo.c.place)
    ):
        found.setdefault(row.seq, []).append(Photo(row.id, row.width, row.height))
    return found


def _message(row: Any, photos: Sequence[Photo]) -> Message:
    return Message(
        seq=row.seq,
        role=row.role,
        name=row.name,
        kind=row.kind,
        text=row.text,
        buttons=row.buttons,
        sources=row.sources,
        timeline=row.timeline,
        client_id=row.client_id,
        created_at=row.created_at,
        photos=photos,
    )
