"""The memory of answers is bounded."""

from __future__ import annotations

import asyncio

from aftercare.channel.answered import AnsweredMessages


def test_oldest_answers_are_forgotten() -> None:
    async def ask() -> list[bool]:
        answered: AnsweredMessages[int] = AnsweredMessages(limit=3)

        async def work() -> int:
            return 1

        asked_before = []
        for number in (1, 2, 3, 4, 5, 5, 1):
            _, duplicate = await answered.once(("c1", str(number)), work)
            asked_before.append(duplicate)
        return asked_before

    assert asyncio.run(ask()) == [False, False, False, False, False, True, False]


def test_work_that_is_not_done_is_never_forgotten() -> None:
    async def ask() -> int:
        answered: AnsweredMessages[int] = AnsweredMessages(limit=2)
        gate = asyncio.Event()
        worked = 0

        async def slow() -> int:
            nonlocal worked
            worked += 1
            await gate.wait()
            return worked

        async def quick() -> int:
            return 0

        first = asyncio.ensure_future(answered.once(("c1", "slow"), slow))
        await asyncio.sleep(0)
        for number in range(10):
            await answered.once(("c1", str(number)), quick)
        again = asyncio.ensure_future(answered.once(("c1", "slow"), slow))
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, again)
        return worked

    assert asyncio.run(ask()) == 1
