"""``aftercare up`` says plainly why it cannot start."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from aftercare.cli import main
from aftercare.cli.ports import is_free


@pytest.fixture
def taken() -> object:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("option", ["--port", "--rasa-port"])
def test_port_that_is_taken_is_named_with_a_way_out(
    taken: int, option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", option, str(taken), "--var", str(tmp_path / "var")]) == 1
    said = capsys.readouterr().err
    assert f"Port {taken} is taken" in said
    assert f"{option} {taken + 1}" in said
    assert not (tmp_path / "var").exists()


def test_address_of_another_machine_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "--host", "192.0.2.1", "--var", str(tmp_path / "var")]) == 1
    assert "cannot listen on 192.0.2.1" in capsys.readouterr().err


def test_port_is_free_again_once_nobody_listens(taken: int) -> None:
    assert not is_free("127.0.0.1", taken)
