"""The audit log: a changed, missing or cut row is noticed, and writers at the same time make one chain."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from aftercare.conversation import audit
from aftercare.conversation.audit import Actor, BrokenChain, Head
from aftercare.conversation.database import Database
from aftercare.conversation.migrations import migrate
from aftercare.conversation.schema import audit_head, audit_log

from .fakes import NOON

KIM = Actor("0190b6a0-1111-7000-8000-000000000000", "203.0.113.77")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    migrate(opened)
    yield opened
    opened.close()


def views(database: Database, number: int) -> None:
    for index in range(number):
        with database.writing() as connection:
            at = NOON + timedelta(seconds=index, microseconds=index)
            audit.record(connection, KIM, "case_viewed", at, kind="case", id=f"case-{index}", details={"part": "ü"})


def checked(database: Database, kept: Head | None = None) -> Head:
    with database.reading() as connection:
        return audit.verify(connection, kept)


def test_an_empty_log_and_a_whole_log_are_whole(database: Database) -> None:
    assert checked(database) == Head(0, audit.START)
    views(database, 3)
    whole = checked(database)
    assert whole.position == 3 and Head.read(str(whole)) == whole
    assert checked(database, whole) == whole
    with database.reading() as connection:
        newest = audit.newest(connection, 2)
        assert [entry.object_id for entry in newest] == ["case-2", "case-1"]
        assert [entry.object_id for entry in audit.newest(connection, 2, before=2)] == ["case-0"]
    assert (newest[0].actor, newest[0].details) == (Actor(KIM.staff_id, "203.0.113.0/24"), {"part": "ü"})


@pytest.mark.parametrize(
    "change",
    [
        {"at": NOON},
        {"staff_id": None},
        {"action": "case_claimed"},
        {"object_kind": "account"},
        {"object_id": "case-9"},
        {"details": {}},
        {"address": ""},
        {"hash": "f" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_row_is_named(database: Database, change: dict[str, object]) -> None:
    views(database, 4)
    with database.writing() as connection:
        connection.execute(update(audit_log).where(audit_log.c.position == 3).values(**change))
    with pytest.raises(BrokenChain, match="Row 3: its content"):
        checked(database)


def test_a_missing_row_is_named(database: Database) -> None:
    views(database, 4)
    with database.writing() as connection:
        connection.execute(delete(audit_log).where(audit_log.c.position == 2))
    with pytest.raises(BrokenChain, match="Row 2: it is missing; the next row is 3"):
        checked(database)


def test_a_tail_that_was_cut_off_is_noticed_by_the_head_and_by_the_one_kept_elsewhere(database: Database) -> None:
    views(database, 4)
    kept = checked(database)
    with database.writing() as connection:
        connection.execute(delete(audit_log).where(audit_log.c.position > 2))
    with pytest.raises(BrokenChain, match="Row 3: it is missing; the log's head is at row 4"):
        checked(database)
    with database.writing() as connection:
        last = connection.execute(select(audit_log.c.hash).where(audit_log.c.position == 2)).scalar_one()
        connection.execute(update(audit_head).values(position=2, hash=last))
    assert checked(database) == Head(2, last)
    with pytest.raises(BrokenChain, match="Row 3: it is missing; the kept head is at row 4"):
        checked(database, kept)
    views(database, 2)
    with pytest.raises(BrokenChain, match="Row 4: it is not the row"):
        checked(database, kept)


def test_a_row_that_was_added_past_the_head_is_named(database: Database) -> None:
    views(database, 2)
    with database.writing() as connection:
        before = audit.head(connection)
        audit.record(connection, KIM, "case_viewed", NOON)
        connection.execute(update(audit_head).values(position=before.position, hash=before.hash))
    with pytest.raises(BrokenChain, match="Row 3: the log's head does not know of it"):
        checked(database)


def test_rows_that_are_added_while_it_is_checked_are_no_alarm(database: Database) -> None:
    with ThreadPoolExecutor(3) as threads:
        writing = [threads.submit(views, database, 40) for _ in range(2)]
        seen = [checked(database).position]
        while not all(done.done() for done in writing):
            seen.append(checked(database).position)
        for done in writing:
            done.result()
    assert checked(database).position == 80 and seen == sorted(seen)


def test_what_is_rolled_back_is_not_in_the_log(database: Database) -> None:
    with pytest.raises(RuntimeError), database.writing() as connection:
        audit.record(connection, KIM, "case_claimed", NOON)
        raise RuntimeError
    assert checked(database).position == 0


def test_writers_at_the_same_time_make_one_chain(database: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(views, database, 10) for _ in range(8)]:
            done.result()
    assert checked(database).position == 80


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_addresses_do_not_name_one_machine(address: str, kept: str) -> None:
    assert audit.truncated(address) == kept


def test_the_log_takes_words_and_no_texts(database: Database) -> None:
    for action in ("", "Case viewed", "x" * 41):
        with pytest.raises(ValueError, match="word"), database.writing() as connection:
            audit.record(connection, KIM, action, NOON)
    with pytest.raises(ValueError, match="no texts"), database.writing() as connection:
        audit.record(connection, KIM, "searched", NOON, details={"words": "my cheek is red and hot " * 5})


@pytest.mark.parametrize("text", ["", "3", "x:" + "0" * 64, "3:" + "g" * 64])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="POSITION:HASH"):
        Head.read(text)
