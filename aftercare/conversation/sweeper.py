"""Looks after cases that nobody looks after: who has one is gone, or nobody takes one in time.

Several processes may sweep one database: each case is moved by one of them, in one statement that asks again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import and_, not_
from sqlalchemy.engine import Connection

from aftercare.conversation import alerts, cases, conversations, desk, presence
from aftercare.conversation.cases import Case, CaseConflict
from aftercare.conversation.clock import Clock
from aftercare.conversation.database import Database
from aftercare.conversation.ports import Ports
from aftercare.conversation.repeated import Repeated
from aftercare.conversation.schema import patient_case
from aftercare.conversation.wakeups import CASES, Wakeups

log = logging.getLogger("aftercare.sweeper")

EVERY = 5.0
"""Seconds between two sweeps."""


class Sweeper(Repeated):
    """One a process, beside the worker."""

    every, failed, log = EVERY, "cases could not be looked after", log

    def __init__(self, database: Database, ports: Ports, wakeups: Wakeups, clock: Clock) -> None:
        super().__init__(database, wakeups)
        self._ports = ports
        self._clock = clock

    def step(self) -> int:
        return self.sweep()

    def sweep(self) -> int:
        """Look at every open case once. Returns how many were moved. Raises StorageError."""
        now = self._clock()
        with self._database.reading() as connection:
            gone_before = now - self._ports.handoff.holder_gone
            there = presence.present_since(connection, gone_before)
            open_cases = cases.open_cases(connection)
        moved = 0
        for case in open_cases:
            if case.status == "claimed" and case.assignee_id not in there:
                moved += self._move(case, self._return, now)
            elif self._is_late(case, now):
                moved += self._move(case, self._widen, now)
        return moved

    def _is_late(self, case: Case, now: datetime) -> bool:
        if case.status != "waiting" or case.widened_at is not None:
            return False
        return now >= self._ports.handoff.target_at(case.tier, case.waiting_since)

    def _move(self, seen: Case, step: Callable[[Connection, Case, datetime], None], now: datetime) -> bool:
        try:
            with self._database.writing() as connection:
                conversations.lock(connection, seen.conversation_id, now)
                step(connection, cases.find(connection, seen.id), now)
        except CaseConflict:
            # Another sweeper was quicker, or staff have taken it meanwhile.
            return False
        self._wakeups.notify(seen.conversation_id)
        self._wakeups.notify(CASES)
        return True

    def _return(self, connection: Connection, case: Case, now: datetime) -> None:
        there = presence.seen_since(patient_case.c.assignee_id, now - self._ports.handoff.holder_gone)
        desk.put_back(
            connection, self._ports, case, "returned", and_(patient_case.c.status == "claimed", not_(there)), now
        )
        alerts.widen(connection, case.id, now)

    def _widen(self, connection: Connection, case: Case, now: datetime) -> None:
        if not self._is_late(case, now):
            raise CaseConflict("It rose to another tier, or was put back, since.")
        waits = and_(patient_case.c.status == "waiting", patient_case.c.widened_at.is_(None))
        cases.move(connection, case.id, "widened", waits, now, widened_at=now)
        alerts.widen(connection, case.id, now)
        if case.left_at is None:
            desk.say(connection, case.conversation_id, "waiting", self._ports.wording.still_waiting(case.tier), now)
