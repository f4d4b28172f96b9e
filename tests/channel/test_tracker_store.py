"""The memory of recent conversations is bounded, and enough for Rasa to run the next turn."""

from __future__ import annotations

import asyncio

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from aftercare.channel.tracker_store import RecentTrackerStore

DOMAIN = Domain.from_dict(
    {
        "intents": ["greet"],
        "slots": {name: {"type": "any", "mappings": [{"type": "custom"}]} for name in ("report", "turn")},
    }
)


def after(turns: int, store: RecentTrackerStore) -> DialogueStateTracker:
    """A conversation of so many turns, each read from the store and saved to it, as Rasa does."""

    async def talk() -> DialogueStateTracker:
        for number in range(turns):
            tracker = await store.get_or_create_tracker("c1")
            tracker.update(UserUttered(f"message {number}", {"name": "greet"}))
            if number == 0:
                tracker.update(SlotSet("report", {"turn": 0}))
            tracker.update(SlotSet("turn", {"message_id": str(number)}))
            tracker.update(ActionExecuted("action_listen"))
            await store.save(tracker)
        found = await store.retrieve("c1")
        assert found is not None
        return found

    return asyncio.run(talk())


def test_turn_200_is_no_longer_than_turn_5() -> None:
    lengths = {turns: len(after(turns, RecentTrackerStore(DOMAIN, turns=3)).events) for turns in (5, 200)}

    assert lengths[5] == lengths[200]


def test_last_messages_are_kept() -> None:
    tracker = after(10, RecentTrackerStore(DOMAIN, turns=3))
    said = [event.text for event in tracker.events if isinstance(event, UserUttered)]

    assert said == ["message 7", "message 8", "message 9"]
    assert tracker.latest_message is not None
    assert tracker.latest_message.text == "message 9"
    assert tracker.latest_action_name == "action_listen"


def test_slots_keep_their_values_however_long_ago_they_were_set() -> None:
    tracker = after(50, RecentTrackerStore(DOMAIN, turns=3))

    assert tracker.get_slot("report") == {"turn": 0}
    assert tracker.get_slot("turn") == {"message_id": "49"}


def test_conversations_that_were_silent_longest_are_forgotten() -> None:
    async def fill() -> tuple[list[str], DialogueStateTracker | None]:
        store = RecentTrackerStore(DOMAIN, conversations=2)
        for name in ("c1", "c2", "c1", "c3"):
            await store.save(DialogueStateTracker.from_events(name, [UserUttered("hi")], DOMAIN.slots))
        return list(await store.keys()), await store.retrieve("c2")

    names, forgotten = asyncio.run(fill())
    assert names == ["c1", "c3"]
    assert forgotten is None


def test_what_rasa_reads_is_a_copy() -> None:
    store = RecentTrackerStore(DOMAIN)
    tracker = after(1, store)
    tracker.update(UserUttered("never saved"))

    kept = asyncio.run(store.retrieve("c1"))
    assert kept is not None
    assert len(kept.events) == len(tracker.events) - 1


def test_rasa_finds_the_class_that_endpoints_yml_names() -> None:
    named = EndpointConfig(type="aftercare.channel.tracker_store.RecentTrackerStore", conversations=5, turns=2)

    assert isinstance(TrackerStore.create(named, DOMAIN), RecentTrackerStore)
