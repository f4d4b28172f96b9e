"""What happens when the database does not work."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aftercare.conversation import database as database_room
from aftercare.conversation.database import Database, StorageError

from .fakes import FakeAssistant, make_clinic, sqlite_url


def test_a_locked_database_is_a_storage_error_without_the_patients_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_room, "LOCK_WAIT", 0.1)
    clinic = make_clinic(sqlite_url(tmp_path), FakeAssistant())
    other = sqlite3.connect(tmp_path / "aftercare.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="locked") as caught:
        clinic.says("my secret words")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    other.execute("ROLLBACK")
    other.close()
    assert clinic.says("my secret words") == 2
    clinic.gateway.close()


def test_writers_of_one_process_wait_for_each_other_without_a_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_room, "LOCK_WAIT", 0.1)
    database = Database(sqlite_url(tmp_path))
    with database.writing(), ThreadPoolExecutor() as threads:
        in_use = database.engine.pool.checkedout()
        late = threads.submit(lambda: database.writing().__enter__())
        with pytest.raises(StorageError, match="locked"):
            late.result(5)
        assert database.engine.pool.checkedout() == in_use
    with database.writing():
        pass
    database.close()


def test_a_full_disk_is_a_storage_error_and_nothing_is_taken(tmp_path: Path) -> None:
    clinic = make_clinic(sqlite_url(tmp_path), FakeAssistant())
    with clinic.gateway.database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    for _ in range(3):
        # The limit belongs to a connection; the pool hands out the one that was used last.
        with clinic.gateway.database.reading() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="full"):
        for _ in range(50):
            clinic.says("x" * 2000)
    taken = clinic.gateway.transcript(clinic.conversation_id)
    assert [message.seq for message in taken] == list(range(1, len(taken) + 1))
    assert [message.seq for message in taken][1:] == clinic.said
    clinic.gateway.close()


def test_a_file_that_cannot_be_made_is_a_storage_error_that_names_it() -> None:
    with pytest.raises(StorageError, match=r"/proc/nowhere/aftercare\.db"):
        Database("sqlite:////proc/nowhere/aftercare.db")


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="must be a file"):
        Database("sqlite://")


def test_an_unreachable_server_is_a_storage_error() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(StorageError), database.reading():
        pass
    database.close()
