"""One running product for all fault tests: each has patients of its own, and leaves the product answering."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.web_alone import Web, running_web
from tests.product import Patient, Product, running_product, until

BROKEN_ACTIONS = Path(__file__).parent / "broken_actions"

ENVIRONMENT = {
    "PYTHONPATH": str(BROKEN_ACTIONS),
    "AFTERCARE_MESSAGES_PER_MINUTE": "6000",
    "AFTERCARE_SESSIONS_PER_MINUTE": "6000",
}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running_product(tmp_path_factory.mktemp("product") / "var", ENVIRONMENT) as product:
        yield product


@pytest.fixture
def product(running: Product) -> Iterator[Product]:
    """The product, answering as it should before and after the test."""
    until(running.is_ready, 90, "the product to be ready")
    # A web process that has never met its Rasa waits for it at first; the tests are about the time after.
    Patient(running).open().ask("hello")
    yield running
    until(running.is_ready, 90, "the product to be ready again")


@pytest.fixture
def new_patient(product: Product) -> Callable[[], Patient]:
    return lambda: Patient(product).open()


@pytest.fixture
def patient(new_patient: Callable[[], Patient]) -> Patient:
    return new_patient()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """The web process alone, for one test."""
    with running_web(tmp_path / "var") as running:
        yield running


@pytest.fixture
def web_patient(web: Web) -> Patient:
    return Patient(web).open()  # type: ignore[arg-type]
