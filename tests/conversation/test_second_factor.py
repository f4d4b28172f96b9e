"""Codes of an authenticator app, recovery codes, waits after wrong tries, and invitation links."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select

from aftercare.conversation import invitations, login_waits, staff, staff_sessions, totp
from aftercare.conversation.audit import COMMAND_LINE
from aftercare.conversation.database import Database
from aftercare.conversation.migrations import migrate
from aftercare.conversation.schema import staff_invitation, staff_recovery_code
from aftercare.conversation.staff_sessions import Staff

from .fakes import NOON

PASSWORD = "a long password"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    migrate(opened)
    yield opened
    opened.close()


def code_at(secret: str, at: datetime) -> str:
    return pyotp.TOTP(secret).at(int(at.timestamp()))


def with_app(database: Database, now: datetime = NOON) -> tuple[Staff, str, list[str]]:
    """Kim with an authenticator app: (kim, secret, recovery codes)."""
    kim = staff.add_staff(database, "kim", PASSWORD)
    with database.writing() as connection:
        secret = totp.offer(connection, kim.id)
        assert totp.offer(connection, kim.id) == secret
        codes = totp.confirm(connection, kim, code_at(secret, now), COMMAND_LINE, now)
    assert codes is not None
    return kim, secret, list(codes)


def takes(database: Database, kim: Staff, code: str, now: datetime) -> str | None:
    with database.writing() as connection:
        return totp.take(connection, kim.id, code, now)


@pytest.mark.parametrize(("seconds", "fits"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)])
def test_a_code_fits_half_a_minute_early_or_late(seconds: int, fits: bool) -> None:
    code = code_at(SECRET, NOON + timedelta(seconds=seconds))
    assert (totp.step_of(SECRET, code, NOON) is not None) == fits


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "123456\0", "-12345"])
def test_what_is_no_code_fits_nothing(code: str) -> None:
    assert totp.step_of(SECRET, code, NOON) is None


def test_a_code_is_taken_once_and_older_ones_no_more(database: Database) -> None:
    kim, secret, _ = with_app(database)
    assert takes(database, kim, code_at(secret, NOON), NOON) is None, "it was used to set the app up"
    later = NOON + timedelta(minutes=2)
    assert takes(database, kim, code_at(secret, later), later) == "app"
    assert takes(database, kim, code_at(secret, later), later) is None
    assert takes(database, kim, code_at(secret, later - timedelta(seconds=30)), later) is None
    assert takes(database, kim, " ".join(code_at(secret, later + timedelta(seconds=30))), later) == "app"


def test_a_code_used_twice_at_once_is_taken_once(database: Database) -> None:
    kim, secret, codes = with_app(database)
    later = NOON + timedelta(minutes=5)
    for code in (code_at(secret, later), codes[0]):
        with ThreadPoolExecutor(6) as threads:
            taken = list(threads.map(lambda code: takes(database, kim, code, later), [code] * 6))
        assert sum(kind is not None for kind in taken) == 1


def test_a_recovery_code_lets_in_once_and_only_its_owner(database: Database) -> None:
    kim, _, codes = with_app(database)
    lee = staff.add_staff(database, "lee", PASSWORD)
    assert len(set(codes)) == totp.RECOVERY_CODES
    assert takes(database, lee, codes[0], NOON) is None
    assert takes(database, kim, f" {codes[0].upper().replace('-', ' ')} ", NOON) == "recovery"
    assert takes(database, kim, codes[0], NOON) is None
    with database.reading() as connection:
        assert totp.recovery_codes_left(connection, kim.id) == totp.RECOVERY_CODES - 1
        kept = connection.execute(select(staff_recovery_code.c.code_hash)).scalars().all()
    assert not set(codes) & set(kept) and all(len(hash_) == 64 for hash_ in kept)


def test_an_app_is_not_in_use_before_it_has_shown_a_right_code(database: Database) -> None:
    kim = staff.add_staff(database, "kim", PASSWORD)
    with database.writing() as connection:
        assert totp.confirm(connection, kim, "000000", COMMAND_LINE, NOON) is None
        secret = totp.offer(connection, kim.id)
        wrong = "000000" if code_at(secret, NOON) != "000000" else "000001"
        assert totp.confirm(connection, kim, wrong, COMMAND_LINE, NOON) is None
        assert not staff.by_id(connection, kim.id).second_factor
        assert totp.take(connection, kim.id, code_at(secret, NOON), NOON) is None


def test_a_reset_takes_the_app_away_too(database: Database) -> None:
    kim, secret, codes = with_app(database)
    staff.reset_password(database, "kim", PASSWORD)
    later = NOON + timedelta(minutes=2)
    assert takes(database, kim, code_at(secret, later), later) is None
    assert takes(database, kim, codes[0], later) is None


def tries(database: Database, key: str, now: datetime) -> int:
    with database.writing() as connection:
        return login_waits.take(connection, key, now)


def test_each_wrong_try_doubles_the_wait_up_to_a_quarter_of_an_hour(database: Database) -> None:
    key, now, waits = login_waits.of_name("kim"), NOON, []
    for _ in range(16):
        wait = tries(database, key, now)
        if wait:
            waits.append(wait)
            assert tries(database, key, now + timedelta(seconds=wait - 1)) == 1
            now += timedelta(seconds=wait)
            assert tries(database, key, now) == 0
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]
    assert tries(database, login_waits.of_name("lee"), now) == 0


def test_a_right_try_and_a_day_of_quiet_begin_anew(database: Database) -> None:
    key = login_waits.of_name("kim")
    assert [tries(database, key, NOON) for _ in range(6)] == [0, 0, 0, 0, 0, 5]
    with database.writing() as connection:
        login_waits.right(connection, key)
    assert [tries(database, key, NOON) for _ in range(6)] == [0, 0, 0, 0, 0, 5]
    assert tries(database, key, NOON + timedelta(hours=24)) == 0
    assert tries(database, key, NOON + timedelta(hours=24)) == 0


def test_two_processes_count_together_and_tries_at_once_do_not_slip_through(database_url: str) -> None:
    processes = [Database(database_url), Database(database_url)]
    migrate(processes[0])
    key = login_waits.of_name("kim")
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(lambda number: tries(processes[number % 2], key, NOON), range(16)))
    assert sorted(waits)[:6] == [0, 0, 0, 0, 0, 5] and len(waits) == 16
    for process in processes:
        process.close()


def test_a_browser_is_known_for_its_owner_alone_and_not_for_ever(database: Database) -> None:
    kim = staff.add_staff(database, "kim", PASSWORD)
    staff.add_staff(database, "lee", PASSWORD)
    with database.writing() as connection:
        token = login_waits.remember_device(connection, kim.id, NOON)
        assert login_waits.is_known_device(connection, token, "kim", NOON)
        assert not login_waits.is_known_device(connection, token, "lee", NOON)
        assert not login_waits.is_known_device(connection, "guess", "kim", NOON)
        assert not login_waits.is_known_device(connection, token, "kim", NOON + login_waits.DEVICE_KEPT)
        login_waits.forget(connection, kim.id, "kim")
        assert not login_waits.is_known_device(connection, token, "kim", NOON)


def invited(database: Database, now: datetime = NOON) -> tuple[Staff, str]:
    with database.writing() as connection:
        return invitations.invite(connection, "new", "Nurse New", "responder", COMMAND_LINE, now)


def accepts(database: Database, secret: str, now: datetime = NOON) -> Staff | None:
    hashed = staff.password_hash(PASSWORD)
    try:
        with database.writing() as connection:
            return invitations.accept(connection, secret, hashed, "", now)
    except invitations.InvitationOver:
        return None


def test_an_invitation_sets_the_password_once(database: Database) -> None:
    person, secret = invited(database)
    assert staff.verify(database, "new", "") is None
    assert accepts(database, secret) == person
    assert accepts(database, secret) is None
    assert staff.verify(database, "new", PASSWORD) == person
    with database.reading() as connection:
        assert secret not in connection.execute(select(staff_invitation.c.token_hash)).scalars().all()


def test_an_invitation_taken_up_twice_at_once_is_taken_up_once(database: Database) -> None:
    _, secret = invited(database)
    with ThreadPoolExecutor(6) as threads:
        taken = list(threads.map(lambda secret: accepts(database, secret), [secret] * 6))
    assert sum(person is not None for person in taken) == 1


def test_an_invitation_lasts_three_days(database: Database) -> None:
    _, secret = invited(database)
    assert accepts(database, secret, NOON + timedelta(hours=72)) is None
    assert accepts(database, secret, NOON + timedelta(hours=72, seconds=-1)) is not None


def test_a_newer_link_and_a_disabled_account_make_a_link_void(database: Database) -> None:
    person, first = invited(database)
    with database.writing() as connection:
        _, second = invitations.reset(connection, person.id, COMMAND_LINE, NOON)
    assert accepts(database, first) is None
    with database.writing() as connection:
        staff.disable(connection, person.id, COMMAND_LINE, NOON)
    assert accepts(database, second) is None


def test_a_reset_link_shuts_the_old_ways_in(database: Database) -> None:
    kim, _secret, codes = with_app(database)
    with database.writing() as connection:
        session = staff_sessions.open_session(connection, kim, NOON)
        _, link = invitations.reset(connection, kim.id, COMMAND_LINE, NOON)
        assert staff_sessions.session_of(connection, session, NOON) is None
    assert staff.verify(database, "kim", PASSWORD) is None
    assert takes(database, kim, codes[1], NOON) is None
    person = accepts(database, link)
    assert person is not None and not person.second_factor
