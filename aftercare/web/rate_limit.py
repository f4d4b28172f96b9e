"""Token buckets, one a key, in memory of this process."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_KEYS = 50_000
"""Keys remembered; beyond that the one longest unused is forgotten, which lets it start full."""


class TokenBuckets:
    """Lets ``burst`` happen at once and ``per_minute`` in the long run, for each key."""

    def __init__(self, burst: int, per_minute: int, seconds: Callable[[], float] = time.monotonic) -> None:
        self._burst = float(burst)
        self._per_second = per_minute / 60
        self._seconds = seconds
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> int:
        """0 where it may happen now; else the seconds to wait, rounded up."""
        with self._lock:
            now = self._seconds()
            level, at = self._buckets.pop(key, (self._burst, now))
            level = min(self._burst, level + (now - at) * self._per_second)
            allowed = level >= 1
            self._buckets[key] = (level - 1 if allowed else level, now)
            if len(self._buckets) > MOST_KEYS:
                self._buckets.popitem(last=False)
            return 0 if allowed else max(1, math.ceil((1 - level) / self._per_second))
