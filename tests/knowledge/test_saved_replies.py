"""Saved replies: filled in for one patient, and a mistake in the file is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from aftercare.knowledge.errors import KnowledgeError
from aftercare.knowledge.saved_replies import PLACEHOLDERS, SavedReply, load_saved_replies

VALUES = {name: name.upper() for name in PLACEHOLDERS if name != "day"}
PROJECT = Path(__file__).parents[2]


def test_the_clinics_own_file_can_be_read_and_filled_in() -> None:
    replies = load_saved_replies(PROJECT / "saved_replies.yml")
    assert len({reply.title for reply in replies}) == len(replies) >= 5
    for reply in replies:
        for day in (None, 3):
            filled = reply.filled(VALUES, day)
            assert filled and "{" not in filled and "None" not in filled


def test_the_day_is_filled_in_where_it_is_known() -> None:
    reply = SavedReply("Day", "Day {day}, says {staff}.", "Says {staff}.")
    assert reply.filled(VALUES, 0) == "Day 0, says STAFF."
    assert reply.filled(VALUES, None) == "Says STAFF."


@pytest.mark.parametrize(
    ("lines", "line", "says"),
    [
        (["  - title: A", "    text: Hello {name}"], 3, "{name} is not a placeholder"),
        (["  - title: A", "    text: Hello {staff!r}"], 3, "{staff} is not a placeholder"),
        (["  - title: A", "    text: Hello {staff"], 3, "brace"),
        (["  - title: A", "    text: Day {day}"], 3, "without_day"),
        (["  - title: A", "    text: Day {day}", "    without_day: On {day}"], 4, "Say it without the day"),
        (["  - title: A", "    text: one", "  - title: A", "    text: two"], 4, "the title is that of line 2"),
        (["  - title: A"], 2, "'text' is a required property"),
        (["  - title: A", "    text: one", "    body: two"], 2, "Known keys here: text, title, without_day"),
        (["  - title: A", "    text: [one]"], 3, "Expected: a text"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, lines: list[str], line: int, says: str) -> None:
    path = tmp_path / "saved_replies.yml"
    path.write_text("\n".join(["replies:", *lines]))
    with pytest.raises(KnowledgeError) as raised:
        load_saved_replies(path)
    assert f"saved_replies.yml, line {line}" in str(raised.value) and says in str(raised.value)
