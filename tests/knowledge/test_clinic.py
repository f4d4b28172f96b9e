"""``clinic.yml``: its times and targets, what an older file means, and what a wrong one is told."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from aftercare.knowledge import Clinic, KnowledgeError, load_clinic

ROOT = Path(__file__).resolve().parents[2]

OLD = """name: Old Clinic
assistant_name: Assistant
phones: {clinic: "1", emergency: "999", urgent: "111", poison: "111", crisis: "116"}
time_zone: Europe/London
hours: On weekdays
treatments: [microneedling]
retention_days: 90
"""


def load(folder: Path, text: str) -> Clinic:
    (folder / "clinic.yml").write_text(text.replace('"1"', '"0100 1"'), encoding="utf-8")
    return load_clinic(folder / "clinic.yml")


def structured(more: str) -> str:
    return OLD.replace("hours: On weekdays\n", "opening_hours: {monday: [09:00-17:30]}\n") + more


def test_a_file_without_times_still_loads_and_no_moment_is_outside_its_hours(tmp_path: Path) -> None:
    clinic = load(tmp_path, OLD)
    assert clinic.hours == "On weekdays"
    assert clinic.opening_hours.is_open(datetime(2025, 12, 25, 3, tzinfo=timezone.utc))
    assert clinic.target("emergency") == timedelta(minutes=5)
    assert clinic.holder_gone_minutes == 5
    assert clinic.notifications.recipients == ()


def test_the_words_for_patients_come_from_the_times(tmp_path: Path) -> None:
    assert load(tmp_path, structured("")).hours == "Monday, 9:00 to 17:30; Tuesday to Sunday, closed"


def test_a_target_that_is_left_out_keeps_its_default(tmp_path: Path) -> None:
    clinic = load(tmp_path, structured("targets: {urgent: 15}\n"))
    assert clinic.targets == {"emergency": 5, "urgent": 15, "soon": 240}


def test_quiet_hours_go_over_midnight_by_the_clinics_clock(tmp_path: Path) -> None:
    quiet = load(tmp_path, structured("notifications: {quiet_hours: 20:00-08:00}\n")).notifications.quiet
    assert quiet is not None
    summer_evening = datetime(2025, 7, 14, 19, 0, tzinfo=timezone.utc)
    assert quiet.closes_at(summer_evening) == datetime(2025, 7, 15, 7, 0, tzinfo=timezone.utc)
    assert not quiet.is_open(summer_evening - timedelta(seconds=1))


def test_the_address_file_is_looked_for_beside_clinic_yml(tmp_path: Path) -> None:
    clinic = load(tmp_path, structured("notifications: {address_file: var/notifications.yml}\n"))
    assert clinic.notifications.address_file == tmp_path / "var" / "notifications.yml"


@pytest.mark.parametrize(
    ("old", "new", "key", "problem", "remedy"),
    [
        ("monday: [09:00-17:30]", "monday: [9 to 5]", "opening_hours.monday.0", "9 to 5", "09:00-17:30"),
        ("monday: [09:00-17:30]", "monday: [09:00-27:30]", "opening_hours.monday.0", "later than the day", "09:00"),
        ("monday: [09:00-17:30]", "mon: [09:00-17:30]", "opening_hours", "mon", "Known keys here: friday, monday"),
        ("tuesday: [09:00-17:30]", "tuesday: [09:00-13:00, 12:00-17:30]", "opening_hours.tuesday.1", "starts before", "order"),
        ("date: 2026-12-31", "date: 2026-13-31", "holidays.1.date", "not a date", "2026-12-25"),
        ("from: 2026-12-25, to: 2026-12-28", "from: 2026-12-25", "holidays.0", "from and to", "both ends"),
        ("from: 2026-12-25, to: 2026-12-28", "from: 2026-12-25, to: 2026-12-24", "holidays.0.to", "before", "later"),
        ("time_zone: Europe/London", "time_zone: Europe/Londn", "time_zone", "Londn", "Europe/London"),
        ("time_zone: Europe/London", "time_zone: Europe/London\nhours: always", "hours", "beside", "Take hours out"),
        ("  urgent: 30", "  urgent: half an hour", "targets.urgent", "half an hour", "minutes until a person"),
        ("  urgent: 30", "  urgnt: 30", "targets", "urgnt", "emergency, soon, urgent"),
        ("holder_gone_minutes: 5", "holder_gone_minutes: 0", "holder_gone_minutes", "0", "minutes without"),
        ("recipients: []", "recipients: [mailto://a:b@c]", "notifications.recipients.0", "match", "address file"),
        ("tiers: [emergency, urgent]", "tiers: [self_care]", "notifications.tiers.0", "self_care", "emergency, urgent"),
        ("quiet_hours: 20:00-08:00", "quiet_hours: at night", "notifications.quiet_hours", "at night", "20:00-08:00"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_line_and_a_remedy(
    tmp_path: Path, old: str, new: str, key: str, problem: str, remedy: str
) -> None:
    text = (ROOT / "clinic.yml").read_text(encoding="utf-8")
    assert old in text
    line = text[: text.index(old)].count("\n") + 1
    with pytest.raises(KnowledgeError) as caught:
        load(tmp_path, text.replace(old, new, 1))
    error = caught.value
    assert error.key == key
    assert problem in error.problem
    assert remedy in error.remedy
    assert error.line is not None
    assert abs(error.line - line) <= 2
