"""Photos made for the tests: as phones make them, and as nobody should send them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image
from pillow_heif import register_heif_opener

register_heif_opener()

RED, BLUE = (200, 30, 30), (30, 60, 190)


def halves(width: int = 400, height: int = 300) -> Image.Image:
    """Left half red, right half blue: shows which way up it is."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def photo(kind: str = "JPEG", image: Image.Image | None = None, **options: Any) -> bytes:
    written = io.BytesIO()
    (image or halves()).save(written, kind, **options)
    return written.getvalue()


def exif(orientation: int = 1) -> bytes:
    """What a phone notes: its make, which way up, and where the patient lives."""
    notes = Image.Exif()
    notes[0x010F] = "A phone maker"
    notes[0x0112] = orientation
    notes[0x8825] = {1: "N", 2: (51.0, 30.0, 26.0), 3: "W", 4: (0.0, 7.0, 39.0)}
    return notes.tobytes()


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few kilobytes that says it has 3.6 thousand million pixels."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\x00" * (1024 * 1024), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def animated(kind: str) -> bytes:
    """Red first, then blue."""
    frames = [Image.new("RGB", (120, 90), colour) for colour in (RED, BLUE)]
    return photo(kind, frames[0], save_all=True, append_images=frames[1:], duration=100)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
