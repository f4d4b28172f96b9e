"""A message is cut into its sentences and questions, and nowhere else."""

from __future__ import annotations

import time

import pytest

from aftercare.nlu.segments import MOST_PARTS, segments


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Its flaking. Is that normal? thanks a lot", ["Its flaking.", "Is that normal?", "thanks a lot"]),
        ("how long will it last and can i wear makeup", ["how long will it last", "can i wear makeup"]),
        ("is it ok, also when can i swim", ["is it ok", "when can i swim"]),
        ("what do i avoid and for how long", ["what do i avoid", "for how long"]),
        ("red and dry, is it normal, how long will it last", ["red and dry", "is it normal", "how long will it last"]),
        ("so tight\nwhat can i use", ["so tight", "what can i use"]),
        ("My temperature is 38.5 now. What now?!", ["My temperature is 38.5 now.", "What now?!"]),
        ("ok. is that bad", ["is that bad"]),
    ],
)
def test_parts(text: str, parts: list[str]) -> None:
    assert [text[start:end] for start, end in segments(text)] == parts


@pytest.mark.parametrize(
    "text",
    [
        "is it normal?",
        "my cheeks and chin are red",
        "red, dry and sore",
        "can i use aloe and vitamin c",
        "",
        "?",
        "ok",
        "...",
    ],
)
def test_single_part(text: str) -> None:
    assert segments(text) == []


def test_very_long_messages_are_looked_at_quickly() -> None:
    began = time.perf_counter()
    for piece in (" ", "\n", ", ", "and ", "? ", "a b. "):
        assert len(segments(piece * 2000 + "the end")) <= MOST_PARTS
    assert time.perf_counter() - began < 1
