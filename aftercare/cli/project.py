"""Where things are: the project's folder, and the folder with everything this installation was told or has made."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The folder with ``config.yml``, ``domain.yml`` and ``data``. Rasa is started in it."""


def add_var_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--var",
        type=Path,
        default=Path(os.environ.get("AFTERCARE_VAR") or PROJECT / "var"),
        metavar="FOLDER",
        help="where the database, the secrets and the logs are (default: var, or AFTERCARE_VAR)",
    )


def private_folder(path: Path) -> Path:
    """The folder, made if need be, that only its owner may enter: patients' words are in it."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path.resolve()


def shown(path: Path) -> str:
    """The path as a person would type it: relative to the folder they are in, where that is shorter."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
