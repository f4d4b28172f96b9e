"""A case that nobody looks after: its holder is gone, nobody takes it in time, or the clinic is closed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from aftercare.conversation import alerts
from aftercare.conversation.handoff_rules import HandoffRules
from aftercare.conversation.staff import Staff

from .fakes import NOON, Clinic, FakeAssistant, calm, flagged, hands_off, make_clinic

Opens = Callable[..., Clinic]

LATE = {"soon": timedelta(hours=4), "urgent": timedelta(minutes=30), "emergency": timedelta(minutes=5)}


@dataclass(frozen=True)
class OpensAt:
    """Closed before, open from then on."""

    opening: datetime

    def is_open(self, now: datetime) -> bool:
        return now >= self.opening

    def next_opening(self, now: datetime) -> datetime | None:
        return max(now, self.opening)


def with_hours(clinic: Clinic, hours: OpensAt) -> None:
    rules = replace(clinic.gateway.ports.handoff, hours=hours)
    object.__setattr__(clinic.gateway.ports, "handoff", rules)


def claimed(clinic: Clinic) -> tuple[str, Staff]:
    clinic.asks("yellow pus")
    case_id, kim = clinic.case().id, clinic.nurse()
    clinic.gateway.desk.claim(case_id, kim)
    return case_id, kim


def lines(clinic: Clinic) -> list[str]:
    return [text for role, text in clinic.transcript() if role == "system"]


def test_a_case_waits_again_when_who_has_it_is_gone(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("urgent"), calm())
    case_id, kim = claimed(clinic)
    clinic.clock.passes(minutes=4)
    clinic.gateway.desk.beat(kim)
    clinic.clock.passes(minutes=4)
    assert clinic.gateway.sweeper().sweep() == 0
    clinic.clock.passes(minutes=1)
    assert clinic.gateway.sweeper().sweep() == 1
    case = clinic.case()
    assert (case.id, case.status, case.assignee_id, clinic.mode()) == (case_id, "waiting", None, "waiting")
    assert lines(clinic) == ["Kim from the clinic has joined.", "Kim had to go."]
    assert clinic.history(case_id)[-1] == ("returned", "Kim")


def test_after_a_case_waits_again_the_assistant_answers_the_next_message_alone(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("urgent"), calm())
    claimed(clinic)
    clinic.says("hello? are you there?")
    clinic.clock.passes(minutes=6)
    clinic.gateway.sweeper().sweep()
    clinic.asks("may I wash?")
    answered = [
        text for text in clinic.assistant.texts if text != "hello? are you there?"
    ]  # read in silence, for staff
    assert answered == ["yellow pus", "may I wash?"]


@pytest.mark.parametrize("tier", ["soon", "urgent", "emergency"])
def test_a_patient_whom_nobody_took_in_time_is_told_once(open_clinic: Opens, tier: str) -> None:
    clinic = open_clinic(flagged(tier))
    clinic.asks("...")
    clinic.clock.now += LATE[tier] - timedelta(seconds=1)
    assert clinic.gateway.sweeper().sweep() == 0
    clinic.clock.passes(seconds=1)
    assert [clinic.gateway.sweeper().sweep() for _ in range(2)] == [1, 0]
    assert lines(clinic) == [f"No one has joined yet ({tier})."]
    assert clinic.history(clinic.case().id)[-1] == ("widened", None)


def test_who_is_told_next_is_told_with_the_patient(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("urgent"))
    clinic.asks("...")
    clinic.clock.now += LATE["urgent"]
    clinic.gateway.sweeper().sweep()
    with clinic.gateway.database.reading() as connection:
        assert [sent.kind for sent in alerts.latest(connection)] == ["widened", "opened"]


def test_a_case_that_rises_has_its_new_tiers_time(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("soon"), flagged("emergency", "grey skin"))
    clinic.asks("tender")
    clinic.clock.now += LATE["soon"]
    clinic.gateway.sweeper().sweep()
    clinic.asks("grey skin")
    assert clinic.gateway.sweeper().sweep() == 1
    assert lines(clinic) == ["No one has joined yet (soon).", "No one has joined yet (emergency)."]


def test_many_sweepers_move_a_case_once(database_url: str) -> None:
    clinic = make_clinic(database_url, FakeAssistant(flagged("urgent")))
    claimed(clinic)
    for minutes, line in ((6, "Kim had to go."), (24, "No one has joined yet (urgent).")):
        clinic.clock.passes(minutes=minutes)
        with ThreadPoolExecutor(8) as threads:
            moved = list(threads.map(lambda _: clinic.gateway.sweeper().sweep(), range(8)))
        assert sum(moved) == 1
        assert lines(clinic)[1:].count(line) == 1
    clinic.gateway.close()


def test_outside_hours_the_patient_is_told_when_somebody_will_be_there(open_clinic: Opens) -> None:
    clinic = open_clinic(flagged("urgent"))
    with_hours(clinic, OpensAt(NOON + timedelta(hours=20)))
    replies = clinic.asks("yellow pus")
    assert [(m.role, m.kind) for m in replies] == [("assistant", "urgent"), ("system", "closed_now")]
    assert replies[1].text == "The clinic is closed (urgent), until 08:00."
    standing = clinic.gateway.view(clinic.token).standing
    assert (standing.position, standing.opens_at) == (None, NOON + timedelta(hours=20))


def test_outside_hours_who_asks_for_a_person_is_told_so_too(open_clinic: Opens) -> None:
    clinic = open_clinic()
    with_hours(clinic, OpensAt(NOON + timedelta(hours=20)))
    for _ in range(2):
        clinic.gateway.ask_person(clinic.token, str(uuid4()))
    assert lines(clinic) == ["The clinic is closed (soon), until 08:00."]


@pytest.mark.parametrize("tier", ["soon", "urgent"])
def test_outside_hours_the_target_counts_from_the_opening(tier: str) -> None:
    rules = HandoffRules(hours=OpensAt(NOON))
    assert rules.target_at(tier, NOON - timedelta(hours=9)) == NOON + LATE[tier]
    assert rules.target_at(tier, NOON) == NOON + LATE[tier]


def test_an_emergency_does_not_wait_for_the_clinic_to_open() -> None:
    night = NOON - timedelta(hours=9)
    assert HandoffRules(hours=OpensAt(NOON)).target_at("emergency", night) == night + LATE["emergency"]


def test_the_place_in_the_queue_is_by_tier_then_by_waiting_time(open_clinic: Opens) -> None:
    clinic = open_clinic()
    clinic.assistant.answers = [flagged(tier) for tier in ("soon", "urgent", "emergency", "urgent")]
    tokens = []
    for _ in range(4):
        tokens.append(clinic.gateway.open_session().token)
        clinic.gateway.post(tokens[-1], str(uuid4()), "...")
        clinic.gateway.work_until_idle()
        clinic.clock.passes(minutes=1)
    assert [clinic.gateway.view(token).standing.position for token in tokens] == [4, 2, 1, 3]


def test_who_leaves_the_queue_waits_no_longer(open_clinic: Opens) -> None:
    clinic = open_clinic(hands_off("question"), calm())
    clinic.asks("...")
    case_id = clinic.case().id
    assert clinic.gateway.view(clinic.token).standing.can_leave
    clinic.gateway.leave_queue(clinic.token)
    assert (clinic.mode(), lines(clinic)) == ("assistant", ["You no longer wait."])
    assert clinic.history(case_id)[-1] == ("left_queue", None)
    standing = clinic.gateway.view(clinic.token).standing
    assert (standing.position, standing.can_leave, standing.can_rate) == (None, False, False)


@pytest.mark.parametrize("answer", [flagged("urgent"), flagged("emergency"), flagged("soon"), hands_off("young")])
def test_leaving_the_queue_takes_no_red_flag_from_the_team(open_clinic: Opens, answer: object) -> None:
    clinic = open_clinic(answer, hands_off("person"))
    clinic.asks("...")
    tier = clinic.case().tier
    clinic.gateway.leave_queue(clinic.token)
    case = clinic.case()
    assert (case.status, case.tier, case.left_at) == ("waiting", tier, clinic.clock())
    assert lines(clinic) == ["You no longer wait. The team has your case."]
    assert not clinic.gateway.view(clinic.token).standing.can_leave
    clinic.clock.now += LATE[tier]
    clinic.gateway.sweeper().sweep()
    assert clinic.history(case.id)[-1] == ("widened", None), "the team is told all the same"
    assert len(lines(clinic)) == 1, "the patient is not"
    clinic.asks("a person after all")
    assert clinic.case().left_at is None and clinic.gateway.view(clinic.token).standing.can_leave
