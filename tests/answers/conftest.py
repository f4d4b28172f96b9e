from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from aftercare.knowledge import Clinic, KnowledgeBase
from aftercare.triage import Reader
from tests.answers.talk import Talk


@pytest.fixture
def talk(reader: Reader, knowledge: KnowledgeBase, clinic: Clinic, now: datetime) -> Callable[..., Talk]:
    return lambda days=None: Talk(reader, knowledge, clinic, now, days)
