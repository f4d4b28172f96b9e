"""The ``aftercare`` command itself: what there is, how fast it answers, what it says to a wrong word."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from importlib import import_module

import pytest

from aftercare.cli import COMMANDS, main


def test_without_a_command_it_tells_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    said = capsys.readouterr().out
    assert all(name in said and summary in said for name, (_, summary) in COMMANDS.items())


def test_unknown_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fly"]) == 2
    assert "no command 'fly'" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = import_module(COMMANDS[name][0])
    module.configure(argparse.ArgumentParser())
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"aftercare {name}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["up", "--help"], ["train", "--help"]])
def test_help_is_quick_and_loads_neither_rasa_nor_the_web(arguments: list[str]) -> None:
    code = (
        f"import sys, aftercare.cli\ntry: aftercare.cli.main({arguments})\nexcept SystemExit: pass\nprint(*sys.modules)"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert time.monotonic() - began < 2
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"rasa", "tensorflow", "numpy", "spacy", "sqlalchemy", "starlette", "uvicorn"}
