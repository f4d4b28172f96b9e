"""The web process or the whole machine stops, or its database is held: nothing accepted is lost, nothing comes twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.product import Patient, Product, Stream, running_product, until

pytestmark = pytest.mark.fault

QUESTION = "can I wear makeup today?"

WEB_BACK_SECONDS = 90
"""The supervisor's pause and a start of the web process, on a machine that is busy with other tests' Rasa."""

LEASE_SECONDS = 45
"""A turn whose worker died is begun again after 20 s, and once more after 20 s while Rasa is still starting."""


def test_web_killed_with_a_turn_pending(product: Product, patient: Patient) -> None:
    rasa = product.process("rasa")
    rasa.suspend()
    seq = patient.say(QUESTION)
    time.sleep(0.5)
    killed = product.kill("web")
    rasa.resume()

    until(
        lambda: product.replaced("web", killed) and product.web_answers(),
        WEB_BACK_SECONDS,
        "the web process to be back",
    )
    reply = patient.answer(seq, LEASE_SECONDS)

    assert reply["kind"] != "failure"
    assert_nothing_twice(patient)
    assert patient.texts_of_patient() == [QUESTION]


def test_message_sent_again_after_the_web_process_died(product: Product, patient: Patient) -> None:
    """The page does not know whether its message arrived: it sends it again with the same id."""
    client_id = patient.new_id()
    seq = patient.say(QUESTION, client_id)
    killed = product.kill("web")
    until(
        lambda: product.replaced("web", killed) and product.web_answers(),
        WEB_BACK_SECONDS,
        "the web process to be back",
    )

    again = patient.post(QUESTION, client_id)

    assert again.json() == {"seq": seq, "duplicate": True}
    patient.answer(seq, LEASE_SECONDS)
    assert patient.texts_of_patient() == [QUESTION]


def test_stream_is_resumed_after_the_web_process_died(product: Product, patient: Patient) -> None:
    patient.ask("hello")
    with Stream(patient) as before:
        until(lambda: before.messages, what="the first messages")
        killed = product.kill("web")
    last = max(before.sequence())
    until(
        lambda: product.replaced("web", killed) and product.web_answers(),
        WEB_BACK_SECONDS,
        "the web process to be back",
    )

    with Stream(patient, after=last) as after:
        seq = patient.say(QUESTION)
        after.reply_to(seq)
        everything = before.sequence() + after.sequence()

    assert everything == [message["seq"] for message in patient.transcript()][: len(everything)]


def test_database_held_by_another_program(product: Product, patient: Patient) -> None:
    client_id = patient.new_id()
    with held(product.database, seconds=8):
        refused = patient.post(QUESTION, client_id)

        assert refused.status_code == 503
        assert refused.json()["error"] == "storage"
        assert patient.clinic["phone"] in refused.json()["message"]

    seq = patient.say(QUESTION, client_id)
    assert patient.answer(seq)["kind"] != "failure"
    assert patient.texts_of_patient() == [QUESTION]


def test_database_held_while_the_message_is_worked_on(product: Product, patient: Patient) -> None:
    rasa = product.process("rasa")
    rasa.suspend()
    seq = patient.say(QUESTION)
    time.sleep(0.3)
    with held(product.database, seconds=7):
        rasa.resume()
        time.sleep(7)

    patient.answer(seq, LEASE_SECONDS)
    assert_nothing_twice(patient)


def test_whole_machine_stops_and_starts_again(tmp_path: Path) -> None:
    with running_product(tmp_path / "var") as product:
        patient = Patient(product).open()
        patient.ask("hello")
        product.process("rasa").suspend()
        seq = patient.say(QUESTION)
        children = [product.process("web"), product.process("rasa")]
        product.supervisor.send_signal(signal.SIGKILL)
        for child in children:
            child.send_signal(signal.SIGKILL)
            child.wait(10)

    with running_product(tmp_path / "var") as again:
        patient.product = again
        reply = patient.answer(seq, LEASE_SECONDS)

        # The web process is back before Rasa is: the turn has to wait for it.
        assert reply["kind"] != "failure"
        assert patient.texts_of_patient() == ["hello", QUESTION]
        assert_nothing_twice(patient)


def test_processes_end_with_their_supervisor(tmp_path: Path) -> None:
    with running_product(tmp_path / "var") as product:
        children = [product.process("web"), product.process("rasa")]
        product.supervisor.send_signal(signal.SIGKILL)

        for child in children:
            child.wait(30)


def assert_nothing_twice(patient: Patient) -> None:
    texts = [message["text"] for message in patient.settled()]
    assert len(texts) == len(set(texts))


@contextmanager
def held(database: Path, seconds: float) -> Iterator[None]:
    """Another process holds the database for itself alone for so long."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(database), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        yield
    finally:
        holder.wait(seconds + 10)


HOLDER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=5, isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""
