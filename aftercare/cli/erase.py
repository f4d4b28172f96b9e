"""``aftercare erase ID``: a patient asks that their conversation be deleted."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime, timezone
from pathlib import Path

from aftercare.cli.project import add_var_option, private_folder

NOT_DONE = 1


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", help="of a case (the last part of the address of its page in the console) or of a conversation"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_var_option(parser)


def run(options: argparse.Namespace) -> int:
    from aftercare.cli.run_time import database_url, defaults
    from aftercare.conversation.database import Database, StorageError
    from aftercare.conversation.erasure import NoConversation, empty_journal, erase
    from aftercare.conversation.migrations import migrate
    from aftercare.photos.folder import PhotoFolder

    question = (
        f"Delete the conversation of {options.id} with all its messages, photos, cases and notes, for good? [y/N] "
    )
    if not options.yes and _answer(question) not in ("y", "yes"):
        print("Nothing was deleted. (--yes: do not ask)")
        return NOT_DONE
    var = private_folder(options.var)
    photos = PhotoFolder(Path(os.environ.get("AFTERCARE_PHOTOS") or defaults(var)["AFTERCARE_PHOTOS"]))
    database = None
    try:
        database = Database(database_url(var))
        migrate(database)
        with database.writing() as connection:
            erased = erase(connection, options.id, datetime.now(timezone.utc))
        print(f"Deleted: {erased.messages} messages, {len(erased.files)} photos, {erased.cases} cases.")
        if not empty_journal(database):
            print("The database is busy: until the assistant stops, the words may stay in its journal for a while.")
    except (NoConversation, StorageError) as error:
        print(f"aftercare erase: {error}", file=sys.stderr)
        return NOT_DONE
    finally:
        if database is not None:
            database.close()
    try:
        photos.remove(erased.files)
    except OSError as error:
        print(
            f"aftercare erase: photos are left; the assistant removes them within the hour ({error})", file=sys.stderr
        )
        return NOT_DONE
    return 0


def _answer(question: str) -> str:
    try:
        return input(question).strip().lower()
    except EOFError:  # no terminal
        return ""
