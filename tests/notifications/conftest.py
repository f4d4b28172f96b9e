"""A mail server, a webhook receiver, an outbox on both databases, and senders in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from aftercare.conversation import cases
from aftercare.conversation.cases import Concern
from aftercare.conversation.gateway import Gateway
from aftercare.conversation.schema import notification
from tests.conversation.conftest import database_url, postgresql_url
from tests.conversation.fakes import FakeAssistant, make_clinic
from tests.product import PROJECT

from .services import MailServer, Webhook

__all__ = ["database_url", "postgresql_url"]


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """Not started yet."""
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    receiver = Webhook()
    yield receiver
    receiver.stop()


@dataclass
class Outbox:
    """The database that test and senders share."""

    url: str
    gateway: Gateway

    def open_case(self, tier: str = "emergency") -> str:
        conversation_id = self.gateway.open_session().conversation_id
        with self.gateway.database.writing() as connection:
            concern = Concern(tier, "flag", "Trouble breathing", 1)
            cases.open_or_raise(connection, conversation_id, concern, datetime.now(timezone.utc))
        with self.gateway.database.reading() as connection:
            return next(case.id for case in cases.open_cases(connection) if case.conversation_id == conversation_id)

    def rows(self) -> list[Any]:
        with self.gateway.database.reading() as connection:
            return connection.execute(select(notification).order_by(notification.c.id)).all()

    def statuses(self) -> set[str]:
        return {row.status for row in self.rows()}


@pytest.fixture
def outbox(database_url: str) -> Iterator[Outbox]:
    clinic = make_clinic(database_url, FakeAssistant())
    yield Outbox(database_url, clinic.gateway)
    clinic.gateway.close()


@pytest.fixture
def start_sender(outbox: Outbox, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """``start_sender(desk=URL, lead=URL)`` starts a process; its output goes to ``sender.log``."""
    processes: list[subprocess.Popen[bytes]] = []

    def starting(**addresses: str) -> subprocess.Popen[bytes]:
        variables = {f"AFTERCARE_NOTIFY_{name.upper()}": url for name, url in addresses.items()}
        with (tmp_path / "sender.log").open("ab") as log:
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.notifications.sender_process", outbox.url, *addresses],
                    cwd=PROJECT,
                    env={**os.environ, **variables},
                    stdout=log,
                    stderr=log,
                )
            )
        return processes[-1]

    yield starting
    for process in processes:
        process.kill()
        process.wait(10)
