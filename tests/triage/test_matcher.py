"""Which of several matches stands."""

from __future__ import annotations

import os
import subprocess
import sys

from aftercare.triage.matcher import Match, _without_covered

READ = """
from aftercare.nlu.data_file import knowledge_folder
from aftercare.nlu.message_reader import reader_at
read = reader_at(knowledge_folder("data/knowledge")).read
for text in ("the pain gets worse and stays the same", "the pain only gets worse"):
    print([(f.item, f.start, f.end, sorted(f.qualities)) for f in read(text).findings])
"""


def test_of_equal_matches_that_with_fewer_words_stands() -> None:
    """The others are then read as a trend."""
    few = Match("pain_severe", 0, 3, frozenset({0, 2}), loose=False)
    many = Match("pain_severe", 0, 3, frozenset({0, 1, 2}), loose=False)
    assert _without_covered([few, many]) == _without_covered([many, few]) == [few]


def test_every_process_reads_the_same() -> None:
    """Whatever seed Python hashes words with: it orders the sets that a message's words are looked up in."""

    def read(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", READ], env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    readings = {read(seed) for seed in ("0", "1", "2")}
    assert len(readings) == 1
    assert "worse" in readings.pop()
