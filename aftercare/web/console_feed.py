"""What all open consoles of this process watch: the queue is read once for each change, its rows are made once and shared.

An open console is also the sign that its member of staff is there; the signs of all are written together.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from starlette.templating import Jinja2Templates

from aftercare.conversation import board, presence
from aftercare.conversation.board import Board
from aftercare.conversation.database import StorageError
from aftercare.conversation.gateway import Gateway
from aftercare.conversation.presence import BEAT_EVERY
from aftercare.conversation.queue import Entry
from aftercare.conversation.wakeups import CASES
from aftercare.web.console_view import Filter, QueueRow, alarms, queue_groups, queue_row, queue_summary

log = logging.getLogger("aftercare.console")

POLL = 1.0
"""Seconds between looks where no hint comes (another process wrote)."""

PAUSE = 0.2
"""Seconds between two looks at least: many changes at once are shown as one."""

TELL_TIME = 10
"""Seconds after which waiting times are told again though nothing else changed; pages tell them in minutes."""

MOST_MADE = 5000
"""Rows kept as HTML; most are the same for everybody."""


@dataclass(frozen=True, eq=False)
class QueuePage:
    """The queue of one member of staff: each group's cases in order, the rows by case, how many there are in all."""

    groups: Mapping[str, list[str]]
    rows: Mapping[str, str]
    counts: Mapping[str, int]
    summary: str
    alarms: Sequence[Mapping[str, str]]

    def change_from(self, before: QueuePage | None) -> str | None:
        """As JSON, with the rows that are not as before; None where nothing is new."""
        known: Mapping[str, str] = before.rows if before else {}
        changed = {case_id: html for case_id, html in self.rows.items() if known.get(case_id) != html}
        if before and not changed and self._frame == before._frame:
            return None
        return json.dumps({**self._frame, "rows": changed})

    @cached_property
    def _frame(self) -> dict[str, object]:
        return {"groups": self.groups, "counts": self.counts, "summary": self.summary, "alarms": self.alarms}


@dataclass(frozen=True)
class Sight:
    """One look at the queue, and what was made of it: pages by who sees the same, changes by the pages between them."""

    board: Board
    pages: dict[object, QueuePage] = field(default_factory=dict)
    rows: dict[tuple[str, int], str] = field(default_factory=dict)
    changes: dict[tuple[QueuePage | None, QueuePage], str | None] = field(default_factory=dict)

    @cached_property
    def own(self) -> Mapping[str, frozenset[object]]:
        """What makes a member of staff see the queue otherwise than others do: their cases, and what they have read."""
        found: defaultdict[str, set[object]] = defaultdict(set)
        for entry in self.board.queue.others:
            found[entry.case.assignee_id or ""].add(entry.case.id)
        for (staff_id, conversation_id), unread in self.board.unread.items():
            found[staff_id].add((conversation_id, unread))
        return {staff_id: frozenset(things) for staff_id, things in found.items()}


class Feed:
    """The queue for the consoles. Looks at the database only while somebody watches. For use on the event loop."""

    def __init__(self, gateway: Gateway, templates: Jinja2Templates) -> None:
        self._gateway = gateway
        self._row = templates.get_template("staff_queue_row.html")
        self._staff: Counter[str] = Counter()
        self._watchers: set[asyncio.Event] = set()
        self._new: set[asyncio.Event] = set()
        self._looking: asyncio.Task[None] | None = None
        self._sight: Sight | None = None
        self._told_at: datetime | None = None
        self._told_there: set[str] = set()
        self._beat_at: datetime | None = None
        self._made: dict[QueueRow, str] = {}

    @contextmanager
    def watching(self, staff_id: str) -> Iterator[asyncio.Event]:
        """The event is set after the next look, and whenever the queue looks different from then on."""
        watcher = asyncio.Event()
        self._staff[staff_id] += 1
        self._watchers.add(watcher)
        self._new.add(watcher)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look_again_and_again())
        self._gateway.wakeups.notify(CASES)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            self._new.discard(watcher)
            self._staff[staff_id] -= 1
            self._staff += Counter()

    @property
    def sight(self) -> Sight | None:
        """What was last seen; None before the first look."""
        return self._sight

    async def look(self, staff_id: str) -> Sight:
        """Look now, for a page that is made once. Raises StorageError."""
        return Sight(await self._gateway.database.run(self._read, [staff_id], self._gateway.clock()))

    def page(self, sight: Sight, staff_id: str, chosen: Filter) -> QueuePage:
        """The queue as this member of staff sees it; the same for all who see the same."""
        key = (chosen, sight.own.get(staff_id))
        if key not in sight.pages:
            sight.pages[key] = self._page(sight, staff_id, chosen)
        return sight.pages[key]

    def change(self, sight: Sight, before: QueuePage | None, page: QueuePage) -> str | None:
        """What is new since the page before, as JSON; None where nothing is."""
        key = (before, page)
        if key not in sight.changes:
            sight.changes[key] = page.change_from(before)
        return sight.changes[key]

    def _page(self, sight: Sight, staff_id: str, chosen: Filter) -> QueuePage:
        groups = queue_groups(sight.board, staff_id, chosen)
        shown = {key: entries[: chosen.rows(key)] for key, entries in groups.items()}
        every = [entry for entries in shown.values() for entry in entries]
        rows = {entry.case.id: self._row_of(sight, entry, staff_id) for entry in every}
        ids = {key: [entry.case.id for entry in entries] for key, entries in shown.items()}
        counts = {key: len(entries) for key, entries in groups.items()}
        return QueuePage(ids, rows, counts, queue_summary(groups), alarms(sight.board))

    def _row_of(self, sight: Sight, entry: Entry, staff_id: str) -> str:
        unread = sight.board.unread_of(entry, staff_id)
        key = (entry.case.id, unread)
        if key not in sight.rows:
            row = queue_row(entry, unread, self._gateway.ports.handoff, self._gateway.clock())
            sight.rows[key] = self._html(row)
        return sight.rows[key]

    def _html(self, row: QueueRow) -> str:
        html = self._made.get(row)
        if html is None:
            if len(self._made) >= MOST_MADE:
                self._made.clear()
            html = self._made[row] = self._row.render(row=row)
        return html

    async def _look_again_and_again(self) -> None:
        with self._gateway.wakeups.watching(CASES) as hint:
            while self._watchers:
                await self._look_for_changes()
                await asyncio.sleep(PAUSE)
                await hint.wait(POLL - PAUSE)
        self._sight = None
        self._made.clear()

    async def _look_for_changes(self) -> None:
        now = self._gateway.clock()
        await self._tell_who_is_there(now)
        new, self._new = self._new, set()
        try:
            seen = await self._gateway.database.run(self._read, list(self._staff), now)
        except StorageError as error:
            log.error("the queue cannot be read: %s", error)
            self._new |= new & self._watchers
            return
        told_at = now.replace(second=now.second // TELL_TIME * TELL_TIME, microsecond=0)
        changed = self._sight is None or (seen, told_at) != (self._sight.board, self._told_at)
        if changed:
            self._sight, self._told_at = Sight(seen), told_at
        for watcher in self._watchers if changed else new:
            watcher.set()

    async def _tell_who_is_there(self, now: datetime) -> None:
        there = set(self._staff)
        if there <= self._told_there and self._beat_at is not None and now - self._beat_at < BEAT_EVERY:
            return
        self._told_there, self._beat_at = there, now
        try:
            await self._gateway.database.run(self._beat, sorted(there), now)
        except StorageError as error:
            log.error("who is there cannot be written: %s", error)

    def _beat(self, staff_ids: list[str], now: datetime) -> None:
        with self._gateway.database.writing() as connection:
            presence.beat_together(connection, staff_ids, now)

    def _read(self, staff_ids: list[str], now: datetime) -> Board:
        ports = self._gateway.ports
        midnight = now.astimezone(ports.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        with self._gateway.database.reading() as connection:
            return board.read(connection, staff_ids, ports.handoff, midnight, now)
