"""One clinic: its name, phones, emergency number, hours and targets (``clinic.yml``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aftercare.knowledge.opening_hours import WEEKDAYS, Holiday, OpeningHours, Range
from aftercare.knowledge.yaml_file import Key, YamlFile, read_yaml

TARGETS: Mapping[str, int] = {"emergency": 5, "urgent": 30, "soon": 240}
"""Minutes until a person answers a case, where ``clinic.yml`` does not say."""

HOLDER_GONE_MINUTES = 5


@dataclass(frozen=True)
class Notifications:
    """Whom to tell of waiting cases outside the console.

    ``recipients`` in order of escalation; their addresses are secrets and stand elsewhere (``address_file``).
    ``quiet``: the hours in which a case of tier soon waits.
    """

    recipients: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ("emergency", "urgent")
    quiet: OpeningHours | None = None
    address_file: Path | None = None


@dataclass(frozen=True)
class Clinic:
    """What the assistant may say about the clinic. Phone numbers are strings as they are to be shown.

    ``hours``: the opening hours in words, for patients. ``targets``: minutes until a person answers, by tier.
    ``holder_gone_minutes``: without a sign of whoever has a case, until the case waits again.
    """

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
    opening_hours: OpeningHours = field(default_factory=lambda: OpeningHours.daily(ZoneInfo("UTC")))
    targets: Mapping[str, int] = field(default_factory=lambda: dict(TARGETS))
    holder_gone_minutes: int = HOLDER_GONE_MINUTES
    notifications: Notifications = Notifications()
    second_factor: tuple[str, ...] = ("lead", "admin")
    """Roles of staff that must have an authenticator app."""
    printed_copy: bool = True
    """Whether patients may open a copy of their conversation to print or keep."""

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

    def target(self, tier: str) -> timedelta:
        """How long a case of this tier (emergency, urgent, soon) may wait for a person."""
        return timedelta(minutes=self.targets[tier])


def load_clinic(path: Path) -> Clinic:
    """Read ``clinic.yml``. Raises KnowledgeError, also where the emergency number is missing."""
    file = read_yaml(path, "clinic")
    data = file.data
    phones = data["phones"]
    opening_hours = _opening_hours(file)
    return Clinic(
        name=data["name"],
        phone=phones["clinic"],
        emergency_number=phones["emergency"],
        urgent_line=phones["urgent"],
        poison_line=phones["poison"],
        crisis_line=phones["crisis"],
        assistant_name=data["assistant_name"],
        time_zone=data["time_zone"],
        hours=data.get("hours") or opening_hours.text(),
        treatments=tuple(data["treatments"]),
        origins=tuple(data.get("origins", ())),
        retention_days=data["retention_days"],
        opening_hours=opening_hours,
        targets={**TARGETS, **data.get("targets", {})},
        holder_gone_minutes=data.get("holder_gone_minutes", HOLDER_GONE_MINUTES),
        notifications=_notifications(file, opening_hours.zone),
        second_factor=tuple(data.get("second_factor", Clinic.second_factor)),
        printed_copy=data.get("printed_copy", Clinic.printed_copy),
    )


def _opening_hours(file: YamlFile) -> OpeningHours:
    """A file of an earlier version has ``hours`` alone, a text that tells no times: then no moment counts as outside."""
    data = file.data
    zone = _zone(file)
    if "opening_hours" not in data:
        if "hours" not in data:
            raise file.error(
                (), "'opening_hours' is missing", "Add opening_hours with a list of times for each weekday."
            )
        return OpeningHours.daily(zone)
    if "hours" in data:
        problem = "'hours' stands beside 'opening_hours', and the two may differ"
        raise file.error(("hours",), problem, "Take hours out: its words are made from opening_hours.")
    week = tuple(_ranges(file, ("opening_hours", day), data["opening_hours"].get(day, ())) for day in WEEKDAYS)
    return OpeningHours(zone, week, tuple(_holiday(file, number) for number in range(len(data.get("holidays", ())))))


def _zone(file: YamlFile) -> ZoneInfo:
    name = file.data["time_zone"]
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        remedy = "Use a name of the tz database, such as Europe/London."
        raise file.error(("time_zone",), f"{name!r} is not a time zone", remedy) from None


def _ranges(file: YamlFile, key: Key, texts: Sequence[str]) -> tuple[Range, ...]:
    ranges: list[Range] = []
    for number, text in enumerate(texts):
        part = _range(file, (*key, number), text)
        if ranges and part.start < ranges[-1].end:
            remedy = "Put the ranges of a day in order, and join those that overlap."
            raise file.error((*key, number), f"{text!r} starts before {texts[number - 1]!r} ends", remedy)
        ranges.append(part)
    return tuple(ranges)


def _range(file: YamlFile, key: Key, text: str) -> Range:
    try:
        return Range.parse(text)
    except ValueError as error:
        raise file.error(key, str(error), "Write it like 09:00-17:30; 22:00-02:00 ends on the next day.") from None


def _holiday(file: YamlFile, number: int) -> Holiday:
    entry = file.data["holidays"][number]
    key: Key = ("holidays", number)
    if ("date" in entry) == ("from" in entry) or ("from" in entry) != ("to" in entry):
        raise file.error(
            key, f"{entry['name']!r} needs a date, or from and to", "Write date: 2026-12-25, or both ends."
        )
    first = _date(file, (*key, "date" if "date" in entry else "from"), entry.get("date", entry.get("from")))
    last = _date(file, (*key, "to"), entry["to"]) if "to" in entry else first
    if last < first:
        raise file.error((*key, "to"), f"{entry['name']!r} ends before it begins", "Put the later date after to.")
    return Holiday(entry["name"], first, last, _ranges(file, (*key, "hours"), entry.get("hours", ())))


def _date(file: YamlFile, key: Key, value: Any) -> date:
    try:
        return value if type(value) is date else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise file.error(key, f"{value!r} is not a date", "Write it like 2026-12-25.") from None


def _notifications(file: YamlFile, zone: ZoneInfo) -> Notifications:
    data = file.data.get("notifications", {})
    default = Notifications()
    quiet = data.get("quiet_hours")
    address_file = data.get("address_file")
    return Notifications(
        recipients=tuple(data.get("recipients", ())),
        tiers=tuple(data.get("tiers", default.tiers)),
        quiet=OpeningHours.daily(zone, [_range(file, ("notifications", "quiet_hours"), quiet)]) if quiet else None,
        address_file=file.path.parent / address_file if address_file else None,
    )
