"""What a conversation has established. One JSON value that travels with every turn (docs/architecture.md, "The report")."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from aftercare.knowledge.model import Tier, highest
from aftercare.triage.reading import CHANGE, IS_THERE, SIGNS, Finding, Reading
from aftercare.triage.time_expressions import ROUNDED_BY, TimeMention

VERSION = 1
UNKNOWN_DAY = 3
"""Days: a patient who does not say the day is graded as on day 3 or later (red_flags.md R23)."""
STANDS = frozenset({"present", "uncertain"})
FADES = "better"
IN_WEEKS = re.compile(r"\b(week|wk|fortnight|month)", re.IGNORECASE)
EXACTLY = re.compile(r"\b(today|tomorrow|yesterday|exactly)\b", re.IGNORECASE)
GOES_ON = re.compile(r"\b(?:now|already|straight|running)\b", re.IGNORECASE)
PAST_MOMENTS = frozenset({"loose", "other"})
"""Kinds of times at which something happened that is not known to be the treatment."""
EXPOSURE, NUMBNESS = "needle_exposure", "numbness"
NUMB_FOR = 21
"""Days that skin is taken to have been numb since the treatment, at most."""
THINGS = frozenset({"product", "activity", "topic"})
ABOUT = SIGNS | THINGS
"""Kinds that a message can be about."""
POINTS_BACK = re.compile(r"\b(it|its|it'?s|they|them|they'?(re|ve)|theyre|these|those|this|that)\b", re.IGNORECASE)
SETS_ASIDE = re.compile(
    r"\bnot\s+(about\s+|asking about\s+|talking about\s+)?(the|my|those|these)\s+(\w+\s+)?$", re.IGNORECASE
)
"""Before a sign that a correction sets aside ("the redness, not the bumps"): no word on whether it is there."""
HAS_COME = re.compile(
    r"\b(it|that|this|they|those|one|some|what (we|you|i) \w+( \w+)?)\b[^.?!]{0,40}?"
    r"\b(has come|have come|came( up)?|has (started|begun|happened|appeared)|(just )?(started|happened|appeared|showed up)"
    r"|is (there|here|happening) now|is happening|did (come|happen|appear))\b"
    r"|\b(now (i|we|she|he) (do )?(have|got|has|see)|(i|we)('?ve)? (do )?(have|got|see) (it|that|them|one|some) now"
    r"|now (it|that|this)('?s| is| has) (there|here|come|started|happened))\b",
    re.IGNORECASE,
)
"""What was only supposed is here: "what we spoke about, it has come"."""


@dataclass(frozen=True)
class Sign:
    """A finding that the conversation knows of, as last spoken of. ``turn`` is the number of that message, from 1.

    ``doubted`` as in ``Finding``, until a message tells of it without doubt.
    """

    item: str
    kind: str
    assertion: str
    qualities: tuple[str, ...]
    words: str
    turn: int
    other: bool = False
    doubted: bool = False

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
    ``asked`` is our own open question: ``check``, ``day`` or ``check_day``. ``checked_at`` is when the check question was
    last put, ``check_denied`` whether it was answered with no. ``open_tier`` is emergency or urgent once reached, until
    staff close it; ``soon`` and ``urgent`` are the signs and risks for which the patient was sent to the clinic in a
    day or two, or today. ``told_on`` is the day of the last message.
    """

    treated_on: date | None = None
    not_after: date | None = None
    signs: tuple[Sign, ...] = ()
    subject: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    asked: str | None = None
    day_asked: bool = False
    checked_at: datetime | None = None
    check_denied: bool = False
    open_tier: Tier = "none"
    open_flags: tuple[str, ...] = ()
    soon: tuple[str, ...] = ()
    urgent: tuple[str, ...] = ()
    worries: Mapping[str, int] = field(default_factory=dict)
    offered: str | None = None
    last_sources: tuple[str, ...] = ()
    turn: int = 0
    day_turn: int = 0
    asked_day: int | None = None
    told_on: date | None = None

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
        for name in ("treated_on", "not_after", "checked_at", "told_on"):
            data[name] = data[name].isoformat() if data[name] else None
        data["worries"] = dict(self.worries)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Report:
        """Read back; an empty report of None, and of one written by another version."""
        if not data or data.get("version") != VERSION:
            return cls(treated_on=_date(data.get("treated_on")) if data else None)
        values = {k: v for k, v in data.items() if k in cls.__dataclass_fields__}
        for name in ("treated_on", "not_after", "told_on"):
            values[name] = _date(values.get(name))
        checked_at = values.get("checked_at")
        values["checked_at"] = datetime.fromisoformat(checked_at) if checked_at else None
        values["signs"] = tuple(Sign(**{**s, "qualities": tuple(s["qualities"])}) for s in data.get("signs", ()))
        for name in ("subject", "questions", "open_flags", "soon", "urgent", "last_sources"):
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
        elif not _only_set_aside(finding, signs, reading.text):
            signs[finding.item] = _merged(signs.get(finding.item), finding, turn)
    _come_true(signs, reading, report.subject, turn)
    subject = subjects(reading, report.subject) or report.subject
    return replace(report, signs=tuple(signs.values()), subject=subject, told_on=now.date())


def subjects(reading: Reading, before: Sequence[str] = ()) -> tuple[str, ...]:
    """What a message is about, as item ids in the order of the text; empty where it names nothing of its own.

    What is ruled out counts where nothing else is named, and a red flag that is ruled out ("no pus, not even itchy") only
    where no sign is. A thing found in words that point back ("how long will I have them") is no subject beside what the
    conversation was about ``before``, and neither is what is ruled out without a question ("not sore, just brown").
    """
    named = [f for f in reading.findings if f.kind in ABOUT and f.item != CHANGE]
    if before and all(f.kind in THINGS and POINTS_BACK.search(f.text) for f in named):
        return ()
    live = [f for f in named if f.assertion not in ("negated", "idiom")]
    if before and not live and "?" not in reading.text and all(f.assertion == "negated" for f in named):
        return ()
    chosen = live or [f for f in named if f.kind != "finding"] or named
    return tuple(dict.fromkeys(f.item for f in chosen))


def _only_set_aside(finding: Finding, signs: Mapping[str, Sign], text: str) -> bool:
    """Whether a known sign is only no longer what the question is about: saying so does not take it away."""
    known = signs.get(finding.item)
    aside = finding.assertion == "negated" and SETS_ASIDE.search(text[: finding.start])
    return bool(aside and known and known.counts)


def _come_true(signs: dict[str, Sign], reading: Reading, subject: Sequence[str], turn: int) -> None:
    """What was asked of as a mere possibility stands once the patient says, without its name, that it is there now."""
    if any(f.kind in SIGNS for f in reading.findings) or not HAS_COME.search(reading.text):
        return
    for item in subject:
        sign = signs.get(item)
        if sign and sign.kind in SIGNS and sign.assertion in ("hypothetical", "information"):
            signs[item] = replace(sign, assertion="uncertain", turn=turn)


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
        finding.doubted and (old is None or old.doubted or not old.counts),
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
    exposed = _days_since_exposure(reading, today)
    for mention in reading.times:
        days = mention.days_before(today)
        if days is None:
            continue
        kind = mention.kind
        alone = kind == "unclear" and only_time and report.treated_on is None and report.asked != "check"
        if alone or (day_asked and kind in ("unclear", "loose")):
            kind = "since"
        if kind in PAST_MOMENTS and days == exposed and report.treated_on is None:
            kind = "since"
        if kind == "next" and report.told_on == today and report.treated_on is not None and "?" not in reading.text:
            report = replace(report, treated_on=report.treated_on - timedelta(days=days), day_turn=report.turn)
        if mention.weak and report.treated_on is not None and not day_asked:
            continue
        if kind == "since" and not _only_rounds(mention, days, report.day(now)):
            report = replace(report, treated_on=today - timedelta(days=days), not_after=None, day_turn=report.turn)
        elif kind == "asked":
            report = replace(report, asked_day=days)
        elif kind == "lasting" and (
            (0 < days <= NUMB_FOR and (report.day(now) or 0) < days and _is_numb(reading))
            or (report.treated_on is None and _is_as_old_as_treatment(mention, days, reading))
        ):
            report = replace(report, treated_on=today - timedelta(days=days), not_after=None, day_turn=report.turn)
        elif kind in ("onset", "lasting") and report.treated_on is None and days > (report.at_least(now) or 0):
            report = replace(report, not_after=today - timedelta(days=days), day_turn=report.turn)
    return report


def _is_as_old_as_treatment(mention: TimeMention, days: int, reading: Reading) -> bool:
    """Whether "ten days of little bumps" is how long ago the treatment was: a sign of the skin that goes on until now, or
    for a week and longer, has most often been there since then. Under a week the few days between them would decide."""
    of_skin = any(f.kind == "symptom" and f.assertion in IS_THERE for f in reading.findings)
    return of_skin and (days >= 7 or (bool(GOES_ON.search(mention.text)) and days > 0))


def _days_since_exposure(reading: Reading, today: date) -> int | None:
    """Days since a needle exposure, from which red_flags.md ruling 14 counts; None without one, or where a message tells of
    several moments. A "today" beside one earlier moment is the day of writing."""
    if not any(f.item == EXPOSURE and f.assertion in STANDS for f in reading.findings):
        return None
    told = {m.days_before(today) for m in reading.times if m.kind in PAST_MOMENTS} - {None}
    earlier = told - {0}
    return earlier.pop() if len(earlier) == 1 else 0 if told == {0} else None


def _is_numb(reading: Reading) -> bool:
    """Whether a message tells of numb skin and of no other sign: it has been so since the numbing cream, on the day of the
    treatment."""
    signs = {f.item for f in reading.findings if f.kind in SIGNS and f.assertion in STANDS}
    return signs == {NUMBNESS}


def _only_rounds(mention: TimeMention, days: int, known: int | None) -> bool:
    """Whether "about a week" is said of a treatment whose day is known, and near: then the known day stays."""
    rough = bool(IN_WEEKS.search(mention.text)) and not EXACTLY.search(mention.text)
    return known is not None and rough and abs(days - known) <= ROUNDED_BY


def raised(report: Report, tier: Tier, flags: Sequence[str]) -> Report:
    """The report with an emergency or urgent tier kept open (red_flags.md ruling 23). Soon is a case, but colours nothing."""
    if tier not in ("emergency", "urgent"):
        return report
    return replace(
        report, open_tier=highest(report.open_tier, tier), open_flags=tuple(dict.fromkeys((*report.open_flags, *flags)))
    )
