"""``aftercare train``: train the language model, ask it some known messages, publish it only if it knows them all.

The archive's name is a hash of everything that it is made of (``aftercare.cli.model``), so a second call, or a second
process, finds it and ends at once.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aftercare.cli import model
from aftercare.cli.project import PROJECT, shown
from aftercare.cli.rasa_program import ENVIRONMENT, rasa

KNOWN_MESSAGES = "tests/nlu/known_messages.yml"
"""Messages that every model must understand, in Rasa's format for NLU examples."""

TRAIN_SECONDS = 3000
"""After which a training is taken to hang. On the slowest machine so far it took half of that."""

SCRATCH = ".training-"
"""Folders in ``models`` for work in progress; one that is there before the work begins was left by a killed process."""


class TrainingFailed(Exception):
    """Nothing was published; the text tells why."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="train even where the data have not changed")


def run(options: argparse.Namespace) -> int:
    try:
        archive, trained = ensure_model(PROJECT, force=options.force)
    except TrainingFailed as error:
        print(f"No new model: {error}")
        return 1
    if not trained:
        print(f"{shown(archive)} belongs to the present data: nothing to train (--force trains all the same)")
    return 0


def ensure_model(project: Path, force: bool = False) -> tuple[Path, bool]:
    """The model for the present data, and whether it had to be trained. Raises TrainingFailed."""
    (project / "models").mkdir(exist_ok=True)
    with _one_at_a_time(project / "models" / ".lock"):
        archive = model.present_model(project)
        if archive.exists() and not force:
            return archive, False
        for abandoned in (project / "models").glob(f"{SCRATCH}*"):
            shutil.rmtree(abandoned)
        with tempfile.TemporaryDirectory(dir=project / "models", prefix=SCRATCH) as scratch:
            candidate = _train(project, Path(scratch), archive.name)
            _check(project, Path(scratch), candidate)
            candidate.replace(archive)
        for old in model.older_models(project):
            old.unlink()
        print(f"Published {shown(archive)}")
        return archive, True


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _train(project: Path, scratch: Path, name: str) -> Path:
    print("Training the language model (from nothing 10 to 30 minutes)", flush=True)
    began = time.monotonic()
    # --force: Rasa's cache does not see a change of our own components' code.
    _rasa(project, "train", "--force", "--out", str(scratch), "--fixed-model-name", name.removesuffix(".tar.gz"))
    candidate = scratch / name
    if not candidate.exists():
        raise TrainingFailed("rasa train wrote no model")
    print(f"  trained in {time.monotonic() - began:.0f} s", flush=True)
    return candidate


def _check(project: Path, scratch: Path, candidate: Path) -> None:
    """A component that fails to load is logged at DEBUG and replaced by an untrained one; only asking shows it."""
    known = project / KNOWN_MESSAGES
    results = scratch / "results"
    _rasa(
        project, "test", "nlu", "--nlu", str(known), "--model", str(candidate), "--out", str(results), "--no-plot",
        "--successes",
    )  # fmt: skip
    misunderstood = json.loads((results / "intent_errors.json").read_text()) if _has_errors(results) else []
    for error in misunderstood:
        said, wanted, got = error["text"], error["intent"], error["intent_prediction"]
        print(f"  not understood: {said!r} is {wanted}, the new model says {got['name']} ({got['confidence']:.2f})")
    if misunderstood:
        raise TrainingFailed(f"it misunderstands {len(misunderstood)} of the messages in {KNOWN_MESSAGES}")
    print(f"  understands every message of {KNOWN_MESSAGES}", flush=True)


def _has_errors(results: Path) -> bool:
    if not (results / "intent_report.json").exists():
        raise TrainingFailed(f"rasa test wrote no report on {KNOWN_MESSAGES}")
    return (results / "intent_errors.json").exists()


def _rasa(project: Path, *arguments: str) -> None:
    """Run Rasa quietly in the project's folder; its own words are shown only where it fails. Raises TrainingFailed."""
    try:
        done = subprocess.run(  # noqa: S603
            rasa(*arguments),
            cwd=project,
            env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TRAIN_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TrainingFailed(f"rasa {arguments[0]} took more than {TRAIN_SECONDS} s") from None
    if done.returncode:
        last = "\n".join(done.stdout.splitlines()[-25:])
        raise TrainingFailed(f"rasa {arguments[0]} ended with exit code {done.returncode}\n{last}")
