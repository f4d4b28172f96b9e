"""Something that a web process does again and again beside the worker, until it is stopped."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod

from aftercare.conversation.database import Database, StorageError
from aftercare.conversation.wakeups import Wakeups


class Repeated(ABC):
    """``every``: seconds between two steps. ``log`` is told ``failed`` and why where a step fails; the next one is another try."""

    every: float
    failed: str
    log: logging.Logger

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups
        self._stopping = False

    @abstractmethod
    def step(self) -> object:
        """Do it once, in a thread of the database. Raises StorageError."""

    async def run(self) -> None:
        """Do it until ``stop``."""
        with self._wakeups.watching(self._topic) as hint:
            while not self._stopping:
                try:
                    await self._database.run(self.step)
                except StorageError as error:
                    self.log.error("%s: %s", self.failed, error)
                except Exception as error:
                    self.log.error("%s: %s", self.failed, type(error).__name__)
                await hint.wait(self.every)

    def stop(self) -> None:
        self._stopping = True
        self._wakeups.notify(self._topic)

    @property
    def _topic(self) -> str:
        return f"stop {type(self).__name__}"
