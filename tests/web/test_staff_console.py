"""The console's pages: the queue, a conversation and what staff do with it, the search. With and without script."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import uuid4

import pytest
from httpx2 import Response

from aftercare.conversation import audit, cases, staff
from aftercare.knowledge.saved_replies import SavedReply
from aftercare.web.console_content import ConsoleContent
from tests.conversation.fakes import calm, flagged, hands_off

from .patients import PASSWORD, Patient, Running, csrf_in

Runs = Callable[..., Running]
SCRIPT = {"HX-Request": "true", "HX-Current-URL": "http://chat.test/staff/cases/1"}
SAVED = ConsoleContent(
    (SavedReply("Hello", "Hello, {staff} here. Call {clinic_phone}."), SavedReply("Day", "Day {day}.", "Which day?")),
    {"pus": "Pus"},
)


@dataclass
class Nurse:
    """A member of staff at the console, in a browser of their own."""

    web: Running
    name: str
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Response:
        return self._as_this_one(lambda: self.web.client.get(path))

    def post(self, path: str, headers: dict[str, str] | None = None, **form: str) -> Response:
        def send() -> Response:
            csrf = csrf_in(self.web.client.get("/staff"))
            every = {"Origin": "http://chat.test", **(headers or {})}
            return self.web.client.post(path, data={"csrf": csrf, **form}, headers=every)

        return self._as_this_one(send)

    def _as_this_one(self, send: Callable[[], Response]) -> Response:
        self.web.client.cookies.clear()
        for name, value in self.cookies.items():
            self.web.client.cookies.set(name, value)
        return send()


@pytest.fixture
def console(run_web: Runs) -> Callable[..., Running]:
    def running(*answers: object) -> Running:
        return run_web(*answers, console_content=SAVED)

    return running


def nurse(web: Running, name: str, display_name: str, role: str = "responder") -> Nurse:
    staff.add_staff(web.site.gateway.database, name, PASSWORD, display_name, web.clock(), role)
    web.client.cookies.clear()
    assert web.log_in(name, PASSWORD).status_code == 303
    return Nurse(web, name, dict(web.client.cookies))


def case_in(page: Response, heading: str = "") -> str:
    found = re.search(rf'href="(/staff/cases/[\w-]+)">{heading}', page.text)
    assert found, page.text
    return found.group(1)


def waiting(web: Running, text: str = "there is yellow pus", **session: object) -> tuple[Patient, str]:
    """A patient who waits, and the address of the case."""
    patient = web.patient(**session)
    patient.asks(text)
    with web.site.gateway.database.reading() as connection:
        return patient, f"/staff/cases/{cases.open_cases(connection)[-1].id}"


def reply_form(page: Response) -> dict[str, str]:
    found = re.search(r'name="client_id" value="([\w-]+)"', page.text)
    assert found
    return {"client_id": found.group(1)}


def group_of(page: Response, case: str) -> str:
    """The queue's group that the case stands in."""
    before = page.text[: page.text.index(f'href="{case}"')]
    return re.findall(r'data-group="(\w+)"', before)[-1]


def test_a_case_goes_from_waiting_to_mine_to_colleagues_to_closed(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim, dana = nurse(web, "kim", "Kim Lee"), nurse(web, "dana", "Dana Okafor")
    patient, case = waiting(web)
    assert group_of(kim.get("/staff"), case) == group_of(dana.get("/staff"), case) == "waiting"
    assert kim.post(f"{case}/claim").headers["location"] == case
    assert group_of(kim.get("/staff"), case) == "mine"
    assert group_of(dana.get("/staff"), case) == "others"
    assert "Kim from the clinic has joined." in patient.texts()
    page = kim.get(case)
    assert "You have this conversation" in page.text
    answer = kim.post(f"{case}/reply", **reply_form(page), text="Hello, come in at two.")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{case}#reply")
    assert "Hello, come in at two." in patient.texts()
    assert kim.post(f"{case}/close", outcome="booked", should_have_answered="no").headers["location"] == "/staff"
    assert group_of(dana.get("/staff"), case) == "closed"
    assert "Appointment booked, Kim Lee" in dana.get("/staff").text
    assert "Closed by Kim Lee: appointment booked." in dana.get(case).text


def test_the_second_of_two_who_claim_is_told_who_was_quicker(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim, dana = nurse(web, "kim", "Kim Lee"), nurse(web, "dana", "Dana Okafor")
    _, case = waiting(web)
    kim.post(f"{case}/claim")
    answer = dana.post(f"{case}/claim")
    assert answer.status_code == 409
    assert "Somebody else has changed this case" in answer.text and "Kim Lee has this conversation" in answer.text


@pytest.mark.parametrize("script", [False, True], ids=["form", "script"])
def test_what_was_typed_stays_where_a_colleague_has_the_conversation(console: Runs, script: bool) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim, dana = nurse(web, "kim", "Kim Lee"), nurse(web, "dana", "Dana Okafor")
    patient, case = waiting(web)
    page = dana.get(case)
    kim.post(f"{case}/claim")
    text = "I am <b>typing</b> & have typed"
    answer = dana.post(f"{case}/reply", SCRIPT if script else {}, **reply_form(page), text=text)
    assert answer.status_code == 409
    assert "Not sent. Kim Lee has this conversation." in answer.text
    assert ">I am &lt;b&gt;typing&lt;/b&gt; &amp; have typed</textarea>" in answer.text
    assert ("<html" in answer.text) is not script
    assert text not in patient.texts()


def test_a_reply_takes_a_waiting_conversation(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim = nurse(web, "kim", "Kim Lee")
    patient, case = waiting(web)
    kim.post(f"{case}/reply", client_id=str(uuid4()), text="I am Kim.")
    assert group_of(kim.get("/staff"), case) == "mine"
    assert patient.texts()[-2:] == ["Kim from the clinic has joined.", "I am Kim."]


def test_a_reply_sent_twice_is_shown_once(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim = nurse(web, "kim", "Kim Lee")
    patient, case = waiting(web)
    form = {**reply_form(kim.get(case)), "text": "Once."}
    for _ in range(2):
        assert kim.post(f"{case}/reply", **form).status_code == 303
    assert patient.texts().count("Once.") == 1


@pytest.mark.parametrize(
    ("text", "problem"), [("  ", "There is no text in it."), ("x" * 2001, "This message is too long")]
)
def test_a_reply_that_cannot_be_sent_says_why(console: Runs, text: str, problem: str) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim = nurse(web, "kim", "Kim Lee")
    _, case = waiting(web)
    answer = kim.post(f"{case}/reply", client_id=str(uuid4()), text=text)
    assert answer.status_code == 400 and f"Not sent. {problem}" in answer.text and f">{text}</textarea>" in answer.text


def test_writing_to_a_closed_conversation_opens_a_new_case_that_links_to_the_earlier_one(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim = nurse(web, "kim", "Kim Lee")
    _, case = waiting(web)
    kim.post(f"{case}/claim")
    kim.post(f"{case}/close", outcome="called")
    web.clock.passes(minutes=5)
    answer = kim.post(f"{case}/reply", client_id=str(uuid4()), text="One more thing.")
    newer = answer.headers["location"].removesuffix("#reply")
    assert answer.status_code == 303 and newer != case
    assert "Earlier cases of this patient" in kim.get(newer).text and f'href="{case}"' in kim.get(newer).text
    assert f'href="{newer}">Go to it' in kim.get(case).text


def test_release_and_hand_back_lead_to_the_queue(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"), calm("Welcome back."))
    kim = nurse(web, "kim", "Kim Lee")
    patient, case = waiting(web)
    kim.post(f"{case}/claim")
    assert kim.post(f"{case}/release").headers["location"] == "/staff"
    assert group_of(kim.get("/staff"), case) == "waiting"
    kim.post(f"{case}/claim")
    assert kim.post(f"{case}/hand-back").headers["location"] == "/staff"
    assert patient.asks("thanks")[-1]["text"] == "Welcome back."


def test_a_conversation_of_a_colleague_who_is_away_can_be_taken_over(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim, dana = nurse(web, "kim", "Kim Lee"), nurse(web, "dana", "Dana Okafor")
    _, case = waiting(web)
    kim.post(f"{case}/claim")
    assert "Kim Lee is there" in dana.get(case).text
    assert dana.post(f"{case}/take-over").status_code == 409
    web.clock.passes(minutes=2)
    assert "Take over from Kim Lee" in dana.get(case).text
    assert "away: you can take over" in dana.get("/staff").text
    assert dana.post(f"{case}/take-over").headers["location"] == case
    assert group_of(dana.get("/staff"), case) == "mine"


@pytest.mark.parametrize("outcome", ["", "nothing"])
def test_a_case_is_closed_with_an_outcome(console: Runs, outcome: str) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim = nurse(web, "kim", "Kim Lee")
    _, case = waiting(web)
    kim.post(f"{case}/claim")
    answer = kim.post(f"{case}/close", outcome=outcome)
    assert answer.status_code == 400 and "Choose what it came to" in answer.text
    assert group_of(kim.get("/staff"), case) == "mine"


def test_a_draft_is_kept_for_its_author_and_gone_when_it_is_sent(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim, dana = nurse(web, "kim", "Kim Lee"), nurse(web, "dana", "Dana Okafor")
    patient, case = waiting(web)
    assert kim.post(f"{case}/draft", SCRIPT, text="Hello, I").text == "Draft kept"
    assert ">Hello, I</textarea>" in kim.get(case).text
    assert ">Hello, I</textarea>" not in dana.get(case).text
    assert kim.post(f"{case}/draft", SCRIPT, text="x" * 2001).status_code == 400
    kim.post(f"{case}/reply", client_id=str(uuid4()), text="Hello, I am Kim.")
    assert "Hello, I</textarea>" not in kim.get(case).text
    assert "Hello, I" not in patient.texts()


def test_who_begins_to_write_is_seen_to_write_by_the_patient(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim = nurse(web, "kim", "Kim Lee")
    patient, case = waiting(web)
    kim.post(f"{case}/claim")
    assert patient.conversation()["staff_typing"] is False
    kim.post(f"{case}/draft", SCRIPT, text="Hel")
    assert patient.conversation()["staff_typing"] is True
    assert patient.post("typing", {}).status_code in (200, 202, 204)
    assert "The patient is writing" in kim.get(case).text


@pytest.mark.parametrize("script", [False, True], ids=["form", "script"])
def test_a_saved_reply_is_put_behind_what_was_typed_and_not_sent(console: Runs, script: bool) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim = nurse(web, "kim", "Kim Lee")
    patient, case = waiting(web)
    before = patient.texts()
    answer = kim.post(f"{case}/insert", SCRIPT if script else {}, text="Hi!", saved="0")
    page = answer if script else kim.get(case)
    assert ">Hi!\n\nHello, Kim here. Call 020 7946 0000.</textarea>" in page.text
    assert patient.texts() == before


def test_a_saved_reply_knows_the_patients_day(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim = nurse(web, "kim", "Kim Lee")
    _, unknown = waiting(web)
    assert ">Which day?</textarea>" in kim.post(f"{unknown}/insert", SCRIPT, saved="1").text
    web.clock.passes(minutes=1)
    _, known = waiting(web, treated_on="2025-03-07")
    assert ">Day 3.</textarea>" in kim.post(f"{known}/insert", SCRIPT, saved="1").text
    assert "<strong>day 3</strong> today" in kim.get(known).text


def test_a_long_group_says_how_many_more_there_are_and_shows_them(
    console: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aftercare.web.console_view.MOST_ROWS", 2)
    web = console(flagged("urgent", "yellow pus"))
    kim = nurse(web, "kim", "Kim Lee")
    links = []
    for _ in range(5):
        web.clock.passes(minutes=1)
        links.append(waiting(web)[1])
    page = kim.get("/staff?tier=urgent").text
    assert sum(f'href="{link}"' in page for link in links) == 2
    assert 'And <span data-further="waiting">3</span> more.' in page
    [address] = re.findall(r'href="(/staff\?[^"]*whole=waiting[^"]*)"', page)
    assert "tier=urgent" in address, "the filter stays"
    whole = kim.get(html.unescape(address).partition("#")[0]).text
    assert all(f'href="{link}"' in whole for link in links)
    assert '<p class="more" hidden>And <span data-further="waiting">0' in whole
    assert "whole=waiting" in re.findall(r'sse-connect="([^"]*)"', whole)[0], "what is shown stays live"
    assert kim.get("/staff?whole=nothing").status_code == 200


def test_a_note_is_for_staff_alone(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim, dana = nurse(web, "kim", "Kim Lee"), nurse(web, "dana", "Dana Okafor")
    patient, case = waiting(web)
    assert kim.post(f"{case}/note", text="Known <i>allergy</i>").headers["location"] == f"{case}#notes"
    assert "Known &lt;i&gt;allergy&lt;/i&gt;" in dana.get(case).text
    assert "allergy" not in str(patient.conversation())
    by_script = kim.post(f"{case}/note", SCRIPT, text="Second")
    assert "Second" in by_script.text and "<html" not in by_script.text
    empty = kim.post(f"{case}/note", text=" ")
    assert empty.status_code == 400 and "The note was not added." in empty.text


def test_unread_messages_are_counted_until_the_conversation_was_opened(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim, dana = nurse(web, "kim", "Kim Lee"), nurse(web, "dana", "Dana Okafor")
    patient, case = waiting(web)
    assert "1 unread" in kim.get("/staff").text
    kim.get(case)
    assert "unread" not in kim.get("/staff").text and "1 unread" in dana.get("/staff").text
    patient.asks("and it hurts")
    assert "1 unread" in kim.get("/staff").text and "2 unread" in dana.get("/staff").text
    assert kim.post(f"{case}/read", seq="99").status_code == 204
    assert "unread" not in kim.get("/staff").text
    assert kim.post(f"{case}/read", seq="all").status_code == 400


def test_a_target_turns_near_and_late_in_words_and_in_colour(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim = nurse(web, "kim", "Kim Lee")
    waiting(web)
    target = int(web.site.gateway.ports.handoff.targets["urgent"].total_seconds() // 60)
    assert f'<span class="badge ok">{target} minutes left' in kim.get("/staff").text
    web.clock.passes(minutes=target - 4)
    assert '<span class="badge near">Only 4 minutes left' in kim.get("/staff").text
    web.clock.passes(minutes=6)
    assert '<span class="badge late">Late by 2 minutes' in kim.get("/staff").text


def test_the_queue_can_be_filtered(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"), hands_off("person"))
    kim = nurse(web, "kim", "Kim Lee")
    _, urgent = waiting(web)
    _, person = waiting(web, "a person please")
    for query, shown in (("tier=urgent", urgent), ("reason=person", person), ("tier=soon&reason=person", person)):
        page = kim.get(f"/staff?{query}")
        assert [case for case in (urgent, person) if f'href="{case}"' in page.text] == [shown]
    assert "Nobody is waiting." in kim.get("/staff?tier=emergency").text
    assert kim.get("/staff?tier=%3Cb%3E").status_code == 200


def test_the_search_finds_words_in_any_form_and_shows_them_escaped(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim = nurse(web, "kim", "Kim Lee")
    _, case = waiting(web, "it was itching <script>alert(1)</script> and there is yellow pus")
    page = kim.get("/staff/search?q=itches")
    assert "1 message." in page.text and f'href="{case}#message-2"' in page.text
    assert "<mark>itching</mark> &lt;script&gt;" in page.text
    assert "No message has these words." in kim.get("/staff/search?q=purple+elephant").text
    for odd in ("%22", "%27%20OR%201", "a*", "NEAR(", "%00", "AND", "text:pus", "é"):
        assert kim.get(f"/staff/search?q={odd}").status_code == 200


def test_signs_stand_message_by_message_with_what_was_said_of_them(console: Runs) -> None:
    sign = {"type": "symptom", "value": "pus", "assertion": "present", "other": False, "qualities": ["worse"]}
    gone = {"type": "finding", "value": "odd_fever", "assertion": "negated", "other": False, "qualities": []}
    web = console(replace(flagged("urgent", "yellow pus"), entities=(sign, gone)))
    kim = nurse(web, "kim", "Kim Lee")
    _, case = waiting(web)
    page = kim.get(case).text
    assert '<th scope="row">Pus</th><td><span class="sign there">there, worse</span></td>' in page
    assert '<th scope="row">Odd fever</th><td><span class="sign gone">not there</span></td>' in page


def test_what_staff_see_and_do_is_in_the_audit_log(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim = nurse(web, "kim", "Kim Lee")
    _, case = waiting(web)
    kim.get(case)
    kim.post(f"{case}/claim")
    kim.post(f"{case}/reply", client_id=str(uuid4()), text="Hello")
    kim.post(f"{case}/note", text="A note")
    kim.post(f"{case}/close", outcome="called")
    kim.get("/staff/search?q=secret")
    with web.site.gateway.database.reading() as connection:
        entries = [e for e in audit.newest(connection, 50) if e.action.startswith(("case_", "message"))]
    actions = [entry.action for entry in reversed(entries)]
    assert actions == ["case_viewed", "case_claimed", "message_sent", "case_noted", "case_closed", "messages_searched"]
    assert {entry.object_id for entry in entries if entry.object_kind == "case"} == {case.rpartition("/")[2]}
    assert "secret" not in str(entries)


STEPS = ("claim", "take-over", "release", "hand-back", "close", "reply", "draft", "insert", "note", "read")


@pytest.mark.parametrize("step", STEPS)
def test_a_foreign_page_and_a_form_without_its_token_do_nothing(console: Runs, step: str) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim = nurse(web, "kim", "Kim Lee")
    patient, case = waiting(web)
    before, form = patient.texts(), {"client_id": str(uuid4()), "text": "Hello", "outcome": "called", "seq": "1"}
    for headers, csrf in (({"Origin": "https://evil.test"}, None), ({}, ""), ({}, "0" * 64)):
        answer = kim.post(f"{case}/{step}", headers, **form, **({} if csrf is None else {"csrf": csrf}))
        assert answer.status_code == 403
    assert patient.texts() == before and group_of(kim.get("/staff"), case) == "waiting"


@pytest.mark.parametrize("step", STEPS)
def test_a_case_that_does_not_exist_is_not_found(console: Runs, step: str) -> None:
    web = console()
    kim = nurse(web, "kim", "Kim Lee")
    answer = kim.post(f"/staff/cases/{uuid4()}/{step}", client_id=str(uuid4()), text="Hello", outcome="called", seq="1")
    assert answer.status_code == 404, answer.text


def test_a_script_is_sent_to_the_login_and_back_to_its_page(console: Runs) -> None:
    web = console(flagged("urgent", "yellow pus"))
    kim = nurse(web, "kim", "Kim Lee")
    _, case = waiting(web)
    kim.cookies = {}
    web.client.cookies.clear()
    headers = {"Origin": "http://chat.test", **SCRIPT, "HX-Current-URL": f"http://chat.test{case}"}
    answer = web.client.post(f"{case}/draft", data={"text": "Hello"}, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/staff/login?next=%2Fstaff%2Fcases%2F")
