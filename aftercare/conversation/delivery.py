"""Sends one message to one recipient through Apprise: mail, text message, Teams, Slack, webhook and many more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import apprise

from aftercare.conversation.addresses import Addresses

Deliver = Callable[[str, "Letter"], str | None]
"""Sends a letter to a recipient (by name) and returns None, or a word of ``alerts.ERRORS``. Blocks."""


@dataclass(frozen=True)
class Letter:
    title: str
    body: str


class AppriseDelivery:
    """A ``Deliver``. Follows no redirects, keeps nothing on disk, logs nothing (``read_addresses`` has seen to that)."""

    def __init__(self, addresses: Addresses) -> None:
        self._urls = addresses.urls
        self._asset = apprise.AppriseAsset(
            app_id="Aftercare",
            app_desc="Aftercare assistant",
            app_url="",
            async_mode=False,
            storage_mode="memory",
            http_redirects=False,
            # Runs in the calling thread, which has a time limit of its own (the sender's).
            service_timeout=0,
        )

    def __call__(self, recipient: str, letter: Letter) -> str | None:
        url = self._urls.get(recipient)
        if url is None:
            return "no_address"
        try:
            service = apprise.Apprise(url, asset=self._asset)
            result = service.notify(body=letter.body, title=letter.title, body_format=apprise.NotifyFormat.TEXT.value)
        except Exception:
            # Its text may hold the address.
            return "error"
        return None if result else "not_delivered"
