"""The supervisor with small real processes: it starts, waits, restarts, gives up while starting, and stops cleanly."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from aftercare.cli import supervisor
from aftercare.cli.supervisor import Service, StartFailed, Supervisor

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(supervisor, "CHECK_SECONDS", 0.1)
    monkeypatch.setattr(supervisor, "FIRST_WAIT", 0.1)


@pytest.fixture(autouse=True)
def signals() -> object:
    """Put the test runner's own handlers back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def service(tmp_path: Path) -> Callable[..., Service]:
    def make(
        code: str, answers: Callable[[], bool] | None = None, start_seconds: float = 10, name: str = "it"
    ) -> Service:
        log = tmp_path / f"{name}.log"
        says_up = lambda: log.exists() and "up" in log.read_text()  # noqa: E731
        return Service(
            name, [sys.executable, "-c", code], {}, log, answers or says_up, start_seconds, tmp_path, wait=0.1
        )

    return make


def run_until(
    stop_when: Callable[[], bool], *services: Service, say: Callable[[str], None] = lambda text: None
) -> list[str]:
    """Run the supervisor here, and stop it with SIGTERM from a thread once something holds."""
    events: list[str] = []

    def watch() -> None:
        deadline = time.monotonic() + 15
        try:
            while not (events and stop_when()) and time.monotonic() < deadline:
                time.sleep(0.02)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    watcher = threading.Thread(target=watch)
    watcher.start()
    Supervisor(services, say).run(on_ready=lambda: events.append("ready"))
    watcher.join()
    return events


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_tells_once_all_answer_and_leaves_nothing_behind(service: Callable[..., Service]) -> None:
    services = [service(SLEEPER, name="one"), service(SLEEPER, name="two")]
    events = run_until(lambda: all(s.answered for s in services), *services)
    assert events == ["ready"]
    assert not any(alive(pid) for s in services for pid in s.pids)


def test_process_that_is_killed_is_started_again(service: Callable[..., Service]) -> None:
    it = service(SLEEPER)
    said: list[str] = []
    killed: list[int] = []

    def killed_and_back() -> bool:
        if not killed:
            os.kill(it.pids[0], signal.SIGKILL)
            killed.append(it.pids[0])
        return len(it.pids) >= 2

    run_until(killed_and_back, it, say=said.append)
    assert any("killed by SIGKILL" in line and "starting it again" in line for line in said)


def test_wait_before_a_restart_grows(service: Callable[..., Service]) -> None:
    it = service("print('up', flush=True); import time; time.sleep(0.1)")
    it_began = time.monotonic()
    run_until(lambda: len(it.pids) >= 4, it)
    assert it.wait == pytest.approx(0.1 * 2**3)
    assert time.monotonic() - it_began > 0.1 + 0.2 + 0.4


def test_process_that_lives_but_is_silent_is_replaced(
    service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "SILENT_SECONDS", 0.3)
    answers = iter([True, False])
    it = service(SLEEPER, answers=lambda: next(answers, False))
    run_until(lambda: len(it.pids) >= 2, it)
    assert len(it.pids) >= 2


def test_process_that_ends_while_starting_is_said_with_its_last_words(service: Callable[..., Service]) -> None:
    it = service("print('the port is on fire'); raise SystemExit(3)", answers=lambda: False)
    with pytest.raises(StartFailed, match="port is on fire"):
        Supervisor([it]).run(on_ready=lambda: None)


def test_process_that_never_answers_is_said_and_ended(service: Callable[..., Service]) -> None:
    it = service(SLEEPER, answers=lambda: False, start_seconds=0.5)
    with pytest.raises(StartFailed, match="did not answer within"):
        Supervisor([it]).run(on_ready=lambda: None)
    assert not alive(it.pids[0])


def test_process_that_ignores_the_request_to_stop_is_killed(
    service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.5)
    it = service(STUBBORN)
    run_until(lambda: it.answered is not None, it)
    assert not alive(it.pids[0])


def test_large_log_is_put_aside_at_the_next_start(
    service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "LOG_BYTES", 10)
    it = service(SLEEPER)
    it.log.write_text("what the process before it said")
    run_until(lambda: it.answered is not None, it)
    assert it.log.with_suffix(".log.1").read_text() == "what the process before it said"
    assert it.log.stat().st_mode & 0o777 == 0o600
