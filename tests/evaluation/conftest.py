"""Joins lines that a test writes by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aftercare.evaluation.cases import Joined

from . import records


@pytest.fixture
def joined(tmp_path: Path) -> Callable[..., Joined]:
    """Takes (gold line, turn or turns that came of it), writes both files and reads them back."""

    def join(*pairs: tuple[records.Line, records.Line | list[records.Line]]) -> Joined:
        replay = [records.played(gold["id"], *(came if isinstance(came, list) else [came])) for gold, came in pairs]
        return records.joined(tmp_path, [gold for gold, _ in pairs], replay)

    return join
