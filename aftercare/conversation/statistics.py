"""The figures of the lead's page: how long patients wait, what escalates, what was no need, what the guide lacks.

Counted over the cases and messages that are still kept: what retention or erasure has removed is in no figure.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from datetime import time as time_of_day
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from aftercare.conversation.cases import CASE_TIERS
from aftercare.conversation.schema import case_history, message, patient_case, turn

NAMED = frozenset({"symptom", "finding", "product", "activity", "topic"})
"""Kinds of entities that are named beside a question without an answer."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
"""A name of the knowledge base. Whatever else stands in an entity could be a patient's word."""


@dataclass(frozen=True)
class Period:
    """Whole days of the clinic, both ends included."""

    first: date
    last: date

    def moments(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """From, inclusive, to, exclusive."""
        after = self.last + timedelta(days=1)
        return datetime.combine(self.first, time_of_day.min, zone), datetime.combine(after, time_of_day.min, zone)


@dataclass(frozen=True)
class Times:
    """How long something took: of how many cases, the median, and what 90 in 100 did not go beyond."""

    count: int
    median: timedelta | None
    ninetieth: timedelta | None


@dataclass(frozen=True)
class TierFigures:
    """``waiting`` and ``taken``: cases that are open now, whenever they came. The rest: cases of the period."""

    tier: str
    waiting: int
    taken: int
    opened: int
    until_taken: Times
    until_reply: Times


@dataclass(frozen=True)
class Escalations:
    """What one flag or rule brought. ``closed``: cases that staff have closed with an outcome; the rest are among these."""

    name: str
    title: str
    cases: int
    closed: int
    not_needed: int
    should_have_answered: int
    false_alarms: int


@dataclass(frozen=True)
class Hour:
    """An hour of the clinic's day, over the whole period."""

    hour: int
    messages: int
    cases: int


@dataclass(frozen=True)
class Unanswered:
    """What was asked and had no answer in the guide: kinds of question, and names of what it was about, never words."""

    questions: tuple[str, ...]
    about: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Figures:
    """Everything on the lead's page. ``escalated``: all cases of the period in one line."""

    period: Period
    tiers: Sequence[TierFigures]
    escalated: Escalations
    flags: Sequence[Escalations]
    rules: Sequence[Escalations]
    hours: Sequence[Hour]
    unanswered: Sequence[Unanswered]


def figures(connection: Connection, period: Period, zone: tzinfo) -> Figures:
    """Count everything, within the caller's transaction."""
    start, end = period.moments(zone)
    cases = connection.execute(
        select(
            patient_case.c.id,
            patient_case.c.tier,
            patient_case.c.hits,
            patient_case.c.opened_at,
            patient_case.c.first_reply_at,
            patient_case.c.outcome,
            patient_case.c.should_have_answered,
        ).where(patient_case.c.opened_at >= start, patient_case.c.opened_at < end)
    ).all()
    taken = _first_steps(connection, start, "claimed")
    closed = _first_steps(connection, start, "closed")
    flags, rules, titles = _by_hit(cases)
    return Figures(
        period,
        _by_tier(cases, taken, _open_now(connection)),
        _escalations("all", "All cases", cases, closed),
        _ranked(flags, titles, closed),
        _ranked(rules, titles, closed),
        _by_hour(connection, cases, start, end, zone),
        _unanswered(connection, start, end),
    )


def times(taken: Iterable[timedelta]) -> Times:
    """Count, median, and the 90th percentile by nearest rank, which is one of the times themselves."""
    ordered = sorted(taken)
    if not ordered:
        return Times(0, None, None)
    median = timedelta(seconds=statistics.median(time.total_seconds() for time in ordered))
    return Times(len(ordered), median, ordered[math.ceil(0.9 * len(ordered)) - 1])


def _first_steps(connection: Connection, start: datetime, action: str) -> Mapping[str, datetime]:
    """Case -> when it was first taken, or closed, by staff."""
    rows = connection.execute(
        select(case_history.c.case_id, func.min(case_history.c.at).label("first"))
        .where(case_history.c.action == action, case_history.c.staff_id.is_not(None), case_history.c.at >= start)
        .group_by(case_history.c.case_id)
    )
    return {row.case_id: row.first for row in rows}


def _open_now(connection: Connection) -> Counter[tuple[str, str]]:
    rows = connection.execute(
        select(patient_case.c.tier, patient_case.c.status, func.count().label("number"))
        .where(patient_case.c.status != "closed")
        .group_by(patient_case.c.tier, patient_case.c.status)
    )
    return Counter({(row.tier, row.status): row.number for row in rows})


def _by_tier(
    cases: Sequence[Any], taken: Mapping[str, datetime], open_now: Counter[tuple[str, str]]
) -> Sequence[TierFigures]:
    found = []
    for tier in reversed(CASE_TIERS):
        of_tier = [case for case in cases if case.tier == tier]
        found.append(
            TierFigures(
                tier,
                open_now[tier, "waiting"],
                open_now[tier, "claimed"],
                len(of_tier),
                times(taken[case.id] - case.opened_at for case in of_tier if case.id in taken),
                times(case.first_reply_at - case.opened_at for case in of_tier if case.first_reply_at),
            )
        )
    return found


def _by_hit(cases: Sequence[Any]) -> tuple[Mapping[str, list[Any]], Mapping[str, list[Any]], Mapping[str, str]]:
    """(flag -> cases, rule -> cases, flag or rule -> title). A case counts once for each."""
    flags: dict[str, list[Any]] = defaultdict(list)
    rules: dict[str, list[Any]] = defaultdict(list)
    titles: dict[str, str] = {}
    for case in cases:
        for hit in case.hits:
            titles.setdefault(hit["flag"], hit["title"])
            titles.setdefault(hit["rule"], hit["title"])
        for flag in {hit["flag"] for hit in case.hits}:
            flags[flag].append(case)
        for rule in {hit["rule"] for hit in case.hits}:
            rules[rule].append(case)
    return flags, rules, titles


def _ranked(
    groups: Mapping[str, Sequence[Any]], titles: Mapping[str, str], closed: Mapping[str, datetime]
) -> Sequence[Escalations]:
    found = [_escalations(name, titles[name], cases, closed) for name, cases in groups.items()]
    return sorted(found, key=lambda group: (-group.cases, group.name))


def _escalations(name: str, title: str, cases: Sequence[Any], closed: Mapping[str, datetime]) -> Escalations:
    # A case that the patient withdrew has an outcome too, but staff did not mark it.
    marked = [case for case in cases if case.id in closed and case.outcome is not None]
    not_needed = {case.id for case in marked if case.outcome == "not_needed"}
    should_have = {case.id for case in marked if case.should_have_answered}
    return Escalations(
        name, title, len(cases), len(marked), len(not_needed), len(should_have), len(not_needed | should_have)
    )


def _by_hour(
    connection: Connection, cases: Sequence[Any], start: datetime, end: datetime, zone: tzinfo
) -> Sequence[Hour]:
    """In the clinic's time, so in Python: neither database knows the zone's summer time alike."""
    sent = connection.execute(
        select(message.c.created_at).where(
            message.c.role == "patient", message.c.created_at >= start, message.c.created_at < end
        )
    ).scalars()
    messages = Counter(at.astimezone(zone).hour for at in sent)
    opened = Counter(case.opened_at.astimezone(zone).hour for case in cases)
    return [Hour(hour, messages[hour], opened[hour]) for hour in range(24)]


def _unanswered(connection: Connection, start: datetime, end: datetime) -> Sequence[Unanswered]:
    outcomes = connection.execute(
        select(turn.c.outcome).where(
            turn.c.created_at >= start,
            turn.c.created_at < end,
            turn.c.outcome["handoff"].as_string() == "question",
        )
    ).scalars()
    counted = Counter((tuple(sorted(set(outcome["questions"]))), _about(outcome)) for outcome in outcomes)
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [Unanswered(questions, about, count) for (questions, about), count in ranked]


def _about(outcome: Mapping[str, Any]) -> tuple[str, ...]:
    values = {str(entity.get("value")) for entity in outcome["entities"] if entity.get("type") in NAMED}
    return tuple(sorted(value for value in values if _NAME.fullmatch(value)))
