"""Whoever knows Rasa finds a Rasa project: its own commands work as it documents them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aftercare.cli.model import present_model
from aftercare.cli.rasa_program import ENVIRONMENT
from tests.conftest import ROOT

pytestmark = pytest.mark.model


def rasa(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the ``rasa`` program in the project, with nothing set but what any shell has."""
    program = Path(sys.executable).with_name("rasa")
    quiet = {name: ENVIRONMENT[name] for name in ("TF_CPP_MIN_LOG_LEVEL", "PYTHONWARNINGS")}
    environment = {"PATH": f"{program.parent}:/usr/bin:/bin", "HOME": str(folder), **quiet}
    command = [str(program), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280, check=False)


@pytest.fixture(scope="module")
def model() -> Path:
    path = present_model(ROOT)
    assert path.is_file(), "no model for the present data: run 'make train'"
    return path


def test_rasa_data_validate_has_no_warning(tmp_path: Path) -> None:
    result = rasa("data", "validate", "--fail-on-warnings", folder=tmp_path)
    assert result.returncode == 0, result.stderr[-2000:]


def test_stories_are_predicted_without_error(model: Path, tmp_path: Path) -> None:
    stories = shutil.copytree(ROOT / "tests" / "stories", tmp_path / "stories")
    result = rasa(
        "test", "core", "--model", str(model), "--stories", str(stories), "--out", str(tmp_path / "out"),
        "--fail-on-prediction-errors", "--no-plot", folder=tmp_path,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
