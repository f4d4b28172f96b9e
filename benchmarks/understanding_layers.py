"""What each layer of understanding contributes to triage: ``python -m benchmarks.understanding_layers [GOLD.jsonl ...]``.

The messages of a gold file (by default the held-out ones) are read by wordings alone, by the learned detector alone and by
both, each with the assertion rules and without them (then all that is spoken of counts as present). Everything else is the
same: days, rules, modifiers. A table goes to the terminal and a figure to ``docs/images/understanding-layers.svg``. Only
numbers are shown, so the held-out messages stay unread.
"""

from __future__ import annotations

import argparse
import json
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from markupsafe import Markup
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from aftercare.cli.model import present_model
from aftercare.evaluation.plots import Bar, bars
from aftercare.knowledge import load_clinic, load_knowledge
from aftercare.nlu.findings_detector import FindingsDetector
from aftercare.nlu.findings_model import FindingsModel
from aftercare.triage import Reader, Reading, Report, assess, update

PROJECT = Path(__file__).resolve().parents[1]
HELD_OUT = PROJECT / "tests" / "vignettes" / "heldout" / "messages.jsonl"
FIGURE = PROJECT / "docs" / "images" / "understanding-layers.svg"
NOON = datetime(2026, 3, 11, 12)
"""The clock of messages that tell of none; a Wednesday."""
SEVERE = ("urgent", "emergency")

Entities = list[dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """A message of the gold file with what three ways of reading find in it."""

    text: str
    tier: str
    days: int | None
    worded: Entities
    learned: Entities
    both: Entities


@dataclass(frozen=True)
class Result:
    """Shares of 1."""

    layer: str
    emergency: float
    urgent: float
    soon: float
    false_alarms: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gold", nargs="*", type=Path, default=[HELD_OUT])
    parser.add_argument("--figure", type=Path, default=FIGURE)
    options = parser.parse_args()
    knowledge = load_knowledge(PROJECT / "data" / "knowledge", load_clinic(PROJECT / "clinic.yml").treatments[0])
    with tempfile.TemporaryDirectory() as folder:
        detector = _detector(Path(folder))
    cases = [case for file in options.gold for case in _read(file, Reader(knowledge), detector)]

    def tier_of(case: Case, entities: Entities) -> str:
        report = update(_report(case), Reading.from_entities(case.text, entities), NOON)
        return assess(report, knowledge, NOON).tier

    results = [
        _score(f"{layer}{', no assertion' if blind else ''}", cases, choose, tier_of, blind)
        for layer, choose in LAYERS.items()
        for blind in (False, True)
    ]
    _print(results, len(cases))
    options.figure.write_text(_figure(results), encoding="utf-8")
    print(f"figure: {options.figure.name}")


LAYERS: Mapping[str, Callable[[Case], Entities]] = {
    "wordings": lambda case: case.worded,
    "learned": lambda case: case.learned,
    "both": lambda case: case.both,
}


def _detector(folder: Path) -> FindingsDetector:
    """The detector of the model for the present data. ``make train`` makes it."""
    with tarfile.open(present_model(PROJECT)) as archive:
        archive.extractall(folder, filter="data")
    (trained,) = folder.rglob("findings.json")
    config = FindingsDetector.get_default_config()
    return FindingsDetector(config, None, None, FindingsModel.load(trained.parent))


def _read(file: Path, reader: Reader, detector: FindingsDetector) -> Iterator[Case]:
    for line in file.read_text(encoding="utf-8").splitlines():
        gold = json.loads(line)
        if "text" in gold:
            reading = reader.read(gold["text"])
            times = [entity for entity in reading.entities() if entity["entity"] == "time"]
            yield Case(
                gold["text"],
                gold["tier"],
                gold.get("treated_days_ago"),
                reading.certain().entities(),
                _detected(detector, gold["text"], times),
                _detected(detector, gold["text"], reading.entities()),
            )


def _detected(detector: FindingsDetector, text: str, entities: Entities) -> Entities:
    (message,) = detector.process([Message({TEXT: text, ENTITIES: entities})])
    found: Entities = message.get(ENTITIES)
    return found


def _report(case: Case) -> Report:
    treated: date | None = NOON.date() - timedelta(days=case.days) if case.days is not None else None
    return Report(treated_on=treated)


def _score(
    layer: str,
    cases: Sequence[Case],
    choose: Callable[[Case], Entities],
    tier_of: Callable[[Case, Entities], str],
    blind: bool,
) -> Result:
    tiers = [tier_of(case, _without_assertion(choose(case)) if blind else choose(case)) for case in cases]

    def share(gold: Sequence[str], got: Sequence[str]) -> float:
        graded = [tier for case, tier in zip(cases, tiers, strict=True) if case.tier in gold]
        return sum(tier in got for tier in graded) / max(len(graded), 1)

    return Result(
        layer,
        share(["emergency"], ["emergency"]),
        share(["urgent"], SEVERE),
        share(["soon"], ["soon", *SEVERE]),
        share(["self_care", "none"], SEVERE),
    )


def _without_assertion(entities: Entities) -> Entities:
    return [{**entity, "assertion": "present"} if "assertion" in entity else entity for entity in entities]


def _print(results: Sequence[Result], messages: int) -> None:
    print(f"{messages} messages, per cent\n{'':24}emergency  urgent+  soon+  false alarms")
    for r in results:
        print(
            f"{r.layer:24}{100 * r.emergency:9.1f}{100 * r.urgent:9.1f}{100 * r.soon:7.1f}{100 * r.false_alarms:14.1f}"
        )


STYLE = Markup(
    "<style>.plot{font:12px sans-serif;background:#fff}.bar{fill:#0b6e6e}.soft{fill:#555}.grid{stroke:#ccc}"
    "text{fill:#222}</style>"
)


def _figure(results: Sequence[Result]) -> str:
    rows = [
        Bar(name, value, f"{100 * value:.0f} %")
        for r in results
        for name, value in ((r.layer, r.emergency), ("false alarms", r.false_alarms))
    ]
    plot = bars(
        "layers",
        "Emergencies found, and false alarms, by layer",
        "Of each layer the share of emergencies graded emergency, then that of harmless messages graded urgent or higher.",
        rows,
        left=136,
    )
    return str(plot.replace(Markup("<svg class"), Markup('<svg xmlns="http://www.w3.org/2000/svg" class'), 1)).replace(
        "</desc>", f"</desc>{STYLE}", 1
    )


if __name__ == "__main__":
    main()
