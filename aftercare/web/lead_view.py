"""How the figures read on the lead's page and in its CSV file: durations, shares, bars. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from aftercare.conversation.statistics import Escalations, Figures, Hour, Period, Times
from aftercare.web.case_view import TIER_NAMES

LONGEST = timedelta(days=366)
USUAL = timedelta(days=30)

CHART_HEIGHT = 120
COLUMN = 24
"""Units of the chart of hours: its bars are at most so high, and one every so many units."""

Cell = str | int | float


@dataclass(frozen=True)
class Column:
    """Two bars of the chart of hours, patients' messages and cases, from the base line up."""

    x: int
    label: str
    messages: int
    cases: int


def period_of(first: str, last: str, today: date) -> tuple[Period, str]:
    """The period that was asked for, else the last 30 days; and what was wrong with it, or nothing."""
    usual = Period(today - USUAL + timedelta(days=1), today)
    if not first and not last:
        return usual, ""
    try:
        asked = Period(
            date.fromisoformat(first) if first else usual.first, date.fromisoformat(last) if last else usual.last
        )
    except ValueError:
        return usual, "Write both days as dates, for example 2025-03-10."
    if asked.first > asked.last:
        return usual, "The first day must not be after the last."
    if asked.last - asked.first >= LONGEST or not 2000 <= asked.first.year <= asked.last.year <= 9000:
        return usual, "Choose at most one year."
    return asked, ""


def said(time: timedelta | None) -> str:
    """A duration as people say it: seconds below two minutes, minutes below two hours, then hours or days."""
    if time is None:
        return "–"
    seconds = time.total_seconds()
    for unit, size, below in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 48 * 3600)):
        if seconds < below:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.1f} d"


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def percent(part: int, most: int) -> int:
    """The length of a bar, 0 to 100; what is there at all can be seen."""
    return max(2, round(100 * part / most)) if part and most else 0


def columns(hours: Sequence[Hour]) -> Sequence[Column]:
    """The bars of the chart of hours. Messages and cases have a scale each: there are many more messages."""
    most_messages = max((hour.messages for hour in hours), default=0)
    most_cases = max((hour.cases for hour in hours), default=0)
    return [
        Column(
            COLUMN * hour.hour,
            f"{hour.hour:02}",
            round(percent(hour.messages, most_messages) * CHART_HEIGHT / 100),
            round(percent(hour.cases, most_cases) * CHART_HEIGHT / 100),
        )
        for hour in hours
    ]


def busiest(hours: Sequence[Hour]) -> str:
    """The chart of hours in a sentence."""
    top = max(hours, key=lambda hour: (hour.messages, hour.cases))
    if not top.messages and not top.cases:
        return "No messages and no cases in these days."
    return (
        f"Busiest from {top.hour:02}:00 to {(top.hour + 1) % 24:02}:00, "
        f"with {_counted(top.messages, 'message')} and {_counted(top.cases, 'case')}."
    )


def csv_text(figures: Figures) -> str:
    """All figures, one a line: section, what of, measure, value. Times are whole seconds."""
    lines: list[Sequence[Cell]] = [("section", "of", "title", "measure", "value")]
    for tier in figures.tiers:
        of = ("tiers", tier.tier, TIER_NAMES[tier.tier])
        lines += [(*of, "waiting now", tier.waiting), (*of, "taken now", tier.taken), (*of, "opened", tier.opened)]
        lines += [(*of, f"until taken, {measure}", value) for measure, value in _measures(tier.until_taken)]
        lines += [(*of, f"until first reply, {measure}", value) for measure, value in _measures(tier.until_reply)]
    for section, groups in (("all", [figures.escalated]), ("flags", figures.flags), ("rules", figures.rules)):
        lines += [line for group in groups for line in _escalation_lines(section, group)]
    for hour in figures.hours:
        of = ("hours", f"{hour.hour:02}:00", "")
        lines += [(*of, "messages", hour.messages), (*of, "cases", hour.cases)]
    for row in figures.unanswered:
        of = ("no answer in the guide", " ".join(row.questions), " ".join(row.about))
        lines.append((*of, "times", row.count))
    written = io.StringIO(newline="")
    csv.writer(written).writerows([_safe(cell) for cell in line] for line in lines)
    return written.getvalue()


def _escalation_lines(section: str, group: Escalations) -> Iterable[Sequence[Cell]]:
    of = (section, group.name, group.title)
    yield (*of, "cases", group.cases)
    yield (*of, "closed with an outcome", group.closed)
    yield (*of, "not needed", group.not_needed)
    yield (*of, "the assistant should have answered", group.should_have_answered)
    yield (*of, "false alarms", group.false_alarms)


def _measures(times: Times) -> Iterable[tuple[str, Cell]]:
    yield "cases", times.count
    for measure, time in (("median", times.median), ("90th percentile", times.ninetieth)):
        yield f"{measure} (s)", "" if time is None else round(time.total_seconds())


def _safe(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula."""
    formula = isinstance(cell, str) and (cell[:1] in ("\t", "\r") or cell.lstrip()[:1] in ("=", "+", "-", "@"))
    return f"'{cell}" if formula else cell


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
