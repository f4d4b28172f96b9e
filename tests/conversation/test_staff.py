"""Staff accounts and sessions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Connection

from aftercare.conversation import audit, staff, staff_sessions
from aftercare.conversation.audit import COMMAND_LINE
from aftercare.conversation.database import Database
from aftercare.conversation.migrations import migrate
from aftercare.conversation.schema import staff_user
from aftercare.conversation.staff_sessions import Standing

from .fakes import NOON, Clinic

Opens = Callable[..., Clinic]
PASSWORD = "a long password"


def test_only_the_right_password_is_the_right_password(open_clinic: Opens) -> None:
    database = open_clinic().gateway.database
    added = staff.add_staff(database, "Kim", PASSWORD, "Nurse Kim")
    assert staff.verify(database, " KIM ", PASSWORD) == added
    for name, password in [
        ("kim", "a long passworD"),
        ("kim", ""),
        ("kim", "x" * 100_000),
        ("who", PASSWORD),
        ("", ""),
    ]:
        assert staff.verify(database, name, password) is None


def test_passwords_are_kept_as_argon2id(open_clinic: Opens) -> None:
    database = open_clinic().gateway.database
    staff.add_staff(database, "kim", PASSWORD)
    with database.reading() as connection:
        assert connection.execute(select(staff_user.c.password_hash)).scalar_one().startswith("$argon2id$")


@pytest.mark.parametrize(
    ("name", "password", "why"), [("kim", PASSWORD, "already"), ("", PASSWORD, "name"), ("lee", "short", "12")]
)
def test_an_account_that_cannot_be_made_says_why(open_clinic: Opens, name: str, password: str, why: str) -> None:
    database = open_clinic().gateway.database
    staff.add_staff(database, "kim", PASSWORD)
    with pytest.raises(staff.BadAccount, match=why):
        staff.add_staff(database, name, password)


def test_a_new_password_ends_what_the_old_one_opened(open_clinic: Opens) -> None:
    database = open_clinic().gateway.database
    kim = staff.add_staff(database, "kim", PASSWORD)
    with database.writing() as connection:
        token = staff_sessions.open_session(connection, kim, NOON)
    staff.reset_password(database, "Kim", "another password")
    assert staff.verify(database, "kim", PASSWORD) is None
    assert staff.verify(database, "kim", "another password") == kim
    with database.reading() as connection:
        assert staff_sessions.session_of(connection, token, NOON) is None
    with pytest.raises(staff.BadAccount, match="no account"):
        staff.reset_password(database, "who", PASSWORD)


def test_the_first_account_is_made_once(open_clinic: Opens) -> None:
    database = open_clinic().gateway.database
    first = staff.ensure_first_account(database)
    assert first is not None
    person = staff.verify(database, *first)
    assert person is not None and person.role == "admin"
    assert staff.first_name(person.display_name) == "A person", "nobody has given it a name: patients read no false one"
    assert staff.ensure_first_account(database) is None


def standing(database: Database, token: str, now: datetime) -> Standing | None:
    with database.reading() as connection:
        session = staff_sessions.session_of(connection, token, now)
    return session.standing if session else None


def test_an_idle_session_locks_and_an_old_one_is_over(open_clinic: Opens) -> None:
    database = open_clinic().gateway.database
    kim = staff.add_staff(database, "kim", PASSWORD)
    minute = timedelta(minutes=1)
    with database.writing() as connection:
        token = staff_sessions.open_session(connection, kim, NOON)
        session = staff_sessions.session_of(connection, token, NOON)
        assert session is not None and session.staff == kim
    assert standing(database, token, NOON + 29 * minute) is Standing.OPEN
    assert standing(database, token, NOON + 30 * minute) is Standing.LOCKED
    with database.writing() as connection:
        for minutes in range(25, 12 * 60 + 1, 25):
            staff_sessions.seen(connection, session.id, NOON + minutes * minute)
    assert standing(database, token, NOON + (12 * 60 - 1) * minute) is Standing.OPEN
    assert standing(database, token, NOON + 12 * 60 * minute) is None


def test_unlocking_changes_the_token_and_not_the_end(open_clinic: Opens) -> None:
    database = open_clinic().gateway.database
    kim = staff.add_staff(database, "kim", PASSWORD)
    later = NOON + timedelta(hours=11)
    with database.writing() as connection:
        before = staff_sessions.open_session(connection, kim, NOON)
        session = staff_sessions.session_of(connection, before, NOON)
        assert session is not None
        staff_sessions.lock(connection, session.id, NOON)
        assert standing_in(connection, before, NOON) is Standing.LOCKED
        after = staff_sessions.unlock(connection, session.id, later)
    assert standing(database, before, later) is None
    assert standing(database, after, later) is Standing.OPEN
    assert standing(database, after, NOON + timedelta(hours=12)) is None


def standing_in(connection: Connection, token: str, now: datetime) -> Standing | None:
    session = staff_sessions.session_of(connection, token, now)
    return session.standing if session else None


@pytest.mark.parametrize("how", ["log out", "disable", "role", "end sessions"])
def test_a_session_is_over_when_it_is_logged_out_and_when_the_account_changes(open_clinic: Opens, how: str) -> None:
    database = open_clinic().gateway.database
    staff.add_staff(database, "boss", PASSWORD, role="admin")
    kim = staff.add_staff(database, "kim", PASSWORD)
    with database.writing() as connection:
        token = staff_sessions.open_session(connection, kim, NOON)
        session = staff_sessions.session_of(connection, token, NOON)
        assert session is not None
        if how == "log out":
            staff_sessions.end(connection, session.id, NOON)
        elif how == "disable":
            staff.disable(connection, kim.id, COMMAND_LINE, NOON)
        elif how == "role":
            staff.change_role(connection, kim.id, "lead", COMMAND_LINE, NOON)
        else:
            staff.end_sessions(connection, kim.id, COMMAND_LINE, NOON)
    assert standing(database, token, NOON) is None
    assert (staff.verify(database, "kim", PASSWORD) is None) == (how == "disable")


def test_somebody_who_looks_after_accounts_is_always_left(open_clinic: Opens) -> None:
    database = open_clinic().gateway.database
    boss = staff.add_staff(database, "boss", PASSWORD, role="admin")
    kim = staff.add_staff(database, "kim", PASSWORD)
    with database.writing() as connection:
        # An invited administrator has no password yet, and may never come.
        staff.add(connection, "new", "New", "admin", COMMAND_LINE, NOON)
    with pytest.raises(staff.BadAccount, match="another administrator"), database.writing() as connection:
        staff.disable(connection, boss.id, COMMAND_LINE, NOON)
    with pytest.raises(staff.BadAccount, match="another administrator"), database.writing() as connection:
        staff.change_role(connection, boss.id, "lead", COMMAND_LINE, NOON)
    with database.writing() as connection:
        staff.change_role(connection, kim.id, "admin", COMMAND_LINE, NOON)
        staff.disable(connection, boss.id, COMMAND_LINE, NOON)
    with pytest.raises(staff.BadAccount, match="no role"), database.writing() as connection:
        staff.change_role(connection, kim.id, "queen", COMMAND_LINE, NOON)


def test_two_administrators_cannot_shut_each_other_out_at_once(database_url: str) -> None:
    database = Database(database_url)
    migrate(database)
    ids = [staff.add_staff(database, name, PASSWORD, role="admin").id for name in ("one", "two")]
    at_once = threading.Barrier(2)

    def disabled(staff_id: str) -> bool:
        at_once.wait()
        try:
            with database.writing() as connection:
                staff.disable(connection, staff_id, COMMAND_LINE, NOON)
        except staff.BadAccount:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(disabled, ids)) == [False, True]
    database.close()


def test_what_is_done_to_accounts_is_in_the_log(open_clinic: Opens) -> None:
    database = open_clinic().gateway.database
    staff.add_staff(database, "boss", PASSWORD, role="admin")
    kim = staff.add_staff(database, "kim", PASSWORD)
    with database.writing() as connection:
        staff.change_role(connection, kim.id, "lead", COMMAND_LINE, NOON)
        staff.disable(connection, kim.id, COMMAND_LINE, NOON)
        staff.enable(connection, kim.id, COMMAND_LINE, NOON)
    staff.reset_password(database, "kim", PASSWORD)
    with database.reading() as connection:
        audit.verify(connection)
        entries = [entry for entry in audit.newest(connection, 10) if entry.object_id == kim.id]
    assert [entry.action for entry in entries] == [
        "account_reset",
        "account_enabled",
        "account_disabled",
        "role_changed",
        "account_added",
    ]
    assert entries[3].details == {"from": "responder", "to": "lead"}
