"""Reading and triage of one message without Rasa's server: what the benchmarks of understanding share."""

from __future__ import annotations

import json
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from aftercare.cli.model import present_model
from aftercare.knowledge import load_clinic, load_knowledge
from aftercare.nlu.findings_detector import FindingsDetector
from aftercare.nlu.findings_model import FindingsModel
from aftercare.triage import Reader, Reading, Report, assess, update

PROJECT = Path(__file__).resolve().parents[1]
HELD_OUT = sorted((PROJECT / "tests" / "vignettes" / "heldout").glob("*messages.jsonl"))
NOON = datetime(2026, 3, 11, 12)
"""The clock of messages that tell of none; a Wednesday."""

Entities = list[dict[str, Any]]


@dataclass(frozen=True)
class Gold:
    """A message of a gold file. ``days``: since the treatment, where the conversation knows."""

    text: str
    tier: str
    days: int | None


def gold_of(files: Sequence[Path]) -> Iterator[Gold]:
    """The single messages of the files; dialogues are passed over."""
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if "text" in row:
                yield Gold(row["text"], row["tier"], row.get("treated_days_ago"))


class ReadingAlone:
    """The reader, and the detector of the model for the present data (``make train`` makes it)."""

    def __init__(self) -> None:
        clinic = load_clinic(PROJECT / "clinic.yml")
        self.knowledge = load_knowledge(PROJECT / "data" / "knowledge", clinic.treatments[0])
        self.reader = Reader(self.knowledge)
        with tempfile.TemporaryDirectory() as folder, tarfile.open(present_model(PROJECT)) as archive:
            archive.extractall(folder, filter="data")
            (trained,) = Path(folder).rglob("findings.json")
            model = FindingsModel.load(trained.parent)
        self._detector = FindingsDetector(FindingsDetector.get_default_config(), None, None, model)

    def detected(self, text: str, entities: Entities) -> Entities:
        """What the learned detector makes of a message in which ``entities`` were read."""
        (message,) = self._detector.process([Message({TEXT: text, ENTITIES: entities})])
        found: Entities = message.get(ENTITIES)
        return found

    def entities(self, text: str) -> Entities:
        """What wordings and detector together find, as the assistant does."""
        return self.detected(text, self.reader.read(text).entities())

    def tier(self, text: str, entities: Entities, days: int | None) -> str:
        """Acuity of a message alone, by the rules."""
        treated: date | None = NOON.date() - timedelta(days=days) if days is not None else None
        report = update(Report(treated_on=treated), Reading.from_entities(text, entities), NOON)
        return assess(report, self.knowledge, NOON).tier
