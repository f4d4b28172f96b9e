"""One message -> what it says: findings with assertion and qualities, and times. Knows no clock and no conversation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aftercare.knowledge import KnowledgeBase
from aftercare.triage.assertion import Assertion
from aftercare.triage.language import Language, Utterance
from aftercare.triage.matcher import Match, Matcher
from aftercare.triage.time_expressions import TimeMention, find_times

QUALITIES = {
    "trend_worse": "worse",
    "trend_better": "better",
    "trend_same": "same",
    "trend_spreading": "spreading",
    "trend_returned": "returned",
    "one_sided": "one_sided",
    "severe": "severe",
    "mild": "mild",
}
"""Vocabulary concepts that qualify a finding nearby, and the name that rules use for them (``redness:worse``)."""
TRENDS = frozenset({"worse", "better", "same", "spreading", "returned", "one_sided"})
SIGNS = frozenset({"symptom", "finding"})
CHANGE = "change"
"""The item that stands for a change of nothing named ("day 6 and I look worse")."""
TEMPERATURE = re.compile(
    r"(?<![\d.])(?P<n>\d{2,3}(?:[.,]\d)?)\s*(?:°|º|degrees?|deg)?\s*(?P<unit>c|f|celsius|fahrenheit)?(?![\w.]*\d)\b",
    re.IGNORECASE,
)
TEMPERATURE_WORDS = re.compile(
    r"\b(temp\w*|fever\w*|feaver|thermometer|burning up|degrees?|celsius|fahrenheit)\b|°", re.IGNORECASE
)
PAIN_SCORE = re.compile(r"\b(?P<n>10|[0-9])\s*(?:/|out of|outta)\s*(?:10|ten)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """One thing spoken of. ``start`` and ``end`` are character offsets; ``qualities`` are trend, side and severity."""

    item: str
    kind: str
    start: int
    end: int
    text: str
    assertion: str = "present"
    other: bool = False
    qualities: frozenset[str] = frozenset()

    def as_entity(self) -> dict[str, Any]:
        """As a Rasa entity."""
        return {
            "entity": self.kind,
            "value": self.item,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "assertion": self.assertion,
            "other": self.other,
            "qualities": sorted(self.qualities),
        }


@dataclass(frozen=True)
class Reading:
    """What one message says."""

    text: str
    findings: tuple[Finding, ...] = ()
    times: tuple[TimeMention, ...] = ()
    learned: tuple[Finding, ...] = field(default=())

    def entities(self) -> list[dict[str, Any]]:
        """Findings and times as Rasa entities; ``from_entities`` reads them back."""
        times = [
            {
                "entity": "time",
                "value": t.text,
                "start": t.start,
                "end": t.end,
                "text": t.text,
                "kind": t.kind,
                "days": t.days,
                "weekday": t.weekday,
                "last_week": t.last_week,
                "date": list(t.date) if t.date else None,
            }
            for t in self.times
        ]
        return [f.as_entity() for f in self.findings] + times

    @classmethod
    def from_entities(cls, text: str, entities: Iterable[Mapping[str, Any]]) -> Reading:
        """Rebuild a reading from the entities of a Rasa message."""
        findings, times = [], []
        for e in entities:
            if e.get("entity") == "time":
                when = tuple(e["date"]) if e.get("date") else None
                times.append(
                    TimeMention(
                        e["kind"],
                        e["start"],
                        e["end"],
                        e["text"],
                        e.get("days"),
                        e.get("weekday"),
                        e.get("last_week", False),
                        when,
                    )
                )
            elif "assertion" in e:
                findings.append(
                    Finding(
                        e["value"],
                        e["entity"],
                        e["start"],
                        e["end"],
                        e.get("text", ""),
                        e["assertion"],
                        e.get("other", False),
                        frozenset(e.get("qualities", ())),
                    )
                )
        return cls(text, tuple(findings), tuple(times))


class Reader:
    """Reads messages with the wordings of one knowledge base. Build once; reading is pure and takes milliseconds."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._knowledge = knowledge
        domain = _domain_words(knowledge)
        plain = Language(())
        boundaries = [plain.words(c) for cue in knowledge.cues if cue.direction == "terminate" for c in cue.cues]
        self._language = Language(domain, boundaries)
        self._matcher = Matcher(knowledge.items.values(), knowledge.vocabulary, self._language.stems)
        self._assertion = Assertion(knowledge.cues, self._language.words)

    def read(self, text: str) -> Reading:
        """Findings and times of one message."""
        utterance = self._language.read(text)
        if not len(utterance.words):
            return Reading(text)
        matches, concepts = self._matcher.find(utterance)
        cues = self._assertion.cues(utterance)
        findings = []
        anchors: list[frozenset[int]] = []
        for match in matches:
            asserted = self._assertion.of(match.tokens, utterance, cues)
            findings.append(self._finding(match, utterance, asserted.label, asserted.other))
            anchors.append(match.tokens)
        findings = self._qualify(findings, anchors, utterance, concepts, cues)
        findings += _temperatures(text, findings) + _pain_scores(text)
        return Reading(text, tuple(self._with_implied(findings)), tuple(find_times(text)))

    def clauses(self, text: str) -> list[tuple[int, int]]:
        """The clauses of a message as character offsets (start, end)."""
        utterance = self._language.read(text)
        spans: dict[int, tuple[int, int]] = {}
        for token, clause in zip(utterance.doc, utterance.clause, strict=True):
            if not token.is_space:
                start, _ = spans.get(clause, (token.idx, 0))
                spans[clause] = (start, token.idx + len(token))
        return list(spans.values())

    def assertion_of_span(self, text: str, start: int, end: int) -> tuple[str, bool]:
        """What is asserted of something that stands between two offsets, no word of which is known: (label, other).

        Decided by the cues that reach the last word of the span that is no cue itself, as for a wording found there.
        """
        utterance = self._language.read(text)
        cues = self._assertion.cues(utterance)
        of_cues = {i for cue in cues for i in range(cue.start, cue.end)}
        inside = [i for i, token in enumerate(utterance.doc) if start <= token.idx < end and token.is_alpha]
        telling = [i for i in inside if i not in of_cues] or inside
        if not telling:
            return "present", False
        asserted = self._assertion.of(frozenset(telling[-1:]), utterance, cues)
        return asserted.label, asserted.other

    def _finding(self, match: Match, utterance: Utterance, assertion: str, other: bool) -> Finding:
        start = utterance.doc[match.start].idx
        last = utterance.doc[match.end - 1]
        end = last.idx + len(last)
        return Finding(
            match.item, self._knowledge.items[match.item].kind, start, end, utterance.text[start:end], assertion, other
        )

    def _qualify(
        self,
        findings: list[Finding],
        anchors: list[frozenset[int]],
        utterance: Utterance,
        concepts: Mapping[str, list[tuple[int, int]]],
        cues: list[Any],
    ) -> list[Finding]:
        """Give each trend, side and severity to the signs it speaks of: same clause first, then same sentence, then the last one before."""
        qualities: list[set[str]] = [set() for _ in findings]
        loose: list[Finding] = []
        for start, end, name in _quality_spans(concepts):
            tokens = frozenset(range(start, end))
            asserted = self._assertion.of(tokens, utterance, cues)
            if asserted.label in ("negated", "hypothetical", "information", "historical", "idiom"):
                continue
            targets = _targets(findings, anchors, tokens, utterance)
            for target in targets:
                qualities[target].add(name)
            if not targets and name in TRENDS and _of_the_skin(tokens, utterance, concepts):
                match = Match(CHANGE, start, end, tokens, loose=False)
                loose.append(self._finding_of_change(match, utterance, name, asserted.other))
        named = [_with(f, q) for f, q in zip(findings, qualities, strict=True)]
        return named + loose

    def _finding_of_change(self, match: Match, utterance: Utterance, quality: str, other: bool) -> Finding:
        found = self._finding(match, utterance, "other_person" if other else "present", other)
        return _with(found, {quality})

    def _with_implied(self, findings: list[Finding]) -> list[Finding]:
        """Add what a finding always means as well ("fat lip" is swelling), where it is not named already."""
        named = {f.item for f in findings}
        implied = []
        for f in findings:
            for item in self._knowledge.items[f.item].implies:
                if item not in named:
                    named.add(item)
                    kind = self._knowledge.items[item].kind
                    implied.append(Finding(item, kind, f.start, f.end, f.text, f.assertion, f.other, f.qualities))
        return sorted([*findings, *implied], key=lambda f: (f.start, f.end, f.item))


def _with(finding: Finding, qualities: set[str]) -> Finding:
    if not qualities:
        return finding
    label = (
        "resolving"
        if "better" in qualities
        and finding.assertion == "present"
        and not qualities & {"worse", "returned", "spreading"}
        else finding.assertion
    )
    return Finding(
        finding.item,
        finding.kind,
        finding.start,
        finding.end,
        finding.text,
        label,
        finding.other,
        finding.qualities | frozenset(qualities),
    )


def _of_the_skin(tokens: frozenset[int], utterance: Utterance, concepts: Mapping[str, list[tuple[int, int]]]) -> bool:
    """Whether a change that no sign is named for speaks of the patient's skin: a place on it, or "it", "this", "I look"."""
    region = utterance.region[min(tokens)]
    places = any(utterance.region[start] == region for start, _ in concepts.get("place", ()))
    words = [utterance.words[i] for i in range(len(utterance.words)) if utterance.region[i] == region]
    return (
        places
        or bool({"it", "this", "they", "everything"} & set(words))
        or "i look" in " ".join(words)
        or len(words) <= 4
    )


def _quality_spans(concepts: Mapping[str, list[tuple[int, int]]]) -> list[tuple[int, int, str]]:
    """Where qualities stand as (start, end, name); of two that overlap the longer one ("no better" is no "better")."""
    spans = [(start, end, name) for concept, name in QUALITIES.items() for start, end in concepts.get(concept, ())]
    kept: list[tuple[int, int, str]] = []
    for start, end, name in sorted(spans, key=lambda s: (s[0] - s[1], s[0])):
        if not any(start < e and s < end and (e - s) > (end - start) for s, e, _ in kept):
            kept.append((start, end, name))
    return kept


def _targets(
    findings: list[Finding], anchors: list[frozenset[int]], tokens: frozenset[int], utterance: Utterance
) -> list[int]:
    signs = [i for i, f in enumerate(findings) if f.kind in SIGNS and not (anchors[i] >= tokens)]
    at = min(tokens)
    for level in (utterance.clause, utterance.region, utterance.sentence):
        near = [i for i in signs if level[min(anchors[i])] == level[at] or level[max(anchors[i])] == level[at]]
        if near:
            return near
    before = [
        i for i in signs if max(anchors[i]) < at and utterance.sentence[at] - utterance.sentence[max(anchors[i])] == 1
    ]
    return before[-1:]


def _temperatures(text: str, findings: list[Finding]) -> list[Finding]:
    """A body temperature in figures: 38.0 C / 100.4 F or more is fever (red_flags.md R1), under 36.0 C is low."""
    found = []
    for match in TEMPERATURE.finditer(text):
        number = float(match.group("n").replace(",", "."))
        unit = (match.group("unit") or "").lower()[:1]
        celsius = number if unit == "c" or (not unit and number < 45) else (number - 32) * 5 / 9
        spoken = (
            unit
            or TEMPERATURE_WORDS.search(text[max(0, match.start() - 40) : match.end() + 15])
            or "." in match.group("n")
        )
        if not spoken or not 34 <= celsius <= 43:
            continue
        item = "fever" if celsius >= 37.95 else "low_temperature" if celsius < 36 else None
        if item:
            found.append(Finding(item, "finding", match.start(), match.end(), match.group(), "present", False))
    return found


def _pain_scores(text: str) -> list[Finding]:
    """'8/10': 7 or more is severe pain (red_flags.md U4)."""
    return [
        Finding("pain", "symptom", m.start(), m.end(), m.group(), "present", False, frozenset({"severe"}))
        for m in PAIN_SCORE.finditer(text)
        if int(m.group("n")) >= 7 and re.search(r"\b(pain|sore|hurt|agony|ache)", text, re.IGNORECASE)
    ]


def _domain_words(knowledge: KnowledgeBase) -> set[str]:
    """Every single word of the knowledge base's wordings: what a typing error may stand for."""
    phrases = [w for words in knowledge.vocabulary.values() for w in words]
    phrases += [p for item in knowledge.items.values() for p in item.wordings.phrases]
    phrases += [w for item in knowledge.items.values() for words in item.wordings.together for w in words]
    return {
        w.lower()
        for phrase in phrases
        for w in re.findall(r"[A-Za-z]+", re.sub(r"<[^>]*>", " ", phrase))
        if len(w) >= 4
    }
