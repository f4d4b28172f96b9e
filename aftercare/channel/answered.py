"""Every message is worked once, however often it is posted."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class AnsweredMessages(Generic[Answer]):
    """Remembers the answers to about the last ``limit`` messages, and which messages are being worked right now."""

    def __init__(self, limit: int = 2000) -> None:
        self._limit = limit
        self._work: OrderedDict[tuple[str, str], asyncio.Task[Answer]] = OrderedDict()

    async def once(self, key: tuple[str, str], work: Callable[[], Awaitable[Answer]]) -> tuple[Answer, bool]:
        """The answer to ``key``, and whether it was asked before.

        A second call while the first is at work waits for it. Work that fails is forgotten, so that the message can be
        posted again. A caller that goes away does not stop the work: its retry will find the answer.
        """
        task = self._work.get(key)
        duplicate = task is not None
        if task is None:
            task = asyncio.ensure_future(work())
            self._work[key] = task
            task.add_done_callback(lambda done: self._settle(key, done))
        return await asyncio.shield(task), duplicate

    def _settle(self, key: tuple[str, str], done: asyncio.Task[Answer]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._work.pop(key, None)
        while len(self._work) > self._limit and next(iter(self._work.values())).done():
            self._work.popitem(last=False)
