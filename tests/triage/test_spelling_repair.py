"""A typing error is repaired to the same word in every process, though Python orders sets anew in each."""

from __future__ import annotations

from itertools import permutations

from aftercare.triage.language import Language


def test_two_words_as_near() -> None:
    repaired = {Language(words).read("melesma").words for words in permutations(["melasma", "melisma", "pustule"])}

    assert repaired == {("melasma",)}
