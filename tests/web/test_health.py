"""Alive, and able to do the whole job."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from aftercare.conversation.assistant import AssistantUnavailable
from aftercare.conversation.database import StorageError
from aftercare.conversation.gateway import Gateway
from tests.conversation.fakes import FakeAssistant

from .patients import Running


def test_ready_when_the_database_writes_and_the_assistant_answers(web: Running) -> None:
    for _ in range(2):
        answer = web.client.get("/readyz")
        assert (answer.status_code, answer.json()) == (
            200,
            {"ready": True, "database": "ok", "assistant": {"status": "ok", "model_id": "fake-model"}},
        )


def test_not_ready_without_the_assistant_but_alive(web: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(self: object) -> str:
        raise AssistantUnavailable("connection")

    monkeypatch.setattr(FakeAssistant, "ready", gone)
    answer = web.client.get("/readyz")
    assert (answer.status_code, answer.json()["assistant"]) == (503, {"status": "connection"})
    assert web.client.get("/healthz").status_code == 200


def test_not_ready_without_the_database(web: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(self: object) -> None:
        raise StorageError("database is locked")

    monkeypatch.setattr(Gateway, "probe", locked)
    answer = web.client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "database is locked")


def test_an_assistant_that_hangs_is_not_ready(run_web: Callable[..., Running], monkeypatch: pytest.MonkeyPatch) -> None:
    async def hanging(self: object) -> str:
        await asyncio.sleep(60)
        return "never"

    monkeypatch.setattr(FakeAssistant, "ready", hanging)
    monkeypatch.setattr("aftercare.web.health.PATIENCE", 0.05)
    assert run_web().client.get("/readyz").json()["assistant"] == {"status": "late"}
