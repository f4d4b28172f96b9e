"""How the queue and the signs of a conversation read on a page. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from aftercare.conversation.board import Board
from aftercare.conversation.cases import Case
from aftercare.conversation.handoff_rules import HandoffRules
from aftercare.conversation.queue import Entry
from aftercare.conversation.turns import TurnRecord
from aftercare.web.case_view import TIER_NAMES, waited

GROUPS = {
    "waiting": ("Waiting", "Nobody is waiting."),
    "mine": ("Mine", "You have no conversation."),
    "others": ("With colleagues", "No colleague has a conversation."),
    "closed": ("Closed today", "Nothing was closed today."),
}
"""Key -> heading, and the sentence for an empty group."""

MOST_ROWS = 60
"""Rows of a group where more are not asked for: what comes after them is less urgent."""

ALL_ROWS = 2000
"""Rows of a group that is asked for as a whole; a page of more is of no use to anybody."""

MOST_ALARMS = 20
"""Alarms at once: one that rings beside twenty others is not missed."""

NEAR = 3
"""A target is near in the last third of its time."""

OUTCOME_NAMES = {
    "advice_given": "Advice given",
    "called": "Called the patient",
    "booked": "Appointment booked",
    "sent_to_urgent_care": "Sent to urgent care",
    "emergency_called": "Emergency services called",
    "no_answer": "Patient did not answer",
    "not_needed": "No help needed",
}

ASSERTIONS = {
    "present": "there",
    "uncertain": "perhaps there",
    "resolving": "going away",
    "negated": "not there",
    "historical": "in the past",
    "hypothetical": "asked about",
    "information": "asked about",
    "other_person": "another person's",
    "idiom": "a figure of speech",
}
STANDING = frozenset({"present", "uncertain"})
TRENDS = {
    "worse": "worse",
    "spreading": "spreading",
    "returned": "back again",
    "one_sided": "one side",
    "same": "same",
    "better": "better",
    "severe": "severe",
    "mild": "mild",
}
COUNTS = {"few": "a few", "many": "many", "1": "one"}
SIZES = frozenset({"tiny", "small", "big"})
SIGNS = frozenset({"symptom", "finding"})


@dataclass(frozen=True)
class Target:
    """How the waiting time stands to the clinic's target. ``level``: ok, near or late."""

    level: str
    text: str


@dataclass(frozen=True)
class QueueRow:
    """A case in the queue, as it is shown: two equal ones look the same."""

    id: str
    tier: str
    tier_name: str
    reason: str
    hits: tuple[tuple[str, str, str, tuple[str, ...]], ...]
    state: str
    target: Target | None
    unread: int
    typing: bool
    away: bool
    left: bool


@dataclass(frozen=True)
class Filter:
    """What of the queue is shown; an empty text is everything. ``whole``: the group that is not cut."""

    tier: str = ""
    reason: str = ""
    whole: str = ""

    def rows(self, group: str) -> int:
        """How many rows of a group are shown."""
        return ALL_ROWS if group == self.whole else MOST_ROWS

    def query(self, **other: str) -> str:
        """As the query of an address, with other values for some."""
        return urlencode({name: value for name, value in {**asdict(self), **other}.items() if value})

    def takes(self, case: Case) -> bool:
        return self.tier in ("", case.tier) and self.reason in ("", case.handoff)


@dataclass(frozen=True)
class Sign:
    """A sign in one message: what the patient says of it. ``level``: there, gone or asked."""

    text: str
    level: str


@dataclass(frozen=True)
class Strip:
    """Signs over time: ``seqs`` are the messages that speak of any, ``rows`` a sign's name and what each of them says of it."""

    seqs: tuple[int, ...]
    rows: tuple[tuple[str, tuple[Sign | None, ...]], ...]


def queue_groups(board: Board, staff_id: str, chosen: Filter) -> dict[str, list[Entry]]:
    """The entries of each group for one member of staff."""
    claimed = board.queue.others
    groups = {
        "waiting": board.queue.waiting,
        "mine": tuple(entry for entry in claimed if entry.case.assignee_id == staff_id),
        "others": tuple(entry for entry in claimed if entry.case.assignee_id != staff_id),
        "closed": board.queue.closed_today,
    }
    return {key: [entry for entry in entries if chosen.takes(entry.case)] for key, entries in groups.items()}


def queue_row(entry: Entry, unread: int, rules: HandoffRules, now: datetime) -> QueueRow:
    """A row; ``unread`` as counted for who looks."""
    case = entry.case
    closed = case.status == "closed"
    return QueueRow(
        id=case.id,
        tier=case.tier,
        tier_name=TIER_NAMES[case.tier],
        reason=case.reason,
        hits=tuple((hit["title"], hit["flag"], hit["rule"], tuple(hit["words"])) for hit in case.hits[:3]),
        state=_state(case, now),
        target=target(case.tier, entry.target_at, rules, now) if case.status == "waiting" else None,
        unread=0 if closed else unread,
        typing=entry.typing and not closed,
        away=entry.holder_there is False,
        left=case.left_at is not None and not closed,
    )


def target(tier: str, due: datetime, rules: HandoffRules, now: datetime) -> Target:
    """The target in words."""
    left = due - now
    if left < timedelta(0):
        return Target("late", f"Late by {waited(-left)}")
    level = "near" if left <= rules.targets[tier] / NEAR else "ok"
    return Target(level, f"{'Only ' if level == 'near' else ''}{waited(left)} left")


def queue_summary(groups: Mapping[str, Sequence[Entry]]) -> str:
    """The queue in a sentence, for who cannot see that it changed."""
    waiting = groups["waiting"]
    emergencies = sum(entry.case.tier == "emergency" for entry in waiting)
    urgent = sum(entry.case.tier == "urgent" for entry in waiting)
    said = [
        *([f"{emergencies} {'emergency' if emergencies == 1 else 'emergencies'}"] if emergencies else []),
        *([f"{urgent} urgent"] if urgent else []),
    ]
    return f"{len(waiting) or 'None'} waiting{': ' + ', '.join(said) if said else ''}. {len(groups['mine']) or 'None'} yours."


def alarms(board: Board) -> list[dict[str, str]]:
    """The newest waiting cases that ring: which they are (never what was said) and how urgent."""
    ringing = [entry.case for entry in board.queue.waiting if entry.case.tier in ("emergency", "urgent")]
    newest = sorted(ringing, key=lambda case: case.updated_at, reverse=True)[:MOST_ALARMS]
    return [{"id": case.id, "tier": case.tier, "name": TIER_NAMES[case.tier]} for case in newest]


def strip(records: Iterable[TurnRecord], title_of: Callable[[str], str]) -> Strip:
    """The signs that the patient's messages speak of, as the assistant understood them."""
    told: dict[str, dict[int, list[Mapping[str, Any]]]] = {}
    for record in records:
        for entity in (record.outcome or {}).get("entities", ()):
            if entity.get("type") in SIGNS and "assertion" in entity:
                told.setdefault(entity["value"], {}).setdefault(record.seq, []).append(entity)
    said = {item: {seq: _sign(entities) for seq, entities in by_seq.items()} for item, by_seq in told.items()}
    seqs = tuple(sorted({seq for by_seq in said.values() for seq in by_seq}))
    rows = tuple((title_of(item), tuple(by_seq.get(seq) for seq in seqs)) for item, by_seq in said.items())
    return Strip(seqs, rows)


def _sign(entities: Sequence[Mapping[str, Any]]) -> Sign:
    """What one message says of a sign that it names once or several times ("peeling on the chin, my nose is peeling too")."""
    entity = entities[-1]
    assertion = entity["assertion"]
    words = [ASSERTIONS.get(assertion, assertion.replace("_", " "))]
    words += [name for quality, name in TRENDS.items() if quality in entity.get("qualities", ())]
    words += dict.fromkeys(name for one in entities if one["assertion"] == assertion for name in _attributes(one))
    if entity.get("seems"):
        words.append(f"seems {ASSERTIONS.get(entity['seems'], entity['seems'].replace('_', ' '))}")
    if entity.get("other"):
        words.append("another person")
    level = (
        "there" if assertion in STANDING else "gone" if assertion in ("negated", "resolving", "historical") else "asked"
    )
    return Sign(", ".join(words), level)


def _attributes(entity: Mapping[str, Any]) -> list[str]:
    """Where a sign is, how many there are and how large, as the message tells it: "left cheek", "3 of them", "size of a pea"."""
    sites = [site.replace("_", " ") for site in entity.get("sites", ())]
    side, count, size = entity.get("side"), entity.get("count"), entity.get("size")
    if side in ("left", "right"):
        sites = [f"{side} {site}" for site in sites] or [f"{side} side"]
    elif side == "both":
        sites.append("both sides")
    elif side == "one" and "one_sided" not in entity.get("qualities", ()):
        sites.append("one side")
    told = [*sites, *([COUNTS.get(count, f"{count} of them")] if count else []), *([_size(size)] if size else [])]
    return [*told, f"{entity['celsius']:.1f} °C"] if "celsius" in entity else told


def _size(size: str) -> str:
    return (
        size if size in SIZES or size.endswith("mm") else "twice its size" if size == "double" else f"size of a {size}"
    )


def _state(case: Case, now: datetime) -> str:
    if case.status == "closed":
        outcome = OUTCOME_NAMES.get(case.outcome or "", "Handed back to the assistant")
        return f"{outcome}{', ' + case.assignee if case.assignee else ''}"
    if case.status == "claimed":
        return f"{case.assignee}, open for {waited(now - case.opened_at)}"
    return f"Waiting for {waited(now - case.waiting_since)}"
