"""The process that opens strangers' pictures. Run by path, never imported: standard input to standard output, then gone.

    python -I reencode.py KIND <photo >copies

KIND is what ``kinds.kind_of`` says, and the only decoder that is tried. The output is one line of JSON, then a JPEG no
larger than FULL_SIDE, then its thumbnail; both are new pictures of the same pixels, upright, in sRGB, with nothing of
the file beside them. A refusal is the line alone: {"refused": "too_many_pixels" | "damaged"}.

Before the first byte is read the process gives up what it could be misused for: memory, time, other files, children.
"""

from __future__ import annotations

import io
import json
import resource
import struct
import sys
from typing import Any

from PIL import Image, ImageCms, ImageFile, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

MOST_PIXELS = 52_000_000
"""The largest cameras of common phones make 50 million."""

FULL_SIDE = 2560
THUMBNAIL_SIDE = 480
"""Pixels of the longer side, at most."""

MEMORY = 1024**3
CPU_SECONDS = 15
OUTPUT = 24 * 1024**2
"""Bytes of address space, seconds of computing, bytes that may be written."""

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What brings a picture of each Exif orientation upright."""

_LOADED = (JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)
"""Imported here because nothing can be once the process gave up other files (TIFF: Exif is written in it)."""

DAMAGED_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    IndexError,
    KeyError,
    TypeError,
    EOFError,
    MemoryError,
    struct.error,
)
"""What decoders raise on files that are not what they seem."""


class TooManyPixels(Exception):
    """The picture's own header says so; nothing was decoded."""


def main(kind: str) -> None:
    if kind == "HEIF":
        open_heif()
    Image.preinit()
    give_up_powers()
    if kind != "HEIF":
        # The HEVC decoder does not work without threads of its own, and the kernel counts them as processes.
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    try:
        photo = read(io.BytesIO(sys.stdin.buffer.read()), kind)
        full, thumbnail = jpeg(photo, FULL_SIDE), jpeg(photo, THUMBNAIL_SIDE)
    except TooManyPixels:
        answer({"refused": "too_many_pixels"})
    except DAMAGED_ERRORS:
        answer({"refused": "damaged"})
    else:
        width, height = photo.size
        answer({"width": width, "height": height, "full": len(full), "thumbnail": len(thumbnail)}, full, thumbnail)


def open_heif() -> None:
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def give_up_powers() -> None:
    """Lower the limits of this process for good."""
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_NOFILE, 3),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def read(file: io.BytesIO, kind: str) -> Image.Image:
    """The picture: first frame, upright, RGB in sRGB, no larger than FULL_SIDE. Raises TooManyPixels, DAMAGED_ERRORS."""
    # Refused by our own count below; Pillow's would warn first.
    Image.MAX_IMAGE_PIXELS = None
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with Image.open(file, formats=[kind]) as opened:
        image: Image.Image = opened
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise TooManyPixels
        image.seek(0)
        if kind == "JPEG":
            # Decodes at half, quarter or eighth the size where that is still enough.
            image.draft("RGB", (FULL_SIDE, FULL_SIDE))
        image.load()
        profile = image.info.get("icc_profile")
        orientation = image.getexif().get(0x0112)
        image = even(image)
        image.thumbnail((FULL_SIDE, FULL_SIDE), reducing_gap=3.0)
    return in_srgb(upright(on_white(image), orientation), profile)


def even(image: Image.Image) -> Image.Image:
    """The same picture in a mode that can be scaled: 8 bits a channel, no palette."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in ("L", "RGB", "CMYK", "RGBA"):
        return image
    transparent = image.mode in ("PA", "LA") or "transparency" in image.info
    return image.convert("RGBA" if transparent else "RGB")


def on_white(image: Image.Image) -> Image.Image:
    """Without transparency."""
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def upright(image: Image.Image, orientation: Any) -> Image.Image:
    """Turned as the camera noted."""
    turn = TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours as they were meant, without the profile: redness must not change because phones use wider colours."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            # A profile that cannot be read, or belongs to another kind of picture.
            return image.convert("RGB")
        return converted if converted is not None else image.convert("RGB")
    return image.convert("RGB")


def jpeg(photo: Image.Image, side: int) -> bytes:
    """A new JPEG of the pixels alone."""
    # Drawn into a new picture, since Pillow carries notes of the old one along.
    bare = Image.new("RGB", photo.size)
    bare.paste(photo)
    bare.thumbnail((side, side), reducing_gap=3.0)
    written = io.BytesIO()
    bare.save(written, "JPEG", quality=88, subsampling=0, optimize=True)
    return written.getvalue()


def answer(said: dict[str, Any], *parts: bytes) -> None:
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + b"".join(parts))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1])
