"""One clinic: its name, phones, emergency number and hours (``clinic.yml``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aftercare.knowledge.yaml_file import read_yaml


@dataclass(frozen=True)
class Clinic:
    """What the assistant may say about the clinic. Phone numbers are strings as they are to be shown."""

    name: str
    phone: str
    emergency_number: str
    urgent_line: str
    poison_line: str
    crisis_line: str
    assistant_name: str
    time_zone: str
    hours: str
    treatments: tuple[str, ...]
    origins: tuple[str, ...]
    retention_days: int

    def numbers(self) -> dict[str, str]:
        """The placeholders that clinical wordings may use."""
        return {
            "clinic_name": self.name,
            "clinic_phone": self.phone,
            "emergency_number": self.emergency_number,
            "urgent_line": self.urgent_line,
            "poison_line": self.poison_line,
            "crisis_line": self.crisis_line,
        }


def load_clinic(path: Path) -> Clinic:
    """Read ``clinic.yml``. Raises KnowledgeError, also where the emergency number is missing."""
    data = read_yaml(path, "clinic").data
    phones = data["phones"]
    return Clinic(
        name=data["name"],
        phone=phones["clinic"],
        emergency_number=phones["emergency"],
        urgent_line=phones["urgent"],
        poison_line=phones["poison"],
        crisis_line=phones["crisis"],
        assistant_name=data["assistant_name"],
        time_zone=data["time_zone"],
        hours=data["hours"],
        treatments=tuple(data["treatments"]),
        origins=tuple(data.get("origins", ())),
        retention_days=data["retention_days"],
    )
