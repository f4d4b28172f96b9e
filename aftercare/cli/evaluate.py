"""``aftercare evaluate``: how good the product is with people whose words it was not built on.

Replays the held-out messages and dialogues and reports. The terminal shows numbers only: whoever reads the failures to mend
them has turned the set into a development set (its README.md says what to do then).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from aftercare.cli import replay, report
from aftercare.cli.project import PROJECT, shown
from aftercare.evaluation import frozen
from aftercare.evaluation.cases import BadRecord

HELD_OUT = PROJECT / "tests" / "vignettes" / "heldout"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--results",
        type=Path,
        default=PROJECT / "results",
        metavar="FOLDER",
        help="where evaluation.html and evaluation.json go (default: results)",
    )


def run(options: argparse.Namespace) -> int:
    found = frozen.sums(HELD_OUT)
    for name, digest in found.items():
        print(f"{digest}  {shown(HELD_OUT / name)}")
    try:
        frozen.check(HELD_OUT, found)
        with tempfile.TemporaryDirectory(prefix="aftercare-evaluate-") as name:
            return _measure([HELD_OUT / file for file in found], Path(name), options.results, found)
    except (frozen.NotFrozen, BadRecord) as error:
        print(f"aftercare evaluate: {error}", file=sys.stderr)
        return 1


def _measure(gold: list[Path], scratch: Path, results: Path, sums: dict[str, str]) -> int:
    messages, played = scratch / "heldout.jsonl", scratch / "replay.jsonl"
    messages.write_text(
        "".join(file.read_text(encoding="utf-8").rstrip("\n") + "\n" for file in gold), encoding="utf-8"
    )
    failed = replay.run(argparse.Namespace(input=messages, output=played, rasa_url=None))
    if failed:
        return failed
    joined = report.read(played, gold)
    names = " and ".join(file.name for file in gold)
    report.write(joined, f"Held-out {names}", results / "evaluation.html", results / "evaluation.json", sums)
    return 1 if joined.problems else 0
