"""Several listeners hear a message together: their mean, over the words that they look at together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from aftercare.nlu.encoder import Window
from aftercare.nlu.encoder_weights import DIMENSIONS, EncoderUnavailable, Vectors
from aftercare.nlu.finding_heads import (
    FindingHeads,
    FindingsEncoder,
    Listener,
    QuestionHeads,
    load_findings_encoder,
)

TEXT = "yellow stuff"
OFFSETS = [(0, 0), (0, 6), (7, 12), (0, 0)]
NAMES = ("pus", "fever", "pain")
QUESTIONS = ("is_normal", "can_i")
ASSERTIONS = ("present", "negated", "uncertain", "historical")
RARITY = np.log(np.array([1, 2, 3, 4], np.float32))


class ToyEncoder:
    """The same four tokens for every text."""

    def __init__(self, seed: int) -> None:
        self.tokens = np.random.default_rng(seed).normal(size=(len(OFFSETS), DIMENSIONS)).astype(np.float32)

    def windows(self, text: str) -> list[Window]:
        return [Window(self.tokens, OFFSETS, self.tokens.mean(0))]

    def tokens_of_parts(self, text: str, parts: Sequence[tuple[int, int]]) -> list[Vectors]:
        return [self.tokens[1:-1] for _ in parts]

    def read_all(self, texts: Sequence[str], read: Callable[[Vectors], Vectors], width: int) -> Vectors:
        return np.stack([read(self.tokens) for _ in texts])


def listener(seed: int, names: Sequence[str] = NAMES) -> Listener:
    draw = np.random.default_rng(seed + 100).normal
    per_finding = {
        name: draw(size=(len(names), DIMENSIONS)).astype(np.float32) * 0.05 for name in ("whole", "look", "tell")
    }
    per_question = {
        name: draw(size=(len(QUESTIONS), DIMENSIONS)).astype(np.float32) * 0.05 for name in ("whole", "look", "tell")
    }
    of_assertions = {
        f"assertion_{name}": draw(size=(len(ASSERTIONS), DIMENSIONS)).astype(np.float32) * 0.05
        for name in ("word", "whole")
    }
    findings = FindingHeads(
        names=tuple(names),
        assertions=ASSERTIONS,
        stands_word=np.zeros(DIMENSIONS, np.float32),
        stands_whole=np.zeros(DIMENSIONS, np.float32),
        stands_bias=np.zeros(len(names), np.float32),
        assertion_bias=np.zeros(len(ASSERTIONS), np.float32),
        assertion_rarity=RARITY,
        bias=np.zeros(len(names), np.float32),
        **per_finding,
        **of_assertions,
    )
    questions = QuestionHeads(names=QUESTIONS, bias=np.zeros(len(QUESTIONS), np.float32), **per_question)
    return Listener(ToyEncoder(seed), findings, questions)  # type: ignore[arg-type]


def test_several_listeners_are_heard_as_their_mean() -> None:
    one, two = listener(1), listener(2)
    both, first, second = (FindingsEncoder(listeners).describe([TEXT])[0] for listeners in ([one, two], [one], [two]))

    assert both[:DIMENSIONS] == pytest.approx(first[:DIMENSIONS])  # the meaning is the first one's
    assert both[DIMENSIONS:] == pytest.approx((first[DIMENSIONS:] + second[DIMENSIONS:]) / 2, abs=1e-5)


def test_what_was_learned_from_is_described_by_the_first_alone() -> None:
    one, two = listener(1), listener(2)
    texts = [TEXT, f"{TEXT} again"]
    both, first = FindingsEncoder([one, two]), FindingsEncoder([one])
    rows = both.describe(texts, by_all=lambda text: text != TEXT)

    assert rows[0] == pytest.approx(first.describe(texts)[0], abs=1e-5)
    assert rows[1] == pytest.approx(both.describe(texts)[1], abs=1e-5)


def test_a_message_is_heard_as_the_training_describes_it() -> None:
    encoder = FindingsEncoder([listener(1), listener(2)])
    [described] = encoder.describe([TEXT])
    [heard] = encoder.hear(TEXT)
    whole, part = encoder.ask(TEXT, [(0, 6)])

    assert heard.row == pytest.approx(described[: encoder.width], abs=1e-5)
    assert whole == pytest.approx(encoder.asked_in(described), abs=1e-5)
    assert part.shape == whole.shape
    assert set(heard.words) <= set(OFFSETS[1:-1])  # never the tokens that are no words


def test_what_is_asserted_of_each_finding_is_a_probability() -> None:
    one, two = ([listener(seed)] for seed in (1, 2))
    [both], [first], [second] = (FindingsEncoder(listeners).hear(TEXT) for listeners in ([*one, *two], one, two))

    assert both.asserted.shape == (len(NAMES), len(ASSERTIONS))
    assert np.exp(both.asserted).sum(axis=1) == pytest.approx(1)
    fair = np.exp(first.asserted - RARITY)
    by_label = fair[:, [0, 2]].sum(axis=1) / fair.sum(axis=1)
    standing = (by_label + 0.5) / 2  # the other head of this listener knows nothing
    assert first.row[DIMENSIONS + len(NAMES) :] == pytest.approx(standing, abs=1e-5)
    odds = [heard.asserted[:, 0] - heard.asserted[:, 1] for heard in (both, first, second)]
    assert odds[0] == pytest.approx((odds[1] + odds[2]) / 2, abs=1e-4)


def test_listeners_of_other_findings_do_not_go_together() -> None:
    with pytest.raises(ValueError, match="same examples"):
        FindingsEncoder([listener(1), listener(2, ("pus", "fever"))])


def test_a_folder_without_listeners_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match=r"adapt_encoder\.py"):
        load_findings_encoder(tmp_path)
