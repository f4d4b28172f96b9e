"""The messages that the findings detector and the classifier of questions learn from.

``data/nlu/findings`` and ``data/nlu/topics``, one file a finding: what trainers add to.

finding: pus                 an item of the knowledge base, or one of ``QUALITIES_OF_CHANGE``
examples: |                  messages of patients who have it now
  - day 3 and when i pat my face dry the tissue comes away yellow
mentions: |                  messages about it that say something else of it: not there, once, perhaps, another person
  - what do i do if i see pus later on
lookalikes: |                messages about something else that sound like it
  - i spilled custard on my chin

``data/nlu/messages``: messages with all that they speak of, what each says of it, and the kind of question they ask, by its
intent (those of booking and the like may be without). Patients say several things at once.

messages:
- {text: "no fever but is a yellow pillow ok?", findings: {fever: negated, pus: present}, intent: is_normal}
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rasa.shared.exceptions import InvalidConfigException

QUALITIES_OF_CHANGE = {"getting_worse": "worse", "spreading": "spreading", "one_sided": "one_sided"}
"""Names in these files that stand for no item but for a quality (``aftercare.triage.reader.QUALITIES``) of any sign."""

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times faster where PyYAML was built with libyaml, and the same otherwise."""

PARTS = {"examples": True, "mentions": False, "lookalikes": False}
"""The lists of a file, and whether the finding stands in their messages."""

ASSERTIONS = frozenset(
    {
        "present", "uncertain", "negated", "historical", "resolving", "hypothetical", "information", "other_person", "idiom",
    }
)  # fmt: skip
STANDING = frozenset({"present", "uncertain"})
"""Assertions by which a finding counts; what is uncertain counts as there."""
GOING = "resolving"


@dataclass(frozen=True)
class FindingExample:
    """A message with the findings that stand in it, those that it denies, tells of otherwise, or only seems to name, and those
    that are going: a danger sign counts all the same, another does not. ``complete`` where these are all its findings.
    ``intent`` is the kind of question, where it was labelled."""

    text: str
    stands: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    going: frozenset[str] = frozenset()
    complete: bool = False
    intent: str | None = None


def read_finding_examples(folder: Path, items: Collection[str]) -> list[FindingExample]:
    """All examples of the files in ``folder``; ``items`` are the names of the knowledge base.

    Raises ``InvalidConfigException`` with file and line of the first mistake.
    """
    files = sorted(folder.glob("*.yml"))
    if not files:
        raise InvalidConfigException(f"{folder} holds no examples of findings (*.yml). It is named in config.yml.")
    return [example for file in files for example in _examples_of(file, items)]


def _examples_of(file: Path, items: Collection[str]) -> Iterator[FindingExample]:
    fields = _fields(file)
    if "finding" not in fields:
        raise InvalidConfigException(f"{file}: line 1: the file needs a line 'finding: <name of the finding>'.")
    finding = fields["finding"].value
    if finding not in items and finding not in QUALITIES_OF_CHANGE:
        raise _mistake(file, fields["finding"], f"'{finding}' is no finding of the knowledge base.")
    for name, node in fields.items():
        if name not in PARTS and name != "finding":
            raise _mistake(file, node, f"'{name}' is unknown here. Known are: finding, {', '.join(PARTS)}.")
    if "examples" not in fields:
        raise InvalidConfigException(f"{file}: line 1: the file needs a list 'examples: |'.")
    for name, stands in PARTS.items():
        if name in fields:
            for text in _listed(file, name, fields[name]):
                one = frozenset({finding})
                yield FindingExample(text, stands=one) if stands else FindingExample(text, denied=one)


def read_labelled_messages(folder: Path, items: Collection[str], intents: Collection[str]) -> list[FindingExample]:
    """All messages of the files in ``folder``; an empty list where there is no such folder. ``items`` are the names of the
    knowledge base, ``intents`` those of Rasa's training data.

    Raises ``InvalidConfigException`` with file and line of the first mistake.
    """
    return [example for file in sorted(folder.glob("*.yml")) for example in _messages_of(file, items, intents)]


def _messages_of(file: Path, items: Collection[str], intents: Collection[str]) -> Iterator[FindingExample]:
    root = _composed(file)
    if not isinstance(root, yaml.MappingNode) or [key.value for key, _ in root.value] != ["messages"]:
        raise InvalidConfigException(f"{file}: line 1: expected 'messages:' and a list.")
    for node in root.value[0][1].value:
        fields = {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
        findings = fields.get("findings")
        if set(fields) - {"intent"} != {"text", "findings"} or not isinstance(findings, yaml.MappingNode):
            raise _mistake(file, node, "expected {text: ..., findings: {<finding>: <assertion>}, intent: <intent>}.")
        intent = fields["intent"].value if "intent" in fields else None
        if intent is not None and intent not in intents:
            raise _mistake(file, fields["intent"], f"'{intent}' is no intent that Rasa's files in data/nlu have examples of.")
        labels = {key.value: value.value for key, value in findings.value}
        for name, assertion in labels.items():
            if name not in items and name not in QUALITIES_OF_CHANGE:
                raise _mistake(file, node, f"'{name}' is no finding of the knowledge base.")
            if assertion not in ASSERTIONS:
                raise _mistake(
                    file, node, f"'{assertion}' is no assertion. Known are: {', '.join(sorted(ASSERTIONS))}."
                )
        stands = frozenset(name for name, assertion in labels.items() if assertion in STANDING)
        going = frozenset(name for name, assertion in labels.items() if assertion == GOING)
        yield FindingExample(fields["text"].value, stands, frozenset(labels) - stands - going, going, True, intent)


def _composed(file: Path) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(file.read_text(encoding="utf-8"), Loader=Loader)
        return node
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InvalidConfigException(f"{file}: line {line}: not valid YAML ({error.problem}).") from error


def _fields(file: Path) -> dict[str, yaml.ScalarNode]:
    root = _composed(file)
    if not isinstance(root, yaml.MappingNode):
        raise InvalidConfigException(f"{file}: line 1: expected 'finding:', 'examples: |' and so on.")
    fields = {}
    for key, value in root.value:
        if not isinstance(value, yaml.ScalarNode):
            raise _mistake(file, value, f"'{key.value}' has to be text: 'examples: |' with lines that begin with '- '.")
        fields[key.value] = value
    return fields


def _listed(file: Path, name: str, node: yaml.ScalarNode) -> Iterator[str]:
    """The texts of a block ``name: |``; its first line of text is the one after the key."""
    first = node.start_mark.line + 2 if node.style in ("|", ">") else node.start_mark.line + 1
    for offset, line in enumerate(node.value.splitlines()):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if not stripped.startswith("- ") or not stripped[2:].strip():
            raise InvalidConfigException(f"{file}: line {first + offset}: '{name}' needs lines that begin with '- '.")
        yield stripped[2:].strip()


def _mistake(file: Path, node: yaml.Node, what: str) -> InvalidConfigException:
    return InvalidConfigException(f"{file}: line {node.start_mark.line + 1}: {what}")
