"""The search over messages, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, text, update

from aftercare.conversation.schema import conversation, message
from aftercare.conversation.search import MOST_FOUND, search

from .fakes import Clinic, FakeAssistant, calm, flagged, make_clinic

ODD = ['"', "'", "a*", "NEAR(", "AND", "text:pus", "-pus", "(", "%", "\\", "&", "!", ":*", "   ", ""]


@pytest.fixture
def clinic(database_url: str) -> Iterator[Clinic]:
    opened = make_clinic(database_url, FakeAssistant(flagged("urgent", "yellow pus"), calm()))
    yield opened
    opened.gateway.close()


def found(clinic: Clinic, words: str) -> list[str]:
    with clinic.gateway.database.reading() as connection:
        return [match.text for match in search(connection, words)]


def test_words_are_found_in_any_form_any_order_and_from_their_beginning(clinic: Clinic) -> None:
    said = "My cheeks were itching, and there is Yellow pus"
    clinic.asks(said)
    for words in ("itches", "pus yellow", "YELLOW", "chee", "cheek itch"):
        assert found(clinic, words) == [said], words
    for words in ("purple", "yellow purple", "ellow"):
        assert found(clinic, words) == [], words


def test_the_newest_come_first_and_not_too_many(clinic: Clinic) -> None:
    clinic.asks("there is yellow pus")
    for number in range(MOST_FOUND + 5):
        clinic.clock.passes(minutes=1)
        clinic.says(f"number {number} elephant")
    texts = found(clinic, "elephant")
    assert len(texts) == MOST_FOUND and texts[0] == f"number {MOST_FOUND + 4} elephant"


def test_conversations_without_a_case_are_not_searched(clinic: Clinic) -> None:
    clinic.assistant.answers = [calm()]
    clinic.asks("the elephant is calm")
    assert found(clinic, "elephant") == []


def test_what_was_erased_or_changed_is_not_found(clinic: Clinic) -> None:
    clinic.asks("a secret elephant with yellow pus")
    with clinic.gateway.database.writing() as connection:
        connection.execute(update(message).where(message.c.role == "patient").values(text="a giraffe"))
    assert found(clinic, "elephant") == [] and found(clinic, "giraffe") == ["a giraffe"]
    with clinic.gateway.database.writing() as connection:
        connection.execute(delete(conversation))
    assert found(clinic, "giraffe") == []
    if clinic.gateway.database.engine.dialect.name == "sqlite":
        with clinic.gateway.database.reading() as connection:
            assert connection.execute(text("SELECT count(*) FROM message_search")).scalar() == 0


@pytest.mark.parametrize("words", ODD)
def test_signs_of_the_search_language_are_no_orders(clinic: Clinic, words: str) -> None:
    clinic.asks("there is yellow pus")
    found(clinic, words)
