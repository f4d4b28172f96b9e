"""``aftercare erase``: asks first, tells what is gone, and says so where there is nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from aftercare.cli import main
from aftercare.conversation.database import Database
from aftercare.conversation.schema import conversation

from ..conversation.fakes import FakeAssistant, make_clinic, sqlite_url


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a conversation with one message, in ``tmp_path``."""
    monkeypatch.delenv("AFTERCARE_DATABASE_URL", raising=False)
    clinic = make_clinic(sqlite_url(tmp_path), FakeAssistant())
    clinic.asks("hello")
    clinic.gateway.close()
    return clinic.conversation_id


def kept(folder: Path) -> list[str]:
    database = Database(sqlite_url(folder))
    with database.reading() as connection:
        found = list(connection.execute(select(conversation.c.id)).scalars())
    database.close()
    return found


def test_it_asks_first(
    opened: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for typed, left in (("", [opened]), ("n", [opened]), ("y", [])):
        monkeypatch.setattr("builtins.input", lambda prompt, typed=typed: typed)
        assert main(["erase", opened, "--var", str(tmp_path)]) == bool(left)
        assert kept(tmp_path) == left
    assert "3 messages, 0 photos, 0 cases" in capsys.readouterr().out


def test_an_unknown_id_is_an_error(opened: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["erase", "nobody", "--yes", "--var", str(tmp_path)]) == 1
    assert "nobody" in capsys.readouterr().err and kept(tmp_path) == [opened]
