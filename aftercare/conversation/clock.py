"""The clock is passed in; this is the real one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

Clock = Callable[[], datetime]
"""Returns the time now, with an offset."""


def utc_now() -> datetime:
    return datetime.now(timezone.utc)
