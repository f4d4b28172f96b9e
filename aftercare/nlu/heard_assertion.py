"""What is asserted of a sign as it is heard: the rule's label weighed with what the encoder's heads hear.

It is told beside the rule's label and changes no tier and no answer: only a rule may take a sign away. Who reads the
conversation sees "there, seems in the past".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aftercare.nlu.encoder_weights import Vectors
from aftercare.triage.reading import SEEMS, SIGNS

OF_RULE = 0.5
"""How much a rule's label weighs, in nats. Of 6,084 labels of messages kept back whose signs wordings name, the mean F1 of the
nine assertions is .49 by the rules alone, .62 as heard and .65 with this weight (0.5 to 1 differ little, at 2 it is .60); of
5,766 that no wording names .29, .51 and .51."""

SURELY = 0.8
"""The heads' probability of being spoken of from which a sign that no wording names and that is heard as not there is told. Of
those found so in messages kept back 0.87 are labelled with the sign."""

NOT_THERE = frozenset({"negated", "historical", "hypothetical", "information", "other_person"})
"""Assertions by which a sign does not count. What is an idiom is no sign at all."""


def seeming(rule: str | None, heard: Vectors, assertions: Sequence[str]) -> str:
    """The likeliest label: ``heard`` has the logarithm of the probability of each of ``assertions``."""
    weighed = heard + OF_RULE * np.array([name == rule for name in assertions])
    return assertions[int(weighed.argmax())]


def with_what_it_seems(
    entities: Sequence[Mapping[str, Any]], heard: Mapping[str, Vectors], assertions: Sequence[str]
) -> list[dict[str, Any]]:
    """The entities, those of signs that seem something else than their rule says with the key ``SEEMS``."""
    told = []
    for entity in entities:
        known = heard.get(entity["value"]) if entity["entity"] in SIGNS and "assertion" in entity else None
        label = None if known is None else seeming(entity["assertion"], known, assertions)
        told.append({**entity, SEEMS: label} if label and label != entity["assertion"] else dict(entity))
    return told


def not_there(
    spoken_of: Mapping[str, float], heard: Mapping[str, Vectors], assertions: Sequence[str]
) -> list[tuple[str, str]]:
    """The findings that a message surely speaks of and that are heard as not there, each with its label."""
    labels = {name: seeming(None, heard[name], assertions) for name, sure in spoken_of.items() if sure >= SURELY}
    return [(name, label) for name, label in labels.items() if label in NOT_THERE]
