"""Where a sign is, on which side, how many there are and how large."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercare.knowledge import load_knowledge
from aftercare.triage import Reader
from aftercare.triage.attributes import Attributes
from tests.conftest import ROOT


@cache
def everyday_reader() -> Reader:
    return Reader(load_knowledge(ROOT / "data" / "knowledge"))


def told(reader: Reader, text: str, *signs: str) -> list[Attributes]:
    """What a text tells of the signs that these words of it name, in their order."""
    starts = [text.index(sign) for sign in signs]
    return reader.attributes(text, [(start, start + len(sign)) for start, sign in zip(starts, signs, strict=True)])


PLACES = [
    ("my left cheek is still red", "red", ("cheek",), "left"),
    ("redness on my cheeks, nose and chin", "redness", ("cheek", "nose", "chin"), None),
    ("there is swelling under both eyes", "swelling", ("under_eye",), "both"),
    ("I have redness. It's mostly on my chin.", "redness", ("chin",), None),
    ("hives!! Arms, belly, legs.", "hives", ("arm", "belly", "leg"), None),
    ("my jaw is sore on the left when I chew", "sore", ("jaw",), "left"),
    ("a scab right under my eye", "scab", ("under_eye",), None),
    ("the spots on my chin are oozing", "oozing", ("chin",), None),
    ("swelling on one side of the face", "swelling", ("face",), "one"),
    ("is this right? the redness came back when I left", "redness", (), None),
    ("I sleep on my back. Is peeling normal?", "peeling", (), None),
]


@pytest.mark.parametrize(("text", "sign", "sites", "side"), PLACES, ids=[case[0] for case in PLACES])
def test_a_place_belongs_to_the_sign_that_it_is_told_of(
    reader: Reader, text: str, sign: str, sites: tuple[str, ...], side: str | None
) -> None:
    [found] = told(reader, text, sign)
    assert (found.sites, found.side) == (sites, side)


def test_each_of_several_signs_has_its_own_place(reader: Reader) -> None:
    text = "The forehead is coming off in flakes, the chin has three spots and the left cheek is fine."
    flakes, spots = told(reader, text, "flakes", "spots")
    assert flakes == Attributes(("forehead",))
    assert spots == Attributes(("chin",), count="3")


def test_a_lump_that_is_no_known_sign_keeps_its_place_to_itself(reader: Reader) -> None:
    text = "a lump on my jaw about 2 cm, and both eyelids are swollen to twice the size"
    assert told(reader, text, "eyelids are swollen") == [Attributes(("eyelid",), "both", size="double")]


def test_signs_told_in_one_breath_share_a_place(reader: Reader) -> None:
    redness, swelling = told(reader, "redness and swelling on my neck", "redness", "swelling")
    assert redness.sites == swelling.sites == ("neck",)


COUNTS = [
    ("I have three really sore red spots", "spots", "3"),
    ("5 or 6 pimples came up", "pimples", "6"),
    ("a couple of blisters", "blisters", "2"),
    ("there's a lump by my ear", "lump", "1"),
    ("a few bumps", "bumps", "few"),
    ("spots on my back, dozens, all red", "spots", "many"),
    ("blisters, maybe four of them", "blisters", "4"),
    ("spots for 3 days", "spots", None),
    ("day 4 spots", "spots", None),
    ("a bit of redness", "redness", None),
    ("three sessions and still spots", "spots", None),
]


@pytest.mark.parametrize(("text", "sign", "count"), COUNTS, ids=[case[0] for case in COUNTS])
def test_a_number_counts_the_sign_that_follows_it(reader: Reader, text: str, sign: str, count: str | None) -> None:
    assert told(reader, text, sign)[0].count == count


SIZES = [
    ("a bruise about 2cm wide", "bruise", "20 mm"),
    ("a blister half an inch long", "blister", "13 mm"),
    ("bumps, 1-2 mm each", "bumps", "2 mm"),
    ("a lump the size of a pea", "lump", "pea"),
    ("pea-sized lump", "lump", "pea"),
    ("a swelling like a golf ball", "swelling", "golf ball"),
    ("lip swollen to twice its size", "swollen", "double"),
    ("tiny spots", "spots", "tiny"),
    ("a little red", "red", None),
    ("red after 1.5 mm needles", "red", None),
]


@pytest.mark.parametrize(("text", "sign", "size"), SIZES, ids=[case[0] for case in SIZES])
def test_a_size_is_measured_or_likened(reader: Reader, text: str, sign: str, size: str | None) -> None:
    assert told(reader, text, sign)[0].size == size


@pytest.mark.parametrize(
    "text", ["redness ① and pus ②", "swollen ²", "spot 2 ınch", "spot 2 İnch", "spot sıx mm", "\u200b spots²"]
)
def test_signs_of_other_scripts_do_no_harm(reader: Reader, text: str) -> None:
    assert len(reader.attributes(text, [(0, len(text))])) == 1


def test_a_temperature_is_told_in_celsius(reader: Reader) -> None:
    [found] = told(reader, "it was 101F this morning", "101F")
    assert found.celsius == 38.3
    assert found.as_told() == {"celsius": 38.3}


WORDS = [
    "my",
    "the",
    "left",
    "right",
    "both",
    "cheek",
    "chin",
    "and",
    "but",
    ",",
    ".",
    "is",
    "are",
    "not",
    "no",
    "three",
    "few",
    "spots",
    "red",
    "swelling",
    "like",
    "a",
    "pea",
    "5",
    "mm",
    "it",
    "they",
    "on",
    "under",
    "eye",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=25), st.integers(0, 60), st.integers(1, 40))
def test_whatever_is_said_attributes_are_read(words: list[str], start: int, length: int) -> None:
    text = " ".join(words)
    everything = (0, len(text))
    part = (min(start, len(text) - 1), min(start + length, len(text)))
    assert len(everyday_reader().attributes(text, [everything, part])) == 2
