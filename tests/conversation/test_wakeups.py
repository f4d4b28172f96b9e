"""Hints wake who waits, from any thread, and are not lost between two waits."""

from __future__ import annotations

import asyncio
import threading
import time

from aftercare.conversation.wakeups import Wakeups


def test_a_hint_from_another_thread_wakes_only_its_topic() -> None:
    async def waiting() -> tuple[float, float]:
        wakeups = Wakeups()
        with wakeups.watching("one") as one, wakeups.watching("two") as two:
            threading.Timer(0.02, wakeups.notify, ["one"]).start()
            return await asyncio.gather(_seconds(one.wait(2)), _seconds(two.wait(0.1)))  # type: ignore[return-value]

    woken, slept = asyncio.run(waiting())
    assert woken < 1 and slept >= 0.09


def test_a_hint_given_between_look_and_wait_is_not_lost() -> None:
    async def waiting() -> float:
        wakeups = Wakeups()
        with wakeups.watching("one") as watch:
            wakeups.notify("one")
            await asyncio.sleep(0.01)
            return await _seconds(watch.wait(2))

    assert asyncio.run(waiting()) < 1


def test_a_hint_that_nobody_waits_for_does_nothing() -> None:
    Wakeups().notify("nobody")


async def _seconds(wait: object) -> float:
    begun = time.monotonic()
    await wait  # type: ignore[misc]
    return time.monotonic() - begun
