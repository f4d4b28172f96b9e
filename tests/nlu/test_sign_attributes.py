"""The component that writes beside each sign where it is, how many there are and how large."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from aftercare.nlu.sign_attributes import SignAttributes
from aftercare.triage import Reader


def described(reader: Reader, text: str, *more: dict[str, Any]) -> dict[str, dict[str, Any]]:
    message = Message({TEXT: text, ENTITIES: reader.read(text).entities() + list(more)})
    [message] = SignAttributes(reader).process([message])
    return {entity["value"]: entity for entity in message.get(ENTITIES)}


def learned(text: str, item: str) -> dict[str, Any]:
    """A finding that no words name, on the whole of a text."""
    of_rasa = {"entity": "finding", "value": item, "start": 0, "end": len(text), "text": text}
    return {**of_rasa, "assertion": "present", "learned": True}


def test_signs_get_what_is_told_of_them(reader: Reader) -> None:
    found = described(reader, "day 3, my left cheek is red and I have two pimples on my chin")
    assert (found["redness"]["sites"], found["redness"]["side"]) == (["cheek"], "left")
    assert (found["breakout"]["sites"], found["breakout"]["count"]) == (["chin"], "2")
    assert "size" not in found["redness"]


def test_what_is_learned_takes_no_place_from_the_words_of_its_clause(reader: Reader) -> None:
    text = "my left cheek is red"
    found = described(reader, text, learned(text, "spreading_redness"))
    assert found["redness"]["sites"] == found["spreading_redness"]["sites"] == ["cheek"]


def test_what_stands_on_no_words_of_a_longer_message_has_no_place(reader: Reader) -> None:
    text = "my cheek is fine, my chin is red"
    assert "sites" not in described(reader, text, learned(text, "fever"))["fever"]


def test_what_is_learned_has_no_place_where_its_clause_tells_of_several(reader: Reader) -> None:
    text = "my left cheek is red with three spots on my chin"
    found = described(reader, text, learned(text, "spreading_redness"))
    assert (found["redness"]["sites"], found["breakout"]["sites"]) == (["cheek"], ["chin"])
    assert "sites" not in found["spreading_redness"]


def test_a_temperature_is_told_of_a_fever_alone(reader: Reader) -> None:
    text = "red and thirty eight and a half degrees"
    found = described(reader, text, learned(text, "bumps"))
    assert found["fever"]["celsius"] == 38.5
    assert "celsius" not in found["bumps"]


def test_a_message_is_answered_though_attributes_cannot_be_read(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("my secret words")

    monkeypatch.setattr(reader, "attributes", fails)
    assert described(reader, "my left cheek is red")["redness"]["assertion"] == "present"
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text
