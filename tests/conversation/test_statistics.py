"""The figures of the lead's page, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from aftercare.conversation import conversations, staff, statistics
from aftercare.conversation.database import Database
from aftercare.conversation.ids import new_id
from aftercare.conversation.migrations import migrate
from aftercare.conversation.schema import case_history, message, patient_case, turn
from aftercare.conversation.statistics import Figures, Period

from .fakes import NOON

LONDON = ZoneInfo("Europe/London")
MARCH = Period(date(2025, 3, 1), date(2025, 3, 31))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    migrate(opened)
    staff.add_staff(opened, "kim", "a long password")
    yield opened
    opened.close()


def figures(database: Database, period: Period = MARCH) -> Figures:
    with database.reading() as connection:
        return statistics.figures(connection, period, LONDON)


def case(database: Database, tier: str = "urgent", at: datetime = NOON, **more: Any) -> None:
    """A case with its history. ``taken``, ``reply``: minutes after it opened; ``outcome`` closes it, by staff or not."""
    taken, reply, outcome = more.get("taken"), more.get("reply"), more.get("outcome")
    hits = [
        {"flag": flag, "rule": rule, "title": f"Title of {flag}", "words": ["my words"], "seq": 1}
        for flag, rule in more.get("hits", [("U1", "R5")])
    ]
    with database.writing() as connection:
        kim = staff.named(connection, "kim").id
        conversation_id = conversations.create(connection, None, None, at)
        case_id = new_id(at)
        connection.execute(
            insert(patient_case).values(
                id=case_id,
                conversation_id=conversation_id,
                tier=tier,
                reason="x",
                handoff="flag",
                hits=hits,
                status="closed" if outcome else "claimed" if taken is not None else "waiting",
                opened_at=at,
                updated_at=at,
                waiting_since=at,
                first_reply_at=at + reply * MINUTE if reply is not None else None,
                outcome=outcome,
                should_have_answered=more.get("should_have_answered"),
            )
        )
        line = {"case_id": case_id, "tier": tier, "reason": "x", "handoff": "flag", "hits": []}
        if taken is not None:
            connection.execute(
                insert(case_history).values(**line, at=at + taken * MINUTE, action="claimed", staff_id=kim)
            )
        if outcome and more.get("by_staff", True):
            connection.execute(insert(case_history).values(**line, at=at + MINUTE, action="closed", staff_id=kim))


def writes(database: Database, at: datetime, **outcome: Any) -> None:
    """A patient's message, with what it came to where that is given."""
    with database.writing() as connection:
        conversation_id = conversations.create(connection, None, None, at)
        connection.execute(
            insert(message).values(
                conversation_id=conversation_id,
                seq=9,
                role="patient",
                name="",
                kind="text",
                text="my words",
                buttons=[],
                sources=[],
                client_id=str(uuid4()),
                created_at=at,
            )
        )
        if outcome:
            kept = {"handoff": None, "questions": [], "entities": [], **outcome}
            connection.execute(
                insert(turn).values(
                    id=new_id(at),
                    conversation_id=conversation_id,
                    seq=9,
                    status="done",
                    attempts=1,
                    outcome=kept,
                    created_at=at,
                )
            )


def test_without_cases_there_are_zeros_and_no_times(database: Database) -> None:
    found = figures(database)
    assert [tier.tier for tier in found.tiers] == ["emergency", "urgent", "soon"]
    assert all(tier.until_taken == statistics.Times(0, None, None) for tier in found.tiers)
    assert (found.flags, found.rules, found.unanswered, found.escalated.cases) == ([], [], [], 0)
    assert len(found.hours) == 24


def test_waiting_and_first_reply_by_tier(database: Database) -> None:
    for minutes in range(1, 11):
        case(database, "urgent", taken=minutes, reply=2 * minutes)
    case(database, "emergency")
    case(database, "emergency", at=NOON - timedelta(days=60))
    emergency, urgent, soon = figures(database).tiers
    assert (urgent.waiting, urgent.taken, urgent.opened) == (0, 10, 10)
    assert urgent.until_taken == statistics.Times(10, 5.5 * MINUTE, 9 * MINUTE)
    assert urgent.until_reply == statistics.Times(10, 11 * MINUTE, 18 * MINUTE)
    assert (emergency.waiting, emergency.opened, emergency.until_taken.count) == (2, 1, 0)
    assert (soon.waiting, soon.opened) == (0, 0)


def test_escalations_count_a_case_once_a_flag_and_once_a_rule(database: Database) -> None:
    case(database, hits=[("U1", "R5"), ("U1", "R5"), ("U1", "R6"), ("E1", "R7")])
    case(database, hits=[("U1", "R5")])
    case(database, hits=[])
    found = figures(database)
    assert [(flag.name, flag.title, flag.cases) for flag in found.flags] == [
        ("U1", "Title of U1", 2),
        ("E1", "Title of E1", 1),
    ]
    assert [(rule.name, rule.cases) for rule in found.rules] == [("R5", 2), ("R6", 1), ("R7", 1)]
    assert found.escalated.cases == 3


def test_false_alarms_are_what_staff_marked_and_counted_once(database: Database) -> None:
    case(database, outcome="not_needed", should_have_answered=True)
    case(database, outcome="not_needed", should_have_answered=False)
    case(database, outcome="advice_given", should_have_answered=True)
    case(database, outcome="called")
    case(database, outcome="not_needed", by_staff=False)
    case(database)
    (flag,) = figures(database).flags
    assert (flag.cases, flag.closed, flag.not_needed, flag.should_have_answered, flag.false_alarms) == (6, 4, 2, 2, 3)


def test_hours_are_the_clinics_and_the_period_is_whole_days_there(database: Database) -> None:
    summer = Period(date(2025, 7, 1), date(2025, 7, 1))
    for text in ("2025-06-30T22:59:59", "2025-06-30T23:00:00", "2025-07-01T08:30:00", "2025-07-01T22:59:59.999999"):
        writes(database, datetime.fromisoformat(f"{text}+00:00"))
    writes(database, datetime.fromisoformat("2025-07-01T23:00:00+00:00"))
    case(database, at=datetime.fromisoformat("2025-07-01T08:31:00+00:00"))
    hours = figures(database, summer).hours
    assert {hour.hour: (hour.messages, hour.cases) for hour in hours if hour.messages or hour.cases} == {
        0: (1, 0),
        9: (1, 1),
        23: (1, 0),
    }


def test_questions_without_an_answer_are_named_without_words(database: Database) -> None:
    sauna = {"type": "activity", "value": "sauna", "text": "the sauna thing"}
    odd = [
        {"type": "product", "value": "my own cream"},
        {"type": "time", "value": "day"},
        {"type": "finding", "value": None},
    ]
    for _ in range(2):
        writes(database, NOON, handoff="question", questions=["can_i"], entities=[sauna, *odd])
    writes(database, NOON, handoff="question", questions=["why", "how_long", "why"])
    writes(database, NOON, handoff="person", questions=["can_i"], entities=[sauna])
    writes(database, NOON - timedelta(days=90), handoff="question", questions=["can_i"])
    assert figures(database).unanswered == [
        statistics.Unanswered(("can_i",), ("sauna",), 2),
        statistics.Unanswered(("how_long", "why"), (), 1),
    ]


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=200))
def test_nine_of_ten_did_not_take_longer_than_the_90th(seconds: list[int]) -> None:
    taken = [timedelta(seconds=second) for second in seconds]
    found = statistics.times(taken)
    assert found.ninetieth in taken and found.median is not None and found.median <= found.ninetieth
    assert sum(time <= found.ninetieth for time in taken) >= 0.9 * len(taken)
    assert sum(time < found.ninetieth for time in taken) < 0.9 * len(taken)
