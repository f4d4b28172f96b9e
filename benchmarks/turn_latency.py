"""``make bench``: how long a patient waits, beside a stock Rasa set-up, in the same run on the same machine.

Ours is the whole product: from the patient's POST until the reply is on their event stream, with message, turn and reply
committed to SQLite before each is shown. Stock is ``rasa init`` with our examples (``benchmarks.stock_rasa``): from the POST
to the REST channel until its answer. The two take turns, conversation by conversation, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from benchmarks.stock_rasa import StockRasa
from tests.product import PROJECT, Patient, Product, Stream, running_product

MESSAGES = (
    "hello",
    "I had microneedling two days ago",
    "is it normal that my cheeks are still red?",
    "how long will the redness last?",
    "what can I put on it?",
    "can I wear makeup tomorrow?",
    "my skin feels tight and dry",
    "what should I avoid?",
    "when can I go back to the gym?",
    "it is flaking a bit around my nose",
    "is that normal too?",
    "why is it peeling?",
    "can I use vitamin c?",
    "what should I expect tomorrow?",
    "when should I worry?",
    "where is that from?",
    "how much is a second session?",
    "thank you so much",
)
"""What patients say, none of it a red flag: those are answered before Rasa, much faster."""

GATEWAY_LIMITS = {"AFTERCARE_MESSAGES_PER_MINUTE": "60000", "AFTERCARE_SESSIONS_PER_MINUTE": "60000"}


@dataclass(frozen=True)
class Size:
    """How much is measured. ``epochs``: None for the stock training as it is."""

    conversations: int
    turns: int
    long_turns: int
    epochs: int | None


FULL = Size(conversations=20, turns=10, long_turns=205, epochs=None)
QUICK = Size(conversations=5, turns=10, long_turns=205, epochs=1)


@dataclass
class Measured:
    """One set-up. Times in milliseconds unless named otherwise; ``None`` where it was not measured."""

    p50: float
    p95: float
    turn_5: float
    turn_200: float
    start_seconds: float
    training_seconds: float | None
    memory_mb: float
    turns: int
    without_answer: int

    @property
    def growth(self) -> float:
        """Turn 200 of a conversation over its turn 5."""
        return self.turn_200 / self.turn_5


Turn = Callable[[str], float | None]
"""Says one message and returns the milliseconds until the reply was there; None where none came."""


class OurConversation:
    """One patient with an open stream."""

    def __init__(self, product: Product, stack: ExitStack) -> None:
        self._patient = Patient(product).open()
        self._stream = stack.enter_context(Stream(self._patient))

    def turn(self, text: str) -> float:
        began = time.perf_counter()
        seq = self._patient.say(text)
        reply = self._stream.reply_to(seq)
        milliseconds = (self._stream.arrived[reply["seq"]] - began) * 1000
        assert reply["kind"] != "failure", "the product did not answer"
        return milliseconds


class StockConversation:
    """One sender on the REST channel."""

    def __init__(self, stock: StockRasa, stack: ExitStack, sender: str) -> None:
        self._stock = stock
        self._sender = sender
        self._client = stack.enter_context(httpx.Client(timeout=60))

    def turn(self, text: str) -> float | None:
        began = time.perf_counter()
        replies = self._stock.turn(self._client, self._sender, text)
        milliseconds = (time.perf_counter() - began) * 1000
        # Its policies sometimes choose to say nothing: such a turn has run no action, and its time is not counted.
        return milliseconds if replies else None


def script(turns: int, begin: int = 0) -> Iterator[str]:
    return (MESSAGES[(begin + number) % len(MESSAGES)] for number in range(turns))


def measure_conversations(
    openers: Sequence[Callable[[ExitStack, str], Turn]], size: Size
) -> tuple[list[list[float | None]], list[list[float | None]]]:
    """Times of all turns of the short conversations, and of the long one, for each set-up."""
    short: list[list[float | None]] = [[] for _ in openers]
    for number in range(-1, size.conversations):
        for which, opener in enumerate(openers):
            with ExitStack() as stack:
                turn = opener(stack, f"short-{number}")
                times = [turn(text) for text in script(size.turns, begin=number + 1)]
            # Number -1 warms both up and does not count.
            short[which] += times if number >= 0 else []
    with ExitStack() as stack:
        turns = [opener(stack, "long") for opener in openers]
        long: list[list[float | None]] = [[] for _ in openers]
        for text in script(size.long_turns):
            for which, turn in enumerate(turns):
                long[which].append(turn(text))
    return short, long


def around(times: Sequence[float | None], turn: int) -> float:
    """The median of the turns about ``turn`` (from 1), so that one hiccup does not decide."""
    return statistics.median(answered(times[max(0, turn - 5) : turn + 4]))


def answered(times: Sequence[float | None]) -> list[float]:
    return [milliseconds for milliseconds in times if milliseconds is not None]


def percentile(times: Sequence[float | None], share: float) -> float:
    ordered = sorted(answered(times))
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def our_training_seconds() -> float:
    began = time.perf_counter()
    command = [sys.executable, "-m", "aftercare.cli", "train", "--force"]
    subprocess.run(command, cwd=PROJECT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def measure(size: Size, say: Callable[[str], None]) -> tuple[Measured, Measured]:
    """Ours and stock. Both servers run all the time; only one is asked at a time."""
    with tempfile.TemporaryDirectory(prefix="aftercare-bench-") as name, ExitStack() as stack:
        say("Training the stock bot" + (" (many minutes; --quick shortens it)" if size.epochs is None else ""))
        (folder := Path(name, "stock")).mkdir()
        stock = StockRasa(folder)
        stock.build(size.epochs)
        stock_training = stock.train()
        say("Training ours")
        training = our_training_seconds()
        say("Starting both")
        stock_start = stack.enter_context(stock.running())
        began = time.perf_counter()
        product = stack.enter_context(running_product(Path(name, "var"), GATEWAY_LIMITS))
        start = time.perf_counter() - began
        say(f"Asking both: {size.conversations} conversations of {size.turns} turns, one of {size.long_turns}")
        short, long = measure_conversations(
            [
                lambda opened, _: OurConversation(product, opened).turn,
                lambda opened, sender: StockConversation(stock, opened, sender).turn,
            ],
            size,
        )
        memory = sum(product.memory().values()), stock.memory()
    trainings = (training, stock_training if size.epochs is None else None)
    ours, theirs = (
        Measured(
            p50=percentile(short[which], 0.5),
            p95=percentile(short[which], 0.95),
            turn_5=around(long[which], 5),
            turn_200=around(long[which], 200),
            start_seconds=(start, stock_start)[which],
            training_seconds=trainings[which],
            memory_mb=memory[which] / 1e6,
            turns=len(short[which] + long[which]),
            without_answer=(short[which] + long[which]).count(None),
        )
        for which in (0, 1)
    )
    return ours, theirs


def table(ours: Measured, stock: Measured) -> str:
    rows = [
        ("turn, p50", ours.p50, stock.p50, "ms"),
        ("turn, p95", ours.p95, stock.p95, "ms"),
        ("turn 5 of a conversation", ours.turn_5, stock.turn_5, "ms"),
        ("turn 200 of it", ours.turn_200, stock.turn_200, "ms"),
        ("turn 200 / turn 5", ours.growth, stock.growth, ""),
        ("start", ours.start_seconds, stock.start_seconds, "s"),
        ("training", ours.training_seconds, stock.training_seconds, "s"),
        ("memory, all processes", ours.memory_mb, stock.memory_mb, "MB"),
        (f"without answer, of {ours.turns}", ours.without_answer, stock.without_answer, ""),
    ]
    lines = [f"{'':<26}{'ours':>12}{'stock Rasa':>14}{'ours / stock':>15}"]
    for name, mine, theirs, unit in rows:
        ratio = f"{mine / theirs:.2f}" if mine is not None and theirs else "-"
        lines.append(f"{name:<26}{_number(mine, unit):>12}{_number(theirs, unit):>14}{ratio:>15}")
    return "\n".join(lines)


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return str(value)
    digits = 2 if not unit else 0 if value >= 100 else 1
    return f"{value:.{digits}f} {unit}".rstrip()


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.turn_latency", description="Measure a turn beside a stock Rasa."
    )
    parser.add_argument(
        "--quick", action="store_true", help="fewer conversations; the stock model is trained for one epoch"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there as well")
    options = parser.parse_args()
    size = QUICK if options.quick else FULL
    load = os.getloadavg()[0]
    ours, stock = measure(size, say=lambda text: print(text, flush=True))
    print(f"\n{table(ours, stock)}\n\n{platform.machine()}, {os.cpu_count()} cores, load before {load:.1f}")
    if options.json:
        result = {"size": asdict(size), "ours": asdict(ours), "stock": asdict(stock), "p50_ratio": ours.p50 / stock.p50}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
