"""What is said in one turn, as plain values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aftercare.knowledge import Clinic, KnowledgeBase, Sentence
from aftercare.knowledge.model import Tier
from aftercare.triage import Hit, Report


@dataclass(frozen=True)
class Button:
    """A quick reply. ``intent`` and ``text`` are what the server sends on when it is pressed."""

    title: str
    intent: str
    text: str


class Stretch(NamedTuple):
    """Days since treatment, both ends included (``last`` is None where it stays open), and what is expected in them."""

    first: int
    last: int | None
    title: str
    text: str


@dataclass(frozen=True)
class Timeline:
    """The course of healing, for a picture. ``today`` is days since treatment, None where the day is not known."""

    today: int | None
    stages: tuple[Stretch, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"today": self.today, "stages": [stage._asdict() for stage in self.stages]}


@dataclass(frozen=True)
class Reply:
    """One message. ``sources`` are short keys of the knowledge base (``002:36``, ``W1``). ``text`` is whole without ``timeline``."""

    text: str
    kind: str
    sources: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    timeline: Timeline | None = None


@dataclass(frozen=True)
class Answer:
    """The replies of one turn, the tier and why, whether a person is called and why, and the next report."""

    replies: tuple[Reply, ...]
    tier: Tier
    report: Report
    hits: tuple[Hit, ...] = ()
    handoff: str | None = None
    days_since: int | None = None

    def to_dict(self, knowledge: KnowledgeBase) -> dict[str, Any]:
        """As the ``outcome`` of docs/architecture.md."""
        return {
            "replies": [
                {
                    "text": r.text,
                    "kind": r.kind,
                    "buttons": [{"title": b.title, "intent": b.intent, "text": b.text} for b in r.buttons],
                    "sources": [
                        {"id": s.id, "title": s.title} for s in map(knowledge.source, r.sources) if s.id != "house"
                    ],
                    "timeline": r.timeline.to_dict() if r.timeline else None,
                }
                for r in self.replies
            ],
            "tier": self.tier,
            "hits": [{"flag": h.flag, "rule": h.rule, "title": h.title, "words": list(h.words)} for h in self.hits],
            "handoff": self.handoff,
            "report": self.report.to_dict(),
            "days_since": self.days_since,
        }


PARAGRAPH, LINE = "\n\n", "\n"
LONGEST = 90
"""Words in the answer to a single question."""


@dataclass
class Draft:
    """A message in the making: sentences one after another, each said once, with their sources. ``most`` words."""

    clinic: Clinic
    parts: list[str] = field(default_factory=list)
    sources: dict[str, None] = field(default_factory=dict)
    spare: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    timeline: Timeline | None = None
    most: int = LONGEST

    def say(self, *sentences: Sentence | None) -> Draft:
        """Add clinical sentences as they were signed, with the clinic's numbers filled in."""
        for sentence in sentences:
            if sentence is not None:
                self.plain(filled(sentence.text, self.clinic))
                self.sources.update(dict.fromkeys(sentence.sources))
        return self

    def offer(self, sentence: Sentence | None) -> Draft:
        """Add a sentence that is left out again where the message would be longer than ``most`` words."""
        if sentence is not None:
            text = filled(sentence.text, self.clinic)
            if text not in self.parts:
                self.parts.append(text)
                self.spare.append((text, sentence.sources))
        return self

    def open_with(self, text: str) -> Draft:
        """Begin with words that carry no clinical statement; the last to be left out of a message that is too long."""
        if text:
            self.parts.append(text)
            self.spare.insert(0, (text, ()))
        return self

    def paragraph(self) -> Draft:
        """Go on in a new paragraph."""
        return self._break(PARAGRAPH)

    def line(self) -> Draft:
        """Go on in a new line, as the items of a list do."""
        return self._break(LINE)

    def _break(self, kind: str) -> Draft:
        if self.parts and self.parts[-1] not in (PARAGRAPH, LINE):
            self.parts.append(kind)
        return self

    def plain(self, text: str) -> Draft:
        """Add words that carry no clinical statement."""
        if text and text not in self.parts:
            self.parts.append(text)
        return self

    @property
    def text(self) -> str:
        """The parts as one text: sentences in a row, paragraphs a line apart."""
        return re.sub(r" *\n *", "\n", " ".join(self.parts)).strip()

    def reply(self, kind: str, buttons: Iterable[Button] = ()) -> Reply:
        for text, sources in reversed(self.spare):
            if len(self.text.split()) > self.most:
                self.parts.remove(text)
            else:
                self.sources.update(dict.fromkeys(sources))
        return Reply(self.text, kind, tuple(self.sources), tuple(buttons), self.timeline)


def filled(text: str, clinic: Clinic, **more: object) -> str:
    """Text with its placeholders filled. Raises KeyError for a placeholder that the clinic does not have."""
    return text.format_map({**clinic.numbers(), **more}) if "{" in text else text
