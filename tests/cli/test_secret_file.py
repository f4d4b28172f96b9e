"""Secrets: made once, private, complete; a damaged file is said and never silently replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aftercare.cli.secret_file import NAMES, BadSecretFile, load_secrets


def test_secrets_are_made_once(tmp_path: Path) -> None:
    first = load_secrets(tmp_path)
    assert set(first) == set(NAMES)
    assert all(len(value) == 64 for value in first.values())
    assert load_secrets(tmp_path) == first


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    load_secrets(tmp_path)
    file = tmp_path / "secrets.json"
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    load_secrets(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600


def test_secret_that_came_later_is_added_beside_the_old_ones(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text(json.dumps({"older": "kept"}))
    assert load_secrets(tmp_path)["older"] == "kept"
    assert set(load_secrets(tmp_path)) == {"older", *NAMES}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"turn_secret": 1}'])
def test_damaged_file_is_said(tmp_path: Path, content: str) -> None:
    (tmp_path / "secrets.json").write_text(content)
    with pytest.raises(BadSecretFile, match="Delete it"):
        load_secrets(tmp_path)
