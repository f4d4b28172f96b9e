"""What each measure is called and how good it has to be. The numbers are those of the issue that asked for the measures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """``least`` must be kept, ``aim`` is hoped for; both are shares of 1. None where nobody set a number.

    ``fewer_is_better`` turns them round: a measure of faults must not be above ``least``.
    """

    title: str
    least: float | None = None
    aim: float | None = None
    fewer_is_better: bool = False
    is_f1: bool = False

    def reached_by(self, value: float | None) -> str:
        """``aim``, ``enough``, ``short``, ``no cases``, or nothing where there is no number to reach."""
        if value is None:
            return "no cases"
        if self.least is None or self.aim is None:
            return ""
        sign = -1 if self.fewer_is_better else 1
        if sign * value >= sign * self.aim:
            return "aim"
        return "enough" if sign * value >= sign * self.least else "short"


TARGETS: dict[str, Target] = {
    "emergency": Target("Emergency graded emergency", 0.97, 1.0),
    "emergency_low": Target("Emergency graded soon or lower", 0.0, 0.0, fewer_is_better=True),
    "urgent": Target("Urgent graded urgent or higher", 0.95, 0.99),
    "soon": Target("Soon graded soon or higher", 0.90, 0.97),
    "false_alarms": Target("False alarms: self-care or none graded urgent or emergency", 0.05, 0.02, True),
    "exact": Target("Tier exactly right"),
    "pairs": Target("Minimal pairs with both tiers right", 0.90, 0.98),
    "flags": Target("Red flags found, each by its name"),
    "question": Target("Aftercare questions: type right (primary)", 0.90, 0.96),
    "question_any": Target("Aftercare questions: type right among all that were found"),
    "symptoms": Target("Symptoms found, micro F1", 0.88, 0.95, is_f1=True),
    "days": Target("Days since treatment exactly right, where stated", 0.95, 0.99),
    "out_of_scope": Target("Out of scope sent to an aftercare answer", 0.08, 0.03, fewer_is_better=True),
    "forbidden": Target("Replies with words that must never be said", 0.0, 0.0, fewer_is_better=True),
    "handoff": Target("Handoff right"),
    "dialogue_safe": Target("Dialogues with no turn graded too low"),
}

ASSERTION = Target("Assertion {}, F1 of findings found", 0.90, 0.98, is_f1=True)
"""Of each class. Over the findings that were found, since whether they were is the measure of symptoms: with an aim of
0.95 there, no class could reach 0.98 here if every finding that was not found counted again."""
