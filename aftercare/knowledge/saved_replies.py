"""The clinic's saved replies for staff (``saved_replies.yml``)."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aftercare.knowledge.yaml_file import Key, YamlFile, read_yaml

DAY = "day"
PLACEHOLDERS = (DAY, "staff", "clinic_name", "clinic_phone", "emergency_number", "urgent_line")


@dataclass(frozen=True)
class SavedReply:
    """``text`` may have placeholders; ``without_day`` stands in for it where the patient's day is not known."""

    title: str
    text: str
    without_day: str | None = None

    def filled(self, values: Mapping[str, str], day: int | None) -> str:
        """The text for one patient. ``values`` has every placeholder but the day; ``day``: days since treatment."""
        text = self.text if day is not None or self.without_day is None else self.without_day
        return text.format(**values, day=day).strip()


def load_saved_replies(path: Path) -> tuple[SavedReply, ...]:
    """Read the file. Raises KnowledgeError, also for an unknown placeholder, and for a day without its other text."""
    file = read_yaml(path, "saved_replies")
    seen: dict[str, int] = {}
    for number, raw in enumerate(file.data["replies"]):
        key: Key = ("replies", number)
        if raw["title"] in seen:
            first = file.line(("replies", seen[raw["title"]]))
            raise file.error((*key, "title"), f"the title is that of line {first}", "Give each reply its own title.")
        seen[raw["title"]] = number
        named = _placeholders(file, (*key, "text"), raw["text"])
        if DAY in named and "without_day" not in raw:
            remedy = "Add without_day: the text for patients whose day is not known."
            raise file.error((*key, "text"), "the text names {day} and has no other for an unknown day", remedy)
        if DAY in _placeholders(file, (*key, "without_day"), raw.get("without_day", "")):
            raise file.error((*key, "without_day"), "the text names {day}", "Say it without the day.")
    return tuple(SavedReply(raw["title"], raw["text"], raw.get("without_day")) for raw in file.data["replies"])


def _placeholders(file: YamlFile, key: Key, text: str) -> set[str]:
    remedy = f"Use these and no others, or double a brace that is meant: {', '.join(f'{{{n}}}' for n in PLACEHOLDERS)}."
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise file.error(key, f"a brace is not closed or not opened ({error})", remedy) from None
    named = set()
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if name not in PLACEHOLDERS or form or conversion:
            raise file.error(key, f"{{{name}}} is not a placeholder", remedy)
        named.add(name)
    return named
