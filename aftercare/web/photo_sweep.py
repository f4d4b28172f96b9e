"""Removes photos that are no longer to be kept, while the web process runs."""

from __future__ import annotations

import asyncio
import logging

from aftercare.conversation.database import StorageError
from aftercare.web.site import Site

log = logging.getLogger("aftercare.photos")

EVERY = 3600.0
"""Seconds between sweeps. Several processes may sweep the same folder."""


async def run(site: Site) -> None:
    """Sweep now and every hour, until cancelled. A sweep that fails is made up for by the next."""
    while True:
        try:
            swept = await site.gateway.database.run(site.photos.sweep)
        except (StorageError, OSError) as error:
            log.error("photos could not be swept: %s", error)
        else:
            if swept.expired or swept.strangers:
                log.warning("removed %s photos past their time and %s of no message", swept.expired, swept.strangers)
        await asyncio.sleep(EVERY)
