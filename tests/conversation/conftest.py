"""A clinic for each test, on SQLite; and on PostgreSQL where a test asks for both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from aftercare.conversation import staff

from .fakes import Clinic, FakeAssistant, make_clinic, sqlite_url

POSTGRESQL = "postgresql://postgres@127.0.0.1:5432/postgres"


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Still argon2id, but not made slow on purpose."""
    monkeypatch.setattr(staff, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def open_clinic(tmp_path: Path) -> Iterator[Callable[..., Clinic]]:
    """Opens clinics on one SQLite file."""
    opened: list[Clinic] = []

    def opening(*answers: object, **more: object) -> Clinic:
        opened.append(make_clinic(sqlite_url(tmp_path), FakeAssistant(*answers), **more))  # type: ignore[arg-type]
        return opened[-1]

    yield opening
    for clinic in opened:
        clinic.gateway.close()


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """A new database, dropped afterwards."""
    server = create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT", future=True, connect_args={"connect_timeout": 2})
    name = f"aftercare_test_{uuid4().hex[:12]}"
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError:
        pytest.skip("no PostgreSQL at 127.0.0.1:5432")
    yield make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    url: str = request.getfixturevalue("postgresql_url")
    return url
