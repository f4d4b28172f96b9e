"""What a patient says of time, resolved against the conversation's clock (Thursday 12 March 2026)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from aftercare.triage import Reader, Report, update

CASES = [
    ("day 3 and it is red", 3),
    ("i'm on day 5, still peeling", 5),
    ("had my treatment 3 days ago and i'm red", 3),
    ("a week post treatment and still bumpy", 7),
    ("it's been 48hrs and i'm red", 2),
    ("I had it done on tuesday, my face is red", 2),
    ("had microneedling yesterday, face is red", 1),
    ("just had it done today and I'm bleeding a bit", 0),
    ("two weeks after my session I still have bumps", 14),
    ("my session was on 5 March and I am still red", 7),
    ("what should I expect? I am on day 2", 2),
    ("will it peel, i'm on day 4", 4),
    ("bumps for 3 days", None),
    ("the redness started 2 days ago", None),
    ("my face is red", None),
    ("call me on 555 123", None),
]


@pytest.mark.parametrize(("text", "days"), CASES, ids=[c[0] for c in CASES])
def test_days_since(reader: Reader, now: datetime, text: str, days: int | None) -> None:
    assert update(Report(), reader.read(text), now).day(now) == days


def test_a_day_asked_about_does_not_move_the_treatment(reader: Reader, now: datetime) -> None:
    known = Report(treated_on=now.date() - timedelta(days=2))
    after = update(known, reader.read("what about day 5?"), now)
    assert (after.day(now), after.asked_day) == (2, 5)


def test_a_duration_proves_a_least_day(reader: Reader, now: datetime) -> None:
    report = update(Report(), reader.read("I have had bumps for 3 weeks"), now)
    assert (report.day(now), report.at_least(now), report.graded_day(now)) == (None, 21, 21)


def test_the_day_moves_with_the_clock(reader: Reader, now: datetime) -> None:
    report = update(Report(), reader.read("day 2 and red"), now)
    assert report.day(now + timedelta(days=3)) == 5


def test_a_report_survives_json(reader: Reader, now: datetime) -> None:
    import json

    report = update(
        Report(treated_on=date(2026, 3, 9)), reader.read("the redness is spreading and i take warfarin"), now
    )
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report
