"""The clinic's hours: boundaries to the minute, nights, holidays, and the two days on which clocks change."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercare.knowledge.opening_hours import DAY, Holiday, OpeningHours, Range

LONDON = ZoneInfo("Europe/London")
ZONES = [LONDON, *map(ZoneInfo, ("America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"))]
WEEKDAY = (Range.parse("09:00-12:30"), Range.parse("13:30-17:30"))
NIGHT = (Range.parse("22:00-02:00"),)
WEEK = OpeningHours(
    LONDON, (WEEKDAY,) * 5 + (NIGHT, ()), (Holiday("Bank holiday", date(2025, 8, 25), date(2025, 8, 25)),)
)


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2025-03-10 08:59:59.999999", False),
        ("2025-03-10 09:00", True),
        ("2025-03-10 12:29:59.999999", True),
        ("2025-03-10 12:30", False),
        ("2025-03-10 13:30", True),
        ("2025-03-10 17:30", False),
        ("2025-03-15 21:59", False),
        ("2025-03-15 22:00", True),
        ("2025-03-16 01:59", True),
        ("2025-03-16 02:00", False),
        ("2025-08-25 10:00", False),
        ("2025-08-26 09:00", True),
    ],
)
def test_open_from_the_first_minute_until_before_the_last(moment: str, is_open: bool) -> None:
    assert WEEK.is_open(london(moment)) is is_open


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2025-03-10 07:00", "2025-03-10 09:00"),
        ("2025-03-10 10:15", "2025-03-10 10:15"),
        ("2025-03-10 12:30", "2025-03-10 13:30"),
        ("2025-03-14 17:30", "2025-03-15 22:00"),
        ("2025-08-24 02:00", "2025-08-26 09:00"),
    ],
)
def test_the_next_opening_passes_over_closed_days(moment: str, opening: str) -> None:
    assert WEEK.next_opening(london(moment)) == london(opening)


def test_an_hour_is_that_of_the_clinic_wherever_the_question_comes_from() -> None:
    # In summer London is an hour ahead of UTC.
    assert WEEK.is_open(datetime.fromisoformat("2025-07-14T08:00+00:00"))
    assert not WEEK.is_open(datetime.fromisoformat("2025-07-14T07:59+00:00"))


def test_days_around_the_clock_have_no_end_between_them() -> None:
    around_the_clock = (Range(0, DAY),)
    weekend = OpeningHours(LONDON, ((),) * 5 + (around_the_clock,) * 2)
    assert weekend.closes_at(london("2025-03-15 12:00")) == london("2025-03-17 00:00")
    assert OpeningHours.daily(LONDON).closes_at(london("2025-03-15 12:00")) is None


def test_a_clinic_that_never_opens_has_no_next_opening() -> None:
    assert OpeningHours.daily(LONDON, ()).next_opening(london("2025-03-15 12:00")) is None


def test_a_holiday_may_have_hours_of_its_own() -> None:
    eve = Holiday("New Year's Eve", date(2025, 12, 31), date(2025, 12, 31), (Range.parse("09:00-12:00"),))
    hours = OpeningHours(LONDON, (WEEKDAY,) * 7, (eve,))
    assert hours.closes_at(london("2025-12-31 10:00")) == london("2025-12-31 12:00")
    assert hours.holiday(london("2025-12-31 23:59")) == eve
    assert hours.holiday(london("2026-01-01 00:00")) is None


@pytest.mark.parametrize(
    ("part", "day", "opens", "closes"),
    [
        # 30 March 2025: 01:00 becomes 02:00 British summer time. 26 October 2025: 02:00 becomes 01:00 again.
        ("01:30-03:00", "2025-03-30", "2025-03-30T01:00+00:00", "2025-03-30T02:00+00:00"),
        ("00:00-01:30", "2025-03-30", "2025-03-30T00:00+00:00", "2025-03-30T01:00+00:00"),
        ("22:00-06:00", "2025-03-29", "2025-03-29T22:00+00:00", "2025-03-30T05:00+00:00"),
        ("01:30-03:00", "2025-10-26", "2025-10-26T00:30+00:00", "2025-10-26T03:00+00:00"),
        ("22:00-01:30", "2025-10-25", "2025-10-25T21:00+00:00", "2025-10-26T00:30+00:00"),
        ("22:00-06:00", "2025-10-25", "2025-10-25T21:00+00:00", "2025-10-26T06:00+00:00"),
    ],
)
def test_openings_over_a_change_of_clocks(part: str, day: str, opens: str, closes: str) -> None:
    opening, closing = datetime.fromisoformat(opens), datetime.fromisoformat(closes)
    weekday = date.fromisoformat(day).weekday()
    week = tuple((Range.parse(part),) if number == weekday else () for number in range(7))
    hours = OpeningHours(LONDON, week)
    assert hours.next_opening(opening - timedelta(hours=6)) == opening
    assert hours.closes_at(opening) == closing
    assert not hours.is_open(opening - timedelta(microseconds=1))
    assert hours.is_open(closing - timedelta(microseconds=1))
    assert not hours.is_open(closing)


@pytest.mark.parametrize("text", ["9-17", "09:00-25:00", "24:00-02:00", "09:00-09:00", "09:60-10:00", "09:00", ""])
def test_what_is_no_range_of_times_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Range.parse(text)


def test_the_words_for_patients_are_made_from_the_hours() -> None:
    assert WEEK.text() == (
        "Monday to Friday, 9:00 to 12:30 and 13:30 to 17:30; Saturday, 22:00 to 2:00; Sunday, closed"
    )
    assert OpeningHours.daily(LONDON).text() == "Every day, all day"


@st.composite
def ranges(draw: st.DrawFn) -> tuple[Range, ...]:
    cuts = sorted(draw(st.sets(st.integers(0, DAY // 15), max_size=6)))
    pairs = [Range(start * 15, end * 15) for start, end in zip(cuts[::2], cuts[1::2], strict=False)]
    if draw(st.booleans()):
        start = draw(st.integers(cuts[-1] if cuts else 0, DAY // 15)) * 15
        if start < DAY:
            pairs.append(Range(start, DAY + draw(st.integers(1, 32)) * 15))
    return tuple(pairs)


@st.composite
def opening_hours(draw: st.DrawFn) -> OpeningHours:
    first = date(2025, 1, 1) + timedelta(days=draw(st.integers(0, 400)))
    holiday = Holiday("Holiday", first, first + timedelta(days=draw(st.integers(0, 5))), draw(ranges()))
    return OpeningHours(draw(st.sampled_from(ZONES)), tuple(draw(ranges()) for _ in range(7)), (holiday,))


moments = st.one_of(
    st.datetimes(datetime(2025, 1, 1), datetime(2026, 2, 1), timezones=st.sampled_from(ZONES)).map(
        lambda at: at.astimezone(timezone.utc)
    ),
    # Around the changes of clocks in London, New York and Lord Howe Island.
    st.tuples(
        st.sampled_from(["2025-03-30", "2025-10-26", "2025-03-09", "2025-11-02", "2025-04-06", "2025-10-05"]),
        st.integers(-24 * 60, 36 * 60),
    ).map(lambda at: datetime.fromisoformat(f"{at[0]}T00:00+00:00") + timedelta(minutes=at[1])),
)


def wall_clock_says_open(hours: OpeningHours, now: datetime) -> bool:
    """The plain reading: what the clock on the clinic's wall shows lies in a range of today or yesterday."""
    wall = now.astimezone(hours.zone)
    minute = wall.hour * 60 + wall.minute
    for day, shown in ((wall.date(), minute), (wall.date() - timedelta(days=1), minute + DAY)):
        holiday = hours.holidays[0]
        listed = holiday.ranges if holiday.first <= day <= holiday.last else hours.week[day.weekday()]
        if any(part.start <= shown < part.end for part in listed):
            return True
    return False


def is_shown_twice(zone: ZoneInfo, now: datetime) -> bool:
    wall = now.astimezone(zone)
    return wall.utcoffset() != wall.replace(fold=1 - wall.fold).utcoffset()


@given(hours=opening_hours(), now=moments)
@settings(max_examples=400, deadline=None)
def test_open_is_what_the_clock_on_the_wall_says(hours: OpeningHours, now: datetime) -> None:
    if not is_shown_twice(hours.zone, now):
        assert hours.is_open(now) is wall_clock_says_open(hours, now)


def test_a_range_within_the_hour_left_out_in_spring_opens_nothing() -> None:
    sundays = OpeningHours(ZoneInfo("Europe/London"), ((),) * 6 + ((Range(60, 75),),), ())
    assert sundays.next_opening(datetime(2025, 3, 30, tzinfo=timezone.utc)) == datetime(2025, 4, 6, tzinfo=timezone.utc)


@given(hours=opening_hours(), now=moments, share=st.floats(0, 1))
@settings(max_examples=300, deadline=None)
def test_between_now_and_the_next_opening_the_clinic_is_closed(
    hours: OpeningHours, now: datetime, share: float
) -> None:
    opening = hours.next_opening(now)
    if opening is None:
        assert not any(hours.is_open(now + timedelta(hours=step)) for step in range(24 * 14))
    elif opening == now:
        assert hours.is_open(now)
    else:
        assert opening > now
        assert hours.is_open(opening)
        assert not hours.is_open(opening - timedelta(microseconds=1))
        assert not hours.is_open(now + (opening - now) * share * 0.999)
        assert hours.next_opening(now + (opening - now) * share * 0.999) == opening


@given(hours=opening_hours(), now=moments, share=st.floats(0, 1))
@settings(max_examples=300, deadline=None)
def test_until_it_closes_the_clinic_is_open(hours: OpeningHours, now: datetime, share: float) -> None:
    closing = hours.closes_at(now)
    if closing is None:
        assert not hours.is_open(now) or all(hours.is_open(now + timedelta(hours=step)) for step in range(24 * 14))
    else:
        assert hours.is_open(now)
        assert hours.is_open(now + (closing - now) * share * 0.999)
        assert hours.is_open(closing - timedelta(microseconds=1))
        assert not hours.is_open(closing)
