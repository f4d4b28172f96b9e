"""Was this request made by our web process, just now?"""

from __future__ import annotations

import hashlib
import hmac
import time

TOLERANCE_SECONDS = 60
"""Between the clocks of the two processes, and the longest that a recorded request can be used again."""

TIMESTAMP_HEADER = "X-Aftercare-Timestamp"
SIGNATURE_HEADER = "X-Aftercare-Signature"


def signature(secret: bytes, timestamp: str, path: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over ``timestamp + "." + path + "." + body``."""
    return hmac.new(secret, b".".join((timestamp.encode(), path.encode(), body)), hashlib.sha256).hexdigest()


def is_signed(secret: bytes, timestamp: str | None, given: str | None, path: str, body: bytes) -> bool:
    """True where the signature is right and not older (or newer) than ``TOLERANCE_SECONDS``."""
    if timestamp is None or given is None or not (timestamp.isascii() and timestamp.isdigit()):
        return False
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    return hmac.compare_digest(signature(secret, timestamp, path, body).encode(), given.encode())
