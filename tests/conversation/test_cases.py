"""Cases rise, never fall, keep what raised them, and are held by one member of staff."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aftercare.conversation import cases
from aftercare.conversation.assistant import Outcome
from aftercare.conversation.cases import CASE_TIERS, Case, CaseFile

from .fakes import Clinic, calm, flagged, hands_off

Opens = Callable[..., Clinic]


def open_cases(clinic: Clinic) -> list[Case]:
    with clinic.gateway.database.reading() as connection:
        return cases.open_cases(connection)


def case_file(clinic: Clinic, case_id: str) -> CaseFile:
    with clinic.gateway.database.reading() as connection:
        file = cases.case_file(connection, case_id)
    assert file is not None
    return file


@pytest.mark.parametrize("later", [calm(), flagged("soon", "tender"), hands_off("person"), hands_off("question")])
def test_nothing_a_patient_says_later_lowers_an_urgent_case(open_clinic: Opens, later: Outcome) -> None:
    clinic = open_clinic(flagged("urgent"), later)
    clinic.asks("yellow pus")
    clinic.asks("oh it is fine, never mind")
    assert [case.tier for case in open_cases(clinic)] == ["urgent"]


@given(st.lists(st.sampled_from([calm(), *map(flagged, CASE_TIERS), hands_off("person")]), min_size=1, max_size=6))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_case_has_the_highest_tier_that_was_ever_seen(open_clinic: Opens, outcomes: list[Outcome]) -> None:
    clinic = open_clinic(*outcomes)
    needed = []
    for outcome in outcomes:
        clinic.asks("...")
        concern = cases.concern_of(outcome, 1)
        needed += [concern.tier] if concern else []
    found = [case.tier for case in open_cases(clinic) if case.conversation_id == clinic.conversation_id]
    assert found == ([max(needed, key=CASE_TIERS.index)] if needed else [])


def test_a_higher_finding_raises_the_case_and_adds_its_words(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("soon", "tender"), flagged("emergency", "grey skin", rule="R14"))
    clinic.asks("it is tender")
    clinic.asks("the skin is grey")
    case = open_cases(clinic)[0]
    assert [(hit["rule"], hit["words"], hit["seq"]) for hit in case.hits] == [
        ("R5", ["tender"], 2),
        ("R14", ["grey skin"], 4),
    ]
    assert [(event.action, event.tier) for event in case_file(clinic, case.id).history] == [
        ("opened", "soon"),
        ("raised", "emergency"),
    ]


def test_a_hit_repeated_by_the_report_keeps_the_message_it_came_from(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("urgent"))
    clinic.asks("yellow pus")
    clinic.asks("what now?")
    assert [hit["seq"] for hit in open_cases(clinic)[0].hits] == [2]


def test_cases_are_listed_by_urgency_then_by_waiting_time(open_clinic: Opens) -> None:
    clinic = open_clinic()
    tiers = ["soon", "urgent", "emergency", "urgent", "soon"]
    clinic.assistant.answers = [flagged(tier) for tier in tiers]
    opened = []
    for _ in tiers:
        session = clinic.gateway.open_session()
        clinic.gateway.post(session.token, str(uuid4()), "...")
        clinic.gateway.work_until_idle()
        opened.append(session.conversation_id)
        clinic.clock.passes(minutes=1)
    listed = [opened.index(case.conversation_id) for case in open_cases(clinic)]
    assert listed == [2, 1, 3, 0, 4]


def test_staff_see_why_and_the_whole_conversation(open_clinic: Opens) -> None:
    clinic = open_clinic(calm(), flagged("urgent"))
    clinic.asks("day 3")
    clinic.asks("yellow pus")
    file = case_file(clinic, open_cases(clinic)[0].id)
    assert (file.case.reason, file.case.hits[0]["words"], file.days_since) == ("Possible infection", ["yellow pus"], 3)
    assert [message.seq for message in file.messages] == [1, 2, 3, 4, 5]


def test_a_case_that_does_not_exist_has_no_file(open_clinic: Opens) -> None:
    clinic = open_clinic()
    with clinic.gateway.database.reading() as connection:
        assert cases.case_file(connection, "nothing") is None
