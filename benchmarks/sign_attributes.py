"""Where a sign is, how many there are and how large, beside what authors say: ``python -m benchmarks.sign_attributes [FILE ...]``.

The words that name each sign are the author's, so that only what is told of it is measured. Only numbers are shown; the last file
is unread. ``area`` has to be the same places, everything else the same value.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aftercare.knowledge import load_knowledge
from aftercare.triage import Reader
from aftercare.triage.temperature import body_temperatures

PROJECT = Path(__file__).resolve().parents[1]
FILES = sorted((PROJECT / "tests" / "vignettes" / "attributes").glob("*.jsonl"))
NEAR = 0.06
"""Degrees Celsius by which a converted temperature may differ."""

Told = tuple[str, Any, Any]
"""A name, what the author says and what is read."""


def compared(reader: Reader, row: Mapping[str, Any]) -> Iterator[Told]:
    """Everything that the author or the reader tells of the signs of one message, and its last temperature."""
    text, start, spans = row["text"], 0, []
    for sign in row["signs"]:
        start = text.find(sign["words"], start)
        start = text.find(sign["words"]) if start < 0 else start
        spans.append((start, start + len(sign["words"])))
        start += 1
    for sign, read in zip(row["signs"], reader.attributes(text, spans), strict=True):
        yield "area", frozenset(sign["area"]), frozenset(read.sites)
        yield "side", sign["side"], read.side
        yield "count", None if sign["count"] is None else str(sign["count"]), read.count
        yield "size", sign["size"], read.size
    degrees = [told.celsius for told in body_temperatures(text)]
    said = row["temperature_c"]
    is_right = said is not None and degrees and abs(degrees[-1] - said) < NEAR
    yield "temperature", said, said if is_right else (degrees[-1] if degrees else None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, default=FILES)
    reader = Reader(load_knowledge(PROJECT / "data" / "knowledge"))
    print(f"{'':12}{'':14}{'told':>6}{'read':>6}{'right':>7}{'precision':>11}{'recall':>8}{'F1':>6}")
    for file in parser.parse_args().files:
        told: Counter[str] = Counter()
        read: Counter[str] = Counter()
        right: Counter[str] = Counter()
        for line in file.read_text(encoding="utf-8").splitlines():
            for name, said, found in compared(reader, json.loads(line)):
                told[name] += bool(said)
                read[name] += bool(found)
                right[name] += bool(said) and said == found
        for name in told:
            precision, recall = right[name] / max(read[name], 1), right[name] / max(told[name], 1)
            f1 = 2 * precision * recall / max(precision + recall, 1e-9)
            print(
                f"{file.stem:12}{name:14}{told[name]:6}{read[name]:6}{right[name]:7}{precision:11.2f}{recall:8.2f}{f1:6.2f}"
            )


if __name__ == "__main__":
    main()
