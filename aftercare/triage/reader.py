"""One message -> what it says: findings with assertion and qualities, and times. Knows no clock and no conversation."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

from aftercare.knowledge import KnowledgeBase
from aftercare.triage import figures, temperature
from aftercare.triage.assertion import Assertion
from aftercare.triage.attributes import AttributeReader, Attributes
from aftercare.triage.elsewhere import OFF_TOPIC, OTHER_TREATMENT, Elsewhere
from aftercare.triage.language import Language, Utterance
from aftercare.triage.matcher import Match, Matcher
from aftercare.triage.other_language import OtherLanguages
from aftercare.triage.reading import CHANGE, IS_THERE, SIGNS, Finding, Reading
from aftercare.triage.time_expressions import find_times, language_of_times

logger = logging.getLogger(__name__)

MEASURED = frozenset({"fever", "low_temperature"})
"""Signs that a temperature is told of."""
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
SIGN_WORDS = frozenset(
    [
        "swell",
        "red_word",
        "hot_word",
        "pain_word",
        "burn_word",
        "itch_word",
        "bump_word",
        "spot_word",
        "bleed_word",
        "fluid",
        "pus_colour",
        "crust",
        "faint_word",
        "trend_worse",
        "trend_spreading",
        "trend_returned",
    ]
)
"""Vocabulary concepts whose words name signs: a negation beside one denies the sign ("isn't leaking")."""
UNASSERTED = frozenset({"negated", "hypothetical", "information", "historical", "idiom", "other_person"})
"""A change of which one of these is said gives no quality to a sign."""
NOT_YET = frozenset(
    [
        "to",
        "will",
        "when",
        "until",
        "till",
        "before",
        "should",
        "does",
        "do",
        "would",
        "can",
        "could",
        "if",
        "opposite",
        "hope",
        "hoping",
    ]
)
"""'how long until it settles': the change is asked for, it has not come."""
EARLIER = frozenset(["day", "first", "yesterday", "before", "earlier", "initially", "last", "morning", "at"])
OWN = frozenset(["my", "his", "her", "into"])
BLEEDING = "bleeding"
RATE = ("by", "the")
"""The beginning of "by the hour", which tells how fast and not which way."""
LINES = frozenset(["stripe", "streak", "streaks", "line", "lines", "track", "vein"])
BARE_SAME = frozenset({"still", "same", "stuck"})
"""Words of no change that are as often said of something else ("still using the balm")."""
POINTS_BACK = frozenset(["it", "its", "they", "that", "this", "these"])
"""Subjects of a change that was named before."""
LEADS_IN = frozenset(
    [
        "just",
        "so",
        "ok",
        "okay",
        "and",
        "hi",
        "hello",
        "quickly",
        "quick",
        "sorry",
        "only",
        "me",
        "again",
        "i",
        "am",
        "i'm",
        "im",
        "'m",
    ]
)
"""Words before which nobody is named who could come back."""
SAYS_NO_MORE = 4
"""Words of a half of a sentence that tells of a change and names nothing that changes."""
SAME_LOOK = re.compile(
    r"\b(looks?|it'?s|it is|(face|skin) is)\b[^.?!]{0,15}\b(still|same)\b|\bstill looks?\b", re.IGNORECASE
)
LOOKS_LIKE = re.compile(r"\b(i|she|he|still|just) looks?\b")
"""Said of how the skin is, though no place on it is named."""
NO_CONTENT = frozenset(
    ["no", "nah", "nope", "not", "none", "nothing", "of", "on", "to", "like", "the", "that", "those", "these", "them", "it",
     "any", "all", "list", "signs", "things", "yes", "yeah", "ok", "well", "oh"]
)  # fmt: skip
"""Words of a clause that only answers."""
TELLS_ON = re.compile(r"\b(oh|wait|but|though|actually|except|hang on|hold on|one (more )?thing)\b", re.IGNORECASE)
"""Words by which somebody who has said no goes on to tell of something."""
HURTS = re.compile(r"\b(pain(?!less)\w*|sore\w*|hurt\w*|tender\w*|inflamed|angry|throb\w*)\b", re.IGNORECASE)
DENIES = re.compile(r"\b(not?|never|without|none|nor|don'?t|doesn'?t|aren'?t|isn'?t|nothing|painless)\b", re.IGNORECASE)
OWN_TREATMENT = re.compile(
    r"\b(mine|my (own |first |next |second )?(face|skin|session|treatment|facial|appointment|needling|microneedling)"
    r"|(can|may|should|could) i (have|get|still|book|go|come))\b",
    re.IGNORECASE,
)
THEIR_SIGN = re.compile(
    r"\b(her|his|their|she|he|\w+'s)\b[^.?!]{0,60}\b(face|skin|cheeks?|chin|bruise|lips?|eyes?|had (it|hers|his)"
    r"|was (treated|needled)|facial|session|treatment)\b",
    re.IGNORECASE,
)
"""A message that tells of somebody else's skin or treatment is about them."""
FEELING = frozenset(["feeling", "feelings", "sensation", "touch", "taste", "appetite"])
LEAVE = frozenset(["can", "may", "should", "could"])
QUALITY_DENIED = {
    "one_sided": re.compile(
        r"\b(both (sides|cheeks|halves|eyes)|(each|either) side|same on both|symmetric\w*|even on both|evenly|even all over)\b",
        re.IGNORECASE,
    ),
    "worse": re.compile(
        r"\b((still|looks|look|much|about|exactly) the same\b(?! (time|day|needle|tip|person))|same as (yesterday|before|this morning|last night)|no change|unchanged"
        r"|(not|no|isn'?t|never) (any |getting |gotten |got )?(worse|hotter|redder|sorer|bigger|puffier))\b",
        re.IGNORECASE,
    ),
}
"""Words that say of a quality that signs do not have it."""


class _Understood(NamedTuple):
    """A text with the wordings, concepts and cues that stand in it."""

    utterance: Utterance
    matches: list[Match]
    concepts: dict[str, list[tuple[int, int]]]
    cues: list[Any]


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
        self._other_languages = OtherLanguages(knowledge.languages, domain)
        self._elsewhere = Elsewhere(knowledge.elsewhere)
        self._attributes = AttributeReader(knowledge.attributes)
        self._understood: tuple[str, _Understood] | None = None
        language_of_times()
        self._ambiguous = {
            (item.id, self._language.stems(phrase.lstrip("=")))
            for item in knowledge.items.values()
            for phrase in item.wordings.ambiguous
        }

    def read(self, text: str) -> Reading:
        """Findings and times of one message."""
        utterance, matches, concepts, cues = self._understand(text)
        if not len(utterance.words):
            return Reading(text)
        findings = []
        anchors: list[frozenset[int]] = []
        for match in matches:
            asserted = self._assertion.of(match.tokens, utterance, cues)
            label = self._label(match.item, asserted.label, asserted.other)
            findings.append(self._finding(match, utterance, label, asserted.other))
            anchors.append(match.tokens)
        findings = self._qualify(findings, anchors, utterance, concepts, cues)
        findings = temperature.measured(text, findings) + figures.pain_scores(text) + figures.ages(text)
        findings += self._long_bleedings(text)
        findings = self._without_what_is_denied(findings)
        language = self._other_languages.of(text)
        if language:
            findings = [
                f for f in findings if self._other_languages.is_english(f.text)
            ]  # "karoon" is no slip of "maroon"
            findings += self._foreign(text, {f.item for f in findings})
        findings = [_fading(_of_whom(f, text)) for f in findings]
        findings = self._with_implied(findings)
        if figures.bleeding_has_stopped(text):
            findings = [_stopped(f) if f.item == BLEEDING else f for f in findings]
        about = self._elsewhere.of(text)
        times = () if about in (OTHER_TREATMENT, OFF_TOPIC) else tuple(find_times(text))  # else its day would be ours
        return Reading(text, tuple(findings), times, language=language, about=about)

    def _understand(self, text: str) -> _Understood:
        """What all readings of a text begin with. The last text's is remembered: the learned detector asks on about the
        message that has just been read."""
        before = self._understood
        if before is not None and before[0] == text:
            return before[1]
        utterance = self._language.read(text)
        matches, concepts = self._matcher.find(utterance)
        found = _Understood(utterance, matches, concepts, self._assertion.cues(utterance, _signs(matches, concepts)))
        self._understood = (text, found)
        return found

    def _foreign(self, text: str, named: set[str]) -> list[Finding]:
        """The signs that a message in another language names in it."""
        return [
            Finding(
                sign.item,
                self._knowledge.items[sign.item].kind,
                sign.start,
                sign.end,
                text[sign.start : sign.end],
                "negated" if sign.denied else "present",
            )
            for sign in self._other_languages.signs(text)
            if sign.item not in named
        ]

    def clauses(self, text: str) -> list[tuple[int, int]]:
        """The clauses of a message as character offsets (start, end)."""
        utterance = self._understand(text).utterance
        spans: dict[int, tuple[int, int]] = {}
        for token, clause in zip(utterance.doc, utterance.clause, strict=True):
            if not token.is_space:
                start, _ = spans.get(clause, (token.idx, 0))
                spans[clause] = (start, token.idx + len(token))
        return list(spans.values())

    def attributes(self, text: str, signs: Sequence[tuple[int, int]]) -> list[Attributes]:
        """What a message tells of signs that stand between two characters of it each."""
        return self._attributes.of(self._understand(text).utterance, signs)

    def with_attributes(self, text: str, entities: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The entities of a message, its signs with what is told of them beside their names, as JSON values.

        The words of a sign tell best what belongs to it. What is learned stands on a whole clause: it has what its clause tells
        of the signs named there where these agree, or what the clause tells where it names none. What stands on no words of a
        longer message is told of no place in it. Nothing is raised: a patient is answered though nobody can tell where a sign is.
        """
        try:
            told = self._attributes_of(text, entities)
        except Exception as error:
            logger.error("the attributes of signs could not be read: %s", type(error).__name__)
            told = {}
        return [{**entity, **told.get(i, {})} for i, entity in enumerate(entities)]

    def _attributes_of(self, text: str, entities: Sequence[dict[str, Any]]) -> dict[int, dict[str, Any]]:
        """By the place of each sign in the list."""
        whole = (0, len(text)) if len(self.clauses(text)) > 1 else None
        signs = [i for i, e in enumerate(entities) if e["entity"] in SIGNS and "assertion" in e and _span(e) != whole]
        named = [i for i in signs if not entities[i].get("learned")]
        learned = [i for i in signs if entities[i].get("learned")]
        told = dict(zip(named, self.attributes(text, [_span(entities[i]) for i in named]), strict=True))
        alone = dict(zip(learned, self.attributes(text, [_span(entities[i]) for i in learned]), strict=True))
        for i in learned:
            inside = [told[n] for n in named if _overlaps(entities[n], entities[i])]
            told[i] = alone[i] if not inside else inside[0] if all(one == inside[0] for one in inside) else Attributes()
        without_degrees = {
            i: replace(one, celsius=None) for i, one in told.items() if entities[i]["value"] not in MEASURED
        }
        return {i: one.as_told() for i, one in (told | without_degrees).items()}

    def assertion_of_span(self, text: str, start: int, end: int, item: str) -> tuple[str, bool]:
        """What is asserted of an item that stands between two offsets, no word of which is known: (label, other).

        Decided by the cues that reach the last word of the span that is no cue itself, as for a wording found there.
        """
        utterance, _, _, cues = self._understand(text)
        of_cues = {i for cue in cues for i in range(cue.start, cue.end)}
        inside = [i for i, token in enumerate(utterance.doc) if start <= token.idx < end and token.is_alpha]
        telling = [i for i in inside if i not in of_cues] or inside
        if not telling:
            return "present", False
        if TELLS_ON.search(text) and _only_answers({utterance.clause[i] for i in inside}, utterance, of_cues):
            return "present", False  # "none of those. oh wait, my lip is getting fatter" is not told of by "those"
        asserted = self._assertion.of(frozenset(telling[-1:]), utterance, cues)
        return self._label(item, asserted.label, asserted.other), asserted.other

    def _label(self, item: str, label: str, other: bool) -> str:
        """The assertion as it counts for an item: a lasting factor is of now, what was done in the treatment counts whoever
        did it, who supposes or jokes about their own self-harm is taken at their word, and a mere explanation is a guess."""
        found = self._knowledge.items[item]
        of_now = found.lasting and label == "historical"
        taken_seriously = found.said_is_present and not other and label in ("hypothetical", "idiom")
        done = found.done_in_treatment and label in ("other_person", "historical", "resolving")
        of_now = of_now or (found.kind == "modifier" and label == "resolving")
        if found.only_guessed and label == "present":
            return "uncertain"
        return "present" if of_now or taken_seriously or done else label

    def _long_bleedings(self, text: str) -> list[Finding]:
        found = []
        for match in figures.long_bleedings(text):
            label, other = self.assertion_of_span(text, match.start(), match.end(), "bleeding_long")
            found.append(Finding("bleeding_long", "finding", match.start(), match.end(), match.group(), label, other))
        return found

    def _without_what_is_denied(self, findings: list[Finding]) -> list[Finding]:
        """A finding one part of which is denied is denied itself, the rest of it stands: "cystic, but not sore" are bumps."""
        denied = {f.item for f in findings if f.assertion == "negated"} - {
            f.item for f in findings if f.assertion != "negated"
        }
        named = {f.item for f in findings}
        kept: list[Finding] = []
        for finding in findings:
            item = self._knowledge.items[finding.item]
            if not denied.intersection(item.unless_denied) or _hurts_by_its_words(finding):
                kept.append(finding)
                continue
            kept.append(replace(finding, assertion="negated"))
            kept += [
                replace(finding, item=name, kind=self._knowledge.items[name].kind)
                for name in item.implies
                if name not in named
            ]
        return kept

    def _finding(self, match: Match, utterance: Utterance, assertion: str, other: bool) -> Finding:
        start = utterance.doc[match.start].idx
        last = utterance.doc[match.end - 1]
        end = last.idx + len(last)
        kind = self._knowledge.items[match.item].kind
        ambiguous = (match.item, utterance.stems[match.start : match.end]) in self._ambiguous
        text = utterance.text[start:end]
        return Finding(match.item, kind, start, end, text, assertion, other, ambiguous=ambiguous)

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
        fading = {utterance.region[start] for start, _ in concepts.get("trend_better", ())}
        loose: list[Finding] = []
        for start, end, name in _quality_spans(concepts):
            tokens = frozenset(range(start, end))
            asserted = self._assertion.of(tokens, utterance, cues)
            if asserted.label in UNASSERTED or _awaited(name, start, utterance):
                continue
            if name == "returned" and _comes_back_to(start, end, utterance):
                continue
            name = _as_meant(name, start, end, utterance)
            if name == "worse" and utterance.words[start : start + 2] == RATE and utterance.region[start] in fading:
                continue  # "wearing off by the hour"
            targets = _targets(findings, anchors, tokens, utterance)
            if name == "better":
                targets = [t for t in targets if not _is_apart(findings[t], anchors[t], tokens, utterance)]
            for target in targets:
                qualities[target].add(name)
            own_words = any(anchor > tokens for anchor in anchors)  # "gone darker" names the sign itself
            if name == "same" and not targets and not _says_no_change(tokens, utterance):
                continue
            if not targets and not own_words and name in TRENDS and _of_the_skin(tokens, utterance, concepts):
                match = Match(CHANGE, start, end, tokens, loose=False)
                loose.append(self._finding_of_change(match, utterance, name, asserted.other))
        named = [_with(f, q) for f, q in zip(findings, qualities, strict=True)]
        return named + loose

    def _finding_of_change(self, match: Match, utterance: Utterance, quality: str, other: bool) -> Finding:
        found = self._finding(match, utterance, "present", other)
        return _with(found, {quality})

    def _with_implied(self, findings: list[Finding]) -> list[Finding]:
        """Add what a finding always means as well ("fat lip" is swelling), where it is not named already.

        Only of what is there: who has no painful bumps may have pain all the same.
        """
        named = {f.item for f in findings}
        implied = []
        for f in findings:
            for item in self._knowledge.items[f.item].implies if f.assertion in IS_THERE else ():
                if item not in named:
                    named.add(item)
                    kind = self._knowledge.items[item].kind
                    implied.append(replace(f, item=item, kind=kind))
        return sorted([*findings, *implied], key=lambda f: (f.start, f.end, f.item))


def _span(entity: Mapping[str, Any]) -> tuple[int, int]:
    return entity["start"], entity["end"]


def _overlaps(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one["start"] < other["end"] and other["start"] < one["end"])


def _hurts_by_its_words(finding: Finding) -> bool:
    """Whether the words of a finding say that it hurts: "painful spots, though the needling was painless"."""
    return HURTS.search(finding.text) is not None and not DENIES.search(finding.text)


def _of_whom(finding: Finding, text: str) -> Finding:
    """A lasting factor of somebody else counts where the message is about them alone ("booking for my husband, he is on
    warfarin"), not where the writer is the patient ("my brother is on it, does my facial go ahead")."""
    if finding.kind != "modifier" or not finding.other or finding.assertion not in ("present", "other_person"):
        return finding
    own = OWN_TREATMENT.search(text) and not THEIR_SIGN.search(text)
    return replace(finding, assertion="other_person" if own else "present")


def _fading(finding: Finding) -> Finding:
    """A symptom that is said to get better is resolving. Rules count it all the same (``report.Sign.counts``)."""
    better = "better" in finding.qualities and not finding.qualities & {"worse", "returned", "spreading", "same"}
    is_symptom = finding.kind == "symptom" and finding.assertion == "present"
    return replace(finding, assertion="resolving") if better and is_symptom else finding


def _stopped(finding: Finding) -> Finding:
    """Bleeding that has stopped is better, which counts for the rules; where it came back it stays what it is."""
    as_it_is = finding.assertion not in IS_THERE or finding.qualities & {"worse", "returned", "spreading"}
    return finding if as_it_is else _with(finding, {"better"})


def _only_answers(clauses: set[int], utterance: Utterance, of_cues: set[int]) -> bool:
    """Whether clauses hold a yes or no alone, and the message goes on after them."""
    words = [i for i, token in enumerate(utterance.doc) if token.is_alpha]
    own = [i for i in words if utterance.clause[i] in clauses]
    return len(own) < len(words) and all(i in of_cues or utterance.words[i] in NO_CONTENT for i in own)


def is_denied(quality: str, text: str) -> bool:
    """Whether a message says in words that its signs do not have a quality ("the same on both sides")."""
    pattern = QUALITY_DENIED.get(quality)
    return bool(pattern and pattern.search(text))


def _with(finding: Finding, qualities: set[str]) -> Finding:
    if not qualities:
        return finding
    label = finding.assertion
    if qualities & {"worse", "returned", "spreading"}:
        label = "present" if label == "resolving" else label  # it was gone, and is back
    elif "better" in qualities and label == "present":
        label = "resolving"
    return replace(finding, assertion=label, qualities=finding.qualities | frozenset(qualities))


def _signs(matches: Iterable[Match], concepts: Mapping[str, list[tuple[int, int]]]) -> frozenset[int]:
    """The tokens that signs are made of."""
    of_words = {i for name in SIGN_WORDS for start, end in concepts.get(name, ()) for i in range(start, end)}
    return frozenset(of_words.union(*(match.tokens for match in matches)))


def _awaited(name: str, start: int, utterance: Utterance) -> bool:
    """Whether a change is asked or waited for; one for the worse only where it "will" come."""
    before = [i for i in range(max(start - 4, 0), start) if utterance.region[i] == utterance.region[start]]
    words = {utterance.words[i] for i in before}
    return bool((NOT_YET if name == "better" else {"will", "would"}) & words) and name in TRENDS


def _comes_back_to(start: int, end: int, utterance: Utterance) -> bool:
    """Whether the talk comes back to something, not a sign ("just coming back to those bumps"): nobody else is named before.
    So do the feeling after the numbing cream, and what is asked leave for ("when can aftershave come back?")."""
    before = [utterance.words[i] for i in range(start) if utterance.region[i] == utterance.region[start]]
    if FEELING & set(before[-3:]) or any(a == "when" and b in LEAVE for a, b in pairwise(before)):
        return True
    return utterance.words[start] == "coming" and utterance.words[end : end + 1] == ("to",) and set(before) <= LEADS_IN


def _as_meant(name: str, start: int, end: int, utterance: Utterance) -> str:
    """ "It was worse yesterday" tells of something better, and "going down my neck" of something that spreads."""
    before, after = utterance.words[max(start - 3, 0) : start], utterance.words[end : end + 4]
    if name == "worse" and {"was", "were"} & set(before) and EARLIER & set(after):
        return "better"
    if name == "better" and utterance.words[end - 1] == "down":
        line = LINES & {utterance.words[i] for i in range(start) if utterance.region[i] == utterance.region[start]}
        return "spreading" if line or OWN & set(after[:1]) else name
    return name


def _is_apart(finding: Finding, anchor: frozenset[int], tokens: frozenset[int], utterance: Utterance) -> bool:
    """Whether a change for the better is not of this sign: it is back ("hot again"), or stands in another half of the
    sentence or is another person's ("my aunt's lips are swelling. Mine is calm")."""
    last = max(anchor)
    if utterance.words[last + 1 : last + 2] == ("again",):
        return True
    if utterance.region[min(tokens)] == utterance.region[last]:
        return False
    return finding.other or (
        utterance.sentence[min(tokens)] == utterance.sentence[last] and not _points_back(tokens, utterance)
    )


def _points_back(tokens: frozenset[int], utterance: Utterance) -> bool:
    """Whether a half of a sentence says only how the half before it goes on ("swollen, but it is going down", "but improving
    daily")."""
    own = [i for i in range(len(utterance.words)) if utterance.region[i] == utterance.region[min(tokens)]]
    words = [utterance.words[i] for i in own if utterance.words[i].isalpha()]
    return bool(POINTS_BACK & set(words)) or len(words) <= SAYS_NO_MORE


def _says_no_change(tokens: frozenset[int], utterance: Utterance) -> bool:
    """Whether "same" or "still" is said of the skin ("it looks the same"), not of anything ("still using the balm")."""
    words = {utterance.words[i] for i in tokens}
    return not words <= BARE_SAME or bool(SAME_LOOK.search(" ".join(utterance.words)))


def _of_the_skin(tokens: frozenset[int], utterance: Utterance, concepts: Mapping[str, list[tuple[int, int]]]) -> bool:
    """Whether a change that no sign is named for speaks of the patient's skin: a place on it, or "it", "this", "I look"."""
    region = utterance.region[min(tokens)]
    places = any(utterance.region[start] == region for start, _ in concepts.get("place", ()))
    words = [utterance.words[i] for i in range(len(utterance.words)) if utterance.region[i] == region]
    return bool(
        places
        or {"it", "this", "they", "everything", "mine"} & set(words)
        or LOOKS_LIKE.search(" ".join(words))
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
