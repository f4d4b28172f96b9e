"""How cases read on a page: waiting times in words, and messages with the words that raised the case, or were searched for, marked. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aftercare.conversation.transcript import Message

TIER_NAMES = {"emergency": "Emergency", "urgent": "Urgent, today", "soon": "Soon, 1 to 2 days"}
AROUND = 120
"""Characters before and after what a search found."""

SENDERS = {"patient": "Patient", "assistant": "Assistant", "staff": "Staff", "system": "Notice"}


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


def transcript_rows(messages: Sequence[Message], hits: Sequence[Mapping[str, Any]]) -> list[MessageRow]:
    """Messages, with each hit's words marked in the message that raised it, else wherever the patient said them."""
    words = _words_by_message(messages, hits)
    return [
        MessageRow(
            message,
            f"{message.name}, staff" if message.role == "staff" and message.name else SENDERS[message.role],
            marked(message.text, words.get(message.seq, ()))
            if message.role == "patient"
            else [Part(message.text, False)],
        )
        for message in messages
    ]


def marked(text: str, words: Sequence[str]) -> list[Part]:
    """The text in pieces, those that say one of the words marked. Case and line breaks do not matter."""
    patterns = [pattern for pattern in map(_pattern, words) if pattern]
    if not patterns:
        return [Part(text, False)]
    # A split by one group puts what matched at the odd places.
    pieces = re.split(f"({'|'.join(sorted(patterns, key=len, reverse=True))})", text, flags=re.IGNORECASE)
    return [Part(piece, place % 2 == 1) for place, piece in enumerate(pieces) if piece]


def excerpt(text: str, words: Sequence[str]) -> list[Part]:
    """The text around the first of the words, those that begin like them marked. For what a search found in any form."""
    patterns = [rf"(?<!\w){re.escape(_stem(word))}\w*" for word in words]
    if not patterns:
        return [Part(text[:AROUND], False)]
    found = re.search("|".join(patterns), text, flags=re.IGNORECASE)
    begin = max(0, found.start() - AROUND // 2) if found else 0
    cut = f"{'…' if begin else ''}{text[begin : begin + 2 * AROUND]}{'…' if begin + 2 * AROUND < len(text) else ''}"
    pieces = re.split(f"({'|'.join(patterns)})", cut, flags=re.IGNORECASE)
    return [Part(piece, place % 2 == 1) for place, piece in enumerate(pieces) if piece]


def _stem(word: str) -> str:
    # Roughly what the search makes of it: enough to mark "itchy" where "itching" was asked for.
    return re.sub(r"(?:ing|ed|es|s|y)$", "", word) if len(word) > 4 else word


def _words_by_message(messages: Sequence[Message], hits: Sequence[Mapping[str, Any]]) -> dict[int, list[str]]:
    patient = [message for message in messages if message.role == "patient"]
    found: dict[int, list[str]] = {}
    for hit in hits:
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
