"""``aftercare staff add NAME`` and ``aftercare staff reset NAME``. The password is made here and shown once."""

from __future__ import annotations

import argparse
import sys

from aftercare.cli.project import add_var_option, private_folder


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["add", "reset"], help="make an account, or give one a new password")
    parser.add_argument("name", help="what they log in with")
    parser.add_argument("--display-name", default="", help="what patients see (default: the name)")
    add_var_option(parser)


def run(options: argparse.Namespace) -> int:
    import secrets

    from aftercare.cli.run_time import database_url
    from aftercare.conversation.database import Database, StorageError
    from aftercare.conversation.migrations import migrate
    from aftercare.conversation.staff import BadAccount, add_staff, reset_password

    database = Database(database_url(private_folder(options.var)))
    password = secrets.token_urlsafe(12)
    try:
        migrate(database)
        if options.action == "add":
            add_staff(database, options.name, password, options.display_name)
        else:
            reset_password(database, options.name, password)
    except (BadAccount, StorageError) as error:
        print(f"aftercare staff: {error}", file=sys.stderr)
        return 1
    finally:
        database.close()
    print(f"User:      {options.name.strip().lower()}\nPassword:  {password}   (shown only now)")
    return 0
