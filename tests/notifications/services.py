"""Real services that take notifications, on this machine: a mail server and a webhook receiver."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from tests.product import free_port


def text_of(mail: Message) -> str:
    """The mail's plain text."""
    for part in mail.walk():
        if part.get_content_type() == "text/plain":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            return content.decode("utf-8")
    raise AssertionError("the mail has no plain text")


@dataclass
class MailServer:
    """Speaks SMTP on a port of its own while it is up."""

    port: int = field(default_factory=free_port)
    mails: list[Message] = field(default_factory=list)
    _controller: Controller | None = None

    def url(self, to: str) -> str:
        return f"mailto://127.0.0.1:{self.port}?from=chat@clinic.example&to={to}&mode=insecure"

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content))
        return "250 OK"


class Webhook:
    """Takes JSON by HTTP. ``on_request`` runs before the answer, whose status it returns."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.followed: list[str] = []
        self.on_request: Callable[[], int] = lambda: 200
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, path: str = "secret-path") -> str:
        return f"json://127.0.0.1:{self._server.server_port}/{path}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with webhook._lock:
                    webhook.received.append(body)
                status = webhook.on_request()
                try:
                    self.send_response(status)
                    if status == 302:
                        self.send_header("Location", "/elsewhere")
                    self.end_headers()
                except OSError:
                    # Whoever sent it is gone.
                    return

            def do_GET(self) -> None:
                webhook.followed.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        return Handler
