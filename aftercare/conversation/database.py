"""One door to the database: an engine with safe settings, and StorageError for everything that is not our mistake."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Table, create_engine, event, exc
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.pool import QueuePool

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 32
"""Calls at once; most of them wait, for a connection or for their turn to write."""

CONNECTIONS = 8
"""SQLite has one writer, and PostgreSQL shares its connections with other processes."""

LOCK_WAIT = 5.0
"""Seconds to wait for another writer before giving up."""


class StorageError(Exception):
    """The database did not take or give data: locked, full, unreachable, damaged. Carries no parameters."""


class Database:
    """Transactions and the threads they run in. ``run`` is for callers on an event loop."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(make_url(url))
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="database")
        self._one_writer = threading.Lock() if self.engine.dialect.name == "sqlite" else None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that does not write. Raises StorageError."""
        with _storage_errors(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits at the end, or leaves nothing. Raises StorageError."""
        with (
            self._my_turn_to_write(),
            _storage_errors(),
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _my_turn_to_write(self) -> Iterator[None]:
        """SQLite's own wait for its one writer looks again after ever longer pauses, and whoever comes later may be first.
        So the writers of this process wait for each other here, without a connection; those of others as SQLite does."""
        if self._one_writer is None:
            yield
            return
        if not self._one_writer.acquire(timeout=LOCK_WAIT):
            raise StorageError("database is locked by other writers of this process")
        try:
            yield
        finally:
            self._one_writer.release()

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking call in one of the database's threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(call, *args, **kwargs))

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self.engine.dispose()


def insert_missing(connection: Connection, table: Table, **values: Any) -> None:
    """Insert a row unless there is one of that key, also where another transaction inserts it at the same moment."""
    insertion = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    connection.execute(insertion(table).values(**values).on_conflict_do_nothing())


@contextmanager
def _storage_errors() -> Iterator[None]:
    # The cause is dropped: it names rows and statements, and logs must not.
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.TimeoutError) as error:
        raise StorageError(_what_failed(error)) from None
    except exc.DBAPIError as error:
        if type(error) is exc.DatabaseError or error.connection_invalidated:
            raise StorageError(_what_failed(error)) from None
        raise


def _what_failed(error: exc.SQLAlchemyError) -> str:
    cause = getattr(error, "orig", None)
    text = str(cause) if cause is not None else type(error).__name__
    return text.splitlines()[0] if text else type(cause).__name__


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    return _postgresql(url)


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ValueError("The database must be a file, for example sqlite:///var/aftercare.db")
    _private_file(Path(url.database))
    engine = create_engine(
        url,
        future=True,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=CONNECTIONS,
        max_overflow=4,
        connect_args={"check_same_thread": False, "timeout": LOCK_WAIT},
    )
    event.listen(engine, "connect", _sqlite_settings)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _private_file(path: Path) -> None:
    """Make the file before SQLite does, readable by its owner alone; its -wal and -shm take over the mode."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        if path.stat().st_uid == os.getuid():
            path.chmod(0o600)
    except OSError as error:
        raise StorageError(f"Cannot open the database file {path}: {error.strerror}") from error


def _sqlite_settings(connection: Any, _record: Any) -> None:
    # The driver's own transactions begin too late (at the first write) to be one consistent read-then-write.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL: a message that was answered 202 survives a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _sqlite_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(url: URL) -> Engine:
    milliseconds = int(LOCK_WAIT * 1000)
    settings = f"-c lock_timeout={milliseconds} -c statement_timeout={3 * milliseconds} -c timezone=UTC"
    return create_engine(
        url,
        future=True,
        hide_parameters=True,
        pool_size=CONNECTIONS,
        max_overflow=4,
        pool_timeout=LOCK_WAIT,
        pool_pre_ping=True,
        connect_args={"options": settings, "connect_timeout": int(LOCK_WAIT)},
    )
