"""What a patient may write: plain text of a bounded length."""

from __future__ import annotations

import unicodedata

LONGEST = 2000
"""Characters of one message, after trimming."""


class BadText(ValueError):
    """The text cannot be taken. ``code``: empty, too_long, control_characters or bad_request."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def clean_text(raw: str, longest: int = LONGEST) -> str:
    """The text as it is stored: trimmed, lines ended by "\\n". Raises BadText."""
    text = raw.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise BadText("empty")
    if len(text) > longest:
        raise BadText("too_long")
    if any("\ud800" <= character <= "\udfff" for character in text):
        # Half of a surrogate pair: not a character, and neither database can store it.
        raise BadText("bad_request")
    if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in text):
        raise BadText("control_characters")
    return text
