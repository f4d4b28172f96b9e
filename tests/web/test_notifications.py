"""The page on messages to staff: whom they go to, what became of them, and a test by a button."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from aftercare.conversation import audit, staff
from aftercare.conversation.delivery import Letter
from aftercare.knowledge.clinic import Notifications
from aftercare.web.app import create_app
from aftercare.web.notifications import problems
from aftercare.web.settings import Settings
from tests.conversation.fakes import FakeAssistant, FakeReports, FakeWording, flagged, screen, sqlite_url

from .patients import CLINIC, ORIGIN, PASSWORD, Running, csrf_in, until

TOLD = replace(CLINIC, notifications=Notifications(("desk", "lead")))


class Post:
    def __init__(self) -> None:
        self.failing = False
        self.letters: list[tuple[str, Letter]] = []

    def __call__(self, recipient: str, letter: Letter) -> str | None:
        if self.failing:
            return "not_delivered"
        self.letters.append((recipient, letter))
        return None


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def web(tmp_path: Path, post: Post) -> Iterator[Running]:
    """The web process, with the real clock: its sender runs."""
    assistant = FakeAssistant(flagged("urgent", "yellow pus"))
    app = create_app(
        Settings(database_url=sqlite_url(tmp_path), public_url=ORIGIN),
        clinic=TOLD,
        screen=screen,
        wording=FakeWording(),
        reports=FakeReports(),
        assistant=assistant,
        deliver=post,
    )
    with TestClient(app, base_url=ORIGIN, follow_redirects=False) as client:
        yield Running(client, app.state.site, assistant, app.state.site.gateway.clock)


def logs_in(web: Running, role: str) -> None:
    staff.add_staff(web.site.gateway.database, role, PASSWORD, role=role)
    assert web.log_in(role, PASSWORD).status_code == 303


def sends_test(web: Running, level: str) -> int:
    form = {"csrf": csrf_in(web.client.get("/staff/notifications")), "level": level}
    answer = web.client.post("/staff/notifications/test", data=form, headers={"Origin": ORIGIN})
    return int(answer.status_code)


def test_the_process_tells_the_first_recipient_of_a_new_case(web: Running, post: Post) -> None:
    web.patient().asks("there is yellow pus")
    until(lambda: post.letters)
    recipient, letter = post.letters[0]
    assert recipient == "desk"
    assert f"{ORIGIN}/staff/cases/" in letter.body


@pytest.mark.parametrize("role", ["lead", "admin"])
def test_a_test_goes_to_the_recipient_of_the_button(web: Running, post: Post, role: str) -> None:
    logs_in(web, role)
    assert sends_test(web, "1") == 303
    until(lambda: post.letters)
    assert post.letters[0][0] == "lead"
    until(lambda: "<td>Sent</td>" in web.client.get("/staff/notifications").text)
    with web.site.gateway.database.reading() as connection:
        tested = [entry for entry in audit.newest(connection, 10) if entry.action == "notification_tested"]
    assert [dict(entry.details) for entry in tested] == [{"recipient": "lead"}]


def test_a_failure_is_told_on_the_page_and_in_the_banner_until_a_message_arrives(web: Running, post: Post) -> None:
    logs_in(web, "lead")
    post.failing = True
    sends_test(web, "0")
    until(lambda: "Given up after 1 try" in web.client.get("/staff/notifications").text)
    sentence = "The last message to desk did not arrive: its service did not take it."
    assert sentence in web.client.get("/staff/notifications").text
    database = web.site.gateway.database
    with database.reading() as connection:
        assert problems(connection, web.clock()) == [sentence]
    banner = web.site.templates.get_template("staff_notification_problems.html")
    assert sentence in banner.render(problems=[sentence])
    assert banner.render(problems=[]).strip() == ""
    post.failing = False
    sends_test(web, "0")
    until(lambda: "<td>Sent</td>" in web.client.get("/staff/notifications").text)
    assert sentence not in web.client.get("/staff/notifications").text


@pytest.mark.parametrize("level", ["2", "-1", "", "x", "²"])
def test_a_test_for_nobody_is_refused(web: Running, post: Post, level: str) -> None:
    logs_in(web, "lead")
    assert sends_test(web, level) == 400
    assert post.letters == []


def test_a_responder_does_not_come_to_the_page(web: Running) -> None:
    logs_in(web, "responder")
    assert web.client.get("/staff/notifications").status_code == 403


def test_a_clinic_without_recipients_is_told_how_to_name_them(run_web: Callable[..., Running]) -> None:
    web = run_web()
    logs_in(web, "lead")
    assert "no recipients are named in <code>clinic.yml</code>" in web.client.get("/staff/notifications").text


@pytest.mark.parametrize(
    ("content", "mode", "problem"),
    [
        ("desk: 'json://hooks.example/secret'\nlead: 'json://hooks.example/secret'\n", 0o644, "Run: chmod 600"),
        ("desk: 'json://hooks.example/secret", 0o600, "line 1: this is not YAML"),
        (
            "desk: 'json://hooks.example/secret'\nlead: 'pigeon://secret'\n",
            0o600,
            "line 2, 'lead': this is not an Apprise",
        ),
    ],
)
def test_the_process_starts_with_bad_addresses_and_shows_staff_what_to_do(
    tmp_path: Path, content: str, mode: int, problem: str
) -> None:
    file = tmp_path / "addresses.yml"
    file.write_text(content, encoding="utf-8")
    file.chmod(mode)
    settings = Settings(database_url=sqlite_url(tmp_path), address_file=str(file))
    app = create_app(
        settings,
        clinic=TOLD,
        screen=screen,
        wording=FakeWording(),
        reports=FakeReports(),
        assistant=FakeAssistant(),
    )
    with TestClient(app, base_url=ORIGIN, follow_redirects=False) as client:
        web = Running(client, app.state.site, FakeAssistant(), app.state.site.gateway.clock)
        logs_in(web, "admin")
        for path in ("/staff", "/staff/notifications"):
            page = html.unescape(client.get(path).text)
            assert str(file) in page and problem in page
            assert "secret" not in page
