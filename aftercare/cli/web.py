"""``aftercare web``: the web process alone. Settings come from the environment (``aftercare.web.settings``)."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from dataclasses import replace

from aftercare.cli.project import add_var_option, private_folder

SWITCH_INTERVAL = 0.0005
"""Seconds after which a thread must let another one work (Python's own: 0.005). Each statement of a transaction gives way
once, so that whoever writes, while all other writers wait, would wait up to ten times as long for the interpreter."""

SHUTDOWN_SECONDS = 5
"""Open event streams never end by themselves; after this they are cut, and pages open them again."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (default: AFTERCARE_HOST or 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default: AFTERCARE_PORT or 8000)")
    add_var_option(parser)


def run(options: argparse.Namespace) -> int:
    import uvicorn

    from aftercare.cli.assembly import web_app
    from aftercare.cli.run_time import defaults
    from aftercare.conversation.database import StorageError
    from aftercare.knowledge import KnowledgeError
    from aftercare.web.settings import BadSetting, Settings

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    sys.setswitchinterval(SWITCH_INTERVAL)
    var = private_folder(options.var)
    try:
        settings = Settings.from_environment({**defaults(var), **os.environ})
        settings = replace(settings, host=options.host or settings.host, port=options.port or settings.port)
        app = web_app(settings)
    except (BadSetting, KnowledgeError, StorageError) as error:
        print(f"aftercare web: {error}", file=sys.stderr)
        return 1
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        # Requests carry nothing worth a log line, and addresses are personal data.
        access_log=False,
        server_header=False,
        # Nothing here speaks WebSocket, and Rasa's Sanic holds the library back at a version uvicorn cannot use.
        ws="none",
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    return 0
