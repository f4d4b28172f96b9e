"""A model's name changes with everything that it is made of, and with nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aftercare.cli import model


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("AFTERCARE_ENCODER_DIR", raising=False)
    for name in ("config.yml", "domain.yml", "data/nlu/greet.yml", "aftercare/nlu/classifier.py", "requirements.lock"):
        write(tmp_path / name, name)
    return tmp_path


def write(file: Path, content: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)


@pytest.mark.parametrize(
    "name",
    ["config.yml", "domain.yml", "data/nlu/greet.yml", "data/rules/new.yml", "aftercare/nlu/classifier.py",
     "requirements.lock", "var/encoder/model.safetensors"],
)  # fmt: skip
def test_name_changes_with(project: Path, name: str) -> None:
    before = model.present_model(project)
    write(project / name, "changed")
    assert model.present_model(project) != before


@pytest.mark.parametrize("name", ["README.md", "aftercare/web/app.py", "aftercare/nlu/__pycache__/classifier.pyc"])
def test_name_does_not_change_with(project: Path, name: str) -> None:
    before = model.present_model(project)
    write(project / name, "changed")
    assert model.present_model(project) == before


def test_examples_that_move_to_another_file_count_as_a_change(project: Path) -> None:
    before = model.present_model(project)
    (project / "data/nlu/greet.yml").rename(project / "data/nlu/hello.yml")
    assert model.present_model(project) != before


def test_oldest_models_go_and_those_of_others_stay(project: Path) -> None:
    (project / "models").mkdir()
    for age in range(5):
        archive = project / "models" / f"aftercare-{age}.tar.gz"
        archive.touch()
        os.utime(archive, (1000 - age, 1000 - age))
    (project / "models" / "someone-elses.tar.gz").touch()
    assert [archive.name for archive in model.older_models(project)] == ["aftercare-3.tar.gz", "aftercare-4.tar.gz"]
