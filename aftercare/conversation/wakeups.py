"""Hints within this process that something changed. Only hints: whoever waits also looks from time to time."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterator

TURNS = "turns"
"""The topic for "there may be a turn to work on". Topics beside these two are conversation ids, and who waits to be stopped."""

CASES = "cases"
"""The topic for "a case, its conversation, or what staff have read of it may have changed"."""


class Watch:
    """One waiter. A hint given between two waits is not lost."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._hinted = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Return at the next hint, or after so many seconds."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._hinted.wait(), seconds)
        self._hinted.clear()

    def wake(self) -> None:
        # A loop that is closed has nobody waiting.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._hinted.set)


class Wakeups:
    """Who waits for what. ``notify`` may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: defaultdict[str, set[Watch]] = defaultdict(set)

    def notify(self, topic: str) -> None:
        with self._lock:
            watches = tuple(self._watches.get(topic, ()))
        for watch in watches:
            watch.wake()

    def topics(self) -> list[str]:
        """What is watched now."""
        with self._lock:
            return list(self._watches)

    @contextlib.contextmanager
    def watching(self, topic: str) -> Iterator[Watch]:
        """Watch a topic. Begin before the first look, so that nothing falls between look and wait."""
        watch = Watch(asyncio.get_running_loop())
        with self._lock:
            self._watches[topic].add(watch)
        try:
            yield watch
        finally:
            with self._lock:
                self._watches[topic].discard(watch)
                if not self._watches[topic]:
                    del self._watches[topic]
