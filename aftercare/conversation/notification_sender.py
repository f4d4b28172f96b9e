"""Delivers the outbox of notifications (``alerts``), beside the worker: retries, next recipients, quiet hours.

Several processes may share a database: each notification is leased, so that one of them sends it. It arrives at least
once: where a process is killed after its service took the message and before that was written down, or where a service
answers later than the time limit, it is sent again when the lease ends.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import case as when
from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from aftercare.conversation import alerts
from aftercare.conversation.clock import Clock
from aftercare.conversation.database import Database, StorageError
from aftercare.conversation.delivery import Deliver, Letter
from aftercare.conversation.schema import notification, patient_case
from aftercare.knowledge.clinic import Notifications

log = logging.getLogger("aftercare.notifications")

T = TypeVar("T")

MOST_AT_ONCE = 8

QUIET_TIER = "soon"
"""The one tier that waits for the end of quiet hours."""


@dataclass(frozen=True)
class Rhythm:
    """Seconds between looks at the outbox, for one try, and after each failed try (the last pause comes again and again).

    After ``fail_over_after`` failed tries the next recipient is told as well. After ``give_up`` no further try is made.
    ``commit``: what a slow database may take, on top of a try, before another sender takes the notification over.
    """

    poll: float = 1.0
    time_limit: float = 20.0
    commit: float = 10.0
    pauses: tuple[float, ...] = (5, 30, 120, 300, 900, 1800)
    fail_over_after: int = 2
    give_up: timedelta = timedelta(hours=24)

    @property
    def lease(self) -> timedelta:
        """How long a sender has a notification."""
        return timedelta(seconds=self.time_limit + self.commit)

    def pause(self, attempts: int) -> timedelta:
        """How long to wait after so many tries."""
        return timedelta(seconds=self.pauses[min(attempts, len(self.pauses)) - 1])


@dataclass(frozen=True)
class Leased:
    """A notification that this sender has."""

    id: str
    case_id: str | None
    kind: str
    tier: str | None
    level: int
    recipient: str
    attempts: int
    created_at: datetime


@dataclass(frozen=True)
class Office:
    """Whom to tell (``plan``), what the clinic is called, and where its staff pages are (an address without a path)."""

    plan: Notifications
    clinic_name: str
    url: str

    def letter(self, leased: Leased) -> Letter:
        """Says that a case waits and where to see it. Nothing of the patient, the reason or the signs."""
        if leased.kind == "test":
            sentence = "This is a test. If you can read it, messages about waiting cases reach you."
            return Letter(f"{self.clinic_name}: test", f"{sentence}\n\n{self.clinic_name}\n{self.url}/staff")
        tier = leased.tier or ""
        link = f"{self.url}/staff/cases/{leased.case_id}"
        title = f"{self.clinic_name}: {tier} case"
        return Letter(title, f"{_sentence(leased.kind, tier)}\n\n{self.clinic_name}\n{link}")

    def recipient(self, level: int) -> str:
        return self.plan.recipients[level % len(self.plan.recipients)]


def _sentence(kind: str, tier: str) -> str:
    noun = {"emergency": "An emergency case", "urgent": "An urgent case"}.get(tier, "A case of tier soon")
    if kind == "raised":
        return f"A case has been raised to {tier} and is waiting."
    if kind == "widened":
        return f"{noun} is still waiting. Nobody has it at the moment."
    if kind == "failing":
        return f"{noun} is waiting. The first person to be told could not be reached."
    return f"{noun} is waiting."


class Sender:
    """Sends what is due. One a process; ``deliver`` is called in threads of its own."""

    def __init__(
        self, database: Database, office: Office, deliver: Deliver, clock: Clock, rhythm: Rhythm | None = None
    ) -> None:
        self._database = database
        self._office = office
        self._deliver = deliver
        self._clock = clock
        self._rhythm = rhythm or Rhythm()
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Send until ``stop``. A database that fails is tried again at the next look."""
        while not self._stopping.is_set():
            await self._begin_due()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._rhythm.poll)

    async def stop(self) -> None:
        """Begin nothing new, and let the tries under way end. What does not end in time is sent again after its lease."""
        self._stopping.set()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._rhythm.time_limit)

    async def send_due(self) -> None:
        """Try everything that is due now, once."""
        await self._begin_due()
        while self._under_way:
            await asyncio.wait(self._under_way)
            await self._begin_due()

    async def _begin_due(self) -> None:
        free = MOST_AT_ONCE - len(self._under_way)
        try:
            due = await self._database.run(self._lease, self._clock(), free) if free else []
        except StorageError as error:
            log.error("the outbox of notifications cannot be read: %s", error)
            return
        for leased in due:
            task = asyncio.create_task(self._send(leased))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _send(self, leased: Leased) -> None:
        letter = self._office.letter(leased)
        try:
            error = await asyncio.wait_for(
                _in_thread(lambda: self._deliver(leased.recipient, letter)), self._rhythm.time_limit
            )
        except asyncio.TimeoutError:
            error = "late"
        except Exception as failure:
            log.error("notification %s could not be sent: %s", leased.id, type(failure).__name__)
            error = "error"
        if error is not None:
            log.warning("a notification to %s did not arrive: %s", leased.recipient, error)
        try:
            await self._database.run(self._record, leased, error, self._clock())
        except StorageError as failure:
            # Its lease runs out, and it is sent again.
            log.error("what became of notification %s could not be written: %s", leased.id, failure)

    def _lease(self, now: datetime, most: int) -> list[Leased]:
        """Take up to ``most`` due notifications, most urgent first; settle those that are not to be sent now."""
        with self._database.reading() as connection:
            if connection.execute(_due(now, 1)).first() is None:
                return []
        with self._database.writing() as connection:
            while rows := connection.execute(_due(now, most)).all():
                taken = [self._take(connection, row, now) for row in rows]
                if any(taken) or len(rows) < most:
                    return [leased for leased in taken if leased is not None]
        return []

    def _take(self, connection: Connection, row: Any, now: datetime) -> Leased | None:
        if self._is_needless(row):
            _update(connection, row.id, row.attempts, status="needless", ended_at=now)
            return None
        quiet = self._office.plan.quiet
        if row.tier == QUIET_TIER and quiet is not None and quiet.is_open(now):
            _update(connection, row.id, row.attempts, next_try_at=quiet.closes_at(now) or now + timedelta(days=1))
            return None
        recipient, attempts = self._office.recipient(row.level), row.attempts + 1
        lease: dict[str, Any] = {"attempts": attempts, "next_try_at": now + self._rhythm.lease, "recipient": recipient}
        if not _update(connection, row.id, row.attempts, **lease):
            return None
        return Leased(row.id, row.case_id, row.kind, row.tier, row.level, recipient, attempts, row.created_at)

    def _is_needless(self, row: Any) -> bool:
        """Nobody is to be told (any more): the case is in hand, or has risen, which has a notification of its own."""
        plan = self._office.plan
        if not plan.recipients:
            return True
        if row.kind == "test":
            return False
        if row.tier not in plan.tiers or row.case_status == "closed" or row.case_tier != row.tier:
            return True
        return bool(row.case_status == "claimed" and row.kind != "raised")

    def _record(self, leased: Leased, error: str | None, now: datetime) -> None:
        with self._database.writing() as connection:
            values: dict[str, Any] = {"error": error, "tried_at": now}
            if error is None:
                values |= {"status": "sent", "ended_at": now}
            elif leased.kind == "test" or now - leased.created_at > self._rhythm.give_up:
                values |= {"status": "failed", "ended_at": now}
            else:
                values |= {"next_try_at": now + self._rhythm.pause(leased.attempts)}
            if _update(connection, leased.id, leased.attempts, **values) and error is not None:
                self._fail_over(connection, leased, now)

    def _fail_over(self, connection: Connection, leased: Leased, now: datetime) -> None:
        further = leased.level + 1
        tried_enough = leased.attempts >= self._rhythm.fail_over_after
        if leased.case_id and leased.tier and tried_enough and further < len(self._office.plan.recipients):
            alerts.fail_over(connection, leased.case_id, leased.tier, further, now)


def _due(now: datetime, most: int) -> Any:
    urgency = when({"emergency": 0, "urgent": 1}, value=notification.c.tier, else_=2)
    return (
        select(notification, patient_case.c.status.label("case_status"), patient_case.c.tier.label("case_tier"))
        .outerjoin(patient_case, patient_case.c.id == notification.c.case_id)
        .where(notification.c.status == "pending", notification.c.next_try_at <= now)
        .order_by(urgency, notification.c.next_try_at)
        .limit(most)
    )


def _update(connection: Connection, notification_id: str, attempts: int, /, **values: Any) -> bool:
    """False where the notification is no longer ours, or no longer as it was seen."""
    updated = connection.execute(
        update(notification)
        .where(
            notification.c.id == notification_id,
            notification.c.attempts == attempts,
            notification.c.status == "pending",
        )
        .values(**values)
    )
    return bool(updated.rowcount == 1)


async def _in_thread(call: Callable[[], T]) -> T:
    """Run a call in a thread that does not keep the process from ending, however long its service hangs."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def finish(result: T | None, failure: Exception | None) -> None:
        if done.cancelled():
            return
        if failure is not None:
            done.set_exception(failure)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def working() -> None:
        result, failure = None, None
        try:
            result = call()
        except Exception as error:
            failure = error
        # A loop that is closed has nobody waiting.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(finish, result, failure)

    threading.Thread(target=working, name="notification", daemon=True).start()
    return await done
