"""Body temperatures, in figures and as they are spoken."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from aftercare.triage import Reader
from aftercare.triage.temperature import body_temperatures

SAID = Path(__file__).with_name("temperatures_said.jsonl")
"""525 messages of two reviewers without the 43 that are read otherwise than they ask: what a number in each tells."""

TOLD = [
    ("my temperature is 38.4", [38.4]),
    ("temp 38,4 tonight", [38.4]),
    ("101F", [38.3]),
    ("fever of 102.2", [39.0]),
    ("temperature thirty nine", [39.0]),
    ("temp thirty-eight point five", [38.5]),
    ("thirty eight and a half on the thermometer", [38.5]),
    ("38 and a half degrees", [38.5]),
    ("a fever of one hundred and two", [38.9]),
    ("fever one oh one", [38.3]),
    ("running a hundred and one", [38.3]),
    ("my temp was a hundred point four", [38.0]),
]
OF_ELSE = [
    "fever for 36 hours",
    "a temp for 36 hrs now",
    "the fever started after 101 days",
    "no fever but 98 percent of my face is red",
    "thirty nine years old with a fever",
    "fever at one o'clock",
    "it is 38 degrees outside and I have no fever",
    "1 in a hundred gets a fever",
    "I paid 101 pounds, any fever risk?",
    "one of my cheeks is hot",
]


@pytest.mark.parametrize(("text", "celsius"), TOLD, ids=[text for text, _ in TOLD])
def test_a_temperature_is_read(text: str, celsius: list[float]) -> None:
    assert [round(told.celsius, 1) for told in body_temperatures(text)] == celsius


@pytest.mark.parametrize("text", OF_ELSE)
def test_other_numbers_are_no_temperature(text: str) -> None:
    assert body_temperatures(text) == []


@pytest.mark.parametrize(
    "case", [json.loads(line) for line in SAID.read_text().splitlines()], ids=lambda case: case["text"]
)
def test_what_a_number_tells(reader: Reader, case: dict[str, str]) -> None:
    found = [f for f in reader.read(case["text"]).findings if f.item in ("fever", "low_temperature")]
    numbers = {(told.start, told.end) for told in body_temperatures(case["text"])}
    told = {(f.item, f.assertion) for f in found if (f.start, f.end) in numbers}
    names = {"fever": ("fever", "present"), "low": ("low_temperature", "present"), "normal": ("fever", "negated")}
    assert next((name for name, finding in names.items() if finding in told), "none") == case["told"]


def test_a_figure_stands_against_a_denial_in_words(reader: Reader) -> None:
    told = [f.assertion for f in reader.read("no fever, just 38.2").findings if f.text.strip() == "38.2"]
    assert told == ["present"]


def test_how_high_it_would_have_to_be_is_no_fever(reader: Reader) -> None:
    [fever] = [f for f in reader.read("I call you if it goes above 38.5").findings if f.item == "fever"]
    assert fever.assertion == "hypothetical"


AGAINST_A_FEVER = [
    ("when i checked my temp it was above 38.5", "fever"),
    ("no fever this morning but 39 now", "fever"),
    ("temp thırty eight", "fever"),
    ("i have a high temperature (36f)", "none"),
    ("39f can i wear makeup", "none"),
    ("i have a temperature, 37.5 weeks pregnant", "none"),
    ("temp 37.8 rising", "none"),
    ("i have a temp, usually i'm 36.5", "none"),
    ("i have a temp, 98 percent sure", "none"),
    ("temp 36.6 on monday, high temp today", "normal"),
]


@pytest.mark.parametrize(("text", "told"), AGAINST_A_FEVER, ids=[text for text, _ in AGAINST_A_FEVER])
def test_no_number_hides_a_fever(reader: Reader, text: str, told: str) -> None:
    """``told`` is what the number says; a fever that the words tell stays beside it."""
    found = [f for f in reader.read(text).findings if f.item == "fever"]
    numbers = {(one.start, one.end) for one in body_temperatures(text)}
    by_number = {f.assertion for f in found if (f.start, f.end) in numbers}
    assert by_number == {"fever": {"present"}, "normal": {"negated"}, "none": set()}[told]
    if re.search(r"\b(high temp|a temp)", text):
        assert "present" in {f.assertion for f in found if (f.start, f.end) not in numbers}


def test_many_blanks_are_cut_short_and_every_character_keeps_its_place() -> None:
    [told] = body_temperatures("temp is 38.5" + " " * 1900 + "hours")
    assert (told.start, round(told.celsius, 1)) == (8, 38.5)
