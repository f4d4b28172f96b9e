"""The patient API: what is taken, what is refused, and what a refusal says."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from uuid import uuid4

import pytest

from aftercare.conversation.assistant import Button, Outcome, Reply, Source
from aftercare.conversation.database import StorageError
from aftercare.conversation.gateway import Gateway
from tests.conversation.fakes import NOON, flagged, never_answers

from .patients import CLINIC_SITE, ORIGIN, Patient, Running, until

Runs = Callable[..., Running]
A_UUID = "0190b6a0-1111-7000-8000-000000000000"


def test_a_new_patient_gets_a_token_the_clinic_and_a_welcome(web: Running) -> None:
    answer = web.client.post("/api/v1/sessions", json={"treated_on": "2025-03-07"})
    assert answer.status_code == 201
    assert answer.json()["clinic"] == {
        "name": "Demo Skin Clinic",
        "phone": "020 7946 0000",
        "emergency_number": "999",
        "urgent_line": "NHS 111",
        "assistant_name": "Aftercare assistant",
        "printed_copy": True,
    }
    assert answer.json()["expires_at"] == "2025-03-17T12:00:00+00:00"
    conversation = Patient(web.client, answer.json()["token"]).conversation()
    assert (conversation["mode"], conversation["typing"], conversation["last_seq"]) == ("assistant", False, 1)
    assert "set-cookie" not in answer.headers


def test_a_question_is_answered(web: Running) -> None:
    patient = web.patient()
    client_id = str(uuid4())
    posted = patient.says("day 3, little white bumps, is this normal?", client_id)
    assert (posted.status_code, posted.json()) == (202, {"seq": 2, "duplicate": False})
    until(lambda: len(patient.texts()) == 2)
    question, answer = patient.conversation()["messages"][1:]
    assert question == {
        "seq": 2,
        "role": "patient",
        "name": "",
        "kind": "text",
        "text": "day 3, little white bumps, is this normal?",
        "buttons": [],
        "sources": [],
        "timeline": None,
        "client_id": client_id,
        "created_at": NOON.isoformat(),
        "photos": [],
    }
    assert (answer["role"], answer["name"], answer["kind"]) == ("assistant", "Aftercare assistant", "answer")


def test_a_message_sent_again_is_the_same_message(web: Running) -> None:
    patient = web.patient()
    client_id = str(uuid4())
    patient.says("hello", client_id)
    assert patient.says("hello", client_id.upper()).json() == {"seq": 2, "duplicate": True}


def test_an_emergency_is_shown_though_the_assistant_hangs(run_web: Runs) -> None:
    patient = run_web(never_answers).patient()
    assert [reply["kind"] for reply in patient.asks("I cannot breathe")] == ["emergency"]
    assert patient.conversation()["mode"] == "waiting"


def test_the_page_knows_that_an_answer_is_being_made(run_web: Runs) -> None:
    patient = run_web(never_answers).patient()
    patient.says("hello")
    assert patient.conversation()["typing"] is True
    until(lambda: not patient.conversation()["typing"])
    assert patient.conversation()["messages"][-1]["kind"] == "failure"


def test_the_page_shows_buttons_and_sources_but_not_what_buttons_send(run_web: Runs) -> None:
    reply = Reply("Fever?", "check_question", (Button("No", "deny", "No fever"),), (Source("002.txt:36", "When"),))
    web = run_web(Outcome((reply,)))
    patient = web.patient()
    shown = patient.asks("bumps")[0]
    assert (shown["buttons"], shown["sources"]) == ([{"title": "No"}], [{"id": "002.txt:36", "title": "When"}])
    pressed = patient.post("messages", {"client_id": str(uuid4()), "button": {"seq": shown["seq"], "index": 0}})
    assert pressed.status_code == 202
    until(lambda: len(web.assistant.turns) == 2)
    assert (web.assistant.turns[1].intent, web.assistant.turns[1].text) == ("deny", "No fever")


def test_a_patient_may_ask_for_a_person(web: Running) -> None:
    patient = web.patient()
    assert patient.post("person", {"client_id": str(uuid4())}).status_code == 202
    assert patient.conversation()["mode"] == "waiting"


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        '/intent{"a":"b"}',
        '{"a":',
        "<img src=x onerror=alert(1)>",
        "'; DROP TABLE message; --",
        "👩🏽‍⚕️ 正常",
    ],
)
def test_text_is_text_whatever_it_looks_like(web: Running, text: str) -> None:
    patient = web.patient()
    patient.asks(text)
    assert patient.texts()[0] == text
    assert (web.assistant.turns[0].text, web.assistant.turns[0].intent) == (text, None)


def message(**fields: object) -> bytes:
    return json.dumps({"client_id": A_UUID, "text": "hello", **fields}).encode()


JSON_TYPE = "application/json"
BAD_REQUESTS = [
    ("empty", message(text=""), JSON_TYPE, 400, "empty"),
    ("white space", message(text=" \n\t "), JSON_TYPE, 400, "empty"),
    ("2,001 characters", message(text="x" * 2001), JSON_TYPE, 413, "too_long"),
    ("100,000 characters", message(text="x" * 100_000), JSON_TYPE, 413, "too_long"),
    ("NUL", message(text="a\0b"), JSON_TYPE, 400, "control_characters"),
    ("escape", message(text="a\x1b[31mb"), JSON_TYPE, 400, "control_characters"),
    ("half a surrogate pair", message(text="a\ud83d"), JSON_TYPE, 400, "bad_request"),
    ("text that is a number", message(text=7), JSON_TYPE, 400, "bad_request"),
    ("text that is nothing", message(text=None), JSON_TYPE, 400, "bad_request"),
    ("text and button", message(button={"seq": 1, "index": 0}), JSON_TYPE, 400, "bad_request"),
    ("neither text nor button", b'{"client_id": "' + A_UUID.encode() + b'"}', JSON_TYPE, 400, "bad_request"),
    ("no id", b'{"text": "hello"}', JSON_TYPE, 400, "bad_request"),
    ("an id that is none", message(client_id="7"), JSON_TYPE, 400, "bad_request"),
    ("an id that is a number", message(client_id=7), JSON_TYPE, 400, "bad_request"),
    ("half an object", b'{"a":', JSON_TYPE, 400, "bad_request"),
    ("a list", b"[]", JSON_TYPE, 400, "bad_request"),
    ("nothing", b"", JSON_TYPE, 400, "bad_request"),
    ("not UTF-8", b'{"text": "\xff"}', JSON_TYPE, 400, "bad_request"),
    ("deep nesting", b"[" * 9000, JSON_TYPE, 400, "bad_request"),
    ("too many bytes", b" " * 17_000 + b"{}", JSON_TYPE, 413, "too_long"),
    ("a form", b"text=hello", "application/x-www-form-urlencoded", 415, "media_type"),
    ("no type", message(), "", 415, "media_type"),
    (
        "a button that is no object",
        json.dumps({"client_id": A_UUID, "button": 1}).encode(),
        JSON_TYPE,
        400,
        "bad_request",
    ),
    (
        "a button that is not there",
        json.dumps({"client_id": A_UUID, "button": {"seq": 1, "index": 0}}).encode(),
        JSON_TYPE,
        400,
        "button",
    ),
    (
        "a button beyond all numbers",
        json.dumps({"client_id": A_UUID, "button": {"seq": 2**70, "index": True}}).encode(),
        JSON_TYPE,
        400,
        "bad_request",
    ),
]


@pytest.mark.parametrize(
    ("body", "media_type", "status", "code"),
    [case[1:] for case in BAD_REQUESTS],
    ids=[case[0] for case in BAD_REQUESTS],
)
def test_what_cannot_be_taken_is_refused_with_a_sentence_and_changes_nothing(
    web: Running, body: bytes, media_type: str, status: int, code: str
) -> None:
    patient = web.patient()
    headers = {**patient.headers, **({"Content-Type": media_type} if media_type else {})}
    answer = web.client.post("/api/v1/messages", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.json()["message"].endswith(".") and "{" not in answer.json()["message"]
    assert patient.texts() == [] and web.assistant.turns == []


def test_a_body_that_lies_about_its_length_is_cut_off(web: Running) -> None:
    patient = web.patient()

    def endless() -> object:
        for _ in range(100):
            yield b" " * 1000

    headers = {**patient.headers, "Content-Type": "application/json"}
    answer = web.client.post("/api/v1/messages", content=endless(), headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "treated_on", ["2025-03-12", "tomorrow", "07/03/2025", 20250307, "", "1899-01-01", "2025-02-30"]
)
def test_a_treatment_day_that_cannot_be_is_refused(web: Running, treated_on: object) -> None:
    answer = web.client.post("/api/v1/sessions", json={"treated_on": treated_on})
    assert (answer.status_code, answer.json()["error"]) == (400, "treated_on")


def test_the_treatment_day_reaches_the_assistant(web: Running) -> None:
    web.patient(treated_on="2025-03-07").asks("hello")
    assert web.assistant.turns[0].report == {"treated_on": "2025-03-07"}


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Bearer guess", "Basic abc", "guess"])
@pytest.mark.parametrize("call", ["conversation", "stream", "messages", "person"])
def test_without_the_token_nothing_is_read_or_written(web: Running, authorization: str | None, call: str) -> None:
    web.patient()
    headers = {} if authorization is None else {"Authorization": authorization}
    if call in ("conversation", "stream"):
        answer = web.client.get(f"/api/v1/{call}", headers=headers)
    else:
        answer = web.client.post(f"/api/v1/{call}", content=message(), headers={**headers, "Content-Type": JSON_TYPE})
    assert (answer.status_code, answer.json()["error"]) == (401, "session")
    assert web.assistant.turns == []


def test_a_session_that_ended_says_so(web: Running) -> None:
    patient = web.patient()
    web.clock.passes(hours=25)
    assert patient.says("hello?").json()["error"] == "session"


def test_another_patients_conversation_stays_theirs(web: Running) -> None:
    one, other = web.patient(), web.patient()
    one.asks("my words")
    assert other.texts() == []
    pressed = other.post("messages", {"client_id": str(uuid4()), "button": {"seq": 2, "index": 0}})
    assert pressed.json()["error"] == "button"


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://chat.test.evil.test", "https://chat.test"])
def test_other_websites_cannot_use_the_chat(web: Running, origin: str) -> None:
    patient = web.patient()
    answer = patient.post("messages", {"client_id": A_UUID, "text": "hello"}, Origin=origin)
    assert (answer.status_code, answer.json()["error"]) == (403, "origin")
    assert web.client.post("/api/v1/sessions", json={}, headers={"Origin": origin}).status_code == 403
    assert patient.texts() == []


@pytest.mark.parametrize("origin", [ORIGIN, CLINIC_SITE, "https://second.test"])
def test_our_own_page_and_the_clinics_sites_may(run_web: Runs, origin: str) -> None:
    web = run_web(allowed_origins=("https://second.test",))
    assert web.client.post("/api/v1/sessions", json={}, headers={"Origin": origin}).status_code == 201


def test_behind_a_proxy_our_own_page_is_the_public_one(run_web: Runs) -> None:
    web = run_web(public_url="https://chat.clinic.test")
    for origin, status in [("https://chat.clinic.test", 201), (ORIGIN, 403)]:
        assert web.client.post("/api/v1/sessions", json={}, headers={"Origin": origin}).status_code == status


def test_a_flood_from_one_patient_is_told_when_to_go_on(web: Running) -> None:
    patient, calm = web.patient(), web.patient()
    answers = [patient.says(f"message {n}") for n in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 4
    assert refused[0].json()["error"] == "too_many"
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 2
    assert "020 7946 0000" in refused[0].json()["message"]
    assert calm.says("hello").status_code == 202


def test_a_flood_of_new_sessions_is_refused(web: Running) -> None:
    statuses = [web.client.post("/api/v1/sessions", json={}).status_code for _ in range(23)]
    assert statuses.count(201) == 20 and statuses[-1] == 429


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/conversations/1", "/api/"])
def test_an_unknown_address_is_a_clear_answer(web: Running, path: str) -> None:
    answer = web.client.get(path)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_the_wrong_method_is_a_clear_answer(web: Running) -> None:
    assert web.client.get("/api/v1/messages").json()["error"] == "method"
    assert web.client.delete("/api/v1/conversation").status_code == 405


def test_a_database_that_fails_tells_the_patient_whom_to_call(
    web: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    patient = web.patient()

    def failing(*_: object) -> None:
        raise StorageError("database is locked")

    for method in ("post", "press", "ask_person", "view", "open_session"):
        monkeypatch.setattr(Gateway, method, failing)
    answers = [
        patient.says("my secret words"),
        patient.post("messages", {"client_id": A_UUID, "button": {"seq": 1, "index": 0}}),
        patient.post("person", {"client_id": A_UUID}),
        patient.get("conversation"),
        patient.get("stream"),
        web.client.post("/api/v1/sessions", json={}),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]) == (503, "storage")
        assert "020 7946 0000" in answer.json()["message"] and "999" in answer.json()["message"]
    assert "secret" not in caplog.text


def test_a_mistake_of_ours_is_a_clear_answer_and_logs_no_words(
    web: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    patient = web.patient()

    def broken(gateway: object, token: str, client_id: str, text: str) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(Gateway, "post", broken)
    answer = patient.says("my secret words")
    assert (answer.status_code, answer.json()["error"]) == (500, "error")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "RuntimeError" in caplog.text and "secret" not in caplog.text


def test_no_log_line_has_words_or_tokens(run_web: Runs, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    web = run_web(flagged("urgent", "my secret words"), never_answers)
    patient = web.patient()
    patient.asks("my secret words")
    patient.asks("my secret words")
    assert "secret" not in caplog.text and patient.token not in caplog.text
