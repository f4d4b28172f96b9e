"""Starts the process that opens a photo, and takes nothing from it but two JPEGs."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aftercare.photos.kinds import HEAD, kind_of

log = logging.getLogger("aftercare.photos")

SECONDS = 20.0
"""Of the clock, for one photo. Half a second is usual."""

_PROGRAM = Path(__file__).with_name("reencode.py")


@dataclass(frozen=True)
class Copies:
    """A photo as it is kept: two JPEGs made here, ``width`` and ``height`` in pixels of the full one."""

    full: bytes
    thumbnail: bytes
    width: int
    height: int


class Refused(Exception):
    """The file is not taken. ``code``: empty, not_a_photo, too_many_pixels or damaged."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def copies_of(photo: IO[bytes], seconds: float = SECONDS) -> Copies:
    """Make a photo's copies in a process of its own, which alone is harmed by what is wrong with it.

    ``photo`` is read from its beginning. Blocks until the process ended, ``seconds`` at most. Raises Refused, and
    OSError where no process can be started.
    """
    photo.seek(0)
    head = photo.read(HEAD)
    kind = kind_of(head)
    if kind is None:
        raise Refused("not_a_photo" if head else "empty")
    photo.seek(0)
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as made:
        while chunk := photo.read(1024 * 1024):
            given.write(chunk)
        given.seek(0)
        _run(kind, given, made, seconds)
        made.seek(0)
        return _copies(made.read())


def _run(kind: str, given: IO[bytes], made: IO[bytes], seconds: float) -> None:
    # -I and an empty environment: no settings, no secrets, no modules of ours in there.
    command = [sys.executable, "-I", "-B", str(_PROGRAM), kind]
    try:
        ended = subprocess.run(  # noqa: S603
            command, stdin=given, stdout=made, stderr=subprocess.DEVNULL, env={}, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        log.warning("a photo of kind %s took longer than %s seconds", kind, seconds)
        raise Refused("damaged") from None
    if ended.returncode:
        log.warning("the process that opened a photo of kind %s ended with %s", kind, ended.returncode)
        raise Refused("damaged")


def _copies(output: bytes) -> Copies:
    line, _, pictures = output.partition(b"\n")
    said = json.loads(line)
    if "refused" in said:
        raise Refused(said["refused"])
    full, thumbnail = pictures[: said["full"]], pictures[said["full"] :]
    return Copies(full, thumbnail, said["width"], said["height"])
