"""One HTML page of the whole knowledge base, to read and sign off: by symptom, by day and by flag, sources beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from aftercare.knowledge.base import KnowledgeBase
from aftercare.knowledge.check import every_sentence, grade, read_out
from aftercare.knowledge.clinic import Clinic
from aftercare.knowledge.model import Item, Sentence

LAST_DAY = 15
"""Days shown in the table by day."""


@dataclass(frozen=True)
class Line:
    """A sentence as it is read for sign-off."""

    name: str
    text: str
    sources: tuple[str, ...]
    facts: str
    review: str
    grade: float
    where: str


def render(knowledge: KnowledgeBase, clinic: Clinic) -> str:
    """The page, without scripts and without anything fetched."""
    folder = Path(__file__).with_name("templates")
    page = Environment(loader=FileSystemLoader(folder), autoescape=True).get_template("sign_off.html")
    lines = [_line(name, s, knowledge, clinic) for name, s in every_sentence(knowledge)]
    return page.render(
        treatment=knowledge.treatment,
        clinic=clinic,
        kinds=_by_kind(knowledge, lines),
        flags=_flags(knowledge, lines),
        days=range(LAST_DAY + 1),
        calendar=_calendar(knowledge),
        timeline=[line for line in lines if line.name.startswith("timeline.")],
        wordings=[line for line in lines if line.name.startswith("wording.")],
        languages=[one for one in knowledge.languages.spoken.values() if one.line],
        drafts=sum(line.review == "draft" for line in lines),
        total=len(lines),
    )


def _line(name: str, sentence: Sentence, knowledge: KnowledgeBase, clinic: Clinic) -> Line:
    sources = tuple(f"{key}: {knowledge.source(key).title}" for key in sentence.sources)
    text = read_out(sentence, clinic)
    file = "/".join(Path(sentence.file).parts[-2:])
    return Line(name, text, sources, ", ".join(sentence.facts), sentence.review, grade(text), f"{file}:{sentence.line}")


def _by_kind(knowledge: KnowledgeBase, lines: Sequence[Line]) -> list[tuple[str, list[tuple[Item, list[Line]]]]]:
    kinds = ("symptom", "product", "activity", "topic", "finding", "modifier")
    return [
        (kind, [(item, [x for x in lines if x.name.split(".")[0] == item.id]) for item in knowledge.of_kind(kind)])
        for kind in kinds
    ]


def _flags(knowledge: KnowledgeBase, lines: Sequence[Line]) -> list[dict[str, object]]:
    return [
        {
            "flag": flag,
            "rules": [rule for rule in knowledge.rules if rule.flag == flag.id],
            "wording": next((x for x in lines if x.name == f"wording.{flag.wording}"), None),
        }
        for flag in knowledge.flags.values()
    ]


def _calendar(knowledge: KnowledgeBase) -> list[tuple[Item, list[str]]]:
    """For each sign with a window, each day's state: expected, early or late."""
    rows = []
    for item in knowledge.of_kind("symptom"):
        if item.windows:
            states = [_state(item, day) for day in range(LAST_DAY + 1)]
            rows.append((item, states))
    return rows


def _state(item: Item, day: int) -> str:
    if item.expected_on(day):
        return "expected"
    first = item.first_expected_day
    return "early" if first is not None and day < first else "late"
