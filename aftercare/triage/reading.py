"""What one message says: findings with assertion and qualities, and times. Data only; ``reader`` makes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aftercare.triage.time_expressions import TimeMention

SIGNS = frozenset({"symptom", "finding"})
SEEMS = "seems"
"""The key of an entity that holds what seems to be asserted of a sign, where that is another than the rule's label. Nothing in
triage goes by it."""
LANGUAGE = "language"
"""The kind of entity that names the language of a message."""
ABOUT = "about"
"""The kind of entity that tells which treatment a message is about (``aftercare.triage.elsewhere``)."""
CHANGE = "change"
"""The item that stands for a change of nothing named ("day 6 and I look worse")."""
IS_THERE = frozenset({"present", "uncertain", "resolving"})
"""Assertions of what is there, so that something can be said of it: it got worse, it spreads."""


@dataclass(frozen=True)
class Finding:
    """One thing spoken of. ``start`` and ``end`` are character offsets; ``qualities`` are trend, side and severity.

    ``ambiguous`` where the words mean other things as often (``knowledge.Wordings``), ``doubted`` where nothing that is
    learned hears a sign in them (``aftercare.nlu.findings_detector``).
    """

    item: str
    kind: str
    start: int
    end: int
    text: str
    assertion: str = "present"
    other: bool = False
    qualities: frozenset[str] = frozenset()
    ambiguous: bool = False
    doubted: bool = False

    def as_entity(self) -> dict[str, Any]:
        """As a Rasa entity."""
        return {
            "entity": self.kind,
            "value": self.item,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "assertion": self.assertion,
            "other": self.other,
            "qualities": sorted(self.qualities),
            **({"ambiguous": True} if self.ambiguous else {}),
            **({"doubted": True} if self.doubted else {}),
        }


@dataclass(frozen=True)
class Reading:
    """What one message says. ``language`` is None for English, else as ``OtherLanguages.of`` names it; ``about`` is as
    ``Elsewhere.of`` names it."""

    text: str
    findings: tuple[Finding, ...] = ()
    times: tuple[TimeMention, ...] = ()
    learned: tuple[Finding, ...] = field(default=())
    language: str | None = None
    about: str | None = None

    def certain(self) -> Reading:
        """Without the findings whose words mean other things as often."""
        return replace(self, findings=tuple(f for f in self.findings if not f.ambiguous))

    def entities(self) -> list[dict[str, Any]]:
        """Findings, times, the language and what else it is about as Rasa entities; ``from_entities`` reads them back."""
        times = [
            {
                "entity": "time",
                "value": t.text,
                "start": t.start,
                "end": t.end,
                "text": t.text,
                "kind": t.kind,
                "days": t.days,
                "weekday": t.weekday,
                "last_week": t.last_week,
                "date": list(t.date) if t.date else None,
                "weak": t.weak,
                "more": t.more,
            }
            for t in self.times
        ]
        return [f.as_entity() for f in self.findings] + times + self._of_the_whole()

    def _of_the_whole(self) -> list[dict[str, Any]]:
        told = ((LANGUAGE, self.language), (ABOUT, self.about))
        whole = {"start": 0, "end": len(self.text), "text": ""}
        return [{"entity": kind, "value": value, **whole} for kind, value in told if value is not None]

    @classmethod
    def from_entities(cls, text: str, entities: Iterable[Mapping[str, Any]]) -> Reading:
        """Rebuild a reading from the entities of a Rasa message."""
        findings, times, language, about = [], [], None, None
        for e in entities:
            if e.get("entity") == "time":
                when = tuple(e["date"]) if e.get("date") else None
                times.append(
                    TimeMention(
                        e["kind"],
                        e["start"],
                        e["end"],
                        e["text"],
                        e.get("days"),
                        e.get("weekday"),
                        e.get("last_week", False),
                        when,
                        e.get("weak", False),
                        e.get("more", 0),
                    )
                )
            elif e.get("entity") == LANGUAGE:
                language = e["value"]
            elif e.get("entity") == ABOUT:
                about = e["value"]
            elif "assertion" in e:
                findings.append(
                    Finding(
                        e["value"],
                        e["entity"],
                        e["start"],
                        e["end"],
                        e.get("text", ""),
                        e["assertion"],
                        e.get("other", False),
                        frozenset(e.get("qualities", ())),
                        e.get("ambiguous", False),
                        e.get("doubted", False),
                    )
                )
        return cls(text, tuple(findings), tuple(times), language=language, about=about)
