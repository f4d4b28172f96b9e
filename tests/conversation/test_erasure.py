"""A patient's conversation is deleted for good, on both databases; another one and the audit log stay."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from aftercare.conversation import audit
from aftercare.conversation.assistant import Outcome, Turn
from aftercare.conversation.erasure import NoConversation, erase
from aftercare.conversation.schema import case_draft, case_note, metadata

from .fakes import Clinic, FakeAssistant, calm, flagged, make_clinic, sqlite_url

WORDS = "a secret elephant"
STEM = "eleph"
"""The search index keeps words so."""


@pytest.fixture
def clinic(database_url: str) -> Iterator[Clinic]:
    opened = make_clinic(database_url, FakeAssistant(flagged("urgent", "yellow pus")))
    yield opened
    opened.gateway.close()


def rows_with(clinic: Clinic, words: str) -> list[str]:
    """Names of the tables that hold the words."""
    with clinic.gateway.database.reading() as connection:
        tables = metadata.sorted_tables
        return [t.name for t in tables if any(words in repr(tuple(row)) for row in connection.execute(select(t)))]


def test_nothing_of_the_conversation_is_left_and_others_are(clinic: Clinic) -> None:
    clinic.asks(f"{WORDS} and yellow pus")
    first, case, nurse = clinic.conversation_id, clinic.case().id, clinic.nurse().id
    noted = {"case_id": case, "staff_id": nurse, "text": f"wrote of {WORDS}"}
    with clinic.gateway.database.writing() as connection:
        connection.execute(insert(case_note).values(id=1, created_at=clinic.clock(), **noted))
        connection.execute(insert(case_draft).values(updated_at=clinic.clock(), **noted))
    opened = clinic.gateway.open_session()
    clinic.gateway.post(opened.token, "another", "a giraffe and yellow pus")
    clinic.gateway.work_until_idle()
    assert {"message", "case_note", "case_draft"} <= set(rows_with(clinic, WORDS))
    with clinic.gateway.database.writing() as connection:
        erased = erase(connection, case, clinic.clock())
    assert erased.conversation_id == first and erased.cases == 1 and erased.messages >= 2
    assert (
        rows_with(clinic, WORDS) == [] and rows_with(clinic, first) == ["audit_log"] and rows_with(clinic, "a giraffe")
    )
    with clinic.gateway.database.reading() as connection:
        assert audit.verify(connection).position >= 1


def test_an_answer_under_way_is_lost_with_its_conversation_and_nothing_else(clinic: Clinic) -> None:
    async def meanwhile(turn: Turn) -> Outcome:
        with clinic.gateway.database.writing() as connection:
            erase(connection, clinic.conversation_id, clinic.clock())
        return calm()

    clinic.assistant.answers = [meanwhile, calm()]
    clinic.says(WORDS)
    opened = clinic.gateway.open_session()
    clinic.gateway.post(opened.token, "another", "a giraffe")
    clinic.gateway.work_until_idle()
    assert rows_with(clinic, WORDS) == []
    assert [m.role for m in clinic.gateway.transcript(opened.conversation_id, 1)][-1] == "assistant"


def test_an_unknown_id_deletes_nothing(clinic: Clinic) -> None:
    clinic.asks(WORDS)
    with pytest.raises(NoConversation, match="no-such-id"), clinic.gateway.database.writing() as connection:
        erase(connection, "no-such-id", clinic.clock())
    assert rows_with(clinic, WORDS)


def test_the_words_leave_the_files_while_the_assistant_runs(tmp_path: Path) -> None:
    clinic = make_clinic(sqlite_url(tmp_path), FakeAssistant(flagged("urgent", "yellow pus")))
    clinic.asks(f"{WORDS} and yellow pus")
    assert files_with(tmp_path, STEM)
    command = [sys.executable, "-m", "aftercare.cli", "erase", clinic.conversation_id, "--yes", "--var", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    left = files_with(tmp_path, STEM)
    clinic.gateway.close()
    assert not left


def files_with(folder: Path, word: str) -> list[str]:
    """Read by another process: one that opened the database's file itself would drop its locks."""
    found = subprocess.run(["grep", "-arl", word, str(folder)], capture_output=True, text=True, check=False)
    return found.stdout.split()
