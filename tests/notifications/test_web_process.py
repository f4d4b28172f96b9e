"""The product's web process alone, with a real mail server and a real webhook: from an emergency to the messages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.product import PROJECT, START_SECONDS, free_port, until

from .services import MailServer, Webhook, text_of

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]

WORDS = "My lips are swelling up and I cannot breathe properly"


@dataclass
class Installation:
    """A folder with a clinic of its own, and the address of its web process."""

    folder: Path
    url: str
    environment: dict[str, str]

    def doctor(self) -> str:
        command = [sys.executable, "-m", "aftercare.cli", "doctor", "--var", str(self.folder / "var")]
        return subprocess.run(command, cwd=PROJECT, env=self.environment, capture_output=True, text=True).stdout

    def healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz").status_code == 200
        except httpx.HTTPError:
            return False


@pytest.fixture
def installation(
    request: pytest.FixtureRequest, tmp_path: Path, mail_server: MailServer, webhook: Webhook
) -> Iterator[Installation]:
    """Its address file is in order, or holds the text that the test gives."""
    clinic = (PROJECT / "clinic.yml").read_text(encoding="utf-8")
    clinic = clinic.replace("recipients: []", "recipients: [front_desk, lead]\n  address_file: addresses.yml")
    (tmp_path / "clinic.yml").write_text(clinic, encoding="utf-8")
    addresses = tmp_path / "addresses.yml"
    good = f"front_desk: '{mail_server.url('desk@clinic.example')}'\nlead: '{webhook.url('token-3f9a')}'\n"
    addresses.write_text(getattr(request, "param", good), encoding="utf-8")
    addresses.chmod(0o600)
    port = free_port()
    environment = {**os.environ, "AFTERCARE_CLINIC": str(tmp_path / "clinic.yml"), "PYTHONUNBUFFERED": "1"}
    environment.pop("AFTERCARE_DATABASE_URL", None)
    command = [sys.executable, "-m", "aftercare.cli", "web", "--port", str(port), "--var", str(tmp_path / "var")]
    with (tmp_path / "web.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
    installed = Installation(tmp_path, f"http://127.0.0.1:{port}", environment)
    try:
        until(installed.healthy, START_SECONDS, "the web process to answer")
        yield installed
    finally:
        process.terminate()
        process.wait(30)


def test_an_emergency_reaches_the_next_recipient_and_then_the_first_without_a_word_of_the_patient(
    installation: Installation, mail_server: MailServer, webhook: Webhook
) -> None:
    opened = httpx.post(f"{installation.url}/api/v1/sessions", json={}, timeout=30)
    sent = httpx.post(
        f"{installation.url}/api/v1/messages",
        json={"client_id": "3f0c4d1e-58a5-4b7c-9f60-0d2d4f3d2c11", "text": WORDS},
        headers={"Authorization": f"Bearer {opened.json()['token']}"},
        timeout=30,
    )
    assert sent.status_code == 202
    until(lambda: webhook.received, 120, "the next recipient to be told while the mail server is down")
    said = webhook.received[0]
    assert said["title"] == "Demo Skin Clinic: emergency case"
    assert said["message"].startswith("An emergency case is waiting.")
    assert f"{installation.url}/staff/cases/" in said["message"]
    assert "The last message to front_desk did not arrive: its service did not take it." in installation.doctor()
    mail_server.start()
    until(lambda: mail_server.mails, 120, "the mail")
    until(
        lambda: "to front_desk, lead; the last ones arrived" in installation.doctor(), 120, "the doctor to be content"
    )
    words = {word for word in WORDS.lower().split() if len(word) > 4}
    for text in (str(said), text_of(mail_server.mails[0]), str(mail_server.mails[0]["Subject"])):
        assert not words & set(text.lower().split())
    log = (installation.folder / "web.log").read_text(encoding="utf-8")
    assert "a notification to front_desk did not arrive: not_delivered" in log
    assert "token-3f9a" not in log and "mailto" not in log
    assert len(webhook.received) == len(mail_server.mails) == 1


@pytest.mark.parametrize(
    ("installation", "problem"),
    [
        ("front_desk: 'mailto://s3cret", "line 1: this is not YAML. Write one line a recipient"),
        ("front_desk: 'pigeon://s3cret'\n", "line 1, 'front_desk': this is not an Apprise URL that can be used"),
    ],
    indirect=["installation"],
)
def test_a_bad_address_file_does_not_keep_patients_from_being_answered(
    installation: Installation, problem: str
) -> None:
    assert httpx.post(f"{installation.url}/api/v1/sessions", json={}, timeout=30).status_code == 201
    said = installation.doctor()
    assert f"{installation.folder / 'addresses.yml'}, {problem}" in said
    log = (installation.folder / "web.log").read_text(encoding="utf-8")
    assert problem in log
    assert "s3cret" not in log + said


def test_the_doctor_names_an_address_file_that_others_may_read(installation: Installation) -> None:
    (installation.folder / "addresses.yml").chmod(0o644)
    assert "others on this machine may read it (mode 0644). Run: chmod 600" in installation.doctor()
