"""What tests of several rooms share: the real knowledge base, the demo clinic, and a clock that stands still."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aftercare.knowledge import Clinic, KnowledgeBase, load_clinic, load_knowledge
from aftercare.triage import Reader

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def knowledge() -> KnowledgeBase:
    return load_knowledge(ROOT / "data" / "knowledge")


@pytest.fixture(scope="session")
def clinic() -> Clinic:
    return load_clinic(ROOT / "clinic.yml")


@pytest.fixture(scope="session")
def reader(knowledge: KnowledgeBase) -> Reader:
    return Reader(knowledge)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The one browser of all browser tests: Playwright's synchronous side starts once in a thread."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on the PATH")
    playwright = pytest.importorskip("playwright.sync_api")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=chromium, args=arguments)
        yield launched
        launched.close()


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 12, 15, 0, tzinfo=ZoneInfo("Europe/London"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright's loop, once started, stays in the main thread, and asyncio.run refuses beside it."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
