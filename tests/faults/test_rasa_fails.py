"""Rasa is killed, hangs, or its actions fail: the patient hears something safe, and the team hears of it."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest

from tests.faults.broken_actions.sitecustomize import RAISE, STALL
from tests.product import Patient, Product, said, until

pytestmark = pytest.mark.fault

QUESTION = "is it normal that my face is red today?"

SAFE_SECONDS = 20
"""A failed turn is given up after 10 s; the patient must have a safe reply soon after."""


def is_safe_failure(reply: dict[str, Any], patient: Patient) -> bool:
    """It says that the assistant could not answer, and how to reach a person."""
    return reply["kind"] == "failure" and patient.clinic["phone"] in reply["text"]


def said_to(patient: Patient, seq: int) -> list[dict[str, Any]]:
    """The replies to a message but for the hours: whether the clinic is closed now depends on when the tests run."""
    return [message for message in patient.replies(seq) if message["kind"] != "closed_now"]


def test_rasa_killed_in_a_conversation(product: Product, patient: Patient) -> None:
    assert patient.ask("hello")["kind"] != "failure"

    killed = product.kill("rasa")
    while_dead = patient.say(QUESTION)
    reply = patient.answer(while_dead, SAFE_SECONDS)

    assert is_safe_failure(reply, patient)
    assert patient.mode() == "waiting", "a failed turn opens a case"

    until(lambda: product.replaced("rasa", killed), 20, "the supervisor to start Rasa again")
    until(product.is_ready, 90, "Rasa to be ready again")
    assert patient.ask(QUESTION)["kind"] != "failure"
    assert patient.texts_of_patient() == ["hello", QUESTION, QUESTION]


def test_rasa_killed_while_it_works_on_the_message(product: Product, patient: Patient) -> None:
    rasa = product.process("rasa")
    rasa.suspend()
    seq = patient.say(QUESTION)
    time.sleep(1)
    rasa.send_signal(signal.SIGKILL)

    assert is_safe_failure(patient.answer(seq, SAFE_SECONDS), patient)
    assert len(said_to(patient, seq)) == 1


def test_rasa_hangs(product: Product, patient: Patient) -> None:
    rasa = product.process("rasa")
    rasa.suspend()
    try:
        seq = patient.say(QUESTION)
        assert is_safe_failure(patient.answer(seq, SAFE_SECONDS), patient)
    finally:
        rasa.resume()

    # Its late answer to that message must not come through now.
    next_seq = patient.say("hello")
    assert patient.answer(next_seq)["kind"] != "failure"
    assert [message["kind"] for message in said_to(patient, seq) if message["seq"] < next_seq] == ["failure"]


def test_emergency_is_answered_at_once_without_rasa(product: Product, patient: Patient) -> None:
    product.kill("rasa")

    began = time.monotonic()
    reply = patient.ask("my throat is closing and I can't breathe", seconds=5)

    assert reply["kind"] == "emergency"
    assert patient.clinic["emergency_number"] in reply["text"]
    assert time.monotonic() - began < 3
    assert patient.mode() == "waiting"


def test_person_can_be_asked_for_without_rasa(product: Product, patient: Patient) -> None:
    product.kill("rasa")

    seq = patient.ask_person()

    assert patient.answer(seq, 5)["kind"] == "handoff"
    assert patient.mode() == "waiting"


def test_action_that_raises(patient: Patient) -> None:
    seq = patient.say(f"{RAISE}, is it normal?")

    assert is_safe_failure(patient.answer(seq, SAFE_SECONDS), patient)
    assert patient.mode() == "waiting"
    assert patient.ask("hello")["kind"] != "failure"


def test_action_that_never_ends(patient: Patient) -> None:
    seq = patient.say(f"{STALL}, is it normal?")

    assert is_safe_failure(patient.answer(seq, SAFE_SECONDS), patient)
    assert patient.mode() == "waiting"


def test_no_patient_text_in_any_log(product: Product, patient: Patient) -> None:
    patient.ask(f"{RAISE} ZEBRAFINCH")
    patient.ask("hello ZEBRAFINCH")

    logs = [file.read_text(errors="replace") for file in (product.var / "log").iterdir()] + [said(product)]
    assert not [log for log in logs if "ZEBRAFINCH" in log]
