"""Notifications with a real mail server, a real webhook receiver, and senders that are real processes."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.product import until

from .conftest import Outbox
from .sender_process import RHYTHM
from .services import MailServer, Webhook, text_of

pytestmark = pytest.mark.fault

Start = Callable[..., "subprocess.Popen[bytes]"]

AFTER_THE_LEASE = RHYTHM.lease.total_seconds() + 1.5
"""Seconds in which whatever would be sent again is sent."""


def test_a_mail_server_that_is_down_gets_the_message_once_when_it_is_back(
    outbox: Outbox, start_sender: Start, mail_server: MailServer
) -> None:
    case_id = outbox.open_case()
    start_sender(desk=mail_server.url("desk@clinic.example"))
    until(lambda: outbox.rows()[0].attempts >= 2, 30, "a second try")
    assert outbox.rows()[0].error == "not_delivered"
    mail_server.start()
    until(lambda: outbox.statuses() == {"sent"}, 30, "the mail to be sent")
    time.sleep(AFTER_THE_LEASE)
    assert len(mail_server.mails) == 1
    mail = mail_server.mails[0]
    assert mail["Subject"] == "Demo Skin Clinic: emergency case"
    assert "desk@clinic.example" in mail["To"]
    said = [line for line in text_of(mail).splitlines() if line]
    assert said == [
        "An emergency case is waiting.",
        "Demo Skin Clinic",
        f"https://chat.clinic.example/staff/cases/{case_id}",
    ]


def test_a_webhook_that_answers_with_an_error_is_tried_again(
    outbox: Outbox, start_sender: Start, webhook: Webhook
) -> None:
    answers = iter([500, 503, 200])
    webhook.on_request = lambda: next(answers)
    outbox.open_case()
    start_sender(desk=webhook.url())
    until(lambda: outbox.statuses() == {"sent"}, 30, "the message to be sent")
    assert len(webhook.received) == 3
    assert outbox.rows()[0].attempts == 3


def test_a_sender_killed_between_sending_and_writing_that_down_sends_at_most_once_more(
    outbox: Outbox, start_sender: Start, webhook: Webhook
) -> None:
    arrived, killed = threading.Event(), threading.Event()

    def hold() -> int:
        arrived.set()
        killed.wait(10)
        return 200

    webhook.on_request = hold
    outbox.open_case()
    process = start_sender(desk=webhook.url())
    assert arrived.wait(30)
    process.kill()
    process.wait(10)
    killed.set()
    assert outbox.statuses() == {"pending"}
    start_sender(desk=webhook.url())
    until(lambda: outbox.statuses() == {"sent"}, 30, "the message to be sent again")
    time.sleep(AFTER_THE_LEASE)
    assert len(webhook.received) == 2


def test_two_senders_send_each_message_once(outbox: Outbox, start_sender: Start, webhook: Webhook) -> None:
    processes = [start_sender(desk=webhook.url()) for _ in range(2)]
    opened = [outbox.open_case() for _ in range(40)]
    until(lambda: outbox.statuses() == {"sent"}, 60, "all messages to be sent")
    time.sleep(AFTER_THE_LEASE)
    told = Counter(body["message"].rsplit("/", 1)[1] for body in webhook.received)
    assert told == Counter(opened)
    assert [process.poll() for process in processes] == [None, None]


def test_where_the_mail_server_is_down_the_webhook_of_the_next_is_told(
    outbox: Outbox, start_sender: Start, webhook: Webhook, mail_server: MailServer
) -> None:
    outbox.open_case()
    start_sender(desk=mail_server.url("desk@clinic.example"), lead=webhook.url())
    until(lambda: webhook.received, 30, "the next recipient to be told")
    assert webhook.received[0]["message"].startswith("An emergency case is waiting. The first person")
    mail_server.start()
    until(lambda: outbox.statuses() == {"sent"}, 30, "the first recipient to be told as well")
    assert len(mail_server.mails) == len(webhook.received) == 1


def test_a_service_that_redirects_is_not_followed_and_addresses_stay_out_of_the_log(
    outbox: Outbox, start_sender: Start, webhook: Webhook, tmp_path: Path
) -> None:
    webhook.on_request = lambda: 302
    outbox.open_case()
    start_sender(desk=webhook.url("token-3f9a"))
    until(lambda: outbox.rows()[0].attempts >= 3, 30, "a third try")
    log = (tmp_path / "sender.log").read_text(encoding="utf-8")
    assert "a notification to desk did not arrive: not_delivered" in log
    assert "token-3f9a" not in log
    assert webhook.followed == []
