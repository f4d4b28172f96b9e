"""What a sign seems to be asserted as: the rule's label weighed with what is heard."""

from __future__ import annotations

import numpy as np
import pytest

from aftercare.nlu.heard_assertion import OF_RULE, SURELY, not_there, seeming, with_what_it_seems

ASSERTIONS = ("present", "negated", "historical")
NEAR = np.log(np.array([0.2, 0.3, 0.5], np.float32))
CLEAR = np.log(np.array([0.01, 0.01, 0.98], np.float32))


@pytest.mark.parametrize(
    ("rule", "label"),
    [(None, "historical"), ("present", "historical"), ("historical", "historical"), ("other_person", "historical")],
)
def test_what_is_heard_clearly_outweighs_the_rule(rule: str | None, label: str) -> None:
    assert seeming(rule, CLEAR, ASSERTIONS) == label


def test_the_rule_decides_between_labels_heard_alike() -> None:
    assert NEAR[2] - NEAR[1] > OF_RULE and seeming("negated", NEAR, ASSERTIONS) == "historical"
    alike = NEAR + np.array([0, 0.3, 0], np.float32)
    assert seeming(None, alike, ASSERTIONS) == "historical"
    assert seeming("negated", alike, ASSERTIONS) == "negated"


def test_only_what_differs_is_told_and_only_of_signs() -> None:
    sign = {"entity": "finding", "value": "pus", "assertion": "present"}
    others = [{**sign, "assertion": "historical"}, {**sign, "entity": "product"}, {**sign, "value": "fever"}]
    told = with_what_it_seems([sign, *others], {"pus": CLEAR}, ASSERTIONS)
    assert told == [{**sign, "seems": "historical"}, *others]


def test_what_is_surely_spoken_of_and_heard_as_not_there() -> None:
    there = np.log(np.array([0.9, 0.05, 0.05], np.float32))
    heard = {"pus": CLEAR, "fever": CLEAR, "redness": there}
    spoken_of = {"pus": SURELY, "fever": SURELY - 0.01, "redness": 0.99}
    assert not_there(spoken_of, heard, ASSERTIONS) == [("pus", "historical")]
