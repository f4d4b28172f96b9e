"""The web process alone, with a stand-in for Rasa that does as it is told: for faults that need no model.

A process of its own with the real application, worker and sweeper; screen, wording and clinic are those of the tests, so
that it is back quickly after each kill. ``python -m tests.faults.web_alone DATABASE_URL RASA_URL PORT`` runs it.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import uvicorn
from sqlalchemy import text

from aftercare.conversation import cases
from aftercare.conversation.cases import Case
from aftercare.conversation.database import Database
from aftercare.conversation.gateway import Gateway
from aftercare.conversation.ports import Ports
from aftercare.conversation.staff import Staff, add_staff
from aftercare.web.app import create_app
from aftercare.web.settings import Settings
from tests.conversation.fakes import FakeAssistant, FakeReports, FakeWording, screen
from tests.product import PROJECT, Patient, free_port, until
from tests.web.patients import CLINIC

ANSWER = "Yes, with cool water."


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """Says nothing: a web process that was killed, or no longer waits, has gone."""


class Rasa:
    """Answers every turn; a message that contains ``slow`` waits until ``go`` is set, one with ``pus`` is urgent."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked: list[str] = []
        rasa = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                turn = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                rasa.asked.append(turn["text"])
                if "slow" in turn["text"]:
                    rasa.go.wait(30)
                body = json.dumps(_answer(turn)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.go.set()
        self._server.shutdown()


def _answer(turn: dict[str, Any]) -> dict[str, Any]:
    urgent = "pus" in turn["text"]
    hit = {"flag": "U1", "rule": "R5", "title": "Possible infection", "words": ["pus"]}
    outcome = {
        "replies": [{"text": ANSWER, "kind": "urgent" if urgent else "answer"}],
        "tier": "urgent" if urgent else "self_care",
        "hits": [hit] if urgent else [],
        "handoff": "flag" if urgent else None,
        "report": turn["report"],
        "days_since": None,
        "questions": ["can_i"],
        "intent": {},
        "entities": [],
    }
    return {"message_id": turn["message_id"], "model_id": "stand-in", "outcome": outcome}


@dataclass
class Web:
    """The web process, which may be killed and started again, and the clinic's side in this process."""

    var: Path
    rasa: Rasa
    gateway: Gateway
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        database = str(self.gateway.database.engine.url)
        command = [sys.executable, "-m", "tests.faults.web_alone", database, self.rasa.url, str(self.port)]
        with (self.var / "web.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=log)
        until(self._answers, 180, "the web process to answer")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def restart(self) -> None:
        self.kill()
        self.start()

    def refuse_cases(self) -> None:
        """From now on no case can be written."""
        with self.gateway.database.writing() as connection:
            connection.execute(
                text("CREATE TRIGGER no_case BEFORE INSERT ON patient_case BEGIN SELECT RAISE(ABORT, 'no case'); END")
            )

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def running_web(var: Path) -> Iterator[Web]:
    """The web process on a database of its own. Staff act from this process, as from another web process."""
    var.mkdir(parents=True)
    rasa = Rasa()
    ports = Ports(FakeAssistant(), screen, FakeWording(), FakeReports())
    web = Web(var, rasa, Gateway(Database(f"sqlite:///{var / 'aftercare.db'}"), ports))
    try:
        web.start()
        yield web
    finally:
        web.kill()
        web.gateway.close()
        rasa.stop()


def kim(web: Web) -> Staff:
    return add_staff(web.gateway.database, f"kim-{uuid4()}", "a long password", "Kim Lee")


def open_cases(web: Web) -> list[Case]:
    with web.gateway.database.reading() as connection:
        return cases.open_cases(connection)


def waits(web: Web, patient: Patient) -> str:
    """The patient asks for a person. Returns the case's id."""
    patient.ask_person()
    return open_cases(web)[0].id


def spoken(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(role, kind) of everything after the welcome, the request for a person and its answer."""
    return [(m["role"], m["kind"]) for m in messages[3:]]


def main(database_url: str, rasa_url: str, port: str) -> None:
    logging.basicConfig(level=logging.WARNING)
    settings = Settings(
        database_url=database_url,
        rasa_url=rasa_url,
        turn_secret="a secret of the tests, long enough",
        messages_per_minute=6000,
        sessions_per_minute=6000,
    )
    app = create_app(settings, clinic=CLINIC, screen=screen, wording=FakeWording(), reports=FakeReports())
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", ws="none", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
