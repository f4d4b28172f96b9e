"""The event stream over a real connection: everything once, in order, across reconnects."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from aftercare.conversation import sessions
from aftercare.conversation.database import StorageError
from aftercare.conversation.gateway import Gateway
from aftercare.conversation.wakeups import Wakeups
from aftercare.web import stream
from tests.conversation.fakes import never_answers

from .patients import Server, until


@dataclass
class Page:
    """A page that follows its conversation, in a thread."""

    server: Server
    token: str
    after: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def follows(self, by_header: bool = False) -> Iterator[None]:
        last = {"Last-Event-ID": str(self.after)} if by_header else {}
        query = "" if by_header else f"?after={self.after}"
        headers = {"Authorization": f"Bearer {self.token}", **last}
        url = f"{self.server.url}/api/v1/stream{query}"
        with httpx2.stream("GET", url, headers=headers, timeout=5) as response:
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
            reader = threading.Thread(target=self._read, args=(response,), daemon=True)
            reader.start()
            yield
            response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            reader.join(2)
            assert self.ended.is_set()

    def _read(self, response: httpx2.Response) -> None:
        event: dict[str, str] = {}
        try:
            for line in response.iter_lines():
                name, _, value = line.partition(": ")
                event[name] = value
                if not line:
                    self._take(event)
                    event = {}
        except (httpx2.HTTPError, httpx2.StreamError, RuntimeError, OSError):
            pass
        self.ended.set()

    def _take(self, event: dict[str, str]) -> None:
        if event.get("event") == "message":
            message = json.loads(event["data"])
            assert event["id"] == str(message["seq"])
            self.after = message["seq"]
            self.messages.append(message)
        elif event.get("event") == "state":
            assert "id" not in event
            self.states.append(json.loads(event["data"]))

    @property
    def modes(self) -> list[tuple[str, bool]]:
        """(mode, typing) of every state."""
        return [(state["mode"], state["typing"]) for state in self.states]

    @property
    def seqs(self) -> list[int]:
        return [message["seq"] for message in self.messages]


def opens(server: Server) -> Page:
    return Page(server, server.gateway.open_session().token)


def says(page: Page, text: str) -> int:
    return page.server.gateway.post(page.token, str(uuid4()), text).seq


def test_a_page_sees_every_message_as_it_comes(serve: Callable[..., Server]) -> None:
    page = opens(serve())
    with page.follows():
        until(lambda: page.seqs == [1] and page.states)
        assert page.modes == [("assistant", False)]
        says(page, "line one\nline two")
        until(lambda: page.seqs == [1, 2, 3])
        assert page.messages[1]["text"] == "line one\nline two"
        says(page, "I cannot breathe")
        until(lambda: page.seqs == [1, 2, 3, 4, 5] and page.modes[-1:] == [("waiting", False)])


def test_the_page_sees_the_assistant_type(serve: Callable[..., Server]) -> None:
    page = opens(serve(never_answers))
    with page.follows():
        until(lambda: page.states)
        says(page, "hello")
        until(lambda: ("assistant", True) in page.modes)
        until(lambda: page.modes[-1:] == [("waiting", False)])


@pytest.mark.parametrize("by_header", [False, True])
def test_a_page_that_comes_back_misses_nothing_and_sees_nothing_twice(
    serve: Callable[..., Server], by_header: bool
) -> None:
    page = opens(serve())
    for round_ in range(3):
        with page.follows(by_header):
            says(page, f"online {round_}")
            until(lambda: len(page.seqs) >= 4 * round_ + 3)  # noqa: B023
        says(page, f"offline {round_}")
    with page.follows(by_header):
        until(lambda: page.seqs[-1:] == [13])
    assert page.seqs == list(range(1, 14))


def test_a_message_comes_without_any_hint(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process may have written it."""
    page = opens(serve())
    monkeypatch.setattr(stream, "POLL", 0.05)
    with page.follows():
        until(lambda: page.seqs == [1])
        monkeypatch.setattr(Wakeups, "notify", lambda *_: None)
        says(page, "hello")
        until(lambda: page.seqs == [1, 2, 3])


def test_a_page_that_leaves_is_forgotten(serve: Callable[..., Server]) -> None:
    page = opens(serve())
    with page.follows():
        until(lambda: sum(page.server.streams.values()) == 1)
    until(lambda: not page.server.streams)


def test_nobody_opens_streams_without_end(serve: Callable[..., Server]) -> None:
    page = opens(serve())
    pages = [Page(page.server, page.token) for _ in range(stream.MOST_STREAMS)]
    following = [one.follows() for one in pages]
    for one in following:
        one.__enter__()
    until(lambda: sum(page.server.streams.values()) == stream.MOST_STREAMS)
    headers = {"Authorization": f"Bearer {page.token}"}
    refused = httpx2.get(f"{page.server.url}/api/v1/stream", headers=headers)
    assert (refused.status_code, refused.json()["error"]) == (429, "too_many")
    for one in following:
        one.__exit__(None, None, None)


def test_a_stream_ends_with_its_session(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    page = opens(serve())
    monkeypatch.setattr(stream, "POLL", 0.05)
    gateway = page.server.gateway
    with page.follows():
        until(lambda: page.seqs == [1])
        with gateway.database.writing() as connection:
            session = sessions.authenticate(connection, page.token, gateway.clock())
            sessions.revoke(connection, session.id, gateway.clock())
        assert page.ended.wait(2)


def test_a_stream_ends_when_the_database_fails(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    page = opens(serve())
    monkeypatch.setattr(stream, "POLL", 0.05)

    def failing(*_: object) -> None:
        raise StorageError("disk I/O error")

    with page.follows():
        until(lambda: page.seqs == [1])
        monkeypatch.setattr(Gateway, "glance", failing)
        assert page.ended.wait(2)


def test_a_silent_stream_has_a_heartbeat(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.05)
    page = opens(serve())
    headers = {"Authorization": f"Bearer {page.token}"}
    with httpx2.stream("GET", f"{page.server.url}/api/v1/stream", headers=headers, timeout=5) as response:
        assert next(line for line in response.iter_lines() if line.startswith(":")) == ": still here"


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "9" * 30, "1\u0663"])
def test_a_number_that_is_none_is_refused(serve: Callable[..., Server], after: str) -> None:
    page = opens(serve())
    headers = {"Authorization": f"Bearer {page.token}"}
    answer = httpx2.get(f"{page.server.url}/api/v1/stream", params={"after": after}, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")


def test_a_page_that_claims_more_than_there_is_gets_what_comes_next(serve: Callable[..., Server]) -> None:
    page = opens(serve())
    page.after = 900
    with page.follows():
        until(lambda: page.states)
        says(page, "hello")
        until(lambda: page.seqs == [2, 3])
