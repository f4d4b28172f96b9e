"""The assessment: which red flags a report raises, why, and at what tier. One pure function for screen, actions and tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from aftercare.knowledge import KnowledgeBase, Rule
from aftercare.knowledge.model import TIERS, Tier, highest
from aftercare.triage.reading import SIGNS
from aftercare.triage.report import Report, Sign
from aftercare.triage.rules import Evidence, days_matter, holds, leaves

WORRY_LIMIT = 3
"""Times the same worry is voiced before staff are called (red_flags.md R21, ruling 17)."""
TREATMENT_AHEAD = frozenset({"session_ahead", "before_treatment"})
"""Words of a treatment that is still to come, which make a cold sore a matter of before the treatment (ruling 12)."""
NEXT_TREATMENT = TREATMENT_AHEAD | {"repeat_treatment"}
"""Words that make a risk factor S7 also after a treatment: it is told between two ("before next session")."""
ASKED_FOR_DAY = frozenset({"day", "check_day"})
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
    ``needs_day`` where a sign stands whose meaning hangs on the day, and the day is not known; ``waits_for_day`` where a
    rule would hold, but for that question. ``soon`` are the signs that a clinician should see in a day or two, in this
    message or from before, ``urgent`` those that should be seen today.
    """

    tier: Tier
    hits: tuple[Hit, ...]
    signs: tuple[Sign, ...]
    day: int | None
    needs_day: bool
    modifiers: tuple[Sign, ...]
    waits_for_day: bool = False
    soon: frozenset[str] = frozenset()
    urgent: frozenset[str] = frozenset()

    @property
    def fresh_tier(self) -> Tier:
        """The tier that this message alone raised."""
        return highest(*(h.tier for h in self.hits))


def assess(report: Report, knowledge: KnowledgeBase, now: datetime, answer: str | None = None) -> Assessment:
    """Assess a report at ``now`` (clinic time).

    ``answer`` is the patient's answer to our own check question in this message: ``yes``, ``no``, ``unsure`` or None.
    Highest tier wins, uncertain counts as present, an open emergency or urgent tier is kept (red_flags.md section 1).
    """
    standing = {s.item: s for s in report.signs if s.counts}
    day = report.graded_day(now)
    day_unknown = report.day(now) is None and report.at_least(now) is None
    ahead = not NEXT_TREATMENT.isdisjoint(standing)
    if report.day(now) is not None:  # then what is ahead is the next treatment, after one that counts
        standing = {item: s for item, s in standing.items() if item not in TREATMENT_AHEAD}
    modifiers = tuple(s for s in standing.values() if knowledge.items[s.item].kind == "modifier")
    pending = report.asked in ASKED_FOR_DAY
    wait_for_day = day_unknown and (not report.day_asked or (pending and answer == "no"))
    hits, waits_for_day = [], False
    urgent = set(report.urgent)
    soon = _worried_about(report)
    for rule in knowledge.rules:
        after = rule.before_treatment and report.day(now) is not None and not ahead
        evidence = None if after else holds(rule.when, standing, day)
        if evidence is None:
            continue
        if rule.ask_day_first and wait_for_day:
            waits_for_day = True
            continue
        hit = _hit(knowledge, rule, evidence)
        counted = {sign.item for sign in evidence.signs}  # a rule that rests on a modifier is not lifted by it again
        lifted = _lifted(hit, tuple(m for m in modifiers if m.item not in counted), knowledge)
        newly_lifted = lifted != hit and any(m.turn == report.turn for m in modifiers)
        lifted = _doubted(lifted, evidence)
        if "soon" in (hit.tier, lifted.tier):
            soon |= {s.item for s in evidence.signs if s.kind in (*SIGNS, "modifier")}
        elif lifted.tier == "urgent":
            urgent |= counted.union(*(knowledge.items[item].implies for item in counted))
        if newly_lifted or (rule.ask_day_first and day_unknown and pending) or _is_fresh(evidence, report):
            hits.append(lifted)
    hits += [_lifted(h, modifiers, knowledge) for h in _from_dialogue(report, knowledge, answer)]
    best = _best_of_each_flag(hits)
    tier = highest(report.open_tier, *(h.tier for h in best))
    expected = tuple(s for s in standing.values() if knowledge.items[s.item].kind == "symptom")
    needs_day = day_unknown and _day_matters(report, standing, knowledge)
    return Assessment(
        tier, best, expected, report.day(now), needs_day, modifiers, waits_for_day, frozenset(soon), frozenset(urgent)
    )


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
    if WORRY_LIMIT in report.worries.values():
        hits.append(_repeated(report, knowledge))
    return hits


def _repeated(report: Report, knowledge: KnowledgeBase) -> Hit:
    """The same worry again is one tier up (R21): a person looks soon, or today at what was to be looked at soon, or at once
    at what was to be looked at today."""
    again = {item for item, count in report.worries.items() if count == WORRY_LIMIT}
    tier: Tier = "emergency" if again & set(report.urgent) else "urgent" if again & set(report.soon) else "soon"
    words = tuple(s.words for s in report.signs if s.item in again)
    return replace(_of_talk(knowledge, REPEATED, "R21"), tier=tier, wording=tier, words=words)


def _worried_about(report: Report) -> set[str]:
    return {item for item, count in report.worries.items() if count >= WORRY_LIMIT}


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


def _doubted(hit: Hit, evidence: Evidence) -> Hit:
    """A person looks soon instead of today where words alone raise a flag and nothing learned hears a sign in them ("how
    much bleeding is there during it"). An emergency is never lowered. Staff read of it beside the rule's name."""
    signs = [s for s in evidence.signs if s.kind in SIGNS]
    if hit.tier != "urgent" or not signs or not all(s.doubted for s in signs):
        return hit
    return replace(hit, rule=f"{hit.rule} (words alone)", tier="soon", wording="soon")


def _best_of_each_flag(hits: list[Hit]) -> tuple[Hit, ...]:
    """One hit a flag: highest tier first, then the rule that rests on fewer words, which tell most; the words of its other
    rules follow. The order of rules does not matter."""
    best: dict[str, Hit] = {}
    for hit in sorted(hits, key=lambda h: (-TIERS.index(h.tier), not h.words, len(h.words), h.rule)):
        first = best.setdefault(hit.flag, hit)
        if hit.tier == first.tier:
            best[hit.flag] = replace(first, words=tuple(dict.fromkeys((*first.words, *hit.words))))
    return tuple(best.values())


def _day_matters(report: Report, standing: dict[str, Sign], knowledge: KnowledgeBase) -> bool:
    timed = {leaf for rule in knowledge.rules if days_matter(rule.when) for leaf in leaves(rule.when)}
    fresh = [s for s in standing.values() if s.turn == report.turn]
    return any(s.item in timed or knowledge.items[s.item].windows for s in fresh if s.kind in ("symptom", "finding"))
