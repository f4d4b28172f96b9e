"""Keeps the processes of the assistant running: starts them, sees that they answer, starts them again, stops them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LOOK_SECONDS = 0.2
"""Between two looks at whether a process still lives."""

CHECK_SECONDS = 10.0
"""Between two questions whether a process that was seen to answer still does."""

SILENT_SECONDS = 60.0
"""A process that lives but has not answered for so long is killed and started again."""

STOP_SECONDS = 20.0
"""To finish what is under way after SIGTERM. Rasa allows itself 15 s."""

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Before a process that died is started again; doubled each time until it has run for ``STEADY_SECONDS``."""

STEADY_SECONDS = 60.0

LOG_BYTES = 5_000_000
"""A log that is larger when its process starts is put aside as ``.1``, over the one before."""


class StartFailed(Exception):
    """A process ended, or never answered, while the assistant was starting. The text tells what to read."""


@dataclass
class Service:
    """One process to keep running.

    ``answers`` asks it whether it can do its work and takes 5 s at most; ``start_seconds`` is how long it may take
    until it says yes for the first time. It runs in ``folder``, and everything it prints goes to ``log``.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    answers: Callable[[], bool]
    start_seconds: float
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    answered: float | None = None
    checked: float = 0.0
    wait: float = FIRST_WAIT
    due: float = 0.0
    log_begin: int = 0
    pids: list[int] = field(default_factory=list)

    def start(self, now: float) -> None:
        _make_room(self.log)
        self.log_begin = self.log.stat().st_size if self.log.exists() else 0
        descriptor = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            self.process = subprocess.Popen(  # noqa: S603
                self.command,
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                # Its own session: Ctrl-C reaches the supervisor alone, which then stops them in order.
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        finally:
            os.close(descriptor)
        self.pids.append(self.process.pid)
        self.started, self.answered, self.checked = now, None, 0.0

    def check(self, now: float) -> None:
        self.checked = now
        if self.answers():
            self.answered = now

    def is_silent(self, now: float) -> bool:
        if self.answered is None:
            return now - self.started > self.start_seconds
        return now - self.answered > SILENT_SECONDS

    def last_lines(self, count: int = 15) -> str:
        """The end of what the process printed since its last start."""
        with self.log.open("rb") as log:
            log.seek(self.log_begin)
            return "\n".join(log.read().decode("utf-8", errors="replace").splitlines()[-count:])


def _make_room(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(log.suffix + ".1"))


def _end_with_parent() -> None:
    """In the child: have the kernel end it if the supervisor is killed, so that no orphan keeps the port (Linux)."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


class Supervisor:
    """Runs services until it is told to stop by SIGTERM, SIGINT or SIGHUP."""

    def __init__(self, services: Sequence[Service], say: Callable[[str], None] = print) -> None:
        self._services = services
        self._say = say
        self._stop_requests = 0

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start all, call ``on_ready`` once every one answers, keep them running. Raises StartFailed."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._request_stop)
        try:
            for service in self._services:
                service.start(time.monotonic())
            self._wait_until_ready()
            if not self._stop_requests:
                on_ready()
            self._keep_running()
        finally:
            self._stop()

    def _request_stop(self, _number: int, _frame: object) -> None:
        self._stop_requests += 1

    def _wait_until_ready(self) -> None:
        while not self._stop_requests:
            now = time.monotonic()
            waiting = [service for service in self._services if service.answered is None]
            if not waiting:
                return
            for service in waiting:
                if service.process is not None and service.process.poll() is not None:
                    raise StartFailed(f"{service.name} stopped while it was starting.\n{self._what_to_read(service)}")
                if service.is_silent(now):
                    seconds = int(service.start_seconds)
                    raise StartFailed(
                        f"{service.name} did not answer within {seconds} s.\n{self._what_to_read(service)}"
                    )
                service.check(now)
            time.sleep(LOOK_SECONDS)

    def _what_to_read(self, service: Service) -> str:
        return f"{service.last_lines()}\n(from {service.log})"

    def _keep_running(self) -> None:
        while not self._stop_requests:
            now = time.monotonic()
            for service in self._services:
                self._look_after(service, now)
            time.sleep(LOOK_SECONDS)

    def _look_after(self, service: Service, now: float) -> None:
        if service.process is None:
            if now >= service.due:
                service.start(now)
            return
        code = service.process.poll()
        if code is not None:
            self._plan_restart(service, code, now)
            return
        # One that has not answered yet is asked at every look, so that its return is seen at once.
        if service.answered is None or now - service.checked >= CHECK_SECONDS:
            was_silent = service.answered is None
            service.check(now)
            if was_silent and service.answered is not None:
                self._say(f"{service.name} answers again")
        if service.is_silent(now):
            self._say(f"{service.name} lives but does not answer: ending it")
            service.process.kill()

    def _plan_restart(self, service: Service, code: int, now: float) -> None:
        if now - service.started > STEADY_SECONDS:
            service.wait = FIRST_WAIT
        self._say(f"{service.name} ended ({_how(code)}); starting it again in {service.wait:.0f} s. Log: {service.log}")
        service.process, service.due = None, now + service.wait
        service.wait = min(service.wait * 2, LONGEST_WAIT)

    def _stop(self) -> None:
        living = [service.process for service in self._services if service.process and service.process.poll() is None]
        for process in living:
            process.terminate()
        asked = self._stop_requests
        deadline = time.monotonic() + STOP_SECONDS
        while any(process.poll() is None for process in living):
            if time.monotonic() > deadline or self._stop_requests > asked:
                for process in living:
                    process.kill()
            time.sleep(LOOK_SECONDS / 4)


def _how(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
