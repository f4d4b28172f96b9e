"""The real product for tests and benchmarks: ``aftercare up`` on free ports with a folder of its own, and patients."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

PROJECT = Path(__file__).resolve().parents[1]

START_SECONDS = 240
REPLY_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(holds: Callable[[], Any], seconds: float = REPLY_SECONDS, what: str = "it") -> Any:
    """The first true result of ``holds``; fails with ``what`` was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        if result := holds():
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.05)


@dataclass
class Product:
    """A running assistant: the supervisor, the web process and the Rasa process."""

    var: Path
    port: int
    rasa_port: int
    supervisor: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        return self.var / "aftercare.db"

    def process(self, name: str) -> psutil.Process:
        """The living ``rasa`` or ``web`` child of the supervisor."""
        words = {"rasa": ["rasa", "run"], "web": ["aftercare.cli", "web"]}[name]
        for child in psutil.Process(self.supervisor.pid).children():
            try:
                command = child.cmdline()
            except psutil.Error:
                continue
            if child.status() != psutil.STATUS_ZOMBIE and any(command[at : at + 2] == words for at in range(9)):
                return child
        raise LookupError(f"{name} is not running")

    def kill(self, name: str) -> int:
        """SIGKILL, as the kernel does when memory runs out. Returns the process id that is gone."""
        process = self.process(name)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        return process.pid

    def replaced(self, name: str, pid: int) -> bool:
        """True once the supervisor has started another process in place of ``pid``."""
        try:
            return self.process(name).pid != pid
        except (LookupError, psutil.Error):
            return False

    def web_answers(self) -> bool:
        return self._is_200("/healthz")

    def is_ready(self) -> bool:
        """The database takes writes and Rasa answers a message it knows."""
        return self._is_200("/readyz")

    def _is_200(self, path: str) -> bool:
        try:
            return httpx.get(f"{self.url}{path}", timeout=10).status_code == 200
        except httpx.HTTPError:
            return False

    def memory(self) -> dict[str, int]:
        """Resident bytes of each process."""
        return {name: self.process(name).memory_info().rss for name in ("rasa", "web")}


@contextmanager
def running_product(var: Path, environment: dict[str, str] | None = None) -> Iterator[Product]:
    """``aftercare up`` in its own folder; ended at the end. The model has to be trained before (``make train``)."""
    port, rasa_port = free_port(), free_port()
    var.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "aftercare.cli", "up", "--port", str(port), "--rasa-port", str(rasa_port)]
    with (var / "up.log").open("wb") as log:
        supervisor = subprocess.Popen(
            [*command, "--var", str(var)],
            cwd=PROJECT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    product = Product(var.resolve(), port, rasa_port, supervisor)
    try:
        until(lambda: supervisor.poll() is not None or "Ready" in said(product), START_SECONDS, "the product to start")
        if supervisor.poll() is not None:
            raise AssertionError(f"the product did not start:\n{said(product)}")
        yield product
    finally:
        supervisor.terminate()
        try:
            supervisor.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(supervisor.pid, signal.SIGKILL)
            supervisor.wait(10)


def said(product: Product) -> str:
    """What ``aftercare up`` printed so far."""
    return (product.var / "up.log").read_text(encoding="utf-8", errors="replace")


@dataclass
class Patient:
    """One patient with one conversation, speaking the patient API."""

    product: Product
    token: str = ""
    clinic: dict[str, Any] = field(default_factory=dict)
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def open(self, treated_on: str | None = None) -> Patient:
        body = {"treated_on": treated_on} if treated_on else {}
        answer = self.client.post(f"{self.product.url}/api/v1/sessions", json=body)
        answer.raise_for_status()
        self.clinic = answer.json()["clinic"]
        self.token = answer.json()["token"]
        self.client.headers["Authorization"] = f"Bearer {self.token}"
        return self

    @staticmethod
    def new_id() -> str:
        return str(uuid.uuid4())

    def post(self, text: str, client_id: str | None = None) -> httpx.Response:
        body = {"client_id": client_id or self.new_id(), "text": text}
        return self.client.post(f"{self.product.url}/api/v1/messages", json=body)

    def say(self, text: str, client_id: str | None = None) -> int:
        """The message's sequence number. Fails where it was not accepted."""
        return _accepted(self.post(text, client_id))

    def ask_person(self) -> int:
        return _accepted(self.client.post(f"{self.product.url}/api/v1/person", json={"client_id": self.new_id()}))

    def conversation(self) -> dict[str, Any]:
        answer = self.client.get(f"{self.product.url}/api/v1/conversation")
        answer.raise_for_status()
        conversation: dict[str, Any] = answer.json()
        return conversation

    def transcript(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.conversation()["messages"]
        return messages

    def settled(self) -> list[dict[str, Any]]:
        """The transcript once the assistant has nothing more to answer."""
        until(lambda: not self.conversation()["typing"], 60, "the assistant to be done")
        return self.transcript()

    def mode(self) -> str:
        mode: str = self.conversation()["mode"]
        return mode

    def texts_of_patient(self) -> list[str]:
        return [message["text"] for message in self.transcript() if message["role"] == "patient"]

    def replies(self, seq: int) -> list[dict[str, Any]]:
        """What was said to the patient after their message ``seq``."""
        return [message for message in self.transcript() if message["seq"] > seq and message["role"] != "patient"]

    def answer(self, seq: int, seconds: float = REPLY_SECONDS) -> dict[str, Any]:
        """The first thing said to the patient after their message ``seq``."""
        reply: dict[str, Any] = until(lambda: self.replies(seq), seconds, f"a reply to message {seq}")[0]
        return reply

    def ask(self, text: str, seconds: float = REPLY_SECONDS) -> dict[str, Any]:
        return self.answer(self.say(text), seconds)


def _accepted(answer: httpx.Response) -> int:
    assert answer.status_code == 202, f"{answer.status_code}: {answer.text}"
    seq: int = answer.json()["seq"]
    return seq


class Stream:
    """The patient's event stream, read in a thread of its own, as the chat page does."""

    def __init__(self, patient: Patient, after: int = 0) -> None:
        self.messages: list[dict[str, Any]] = []
        self.arrived: dict[int, float] = {}
        self._patient = patient
        self._after = after
        self._client = httpx.Client(timeout=httpx.Timeout(10, read=60), headers=patient.client.headers)
        self._open = threading.Event()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Stream:
        self._thread.start()
        assert self._open.wait(10), "the stream did not open"
        return self

    def __exit__(self, *_: object) -> None:
        if self._socket is not None:
            # Wakes the reading thread, which closing alone would not.
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._client.close()

    def sequence(self) -> list[int]:
        return [message["seq"] for message in self.messages]

    def reply_to(self, seq: int, seconds: float = REPLY_SECONDS) -> dict[str, Any]:
        """The first message to the patient after ``seq``."""
        reply: dict[str, Any] = until(
            lambda: next((m for m in list(self.messages) if m["seq"] > seq and m["role"] != "patient"), None),
            seconds,
            f"a reply to message {seq} on the stream",
        )
        return reply

    def _read(self) -> None:
        url = f"{self._patient.product.url}/api/v1/stream"
        try:
            with self._client.stream("GET", url, params={"after": self._after}) as answer:
                answer.raise_for_status()
                self._socket = answer.extensions["network_stream"].get_extra_info("socket")
                self._open.set()
                kind = ""
                for line in answer.iter_lines():
                    if line.startswith("event:"):
                        kind = line.removeprefix("event:").strip()
                    elif line.startswith("data:") and kind == "message":
                        message = json.loads(line.removeprefix("data:"))
                        self.arrived[message["seq"]] = time.perf_counter()
                        self.messages.append(message)
        except (httpx.HTTPError, httpx.StreamError, RuntimeError):
            # Closed by this side, or the server was killed: what had come by then is what there is.
            self._open.set()
