"""A photo is opened in a process of its own, and only its pixels come back."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from aftercare.photos import process
from aftercare.photos.kinds import kind_of
from aftercare.photos.process import Copies, Refused, copies_of

from .pictures import BLUE, RED, animated, bomb, exif, halves, photo

KINDS = ("JPEG", "PNG", "WEBP", "HEIF")


def copies(content: bytes) -> Copies:
    return copies_of(io.BytesIO(content))


def picture(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content), formats=["JPEG"])
    image.load()
    return image


def is_near(pixel: object, colour: tuple[int, int, int], by: int = 20) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(one - other) <= by for one, other in zip(pixel, colour, strict=True))


def refusal(content: bytes) -> str:
    with pytest.raises(Refused) as refused:
        copies(content)
    return refused.value.code


@pytest.mark.parametrize("kind", KINDS)
def test_photos_of_phones_become_a_jpeg_and_its_thumbnail(kind: str) -> None:
    made = copies(photo(kind, halves(1200, 900)))
    full, thumbnail = picture(made.full), picture(made.thumbnail)
    assert full.size == (made.width, made.height) == (1200, 900)
    assert thumbnail.size == (480, 360)
    for image in (full, thumbnail):
        assert is_near(image.getpixel((5, 5)), RED)
        assert is_near(image.getpixel((image.width - 5, 5)), BLUE)


@pytest.mark.parametrize("kind", KINDS)
def test_where_a_photo_was_taken_is_gone(kind: str) -> None:
    given = photo(kind, exif=exif())
    assert Image.open(io.BytesIO(given)).getexif().get_ifd(0x8825), "the photo has no place to lose"
    made = copies(given)
    for copy in (made.full, made.thumbnail):
        assert not picture(copy).getexif()
        assert set(picture(copy).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert b"A phone maker" not in copy


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("orientation", "left", "right"), [(1, RED, BLUE), (3, BLUE, RED), (2, BLUE, RED)])
def test_photos_stand_as_the_camera_was_held(kind: str, orientation: int, left: object, right: object) -> None:
    image = picture(copies(photo(kind, exif=exif(orientation))).full)
    assert is_near(image.getpixel((5, 5)), left)  # type: ignore[arg-type]
    assert is_near(image.getpixel((image.width - 5, 5)), right)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_held_upright_is_higher_than_wide(kind: str) -> None:
    made = copies(photo(kind, halves(400, 300), exif=exif(6)))
    assert (made.width, made.height) == (300, 400)
    assert is_near(picture(made.full).getpixel((5, 5)), RED)
    assert is_near(picture(made.full).getpixel((5, 395)), BLUE)


def test_comments_and_what_follows_the_picture_are_gone() -> None:
    script = b"<html><script>alert(1)</script></html>"
    given = photo("JPEG", comment=script) + script
    made = copies(given)
    assert given.count(script) == 2
    assert b"script" not in made.full + made.thumbnail


def test_a_colour_profile_is_applied_and_dropped() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    wide = photo("JPEG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    assert is_near(picture(copies(wide).full).getpixel((5, 5)), RED)
    assert "icc_profile" not in picture(copies(wide).full).info
    assert is_near(picture(copies(photo("JPEG", icc_profile=profile)).full).getpixel((5, 5)), RED)
    assert is_near(picture(copies(photo("JPEG", icc_profile=b"no profile")).full).getpixel((5, 5)), RED)


@pytest.mark.parametrize(
    ("mode", "colour"), [("L", 120), ("LA", (120, 255)), ("1", 1), ("P", 0), ("I;16", 30_000), ("RGBA", (9, 9, 9, 0))]
)
def test_every_way_to_keep_pixels_is_read(mode: str, colour: object) -> None:
    made = copies(photo("PNG", Image.new(mode, (300, 200), colour)))  # type: ignore[arg-type]
    assert (made.width, made.height) == (300, 200)
    grey = {"L": 120, "LA": 120, "1": 255, "P": 0, "I;16": 117, "RGBA": 255}[mode]
    assert is_near(picture(made.full).getpixel((150, 100)), (grey, grey, grey), 3)


def test_a_printers_jpeg_is_read() -> None:
    assert is_near(picture(copies(photo("JPEG", halves().convert("CMYK"))).full).getpixel((5, 5)), RED)


def test_a_large_photo_is_kept_smaller() -> None:
    made = copies(photo("JPEG", halves(6000, 4000)))
    assert (made.width, made.height) == (2560, 1707)
    assert picture(made.thumbnail).size == (480, 320)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_a_moving_picture_the_first_frame_is_taken(kind: str) -> None:
    assert is_near(picture(copies(animated(kind)).full).getpixel((60, 45)), RED)


def test_a_bomb_is_refused_before_it_is_opened() -> None:
    begun = time.monotonic()
    assert len(bomb()) < 5000
    assert refusal(bomb()) == "too_many_pixels"
    assert time.monotonic() - begun < 5


def test_a_bomb_that_hides_its_size_harms_only_its_own_process() -> None:
    """It says 7,200 x 7,200 pixels, which may be, and has none of them."""
    assert refusal(bomb(7200, 7200)) == "damaged"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_photo_cut_off_on_its_way_is_refused(kind: str, part: float) -> None:
    noise = Image.effect_noise((300, 200), 80).convert("RGB")
    whole = photo(kind, noise)
    assert refusal(whole[: int(len(whole) * part)]) == "damaged"


@pytest.mark.parametrize(
    "content",
    [
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<svg onload=alert(1)>",
        b"<html><img src=x></html>",
        b"%PDF-1.7 ...",
        b"PK\x03\x04" + b"\0" * 100,
        b"MZ" + b"\0" * 100,
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\0" * 100,
        photo("GIF"),
        photo("TIFF"),
        photo("BMP"),
    ],
    ids=["svg", "bare svg", "html", "pdf", "zip", "program", "sound", "film", "gif", "tiff", "bmp"],
)
def test_what_is_not_one_of_the_four_kinds_is_refused(content: bytes) -> None:
    assert kind_of(content[:64]) is None
    assert refusal(content) == "not_a_photo"


def test_an_empty_file_is_refused() -> None:
    assert refusal(b"") == "empty"


def test_only_the_decoder_of_the_kind_is_tried() -> None:
    """The first bytes are those of a PNG, the rest is a whole JPEG."""
    assert refusal(b"\x89PNG\r\n\x1a\n" + photo("JPEG")) == "damaged"


def test_a_photo_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(Refused, match="damaged"):
        copies_of(io.BytesIO(photo()), seconds=0.001)


@pytest.mark.parametrize("ends", ["import os; os.abort()", "raise SystemExit(3)"])
def test_a_process_that_dies_takes_nothing_with_it(ends: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "dies.py"
    program.write_text(ends)
    monkeypatch.setattr(process, "_PROGRAM", program)
    assert refusal(photo()) == "damaged"


ATTEMPTS = {
    "another file": "open('{folder}/found', 'w')",
    "reading": "open('/etc/hostname')",
    "a connection": "import socket; socket.socket()",
    "memory": "bytearray(2 * 1024**3)",
    "a longer answer": "import os; [os.write(1, bytes(1024**2)) for _ in range(64)]",
    "computing for ever": "exec('while True: pass')",
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_the_process_gives_up_what_it_could_be_misused_for(attempt: str, tmp_path: Path) -> None:
    code = (
        "import runpy, socket, resource\n"
        f"of = runpy.run_path({str(process._PROGRAM)!r}, run_name='loaded')\n"
        "of['give_up_powers'].__globals__['CPU_SECONDS'] = 1\n"
        "of['give_up_powers']()\n"
        f"try:\n    {ATTEMPTS[attempt].format(folder=tmp_path)}\nexcept (OSError, MemoryError):\n    raise SystemExit(9)\n"
    )
    with (tmp_path / "output").open("wb") as output:
        ended = subprocess.run([sys.executable, "-I", "-B", "-c", code], stdout=output, timeout=30, check=False)
    assert ended.returncode == 9 or ended.returncode < 0
    assert (tmp_path / "output").stat().st_size <= 24 * 1024**2
    assert not (tmp_path / "found").exists()


def test_the_process_knows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tells.py"
    program.write_text(f"import os\nopen({str(tmp_path / 'told')!r}, 'w').write(repr(dict(os.environ)))")
    monkeypatch.setattr(process, "_PROGRAM", program)
    monkeypatch.setenv("AFTERCARE_TURN_SECRET", "a secret")
    with pytest.raises(ValueError):
        copies(photo())
    assert "secret" not in (tmp_path / "told").read_text()
