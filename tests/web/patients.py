"""A web process for tests, and the patient and the staff who use it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from httpx2 import Response
from starlette.testclient import TestClient

from aftercare.conversation import staff
from aftercare.conversation.gateway import Gateway
from aftercare.knowledge.clinic import Clinic
from aftercare.web.site import Site
from tests.conversation.fakes import Clock, FakeAssistant

ORIGIN = "http://chat.test"
CLINIC_SITE = "https://www.clinic.test"
PASSWORD = "a long password"

CLINIC = Clinic(
    name="Demo Skin Clinic",
    phone="020 7946 0000",
    emergency_number="999",
    urgent_line="NHS 111",
    poison_line="NHS 111",
    crisis_line="116 123",
    assistant_name="Aftercare assistant",
    time_zone="Europe/London",
    hours="always",
    treatments=("microneedling",),
    origins=(CLINIC_SITE,),
    retention_days=90,
    second_factor=(),
)


@dataclass
class Running:
    """The web process as its tests see it."""

    client: TestClient
    site: Site
    assistant: FakeAssistant
    clock: Clock

    def patient(self, **body: object) -> Patient:
        answer = self.client.post("/api/v1/sessions", json=body)
        assert answer.status_code == 201, answer.text
        return Patient(self.client, answer.json()["token"])

    def logs_in(self, name: str = "kim") -> None:
        """A member of staff logs in, as the browser does it."""
        staff.add_staff(self.site.gateway.database, name, PASSWORD, "Nurse Kim", self.clock())
        answer = self.log_in(name, PASSWORD)
        assert answer.status_code == 303, answer.text

    def log_in(self, name: str, password: str, **more: str) -> Response:
        form = {"csrf": csrf_in(self.client.get("/staff/login")), "name": name, "password": password, **more}
        return self.client.post("/staff/login", data=form, headers={"Origin": str(self.client.base_url)})


@dataclass
class Server:
    """The web process on a port of its own."""

    url: str
    gateway: Gateway
    assistant: FakeAssistant
    streams: dict[str, int]


@dataclass
class Patient:
    """Somebody with a session."""

    client: TestClient
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, **more: Any) -> Response:
        return self.client.get(f"/api/v1/{path}", headers=self.headers, **more)

    def post(self, path: str, body: object, **headers: str) -> Response:
        return self.client.post(f"/api/v1/{path}", json=body, headers={**self.headers, **headers})

    def says(self, text: str, client_id: str | None = None) -> Response:
        return self.post("messages", {"client_id": client_id or str(uuid4()), "text": text})

    def conversation(self) -> dict[str, Any]:
        answer = self.get("conversation")
        assert answer.status_code == 200, answer.text
        conversation: dict[str, Any] = answer.json()
        return conversation

    def texts(self) -> list[str]:
        """Everything after the welcome."""
        return [message["text"] for message in self.conversation()["messages"][1:]]

    def asks(self, text: str) -> list[dict[str, Any]]:
        """Write and wait for the assistant. Returns what came back."""
        seq = self.says(text).json()["seq"]
        until(lambda: not self.conversation()["typing"])
        return [message for message in self.conversation()["messages"] if message["seq"] > seq]


def until(holds: Callable[[], object], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def csrf_in(page: Response) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', page.text)
    assert found, page.text
    return found.group(1)
