"""When the clinic is open, by its own clock: weekly hours, holidays, daylight-saving changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from itertools import groupby
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

DAY = 24 * 60
"""Minutes."""

HORIZON = 400
"""Days that are searched for the next opening or closing."""

_MINUTE = timedelta(minutes=1)
_RANGE = re.compile(r"(\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)")


@dataclass(frozen=True, order=True)
class Range:
    """Minutes of the clinic's clock since the midnight on which the day began: from ``start`` until before ``end``.

    ``end`` is above 1,440 where the range goes on after midnight; it belongs to the day on which it starts.
    """

    start: int
    end: int

    @classmethod
    def parse(cls, text: str) -> Range:
        """``09:00-17:30``; ``22:00-02:00`` ends on the next day. Raises ValueError that says what is wrong."""
        found = _RANGE.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"{text!r} is not a range of times")
        first_hour, first_minute, last_hour, last_minute = map(int, found.groups())
        start, end = first_hour * 60 + first_minute, last_hour * 60 + last_minute
        if start >= DAY or end > DAY:
            raise ValueError(f"{text!r} has a time later than the day: from 00:00 to 24:00")
        if start == end:
            raise ValueError(f"{text!r} ends when it starts")
        return cls(start, end if end > start else end + DAY)

    def text(self) -> str:
        return f"{_clock(self.start)} to {_clock(self.end)}"


@dataclass(frozen=True)
class Holiday:
    """Days, both included, on which only ``ranges`` count instead of the weekday's: closed where there are none."""

    name: str
    first: date
    last: date
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True)
class OpeningHours:
    """``week``: the ranges of each weekday, Monday first. ``zone``: where the clinic's clock stands.

    Moments go in with any offset and come out in UTC, where they may be compared and subtracted. An opening begins with its first minute, and at its
    last minute the clinic is closed: 09:00-17:30 is open at 09:00:00 and closed at 17:30:00. Where clocks are set forward
    over a boundary, it is at the change; where they are set back over it, it is at the first of the two.
    """

    zone: ZoneInfo
    week: tuple[tuple[Range, ...], ...]
    holidays: tuple[Holiday, ...] = ()

    @classmethod
    def daily(cls, zone: ZoneInfo, ranges: Iterable[Range] = (Range(0, DAY),)) -> OpeningHours:
        """The same every day; around the clock where no ranges are given."""
        return cls(zone, (tuple(ranges),) * len(WEEKDAYS))

    def is_open(self, now: datetime) -> bool:
        return self._end_of_range(now) is not None

    def next_opening(self, now: datetime) -> datetime | None:
        """When the clinic opens next, or ``now`` while it is open. None where it stays closed for over a year."""
        if self.is_open(now):
            return now.astimezone(timezone.utc)
        # A range within the hour that is left out in spring has no length.
        return next((start for start, end in self._spans(now, HORIZON) if now < start < end), None)

    def closes_at(self, now: datetime) -> datetime | None:
        """When the clinic closes, over ranges that follow without a gap. None while it is closed, or if it never closes."""
        last = now.astimezone(timezone.utc) + timedelta(days=HORIZON)
        end = self._end_of_range(now)
        while end is not None and end < last:
            further = self._end_of_range(end)
            if further is None:
                return end
            end = further
        return None

    def holiday(self, now: datetime) -> Holiday | None:
        """The holiday on the clinic's calendar at this moment."""
        return self._holiday_on(now.astimezone(self.zone).date())

    def text(self) -> str:
        """For patients: ``Monday to Friday, 9:00 to 17:30; Saturday and Sunday, closed``."""
        parts = []
        for ranges, days in groupby(range(len(WEEKDAYS)), key=lambda day: self.week[day]):
            hours = " and ".join(part.text() for part in ranges) if ranges else "closed"
            parts.append(f"{_names(list(days))}, {'all day' if ranges == (Range(0, DAY),) else hours}")
        return "; ".join(parts)

    def _end_of_range(self, now: datetime) -> datetime | None:
        return max((end for start, end in self._spans(now, 1) if start <= now < end), default=None)

    def _spans(self, now: datetime, days: int) -> Iterator[tuple[datetime, datetime]]:
        """Openings as moments in UTC, day by day, beginning with the day before: that may reach over midnight."""
        today = now.astimezone(self.zone).date()
        for number in range(-1, days + 1):
            day = today + timedelta(days=number)
            for part in self._ranges_on(day):
                yield self._moment(day, part.start), self._moment(day, part.end)

    def _ranges_on(self, day: date) -> Sequence[Range]:
        holiday = self._holiday_on(day)
        return holiday.ranges if holiday else self.week[day.weekday()]

    def _holiday_on(self, day: date) -> Holiday | None:
        return next((holiday for holiday in self.holidays if holiday.first <= day <= holiday.last), None)

    def _moment(self, day: date, minute: int) -> datetime:
        """The first moment at which the clinic's clock shows this minute of this day, or a later one."""
        wall = datetime.combine(day, time()) + timedelta(minutes=minute)
        moment = wall.replace(tzinfo=self.zone).astimezone(timezone.utc)
        while moment.astimezone(self.zone).replace(tzinfo=None) > wall:
            # The clock never shows it: it is set forward over it. The change is at most this far back.
            earlier = moment - _MINUTE
            if earlier.astimezone(self.zone).replace(tzinfo=None) < wall:
                break
            moment = earlier
        return moment


def _clock(minute: int) -> str:
    return "24:00" if minute == DAY else f"{minute % DAY // 60}:{minute % 60:02}"


def _names(days: Sequence[int]) -> str:
    names = [WEEKDAYS[day].capitalize() for day in days]
    if len(names) == len(WEEKDAYS):
        return "Every day"
    if len(names) == 1:
        return names[0]
    return f"{names[0]} {'and' if len(names) == 2 else 'to'} {names[-1]}"
