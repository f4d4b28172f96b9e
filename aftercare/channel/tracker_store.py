"""A bounded memory of recent conversations, in place of Rasa's tracker stores.

Rasa's trackers hold no truth in this product (docs/architecture.md, "The report"): what a conversation has established
comes with every turn and goes back with every outcome, and the web process owns the transcript. So the tracker is only
what Rasa needs to run one turn. Keeping it short has three effects. Patients' words are on disk in one database, not
two. A Rasa process can be killed or replaced between two turns. And turn 200 costs what turn 5 costs: Rasa reads, copies
and serialises every event of the tracker several times a turn, so with its own stores the price of a turn grows with the
conversation (engineering.md section B, design.md section 7).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker


class RecentTrackerStore(TrackerStore):
    """Keeps the last ``turns`` turns of the last ``conversations`` conversations, in memory.

    Named in ``endpoints.yml``. Slots keep their values however long ago they were set.
    """

    def __init__(
        self,
        domain: Domain | None,
        event_broker: EventBroker | None = None,
        host: str | None = None,
        conversations: int = 1000,
        turns: int = 3,
        **kwargs: Any,
    ) -> None:
        """``host`` is what Rasa passes to every store: the ``url`` of ``endpoints.yml``. There is none here."""
        super().__init__(domain, event_broker, **kwargs)
        self._conversations = conversations
        self._turns = turns
        self._recent: OrderedDict[str, list[Event]] = OrderedDict()

    async def save(self, tracker: DialogueStateTracker) -> None:
        await self.stream_events(tracker)
        self._recent[tracker.sender_id] = self._worth_keeping(tracker)
        self._recent.move_to_end(tracker.sender_id)
        while len(self._recent) > self._conversations:
            self._recent.popitem(last=False)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        events = self._recent.get(sender_id)
        if events is None:
            return None
        return DialogueStateTracker.from_events(sender_id, events, self.domain.slots, domain=self.domain)

    async def keys(self) -> Iterable[str]:
        return self._recent.keys()

    def _worth_keeping(self, tracker: DialogueStateTracker) -> list[Event]:
        """The last turns, and before them the slots that were set in none of them."""
        events = list(tracker.events)
        starts = [index for index, event in enumerate(events) if isinstance(event, UserUttered)]
        if len(starts) <= self._turns:
            return events
        kept = events[starts[-self._turns] :]
        set_again = {event.key for event in kept if isinstance(event, SlotSet)}
        older = [
            SlotSet(name, slot.value, timestamp=kept[0].timestamp)
            for name, slot in tracker.slots.items()
            if slot.has_been_set and name not in set_again
        ]
        return [*older, *kept]
