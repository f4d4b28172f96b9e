"""The assessment: which red flags a report raises, why, and at what tier. One pure function for screen, actions and tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aftercare.knowledge import KnowledgeBase, Rule
from aftercare.knowledge.model import TIERS, Tier, highest
from aftercare.triage.report import Report, Sign
from aftercare.triage.rules import Evidence, days_matter, holds, leaves

WORRY_LIMIT = 3
"""Times the same worry is voiced before staff are called (red_flags.md R21, ruling 17)."""
CHECK_YES, CHECK_OPEN, REPEATED = "E0", "U0", "S6"


@dataclass(frozen=True)
class Hit:
    """A flag raised: by which rule, on which words, said how. ``tier`` is after modifiers; ``wording`` is a key of wording.yml."""

    flag: str
    rule: str
    title: str
    tier: Tier
    words: tuple[str, ...]
    wording: str


@dataclass(frozen=True)
class Assessment:
    """What a report comes to. ``tier`` is ``none`` where nothing was raised; ``day`` is None where it is not known.

    ``hits`` are those of this message, highest first. ``signs`` are the expected signs that stand (no flag by themselves).
    ``needs_day`` where a sign stands whose meaning hangs on the day, and the day is not known.
    """

    tier: Tier
    hits: tuple[Hit, ...]
    signs: tuple[Sign, ...]
    day: int | None
    needs_day: bool
    modifiers: tuple[Sign, ...]

    @property
    def fresh_tier(self) -> Tier:
        """The tier that this message alone raised."""
        return highest(*(h.tier for h in self.hits))


def assess(report: Report, knowledge: KnowledgeBase, now: datetime, answer: str | None = None) -> Assessment:
    """Assess a report at ``now`` (clinic time).

    ``answer`` is the patient's answer to our own check question in this message: ``yes``, ``unsure`` or None.
    Highest tier wins, uncertain counts as present, an open emergency or urgent tier is kept (red_flags.md section 1).
    """
    standing = {s.item: s for s in report.signs if s.counts}
    day = report.graded_day(now)
    modifiers = tuple(s for s in standing.values() if knowledge.items[s.item].kind == "modifier")
    hits = []
    for rule in knowledge.rules:
        evidence = holds(rule.when, standing, day)
        if evidence is not None and _is_fresh(evidence, report):
            hits.append(_hit(knowledge, rule, evidence))
    hits += _from_dialogue(report, knowledge, answer)
    hits = [_lifted(h, modifiers, knowledge) for h in hits]
    best = _best_of_each_flag(hits)
    tier = highest(report.open_tier, *(h.tier for h in best))
    expected = tuple(s for s in standing.values() if knowledge.items[s.item].kind == "symptom")
    return Assessment(tier, best, expected, report.day(now), _needs_day(report, standing, knowledge, now), modifiers)


def _is_fresh(evidence: Evidence, report: Report) -> bool:
    """A rule speaks again only where this message brought a sign or the day that it rests on (ruling 23)."""
    return any(s.turn == report.turn for s in evidence.signs) or (evidence.used_day and report.day_turn == report.turn)


def _hit(knowledge: KnowledgeBase, rule: Rule, evidence: Evidence) -> Hit:
    flag = knowledge.flags[rule.flag]
    words = tuple(dict.fromkeys(s.words for s in evidence.signs))
    return Hit(flag.id, rule.id, flag.title, rule.tier or flag.tier, words, rule.wording or flag.wording)


def _of_talk(knowledge: KnowledgeBase, flag: str, rule: str) -> Hit:
    found = knowledge.flags[flag]
    return Hit(flag, rule, found.title, found.tier, (), found.wording)


def _from_dialogue(report: Report, knowledge: KnowledgeBase, answer: str | None) -> list[Hit]:
    """Flags that come of the talk itself: our own question answered yes or left open, and the same worry again."""
    hits = []
    if answer == "yes":
        hits.append(_of_talk(knowledge, CHECK_YES, "ruling 20"))
    if answer == "unsure":
        hits.append(_of_talk(knowledge, CHECK_OPEN, "ruling 20"))
    if any(count == WORRY_LIMIT for count in report.worries.values()):
        hits.append(_of_talk(knowledge, REPEATED, "R21"))
    return hits


def _lifted(hit: Hit, modifiers: tuple[Sign, ...], knowledge: KnowledgeBase) -> Hit:
    """R22 and rulings 1 to 3: a modifier lifts the flags that it names by one tier, or to the tier it names."""
    tier: Tier = hit.tier
    for sign in modifiers:
        item = knowledge.items[sign.item]
        if hit.flag in item.lifts or hit.rule in item.lifts:
            tier = highest(tier, TIERS[min(TIERS.index(hit.tier) + 1, len(TIERS) - 1)])
        tier = highest(tier, item.raises_to.get(hit.flag, "none"))
    if tier == hit.tier:
        return hit
    words = tuple(dict.fromkeys((*hit.words, *(s.words for s in modifiers))))
    return Hit(hit.flag, f"{hit.rule}+R22", hit.title, tier, words, tier)


def _best_of_each_flag(hits: list[Hit]) -> tuple[Hit, ...]:
    """One hit a flag: highest tier first, then the rule that rests on more words. The order of rules does not matter."""
    best: dict[str, Hit] = {}
    for hit in sorted(hits, key=lambda h: (-TIERS.index(h.tier), -len(h.words), h.rule)):
        best.setdefault(hit.flag, hit)
    return tuple(best.values())


def _needs_day(report: Report, standing: dict[str, Sign], knowledge: KnowledgeBase, now: datetime) -> bool:
    if report.day(now) is not None or report.at_least(now) is not None:
        return False
    timed = {leaf for rule in knowledge.rules if days_matter(rule.when) for leaf in leaves(rule.when)}
    fresh = [s for s in standing.values() if s.turn == report.turn]
    return any(s.item in timed or knowledge.items[s.item].windows for s in fresh if s.kind in ("symptom", "finding"))
