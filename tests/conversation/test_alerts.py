"""Staff are told outside the console that a case waits: once each, again where it fails, and nothing of the patient."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from aftercare.conversation import alerts, cases
from aftercare.conversation.cases import Concern
from aftercare.conversation.delivery import Letter
from aftercare.conversation.notification_sender import Office, Rhythm, Sender
from aftercare.conversation.schema import notification
from aftercare.conversation.staff import Staff, add_staff
from aftercare.knowledge.clinic import Notifications
from aftercare.knowledge.opening_hours import OpeningHours, Range

from .fakes import Clinic, FakeAssistant, flagged, make_clinic

PLAN = Notifications(("desk", "lead", "owner"), ("emergency", "urgent", "soon"))


@dataclass
class Post:
    """Takes letters, or fails for the recipients that it is told to."""

    failing: set[str] = field(default_factory=set)
    letters: list[tuple[str, Letter]] = field(default_factory=list)

    def __call__(self, recipient: str, letter: Letter) -> str | None:
        if recipient in self.failing:
            return "not_delivered"
        self.letters.append((recipient, letter))
        return None

    def told(self) -> list[str]:
        return [recipient for recipient, _ in self.letters]


@dataclass
class Surgery:
    """A clinic with a case in it, its outbox and a sender."""

    clinic: Clinic
    post: Post
    plan: Notifications = PLAN

    def opens(self, tier: str, seq: int = 1) -> str:
        with self.clinic.gateway.database.writing() as connection:
            concern = Concern(tier, "flag", "Possible infection", seq)
            cases.open_or_raise(connection, self.clinic.conversation_id, concern, self.clinic.clock())
        with self.clinic.gateway.database.reading() as connection:
            return cases.open_cases(connection)[0].id

    def widens(self, case_id: str) -> bool:
        with self.clinic.gateway.database.writing() as connection:
            return alerts.widen(connection, case_id, self.clinic.clock())

    def sends(self, **time: float) -> list[str]:
        """After so much time, send what is due. Returns who was told by it."""
        self.clinic.clock.passes(**time)
        before = len(self.post.letters)
        asyncio.run(self.sender().send_due())
        return self.post.told()[before:]

    def sender(self, rhythm: Rhythm | None = None) -> Sender:
        office = Office(self.plan, "Demo Skin Clinic", "https://chat.clinic.example")
        return Sender(self.clinic.gateway.database, office, self.post, self.clinic.clock, rhythm)

    def claims(self, case_id: str) -> Staff:
        nurse = add_staff(self.clinic.gateway.database, "kim", "a long password", "Kim", self.clinic.clock())
        self.clinic.gateway.desk.claim(case_id, nurse)
        return nurse

    def statuses(self) -> list[str]:
        with self.clinic.gateway.database.reading() as connection:
            return [row.status for row in connection.execute(select(notification).order_by(notification.c.id))]

    def problems(self) -> list[str]:
        with self.clinic.gateway.database.reading() as connection:
            return alerts.problems(connection, self.clinic.clock())


@pytest.fixture
def surgery(database_url: str) -> Iterator[Surgery]:
    clinic = make_clinic(database_url, FakeAssistant())
    yield Surgery(clinic, Post())
    clinic.gateway.close()


def test_the_first_recipient_is_told_once_of_a_new_case(surgery: Surgery) -> None:
    surgery.opens("emergency")
    surgery.opens("emergency", seq=2)
    assert surgery.sends() == ["desk"]
    assert surgery.sends(hours=1) == []
    assert surgery.statuses() == ["sent"]


def test_a_message_names_tier_clinic_and_link_and_nothing_of_the_patient(open_clinic: Callable[..., Clinic]) -> None:
    clinic = open_clinic(flagged("urgent", "yellow pus"))
    surgery = Surgery(clinic, Post())
    clinic.asks("my name is Ada and yellow pus comes out")
    assert surgery.sends() == ["desk"]
    with clinic.gateway.database.reading() as connection:
        case = cases.open_cases(connection)[0]
    letter = surgery.post.letters[0][1]
    assert letter == Letter(
        "Demo Skin Clinic: urgent case",
        f"An urgent case is waiting.\n\nDemo Skin Clinic\nhttps://chat.clinic.example/staff/cases/{case.id}",
    )


def test_a_case_that_is_not_written_notifies_nobody(surgery: Surgery) -> None:
    class Boom(Exception):
        pass

    with pytest.raises(Boom), surgery.clinic.gateway.database.writing() as connection:
        concern = Concern("emergency", "flag", "Trouble breathing", 1)
        cases.open_or_raise(connection, surgery.clinic.conversation_id, concern, surgery.clinic.clock())
        raise Boom
    assert surgery.statuses() == []


def test_a_raised_case_is_told_of_again_and_what_had_not_gone_out_before_is_dropped(surgery: Surgery) -> None:
    surgery.opens("soon")
    surgery.opens("emergency", seq=2)
    assert surgery.sends() == ["desk"]
    assert surgery.post.letters[0][1].body.startswith("A case has been raised to emergency and is waiting.")
    assert sorted(surgery.statuses()) == ["needless", "sent"]


@pytest.mark.parametrize("how", ["claimed", "closed"])
def test_nobody_is_told_of_a_case_that_is_in_hand(surgery: Surgery, how: str) -> None:
    case_id = surgery.opens("urgent")
    nurse = surgery.claims(case_id)
    if how == "closed":
        surgery.clinic.gateway.desk.close(case_id, nurse, "called")
    assert surgery.sends() == []
    assert surgery.statuses() == ["needless"]


def test_a_claimed_case_that_becomes_an_emergency_is_told_of(surgery: Surgery) -> None:
    surgery.claims(surgery.opens("soon"))
    surgery.opens("emergency", seq=2)
    assert surgery.sends() == ["desk"]


def test_each_widening_goes_one_recipient_further_and_then_round_again(surgery: Surgery) -> None:
    case_id = surgery.opens("emergency")
    told = surgery.sends()
    for _ in range(3):
        assert surgery.widens(case_id)
        told += surgery.sends()
    assert told == ["desk", "lead", "owner", "desk"]
    assert "still waiting" in surgery.post.letters[-1][1].body


def test_the_next_is_told_when_nobody_takes_a_case_in_its_time(surgery: Surgery) -> None:
    surgery.opens("emergency")
    assert surgery.sends() == ["desk"]
    sweeper = surgery.clinic.gateway.sweeper()
    surgery.clinic.clock.passes(minutes=4, seconds=59)
    assert (sweeper.sweep(), surgery.sends()) == (0, [])
    surgery.clinic.clock.passes(seconds=1)
    assert (sweeper.sweep(), surgery.sends()) == (1, ["lead"])
    assert (sweeper.sweep(), surgery.sends()) == (0, [])


def test_the_next_is_told_when_whoever_has_a_case_is_gone(surgery: Surgery) -> None:
    case_id = surgery.opens("emergency")
    assert surgery.sends() == ["desk"]
    surgery.claims(case_id)
    surgery.clinic.clock.passes(minutes=10)
    assert surgery.clinic.gateway.sweeper().sweep() == 1
    assert surgery.sends() == ["lead"]


def test_there_is_nothing_to_widen_where_there_is_no_case(surgery: Surgery) -> None:
    assert not surgery.widens("0190b6a0-1111-7000-8000-000000000000")


def test_tries_are_repeated_with_growing_pauses_until_the_message_arrives(surgery: Surgery) -> None:
    surgery.plan = replace(PLAN, recipients=("desk",))
    surgery.post.failing = {"desk"}
    surgery.opens("emergency")
    tries: list[float] = []
    begun = surgery.clinic.clock()
    while surgery.clinic.clock() - begun < timedelta(minutes=30):
        seen = _attempts(surgery)
        surgery.sends()
        if _attempts(surgery) > seen:
            tries.append((surgery.clinic.clock() - begun).total_seconds())
        surgery.clinic.clock.passes(seconds=5)
    assert tries == [0, 5, 35, 155, 455, 1355]
    surgery.post.failing = set()
    assert surgery.sends(hours=1) == ["desk"]
    assert surgery.sends(hours=1) == []


def _attempts(surgery: Surgery) -> int:
    with surgery.clinic.gateway.database.reading() as connection:
        return max(row.attempts for row in connection.execute(select(notification)))


def test_where_the_first_cannot_be_reached_the_next_is_told_and_the_first_is_still_tried(surgery: Surgery) -> None:
    surgery.post.failing = {"desk", "lead"}
    surgery.opens("emergency")
    assert surgery.sends() == []
    assert surgery.sends(seconds=5) == []
    assert surgery.sends(seconds=5) == ["owner"]
    assert surgery.problems() == [
        "The last message to desk did not arrive: its service did not take it.",
        "The last message to lead did not arrive: its service did not take it.",
    ]
    surgery.post.failing = set()
    assert sorted(surgery.sends(minutes=2)) == ["desk", "lead"]
    assert surgery.problems() == []


def test_no_more_tries_are_made_after_a_day(surgery: Surgery) -> None:
    surgery.plan = replace(PLAN, recipients=("desk",))
    surgery.post.failing = {"desk"}
    surgery.opens("urgent")
    surgery.sends()
    surgery.sends(hours=25)
    assert surgery.statuses() == ["failed"]
    assert len(surgery.problems()) == 1


def test_a_sender_that_raises_is_a_failed_try(surgery: Surgery, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(recipient: str, letter: Letter) -> str | None:
        raise RuntimeError("mailto://user:secret@host")

    surgery.opens("emergency")
    sender = surgery.sender()
    monkeypatch.setattr(sender, "_deliver", explode)
    asyncio.run(sender.send_due())
    assert surgery.problems() == ["The last message to desk did not arrive: sending failed."]


def test_a_service_that_hangs_is_cut_off_and_the_process_goes_on(surgery: Surgery) -> None:
    let_go = threading.Event()
    surgery.opens("emergency")
    sender = surgery.sender(Rhythm(time_limit=0.1))
    sender._deliver = lambda recipient, letter: "late" if let_go.wait(30) else None
    begun = time.monotonic()
    asyncio.run(sender.send_due())
    assert time.monotonic() - begun < 5
    assert surgery.problems() == ["The last message to desk did not arrive: its service did not answer in time."]
    let_go.set()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def quiet_nights(plan: Notifications) -> Notifications:
    nights = OpeningHours.daily(ZoneInfo("Europe/London"), [Range.parse("20:00-08:00")])
    return replace(plan, quiet=nights)


def test_in_quiet_hours_soon_waits_until_they_end(surgery: Surgery) -> None:
    surgery.plan = quiet_nights(PLAN)
    surgery.clinic.clock.now = at("2025-03-10 20:00")
    surgery.opens("soon")
    assert surgery.sends() == []
    assert surgery.sends(hours=11, minutes=59) == []
    assert surgery.problems() == []
    assert surgery.sends(minutes=1) == ["desk"]


@pytest.mark.parametrize("tier", ["urgent", "emergency"])
def test_quiet_hours_never_hold_back_an_urgent_case_or_an_emergency(surgery: Surgery, tier: str) -> None:
    surgery.plan = quiet_nights(PLAN)
    surgery.clinic.clock.now = at("2025-03-11 03:00")
    surgery.opens(tier)
    assert surgery.sends() == ["desk"]


def test_a_tier_that_the_clinic_does_not_want_to_hear_of_is_not_sent(surgery: Surgery) -> None:
    surgery.plan = replace(PLAN, tiers=("emergency",))
    surgery.opens("urgent")
    assert surgery.sends() == []
    surgery.opens("emergency", seq=2)
    assert surgery.sends() == ["desk"]


def test_without_recipients_nothing_is_sent_and_nothing_is_wrong(surgery: Surgery) -> None:
    surgery.plan = Notifications()
    surgery.opens("emergency")
    assert surgery.sends() == []
    surgery.clinic.clock.passes(hours=1)
    assert surgery.problems() == []


def test_messages_that_no_process_sends_are_a_problem(surgery: Surgery) -> None:
    surgery.opens("emergency")
    assert surgery.problems() == []
    surgery.clinic.clock.passes(minutes=3)
    assert surgery.problems() == [
        "1 message(s) to staff wait to be sent, and no process sends them. Is the web process up?"
    ]


def test_emergencies_go_out_before_the_rest(surgery: Surgery) -> None:
    surgery.opens("soon")
    gateway = surgery.clinic.gateway
    for tier in ("urgent", "emergency"):
        surgery.clinic.conversation_id = gateway.open_session().conversation_id
        surgery.clinic.clock.passes(seconds=1)
        surgery.opens(tier)
    leased = surgery.sender()._lease(surgery.clinic.clock(), 2)
    assert [one.tier for one in leased] == ["emergency", "urgent"]


def test_many_settled_messages_do_not_hold_back_the_next(surgery: Surgery) -> None:
    surgery.plan = replace(PLAN, tiers=("urgent",))
    for number in range(30):
        surgery.clinic.conversation_id = surgery.clinic.gateway.open_session().conversation_id
        surgery.opens("urgent" if number == 29 else "emergency")
    assert surgery.sends() == ["desk"]


def test_a_result_that_comes_after_the_lease_is_not_written(surgery: Surgery) -> None:
    surgery.opens("emergency")
    first = surgery.sender()._lease(surgery.clinic.clock(), 1)[0]
    surgery.clinic.clock.passes(minutes=1)
    assert surgery.sends() == ["desk"]
    surgery.sender()._record(first, "late", surgery.clinic.clock())
    assert surgery.statuses() == ["sent"]
    assert surgery.problems() == []


def test_a_test_message_goes_to_the_one_it_is_for_and_is_tried_once(surgery: Surgery) -> None:
    surgery.post.failing = {"owner"}
    with surgery.clinic.gateway.database.writing() as connection:
        alerts.enqueue_test(connection, 1, surgery.clinic.clock())
        alerts.enqueue_test(connection, 2, surgery.clinic.clock())
    assert surgery.sends() == ["lead"]
    assert "This is a test" in surgery.post.letters[0][1].body
    assert sorted(surgery.statuses()) == ["failed", "sent"]
    assert surgery.sends(hours=1) == []
