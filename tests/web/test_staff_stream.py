"""The consoles' stream over a real connection: what changes arrives, once, and only while the session stands."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from aftercare.conversation import cases, notes, staff, staff_sessions
from aftercare.conversation.gateway import Opened
from aftercare.conversation.photos import Photos
from aftercare.conversation.staff_sessions import Staff
from aftercare.photos.folder import PhotoFolder
from aftercare.photos.process import copies_of
from aftercare.web import console_feed
from tests.conversation.fakes import calm, flagged
from tests.conversation.test_photos import RETENTION
from tests.photos.pictures import halves, photo

from .patients import PASSWORD, Server, until


@dataclass
class Console:
    """An open page of a member of staff. ``events``: (name, data, when it came)."""

    server: Server
    token: str
    events: list[tuple[str, str, float]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def follows(self, query: str) -> Iterator[Console]:
        cookies = {"aftercare_staff": self.token}
        url = f"{self.server.url}/staff/stream?{query}"
        with httpx2.stream("GET", url, cookies=cookies, timeout=30) as response:
            assert response.status_code == 200
            reader = threading.Thread(target=self._read, args=(response,), daemon=True)
            reader.start()
            yield self
            response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            reader.join(2)

    def _read(self, response: httpx2.Response) -> None:
        name, data = "", []
        try:
            for line in response.iter_lines():
                key, _, value = line.partition(": ")
                if key == "event":
                    name = value
                elif key == "data":
                    data.append(value)
                elif not line and name:
                    self.events.append((name, "\n".join(data), time.monotonic()))
                    name, data = "", []
        except (httpx2.HTTPError, httpx2.StreamError, RuntimeError, OSError):
            pass
        self.ended.set()

    def all(self, name: str) -> list[str]:
        return [data for event, data, _ in self.events if event == name]

    def queue(self) -> dict[str, Any]:
        """Which cases stand where, as last told."""
        until(lambda: self.all("queue"))
        told: dict[str, Any] = json.loads(self.all("queue")[-1])
        return told


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    return serve(flagged("urgent", "yellow pus"))


def member(server: Server, name: str) -> tuple[Staff, Console]:
    person = staff.add_staff(server.gateway.database, name, PASSWORD, f"{name.capitalize()} Lee")
    with server.gateway.database.writing() as connection:
        token = staff_sessions.open_session(connection, person, server.gateway.clock())
    return person, Console(server, token)


def writes(server: Server, text: str = "there is yellow pus", opened: Opened | None = None) -> Opened:
    opened = opened or server.gateway.open_session()
    server.gateway.post(opened.token, str(uuid4()), text)
    return opened


def case_of(server: Server, opened: Opened) -> str:
    def find() -> str | None:
        with server.gateway.database.reading() as connection:
            case = cases.open_case(connection, opened.conversation_id)
        return case.id if case else None

    until(find)
    case_id = find()
    assert case_id is not None
    return case_id


def test_a_new_case_and_a_claim_arrive_with_the_changed_rows_alone(server: Server) -> None:
    kim, console = member(server, "kim")
    first = case_of(server, writes(server))
    with console.follows("shows=queue"):
        until(lambda: console.queue()["groups"]["waiting"] == [first])
        second = case_of(server, writes(server))
        until(lambda: console.queue()["groups"]["waiting"] == [first, second])
        assert any(set(json.loads(told)["rows"]) == {second} for told in console.all("queue"))
        assert [alarm["id"] for alarm in console.queue()["alarms"]] == [second, first]
        server.gateway.desk.claim(first, kim)
        until(lambda: console.queue()["groups"]["mine"] == [first])
        assert console.queue()["groups"]["waiting"] == [second]


def test_many_consoles_share_one_look(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    read = console_feed.board.read

    def counted(*given: Any) -> Any:
        looks.append(len(given[1]))
        return read(*given)

    monkeypatch.setattr(console_feed.board, "read", counted)
    people = [member(server, f"nurse{number}")[1] for number in range(8)]
    follows = [console.follows("shows=queue") for console in people]
    for each in follows:
        each.__enter__()
    for console in people:
        until(lambda console=console: console.all("queue"))
    looks.clear()
    began = time.monotonic()
    case_id = case_of(server, writes(server))
    for console in people:
        until(lambda console=console: console.queue()["groups"]["waiting"] == [case_id])
    # At most one look each PAUSE, whoever and however many watch.
    assert len(looks) <= (time.monotonic() - began) / console_feed.PAUSE + 2
    assert max(looks) == len(people)
    for each in follows:
        each.__exit__(None, None, None)


def test_nobody_looks_where_nobody_watches(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    _, console = member(server, "kim")
    with console.follows("shows=queue"):
        until(lambda: console.all("queue"))
    looks: list[int] = []
    read = console_feed.board.read
    time.sleep(2 * console_feed.POLL)
    monkeypatch.setattr(console_feed.board, "read", lambda *given: (looks.append(1), read(*given))[1])
    time.sleep(2 * console_feed.POLL)
    assert looks == []


def test_a_conversation_arrives_message_by_message_and_once(server: Server) -> None:
    kim, console = member(server, "kim")
    opened = writes(server)
    case_id = case_of(server, opened)
    server.gateway.desk.claim(case_id, kim)
    after = server.gateway.state(opened.conversation_id).last_seq
    with console.follows(f"shows={case_id}&after={after}"):
        until(lambda: console.all("actions"))
        assert "hand-back" in console.all("actions")[-1]
        writes(server, "<b>it hurts</b>", opened)
        until(lambda: console.all("message"))
        server.gateway.desk.send(case_id, kim, str(uuid4()), "I am here.")
        until(lambda: len(console.all("message")) == 2)
        assert "&lt;b&gt;it hurts&lt;/b&gt;" in console.all("message")[0]
        assert "I am here." in console.all("message")[1] and ">Sent<" in console.all("message")[1]
        server.gateway.desk.close(case_id, kim, "called")
        until(lambda: "Closed by Kim Lee: called the patient." in console.all("head")[-1])
        time.sleep(1.2)
        numbers = [data.partition('id="message-')[2].partition('"')[0] for data in console.all("message")]
        assert len(numbers) == len(set(numbers))


def test_words_that_raised_the_case_later_are_marked_in_a_message_that_is_shown(server: Server) -> None:
    _, console = member(server, "kim")
    opened = writes(server)
    case_id = case_of(server, opened)
    after = server.gateway.state(opened.conversation_id).last_seq
    with console.follows(f"shows={case_id}&after={after}"):
        until(lambda: console.all("head"))
        writes(server, "now I cannot breathe", opened)
        until(lambda: "Emergency" in console.all("head")[-1])
        until(lambda: any("<mark>breathe</mark>" in data for data in console.all("message")))


def test_an_urgent_message_to_who_has_the_case_raises_it_before_their_eyes(serve: Callable[..., Server]) -> None:
    server = serve(flagged("soon", "yellow"), calm())
    kim, console = member(server, "kim")
    _, other = member(server, "lee")
    opened = writes(server, "it is yellow")
    case_id = case_of(server, opened)
    server.gateway.desk.claim(case_id, kim)
    after = server.gateway.state(opened.conversation_id).last_seq
    with console.follows(f"shows={case_id}&after={after}"), other.follows("shows=queue"):
        until(lambda: console.all("head"))
        writes(server, "now it is burning", opened)
        until(lambda: "Urgent, today" in console.all("head")[-1])
        until(lambda: any("<mark>burning</mark>" in data for data in console.all("message")))
        until(lambda: any("Urgent, today" in json.loads(told)["rows"].get(case_id, "") for told in other.all("queue")))
    assert server.gateway.state(opened.conversation_id).mode == "staff"


def test_notes_of_colleagues_arrive_and_patients_hear_nothing_of_them(server: Server) -> None:
    kim, console = member(server, "kim")
    opened = writes(server)
    case_id = case_of(server, opened)
    with console.follows(f"shows={case_id}"):
        until(lambda: console.all("notes"))
        assert "<li>" not in console.all("notes")[-1]
        with server.gateway.database.writing() as connection:
            notes.add(connection, case_id, kim.id, "Known <i>allergy</i>", server.gateway.clock())
        until(lambda: "Known &lt;i&gt;allergy&lt;/i&gt;" in console.all("notes")[-1])
        assert "Kim Lee" in console.all("notes")[-1]
        time.sleep(1.2)
        assert len(console.all("notes")) == 2, "what did not change is not sent again"
    assert "allergy" not in str(server.gateway.transcript(opened.conversation_id))


def test_photos_arrive_by_day_and_those_on_the_page_are_not_sent_again(server: Server, tmp_path: Path) -> None:
    _, console = member(server, "kim")
    opened = writes(server)
    case_id = case_of(server, opened)
    album = Photos(server.gateway, PhotoFolder(tmp_path / "photos"), RETENTION)

    def sends() -> int:
        copies = [copies_of(io.BytesIO(photo("JPEG", halves(400, 300))))]
        return album.post(opened.token, str(uuid4()), "", copies).seq

    after = sends()
    with console.follows(f"shows={case_id}&after={after}"):
        until(lambda: console.all("head"))
        time.sleep(1.2)
        assert console.all("photos") == []
        sends()
        until(lambda: console.all("photos"))
        assert console.all("photos")[-1].count("<img") == 2
    with console.follows(f"shows={case_id}&after={after - 1}"):
        until(lambda: len(console.all("photos")) == 2)


def test_a_case_page_hears_of_waiting_emergencies(server: Server) -> None:
    _, console = member(server, "kim")
    case_id = case_of(server, writes(server))
    with console.follows(f"shows={case_id}"):
        until(lambda: console.all("alarms"))
        other = case_of(server, writes(server, "I cannot breathe"))
        until(lambda: other in console.all("alarms")[-1])
        told = json.loads(console.all("alarms")[-1])
        assert told["waiting"] == 2 and told["alarms"][0]["tier"] == "emergency"
        assert "breathe" not in console.all("alarms")[-1]


def test_the_stream_ends_with_the_session(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aftercare.web.console_stream.BEAT", 0.1)
    _, console = member(server, "kim")
    with console.follows("shows=queue"):
        until(lambda: console.all("beat"))
        with server.gateway.database.writing() as connection:
            connection.exec_driver_sql("UPDATE staff_session SET revoked_at = created_at")
        assert console.ended.wait(5)
    assert console.all("gone") == [""]


@pytest.mark.parametrize("query", ["", "shows=nothing", f"shows={uuid4()}", "shows=queue'"])
def test_a_stream_of_nothing_is_refused(server: Server, query: str) -> None:
    _, console = member(server, "kim")
    url, cookies = f"{server.url}/staff/stream?{query}", {"aftercare_staff": console.token}
    assert httpx2.get(url, cookies=cookies, timeout=5).status_code == 400
    assert httpx2.get(url, timeout=5).status_code == 401
