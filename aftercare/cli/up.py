"""``aftercare up``: everything that one machine needs, from one command, until Ctrl-C.

It makes the folder ``var``, trains a model where there is none for the present data, starts Rasa on loopback and the web
process, and keeps both running (``aftercare.cli.supervisor``).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path

from aftercare.cli.ports import is_free
from aftercare.cli.project import PROJECT, add_var_option, private_folder, shown
from aftercare.cli.rasa_program import ENVIRONMENT, rasa
from aftercare.cli.secret_file import BadSecretFile, load_secrets
from aftercare.cli.supervisor import Service, StartFailed, Supervisor
from aftercare.cli.train import TrainingFailed, ensure_model

LOOPBACK = "127.0.0.1"
"""Rasa listens here and nowhere else: whoever reaches its port could try to speak as any patient."""

RASA_START_SECONDS = 180
WEB_START_SECONDS = 60

ANSWER_SECONDS = 5
"""For an answer to a readiness check."""


class CannotStart(Exception):
    """The message says why and what to do."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=os.environ.get("AFTERCARE_HOST") or LOOPBACK, help="address of the web pages")
    parser.add_argument("--port", type=int, default=_port("AFTERCARE_PORT", 8000), help="port of the web pages (8000)")
    parser.add_argument("--rasa-port", type=int, default=_port("AFTERCARE_RASA_PORT", 5005), help="Rasa's port (5005)")
    add_var_option(parser)


def run(options: argparse.Namespace) -> int:
    try:
        _start(options)
    except (CannotStart, BadSecretFile, TrainingFailed, StartFailed) as error:
        print(f"The assistant cannot start. {error}", file=sys.stderr)
        return 1
    print("Stopped.", flush=True)
    return 0


def _start(options: argparse.Namespace) -> None:
    began = time.monotonic()
    _check_ports(options)
    var = private_folder(options.var)
    secrets = load_secrets(var)
    model, _ = ensure_model(PROJECT)
    print("Starting (about 20 s)", flush=True)
    services = [rasa_service(var, options.rasa_port, model, secrets), _web(var, options, secrets)]
    Supervisor(services, say=_say).run(on_ready=partial(_announce, options, var, began))


def _check_ports(options: argparse.Namespace) -> None:
    for host, port, option in ((options.host, options.port, "--port"), (LOOPBACK, options.rasa_port, "--rasa-port")):
        try:
            free = is_free(host, port)
        except OSError as error:
            raise CannotStart(f"It cannot listen on {host}, port {port}: {error.strerror or error}.") from None
        if not free:
            raise CannotStart(
                f"Port {port} is taken: perhaps the assistant already runs. Stop that, or choose another port with "
                f"{option} (with make: make run ARGS='{option} {port + 1}')."
            )


def rasa_service(var: Path, port: int, model: Path, secrets: dict[str, str]) -> Service:
    """Rasa with the project's ``credentials.yml`` and ``endpoints.yml``; what is secret in them comes by environment."""
    # No --enable-api and no --cors: nothing of Rasa's own is served, only our signed channel.
    command = rasa("run", "--model", str(model), "-i", LOOPBACK, "--port", str(port))
    environment = {**ENVIRONMENT, "AFTERCARE_TURN_SECRET": secrets["turn_secret"]}
    answers = partial(_rasa_is_ready, port, secrets["turn_secret"].encode())
    return Service("Rasa", command, environment, _log(var, "rasa"), answers, RASA_START_SECONDS, folder=PROJECT)


def _web(var: Path, options: argparse.Namespace, secrets: dict[str, str]) -> Service:
    command = [sys.executable, "-m", "aftercare.cli", "web", "--var", str(var)]
    command += ["--host", options.host, "--port", str(options.port)]
    environment = {
        "AFTERCARE_RASA_URL": f"http://{LOOPBACK}:{options.rasa_port}",
        "AFTERCARE_TURN_SECRET": secrets["turn_secret"],
    }
    answers = partial(_get, f"{_address(options)}/healthz")
    return Service(
        "The web process", command, environment, _log(var, "web"), answers, WEB_START_SECONDS, folder=PROJECT
    )


def _log(var: Path, name: str) -> Path:
    return private_folder(var / "log") / f"{name}.log"


def _rasa_is_ready(port: int, secret: bytes) -> bool:
    from aftercare.conversation.rasa_assistant import READY, sign

    return _get(f"http://{LOOPBACK}:{port}{READY}", sign(secret, READY, b"", int(time.time())))


def _get(url: str, headers: dict[str, str] | None = None) -> bool:
    """True for 200. Never through a proxy that the environment happens to name."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(urllib.request.Request(url, headers=headers or {}), timeout=ANSWER_SECONDS) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False


def _announce(options: argparse.Namespace, var: Path, began: float) -> None:
    address = _address(options)
    account = _first_account(var)
    lines = [
        f"Ready after {time.monotonic() - began:.0f} s.",
        f"  A clinic's website (demo)  {address}/demo",
        f"  The chat alone             {address}/chat",
        f"  Staff                      {address}/staff",
    ]
    if account:
        lines += [
            f"    user {account[0]}, password {account[1]}   (shown only now; aftercare staff reset {account[0]})",
            f"    patients read “A person from the clinic” of it; {address}/staff/admin gives it a name",
        ]
    lines += [f"Logs are in {shown(var / 'log')}. Ctrl-C stops the assistant."]
    print("\n".join(lines), flush=True)


def _first_account(var: Path) -> tuple[str, str] | None:
    from aftercare.cli.run_time import database_url
    from aftercare.conversation.database import Database
    from aftercare.conversation.staff import ensure_first_account

    database = Database(database_url(var))
    try:
        return ensure_first_account(database)
    finally:
        database.close()


def _address(options: argparse.Namespace) -> str:
    """Where this machine reaches the web process."""
    host = {"0.0.0.0": LOOPBACK, "::": "[::1]"}.get(options.host, options.host)  # noqa: S104
    return f"http://{host}:{options.port}"


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable, "")
    return int(text) if text.isascii() and text.isdigit() else default


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)
