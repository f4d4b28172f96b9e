"""A process that does a step of a handoff is killed before each of its statements: the step is done whole, or not at all."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from aftercare.conversation.database import Database
from aftercare.conversation.gateway import Gateway
from aftercare.conversation.staff import Staff
from tests.conversation.conftest import database_url, postgresql_url
from tests.conversation.fakes import AGAIN, Clinic, FakeAssistant, calm, flagged, make_clinic

__all__ = ["database_url", "postgresql_url"]

pytestmark = pytest.mark.fault

Step = Callable[[Gateway], object]

MOST_STATEMENTS = 60


def killed_before(url: str, clinic: Clinic, step: Step, number: int) -> bool:
    """Do a step in another process, killed before its statement ``number`` (or its commit). False where it had fewer."""
    clinic.gateway.database.engine.dispose()
    child = os.fork()
    if child == 0:
        try:
            _dies(url, clinic, step, number)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the step failed by itself"
    return os.WIFSIGNALED(status)


def _dies(url: str, clinic: Clinic, step: Step, number: int) -> None:
    database = Database(url)
    gateway = Gateway(database, clinic.gateway.ports, clock=clinic.clock)
    left = number

    def counts(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", counts)
    event.listen(database.engine, "commit", counts)
    step(gateway)


def through_every_death(url: str, clinic: Clinic, step: Step, before: Callable[[], object]) -> int:
    """Kill the step before each of its statements until it comes through. Returns how often it was killed."""
    stood = before()
    for number in range(1, MOST_STATEMENTS):
        if not killed_before(url, clinic, step, number):
            return number - 1
        assert before() == stood, f"killed before statement {number}, and something of it is there"
    raise AssertionError("the step never came through")


def test_every_step_of_a_handoff_is_whole_or_not_at_all(database_url: str) -> None:
    clinic = make_clinic(database_url, FakeAssistant(flagged("urgent"), calm()))
    clinic.asks("yellow pus")
    case_id, kim, lee = clinic.case().id, clinic.nurse(), clinic.nurse("Lee")
    client_id = str(uuid4())

    def stands() -> object:
        state = clinic.gateway.state(clinic.conversation_id)
        return clinic.transcript(), clinic.history(case_id), state.mode, state.epoch, state.last_seq

    def later(minutes: int) -> None:
        clinic.clock.passes(minutes=minutes)

    def writes(who: Staff, text: str, id_: str) -> Step:
        return lambda gateway: gateway.desk.send(case_id, who, id_, text)

    steps: list[Step] = [
        lambda gateway: gateway.desk.claim(case_id, kim),
        lambda gateway: gateway.desk.release(case_id, kim),
        writes(kim, "Does it hurt?", client_id),
        writes(kim, "Does it hurt?", client_id),
        lambda gateway: (later(6), gateway.sweeper().sweep()),
        lambda gateway: gateway.desk.claim(case_id, kim),
        lambda gateway: (later(2), gateway.desk.take_over(case_id, lee)),
        lambda gateway: gateway.desk.hand_back(case_id, lee),
    ]
    deaths = [through_every_death(database_url, clinic, step, stands) for step in steps]

    assert all(died >= 3 for died in deaths), deaths
    assert clinic.transcript()[2:] == [
        ("system", "Kim from the clinic has joined."),
        ("system", "Kim had to go."),
        ("system", "Kim from the clinic has joined."),
        ("staff", "Does it hurt?"),
        ("system", "Kim had to go."),
        ("system", "Kim from the clinic has joined."),
        ("system", "Lee from the clinic has joined."),
        ("system", AGAIN),
    ]
    seqs = [message.seq for message in clinic.gateway.transcript(clinic.conversation_id)]
    assert seqs == list(range(1, len(seqs) + 1))
    assert [action for action, _ in clinic.history(case_id)] == [
        "opened",
        "claimed",
        "released",
        "claimed",
        "returned",
        "claimed",
        "taken_over",
        "handed_back",
    ]
    assert [m.role for m in clinic.asks("may I wash?")] == ["assistant"]
    clinic.gateway.close()


def test_a_patients_request_for_a_person_is_whole_or_not_at_all(database_url: str) -> None:
    clinic = make_clinic(database_url, FakeAssistant())
    client_id = str(uuid4())

    def asks(gateway: Gateway) -> object:
        return gateway.ask_person(clinic.token, client_id)

    assert through_every_death(database_url, clinic, asks, clinic.transcript) >= 5
    assert [role for role, _ in clinic.transcript()] == ["patient", "assistant"]
    assert clinic.case().handoff == "person"
    clinic.gateway.close()


def test_the_file_of_this_machine_is_not_left_locked(tmp_path: Path) -> None:
    """SQLite's lock ends with the process that held it."""
    url = f"sqlite:///{tmp_path / 'aftercare.db'}"
    clinic = make_clinic(url, FakeAssistant(flagged("urgent")))
    clinic.asks("yellow pus")
    case_id, kim = clinic.case().id, clinic.nurse()
    assert killed_before(url, clinic, lambda gateway: gateway.desk.claim(case_id, kim), 5)
    clinic.gateway.desk.claim(case_id, kim)
    assert clinic.mode() == "staff"
    clinic.gateway.close()
