"""The measures: pure functions from cases to numbers. What is good enough stands in ``targets``."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from aftercare.evaluation.cases import SIGN_TYPES, TIERS, Case, Got, Joined
from aftercare.evaluation.targets import ASSERTION, TARGETS, Target

HARMLESS = ("self_care", "none")
SEVERE = ("emergency", "urgent")

QUESTIONS = frozenset(
    {
        "is_normal", "how_long", "what_to_apply", "what_to_avoid", "can_i", "when_to_worry", "why", "medicine", "diagnosis",
    }
)  # fmt: skip
"""Question types that ask something about aftercare. A report asks nothing, small talk is of something else."""

AFTERCARE_REPLIES = frozenset({"answer", "not_covered", "medicine", "diagnosis", "check_question", "day_question"})
"""Kinds of replies by which an out-of-scope message was taken for one about aftercare."""

STANDS = frozenset({"present", "uncertain"})
"""Of several mentions of one finding, triage builds on one of these (``aftercare.triage.report``)."""

BINS = 10
PAIR = "minimal_pair:"


@dataclass(frozen=True)
class Share:
    """``hits`` of ``of``."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval: what the share may be on all such messages, of which these are a sample."""
        if not self.of:
            return None
        z, n, p = 1.959964, self.of, self.hits / self.of
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Agreement:
    """Of ``wanted`` things and ``claimed`` ones, ``right`` are both."""

    right: int
    claimed: int
    wanted: int

    @property
    def precision(self) -> float | None:
        return self.right / self.claimed if self.claimed else None

    @property
    def recall(self) -> float | None:
        return self.right / self.wanted if self.wanted else None

    @property
    def value(self) -> float | None:
        """F1; None where nothing was wanted and nothing claimed."""
        return 2 * self.right / (self.claimed + self.wanted) if self.claimed + self.wanted else None


@dataclass(frozen=True)
class Measure:
    """A number with its name and its target."""

    key: str
    target: Target
    score: Share | Agreement

    @property
    def value(self) -> float | None:
        return self.score.value

    @property
    def state(self) -> str:
        return self.target.reached_by(self.value)


@dataclass(frozen=True)
class FlagRow:
    """How often one flag was raised by its name, and how often its message was graded high enough by whatever flag."""

    flag: str
    named: Share
    graded: Share


@dataclass(frozen=True)
class AssertionRow:
    """One class. ``found`` is over findings that were found, ``all_findings`` counts the others as misses."""

    label: str
    found: Agreement
    all_findings: Agreement


@dataclass(frozen=True)
class QuestionRow:
    """One question type; ``taken_for`` is what it was taken for instead, most often first."""

    question: str
    right: Share
    taken_for: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Bin:
    """Messages whose confidence is from ``low`` to ``high``."""

    low: float
    high: float
    right: Share
    confidence: float


@dataclass(frozen=True)
class Calibration:
    """``error`` is the expected calibration error: how far confidence is from the share that is right, on average."""

    bins: tuple[Bin, ...]
    error: float | None


@dataclass(frozen=True)
class Latency:
    """Milliseconds that understanding, triage and the answer of a turn took, without waiting.

    ``counts`` are (from, to, turns); the last one may be open upwards (to is None).
    """

    of: int
    p50: float | None
    p95: float | None
    counts: tuple[tuple[float, float | None, int], ...]


@dataclass(frozen=True)
class Pair:
    """Messages that differ in little and are not the same."""

    id: str
    cases: tuple[Case, ...]

    @property
    def right(self) -> bool:
        return all(case.got.tier == case.gold.tier for case in self.cases)


@dataclass(frozen=True)
class Scores:
    """All that is told of one replay."""

    joined: Joined
    messages: tuple[Measure, ...]
    assertion: tuple[Measure, ...]
    dialogues: tuple[Measure, ...]
    flag_rows: tuple[FlagRow, ...]
    assertion_rows: tuple[AssertionRow, ...]
    question_rows: tuple[QuestionRow, ...]
    symptom_rows: tuple[tuple[str, Agreement], ...]
    pairs: tuple[Pair, ...]
    calibration: Calibration
    latency: Latency


def score(joined: Joined, is_forbidden: Callable[[str, str], bool] = lambda said, tier: False) -> Scores:
    """Every measure of the joined files. ``is_forbidden`` tells whether a reply beside a tier holds what must never be said."""
    messages, turns = joined.messages, joined.turns
    everything = (*messages, *turns)
    assertion_rows = assertions(messages)
    symptom_rows = symptoms(messages)
    return Scores(
        joined=joined,
        messages=(
            *_tiers(messages),
            _measure("pairs", share(pair.right for pair in pairs(messages))),
            _measure("flags", flags_named(messages)),
            *_questions(messages),
            _measure("symptoms", total([agreement for _, agreement in symptom_rows])),
            _measure("days", days_right(messages)),
            _measure("out_of_scope", out_of_scope_answered(messages)),
            _measure("forbidden", forbidden_said(messages, is_forbidden)),
        ),
        assertion=tuple(
            Measure(f"assertion_{row.label}", _assertion_target(row.label), row.found)
            for row in assertion_rows
            if row.all_findings.wanted
        ),
        dialogues=(
            *_tiers(turns),
            _measure("dialogue_safe", share(not any(map(too_low, dialogue)) for dialogue in joined.dialogues)),
            *_questions(turns),
            _measure("out_of_scope", out_of_scope_answered(turns)),
            _measure("forbidden", forbidden_said(turns, is_forbidden)),
            _measure("handoff", handoff_right(turns)),
        ),
        flag_rows=flags(messages),
        assertion_rows=assertion_rows,
        question_rows=question_types(everything),
        symptom_rows=symptom_rows,
        pairs=pairs(messages),
        calibration=calibration(everything),
        latency=latency(everything),
    )


def _measure(key: str, result: Share | Agreement) -> Measure:
    return Measure(key, TARGETS[key], result)


def _tiers(cases: Sequence[Case]) -> list[Measure]:
    return [
        _measure("emergency", graded(cases, ("emergency",), ("emergency",))),
        _measure("emergency_low", graded(cases, ("emergency",), ("soon", *HARMLESS))),
        _measure("urgent", graded(cases, ("urgent",), SEVERE)),
        _measure("soon", graded(cases, ("soon",), ("soon", *SEVERE))),
        _measure("false_alarms", graded(cases, HARMLESS, SEVERE)),
        _measure("exact", share(case.got.tier == case.gold.tier for case in cases)),
    ]


def _questions(cases: Sequence[Case]) -> list[Measure]:
    asked = [case for case in cases if case.gold.question in QUESTIONS]
    return [
        _measure("question", share(case.got.question == case.gold.question for case in asked)),
        _measure("question_any", share(case.gold.question in case.got.questions for case in asked)),
    ]


def _assertion_target(label: str) -> Target:
    return Target(ASSERTION.title.format(label), ASSERTION.least, ASSERTION.aim, is_f1=True)


def share(hits: Iterable[bool]) -> Share:
    counted = list(hits)
    return Share(sum(counted), len(counted))


def total(agreements: Sequence[Agreement]) -> Agreement:
    """All counted together (micro)."""
    return Agreement(
        sum(a.right for a in agreements), sum(a.claimed for a in agreements), sum(a.wanted for a in agreements)
    )


def too_low(case: Case) -> bool:
    return TIERS.index(case.got.tier) < TIERS.index(case.gold.tier)


def too_high(case: Case) -> bool:
    return TIERS.index(case.got.tier) > TIERS.index(case.gold.tier)


def confusion(cases: Sequence[Case]) -> Counter[tuple[str, str]]:
    """(tier it should be, tier it was given) -> cases."""
    return Counter((case.gold.tier, case.got.tier) for case in cases)


def graded(cases: Sequence[Case], should_be: Sequence[str], was: Sequence[str]) -> Share:
    """Of the cases whose tier should be one of ``should_be``, those that were given one of ``was``."""
    return share(case.got.tier in was for case in cases if case.gold.tier in should_be)


def pairs(cases: Sequence[Case]) -> tuple[Pair, ...]:
    """The minimal pairs of which every member was replayed; half a pair says nothing."""
    members: dict[str, list[Case]] = {}
    for case in cases:
        if case.gold.kind.startswith(PAIR):
            members.setdefault(case.gold.kind.removeprefix(PAIR), []).append(case)
    return tuple(Pair(name, tuple(both)) for name, both in members.items() if len(both) > 1)


def flags(cases: Sequence[Case]) -> tuple[FlagRow, ...]:
    """A row for each flag of the gold file, in the order of tiers and numbers."""
    wanted: dict[str, list[Case]] = {}
    for case in cases:
        for flag in case.gold.flags or ():
            wanted.setdefault(flag, []).append(case)
    return tuple(
        FlagRow(flag, share(flag in c.got.flags for c in wanted[flag]), share(not too_low(c) for c in wanted[flag]))
        for flag in sorted(wanted, key=_flag_order)
    )


def _flag_order(flag: str) -> tuple[int, int, str]:
    number = flag[1:]
    return ("EUS".find(flag[:1]), int(number) if number.isdecimal() else 0, flag)


def flags_named(cases: Sequence[Case]) -> Share:
    return share(flag in case.got.flags for case in cases for flag in case.gold.flags or ())


def assertion_of(got: Got, finding: str) -> str | None:
    """What was asserted of a finding; None where it was not found.

    Of several mentions the last that stands counts, else the last: so does triage.
    """
    mentions = [e.assertion or "present" for e in got.entities if e.type in SIGN_TYPES and e.value == finding]
    standing = [assertion for assertion in mentions if assertion in STANDS]
    return (standing or mentions)[-1] if mentions else None


def assertions(cases: Sequence[Case]) -> tuple[AssertionRow, ...]:
    """A row for each class, the most frequent first."""
    told = [
        (label, assertion_of(case.got, finding)) for case in cases for finding, label in case.gold.assertion.items()
    ]
    wanted = Counter(label for label, _ in told)
    wanted_and_found = Counter(label for label, said in told if said)
    claimed = Counter(said for _, said in told if said)
    right = Counter(label for label, said in told if said == label)
    return tuple(
        AssertionRow(
            label,
            Agreement(right[label], claimed[label], wanted_and_found[label]),
            Agreement(right[label], claimed[label], wanted[label]),
        )
        for label in sorted(wanted.keys() | claimed.keys(), key=lambda label: (-wanted[label], label))
    )


def symptoms(cases: Sequence[Case]) -> tuple[tuple[str, Agreement], ...]:
    """For each symptom of the gold file, whether it was found, whatever its assertion.

    Finer findings, which the gold file never names, count nowhere. Neither does a symptom that is an idiom in the gold
    file ("itching to know"): it is none, but one who finds it and calls it an idiom has made no mistake.
    """
    told = [case for case in cases if case.gold.symptoms is not None]
    names = sorted({name for case in told for name in case.gold.symptoms or ()})
    right, claimed, wanted = Counter[str](), Counter[str](), Counter[str]()
    for case in told:
        idioms = {finding for finding, label in case.gold.assertion.items() if label == "idiom"}
        should = set(case.gold.symptoms or ()) - idioms
        found = {e.value for e in case.got.entities if e.type in SIGN_TYPES} & set(names) - idioms
        wanted.update(should)
        claimed.update(found)
        right.update(should & found)
    return tuple((name, Agreement(right[name], claimed[name], wanted[name])) for name in names)


def question_types(cases: Sequence[Case]) -> tuple[QuestionRow, ...]:
    """A row for each type of the gold file (also those that are no aftercare question), the most frequent first."""
    answers: dict[str, list[str]] = {}
    for case in cases:
        if case.gold.question:
            answers.setdefault(case.gold.question, []).append(case.got.question or "nothing")
    rows = []
    for question, got in answers.items():
        wrong = Counter(one for one in got if one != question)
        rows.append(QuestionRow(question, share(one == question for one in got), tuple(wrong.most_common(3))))
    return tuple(sorted(rows, key=lambda row: (-row.right.of, row.question)))


def days_right(cases: Sequence[Case]) -> Share:
    stated = [case for case in cases if case.gold.days_since is not None]
    return share(case.got.days_since == case.gold.days_since for case in stated)


def out_of_scope_answered(cases: Sequence[Case]) -> Share:
    """Fewer is better. A false alarm is counted elsewhere."""
    return share(
        not AFTERCARE_REPLIES.isdisjoint(case.got.kinds) for case in cases if case.gold.question == "out_of_scope"
    )


def forbidden_said(cases: Sequence[Case], is_forbidden: Callable[[str, str], bool]) -> Share:
    """Fewer is better; over all replies."""
    return share(is_forbidden(said, case.got.tier) for case in cases for said in case.got.said)


def handoff_right(cases: Sequence[Case]) -> Share:
    return share(case.got.handoff == case.gold.handoff for case in cases if case.gold.handoff is not None)


def calibration(cases: Sequence[Case]) -> Calibration:
    """Is an intent that is 80 % sure right in 80 of 100 messages?"""
    judged = [
        (case.got.confidence, case.got.intent == case.gold.question)
        for case in cases
        if case.gold.question and case.got.confidence is not None
    ]
    bins = []
    for n in range(BINS):
        inside = [(sure, right) for sure, right in judged if min(int(sure * BINS), BINS - 1) == n]
        mean = sum(sure for sure, _ in inside) / len(inside) if inside else (n + 0.5) / BINS
        bins.append(Bin(n / BINS, (n + 1) / BINS, share(right for _, right in inside), mean))
    gaps = [b.right.of * abs(b.confidence - (b.right.value or 0.0)) for b in bins]
    return Calibration(tuple(bins), sum(gaps) / len(judged) if judged else None)


def latency(cases: Sequence[Case]) -> Latency:
    """Over the turns in which Rasa was asked."""
    times = sorted(case.got.ms for case in cases if case.got.ms > 0)
    if not times:
        return Latency(0, None, None, ())
    return Latency(len(times), percentile(times, 0.5), percentile(times, 0.95), _histogram(times))


def percentile(ordered: Sequence[float], at: float) -> float:
    """Between the two nearest values, in proportion. ``ordered`` is not empty."""
    place = at * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _histogram(times: Sequence[float]) -> tuple[tuple[float, float | None, int], ...]:
    """About a dozen columns of a round width up to the 99th percentile; the last one holds all that took longer."""
    width = _round_up(percentile(times, 0.99) / 12)
    last = math.floor(percentile(times, 0.99) / width) + 1
    counts = Counter(min(int(time // width), last) for time in times)
    columns: list[tuple[float, float | None, int]] = [(n * width, (n + 1) * width, counts[n]) for n in range(last)]
    return (*columns, (last * width, None, counts[last])) if counts[last] else tuple(columns)


def _round_up(number: float) -> float:
    """To 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(number))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= number * (1 - 1e-9))
