"""Where the recipients of notifications are reached: Apprise URLs, which contain passwords and keys.

They come from the environment (``AFTERCARE_NOTIFY_<NAME>``) or from a file that its owner alone may read, never from
``clinic.yml``. No message of this module contains one.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import apprise
import yaml

PREFIX = "AFTERCARE_NOTIFY_"

ON_THIS_MACHINE = frozenset({"dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"})
"""Services that show something on the server's own screen or log, where nobody of the clinic looks."""


class BadAddress(ValueError):
    """A file or an address cannot be used; the message says which and what to do."""


@dataclass(frozen=True)
class Addresses:
    """``urls``: recipient -> Apprise URL. ``problems``: what keeps somebody from being reached, a sentence each."""

    urls: Mapping[str, str] = field(default_factory=dict, repr=False)
    problems: Sequence[str] = ()


@dataclass(frozen=True)
class _Line:
    url: str = field(repr=False)
    number: int


def read_addresses(
    recipients: Sequence[str], file: Path | None, environment: Mapping[str, str] | None = None
) -> Addresses:
    """The addresses of the recipients; the environment goes before the file.

    Never raises: who has an address that can be used is told of cases, whatever is wrong with the others.
    """
    _silence_logs()
    given = os.environ if environment is None else environment
    problems: list[str] = []
    written = _written(file, problems) if file is not None else {}
    urls: dict[str, str] = {}
    for recipient in recipients:
        if written is None and not given.get(PREFIX + recipient.upper()):
            continue
        try:
            urls[recipient] = _address(recipient, file, written or {}, given)
        except BadAddress as error:
            problems.append(str(error))
    return Addresses(urls, tuple(problems))


def _address(recipient: str, file: Path | None, written: Mapping[str, _Line], given: Mapping[str, str]) -> str:
    variable = PREFIX + recipient.upper()
    url, source = given.get(variable), variable
    if not url and recipient in written:
        url, source = written[recipient].url, f"{file}, line {written[recipient].number}, {recipient!r}"
    if not url:
        place = f"or write '{recipient}: ...' in {file}" if file else "or name an address_file in clinic.yml"
        raise BadAddress(
            f"Nobody knows where to reach {recipient!r}. Set {variable} to an Apprise URL, {place}; then restart."
        )
    _check(url, source)
    return url


def _written(file: Path, problems: list[str]) -> dict[str, _Line] | None:
    """The lines of the file that can be read, None where none can; why not is added to ``problems``."""
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & 0o077:
            problem = f"{file} holds passwords, and others on this machine may read it (mode {mode:04o})"
            raise BadAddress(f"{problem}. Run: chmod 600 {file}, then restart.")
        content = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        if not isinstance(content, yaml.MappingNode):
            raise BadAddress(f"{file}, line 1: {_ONE_LINE_EACH}")
    except BadAddress as error:
        problems.append(str(error))
    except OSError as error:
        problems.append(
            f"{file} cannot be read: {error.strerror}. It is named as the address file: put it there, then restart."
        )
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        # The error itself would quote the file.
        mark = getattr(error, "problem_mark", None)
        place = f"{file}, line {mark.line + 1}" if mark is not None else str(file)
        problems.append(f"{place}: this is not YAML. {_ONE_LINE_EACH}")
    else:
        return _lines(file, content, problems)
    return None


def _lines(file: Path, content: yaml.MappingNode, problems: list[str]) -> dict[str, _Line]:
    lines: dict[str, _Line] = {}
    for name, url in content.value:
        number = name.start_mark.line + 1
        if all(node.tag == "tag:yaml.org,2002:str" for node in (name, url)):
            lines[name.value] = _Line(url.value, number)
        else:
            problems.append(f"{file}, line {number}: {_ONE_LINE_EACH}")
    return lines


_ONE_LINE_EACH = "Write one line a recipient, like  front_desk: 'mailto://...'  and restart."


def _check(url: str, source: str) -> None:
    schema = url.partition("://")[0].strip().lower()
    if schema in ON_THIS_MACHINE:
        raise BadAddress(
            f"{source}: {schema}:// shows messages on the server itself, where nobody looks. "
            "Put the address of a person or a team there, then restart."
        )
    if apprise.Apprise.instantiate(url) is None:
        raise BadAddress(
            f"{source}: this is not an Apprise URL that can be used. How they are written for each service is told at "
            "https://appriseit.com, for example mailtos://user:password@mail.example?to=desk@clinic.example; "
            "put it right, then restart."
        )


def _silence_logs() -> None:
    """Apprise and the HTTP library beneath it write addresses into their logs, which are secrets."""
    for name in ("apprise", "urllib3"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.setLevel(logging.CRITICAL)
