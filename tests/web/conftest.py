"""The whole web process with fakes for the other rooms, and a patient at it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from aftercare.conversation import staff
from aftercare.conversation.delivery import Deliver
from aftercare.knowledge.clinic import Clinic
from aftercare.web.app import create_app
from aftercare.web.settings import Settings
from tests.conversation.fakes import QUICK, Clock, FakeAssistant, FakeReports, FakeWording, screen, sqlite_url

from .patients import CLINIC, ORIGIN, Running, Server, until


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Still argon2id, but not made slow on purpose."""
    monkeypatch.setattr(staff, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def run_web(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts the web process: ``run_web(answer, ..., messages_per_minute=...)``."""
    clients: list[TestClient] = []

    def running(
        *answers: object,
        clinic: object = CLINIC,
        base_url: str = ORIGIN,
        console_content: object = None,
        **settings: object,
    ) -> Running:
        assistant, clock = FakeAssistant(*answers), Clock()  # type: ignore[arg-type]
        app = create_app(
            Settings(database_url=sqlite_url(tmp_path), photo_folder=str(tmp_path / "photos"), **settings),  # type: ignore[arg-type]
            clinic=clinic,  # type: ignore[arg-type]
            screen=screen,
            wording=FakeWording(),
            reports=FakeReports(),
            assistant=assistant,
            clock=clock,
            patience=QUICK,
            console_content=console_content,  # type: ignore[arg-type]
        )
        client = TestClient(app, base_url=base_url, raise_server_exceptions=False, follow_redirects=False)
        client.__enter__()
        clients.append(client)
        return Running(client, app.state.site, assistant, clock)

    yield running
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def web(run_web: Callable[..., Running]) -> Running:
    return run_web()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts the web process on a port of its own, for what needs a real connection."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def serving(*answers: object, clinic: Clinic = CLINIC, deliver: Deliver | None = None, **more: Any) -> Server:
        assistant = FakeAssistant(*answers)  # type: ignore[arg-type]
        app = create_app(
            Settings(database_url=sqlite_url(tmp_path), photo_folder=str(tmp_path / "photos")),
            clinic=clinic,
            screen=screen,
            wording=FakeWording(),
            reports=FakeReports(),
            assistant=assistant,
            patience=QUICK,
            deliver=deliver,
            **more,
        )
        config = uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1, ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        running.append((server, thread))
        until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        return Server(f"http://127.0.0.1:{port}", app.state.site.gateway, assistant, app.state.site.streams)

    yield serving
    for server, thread in running:
        server.should_exit = True
        thread.join(5)
