"""The settings of an installation that keeps everything in one folder ``var``."""

from __future__ import annotations

import os
from pathlib import Path

from aftercare.cli.secret_file import load_secrets


def defaults(var: Path) -> dict[str, str]:
    """Settings of the web process for this folder; what the environment says goes before them."""
    return {
        "AFTERCARE_DATABASE_URL": f"sqlite:///{var / 'aftercare.db'}",
        "AFTERCARE_PHOTOS": str(var / "photos"),
        "AFTERCARE_TURN_SECRET": load_secrets(var)["turn_secret"],
    }


def database_url(var: Path) -> str:
    """Where the conversations are: AFTERCARE_DATABASE_URL, else SQLite in ``var``."""
    return os.environ.get("AFTERCARE_DATABASE_URL") or defaults(var)["AFTERCARE_DATABASE_URL"]
