"""``aftercare audit verify`` and ``aftercare audit head``: whether the log of what staff did is whole."""

from __future__ import annotations

import argparse
import sys

from aftercare.cli.project import add_var_option, private_folder


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=["verify", "head"], help="check every row, or print the newest row's number and hash"
    )
    parser.add_argument(
        "--head",
        metavar="POSITION:HASH",
        help="with verify: a head that was printed earlier and kept elsewhere; tells when rows were cut off since",
    )
    add_var_option(parser)


def run(options: argparse.Namespace) -> int:
    from aftercare.cli.run_time import database_url
    from aftercare.conversation import audit
    from aftercare.conversation.database import Database, StorageError
    from aftercare.conversation.migrations import migrate

    database = None
    try:
        kept = audit.Head.read(options.head) if options.head else None
        database = Database(database_url(private_folder(options.var)))
        migrate(database)
        with database.reading() as connection:
            found = audit.head(connection) if options.action == "head" else audit.verify(connection, kept)
    except (audit.BrokenChain, StorageError, ValueError) as error:
        print(f"aftercare audit: {error}", file=sys.stderr)
        return 1
    finally:
        if database is not None:
            database.close()
    print(found if options.action == "head" else f"{found.position} rows, all whole. Head: {found}")
    return 0
