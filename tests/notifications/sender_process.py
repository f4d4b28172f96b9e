"""A sender in a process of its own: ``python -m tests.notifications.sender_process DATABASE_URL RECIPIENT ...``.

The addresses come from the environment, as in the product. Its pauses are short.
"""

from __future__ import annotations

import asyncio
import sys

from aftercare.conversation.addresses import read_addresses
from aftercare.conversation.clock import utc_now
from aftercare.conversation.database import Database
from aftercare.conversation.delivery import AppriseDelivery
from aftercare.conversation.notification_sender import Office, Rhythm, Sender
from aftercare.knowledge.clinic import Notifications

RHYTHM = Rhythm(poll=0.05, time_limit=2.0, commit=0.5, pauses=(0.3,))


def main(database_url: str, *recipients: str) -> None:
    plan = Notifications(recipients, ("emergency", "urgent", "soon"))
    office = Office(plan, "Demo Skin Clinic", "https://chat.clinic.example")
    deliver = AppriseDelivery(read_addresses(recipients, None))
    asyncio.run(Sender(Database(database_url), office, deliver, utc_now, RHYTHM).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
