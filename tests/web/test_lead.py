"""The lead's page and its CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from aftercare.conversation import audit, staff
from aftercare.conversation.statistics import Escalations, Figures, Hour, Period, Unanswered
from aftercare.web import lead_view
from tests.conversation.fakes import flagged, hands_off

from .patients import PASSWORD, Running

Runs = Callable[..., Running]
TODAY = date(2025, 3, 10)
EMPTY = Figures(
    Period(TODAY, TODAY),
    [],
    Escalations("all", "All cases", 0, 0, 0, 0, 0),
    [],
    [],
    [Hour(h, 0, 0) for h in range(24)],
    [],
)


def leads(web: Running) -> None:
    staff.add_staff(web.site.gateway.database, "lea", PASSWORD, "Lea", web.clock(), "lead")
    assert web.log_in("lea", PASSWORD).status_code == 303


def test_the_page_shows_what_waits_what_escalated_and_what_the_guide_lacks(run_web: Runs) -> None:
    web = run_web(flagged("urgent", "yellow pus"), replace(hands_off("question"), questions=("can_i",)))
    web.patient().asks("yellow pus")
    web.patient().asks("may I go to the sauna")
    leads(web)
    page = web.client.get("/staff/lead")
    assert page.status_code == 200
    for expected in ("Possible infection", "R5", "can i", "Busiest from 12:00 to 13:00, with 2 messages and 2 cases."):
        assert expected in page.text
    assert "sauna" not in page.text and "pus" not in page.text


def test_the_file_is_in_the_log_and_has_no_words_of_patients(run_web: Runs) -> None:
    web = run_web(flagged("urgent", "yellow pus"))
    web.patient().asks("yellow pus")
    leads(web)
    answer = web.client.get("/staff/lead/figures.csv?from=2025-03-01&to=2025-03-10")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="aftercare-figures-2025-03-01-2025-03-10.csv"' in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert ["flags", "U1", "Possible infection", "cases", "1"] in rows
    assert ["tiers", "urgent", "Urgent, today", "waiting now", "1"] in rows
    assert "pus" not in answer.text
    with web.site.gateway.database.reading() as connection:
        (newest,) = audit.newest(connection, 1)
    assert (newest.action, newest.details) == ("figures_exported", {"from": "2025-03-01", "to": "2025-03-10"})


@pytest.mark.parametrize(
    "query",
    ["from=x", "from=2025-03-11&to=2025-03-10", "from=2020-01-01&to=2025-01-01", "from=0001-01-01&to=0001-01-01"],
)
def test_a_period_that_cannot_be_is_refused_in_words(web: Running, query: str) -> None:
    leads(web)
    page = web.client.get(f"/staff/lead?{query}")
    assert page.status_code == 400 and 'role="alert"' in page.text
    assert web.client.get(f"/staff/lead/figures.csv?{query}").status_code == 400


def test_the_usual_period_is_thirty_days_that_end_today() -> None:
    period, refusal = lead_view.period_of("", "", TODAY)
    assert (period, refusal) == (Period(date(2025, 2, 9), TODAY), "")
    assert lead_view.period_of("2025-03-01", "", TODAY)[0] == Period(date(2025, 3, 1), TODAY)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h"), (172799, "48 h"), (172800, "2.0 d")],
)
def test_durations_read_as_people_say_them(seconds: int, words: str) -> None:
    assert lead_view.said(timedelta(seconds=seconds)) == words
    assert lead_view.said(None) == "–"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\r=1"])
def test_no_cell_of_the_file_is_a_formula(text: str) -> None:
    flag = Escalations(text, text, 1, 0, 0, 0, 0)
    figures = replace(EMPTY, flags=[flag], unanswered=[Unanswered((text,), (text,), 1)])
    cells = [cell for row in csv.reader(io.StringIO(lead_view.csv_text(figures), newline="")) for cell in row]
    assert f"'{text}" in cells
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


def test_bars_are_as_long_as_their_share_and_never_invisible() -> None:
    assert [lead_view.percent(part, 200) for part in (0, 1, 50, 200)] == [0, 2, 25, 100]
    assert lead_view.percent(0, 0) == 0
    tall = lead_view.columns([Hour(0, 10, 1), Hour(1, 5, 0)])
    assert [(column.messages, column.cases) for column in tall] == [(120, 120), (60, 0)]
    assert lead_view.busiest(EMPTY.hours) == "No messages and no cases in these days."
    assert lead_view.share(1, 3) == "33 %" and lead_view.share(0, 0) == "–"
