"""Works the queue of turns: screen first, then the assistant, then one commit (docs/architecture.md, "One turn")."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta

from aftercare.conversation import outcomes, turns
from aftercare.conversation.assistant import AssistantUnavailable, Outcome, Turn
from aftercare.conversation.clock import Clock
from aftercare.conversation.database import Database, StorageError
from aftercare.conversation.outcomes import Ending
from aftercare.conversation.ports import Ports
from aftercare.conversation.turns import LeasedTurn
from aftercare.conversation.wakeups import CASES, TURNS, Wakeups

log = logging.getLogger("aftercare.turns")

MOST_AT_ONCE = 200
"""Turns under way. They wait more than they work; the limit bounds memory, and keeps screens from queueing."""

COMMIT_PAUSES = (0.3, 1.0, 2.0)
"""Seconds between tries to commit when the database does not take it."""


@dataclass(frozen=True)
class Patience:
    """Seconds: for all tries of one turn together; before each new try; between looks at the queue.

    ``start``: how long after the worker's own start an assistant that was never met may still be starting. A turn that
    cannot reach it then is left to its lease and begun again, as after a restart of the whole machine.
    """

    time_limit: float = 10.0
    retry_pauses: tuple[float, ...] = field(default=(0.25, 1.0))
    poll: float = 1.0
    start: float = 0.0

    @property
    def lease(self) -> timedelta:
        """How long a worker has a turn: the assistant's time, and a slow commit. Then another begins it again."""
        return timedelta(seconds=self.time_limit + 10)


class Worker:
    """Works turns of different conversations at the same time. One a process; several processes may share a database."""

    def __init__(
        self, database: Database, ports: Ports, wakeups: Wakeups, clock: Clock, patience: Patience | None = None
    ) -> None:
        self._database = database
        self._ports = ports
        self._wakeups = wakeups
        self._clock = clock
        self._patience = patience or Patience()
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._met = False
        self._begun = time.monotonic()

    async def run(self) -> None:
        """Work until ``stop``. A database that fails is tried again at the next look."""
        with self._wakeups.watching(TURNS) as hint:
            while not self._stopping:
                await self._begin_waiting_turns()
                await hint.wait(self._patience.poll)

    async def stop(self) -> None:
        """Begin nothing new, and let the turns under way end. What does not end in time is another worker's."""
        self._stopping = True
        self._wakeups.notify(TURNS)
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._patience.time_limit)
        for task in self._under_way:
            task.cancel()

    async def work_until_idle(self) -> None:
        """Work until no turn is left that could be begun."""
        while await self._begin_waiting_turns() or self._under_way:
            if self._under_way:
                await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def _begin_waiting_turns(self) -> int:
        begun = 0
        try:
            while (room := MOST_AT_ONCE - len(self._under_way)) > 0:
                most = min(room, turns.MOST_TOGETHER)
                taken = await self._database.run(turns.lease, self._database, self._clock(), self._patience.lease, most)
                if not taken:
                    break
                for leased in taken:
                    task = asyncio.create_task(self._work(leased))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
                begun += len(taken)
        except StorageError as error:
            log.error("the queue of turns cannot be read: %s", error)
        return begun

    async def _work(self, leased: LeasedTurn) -> None:
        try:
            ending = await self._ending(leased)
            await self._commit(leased, ending)
        except Exception as error:
            # Nothing of the turn is lost: its lease runs out, and it is begun again.
            log.error("turn %s did not end: %s", leased.id, type(error).__name__)
            return
        finally:
            self._wakeups.notify(leased.conversation_id)
            self._wakeups.notify(TURNS)
            self._wakeups.notify(CASES)
        if ending.status != "failed" and (leased.for_staff or ending.by == "screen"):
            await self._read_further(leased, ending.outcome)

    async def _ending(self, leased: LeasedTurn) -> Ending:
        if leased.attempts > turns.MOST_LEASES:
            return self._failure("gave_up") if not leased.for_staff else outcomes.silent("failed", "staff")
        screened = await self._database.run(self._look, leased)
        if screened is not None and screened.tier == "emergency":
            say = outcomes.answered(screened, self._ports.wording)
            status = "skipped" if leased.for_staff else "done"
            return Ending(screened, say, "screen", status, fenced=False)
        if leased.for_staff:
            if screened is None:
                return outcomes.silent("skipped", "staff")
            return outcomes.for_staff(screened, self._ports.wording)
        return await self._answer(leased)

    def _look(self, leased: LeasedTurn) -> Outcome | None:
        try:
            return self._ports.screen(leased.text, leased.report, leased.said_at.astimezone(self._ports.zone))
        except Exception as error:
            # The assistant looks for the same flags again; without it the turn ends in a case.
            log.error("the screen failed on turn %s: %s", leased.id, type(error).__name__)
            return None

    async def _answer(self, leased: LeasedTurn) -> Ending:
        begun = time.monotonic()
        try:
            outcome = await asyncio.wait_for(self._ask(leased), self._patience.time_limit)
        except asyncio.TimeoutError:
            ending = self._failure("late")
        except AssistantUnavailable as error:
            if error.reason == "connection" and self._may_be_starting():
                raise
            ending = self._failure(error.reason)
        except Exception as error:
            log.error("the assistant's side failed on turn %s: %s", leased.id, type(error).__name__)
            ending = self._failure("error")
        else:
            self._met = True
            ending = Ending(outcome, outcomes.answered(outcome, self._ports.wording), "assistant")
        return replace(ending, ms=(time.monotonic() - begun) * 1000)

    async def _read_further(self, leased: LeasedTurn, shown: Outcome) -> None:
        """Let the assistant read what it does not answer, after the screen: what it finds is for staff, and nobody hears it.

        The screen knows words only, the assistant what it has learned as well. What was committed stands. An assistant
        that is down or late adds nothing.
        """
        if leased.for_staff:
            leased = replace(leased, report=self._ports.reports.unasked(leased.report))
        try:
            read = await asyncio.wait_for(self._take(leased), self._patience.time_limit)
            await self._database.run(self._add, leased, shown, read)
        except Exception as error:
            log.warning("nothing was added to turn %s, which was only screened: %s", leased.id, type(error).__name__)
        self._wakeups.notify(leased.conversation_id)
        self._wakeups.notify(CASES)

    def _add(self, leased: LeasedTurn, shown: Outcome, read: Outcome) -> None:
        with self._database.writing() as connection:
            outcomes.add(connection, leased, shown, read, self._ports, self._clock())

    def _may_be_starting(self) -> bool:
        return not self._met and time.monotonic() - self._begun < self._patience.start

    async def _ask(self, leased: LeasedTurn) -> Outcome:
        for pause in self._patience.retry_pauses:
            try:
                return _usable(await self._take(leased))
            except AssistantUnavailable as error:
                # Safe to repeat: the assistant knows a message that it has answered by its id.
                if error.reason != "connection":
                    raise
            await asyncio.sleep(pause)
        return _usable(await self._take(leased))

    async def _take(self, leased: LeasedTurn) -> Outcome:
        turn = Turn(
            conversation_id=leased.conversation_id,
            message_id=leased.id,
            text=leased.text,
            now=leased.said_at.astimezone(self._ports.zone),
            intent=leased.intent,
            report=leased.report,
        )
        return await self._ports.assistant.take_turn(turn)

    def _failure(self, reason: str) -> Ending:
        log.warning("the assistant could not answer: %s", reason)
        outcome = Outcome((), handoff="failure")
        return Ending(outcome, outcomes.failed(self._ports.wording), "failure", "failed", error=reason)

    async def _commit(self, leased: LeasedTurn, ending: Ending) -> None:
        for pause in COMMIT_PAUSES:
            try:
                return await self._database.run(self._commit_told, leased, ending)
            except StorageError as error:
                log.error("turn %s could not be committed: %s", leased.id, error)
                await asyncio.sleep(pause)
            except Exception as error:
                log.error("the case of turn %s could not be written: %s", leased.id, type(error).__name__)
                break
        return await self._database.run(self._commit_untold, leased, ending)

    def _commit_told(self, leased: LeasedTurn, ending: Ending) -> None:
        with self._database.writing() as connection:
            outcomes.commit(connection, leased, ending, self._ports, self._clock())

    def _commit_untold(self, leased: LeasedTurn, ending: Ending) -> None:
        with self._database.writing() as connection:
            outcomes.commit_untold(connection, leased, ending, self._ports, self._clock())


def _usable(outcome: Outcome) -> Outcome:
    if not any(reply.text.strip() for reply in outcome.replies):
        raise AssistantUnavailable("empty")
    return outcome
