"""What a patient may write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercare.conversation.message_text import LONGEST, BadText, clean_text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("  is this normal?  ", "is this normal?"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("/restart", "/restart"),
        ('{"a":', '{"a":'),
        ("<b>hot</b> & sore", "<b>hot</b> & sore"),
        ("a\tb", "a\tb"),
        ("👩🏽‍⚕️ är det normalt? 正常ですか", "👩🏽‍⚕️ är det normalt? 正常ですか"),
        ("x" * LONGEST, "x" * LONGEST),
        ("👍" * LONGEST, "👍" * LONGEST),
    ],
)
def test_text_is_kept_as_it_was_written(raw: str, text: str) -> None:
    assert clean_text(raw) == text


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("x" * (LONGEST + 1), "too_long"),
        ("x" * 100_000, "too_long"),
        ("a\0b", "control_characters"),
        ("a\x1b[31mb", "control_characters"),
        ("a\x85b", "control_characters"),
        ("a\ud83db", "bad_request"),
    ],
)
def test_text_that_cannot_be_taken_says_why(raw: str, code: str) -> None:
    with pytest.raises(BadText) as caught:
        clean_text(raw)
    assert caught.value.code == code


@given(st.text(alphabet=st.characters(), max_size=60))
def test_whatever_is_taken_can_be_stored_and_taken_again(raw: str) -> None:
    try:
        text = clean_text(raw)
    except BadText:
        return
    assert text and text == clean_text(text)
    text.encode()
