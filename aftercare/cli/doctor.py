"""``aftercare doctor``: looks at everything that the assistant needs, one line each, and says what to do where it fails."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from aftercare.cli import model
from aftercare.cli.ports import is_free
from aftercare.cli.project import PROJECT, add_var_option, shown

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

CONNECT_SECONDS = 1.0


@dataclass(frozen=True)
class Finding:
    """One line of the report. ``to_do`` is for what is not ok; ``needed`` where the assistant cannot do without it."""

    subject: str
    ok: bool
    detail: str
    to_do: str = ""
    needed: bool = True

    def line(self) -> str:
        mark = "ok     " if self.ok else ("MISSING" if self.needed else "without")
        return f"{mark}  {self.subject:<14} {self.detail}" + (
            "" if self.ok or not self.to_do else f"\n{'':25}-> {self.to_do}"
        )


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address of the web pages (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port of the web pages (8000)")
    parser.add_argument("--rasa-port", type=int, default=5005, help="Rasa's port (5005)")
    add_var_option(parser)


def run(options: argparse.Namespace) -> int:
    findings = list(_findings(options))
    for finding in findings:
        print(finding.line())
    missing = sum(1 for finding in findings if finding.needed and not finding.ok)
    print(f"{missing} missing" if missing else "Nothing is missing.")
    return 1 if missing else 0


def _findings(options: argparse.Namespace) -> Iterator[Finding]:
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("Python", _python),
        ("packages", _packages),
        ("encoder", _encoder),
        ("clinic.yml", _clinic),
        ("knowledge", _knowledge),
        ("model", _model),
        ("database", lambda: _database(options.var)),
        ("notifications", lambda: _notifications(options.var)),
        ("web port", lambda: _port(options.host, options.port, "web port", "--port", b"/healthz")),
        ("Rasa's port", lambda: _port("127.0.0.1", options.rasa_port, "Rasa's port", "--rasa-port", b"/")),
        ("browser", _browser),
        ("PostgreSQL", lambda: _service("PostgreSQL", 5432, "only for several machines, and for some tests")),
        ("Redis", lambda: _service("Redis", 6379, "only for several machines")),
    ]
    for subject, check in checks:
        try:
            yield check()
        except Exception as error:
            yield Finding(subject, False, f"could not be looked at: {type(error).__name__}: {error}", "Run make setup.")


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", sys.version_info[:2] == (3, 10), version, "Python 3.10 is needed: make setup finds it.")


def _packages() -> Finding:
    locked = re.findall(r"^([A-Za-z0-9._-]+)==([^ \\]+)", (PROJECT / "requirements.lock").read_text(), re.MULTILINE)
    wrong = [
        f"{name} ({have or 'absent'}, not {version})" for name, version in locked if (have := _version(name)) != version
    ]
    detail = (
        f"{len(locked)} as in requirements.lock" if not wrong else ", ".join(wrong[:5]) + (" ..." if wrong[5:] else "")
    )
    return Finding("packages", not wrong, detail, "rm .venv/setup-done, then make setup.")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _encoder() -> Finding:
    file = model.encoder_file(PROJECT)
    again = "python scripts/fetch_encoder.py, then make train. Until then it understands less."
    if not file.exists():
        return Finding("encoder", False, f"{shown(file)} is not there", again, needed=False)
    published = re.search(
        r'"model.safetensors": "([0-9a-f]{64})"', (PROJECT / "scripts" / "fetch_encoder.py").read_text()
    )
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if published is None or digest != published.group(1):
        return Finding("encoder", False, f"{shown(file)} is not the published file", f"Delete it; {again}")
    return Finding("encoder", True, f"{shown(file)}, the published file")


def _clinic() -> Finding:
    from aftercare.knowledge import KnowledgeError, load_clinic

    try:
        clinic = load_clinic(PROJECT / "clinic.yml")
    except KnowledgeError as error:
        return Finding("clinic.yml", False, str(error), "Put it right in clinic.yml.")
    return Finding("clinic.yml", True, f"{clinic.name}, emergency number {clinic.emergency_number}")


def _knowledge() -> Finding:
    from aftercare.knowledge import KnowledgeError, load_knowledge

    try:
        knowledge = load_knowledge(PROJECT / "data" / "knowledge")
    except KnowledgeError as error:
        return Finding("knowledge", False, str(error), "Put it right in the file it names.")
    return Finding(
        "knowledge",
        True,
        f"{len(knowledge.items)} items, {len(knowledge.flags)} red flags, {len(knowledge.rules)} rules",
    )


def _model() -> Finding:
    present = model.present_model(PROJECT)
    if present.exists():
        trained = time.strftime("%Y-%m-%d %H:%M", time.localtime(present.stat().st_mtime))
        return Finding("model", True, f"{shown(present)}, trained {trained} on the present data")
    others = list((PROJECT / "models").glob(f"{model.PREFIX}*.tar.gz"))
    detail = "the data have changed since the last training" if others else "none has been trained"
    # make run trains it by itself.
    return Finding("model", False, detail, "make train (make run does it too).", needed=False)


def _database(var: Path) -> Finding:
    from aftercare.cli.run_time import database_url
    from aftercare.conversation.database import Database, StorageError

    if not os.environ.get("AFTERCARE_DATABASE_URL") and not (var / "aftercare.db").exists():
        return Finding("database", True, f"{shown(var / 'aftercare.db')} will be made at the first start")
    database = Database(database_url(var))
    try:
        with database.writing() as connection:
            if database.engine.dialect.name != "sqlite":
                return Finding("database", True, f"{database.engine.dialect.name} takes writes")
            mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    except StorageError as error:
        return Finding("database", False, str(error), "Who else holds the file, is the disk full, is it yours?")
    finally:
        database.close()
    return Finding("database", mode == "wal", f"{shown(var / 'aftercare.db')} takes writes, journal mode {mode}")


def _notifications(var: Path) -> Finding:
    from aftercare.cli.assembly import clinic_file
    from aftercare.cli.run_time import database_url
    from aftercare.conversation import alerts
    from aftercare.conversation.addresses import read_addresses
    from aftercare.conversation.clock import utc_now
    from aftercare.conversation.database import Database
    from aftercare.knowledge import load_clinic

    plan = load_clinic(clinic_file()).notifications
    if not plan.recipients:
        detail = "nobody is told of waiting cases outside the staff pages"
        return Finding("notifications", False, detail, "Name recipients in clinic.yml, notifications.", needed=False)
    file = os.environ.get("AFTERCARE_ADDRESS_FILE")
    addresses = read_addresses(plan.recipients, Path(file) if file else plan.address_file)
    if addresses.problems:
        return Finding("notifications", False, " ".join(addresses.problems))
    if not os.environ.get("AFTERCARE_DATABASE_URL") and not (var / "aftercare.db").exists():
        return Finding("notifications", True, f"to {', '.join(plan.recipients)}; none sent so far")
    database = Database(database_url(var))
    try:
        with database.reading() as connection:
            problems = alerts.problems(connection, utc_now())
    finally:
        database.close()
    if problems:
        to_do = "Mend the service or the address, then send a test on /staff/notifications."
        return Finding("notifications", False, " ".join(problems), to_do)
    return Finding("notifications", True, f"to {', '.join(plan.recipients)}; the last ones arrived")


def _port(host: str, port: int, subject: str, option: str, path: bytes) -> Finding:
    if is_free(host, port):
        return Finding(subject, True, f"{port} is free")
    if _speaks_http(host, port, path):
        return Finding(subject, True, f"{port} answers: the assistant runs")
    return Finding(subject, False, f"{port} is taken by another program", f"Stop it, or choose another with {option}.")


def _speaks_http(host: str, port: int, path: bytes) -> bool:
    try:
        with socket.create_connection((host, port), CONNECT_SECONDS) as connection:
            connection.settimeout(CONNECT_SECONDS)
            connection.sendall(b"GET " + path + b" HTTP/1.0\r\n\r\n")
            answer = connection.recv(4096)
    except OSError:
        return False
    return answer.startswith(b"HTTP/1.") and b" 200 " in answer.splitlines()[0]


def _browser() -> Finding:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    to_do = "apt-get install chromium. Only the browser tests need it."
    return Finding("browser", bool(found), found or "no Chromium", to_do, needed=False)


def _service(name: str, port: int, what_for: str) -> Finding:
    try:
        socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS).close()
    except OSError:
        return Finding(name, False, f"nothing on port {port} ({what_for})", needed=False)
    return Finding(name, True, f"port {port} answers ({what_for})")
