"""One reader serves all threads of the web process: what it makes of a message must not depend on who else reads."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from aftercare.triage.language import Language

WORDS = [f"{stem}{ending}" for stem in ("spread", "weep", "burn", "fever", "swell", "ooz", "crust", "bleed") for ending in
         ("", "s", "ed", "ing", "ings", "er", "ers", "ingly", "ness", "ation", "ations", "iveness", "ful", "fulness")]  # fmt: skip


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads that give way to each other all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_stems_are_the_same_in_many_threads(hurried: None) -> None:
    alone = Language(())
    expected = [alone.stems(word) for word in WORDS]
    together = Language(())
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(together.stems, WORDS)) == expected
    # A wrong stem would be kept.
    assert [together.stems(word) for word in WORDS] == expected
