"""Every measure on a few cases by hand, and a replay in which everything is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aftercare.evaluation import scores
from aftercare.evaluation.cases import TIERS, Joined
from aftercare.evaluation.scores import Agreement, Share
from aftercare.evaluation.targets import TARGETS

from .records import came, dialogue, message, said, sign

Join = Callable[..., Joined]


def named(measures: tuple[scores.Measure, ...]) -> dict[str, Any]:
    return {measure.key: measure for measure in measures}


def grades(join: Join, *pairs: tuple[str, str]) -> dict[str, Share]:
    """Measures of messages that should be the first tier and were given the second."""
    cases = [(message(f"m{n}", should), came(was)) for n, (should, was) in enumerate(pairs)]
    return {key: measure.score for key, measure in named(scores.score(join(*cases)).messages).items()}


def test_an_emergency_counts_only_as_an_emergency(joined: Join) -> None:
    found = grades(joined, *(("emergency", was) for was in TIERS))
    assert (found["emergency"], found["emergency_low"]) == (Share(1, 5), Share(3, 5))


def test_urgent_and_soon_may_be_graded_higher(joined: Join) -> None:
    found = grades(joined, *((should, was) for should in ("urgent", "soon") for was in TIERS))
    assert (found["urgent"], found["soon"]) == (Share(2, 5), Share(3, 5))


def test_a_false_alarm_is_a_harmless_message_graded_urgent_or_emergency(joined: Join) -> None:
    found = grades(joined, *((should, was) for should in TIERS for was in TIERS))
    assert found["false_alarms"] == Share(4, 10)
    assert found["exact"] == Share(5, 25)


def test_confusion_counts_should_be_and_was(joined: Join) -> None:
    both = joined(
        (message("a", "soon"), came("none")), (message("b", "soon"), came("none")), (message("c", "none"), came("soon"))
    )
    assert scores.confusion(both.messages) == {("soon", "none"): 2, ("none", "soon"): 1}


def test_a_minimal_pair_is_right_when_both_are_and_half_a_pair_is_not_counted(joined: Join) -> None:
    tiers = [
        ("1", "urgent", "urgent"),
        ("1", "none", "none"),
        ("2", "urgent", "urgent"),
        ("2", "none", "urgent"),
        ("3", "soon", "soon"),
    ]
    both = joined(*((message(f"m{n}", g, kind=f"minimal_pair:{p}"), came(w)) for n, (p, g, w) in enumerate(tiers)))
    assert [(pair.id, pair.right) for pair in scores.pairs(both.messages)] == [("1", True), ("2", False)]
    assert named(scores.score(both).messages)["pairs"].score == Share(1, 2)


def test_flags_are_counted_one_by_one_and_in_order(joined: Join) -> None:
    both = joined(
        (message("a", "urgent", flags=["U10", "U2"]), came("urgent", flags=["U2"])),
        (message("b", "emergency", flags=["E1"]), came("emergency", flags=["E1", "U2"])),
        (message("c", "urgent", flags=["U2"]), came("soon", flags=["S1"])),
        (message("d", "none", flags=[]), came("none", flags=["U2"])),
    )
    rows = {row.flag: (row.named, row.graded) for row in scores.flags(both.messages)}
    assert list(rows) == ["E1", "U2", "U10"]
    assert rows["U2"] == (Share(1, 2), Share(1, 2))
    assert rows["U10"] == (Share(0, 1), Share(1, 1))
    assert scores.flags_named(both.messages) == Share(2, 4)


def test_assertion_is_scored_for_each_class(joined: Join) -> None:
    both = joined(
        (
            message("a", "none", assertion={"pus": "negated", "pain": "present"}),
            came("none", entities=[sign("pus", "negated", "finding"), sign("pain")]),
        ),
        (
            message("b", "none", assertion={"pus": "negated"}),
            came("none", entities=[sign("pus", "present", "finding")]),
        ),
        (message("c", "none", assertion={"fever": "negated"}), came("none", entities=[sign("redness")])),
    )
    rows = {row.label: row for row in scores.assertions(both.messages)}
    assert list(rows) == ["negated", "present"]
    assert rows["negated"].found == Agreement(right=1, claimed=1, wanted=2)
    assert rows["negated"].all_findings == Agreement(right=1, claimed=1, wanted=3)
    assert rows["present"].found == Agreement(right=1, claimed=2, wanted=1)
    measures = {measure.key: measure.value for measure in scores.score(both).assertion}
    assert measures == {"assertion_negated": pytest.approx(2 / 3), "assertion_present": pytest.approx(2 / 3)}


def test_a_class_that_is_never_right_scores_nothing_and_one_only_claimed_has_no_target(joined: Join) -> None:
    both = joined(
        (
            message("a", "none", assertion={"pus": "idiom"}),
            came("none", entities=[sign("pus", "historical", "finding")]),
        )
    )
    assert [(row.label, row.found.value) for row in scores.assertions(both.messages)] == [
        ("idiom", 0.0),
        ("historical", 0.0),
    ]
    assert [measure.key for measure in scores.score(both).assertion] == ["assertion_idiom"]


@pytest.mark.parametrize(
    ("mentions", "counts"),
    [
        (["negated", "present"], "present"),
        (["present", "negated"], "present"),
        (["historical", "negated"], "negated"),
        (["uncertain", "present", "idiom"], "present"),
        ([], None),
    ],
)
def test_of_several_mentions_the_last_that_stands_counts(joined: Join, mentions: list[str], counts: str | None) -> None:
    product = {**sign("pain", "present"), "type": "product"}
    entities = [sign("pain", assertion) for assertion in mentions]
    both = joined((message("a", "none"), came("none", entities=[*entities, product])))
    assert scores.assertion_of(both.messages[0].got, "pain") == counts


def test_question_counts_for_aftercare_questions_only(joined: Join) -> None:
    asked = [
        ("can_i", ["can_i", "why"]),
        ("can_i", ["why", "can_i"]),
        ("why", []),
        ("greet", ["thanks"]),
        ("report", ["why"]),
    ]
    both = joined(
        *((message(f"m{n}", "none", question=q), came("none", questions=got)) for n, (q, got) in enumerate(asked))
    )
    found = named(scores.score(both).messages)
    assert (found["question"].score, found["question_any"].score) == (Share(1, 3), Share(2, 3))
    rows = {row.question: row for row in scores.score(both).question_rows}
    assert rows["can_i"].taken_for == (("why", 1),)
    assert rows["why"].taken_for == (("nothing", 1),)
    assert rows["greet"].right == Share(0, 1)


def test_a_symptom_is_found_whatever_is_asserted_of_it(joined: Join) -> None:
    both = joined(
        (
            message("a", "none", symptoms=["pus", "pain"]),
            came("none", entities=[sign("pus", "negated", "finding"), sign("pus")]),
        ),
        (
            message("b", "none", symptoms=[]),
            came("none", entities=[sign("pain"), sign("breathing_trouble", "present", "finding")]),
        ),
    )
    rows = dict(scores.symptoms(both.messages))
    assert rows == {"pain": Agreement(0, 1, 1), "pus": Agreement(1, 1, 1)}
    assert named(scores.score(both).messages)["symptoms"].value == pytest.approx(0.5)


def test_an_idiom_is_neither_wanted_nor_a_mistake(joined: Join) -> None:
    both = joined(
        (
            message("a", "none", symptoms=[], assertion={"itching": "idiom"}),
            came("none", entities=[sign("itching", "idiom")]),
        ),
        (
            message("b", "none", symptoms=["itching"], assertion={"itching": "present"}),
            came("none", entities=[sign("itching")]),
        ),
    )
    assert dict(scores.symptoms(both.messages)) == {"itching": Agreement(1, 1, 1)}


def test_days_count_where_stated_and_exactly(joined: Join) -> None:
    days = [(3, 3), (3, 4), (0, None), (None, 5), (0, 0)]
    both = joined(
        *((message(f"m{n}", "none", days_since=g), came("none", days_since=w)) for n, (g, w) in enumerate(days))
    )
    assert scores.days_right(both.messages) == Share(2, 4)


@pytest.mark.parametrize(
    ("kinds", "answered"),
    [
        (["answer"], 1),
        (["not_covered"], 1),
        (["out_of_scope"], 0),
        (["fallback"], 0),
        (["small_talk", "day_question"], 1),
        (["soon", "handoff"], 0),
        ([], 0),
    ],
)
def test_out_of_scope_must_not_be_answered(joined: Join, kinds: list[str], answered: int) -> None:
    replies = [{"text": "…", "kind": kind} for kind in kinds]
    both = joined(
        (message("a", "none", question="out_of_scope"), came("none", replies=replies)),
        (message("b", "none", question="why"), came("none")),
    )
    assert scores.out_of_scope_answered(both.messages) == Share(answered, 1)


def test_handoff_is_scored_turn_by_turn_and_dialogues_as_a_whole(joined: Join) -> None:
    both = joined(
        (
            dialogue("d", said("none", handoff=False), said("urgent", handoff=True)),
            [came("none", handoff=False), came("soon", handoff=True)],
        ),
        (
            dialogue("e", said("none", handoff=False), said("none")),
            [came("urgent", handoff=True), came("none", handoff=True)],
        ),
    )
    found = named(scores.score(both).dialogues)
    assert found["handoff"].score == Share(2, 3)
    assert found["dialogue_safe"].score == Share(1, 2)
    assert found["urgent"].score == Share(0, 1)
    assert found["false_alarms"].score == Share(1, 3)


def test_calibration_groups_by_confidence(joined: Join) -> None:
    sure = [("why", 0.95), ("can_i", 1.0), ("why", 0.15), ("why", 0.0)]
    both = joined(
        *(
            (message(f"m{n}", "none", question="why"), came("none", intent={"name": i, "confidence": c}))
            for n, (i, c) in enumerate(sure)
        )
    )
    found = scores.calibration(both.messages)
    assert [b.right for b in found.bins if b.right.of] == [Share(1, 1), Share(1, 1), Share(1, 2)]
    assert found.bins[9].confidence == pytest.approx(0.975)
    assert found.error == pytest.approx((1.0 + 0.85 + 2 * 0.475) / 4)


def test_calibration_of_nothing_is_no_number(joined: Join) -> None:
    both = joined((message("a", "none", question="why"), came("none", intent={})))
    assert scores.calibration(both.messages).error is None


def test_latency_leaves_out_turns_in_which_rasa_was_not_asked(joined: Join) -> None:
    times = [0.0, *range(1, 101), 5000]
    both = joined(*((message(f"m{n}", "none"), came("none", ms=ms)) for n, ms in enumerate(times)))
    found = scores.latency(both.messages)
    assert (found.of, found.p50, found.p95) == (101, 51, 96)
    assert sum(count for _, _, count in found.counts) == 101
    assert found.counts[0] == (0, 10, 9)
    assert found.counts[-2:] == ((100, 110, 1), (110, None, 1))


def test_one_time_and_no_time_make_a_latency_as_well(joined: Join) -> None:
    one = scores.latency(joined((message("a", "none"), came("none", ms=7.5))).messages)
    assert (one.p50, one.p95, sum(count for _, _, count in one.counts)) == (7.5, 7.5, 1)
    assert scores.latency(joined((message("a", "none"), came("none", ms=0))).messages).p50 is None


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (97, 100, 0.916, 0.990)]
)
def test_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert Share(hits, of).interval == pytest.approx((low, high), abs=0.001)


@pytest.mark.parametrize(
    ("key", "value", "state"),
    [
        ("emergency", 1.0, "aim"), ("emergency", 0.97, "enough"), ("emergency", 0.9699, "short"),
        ("emergency_low", 0.0, "aim"), ("emergency_low", 0.001, "short"),
        ("urgent", 0.99, "aim"), ("urgent", 0.95, "enough"), ("urgent", 0.949, "short"),
        ("soon", 0.97, "aim"), ("soon", 0.90, "enough"), ("soon", 0.899, "short"),
        ("false_alarms", 0.02, "aim"), ("false_alarms", 0.05, "enough"), ("false_alarms", 0.051, "short"),
        ("pairs", 0.98, "aim"), ("pairs", 0.90, "enough"), ("pairs", 0.89, "short"),
        ("question", 0.96, "aim"), ("question", 0.90, "enough"), ("question", 0.89, "short"),
        ("symptoms", 0.95, "aim"), ("symptoms", 0.88, "enough"), ("symptoms", 0.87, "short"),
        ("days", 0.99, "aim"), ("days", 0.95, "enough"), ("days", 0.94, "short"),
        ("out_of_scope", 0.03, "aim"), ("out_of_scope", 0.08, "enough"), ("out_of_scope", 0.081, "short"),
        ("exact", 0.1, ""), ("days", None, "no cases"),
    ],
)  # fmt: skip
def test_targets_are_those_of_the_issue(key: str, value: float | None, state: str) -> None:
    assert TARGETS[key].reached_by(value) == state


@pytest.fixture
def all_wrong(joined: Join) -> scores.Scores:
    wrong = {
        "flags": [],
        "questions": ["greet"],
        "intent": {"name": "greet", "confidence": 1.0},
        "days_since": 9,
        "entities": [sign("pain", "negated")],
    }
    told = {"flags": ["E1"], "question": "why", "symptoms": ["pus"], "assertion": {"pain": "present"}, "days_since": 3}
    return scores.score(
        joined(
            (message("a", "emergency", kind="minimal_pair:1", **told), came("none", **wrong)),
            (message("b", "urgent", kind="minimal_pair:1", **told), came("soon", **wrong)),
            (message("c", "soon", **told), came("self_care", **wrong)),
            (message("d", "self_care", **told), came("urgent", **wrong)),
            (
                message("e", "none", question="out_of_scope", symptoms=["pain"]),
                came("emergency", **{**wrong, "entities": []}),
            ),
            (dialogue("f", said("emergency", handoff=True, question="why")), [came("none", handoff=False, **wrong)]),
            (
                dialogue("g", said("none", handoff=False, question="out_of_scope"), said("urgent"), said("soon")),
                [came("urgent", handoff=True, **wrong), came("soon"), came("none")],
            ),
        ),
        lambda said, tier: True,
    )


def test_where_everything_is_wrong_every_measure_says_so(all_wrong: scores.Scores) -> None:
    judged = [m for m in (*all_wrong.messages, *all_wrong.assertion, *all_wrong.dialogues) if m.value is not None]
    assert {m.key for m in judged} == {*TARGETS, "assertion_present"}
    assert [m.key for m in judged if m.value != (1.0 if m.target.fewer_is_better else 0.0)] == []
    assert {m.state for m in judged} == {"short", ""}
    assert all_wrong.calibration.error == 1.0
    assert [row.named.value for row in all_wrong.flag_rows] == [0.0]
