"""Everything that can be wrong with content that loads: coverage, sources, grade, forbidden words, limits, shared wordings."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import textstat

from aftercare.knowledge.base import KnowledgeBase
from aftercare.knowledge.clinic import Clinic
from aftercare.knowledge.model import Item, Sentence
from aftercare.knowledge.never_say import forbidden, load_bans
from aftercare.knowledge.yaml_file import read_yaml

HIGHEST_GRADE, HIGHEST_EMERGENCY_GRADE = 6.0, 5.0
"""Flesch-Kincaid grades (red_flags.md section 8)."""
LONGEST_EMERGENCY = 60
"""Words."""
FACTS, CONTRADICTIONS = 149, 30
"""F1 to F149 and C1 to C30 of facts.md."""
MUST_NAME = {
    "emergency": ("{emergency_number}",),
    "urgent": ("{clinic_phone}", "{emergency_number}"),
    "soon": ("{clinic_phone}",),
    "safety_net": ("{clinic_phone}", "{emergency_number}"),
}
"""Placeholders without which a wording is no safety-net (red_flags.md section 8, parts 3 to 5)."""


@dataclass(frozen=True)
class Problem:
    """One thing to mend: where (file:line) and what."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def check(folder: Path, knowledge: KnowledgeBase, clinic: Clinic) -> list[Problem]:
    """All problems of the content in ``folder``, which must load."""
    return [
        *_facts(folder, knowledge),
        *_contradictions(folder),
        *_source_lines(folder, knowledge),
        *_grades(knowledge, clinic),
        *_wordings_complete(knowledge),
        *_forbidden(folder, knowledge),
        *_limits(knowledge),
        *_shared_wordings(knowledge),
    ]


OF_THE_MOMENT = {"staff": "Anna", "opens": "Someone will be there again on Monday at 9:00."}
"""Examples of what the handoff's sentences are filled with when they are said."""


def every_sentence(knowledge: KnowledgeBase) -> Iterator[tuple[str, Sentence]]:
    """All clinical sentences, each with a name: ``redness.how_long``, ``wording.urgent``, ``timeline.Days 1-2``."""
    for item in knowledge.items.values():
        for purpose, sentences in item.sentences.items():
            for sentence in sentences:
                yield f"{item.id}.{purpose}", sentence
        for window in item.windows:
            if window.sentence:
                yield f"{item.id}.day {window.first}-{window.last}", window.sentence
    for name, sentence in knowledge.sentences.items():
        yield f"wording.{name}", sentence
    for flag in knowledge.flags.values():
        for purpose, sentences in flag.sentences.items():
            for sentence in sentences:
                yield f"{flag.id}.{purpose}", sentence
    for stage in knowledge.timeline:
        for sentence in stage.sentences:
            yield f"timeline.{stage.title}", sentence


def _at(sentence: Sentence) -> str:
    return f"{sentence.file}:{sentence.line}"


def _facts(folder: Path, knowledge: KnowledgeBase) -> Iterator[Problem]:
    register = read_yaml(folder / "facts.yml", "facts")
    used = {fact for _, sentence in every_sentence(knowledge) for fact in sentence.facts}
    listed: dict[str, Mapping[str, Any]] = {}
    for n, row in enumerate(register.data["facts"]):
        where = f"{register.path}:{register.line(('facts', n))}"
        listed[row["id"]] = row
        if row["use"] in ("ok", "guard") and row["id"] not in used:
            yield Problem(where, f"{row['id']} is said to be used, but no sentence names it")
        if row["use"] in ("block", "artefact", "absent") and not row.get("reason"):
            yield Problem(where, f"{row['id']} is left out without a reason")
        if row["use"] == "block" and row["id"] in used:
            yield Problem(where, f"{row['id']} is blocked, but a sentence names it")
    for number in range(1, FACTS + 1):
        if f"F{number}" not in listed:
            yield Problem(str(register.path), f"F{number} is not accounted for")


def _contradictions(folder: Path) -> Iterator[Problem]:
    register = read_yaml(folder / "contradictions.yml", "contradictions")
    listed = {row["id"] for row in register.data["contradictions"]}
    for number in range(1, CONTRADICTIONS + 1):
        if f"C{number}" not in listed:
            yield Problem(str(register.path), f"C{number} is not accounted for")


def _source_lines(folder: Path, knowledge: KnowledgeBase) -> Iterator[Problem]:
    articles = read_yaml(folder / "sources.yml", "sources").data["articles"]
    for name, sentence in every_sentence(knowledge):
        for source in sentence.sources:
            article, _, lines = source.partition(":")
            last = int(lines.rpartition("-")[2]) if lines else 0
            if article in articles and not 1 <= last <= articles[article]["lines"]:
                yield Problem(
                    _at(sentence), f"{name} cites {source}, but the article has {articles[article]['lines']} lines"
                )


def read_out(sentence: Sentence, clinic: Clinic) -> str:
    """A sentence as a patient would read it, with the clinic's numbers and an example of what only the moment tells."""
    return sentence.text.format_map({**clinic.numbers(), **OF_THE_MOMENT})


def grade(text: str) -> float:
    """Flesch-Kincaid grade of a text as a patient reads it."""
    return float(textstat.flesch_kincaid_grade(text))


def _grades(knowledge: KnowledgeBase, clinic: Clinic) -> Iterator[Problem]:
    for name, sentence in every_sentence(knowledge):
        text = read_out(sentence, clinic)
        emergency = name.startswith("wording.emergency")
        limit = HIGHEST_EMERGENCY_GRADE if emergency else HIGHEST_GRADE
        if grade(text) > limit:
            yield Problem(_at(sentence), f"{name} reads at grade {grade(text):.1f}, at most {limit:.0f}: {text}")
        if emergency and len(text.split()) > LONGEST_EMERGENCY:
            yield Problem(_at(sentence), f"{name} has {len(text.split())} words, at most {LONGEST_EMERGENCY}")


def _wordings_complete(knowledge: KnowledgeBase) -> Iterator[Problem]:
    for flag in knowledge.flags.values():
        sentence = knowledge.sentences.get(flag.wording)
        if sentence is None:
            yield Problem("flags.yml", f"{flag.id} names the wording '{flag.wording}', which wording.yml does not have")
            continue
        for placeholder in MUST_NAME[flag.tier]:
            if placeholder not in sentence.text:
                yield Problem(_at(sentence), f"wording.{flag.wording} lacks {placeholder}")
        first = sentence.text.split(". ")[0]
        calls = re.search(r"\{(emergency_number|crisis_line|poison_line)\}", first)
        if flag.tier == "emergency" and not calls:
            yield Problem(_at(sentence), f"wording.{flag.wording} does not begin with the call")
    for placeholder in MUST_NAME["safety_net"]:
        for name, sentence in knowledge.sentences.items():
            if name.startswith("safety_net") and placeholder not in sentence.text:
                yield Problem(_at(sentence), f"wording.{name} lacks {placeholder}")


def _forbidden(folder: Path, knowledge: KnowledgeBase) -> Iterator[Problem]:
    bans = load_bans(folder)
    for name, sentence in every_sentence(knowledge):
        for reason in forbidden(sentence.text, bans, name.removeprefix("wording.")):
            yield Problem(_at(sentence), f"{name} must not be said: {reason}")


def _limits(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """Windows without gaps, and rules of lateness that begin the day after the last window."""
    for item in knowledge.items.values():
        windows = sorted(item.windows, key=lambda w: w.first)
        for one, two in itertools.pairwise(windows):
            if two.first != one.last + 1:
                yield Problem(item.id, f"days {one.first}-{one.last} and {two.first}-{two.last} leave a gap or overlap")
        late = [r for r in item.rules if r.flag in ("S1", "S2") and r.when.day and r.when.any == (item.id,)]
        for rule in late:
            last = item.last_expected_day
            if last is not None and rule.when.day and rule.when.day[0] != last + 1:
                yield Problem(
                    item.id, f"rule {rule.id} begins on day {rule.when.day[0]}, the window ends on day {last}"
                )


def _shared_wordings(knowledge: KnowledgeBase) -> Iterator[Problem]:
    owners: dict[str, list[Item]] = defaultdict(list)
    for item in knowledge.items.values():
        for phrase in item.wordings.phrases:
            owners[" ".join(phrase.lower().split())].append(item)
    for phrase, items in sorted(owners.items()):
        if len(items) > 1:
            yield Problem(phrase, f"means {' and '.join(i.id for i in items)}: a wording belongs to one item")
