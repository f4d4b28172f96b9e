"""Staff accounts and sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from aftercare.conversation import staff
from aftercare.conversation.schema import staff_user

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
        token = staff.open_staff_session(connection, kim, NOON)
    staff.reset_password(database, "Kim", "another password")
    assert staff.verify(database, "kim", PASSWORD) is None
    assert staff.verify(database, "kim", "another password") == kim
    with database.reading() as connection:
        assert staff.staff_of(connection, token, NOON) is None
    with pytest.raises(staff.BadAccount, match="no account"):
        staff.reset_password(database, "who", PASSWORD)


def test_the_first_account_is_made_once(open_clinic: Opens) -> None:
    database = open_clinic().gateway.database
    first = staff.ensure_first_account(database)
    assert first is not None and staff.verify(database, *first) is not None
    assert staff.ensure_first_account(database) is None


def test_a_staff_session_ends_when_idle_when_old_when_logged_out_and_when_disabled(open_clinic: Opens) -> None:
    database = open_clinic().gateway.database
    kim = staff.add_staff(database, "kim", PASSWORD)
    minute = timedelta(minutes=1)
    with database.writing() as connection:
        token = staff.open_staff_session(connection, kim, NOON)
        assert staff.staff_of(connection, token, NOON + 29 * minute) == kim
        assert staff.staff_of(connection, token, NOON + 30 * minute) is None
        for minutes in range(25, 12 * 60 + 1, 25):
            staff.staff_seen(connection, token, NOON + minutes * minute)
        assert staff.staff_of(connection, token, NOON + (12 * 60 - 1) * minute) == kim
        assert staff.staff_of(connection, token, NOON + 12 * 60 * minute) is None

        token = staff.open_staff_session(connection, kim, NOON)
        staff.end_staff_session(connection, token, NOON)
        assert staff.staff_of(connection, token, NOON) is None

        token = staff.open_staff_session(connection, kim, NOON)
        connection.execute(update(staff_user).values(disabled_at=NOON))
        assert staff.staff_of(connection, token, NOON) is None
    assert staff.verify(database, "kim", PASSWORD) is None
