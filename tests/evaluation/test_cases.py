"""Reading and joining: what fits, what is missing on one side, and what a broken file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from aftercare.evaluation.cases import BadRecord, join

from .records import came, dialogue, joined, message, played, said, sign, write


def test_messages_are_joined_by_id_whatever_their_order(tmp_path: Path) -> None:
    gold = [message("a", "urgent"), message("b", "soon")]
    both = joined(tmp_path, gold, [played("b", came("none")), played("a", came("emergency"))])
    assert [(c.id, c.gold.tier, c.got.tier) for c in both.messages] == [
        ("a", "urgent", "emergency"),
        ("b", "soon", "none"),
    ]
    assert both.problems == []


def test_dialogues_are_joined_turn_by_turn_with_what_was_said_before(tmp_path: Path) -> None:
    gold = [dialogue("d", {**said("none"), "user": "hi"}, {**said("urgent"), "user": "pus"})]
    both = joined(tmp_path, gold, [played("d", came("none"), came("soon"))])
    assert [(c.id, c.got.tier, c.earlier) for c in both.turns] == [
        ("d, turn 1", "none", ()),
        ("d, turn 2", "soon", ("hi",)),
    ]
    assert both.messages == ()


def test_ids_and_turns_on_one_side_only_are_counted_and_named(tmp_path: Path) -> None:
    gold = [message("a", "none"), message("b", "none"), dialogue("d", said("none"), said("none"))]
    both = joined(tmp_path, gold, [played("b", came("none")), played("x", came("none")), played("d", came("none"))])
    assert both.problems == [
        "2 in the gold file only, so not measured: a, d, turn 2",
        "1 in the replay only, so not measured: x",
    ]
    assert [case.id for case in (*both.messages, *both.turns)] == ["b", "d, turn 1"]


def test_a_replay_of_other_words_under_the_same_id_is_named(tmp_path: Path) -> None:
    replay = [played("a", came("none", user="text of a")), played("b", came("none", user="something else"))]
    both = joined(tmp_path, [message("a", "none"), message("b", "none")], replay)
    assert both.problems == ["1 with another text in the replay than in the gold file: b"]


def test_several_gold_files_are_one(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "m.jsonl", [message("a", "none")]),
        write(tmp_path / "d.jsonl", [dialogue("d", said("soon"))]),
    ]
    both = join(write(tmp_path / "r.jsonl", [played("a", came("none")), played("d", came("soon"))]), files)
    assert (len(both.messages), len(both.dialogues)) == (1, 1)


def test_intents_get_the_names_of_the_gold_file(tmp_path: Path) -> None:
    replay = write(
        tmp_path / "r.jsonl", [played("a", came("none", intent={"name": "out_of_scope_price", "confidence": 1}))]
    )
    gold = write(tmp_path / "g.jsonl", [message("a", "none")])
    assert join(replay, [gold], lambda name: name[:12]).messages[0].got.intent == "out_of_scope"


def test_a_line_separator_inside_a_text_does_not_cut_the_line(tmp_path: Path) -> None:
    gold = [{**message("a", "none"), "text": "one\u2028two"}]
    assert joined(tmp_path, gold, [played("a", came("none"))]).messages[0].gold.text == "one\u2028two"


def test_a_time_has_no_assertion_and_a_sign_has(tmp_path: Path) -> None:
    entities = [{"type": "time", "value": "3 days", "text": "3 days"}, sign("pus", "negated", "finding")]
    got = joined(tmp_path, [message("a", "none")], [played("a", came("none", entities=entities))]).messages[0].got
    assert [(e.value, e.assertion) for e in got.entities] == [("3 days", None), ("pus", "negated")]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"id": "b", "tier": ', "this is not JSON"),
        ('["b"]', "this line has no id"),
        ('{"tier": "soon"}', "this line has no id"),
        ('{"id": "a", "tier": "soon"}', "the id a was there before"),
        ('{"id": "b"}', "tier is None but must be one of none, self_care, soon, urgent, emergency"),
        ('{"id": "b", "tier": "high"}', "tier is 'high'"),
        ('{"id": "b", "tier": "soon", "flags": "U1"}', "flags is 'U1' but must be of type list"),
        ('{"id": "b", "tier": "soon", "days_since": "3"}', "days_since is '3' but must be of type int"),
        ('{"id": "b", "turns": []}', "turns is empty"),
        ('{"id": "b", "turns": ["hello"]}', "turn 1: this is 'hello' but must be an object"),
    ],
)
def test_a_broken_line_is_named_with_its_file(tmp_path: Path, line: str, complaint: str) -> None:
    gold = write(tmp_path / "gold.jsonl", [message("a", "none")])
    gold.write_text(gold.read_text() + "\n" + line + "\n")
    replay = write(tmp_path / "replay.jsonl", [played("a", came("none")), played("b", came("none"))])
    with pytest.raises(BadRecord) as error:
        join(replay, [gold])
    assert f"{gold}, line 3" in str(error.value)
    assert complaint in str(error.value)


def test_a_broken_replay_and_a_missing_file_are_named(tmp_path: Path) -> None:
    gold = write(tmp_path / "gold.jsonl", [message("a", "none")])
    replay = write(tmp_path / "replay.jsonl", [played("a", came("none", entities=[3]))])
    with pytest.raises(BadRecord, match=r"replay\.jsonl, line 1, turn 1, entities: this is 3"):
        join(replay, [gold])
    with pytest.raises(BadRecord, match=r"nowhere\.jsonl cannot be read"):
        join(tmp_path / "nowhere.jsonl", [gold])
