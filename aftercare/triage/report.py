"""What a conversation has established. One JSON value that travels with every turn (docs/architecture.md, "The report")."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from aftercare.knowledge.model import Tier, highest
from aftercare.triage.reader import CHANGE, SIGNS, Finding, Reading
from aftercare.triage.time_expressions import TimeMention

VERSION = 1
UNKNOWN_DAY = 3
"""Days: a patient who does not say the day is graded as on day 3 or later (red_flags.md R23)."""
STANDS = frozenset({"present", "uncertain", "other_person"})
FADES = "better"
IN_WEEKS = re.compile(r"\b(week|wk|fortnight|month)", re.IGNORECASE)
ROUNDED_BY = 3
"""Days by which a time told in weeks or months may be off."""


@dataclass(frozen=True)
class Sign:
    """A finding that the conversation knows of, as last spoken of. ``turn`` is the number of that message, from 1."""

    item: str
    kind: str
    assertion: str
    qualities: tuple[str, ...]
    words: str
    turn: int
    other: bool = False

    @property
    def counts(self) -> bool:
        """Whether rules may build on it. A red-flag finding that has just gone still counts (red_flags.md section 6 rule 6)."""
        if self.assertion in STANDS:
            return True
        return self.assertion == "resolving" and (self.kind == "finding" or FADES in self.qualities)


@dataclass(frozen=True)
class Report:
    """The established facts of one conversation.

    ``treated_on`` is the treatment day (day 0); ``not_after`` the latest it can have been, where only that is known.
    ``asked`` is our own open question: ``check``, ``day`` or ``check_day``. ``cleared`` are the signs for which the
    check question was answered with no. ``open_tier`` is emergency or urgent once reached, until staff close it.
    """

    treated_on: date | None = None
    not_after: date | None = None
    signs: tuple[Sign, ...] = ()
    subject: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    asked: str | None = None
    day_asked: bool = False
    cleared: tuple[str, ...] = ()
    open_tier: Tier = "none"
    open_flags: tuple[str, ...] = ()
    worries: Mapping[str, int] = field(default_factory=dict)
    offered: str | None = None
    last_sources: tuple[str, ...] = ()
    turn: int = 0
    day_turn: int = 0
    asked_day: int | None = None

    def day(self, now: datetime) -> int | None:
        """Days since treatment at ``now`` (in its own time zone); None where the day is not known."""
        return max((now.date() - self.treated_on).days, 0) if self.treated_on else None

    def at_least(self, now: datetime) -> int | None:
        """The least number of days that must have passed, where only a duration is known."""
        return max((now.date() - self.not_after).days, 0) if self.not_after else None

    def graded_day(self, now: datetime) -> int:
        """The day that rules use: the known one, else day 3 or the later one that a duration proves."""
        known = self.day(now)
        return known if known is not None else max(UNKNOWN_DAY, self.at_least(now) or 0)

    def sign(self, item: str) -> Sign | None:
        return next((s for s in self.signs if s.item == item), None)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        data = asdict(self)
        data["version"] = VERSION
        for name in ("treated_on", "not_after"):
            data[name] = data[name].isoformat() if data[name] else None
        data["worries"] = dict(self.worries)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Report:
        """Read back; an empty report of None, and of one written by another version."""
        if not data or data.get("version") != VERSION:
            return cls(treated_on=_date(data.get("treated_on")) if data else None)
        values = {k: v for k, v in data.items() if k in cls.__dataclass_fields__}
        for name in ("treated_on", "not_after"):
            values[name] = _date(values.get(name))
        values["signs"] = tuple(Sign(**{**s, "qualities": tuple(s["qualities"])}) for s in data.get("signs", ()))
        for name in ("subject", "questions", "cleared", "open_flags", "last_sources"):
            values[name] = tuple(values.get(name) or ())
        return cls(**values)


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def update(report: Report, reading: Reading, now: datetime) -> Report:
    """The report after one more message. Pure: ``now`` is the message's time in the clinic's time zone."""
    turn = report.turn + 1
    report = replace(report, turn=turn, asked_day=None)
    report = _with_times(report, reading, now)
    signs = {s.item: s for s in report.signs}
    for finding in reading.findings:
        if finding.item == CHANGE:
            _change(signs, finding, report.subject, turn)
        else:
            signs[finding.item] = _merged(signs.get(finding.item), finding, turn)
    subject = subjects(reading) or report.subject
    return replace(report, signs=tuple(signs.values()), subject=subject)


def subjects(reading: Reading) -> tuple[str, ...]:
    """What a message is about, as item ids in the order of the text: everything named that is not ruled out."""
    kinds = ("symptom", "finding", "product", "activity", "topic")
    named = [f.item for f in reading.findings if f.kind in kinds and f.item != CHANGE]
    live = [
        f.item
        for f in reading.findings
        if f.kind in kinds and f.item != CHANGE and f.assertion not in ("negated", "idiom")
    ]
    return tuple(dict.fromkeys(live or named))


def _merged(old: Sign | None, finding: Finding, turn: int) -> Sign:
    """The newest word on a sign stands; within one message a present mention wins over the others."""
    new = Sign(
        finding.item,
        finding.kind,
        finding.assertion,
        tuple(sorted(finding.qualities)),
        finding.text,
        turn,
        finding.other,
    )
    if old is None:
        return new
    if old.turn == turn:
        strong, weak = (old, new) if old.counts and not new.counts else (new, old)
        qualities = tuple(sorted({*strong.qualities, *(weak.qualities if weak.counts else ())}))
        return replace(strong, qualities=qualities)
    if new.assertion in ("hypothetical", "information", "idiom"):
        return old if old.counts else new
    if new.counts and old.counts:
        kept = (
            [q for q in old.qualities if q not in ("better", "worse", "same", "returned")]
            if set(new.qualities) & {"better", "worse", "same", "returned"}
            else old.qualities
        )
        assertion = "present" if new.assertion == "resolving" and FADES not in new.qualities else new.assertion
        return replace(new, assertion=assertion, qualities=tuple(sorted({*kept, *new.qualities})))
    return new


def _change(signs: dict[str, Sign], finding: Finding, subject: Sequence[str], turn: int) -> None:
    """'It is getting worse' speaks of the signs that the conversation is about, else of the skin as a whole."""
    targets = [i for i in subject if i in signs and signs[i].kind in SIGNS and signs[i].counts]
    for item in targets:
        signs[item] = _merged(signs[item], replace(finding, item=item, kind=signs[item].kind), turn)
    if not targets:
        signs[CHANGE] = _merged(signs.get(CHANGE), finding, turn)


def _with_times(report: Report, reading: Reading, now: datetime) -> Report:
    today = now.date()
    only_time = not reading.findings
    day_asked = report.asked in ("day", "check_day")
    for mention in reading.times:
        days = mention.days_before(today)
        if days is None:
            continue
        kind = mention.kind
        alone = kind == "unclear" and only_time and report.treated_on is None and report.asked != "check"
        if alone or (day_asked and kind in ("unclear", "loose")):
            kind = "since"
        if kind == "since" and not _only_rounds(mention, days, report.day(now)):
            report = replace(report, treated_on=today - timedelta(days=days), not_after=None, day_turn=report.turn)
        elif kind == "asked":
            report = replace(report, asked_day=days)
        elif kind in ("onset", "lasting") and report.treated_on is None and days > (report.at_least(now) or 0):
            report = replace(report, not_after=today - timedelta(days=days), day_turn=report.turn)
    return report


def _only_rounds(mention: TimeMention, days: int, known: int | None) -> bool:
    """Whether "about a week" is said of a treatment whose day is known, and near: then the known day stays."""
    return known is not None and bool(IN_WEEKS.search(mention.text)) and abs(days - known) <= ROUNDED_BY


def raised(report: Report, tier: Tier, flags: Sequence[str]) -> Report:
    """The report with an emergency or urgent tier kept open (red_flags.md ruling 23). Soon is a case, but colours nothing."""
    if tier not in ("emergency", "urgent"):
        return report
    return replace(
        report, open_tier=highest(report.open_tier, tier), open_flags=tuple(dict.fromkeys((*report.open_flags, *flags)))
    )
