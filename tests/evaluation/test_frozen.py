"""Held-out files are measured only as they were frozen."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import pytest

from aftercare.cli import evaluate, replay
from aftercare.evaluation import frozen

from .records import came, dialogue, message, played, said, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "heldout"
    folder.mkdir()
    write(folder / "messages.jsonl", [message("secret", "urgent", question="why")])
    write(folder / "dialogues.jsonl", [dialogue("d", said("none", handoff=False))])
    freeze(folder)
    return folder


def freeze(folder: Path) -> None:
    lines = [f"sha256 {file.name}: {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in folder.glob("*.jsonl")]
    (folder / "README.md").write_text("# Held out\n\n" + "\n".join(lines) + "\n\n## Corrections\n")


def options(results: Path) -> argparse.Namespace:
    return argparse.Namespace(results=results)


def test_the_held_out_files_of_this_project_are_the_frozen_ones() -> None:
    frozen.check(evaluate.HELD_OUT, frozen.sums(evaluate.HELD_OUT))


def test_a_changed_file_is_refused_with_both_sums(folder: Path) -> None:
    stated = frozen.sums(folder)["messages.jsonl"]
    write(folder / "messages.jsonl", [message("secret", "soon")])
    found = frozen.sums(folder)
    with pytest.raises(frozen.NotFrozen) as error:
        frozen.check(folder, found)
    assert stated in str(error.value)
    assert found["messages.jsonl"] in str(error.value)
    assert "messages.jsonl is not the frozen file" in str(error.value)


def test_a_missing_file_an_added_one_and_a_readme_without_sums_are_refused(folder: Path) -> None:
    write(folder / "more.jsonl", [])
    with pytest.raises(frozen.NotFrozen, match=r"more\.jsonl is not in"):
        frozen.check(folder, frozen.sums(folder))
    (folder / "more.jsonl").unlink()
    (folder / "dialogues.jsonl").unlink()
    with pytest.raises(frozen.NotFrozen, match=r"dialogues\.jsonl is missing"):
        frozen.check(folder, frozen.sums(folder))
    (folder / "README.md").write_text("nothing")
    with pytest.raises(frozen.NotFrozen, match="states no sums"):
        frozen.check(folder, frozen.sums(folder))


def test_evaluate_prints_the_sums_and_replays_nothing_where_they_differ(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluate, "HELD_OUT", folder)
    monkeypatch.setattr(replay, "run", lambda options: pytest.fail("it was replayed"))
    write(folder / "messages.jsonl", [])
    assert evaluate.run(options(tmp_path / "results")) == 1
    said_there = capsys.readouterr()
    assert all(digest in said_there.out for digest in frozen.sums(folder).values())
    assert "is not the frozen file" in said_there.err
    assert not (tmp_path / "results").exists()


def test_evaluate_replays_both_files_at_once_and_shows_numbers_only(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def replays(options: argparse.Namespace) -> int:
        assert len(options.input.read_text().splitlines()) == 2
        write(
            options.output,
            [played("secret", came("none", questions=["can_i"])), played("d", came("none", handoff=False))],
        )
        return 0

    monkeypatch.setattr(evaluate, "HELD_OUT", folder)
    monkeypatch.setattr(replay, "run", replays)
    assert evaluate.run(options(tmp_path / "results")) == 0
    told = capsys.readouterr().out
    assert "Urgent graded urgent or higher" in told
    assert "0 of 1" in told
    assert "text of secret" not in told
    assert "text of secret" not in (tmp_path / "results" / "evaluation.json").read_text()
    page = (tmp_path / "results" / "evaluation.html").read_text()
    assert all(digest in page for digest in frozen.sums(folder).values())
    before, _, after = page.partition("<details>")
    assert "text of secret" not in before
    assert "text of secret" in after


def test_evaluate_fails_where_the_replay_fails_or_leaves_messages_out(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluate, "HELD_OUT", folder)
    monkeypatch.setattr(replay, "run", lambda options: 3)
    assert evaluate.run(options(tmp_path / "results")) == 3
    monkeypatch.setattr(replay, "run", lambda options: len(str(write(options.output, [played("d", came("none"))]))) * 0)
    assert evaluate.run(options(tmp_path / "results")) == 1
    assert "1 in the gold file only, so not measured: secret" in capsys.readouterr().err
