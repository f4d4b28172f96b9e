"""Photos lie where only this service reads, and nothing lies there that no message has."""

from __future__ import annotations

import os
import stat
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from aftercare.photos.folder import FULL, THUMBNAIL, PhotoFolder
from aftercare.photos.process import Copies

COPIES = Copies(b"full", b"thumbnail", 4, 3)


@pytest.fixture
def folder(tmp_path: Path) -> PhotoFolder:
    return PhotoFolder(tmp_path / "var" / "photos")


def later(**time: float) -> datetime:
    return datetime.now(timezone.utc) + timedelta(**time)


def test_files_are_their_owners_alone(folder: PhotoFolder) -> None:
    old = os.umask(0)
    try:
        folder.add([COPIES])
    finally:
        os.umask(old)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in folder.path.iterdir()] == [0o600, 0o600]


def test_names_are_random_and_say_nothing(folder: PhotoFolder) -> None:
    names = folder.add([COPIES, COPIES])
    assert len(set(names)) == 2
    assert sorted(file.name for file in folder.path.iterdir()) == sorted(
        f"{name}{suffix}" for name in names for suffix in (FULL, THUMBNAIL)
    )
    assert (folder.read(names[0], FULL), folder.read(names[0], THUMBNAIL)) == (b"full", b"thumbnail")


def test_a_photo_that_is_gone_is_not_read(folder: PhotoFolder) -> None:
    [name] = folder.add([COPIES])
    folder.remove([name])
    folder.remove([name])
    assert folder.read(name, FULL) is None
    assert list(folder.path.iterdir()) == []


def test_nothing_is_left_of_what_could_not_be_written(folder: PhotoFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter([None, None, None])

    def full_disk(descriptor: int) -> None:
        if next(calls, "full") == "full":
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        folder.add([COPIES, COPIES])
    assert list(folder.path.iterdir()) == []


def test_strangers_are_old_photos_that_nobody_knows(folder: PhotoFolder) -> None:
    assert folder.strangers(set(), later(hours=2)) == []
    known, stranger = folder.add([COPIES, COPIES])
    (folder.path / f"{'0' * 32}.part").write_bytes(b"half a ph")
    (folder.path / "README").write_text("not ours")
    assert folder.strangers({known}, later()) == [], "it may be on its way to a message"
    assert folder.strangers({known}, later(hours=2)) == sorted(["0" * 32, stranger])
