"""A real browser in front of the contract server. Every page is watched: no foreign request, no cookie, no error."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.browser.contract_server import WELCOME, ContractServer

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium")
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def contract() -> Iterator[ContractServer]:
    server = ContractServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(contract: ContractServer) -> ContractServer:
    contract.reset()
    return contract


@dataclass
class Chat:
    """A patient at a chat page (or at the chat's frame in a clinic's page)."""

    page: Any
    frame: Any

    def write(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")

    def ask(self, text: str, reply: str) -> None:
        self.write(text)
        self.shows(reply)

    @property
    def field(self) -> Any:
        return self.frame.get_by_label("Your message")

    @property
    def log(self) -> Any:
        return self.frame.get_by_role("log")

    def button(self, name: str) -> Any:
        return self.frame.get_by_role("button", name=name, exact=True)

    def texts(self) -> list[str]:
        """What is shown after the welcome."""
        return [text for text in self.log.locator(".text").all_inner_texts() if text not in WELCOME]

    def shows(self, text: str, times: int = 1) -> None:
        playwright.expect(self.log.locator(".text").filter(has_text=text)).to_have_count(times)

    def status_says(self, text: str) -> None:
        playwright.expect(self.frame.get_by_role("status")).to_contain_text(text, timeout=15_000)

    def warns(self, text: str) -> None:
        playwright.expect(self.frame.get_by_role("alert").filter(has_text=text)).to_have_count(1, timeout=15_000)


@pytest.fixture
def visit(browser: Any, server: ContractServer) -> Iterator[Callable[..., Any]]:
    """Opens a path as a new visitor. Options are those of a browser context."""
    contexts: list[Any] = []
    foreign: list[str] = []
    faults: list[str] = []

    def open_path(path: str, viewport: dict[str, int] = PHONE, **options: Any) -> Any:
        context = browser.new_context(viewport=viewport, locale="en-GB", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8_000)
        ours = (server.url, server.clinic_url, f"blob:{server.url}")
        page.on("request", lambda request: request.url.startswith(ours) or foreign.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
        page.goto(path if path.startswith("http") else server.url + path)
        return page

    yield open_path
    cookies = [cookie for context in contexts for cookie in context.cookies()]
    for context in contexts:
        context.close()
    assert (foreign, cookies, faults) == ([], [], [])


@pytest.fixture
def open_chat(visit: Callable[..., Any]) -> Callable[..., Chat]:
    def open_path(path: str = "/chat", **options: Any) -> Chat:
        page = visit(path, **options)
        return Chat(page, page)

    return open_path


@pytest.fixture
def chat(open_chat: Callable[..., Chat]) -> Chat:
    return open_chat()
