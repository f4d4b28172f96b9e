"""A dialogue in five lines: say what the patient writes and as what it is understood, get the answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from aftercare.answers import Answer, Turn, compose
from aftercare.knowledge import Clinic, KnowledgeBase
from aftercare.triage import Reader, Report


class Talk:
    """Keeps the report between turns, as the web process does. ``days`` is days since treatment, if known."""

    def __init__(
        self, reader: Reader, knowledge: KnowledgeBase, clinic: Clinic, now: datetime, days: int | None = None
    ) -> None:
        self._reader, self._knowledge, self._clinic, self._now = reader, knowledge, clinic, now
        treated: date | None = now.date() - timedelta(days=days) if days is not None else None
        self.report = Report(treated_on=treated)

    def say(self, text: str, *questions: str, doubted: bool = False, confidence: float = 0.0) -> Answer:
        """The answer to ``text`` with the intent and questions given, the primary one first; ``doubted``: nothing learned
        hears a sign in it. ``confidence`` is that of the intent."""
        reading = self._reader.read(text)
        reading = replace(reading, findings=tuple(replace(f, doubted=doubted) for f in reading.findings))
        turn = Turn(text, questions[0], questions, reading, self.report, self._now, confidence)
        answer = compose(turn, self._knowledge, self._clinic)
        self.report = answer.report
        return answer
