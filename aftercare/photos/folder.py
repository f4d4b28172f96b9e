"""Where photos lie: a folder of this service alone, with names that tell nothing and cannot be guessed."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from aftercare.photos.process import Copies

UNFINISHED = timedelta(hours=1)
"""A file that nothing refers to may belong to an upload under way for so long."""

FULL, THUMBNAIL, PART = ".jpg", ".thumbnail.jpg", ".part"
_OURS = re.compile(r"([0-9a-f]{32})(\.jpg|\.thumbnail\.jpg|\.part)")


class PhotoFolder:
    """A folder with two JPEGs a photo, 0700 and 0600. Several processes may share it; made at the first photo."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, photos: Sequence[Copies]) -> list[str]:
        """Write photos under new names, which are returned, to the disk itself. Raises OSError; then nothing is left.

        To be called before the commit of the rows that name them: a row then always has its files. If nothing is
        committed after all there are files without a row, which ``strangers`` finds.
        """
        names = [secrets.token_hex(16) for _ in photos]
        try:
            self._make()
            for name, photo in zip(names, photos, strict=True):
                self._write(name, FULL, photo.full)
                self._write(name, THUMBNAIL, photo.thumbnail)
            _sync(self.path)
        except BaseException:
            self.remove(names)
            raise
        return names

    def read(self, name: str, suffix: str) -> bytes | None:
        """A photo's bytes; None where the file is gone. ``suffix``: FULL or THUMBNAIL. Raises OSError."""
        try:
            return (self.path / f"{name}{suffix}").read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, names: Sequence[str]) -> None:
        """Delete photos; those that are gone already do not matter. Raises OSError."""
        for name in names:
            for suffix in (FULL, THUMBNAIL, PART):
                (self.path / f"{name}{suffix}").unlink(missing_ok=True)

    def strangers(self, known: set[str], now: datetime) -> list[str]:
        """Names of photos that are not among the ``known`` ones and older than UNFINISHED. Files of others are left alone."""
        if not self.path.is_dir():
            return []
        found = set()
        for entry in os.scandir(self.path):
            match = _OURS.fullmatch(entry.name)
            if match and match[1] not in known and now.timestamp() - _changed(entry) > UNFINISHED.total_seconds():
                found.add(match[1])
        return sorted(found)

    def _make(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.path.stat().st_uid == os.getuid():
            self.path.chmod(0o700)

    def _write(self, name: str, suffix: str, content: bytes) -> None:
        part = self.path / f"{name}{PART}"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self.path / f"{name}{suffix}")


def _changed(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        # Somebody else swept it just now.
        return float("inf")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
