"""The screen before the assistant: the deterministic part of triage, which works without a model and without Rasa."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aftercare.answers.answer import Answer
from aftercare.answers.flags import flag_reply
from aftercare.answers.talk import with_line
from aftercare.conversation.assistant import Hit, Outcome, Reply, Source
from aftercare.knowledge import Clinic, KnowledgeBase
from aftercare.triage import Reader, Report, assess, update
from aftercare.triage.report import raised


class RedFlagScreen:
    """An outcome where the words alone raise a red flag, else None (``assistant.Screen``). Pure; about a millisecond.

    Words that mean other things as often are left to the assistant, which has the learned detector to ask.
    """

    def __init__(self, reader: Reader, knowledge: KnowledgeBase, clinic: Clinic) -> None:
        self._reader = reader
        self._knowledge = knowledge
        self._clinic = clinic
        self._zone = ZoneInfo(clinic.time_zone)

    def __call__(self, text: str, report: Mapping[str, Any] | None, now: datetime) -> Outcome | None:
        reading = self._reader.read(text).certain()
        moment = now.astimezone(self._zone)
        known = update(Report.from_dict(report), reading, moment)
        assessment = assess(known, self._knowledge, moment)
        tier = assessment.fresh_tier
        if tier == "none":
            return None
        known = replace(raised(known, tier, [h.flag for h in assessment.hits]), asked=None, offered=None)
        reply = flag_reply(assessment.hits, self._knowledge, self._clinic)
        reply = with_line(reply, reading.language, self._knowledge, self._clinic)
        known = replace(known, last_sources=reply.sources)
        answer = Answer((reply,), tier, known, assessment.hits, "flag", assessment.day).to_dict(self._knowledge)
        sources = tuple(Source(s["id"], s["title"]) for s in answer["replies"][0]["sources"])
        return Outcome(
            replies=(Reply(reply.text, reply.kind, (), sources),),
            tier=tier,
            hits=tuple(Hit(h.flag, h.rule, h.title, h.words) for h in assessment.hits),
            handoff="flag",
            report=answer["report"],
            days_since=assessment.day,
            questions=("report",),
            entities=tuple(
                {"type": e.pop("entity"), **e} for e in self._reader.with_attributes(text, reading.entities())
            ),
        )


class TriageReports:
    """What the conversation does with a report itself (``assistant.Reports``)."""

    def start(self, treated_on: date | None) -> Mapping[str, Any] | None:
        return Report(treated_on=treated_on).to_dict()

    def unasked(self, report: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        return replace(Report.from_dict(report), asked=None, offered=None).to_dict()

    def settle(self, report: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        return replace(
            Report.from_dict(report), open_tier="none", open_flags=(), soon=(), urgent=(), asked=None, offered=None
        ).to_dict()
