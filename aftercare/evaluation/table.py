"""The measures as text for a terminal and as JSON values: numbers only, never a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aftercare.evaluation.cases import TIERS, Case
from aftercare.evaluation.scores import Agreement, Measure, Scores, Share, confusion
from aftercare.evaluation.targets import Target

STATES = {"aim": "aim reached", "enough": "enough", "short": "TOO LOW", "no cases": "no cases", "": ""}


def number(value: float | None, target: Target) -> str:
    """A share in per cent, an F1 as it is; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:.3f}" if target.is_f1 else f"{100 * value:.1f} %"


def limit(value: float | None, target: Target) -> str:
    """A target: ``≥ 97 %``, ``≤ 5 %``, ``≥ 0.90``; just ``100 %`` or ``0 %`` where it is all or none."""
    if value is None:
        return ""
    words = f"{value:.2f}" if target.is_f1 else f"{100 * value:.0f} %"
    if value in (0, 1):
        return words
    return f"{'≤' if target.fewer_is_better else '≥'} {words}"


def verdict(measure: Measure) -> str:
    if measure.state == "short" and measure.target.fewer_is_better:
        return "TOO HIGH"
    return STATES[measure.state]


def counted(score: Share | Agreement) -> str:
    """What a number rests on."""
    return f"{score.hits} of {score.of}" if isinstance(score, Share) else f"{score.wanted} wanted"


def table(scores: Scores) -> str:
    """The measures with their targets, and the tiers: what they should be down, what they were across."""
    groups = (
        (
            f"{len(scores.joined.messages)} single messages",
            (*scores.messages, *scores.assertion),
            scores.joined.messages,
        ),
        (
            f"{len(scores.joined.dialogues)} dialogues, {len(scores.joined.turns)} turns",
            scores.dialogues,
            scores.joined.turns,
        ),
    )
    lines: list[str] = []
    for title, measures, cases in groups:
        if cases:
            lines += [title, *map(_line, measures), "", *_matrix(cases), ""]
    lines.append(_how_sure_and_fast(scores))
    return "\n".join(lines)


def _line(measure: Measure) -> str:
    target = measure.target
    least, aim = limit(target.least, target), limit(target.aim, target)
    return (
        f"  {target.title:<58} {number(measure.value, target):>8}  {counted(measure.score):>11}"
        f"  {least:>7}  {aim:>7}  {verdict(measure)}"
    ).rstrip()


def _matrix(cases: Sequence[Case]) -> list[str]:
    counts = confusion(cases)
    tiers = tuple(reversed(TIERS))
    return [
        f"  {'should be / was':<16}" + "".join(f"{tier:>10}" for tier in tiers),
        *(f"  {should:<16}" + "".join(f"{counts[should, was]:>10}" for was in tiers) for should in tiers),
    ]


def _how_sure_and_fast(scores: Scores) -> str:
    error, times = scores.calibration.error, scores.latency
    sure = "no confidence told" if error is None else f"confidence is off by {error:.3f} on average"
    fast = (
        "no times told"
        if times.p50 is None
        else f"a turn took {times.p50:.0f} ms (p50), {times.p95:.0f} ms (p95)"
    )
    return f"{sure}; {fast}"


def as_json(scores: Scores) -> dict[str, Any]:
    """The same numbers, and those behind them. Only ids that could not be joined are named."""
    joined = scores.joined
    return {
        "counts": {"messages": len(joined.messages), "dialogues": len(joined.dialogues), "turns": len(joined.turns)},
        "not_joined": {
            "only_gold": list(joined.only_gold),
            "only_replay": list(joined.only_replay),
            "other_text": list(joined.other_text),
        },
        "messages": {m.key: _measure(m) for m in (*scores.messages, *scores.assertion)},
        "dialogues": {m.key: _measure(m) for m in scores.dialogues},
        "tiers": {"messages": _nested(joined.messages), "dialogues": _nested(joined.turns)},
        "flags": {row.flag: {"named": _score(row.named), "graded": _score(row.graded)} for row in scores.flag_rows},
        "assertion": {
            row.label: {"found": _score(row.found), "all_findings": _score(row.all_findings)}
            for row in scores.assertion_rows
        },
        "questions": {
            row.question: {**_score(row.right), "taken_for": dict(row.taken_for)} for row in scores.question_rows
        },
        "symptoms": {name: _score(agreement) for name, agreement in scores.symptom_rows},
        "calibration": {
            "error": scores.calibration.error,
            "bins": [
                {"low": b.low, "high": b.high, "confidence": b.confidence, **_score(b.right)}
                for b in scores.calibration.bins
            ],
        },
        "latency_ms": {"of": scores.latency.of, "p50": scores.latency.p50, "p95": scores.latency.p95},
    }


def _measure(measure: Measure) -> dict[str, Any]:
    target = measure.target
    limits = {"at_most" if target.fewer_is_better else "at_least": target.least, "aim": target.aim}
    return {"title": target.title, **_score(measure.score), **limits, "state": measure.state}


def _score(score: Share | Agreement) -> dict[str, Any]:
    if isinstance(score, Share):
        return {"value": score.value, "hits": score.hits, "of": score.of, "interval": score.interval}
    return {
        "value": score.value,
        "precision": score.precision,
        "recall": score.recall,
        "right": score.right,
        "claimed": score.claimed,
        "wanted": score.wanted,
    }


def _nested(cases: Sequence[Case]) -> dict[str, dict[str, int]]:
    counts = confusion(cases)
    return {should: {was: counts[should, was] for was in TIERS} for should in TIERS}
