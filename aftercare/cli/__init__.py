"""The ``aftercare`` command: ``aftercare COMMAND [options]``, one module a command.

A command is a module with ``configure(parser)``, which adds its options, and ``run(options) -> int``, which does the
work and returns the exit code. To add one, write the module and give it a line in ``COMMANDS``. Only the module of the
command that was asked for is imported, so ``aftercare --help`` stays quick, and none of them imports Rasa: it is a
program that they start.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module

COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("aftercare.cli.up", "start the assistant: trains it where needed, then serves patients and staff"),
    "web": ("aftercare.cli.web", "serve patients and staff only (Rasa runs elsewhere)"),
    "train": ("aftercare.cli.train", "train the language model, check it and publish it"),
    "doctor": ("aftercare.cli.doctor", "look for what is missing or wrong, and say what to do"),
    "kb": ("aftercare.cli.kb", "check the knowledge base, render it for sign-off, tell what a change means"),
    "replay": (
        "aftercare.cli.replay",
        "run messages or dialogues through the whole product and write what came of each",
    ),
    "report": (
        "aftercare.cli.report",
        "tell how good a replay was: a table, and a page with the messages that went wrong",
    ),
    "evaluate": ("aftercare.cli.evaluate", "replay the held-out messages and tell how good that was, in numbers"),
    "staff": ("aftercare.cli.staff", "add, disable, reset or list staff accounts, or change what one may do"),
    "erase": ("aftercare.cli.erase", "delete a patient's conversation for good, with its photos and cases"),
    "audit": ("aftercare.cli.audit", "check the log of what staff did, or print its head"),
}
"""Name -> module and what ``aftercare --help`` says of it."""


def usage() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items()]
    return "\n".join(
        ["usage: aftercare COMMAND [options]", "", *lines, "", "aftercare COMMAND --help tells a command's options."]
    )


def entry() -> int:
    """The ``aftercare`` program: ``main`` in a process of its own, which will never import Rasa.

    spaCy's library thinc loads TensorFlow wherever it finds it, which Rasa brings: 300 MB and a second that only Rasa
    needs. And spaCy warns at import of its own use of pkg_resources, which nobody here can act on.
    """
    sys.modules.setdefault("tensorflow", None)  # type: ignore[arg-type]
    warnings.filterwarnings("ignore", message=".*pkg_resources.*")
    return main()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (2 where there is no such command)."""
    name, *rest = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if name in ("-h", "--help", "help"):
        print(usage())
        return 0
    if name not in COMMANDS:
        print(f"aftercare: there is no command {name!r}\n\n{usage()}", file=sys.stderr)
        return 2
    module, summary = COMMANDS[name]
    command = import_module(module)
    parser = argparse.ArgumentParser(prog=f"aftercare {name}", description=summary[0].upper() + summary[1:] + ".")
    command.configure(parser)
    try:
        exit_code: int = command.run(parser.parse_args(rest))
    except KeyboardInterrupt:
        return 130
    return exit_code
