"""``aftercare staff``: add, reset, disable, enable and list accounts, and change roles, from the server's command line.

A password is asked for or made here and shown once. It is never an argument: those are seen by others and kept in history.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aftercare.cli.project import add_var_option, private_folder

if TYPE_CHECKING:
    from aftercare.conversation.database import Database
    from aftercare.conversation.staff import Account


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = _action(actions, "add", "make an account")
    add.add_argument("--display-name", default="", help="what patients see (default: the name)")
    add.add_argument("--role", default="responder", help="responder (default), lead, trainer or admin")
    reset = _action(actions, "reset", "give an account a new password; its second factor and its sessions go")
    for parser_ in (add, reset):
        parser_.add_argument("--ask", action="store_true", help="ask for the password instead of making one")
    _action(actions, "disable", "shut an account and end its sessions")
    _action(actions, "enable", "open a disabled account again")
    role = _action(actions, "role", "change what an account may do; its sessions end")
    role.add_argument("role", help="responder, lead, trainer or admin")
    add_var_option(actions.add_parser("list", help="show every account", description="Show every account."))


def run(options: argparse.Namespace) -> int:
    from aftercare.cli.run_time import database_url
    from aftercare.conversation.database import Database, StorageError
    from aftercare.conversation.migrations import migrate
    from aftercare.conversation.staff import BadAccount

    database = Database(database_url(private_folder(options.var)))
    try:
        migrate(database)
        said = _do(database, options)
    except (BadAccount, StorageError) as error:
        print(f"aftercare staff: {error}", file=sys.stderr)
        return 1
    finally:
        database.close()
    print(said)
    return 0


def _do(database: Database, options: argparse.Namespace) -> str:
    """Do what was asked and tell what came of it. Raises BadAccount, StorageError."""
    from aftercare.conversation import staff
    from aftercare.conversation.audit import COMMAND_LINE
    from aftercare.conversation.clock import utc_now

    now = utc_now()
    if options.action == "list":
        with database.reading() as connection:
            return _table(staff.accounts(connection, now))
    if options.action in ("add", "reset"):
        password = _asked() if options.ask else staff.new_password()
        if options.action == "add":
            staff.add_staff(database, options.name, password, options.display_name, now, options.role)
        else:
            staff.reset_password(database, options.name, password, now)
        shown = "as you typed it" if options.ask else f"{password}   (shown only now)"
        return f"User:      {staff.login_name(options.name)}\nPassword:  {shown}"
    with database.writing() as connection:
        person = staff.named(connection, options.name)
        if options.action == "role":
            staff.change_role(connection, person.id, options.role, COMMAND_LINE, now)
            return f"{person.name} is now {options.role}."
        change = staff.disable if options.action == "disable" else staff.enable
        change(connection, person.id, COMMAND_LINE, now)
        return f"{person.name} is {options.action}d."


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    parser.add_argument("name", help="what they log in with")
    add_var_option(parser)
    return parser


def _asked() -> str:
    """A password typed twice, without showing it. Raises BadAccount where the two differ."""
    from getpass import getpass

    from aftercare.conversation.staff import BadAccount

    password = getpass("Password: ")
    if getpass("The same again: ") != password:
        raise BadAccount("The two passwords are not the same.")
    return password


def _table(accounts: Sequence[Account]) -> str:
    rows = [("USER", "NAME", "ROLE", "", "SECOND FACTOR", "SESSIONS")]
    for account in accounts:
        person = account.staff
        factor = "yes" if person.second_factor else "no"
        rows.append((person.name, person.display_name, person.role, account.standing, factor, str(account.sessions)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
