"""``aftercare report REPLAY.jsonl GOLD.jsonl``: how good a replay was, as a table and as a page (``aftercare.evaluation``)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from aftercare.cli.project import PROJECT, shown
from aftercare.evaluation.cases import BadRecord, Joined, join


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("replay", type=Path, help="what aftercare replay wrote")
    parser.add_argument("gold", type=Path, nargs="+", help="what should have come of it, joined by id")
    parser.add_argument("--out", type=Path, default=Path("report.html"), metavar="FILE", help="default: report.html")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there as well")


def run(options: argparse.Namespace) -> int:
    try:
        joined = read(options.replay, options.gold)
    except BadRecord as error:
        print(f"aftercare report: {error}", file=sys.stderr)
        return 1
    names = " and ".join(file.name for file in options.gold)
    write(joined, f"{options.replay.name} beside {names}", options.out, options.json)
    return 0


def read(replay: Path, gold: Sequence[Path]) -> Joined:
    """The cases of both sides. Raises BadRecord, also where they have no id in common."""
    from aftercare.cli.replay import canonical

    joined = join(replay, gold, canonical)
    if not joined.messages and not joined.dialogues:
        names = ", ".join(str(file) for file in gold)
        raise BadRecord(f"{replay} and {names} have no id in common. Replay the file whose gold this is.")
    return joined


def write(
    joined: Joined, names: str, page: Path, numbers: Path | None, frozen: Mapping[str, str] | None = None
) -> None:
    """Print the table, write the page and the numbers. ``names`` tells what was joined, ``frozen`` the sums of held-out files."""
    from aftercare.cli.assembly import read_clinic
    from aftercare.evaluation.page import Header, render
    from aftercare.evaluation.scores import score
    from aftercare.evaluation.table import as_json, table
    from aftercare.knowledge.never_say import NeverSay, load_bans

    clinic, knowledge = read_clinic()
    scores = score(joined, NeverSay(load_bans(PROJECT / "data" / "knowledge"), clinic.phone))
    made = datetime.now().astimezone()
    print(table(scores))
    for problem in joined.problems:
        print(f"Attention: {problem}", file=sys.stderr)
    header = Header(names, made.strftime("%-d %B %Y, %H:%M"), frozen or {})
    html = render(scores, header, {flag.id: flag.title for flag in knowledge.flags.values()})
    _write(page, html)
    if numbers:
        told = {"made": made.isoformat(timespec="seconds"), "sha256": dict(frozen or {}), **as_json(scores)}
        _write(numbers, json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    print(f"Wrote {shown(file.resolve())}")
