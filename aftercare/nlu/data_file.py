"""Files that the components read besides Rasa's training data: where they are, what is in them, whether they changed."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from rasa.shared.exceptions import InvalidConfigException

from aftercare.knowledge import KnowledgeBase, load_clinic, load_knowledge

PROJECT = Path(__file__).resolve().parents[2]


def data_file(name: str) -> Path:
    """A file named in ``config.yml``, relative to the project. Raises ``InvalidConfigException`` where there is none."""
    path = PROJECT / name
    if not path.is_file():
        raise InvalidConfigException(
            f"{path} is missing. It is named in config.yml: mend the name or put the file there."
        )
    return path


def data_folder(name: str) -> Path:
    """A folder named in ``config.yml``, relative to the project. Raises ``InvalidConfigException`` where there is none."""
    folder = PROJECT / name
    if not folder.is_dir():
        raise InvalidConfigException(f"{folder} is missing. It is named in config.yml: mend the name or put it there.")
    return folder


def knowledge_folder(configured: str) -> Path:
    """``AFTERCARE_KNOWLEDGE_DIR``, else the folder that ``config.yml`` names, relative to the project."""
    return Path(os.environ.get("AFTERCARE_KNOWLEDGE_DIR") or PROJECT / configured)


@lru_cache(maxsize=2)
def knowledge_at(folder: Path) -> KnowledgeBase:
    """The knowledge base of the clinic's treatment, read once in a process whichever components ask. Raises ``KnowledgeError``."""
    clinic = load_clinic(Path(os.environ.get("AFTERCARE_CLINIC") or PROJECT / "clinic.yml"))
    return load_knowledge(folder, clinic.treatments[0])


def lines(path: Path) -> list[str]:
    """The lines of a text file without empty ones and comments (``# ...``)."""
    stripped = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in stripped if line and not line.startswith("#")]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
