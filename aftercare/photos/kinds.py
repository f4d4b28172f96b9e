"""What kind of picture a file is, by its first bytes alone. Names and declared types are the sender's to choose."""

from __future__ import annotations

HEAD = 64
"""Bytes that are enough to tell."""

_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}


def kind_of(head: bytes) -> str | None:
    """JPEG, PNG, WEBP or HEIF; None for everything else, also for formats that merely are pictures (SVG, GIF, TIFF)."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and _brands(head) & _HEIF_BRANDS and not _brands(head) & {b"avif", b"avis"}:
        return "HEIF"
    return None


def _brands(head: bytes) -> set[bytes]:
    """The major brand and the compatible ones of an ISO base media file, as far as ``head`` goes."""
    size = int.from_bytes(head[:4], "big")
    listed = head[16 : min(size, len(head))]
    return {head[8:12], *(listed[at : at + 4] for at in range(0, len(listed), 4))}
