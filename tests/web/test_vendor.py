"""Other people's scripts are the ones that we looked at: their sums are those that were kept with them."""

from __future__ import annotations

import hashlib
from pathlib import Path

VENDOR = Path(__file__).parents[2] / "aftercare" / "web" / "static" / "vendor"
SUMS = dict(line.split()[::-1] for line in (VENDOR / "CHECKSUMS").read_text().splitlines())


def test_every_vendored_file_has_its_sum() -> None:
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir()}
    found.pop("CHECKSUMS")
    assert found == SUMS


def test_every_vendored_script_has_its_licence() -> None:
    for script in VENDOR.glob("*.js"):
        package = script.name.partition("-2.")[0]
        assert "Permission to use, copy" in (VENDOR / f"{package}-LICENSE.txt").read_text()
