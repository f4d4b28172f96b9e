"""Addresses of recipients are secrets: where they may stand, and what a wrong one is told without repeating it."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from aftercare.conversation.addresses import read_addresses
from aftercare.conversation.delivery import AppriseDelivery, Letter

SECRET = "hunter2-token"
MAIL = f"mailtos://clinic:{SECRET}@mail.example?to=desk@clinic.example"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "notifications.yml"
    path.write_text(f"desk: '{MAIL}'\nlead: 'json://hooks.example/{SECRET}'\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def test_an_address_comes_from_the_file_and_first_from_the_environment(file: Path) -> None:
    other = "json://other.example/hook"
    addresses = read_addresses(["desk", "lead"], file, {"AFTERCARE_NOTIFY_DESK": other})
    assert addresses.urls == {"desk": other, "lead": f"json://hooks.example/{SECRET}"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_file_that_others_may_read_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    addresses = read_addresses(["desk"], file, {})
    [problem] = addresses.problems
    assert f"chmod 600 {file}" in problem and addresses.urls == {}


def test_a_recipient_without_an_address_is_told_how_to_give_one(file: Path) -> None:
    addresses = read_addresses(["desk", "owner"], file, {})
    [problem] = addresses.problems
    assert f"Set AFTERCARE_NOTIFY_OWNER to an Apprise URL, or write 'owner: ...' in {file}; then restart." in problem
    assert list(addresses.urls) == ["desk"], "the others are reached all the same"
    [problem] = read_addresses(["owner"], None, {}).problems
    assert "or name an address_file in clinic.yml" in problem


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (f"lead: 'json://hooks.example'\ndesk: 'nonsense://{SECRET}'", "line 2, 'desk': this is not an Apprise URL"),
        ("desk: 'syslog://'", "line 1, 'desk': .*where nobody looks"),
        (f"desk: '{SECRET}", "line 1: this is not YAML"),
        (f"- {SECRET}", "line 1: Write one line a recipient"),
        ("desk: 5", "line 1: Write one line a recipient"),
        ("", "line 1: Write one line a recipient"),
    ],
)
def test_a_wrong_file_is_told_what_to_do_and_its_secrets_are_not_repeated(
    file: Path, content: str, problem: str
) -> None:
    file.write_text(content, encoding="utf-8")
    told = read_addresses(["desk"], file, {}).problems
    assert re.search(f"{file}, {problem}", told[0]), told
    assert SECRET not in str(told) and "restart" in told[0]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    [problem] = read_addresses(["desk"], tmp_path / "notifications.yml", {}).problems
    assert "notifications.yml cannot be read: No such file" in problem


def test_who_has_an_address_in_the_environment_is_reached_whatever_the_file_is(file: Path) -> None:
    file.write_text("desk: 'broken", encoding="utf-8")
    addresses = read_addresses(["desk", "lead"], file, {"AFTERCARE_NOTIFY_LEAD": "json://hooks.example/x"})
    assert list(addresses.urls) == ["lead"] and len(addresses.problems) == 1


def test_addresses_do_not_show_in_their_own_description(file: Path) -> None:
    assert SECRET not in repr(read_addresses(["desk"], file, {}))


def test_a_failed_delivery_is_a_word_and_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    # Port 9 of this machine: nobody listens.
    addresses = read_addresses(["desk"], None, {"AFTERCARE_NOTIFY_DESK": f"json://127.0.0.1:9/{SECRET}"})
    deliver = AppriseDelivery(addresses)
    assert deliver("desk", Letter("Title", "Body")) == "not_delivered"
    assert deliver("lead", Letter("Title", "Body")) == "no_address"
    assert SECRET not in caplog.text
