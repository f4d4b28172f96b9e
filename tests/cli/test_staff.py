"""``aftercare staff`` and ``aftercare audit``."""

from __future__ import annotations

import getpass
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import update

from aftercare.cli import main
from aftercare.conversation import staff
from aftercare.conversation.database import Database
from aftercare.conversation.schema import audit_log

Says = Callable[..., tuple[int, str, str]]


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Says:
    """Runs the command on a folder of its own: (exit code, what it printed, what it complained of)."""
    monkeypatch.delenv("AFTERCARE_DATABASE_URL", raising=False)
    monkeypatch.setattr(staff, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))

    def saying(*arguments: str) -> tuple[int, str, str]:
        code = main([*arguments, "--var", str(tmp_path)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return saying


def database(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'aftercare.db'}")


def test_an_account_from_the_command_line_has_a_password_that_is_shown_once(says: Says, tmp_path: Path) -> None:
    code, said, _ = says("staff", "add", "Kim", "--display-name", "Nurse Kim", "--role", "lead")
    password = re.search(r"Password:  (\S+)   \(shown only now\)", said)
    assert code == 0 and password is not None
    opened = database(tmp_path)
    person = staff.verify(opened, "kim", password.group(1))
    assert person is not None and (person.display_name, person.role) == ("Nurse Kim", "lead")
    code, said, _ = says("staff", "reset", "kim")
    assert code == 0 and staff.verify(opened, "kim", password.group(1)) is None
    opened.close()


def test_the_password_may_be_typed_and_is_not_shown(
    says: Says, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(["correct horse battery", "correct horse battery", "one long password", "another password"])
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(typed))
    code, said, _ = says("staff", "add", "kim", "--ask")
    assert code == 0 and "correct" not in said
    opened = database(tmp_path)
    assert staff.verify(opened, "kim", "correct horse battery") is not None
    opened.close()
    code, _, complaint = says("staff", "reset", "kim", "--ask")
    assert code == 1 and "not the same" in complaint


def test_accounts_are_listed_disabled_enabled_and_given_roles(says: Says) -> None:
    says("staff", "add", "ann", "--role", "admin")
    says("staff", "add", "kim")
    assert says("staff", "role", "kim", "trainer")[:2] == (0, "kim is now trainer.\n")
    assert says("staff", "disable", "kim")[:2] == (0, "kim is disabled.\n")
    _, listed, _ = says("staff", "list")
    assert re.search(r"^ann +ann +admin +active +no +0$", listed, re.MULTILINE)
    assert re.search(r"^kim +kim +trainer +disabled +no +0$", listed, re.MULTILINE)
    assert says("staff", "enable", "kim")[:2] == (0, "kim is enabled.\n")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("add", "ann"), "already an account"),
        (("add", "lee", "--role", "queen"), "no role 'queen'"),
        (("role", "ann", "queen"), "no role 'queen'"),
        (("role", "ann", "lead"), "another administrator"),
        (("disable", "ann"), "another administrator"),
        (("disable", "who"), "no account named 'who'"),
        (("reset", "who"), "no account named 'who'"),
    ],
)
def test_what_cannot_be_done_says_why(says: Says, arguments: tuple[str, ...], why: str) -> None:
    says("staff", "add", "ann", "--role", "admin")
    code, _, complaint = says("staff", *arguments)
    assert code == 1 and why in complaint


def test_the_log_of_it_is_whole_until_a_row_is_changed(says: Says, tmp_path: Path) -> None:
    says("staff", "add", "ann", "--role", "admin")
    says("staff", "add", "kim")
    code, head, _ = says("audit", "head")
    assert code == 0 and re.fullmatch(r"2:[0-9a-f]{64}\n", head)
    code, said, _ = says("audit", "verify", "--head", head.strip())
    assert (code, said) == (0, f"2 rows, all whole. Head: {head}")
    opened = database(tmp_path)
    with opened.writing() as connection:
        connection.execute(update(audit_log).where(audit_log.c.position == 1).values(action="nothing_happened"))
    opened.close()
    code, _, complaint = says("audit", "verify")
    assert code == 1 and "Row 1: its content does not fit its hash." in complaint
    code, _, complaint = says("audit", "verify", "--head", "what")
    assert code == 1 and "POSITION:HASH" in complaint
