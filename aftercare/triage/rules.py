"""Evaluates rule conditions over a report and gathers the words that they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aftercare.knowledge import Condition
from aftercare.triage.report import Sign


@dataclass(frozen=True)
class Evidence:
    """Why a condition holds: the signs it rests on, and whether the day had a part in it."""

    signs: tuple[Sign, ...] = ()
    used_day: bool = False


def holds(condition: str | Condition, signs: Mapping[str, Sign], day: int) -> Evidence | None:
    """Evidence where the condition holds on ``day`` (days since treatment), else None."""
    if isinstance(condition, str):
        return _leaf(condition, signs)
    if condition.day and not condition.day[0] <= day <= condition.day[1]:
        return None
    if any(holds(c, signs, day) for c in condition.none):
        return None
    needed = [holds(c, signs, day) for c in condition.all]
    if any(e is None for e in needed):
        return None
    options = [e for c in condition.any if (e := holds(c, signs, day)) is not None]
    if condition.any and len({s.item for e in options for s in e.signs}) < condition.at_least:
        return None
    return _joined([e for e in (*needed, *options) if e is not None], used_day=condition.day is not None)


def _leaf(leaf: str, signs: Mapping[str, Sign]) -> Evidence | None:
    if leaf.startswith("@"):
        kind = tuple(sign for sign in signs.values() if sign.kind == leaf[1:] and sign.counts)
        return Evidence(kind[:1]) if kind else None
    item, _, quality = leaf.partition(":")
    sign = signs.get(item)
    if sign is None or not sign.counts or (quality and quality not in sign.qualities):
        return None
    return Evidence((sign,))


def _joined(parts: Sequence[Evidence], used_day: bool) -> Evidence:
    signs = {s.item: s for e in parts for s in e.signs}
    return Evidence(tuple(signs.values()), used_day or any(e.used_day for e in parts))


def days_matter(condition: str | Condition) -> bool:
    """Whether a condition speaks of the day anywhere."""
    if isinstance(condition, str):
        return False
    return condition.day is not None or any(
        days_matter(c) for part in (condition.all, condition.any, condition.none) for c in part
    )


def leaves(condition: str | Condition) -> set[str]:
    """The items that a condition speaks of."""
    if isinstance(condition, str):
        return {condition.partition(":")[0]}
    return {leaf for part in (condition.all, condition.any, condition.none) for c in part for leaf in leaves(c)}
