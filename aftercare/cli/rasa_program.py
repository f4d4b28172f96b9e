"""How the ``rasa`` program is called: its command line and its environment. Nothing here imports it."""

from __future__ import annotations

import sys

ENVIRONMENT = {
    # On by default, and reports to a server of its makers.
    "RASA_TELEMETRY_ENABLED": "false",
    # DEBUG and INFO of its libraries would put patients' words into the log.
    "LOG_LEVEL": "WARNING",
    "LOG_LEVEL_LIBRARIES": "ERROR",
    # Bytes; the web process sends 2,000 characters and a report.
    "SANIC_REQUEST_MAX_SIZE": "65536",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # Deprecations inside Rasa's own libraries, which nobody here can act on.
    "PYTHONWARNINGS": "ignore",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONUNBUFFERED": "1",
}


def rasa(*arguments: str) -> list[str]:
    """The command line of ``rasa`` in this very environment."""
    return [sys.executable, "-m", "rasa", *arguments]
