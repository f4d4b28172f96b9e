"""How cases read on a page: waiting times in words, and messages with the words that raised the case marked. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aftercare.conversation.cases import Case, CaseFile
from aftercare.conversation.transcript import Message

TIER_NAMES = {"emergency": "Emergency", "urgent": "Urgent, today", "soon": "Soon, 1 to 2 days"}
STATUS_NAMES = {"waiting": "Waiting", "claimed": "Taken", "closed": "Closed"}
SENDERS = {"patient": "Patient", "assistant": "Assistant", "staff": "Staff", "system": "Notice"}


@dataclass(frozen=True)
class Row:
    """A case in the list."""

    case: Case
    tier: str
    status: str
    waited: str


@dataclass(frozen=True)
class Part:
    """A piece of a message; ``marked`` where its words raised the case."""

    text: str
    marked: bool


@dataclass(frozen=True)
class MessageRow:
    """A message of the transcript, cut where marks begin and end."""

    message: Message
    sender: str
    parts: Sequence[Part]


def list_rows(cases: Sequence[Case], now: datetime) -> list[Row]:
    return [Row(case, TIER_NAMES[case.tier], STATUS_NAMES[case.status], waited(now - case.opened_at)) for case in cases]


def list_summary(rows: Sequence[Row]) -> str:
    """The list in a sentence, for who cannot see that it changed."""
    if not rows:
        return "No open cases."
    emergencies = sum(row.case.tier == "emergency" for row in rows)
    noun = "open case" if len(rows) == 1 else "open cases"
    return (
        f"{len(rows)} {noun}, {emergencies or 'none'} of them {'an emergency' if emergencies == 1 else 'emergencies'}."
    )


def waited(time: timedelta) -> str:
    """A waiting time in its largest two units."""
    minutes = int(time.total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    said = [f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in units if number]
    return " ".join(said[:2])


def transcript_rows(file: CaseFile) -> list[MessageRow]:
    """The transcript, with each hit's words marked in the message that raised it, else wherever the patient said them."""
    words = _words_by_message(file)
    return [
        MessageRow(
            message,
            f"{SENDERS[message.role]}{', ' + message.name if message.role == 'staff' and message.name else ''}",
            marked(message.text, words.get(message.seq, ()))
            if message.role == "patient"
            else [Part(message.text, False)],
        )
        for message in file.messages
    ]


def marked(text: str, words: Sequence[str]) -> list[Part]:
    """The text in pieces, those that say one of the words marked. Case and line breaks do not matter."""
    patterns = [pattern for pattern in map(_pattern, words) if pattern]
    if not patterns:
        return [Part(text, False)]
    # A split by one group puts what matched at the odd places.
    pieces = re.split(f"({'|'.join(sorted(patterns, key=len, reverse=True))})", text, flags=re.IGNORECASE)
    return [Part(piece, place % 2 == 1) for place, piece in enumerate(pieces) if piece]


def _words_by_message(file: CaseFile) -> dict[int, list[str]]:
    patient = [message for message in file.messages if message.role == "patient"]
    found: dict[int, list[str]] = {}
    for hit in file.case.hits:
        for word in hit["words"]:
            saying = [message.seq for message in patient if _says(message.text, word)]
            for seq in [hit["seq"]] if hit["seq"] in saying else saying:
                found.setdefault(seq, []).append(word)
    return found


def _says(text: str, word: str) -> bool:
    pattern = _pattern(word)
    return bool(pattern) and re.search(pattern, text, flags=re.IGNORECASE) is not None


def _pattern(word: str) -> str:
    """Matches the words as a whole, however they are spaced."""
    phrase = r"\s+".join(re.escape(piece) for piece in word.split())
    return rf"(?<!\w){phrase}(?!\w)" if phrase else ""
