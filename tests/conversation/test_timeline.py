"""The data of a picture is kept with its message, and databases from before it are brought up to date."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from aftercare.conversation import conversations, migrations, transcript
from aftercare.conversation.assistant import Outcome, Reply
from aftercare.conversation.database import Database
from aftercare.conversation.migrations import migrate

from .fakes import NOON, Clinic

TIMELINE = {
    "today": 3,
    "stages": [
        {"first": 0, "last": 2, "title": "First days", "text": "Red."},
        {"first": 3, "last": None, "title": "Later", "text": "Less “red”."},
    ],
}


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", migrations.__path__[0])
    config.attributes["connection"] = connection
    return config


def test_a_timeline_comes_back_from_the_transcript(database_url: str) -> None:
    database = Database(database_url)
    migrate(database)
    with database.writing() as connection:
        conversation_id = conversations.create(connection, None, None, NOON)
        for reply in (Reply("Day 3.", "answer", timeline=TIMELINE), Reply("Hello.", "small_talk")):
            transcript.append(connection, conversation_id, reply, NOON, role="assistant", name="Assistant")
    with database.reading() as connection:
        messages = transcript.read(connection, conversation_id)
        empty = connection.execute(text("SELECT count(*) FROM message WHERE timeline IS NULL")).scalar()
    assert [message.timeline for message in messages] == [TIMELINE, None]
    assert [message.shown()["timeline"] for message in messages] == [TIMELINE, None]
    assert empty == 1, "no timeline is no value, not the JSON word null"
    database.close()


def test_messages_from_before_the_timeline_stay(database_url: str) -> None:
    database = Database(database_url)
    with database.writing() as connection:
        command.upgrade(_alembic(connection), "0001")
        conversation_id = conversations.create(connection, None, None, NOON)
        connection.execute(
            text(
                "INSERT INTO message (conversation_id, seq, role, name, kind, text, buttons, sources, created_at)"
                " VALUES (:id, 1, 'assistant', 'Assistant', 'answer', 'From before.', '[]', '[]', :now)"
            ),
            {"id": conversation_id, "now": NOON.replace(tzinfo=None)},
        )
    migrate(database)
    with database.reading() as connection:
        kept = transcript.read(connection, conversation_id)
    assert [(message.text, message.timeline) for message in kept] == [("From before.", None)]
    database.close()


def test_the_migration_can_be_taken_back(database_url: str) -> None:
    database = Database(database_url)
    migrate(database)
    with database.writing() as connection:
        command.downgrade(_alembic(connection), "0001")
    with database.reading() as connection:
        assert "timeline" not in {column["name"] for column in inspect(connection).get_columns("message")}
    database.close()


def test_a_reply_keeps_its_timeline_on_the_way_to_the_patient(open_clinic: object) -> None:
    reply = Reply("Day 3. Flakes. Next: Later.", "answer", timeline=TIMELINE)
    clinic: Clinic = open_clinic(Outcome((reply,), handoff="question"))  # type: ignore[operator]
    (shown,) = [m for m in clinic.asks("what should I expect?") if m.role == "assistant"]
    assert shown.timeline == TIMELINE, "also where a sentence about the team is added to the text"
    assert shown.text != reply.text
